"""Writing rows as CSV, JSON Lines and Parquet for other programs: batch by batch, whole or not at all."""

from __future__ import annotations

import base64
import contextlib
import json
import math
import os
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wbtable.errors import NotFoundError, UsageError
from wbtable.format.digest import Digest
from wbtable.format.file_cell import FILE_TYPE, parse_uri
from wbtable.format.types import (
    ABSENT,
    BinaryType,
    BooleanType,
    DateType,
    DecimalType,
    DurationType,
    Field,
    HistogramType,
    IntegerType,
    LinkType,
    ListType,
    MapType,
    MediaType,
    NumberType,
    StringType,
    StructType,
    TimestampType,
    TimeType,
    UuidType,
    has_media,
)
from wbtable.storage.here import path_here
from wbtable.storage.os_errors import explained
from wbtable.tables.conform import inner_values, relist
from wbtable.tables.far_times import far_text, has_far, has_zone, instant
from wbtable.tables.logical import to_logical
from wbtable.tables.values import to_python

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wbtable.format.types import ColumnType
    from wbtable.tables.source import Source

CopiedMedia = Literal["paths", "copy"]
_BATCH = 16_384
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What text begins with that a spreadsheet may run; the last are the full-width forms of the first."""
_TEXTUAL = (NumberType, BooleanType, StringType, DateType, TimestampType, TimeType, DecimalType, UuidType, LinkType)
_FLOAT = NumberType(dtype="float64")
_HISTOGRAM = StructType(fields=tuple(Field(name=name, type=ListType(item=_FLOAT)) for name in ("counts", "bins")))
_SUFFIXES = {
    "image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp", "image/bmp": ".bmp",
    "audio/wav": ".wav", "audio/x-wav": ".wav", "audio/flac": ".flac", "audio/mpeg": ".mp3", "audio/ogg": ".ogg",
    "video/mp4": ".mp4", "video/webm": ".webm", "text/html": ".html", "application/json": ".json",
    "model/gltf-binary": ".glb", "model/obj": ".obj", "model/stl": ".stl", "chemical/x-pdb": ".pdb",
}  # fmt: skip


class _Media:
    """What media cells become in a file."""

    def __init__(self, source: Source, path: Path, mode: CopiedMedia) -> None:
        if mode not in {"paths", "copy"}:
            msg = f'expected media as "paths" or "copy", found {mode!r:.40}'
            raise UsageError(msg)
        self._blobs = source.blobs
        self._folder = path.with_name(f"{path.stem}_media")
        self._copies = mode == "copy"
        self._known: set[str] = set()

    def texts(self, cells: pa.Array) -> list[str | None]:
        """Return a path for each cell of a media column."""
        files = cells.field("file").to_pylist() if cells.null_count == 0 else cells.flatten()[0].to_pylist()
        held = cells.is_valid().to_pylist()
        return [self._text(file) if here and file else None for file, here in zip(files, held, strict=True)]

    def _text(self, file: dict[str, Any]) -> str:
        if not self._copies:
            return self._place(file)
        digest = Digest.parse(file["checksum"], "checksum")
        name = f"{digest.hex}{_SUFFIXES.get(file.get('content_type') or '', '')}"
        if name not in self._known:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / name).write_bytes(self._blobs.read(file))
            self._known.add(name)
        return f"{self._folder.name}/{name}"

    def _place(self, file: dict[str, Any]) -> str:
        """Return where a blob lies: its object, and in a pack the range."""
        uri = file.get("uri")
        if uri is None:
            return str(file["checksum"])
        digest, packed = parse_uri(uri)
        where = f"objects/{digest.hex[:2]}/{digest.hex[2:]}{'.pack' if packed else ''}"
        url = getattr(getattr(self._blobs, "backend", None), "url", None)
        prefix = f"{url}/{getattr(self._blobs, 'prefix', '')}" if url else ""
        return f"{prefix}{where}#{file['offset'] or 0},{file['size']}"


@contextlib.contextmanager
def _whole(path: str | os.PathLike[str]) -> Iterator[tuple[Path, Path]]:
    """Give the path of a temporary file that takes the name of `path` if nothing fails.

    Raises:
        NotFoundError: there is no folder for it.
        StorageError: it cannot be written.
        UsageError: it is a URL.

    """
    target = path_here(path)
    if not target.absolute().parent.is_dir():
        msg = f"there is no folder {str(target.parent)!r:.200}"
        raise NotFoundError(msg)
    temporary = target.with_name(f".{target.name}.{uuid4().hex}.tmp")
    with explained(f"write {target}"):
        try:
            yield target, temporary
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)


def write_csv(
    source: Source, path: str | os.PathLike[str], media: CopiedMedia = "paths", *, formulas: bool = True
) -> None:
    """Write rows as CSV with a header: null is empty, text is in quotes, nested values are JSON.

    Durations are seconds, bytes base64.

    Args:
        source: the rows.
        path: a local file.
        media: what media cells become.
        formulas: whether text may begin as a formula does; else a ``'`` is put before it, in text columns and names.

    Raises:
        StorageError: it cannot be written; no file is left.

    """
    from pyarrow import csv

    names = source.schema.names
    if not formulas:
        names = [f"'{name}" if name.startswith(_FORMULA) else name for name in names]
    fields = [pa.field(name, _csv_type(column.type)) for name, column in zip(names, source.schema, strict=True)]
    schema = pa.schema(fields)
    with _whole(path) as (target, temporary):
        made = _Media(source, target, media)
        alone = len(schema) == 1  # a blank line is no row to most readers: null is "" there
        with temporary.open("wb") as file, csv.CSVWriter(file, schema) as writer:
            for batch in source.batches(None, _BATCH):
                arrays = [
                    _csv_column(batch.column(i), column.type, source, made) for i, column in enumerate(source.schema)
                ]
                if not formulas:
                    arrays = [
                        _inert(array) if isinstance(column.type, StringType) else array
                        for array, column in zip(arrays, source.schema, strict=True)
                    ]
                is_far = [has_far(array) for array in arrays]
                arrays = [far_text(array) if far else array for array, far in zip(arrays, is_far, strict=True)]
                if alone and arrays[0].null_count:
                    file.write(_lines_of(arrays[0]))
                elif any(is_far):
                    lines = pa.RecordBatch.from_arrays(arrays, names=names)
                    csv.write_csv(lines, file, csv.WriteOptions(include_header=False))
                else:
                    writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))


def _lines_of(column: pa.Array) -> bytes:
    """Return the lines of the only column as Arrow writes them, but with ``""`` for null."""
    texts = column.cast(pa.string())
    if pa.types.is_string(column.type):
        texts = pc.binary_join_element_wise('"', pc.replace_substring(texts, '"', '""'), '"', "")
    return "".join(f"{text}\n" for text in texts.fill_null('""').to_pylist()).encode()


def _inert(array: pa.Array) -> pa.Array:
    """Put a ``'`` before each text that a spreadsheet would run (CWE-1236)."""
    first = pc.utf8_slice_codeunits(array, 0, 1)
    runs = pc.is_in(first, value_set=pa.array(_FORMULA, array.type))
    return pc.if_else(runs, pc.binary_join_element_wise(pa.scalar("'", array.type), array, ""), array)


