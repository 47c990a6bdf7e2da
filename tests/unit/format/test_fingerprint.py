from __future__ import annotations

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from tests.architecture.repository import SPEC
from tests.unit.format.arrow_cases import COLUMNS, arrays, chunked, encoded, hidden_below_nulls, sliced
from wbtable.errors import UsageError
from wbtable.format.file_cell import FILE_TYPE
from wbtable.format.fingerprint import canonical_size, fingerprint
from wbtable.format.types import BooleanType, ColumnType, Field, ImageType, ListType, NumberType, StringType, StructType

INT = NumberType(dtype="int64")


def _xxh3(form: bytes) -> bytes:
    return xxhash.xxh3_128_digest(form)


def _u64(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(8, "little", signed=True) for number in numbers)


def test_the_example_of_the_specification() -> None:
    # FP-1: the hexadecimal block of the page, and the fingerprint below it
    page = (SPEC / "08-fingerprints-and-summaries.md").read_text("utf-8")
    block = re.search(r"```hex\n(.*?)```", page, re.DOTALL)
    assert block
    form = bytes.fromhex("".join(line[:51] for line in block[1].splitlines()))
    named = re.search(r"fingerprint `([0-9a-f]{32})`", page)
    assert named
    kind = StructType(
        fields=(Field(name="n", type=NumberType(dtype="int16")), Field(name="tags", type=ListType(item=StringType())))
    )
    values = pa.array([{"n": 1, "tags": ["hi", None]}, None, {"n": -2, "tags": []}], kind.arrow())
    assert _xxh3(form).hex() == named[1]
    assert fingerprint(values, kind).hex() == named[1]
    assert canonical_size(values, kind) == len(form)


@pytest.mark.parametrize(
    ("kind", "values", "form"),
    [
        (NumberType(dtype="int16"), [1, None, -2], _u64(3) + b"\x05\x01\x00\x00\x00\xfe\xff"),  # FP-2, FP-3
        (BooleanType(), [True, None] * 4 + [True], _u64(9) + b"\x55\x01" + b"\x55\x01"),  # FP-3
        (StringType(), ["ñ", None, ""], _u64(3) + b"\x05" + _u64(2, 0, 0) + "ñ".encode()),  # FP-4
        (ListType(item=INT), [[7], None], _u64(2) + b"\x01" + _u64(1, 0) + _u64(1) + b"\x01" + _u64(7)),  # FP-5
    ],
)
def test_forms(kind: ColumnType, values: list[Any], form: bytes) -> None:
    assert fingerprint(pa.array(values, kind.arrow()), kind) == _xxh3(form)


def test_maps_are_lengths_keys_and_values() -> None:
    # FP-5
    values = pa.array([[("a", 1), ("b", 2)], []], pa.map_(pa.string(), pa.int64()))
    keys = _u64(2) + b"\x03" + _u64(1, 1) + b"ab"
    form = _u64(2) + b"\x03" + _u64(2, 0) + keys + _u64(2) + b"\x03" + _u64(1, 2)
    assert fingerprint(values, INT) == _xxh3(form)


def test_lists_of_fixed_size_are_lists() -> None:
    # FP-5
    lists = pa.array([[1, 2], None])
    assert fingerprint(lists, INT) == fingerprint(pa.array([[1, 2], None], pa.list_(pa.int64(), 2)), INT)


@pytest.mark.parametrize(("kind", "values"), COLUMNS, ids=lambda case: str(case)[:30])
def test_every_type_has_a_fingerprint(kind: ColumnType, values: list[Any]) -> None:
    array = pa.array(values, kind.arrow())
    assert len(fingerprint(array, kind)) == 16
    assert fingerprint(array, kind) != fingerprint(array.slice(1), kind)
    assert len(fingerprint(array.slice(0, 0), kind)) == 16
    assert fingerprint(pa.chunked_array([], array.type), kind) == fingerprint(array.slice(0, 0), kind)


