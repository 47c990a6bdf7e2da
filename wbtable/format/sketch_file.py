"""The sketch object: a table's sketch as a small Parquet file, a row for each column (spec: 08, SUM-9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from wbtable.errors import FormatError
from wbtable.format.extremes import Extremes, sample_type, summary_kind
from wbtable.format.sketch import SAMPLE, ColumnSketch, TableSketch
from wbtable.format.smallest import SMALLEST
from wbtable.format.value_text import from_text, to_text, value_text

if TYPE_CHECKING:
    from wbtable.format.schema import Schema
    from wbtable.format.types_base import ColumnType

__all__ = ["SKETCH_SCHEMA", "read_sketch", "write_sketch"]

_COUNTS: Final = ("count", "nulls", "nan", "positive_infinity", "negative_infinity")
_VALUES: Final = ("least", "greatest", "finite_least", "finite_greatest")
_FLAGS: Final = ("least_cut", "greatest_cut")

SKETCH_SCHEMA: Final = pa.schema(
    [
        ("name", pa.string()),
        *((name, pa.int64()) for name in _COUNTS),
        *((name, pa.string()) for name in _VALUES),
        *((name, pa.bool_()) for name in _FLAGS),
        ("kmv", pa.binary()),
        ("positions", pa.list_(pa.int64())),
        ("sample", pa.list_(pa.string())),
    ]
)
"""The columns of a sketch object."""

_LEAVES: Final = [*SKETCH_SCHEMA.names[:-2], "positions.list.element", "sample.list.element"]


def write_sketch(sketch: TableSketch) -> bytes:
    """Return the sketch object of a table (SUM-9)."""
    columns: dict[str, list[Any]] = {name: [] for name in SKETCH_SCHEMA.names[:-2]}
    samples: list[pa.Array] = []
    for named, column in zip(sketch.schema, sketch.columns, strict=True):
        facts = column.extremes
        kind = sample_type(column.type)
        columns["name"].append(named.name)
        for name in (*_COUNTS, *_FLAGS):
            columns[name].append(getattr(facts, name))
        for name in _VALUES:
            value = getattr(facts, name)
            columns[name].append(None if value is None else value_text(value, kind))
        columns["kmv"].append(column.hashes.astype("<u8").tobytes())
        samples.append(to_text(column.sample) if _has_sample(column.type) else pa.nulls(0, pa.string()))
    count, sampled = len(sketch.columns), sketch.positions.size
    lists = {
        "positions": pa.ListArray.from_arrays(
            pa.array(np.arange(count + 1, dtype=np.int32) * sampled), pa.array(np.tile(sketch.positions, count))
        ),
        "sample": pa.ListArray.from_arrays(
            pa.array(np.cumsum([0, *map(len, samples)], dtype=np.int32)),
            pa.concat_arrays([pa.nulls(0, pa.string()), *samples]),
            mask=pa.array([not _has_sample(column.type) for column in sketch.columns], pa.bool_()),
        ),
    }
    sink = pa.BufferOutputStream()
    # The positions are the same in every row: one page, so that zstd sees that.
    pq.write_table(
        pa.table({**columns, **lists}, SKETCH_SCHEMA),
        sink,
        compression={name: "none" if name == "kmv" else "zstd" for name in _LEAVES},
        use_dictionary=False,
        write_statistics=False,
        write_page_checksum=True,
        data_page_size=1 << 26,
    )
    return bytes(sink.getvalue())


def _has_sample(column_type: ColumnType) -> bool:
    return summary_kind(column_type) not in {"sizes", "counts"}


def _refuse(place: str, expected: str, found: object) -> NoReturn:
    msg = f"expected {expected}, found {found!r:.80}"
    raise FormatError(msg, place=place)


def read_sketch(data: bytes, schema: Schema) -> TableSketch:
    """Return the sketch that a sketch object holds of the columns of `schema`.

    Raises:
        FormatError: it is no sketch object, or of other columns, or does not add up; the message names the place.

    """
    try:
        table = pq.read_table(pa.BufferReader(data), page_checksum_verification=True)
        table.validate(full=True)
        present = table.schema.names
    except (pa.ArrowException, OSError, ValueError) as error:
        msg = f"expected a Parquet file: {error!s:.200}"
        raise FormatError(msg, place="sketch") from None
    for field in SKETCH_SCHEMA:
        if present.count(field.name) != 1 or table.schema.field(field.name).type != field.type:
            _refuse("sketch", f"a column {field.name} of type {field.type}", present)
    names = table["name"].to_pylist()
    if names != schema.names:
        _refuse("sketch.name", f"the columns {schema.names!r:.200}", names)
    if not names:
        return TableSketch.empty(schema)
    rows = table["count"][0].as_py() or 0
    positions = _positions(table["positions"], rows)
    columns = tuple(
        _read_column({name: table[name][i] for name in SKETCH_SCHEMA.names}, column.type, rows, positions.size)
        for i, column in enumerate(schema)
    )
    return TableSketch(schema=schema, rows=rows, positions=positions, columns=columns)


def _positions(column: pa.ChunkedArray, rows: int) -> np.ndarray:
    every = {tuple(found) if (found := one.as_py()) is not None else None for one in column}
    first = next(iter(every))
    if len(every) != 1 or first is None:
        _refuse("sketch.positions", "the same positions for every column", len(every))
    positions = np.asarray(first, np.int64)
    inside = not positions.size or (positions[0] >= 0 and positions[-1] < rows)
    if positions.size != min(rows, SAMPLE) or not inside or bool((np.diff(positions) <= 0).any()):
        _refuse("sketch.positions", f"{min(rows, SAMPLE)} ascending positions below {rows}", positions.size)
    return positions


def _read_column(row: dict[str, pa.Scalar], column_type: ColumnType, rows: int, sampled: int) -> ColumnSketch:
    place = f"sketch of column {row['name'].as_py()!r:.80}"
    kind = sample_type(column_type)
    found: dict[str, Any] = {name: row[name].as_py() for name in (*_COUNTS, *_FLAGS)}
    if any(found[name] is None or not 0 <= found[name] <= rows for name in _COUNTS) or found["count"] != rows:
        _refuse(place, f"counts from 0 to {rows}", [found[name] for name in _COUNTS])
    if any(found[name] is None for name in _FLAGS):
        _refuse(place, "true or false in least_cut and greatest_cut", None)
    for name in _VALUES:
        text = row[name].as_py()
        found[name] = None if text is None else from_text(pa.array([text]), kind, f"{place}.{name}")[0].as_py()
    raw = row["kmv"].as_py()
    hashes = np.frombuffer(raw, "<u8") if raw is not None and len(raw) % 8 == 0 else None
    if hashes is None or hashes.size > SMALLEST or bool((hashes[1:] <= hashes[:-1]).any()):
        _refuse(place, f"at most {SMALLEST} ascending hashes", raw)
    sample = pa.nulls(sampled, kind)
    if _has_sample(column_type):
        texts = row["sample"].values
        if texts is None or len(texts) != sampled:
            _refuse(place, f"a sample of {sampled} values", None if texts is None else len(texts))
        sample = from_text(texts, kind, f"{place}.sample")
    return ColumnSketch(
        type=column_type,
        extremes=Extremes(**found),
        hashes=hashes.astype(np.uint64),
        sample=sample,
    )
