"""Cells as the page gets them: exact, bounded, and never cut without saying so (ENDPOINTS.md, "Value")."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import pyarrow as pa

from wbtable.format.digest import Digest
from wbtable.format.file_cell import parse_uri
from wbtable.format.types import (
    ABSENT,
    BinaryType,
    ClassesType,
    ColumnType,
    DateType,
    DecimalType,
    DurationType,
    HistogramType,
    LinkType,
    ListType,
    MapType,
    MediaType,
    NdarrayType,
    NumberType,
    StringType,
    StructType,
    TimestampType,
    TimeType,
    UuidType,
    has_media,
)
from wbtable.tables.values import ndarray_cells, to_python
from wbtable.tables.view_files import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_TEXT: Final = 2_000
"""The most characters of a text in a window."""
MAX_NESTED: Final = 4_000
"""The most characters of a nested value as JSON in a window."""
MAX_MEDIA_LIST: Final = 64_000
"""The same where it holds media, whose references are long."""
MAX_ELEMENTS: Final = 4_096
"""The most elements of an array in a window."""
_SAFE: Final = 2**53
_HEX: Final = 32
_PER_SECOND: Final = {"s": 0, "ms": 3, "us": 6, "ns": 9}

Values = list[Any]


def encode(array: pa.Array | pa.ChunkedArray, found: ColumnType, *, whole: bool = False) -> Values:
    """Return the cells of a physical column.

    Args:
        array: the column.
        found: its logical type.
        whole: whether long cells come in full.

    """
    if isinstance(array, pa.ChunkedArray):
        return [value for chunk in array.chunks for value in encode(chunk, found, whole=whole)]
    if isinstance(found, ListType | MapType | StructType):
        return [_bounded(value, found, whole=whole) for value in _nested(array, found, whole=whole)]
    if isinstance(found, MediaType):
        return [None if cell is None else media(cell, found) for cell in array.to_pylist()]
    special = _ENCODERS.get(type(found))
    if special is not None:
        return special(array, found, whole)
    values = to_python(array, found)
    return [None if value is None else _bounded(_exact(plain(value)), found, whole=whole) for value in values]


def number(value: Any) -> Any:
    """Return a number as JSON has it; what a double cannot hold as text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -_SAFE <= value <= _SAFE else str(value)
    if np.isnan(value):
        return "NaN"
    if np.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def _exact(value: Any) -> Any:
    """Return a JSON value; what a double cannot hold of it as text, however deep it lies."""
    if isinstance(value, dict):
        return {key: _exact(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_exact(item) for item in value]
    return number(value) if isinstance(value, int) else value


def _numbers(array: pa.Array, _type: ColumnType, _whole: bool) -> Values:
    if pa.types.is_float16(array.type) or pa.types.is_float32(array.type):
        # The shortest text that is read as the same float32: 0.1, not 0.10000000149011612.
        narrow = np.float16 if pa.types.is_float16(array.type) else np.float32
        return [None if v is None else number(float(str(narrow(v)))) for v in array.to_pylist()]
    return [number(value) for value in array.to_pylist()]


def _strings(array: pa.Array, _type: ColumnType, whole: bool) -> Values:
    return [text if text is None or whole else cut_text(text) for text in array.to_pylist()]


def cut_text(text: str) -> Any:
    """Return a text, or its beginning and how long it is."""
    return text if len(text) <= MAX_TEXT else {"cut": text[:MAX_TEXT], "size": len(text)}


def _binary(array: pa.Array, _type: ColumnType, whole: bool) -> Values:
    return [
        None if data is None else {"hex": (data if whole else data[:_HEX]).hex(), "size": len(data)}
        for data in array.to_pylist()
    ]


def _texts(array: pa.Array, _type: ColumnType, _whole: bool) -> Values:
    return cast("Values", array.cast(pa.string()).to_pylist())


def _dates(array: pa.Array, _type: ColumnType, _whole: bool) -> Values:
    return _instants(array.cast(pa.int32()), array.type, "D")


def _timestamps(array: pa.Array, found: ColumnType, _whole: bool) -> Values:
    # As instants in UTC: pyarrow gives far ones wrong with a zone.
    texts = _instants(array.cast(pa.int64()), pa.timestamp(array.type.unit), array.type.unit)
    mark = "" if cast("TimestampType", found).zone is None else "Z"
    return [None if text is None else f"{text.replace(' ', 'T', 1)}{mark}" for text in texts]


def _instants(numbers: pa.Array, kind: pa.DataType, unit: str) -> list[str | None]:
    """Return the text of dates or times; pyarrow has none for years of more than five digits."""
    texts = numbers.cast(kind).cast(pa.string()).to_pylist()
    return [
        str(np.array(numbers[i].as_py(), f"M8[{unit}]")) if text is not None and text.startswith("<") else text
        for i, text in enumerate(texts)
    ]


def _durations(array: pa.Array, found: ColumnType, _whole: bool) -> Values:
    digits = _PER_SECOND[cast("DurationType", found).unit]
    out: Values = []
    for value in array.cast(pa.int64()).to_pylist():
        if value is None or not digits:
            out.append(None if value is None else str(value))
            continue
        whole, part = divmod(abs(value), 10**digits)
        out.append(f"{'-' if value < 0 else ''}{whole}.{part:0{digits}d}")
    return out


def _decimals(array: pa.Array, found: ColumnType, _whole: bool) -> Values:
    return [None if value is None else f"{value:f}" for value in to_python(array, found)]


def _histograms(array: pa.Array, _type: ColumnType, _whole: bool) -> Values:
    return [
        None if cell is None else {key: [number(item) for item in cell[key] or ()] for key in ("counts", "bins")}
        for cell in array.to_pylist()
    ]


def _ndarrays(array: pa.Array, found: ColumnType, whole: bool) -> Values:
    out: Values = []
    for value in ndarray_cells(array, cast("NdarrayType", found)):
        if value is None:
            out.append(None)
            continue
        few = whole or value.size <= MAX_ELEMENTS
        flat = [number(item) if isinstance(item, int | float) else plain(item) for item in value.ravel().tolist()]
        out.append({"dtype": str(value.dtype), "shape": list(value.shape), "values": flat if few else None})
    return out


_ENCODERS: dict[type[ColumnType], Callable[[pa.Array, ColumnType, bool], Values]] = {
    NumberType: _numbers,
    ClassesType: _numbers,
    LinkType: _numbers,
    StringType: _strings,
    BinaryType: _binary,
    UuidType: _texts,
    DateType: _dates,
    TimeType: _texts,
    TimestampType: _timestamps,
    DurationType: _durations,
    DecimalType: _decimals,
    HistogramType: _histograms,
    NdarrayType: _ndarrays,
}


def _nested(array: pa.Array, found: ColumnType, *, whole: bool) -> Values:
    """Return lists, maps and structs with their values encoded; not yet bounded."""
    here = array.is_valid().to_pylist()
    if isinstance(found, StructType):
        names = [field.name for field in found.fields]
        columns = [_inner(array.field(_at(array, field.name)), field.type, whole=whole) for field in found.fields]
        rows: Values = [dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=True)]
        rows = rows if names else [{} for _ in here]
        if found.has_absent:
            for row, missing in zip(rows, array.field(_at(array, ABSENT)).to_pylist(), strict=True):
                for name in missing or ():
                    row.pop(name, None)
        return [row if held else None for row, held in zip(rows, here, strict=True)]
    offsets = array.offsets.to_pylist()
    first, last = (offsets[0], offsets[-1]) if offsets else (0, 0)
    if isinstance(found, ListType):
        items = _inner(array.values.slice(first, last - first), found.item, whole=whole)
    else:
        kind = cast("MapType", found)
        keys = to_python(array.keys.slice(first, last - first), kind.key)
        values = _inner(array.items.slice(first, last - first), kind.item, whole=whole)
        items = list(zip(keys, values, strict=True))
    out: Values = []
    for i, held in enumerate(here):
        part = items[offsets[i] - first : offsets[i + 1] - first]
        if not held:
            out.append(None)
        else:
            out.append(part if isinstance(found, ListType) else {str(key): value for key, value in part})
    return out