def _csv_type(found: ColumnType) -> pa.DataType:
    if isinstance(found, TimestampType) and found.zone is not None:
        return pa.timestamp(found.unit, "UTC")
    if isinstance(found, IntegerType | LinkType):
        return found.arrow()
    if isinstance(found, NumberType) and found.dtype == "float16":
        return pa.float32()
    if isinstance(found, DurationType):
        return pa.float64()
    return found.arrow() if isinstance(found, _TEXTUAL) else pa.string()


def _csv_column(array: pa.Array, found: ColumnType, source: Source, media: _Media) -> pa.Array:
    target = _csv_type(found)
    if isinstance(found, (*_TEXTUAL, IntegerType)):
        return array.cast(target)
    plain_array, kind = _readable(array, found, media)
    if isinstance(found, (MediaType, DurationType)):
        return plain_array
    text = plain if isinstance(found, BinaryType) else _json_text
    values = to_python(plain_array, kind, source.blobs)
    return pa.array([None if value is None else text(value) for value in values], pa.string())


def _readable(array: pa.Array, found: ColumnType, media: _Media) -> tuple[pa.Array, ColumnType]:
    """Return a column in which, however deep, media are paths, durations seconds and histograms dicts."""
    if isinstance(found, MediaType):
        return pa.array(media.texts(array), pa.string()), StringType()
    if isinstance(found, DurationType):
        return _seconds(array), _FLOAT
    if isinstance(found, HistogramType):
        return array, _HISTOGRAM
    if isinstance(found, TimeType) and found.unit == "ns":
        return time_texts(array), StringType()
    if isinstance(found, ListType):
        values, item = _readable(inner_values(array, array.values), found.item, media)
        return relist(array, values, pa.list_(values.type)), ListType(item=item)
    if isinstance(found, MapType):
        keys, key = _readable(inner_values(array, array.keys), found.key, media)
        items, item = _readable(inner_values(array, array.items), found.item, media)
        target = pa.map_(keys.type, items.type)
        entries = pa.StructArray.from_arrays([keys, items], fields=[target.key_field, target.item_field])
        return relist(array, entries, target), MapType(key=key, item=item)
    if isinstance(found, StructType) and found.fields:
        made = [
            _readable(array.field(array.type.get_field_index(field.name)), field.type, media) for field in found.fields
        ]
        names = [field.name for field in found.fields]
        children = [child for child, _ in made]
        if found.has_absent:
            children.append(array.field(array.type.get_field_index(ABSENT)))
            names.append(ABSENT)
        fields = tuple(Field(name=field.name, type=kind) for field, (_, kind) in zip(found.fields, made, strict=True))
        plain_array = pa.StructArray.from_arrays(children, names=names, mask=pc.is_null(array))
        return plain_array, StructType(fields=fields, absent=found.absent)
    return array, found


