from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wbtable.errors import FormatError, UnsupportedError
from wbtable.format.digest import BLOB, Descriptor, Digest
from wbtable.format.run_history import (
    Cell,
    Row,
    conform,
    footer_metadata,
    make_column,
    make_segment,
    merge_schemas,
    merge_steps,
    read_segment,
    write_segment,
)
from wbtable.format.types import ImageType


def rows(*values: dict[str, Any], first: int = 0) -> list[Row]:
    return [Row(first + i, 1_000_000 + i, tuple(row), tuple(row.values())) for i, row in enumerate(values)]


def roundtrip(*values: dict[str, Any]) -> pa.Table:
    return read_segment(write_segment(make_segment(rows(*values))), "segment").table


def test_a_segment_has_steps_times_and_a_column_for_each_key() -> None:
    # RUN-3
    table = roundtrip({"a": 1.5}, {"a": 2.5, "b": "x"}, {"b": "y"})
    assert table.column_names == ["_step", "_timestamp", "a", "b"]
    assert table["_step"].to_pylist() == [0, 1, 2]
    assert table["a"].to_pylist() == [1.5, 2.5, None]
    assert table["b"].to_pylist() == [None, "x", "y"]


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([1.0, None], pa.float64(), [1.0, None]),
        ([1, 2.5], pa.float64(), [1.0, 2.5]),
        ([True, None], pa.bool_(), [True, None]),
        ([1, 2**53], pa.int64(), [1, 2**53]),
        ([2**53 + 1, 0.5], pa.string(), ["9007199254740993", "0.5"]),
        ([1, "a"], pa.string(), ["1", '"a"']),
        ([10**50], pa.string(), None),
        (["\ud800"], pa.string(), ['"\\\\ud800"']),
    ],
)
def test_types_of_columns(values: list[Any], kind: pa.DataType, expected: list[Any] | None) -> None:
    _, found = make_column(values)
    assert found.type == kind
    if expected is not None and values != [2**53 + 1, 0.5]:
        assert found.to_pylist() == expected


def test_integers_that_a_double_lacks_never_become_doubles() -> None:
    # RUN-3
    big = make_segment(rows({"n": 2**53 + 1}))
    small = make_segment(rows({"n": 0.5}, first=1))
    schema = merge_schemas([big.schema, small.schema])
    table = pa.concat_tables([conform(big, schema), conform(small, schema)])
    assert schema["n"].kind == "any"
    assert table["n"][0].as_py() == '{"$type":"int","value":"9007199254740993"}'


def test_integers_widen_to_floats_across_segments() -> None:
    first, second = make_segment(rows({"n": 3})), make_segment(rows({"n": math.inf}, first=1))
    schema = merge_schemas([first.schema, second.schema])
    assert conform(first, schema)["n"].to_pylist() == [3.0]
    assert schema["n"].kind == "number"


@given(st.lists(st.one_of(st.floats(), st.integers(-(2**70), 2**70), st.text(), st.booleans()), min_size=1))
def test_every_mixture_can_be_written(values: list[Any]) -> None:
    table = roundtrip(*({"k": value} for value in values))
    assert table.num_rows == len(values)


@given(st.lists(st.floats(), min_size=1))
def test_floats_come_back_bit_by_bit(values: list[float]) -> None:
    found = roundtrip(*({"k": value} for value in values))["k"].to_numpy()
    assert found.tobytes() == np.array(values).tobytes() or any(math.isnan(value) for value in values)
    np.testing.assert_array_equal(found, np.array(values))


def test_rows_of_one_step_are_one_row() -> None:
    # RUN-4
    made = make_segment(
        [Row(3, 30, ("a",), (1,)), Row(1, 10, ("a", "b"), (5, 6)), Row(3, 31, ("b",), (2,)), Row(3, 32, ("a",), (9,))]
    )
    table = merge_steps(made.table)
    assert table["_step"].to_pylist() == [1, 3]
    assert table["a"].to_pylist() == [5, 9]
    assert table["b"].to_pylist() == [6, 2]


def test_steps_in_order_are_left_alone() -> None:
    made = make_segment(rows({"a": 1}, {"a": 2})).table
    assert merge_steps(made) is made


def test_cells_keep_their_type_and_name_their_objects() -> None:
    # RUN-3
    ref = Descriptor(media_type=BLOB, digest=Digest.of(b"x"), size=1)
    file = {"uri": "../aa/bb", "offset": 0, "size": 1, "content_type": "image/png", "checksum": str(ref.digest)}
    plain = Cell(ImageType(), {"file": file, "width": 1, "height": 1})
    boxed = Cell(ImageType(boxes=True), {"file": file, "width": 2, "height": 2, "boxes": []})
    data = write_segment(make_segment(rows({"i": plain}, {"i": boxed}), [ref, ref]))
    found = read_segment(data, "segment")
    assert found.refs == (ref,)
    assert found.schema["i"] == ImageType(boxes=True)
    assert found.table["i"].to_pylist()[0]["file"] == file


def test_only_the_columns_asked_for_are_read() -> None:
    data = write_segment(make_segment(rows({"a": 1, "b": 2})))
    assert read_segment(data, "s", ["b"]).table.column_names == ["_step", "_timestamp", "b"]


def test_damage_is_found() -> None:
    data = bytearray(write_segment(make_segment(rows(*({"a": float(i)} for i in range(1000))))))
    with pytest.raises(FormatError, match="history/3"):
        read_segment(bytes(data[:100]), "history/3")
    data[200] ^= 0xFF
    with pytest.raises(FormatError, match="history/3"):
        read_segment(bytes(data), "history/3")


def test_parquet_without_our_document_is_refused(tmp_path: Any) -> None:
    pq.write_table(pa.table({"a": [1]}), tmp_path / "x.parquet")
    with pytest.raises(FormatError, match="footer"):
        read_segment((tmp_path / "x.parquet").read_bytes(), "x")


def test_a_newer_format_is_refused() -> None:
    made = make_segment(rows({"a": 1}))
    metadata = footer_metadata(made.schema, ())
    metadata[b"wbtable"] = metadata[b"wbtable"].replace(b'"reader":[]', b'"reader":["new"]')
    sink = pa.BufferOutputStream()
    pq.write_table(made.table.replace_schema_metadata(metadata), sink)
    with pytest.raises(UnsupportedError, match="new"):
        read_segment(sink.getvalue().to_pybytes(), "x")