@given(arrays(), st.lists(st.integers(0, 40), max_size=4))
def test_chunks_slices_and_encodings_do_not_matter(case: tuple[ColumnType, pa.Array], cuts: list[int]) -> None:
    # FP-7
    kind, array = case
    expected = fingerprint(array, kind)
    assert fingerprint(sliced(array), kind) == expected
    assert fingerprint(chunked(array, cuts), kind) == expected
    for other in encoded(array):
        assert fingerprint(other, kind) == expected, other.type
        assert fingerprint(chunked(other, cuts), kind) == expected, other.type


@given(arrays(), arrays())
def test_other_values_have_other_fingerprints(
    one: tuple[ColumnType, pa.Array], other: tuple[ColumnType, pa.Array]
) -> None:
    if one[0] == other[0]:
        rows_equal = str(one[1].to_pylist()) == str(other[1].to_pylist())
        assert (fingerprint(one[1], one[0]) == fingerprint(other[1], other[0])) == rows_equal


@pytest.mark.parametrize("case", hidden_below_nulls(), ids=lambda case: str(case[0]))
def test_what_lies_under_a_null_does_not_matter(case: tuple[ColumnType, pa.Array, pa.Array]) -> None:
    # FP-6, FP-7
    kind, plain, hiding = case
    assert plain.to_pylist() == hiding.to_pylist()
    assert fingerprint(plain, kind) == fingerprint(hiding, kind)


def test_floats_stand_bit_for_bit() -> None:
    # FP-3
    kind = NumberType(dtype="float64")
    quiet, other = (np.array([bits], np.uint64).view(np.float64) for bits in (0x7FF8000000000000, 0x7FF8000000000001))
    assert fingerprint(pa.array([0.0]), kind) != fingerprint(pa.array([-0.0]), kind)
    assert fingerprint(pa.array(quiet), kind) != fingerprint(pa.array(other), kind)


def _images(uri: str, offset: int, checksum: str) -> pa.Array:
    file = {"uri": uri, "offset": offset, "size": 1, "content_type": "image/png", "checksum": checksum}
    masks = [{"layer": "m", "file": file, "width": 1, "height": 1}]
    cell = {"file": file, "width": 1, "height": 1, "caption": None, "grouping": None, "masks": masks}
    return pa.array([cell], ImageType(masks=True).arrow())


def test_where_a_blob_was_put_does_not_matter() -> None:
    # FP-8
    kind = ImageType(masks=True)
    here, there, changed = _images("../aa/b.pack", 0, "x"), _images("../cc/d.pack", 9, "x"), _images("", 0, "y")
    assert fingerprint(here, kind) == fingerprint(there, kind) != fingerprint(changed, kind)
    lists = [pa.ListArray.from_arrays(pa.array([0, 1], pa.int32()), found) for found in (here, there)]
    assert len({fingerprint(found, ListType(item=kind)) for found in lists}) == 1


def test_a_struct_of_the_users_with_the_fields_of_file_is_whole() -> None:
    # FP-8
    names = [FILE_TYPE.field(i).name for i in range(FILE_TYPE.num_fields)]
    types = [INT if name in {"offset", "size"} else StringType() for name in names]
    kind = StructType(fields=tuple(Field(name=n, type=t) for n, t in zip(names, types, strict=True)))
    values = [{"uri": uri, "offset": 0, "size": 0, "content_type": "", "checksum": ""} for uri in "ab"]
    here, there = (pa.array([value], kind.arrow()) for value in values)
    assert here.type == FILE_TYPE
    assert fingerprint(here, kind) != fingerprint(there, kind)


def test_extension_types_are_their_storage() -> None:
    # FP-7
    storage = pa.array([[1.0, 2.0]], pa.list_(pa.float64(), 2))
    tensor = pa.ExtensionArray.from_storage(pa.fixed_shape_tensor(pa.float64(), (2,)), storage)
    assert fingerprint(tensor, INT) == fingerprint(storage, INT)


def test_unions_are_refused() -> None:
    union = pa.UnionArray.from_sparse(pa.array([0], pa.int8()), [pa.array([1])])
    with pytest.raises(UsageError, match="no canonical form"):
        fingerprint(union, INT)