def _seconds(array: pa.Array) -> pa.Array:
    """Return durations as seconds, which other programs compute with."""
    per_second = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}[array.type.unit]
    return pc.divide(array.cast(pa.int64()).cast(pa.float64(), safe=False), per_second)


def time_texts(array: pa.Array) -> pa.Array:
    """Return times of nanoseconds as text, which Python's lack: as `isoformat` writes those that it has."""
    return pc.replace_substring_regex(array.cast(pa.string()), r"(\.000000000|000)$", "")


def write_jsonl(source: Source, path: str | os.PathLike[str], media: CopiedMedia = "paths") -> None:
    """Write rows as JSON Lines: an object a row; times in ISO 8601, durations in seconds, bytes in base64.

    NaN and infinities are text.

    Raises:
        StorageError: it cannot be written; no file is left.

    """
    names = source.schema.names
    with _whole(path) as (target, temporary):
        made = _Media(source, target, media)
        with temporary.open("w", encoding="utf-8") as file:
            for batch in source.batches(None, _BATCH):
                columns: list[list[Any]] = []
                for i, column in enumerate(source.schema):
                    array, kind = _readable(batch.column(i), column.type, made)
                    values = to_python(array, kind, source.blobs)
                    columns.append([instant(value) for value in values] if has_zone(kind) else values)
                for row in zip(*columns, strict=True):
                    file.write(_json_text(dict(zip(names, row, strict=True))) + "\n")


def write_parquet(source: Source, path: str | os.PathLike[str], media: CopiedMedia = "paths") -> None:
    """Write rows as one Parquet file; media as structs whose ``file.uri`` says where the blob lies.

    Raises:
        StorageError: it cannot be written; no file is left.

    """
    import pyarrow.parquet as pq

    types = [column.type for column in source.schema]
    fields = [pa.field(column.name, _parquet_type(column.type)) for column in source.schema]
    schema = pa.schema(fields)
    with _whole(path) as (target, temporary):
        made = _Media(source, target, media)
        with pq.ParquetWriter(os.fspath(temporary), schema, compression="zstd") as writer:
            for batch in source.batches(None, _BATCH * 4):
                arrays = [_parquet_column(batch.column(i), found, source, made) for i, found in enumerate(types)]
                writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))


def _parquet_type(found: ColumnType) -> pa.DataType:
    from wbtable.tables.logical import logical_type

    logical = logical_type(found, "lazy")
    return found.arrow() if isinstance(logical, pa.BaseExtensionType) else logical


def _parquet_column(array: pa.Array, found: ColumnType, source: Source, media: _Media) -> pa.Array:
    placed = _placed(array, found, media)
    if isinstance(found, MediaType) or _parquet_type(found).equals(placed.type):
        return placed
    return to_logical(placed, found, "lazy", source.blobs, str)


def _placed(array: pa.Array, found: ColumnType, media: _Media) -> pa.Array:
    """Return a column in which the FILE groups of media, however deep, say where the blobs lie."""
    if isinstance(found, MediaType):
        paths = pa.array(media.texts(array), pa.string())
        files, *rest = array.flatten()
        children = [paths, pa.nulls(len(array), pa.int64()), *files.flatten()[2:]]
        file = pa.StructArray.from_arrays(children, fields=list(FILE_TYPE), mask=pc.is_null(files))
        return pa.StructArray.from_arrays([file, *rest], fields=list(array.type), mask=pc.is_null(array))
    if isinstance(found, ListType) and has_media(found):
        return relist(array, _placed(inner_values(array, array.values), found.item, media), array.type)
    if isinstance(found, MapType) and has_media(found):
        keys, items = (inner_values(array, values) for values in (array.keys, array.items))
        fields = [array.type.key_field, array.type.item_field]
        entries = pa.StructArray.from_arrays([keys, _placed(items, found.item, media)], fields=fields)
        return relist(array, entries, array.type)
    if isinstance(found, StructType) and has_media(found):
        kinds = {field.name: field.type for field in found.fields}
        children = [
            _placed(array.field(i), kinds[field.name], media) if field.name in kinds else array.field(i)
            for i, field in enumerate(array.type)
        ]
        return pa.StructArray.from_arrays(children, fields=list(array.type), mask=pc.is_null(array))
    return array


def _json_text(value: object) -> str:
    return json.dumps(plain(value), ensure_ascii=False, separators=(", ", ": "))


def plain(value: Any) -> Any:
    """Return a Python value as JSON has it."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value).replace("nan", "NaN").replace("inf", "Infinity")
    if isinstance(value, np.datetime64):  # its item is a number where the year is beyond 9999
        return str(value)
    if isinstance(value, np.timedelta64):
        return str(value)
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key_text(key): plain(item) for key, item in value.items()}
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)


def key_text(key: Any) -> str:
    """Return a key of a dict as JSON has it: times in ISO 8601, bytes in base64, numbers and booleans as their text."""
    found = plain(key)
    return found if isinstance(found, str) else json.dumps(found)