def _inner(array: pa.Array, found: ColumnType, *, whole: bool) -> Values:
    if isinstance(found, ListType | MapType | StructType):
        return _nested(array, found, whole=whole)
    return encode(array, found, whole=whole)


def _at(array: pa.Array, name: str) -> int:
    return int(array.type.get_field_index(name))


def _bounded(value: Any, found: ColumnType, *, whole: bool) -> Any:
    if value is None or whole or isinstance(value, bool | int | float):
        return value
    text = json.dumps(value, ensure_ascii=False)
    most = MAX_MEDIA_LIST if has_media(found) else MAX_NESTED
    return value if len(text) <= most else {"cut": text[:MAX_TEXT], "size": len(text)}


def media(cell: Mapping[str, Any], found: ColumnType) -> Any:
    """Return a media cell: what is known of it, and where its bytes are asked for."""
    file = cell.get("file")
    out: dict[str, Any] = {"kind": found.kind, "ref": None if file is None else reference(file)}
    if file is not None:
        out |= {"digest": file["checksum"], "size": file["size"], "content_type": file["content_type"]}
    for name, value in cell.items():
        if name not in {"file", "boxes", "masks"} and value is not None:
            out[name] = cut_text(value) if isinstance(value, str) else number(value)
    if cell.get("boxes"):
        layers: dict[str, Values] = {}
        for box in cell["boxes"]:
            layers.setdefault(str(box["layer"]), []).append(_box(box))
        out["boxes"] = layers
    if cell.get("masks"):
        out["masks"] = {
            str(mask["layer"]): {"ref": reference(mask["file"]), "width": mask["width"], "height": mask["height"]}
            for mask in cell["masks"]
            if mask.get("file") is not None
        }
    return out


def _box(box: Mapping[str, Any]) -> dict[str, Any]:
    out = {key: value for key, value in box.items() if key != "layer" and value is not None}
    out["position"] = [number(value) for value in box.get("position") or ()]
    if box.get("scores") is not None:
        out["scores"] = {str(name): number(value) for name, value in dict(box["scores"]).items()}
    return out


def reference(file: Mapping[str, Any]) -> str | None:
    """Return the reference to a blob: digests and numbers alone, no path.

    Raises:
        FormatError: the cell names something outside of the objects.

    """
    if file.get("uri") is None:
        return None
    container, packed = parse_uri(file["uri"])
    digest = Digest.parse(file["checksum"], "checksum")
    size = "" if file.get("size") is None else f"&n={int(file['size'])}"
    where = f"&p={container.hex}" if packed else f"&c={container.hex}"
    return f"{digest.hex}?o={int(file.get('offset') or 0)}{size}{where}"


def encode_plain(value: Any) -> Any:
    """Return a Python value as the page gets it: numbers exact, the rest as JSON has it, bounded."""
    if isinstance(value, bool | int | float):
        return number(value)
    made = _exact(plain(value))
    if isinstance(made, str):
        return cut_text(made)
    text = json.dumps(made, ensure_ascii=False)
    return made if len(text) <= MAX_NESTED else {"cut": text[:MAX_TEXT], "size": len(text)}
