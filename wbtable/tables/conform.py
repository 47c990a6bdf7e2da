"""Casting narrower columns to the wider type that the manifest names (spec: 06-types, TYPE-9).

Every cast is exact or an error: an integer beyond 2^53 never becomes a float, a timestamp never overflows.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wbtable.errors import FormatError, TypeMismatchError
from wbtable.format.types import (
    ABSENT,
    AnyType,
    ColumnType,
    DecimalType,
    ListType,
    MapType,
    NdarrayType,
    NullType,
    NumberType,
    StructType,
)
from wbtable.tables.exact import decimal_texts
from wbtable.tables.exact_columns import check_finite, check_integers, exact_numbers

if TYPE_CHECKING:
    from wbtable.errors import WbtableError
    from wbtable.format.schema import Schema


def conform_batch(
    batch: pa.RecordBatch,
    have: Schema,
    want: Schema,
    *,
    place: str | None = None,
    error: type[WbtableError] = FormatError,
) -> pa.RecordBatch:
    """Return a batch with exactly the columns of `want`; columns that it lacks are null.

    Raises:
        error: a value cannot be widened exactly; the message names column and row.

    """
    rows = batch.num_rows
    if not len(want):
        return pa.record_batch({"": pa.nulls(rows)}).select([])
    arrays = []
    for column in want:
        at = batch.schema.get_field_index(column.name)
        if at < 0:
            arrays.append(pa.nulls(rows, column.type.arrow()))
            continue
        where = f'{place}, column "{column.name}"' if place else f'column "{column.name}"'
        arrays.append(conform(batch.column(at), have[column.name], column.type, place=where, error=error))
    return pa.RecordBatch.from_arrays(arrays, schema=want.arrow())


def conform(
    array: pa.Array,
    have: ColumnType,
    want: ColumnType,
    *,
    place: str,
    error: type[WbtableError] = FormatError,
) -> pa.Array:
    """Return `array`, whose logical type is `have`, in the physical form of the wider type `want`.

    Raises:
        error: a value cannot be widened exactly, or the types do not widen.

    """
    target = want.arrow()
    if isinstance(have, DecimalType) and isinstance(want, DecimalType) and have != want and pa.types.is_string(target):
        return _long_decimals(array, have, want, place, error)
    if have == want or (array.type.equals(target) and not isinstance(want, AnyType)):
        return to_physical(array, target, place=place, error=error)
    array = to_physical(array, have.arrow(), place=place, error=error)
    if isinstance(have, NullType):
        return pa.nulls(len(array), target)
    if isinstance(want, AnyType):
        return _to_any(array, have, place, error)
    if isinstance(have, StructType) and isinstance(want, StructType):
        return _structs(array, have, want, place, error)
    if isinstance(have, ListType) and isinstance(want, ListType):
        values = conform(inner_values(array, array.values), have.item, want.item, place=place, error=error)
        return relist(array, values, target)
    if isinstance(have, MapType) and isinstance(want, MapType):
        keys = conform(inner_values(array, array.keys), have.key, want.key, place=place, error=error)
        items = conform(inner_values(array, array.items), have.item, want.item, place=place, error=error)
        entries = pa.StructArray.from_arrays([keys, items], fields=[target.key_field, target.item_field])
        return relist(array, entries, target)
    if isinstance(have, StructType) and isinstance(want, MapType):
        return _to_map(array, have, want, place, error)
    if isinstance(have, NdarrayType) and isinstance(want, NdarrayType):
        return _ndarrays(array, have, want)
    if isinstance(have, NumberType):
        return _numbers(array, have, want, place, error)
    if have.kind == want.kind:
        return to_physical(array, target, place=place, error=error)
    msg = f"expected {want}, found {have}"
    raise error(msg, place=place)


def _numbers(array: pa.Array, have: NumberType, want: ColumnType, place: str, error: type[WbtableError]) -> pa.Array:
    """Write numbers as others that are equal; of floats Arrow's cast would round to a narrower one (TABLE-7)."""
    if not have.is_float:
        return to_physical(array, want.arrow(), place=place, error=error)
    if not isinstance(want, NumberType):
        msg = f"expected {want}, found {have}"
        raise error(msg, place=place)
    try:
        return exact_numbers(pa.chunked_array([array]), have, want, place).combine_chunks()
    except TypeMismatchError as cause:
        raise error(str(cause)) from None


def _long_decimals(
    array: pa.Array, have: DecimalType, want: DecimalType, place: str, error: type[WbtableError]
) -> pa.Array:
    """Write decimals as text with as many digits behind the point as the wider type has (TYPE-3)."""
    try:
        numbers = [None if value is None else Decimal(value) for value in array.to_pylist()]
        return pa.array(decimal_texts(numbers, want), pa.string())
    except InvalidOperation:
        msg = f"expected {have}, found other text, or more digits than {want} has"
        raise error(msg, place=place) from None


def to_physical(
    array: pa.Array,
    target: pa.DataType,
    *,
    place: str,
    error: type[WbtableError] = FormatError,
    first_row: int | None = 0,
) -> pa.Array:
    """Return `array` in another physical type that holds the same values, or more.

    Dictionaries, views and run ends are decoded; struct fields are matched by name, and those missing are null.

    Raises:
        error: a value does not fit; the message has its row if the first one's number is given as `first_row`.

    """
    found = array.type
    if found.equals(target):
        return array
    if pa.types.is_null(found):
        return pa.nulls(len(array), target)
    if isinstance(array, pa.ExtensionArray):
        return to_physical(storage_of(array, place, error), target, place=place, error=error, first_row=first_row)
    if pa.types.is_dictionary(found):
        return _dictionary(array, target, place, error, first_row)
    if pa.types.is_run_end_encoded(found):
        return to_physical(pc.run_end_decode(array), target, place=place, error=error, first_row=first_row)
    if pa.types.is_nested(target) and pa.types.is_nested(found):
        return _nested(array, target, place, error, first_row)
    if _is_number_text_mix(found, target):
        msg = f"expected {target}, found {found}"
        raise error(msg, place=place)
    if pa.types.is_floating(target) and pa.types.is_integer(found):
        check_integers(array, target, place, error, first_row)
    try:
        out = array.cast(target)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as cause:  # the latter: pyarrow has no such cast
        msg = f"expected {target}, found {found}: {cause}"
        raise error(msg, place=place) from None
    if pa.types.is_floating(target) and pa.types.is_floating(found) and target.bit_width < found.bit_width:
        check_finite(array, out, place, error, first_row)
    return out


def _dictionary(
    array: pa.DictionaryArray, target: pa.DataType, place: str, error: type[WbtableError], first_row: int | None
) -> pa.Array:
    # The few distinct values first: not every type that they may have can be taken from.
    try:
        return to_physical(array.dictionary, target, place=place, error=error, first_row=None).take(array.indices)
    except error:
        if not pa.types.is_primitive(array.type.value_type):
            raise
        # Whether the value that does not fit is used, and in which row.
        return to_physical(array.dictionary_decode(), target, place=place, error=error, first_row=first_row)


def storage_of(array: pa.ExtensionArray, place: str, error: type[WbtableError] = FormatError) -> pa.Array:
    """Return what an extension array is stored as, tensors in C order.

    Raises:
        error: a tensor lacks an element: numpy's arrays have no null.

    """
    storage = array.storage
    if not isinstance(array.type, pa.FixedShapeTensorType):
        return storage
    if storage.flatten().null_count:
        msg = "expected arrays, found a null among the elements of one"
        raise error(msg, place=place)
    order, shape = array.type.permutation, array.type.shape
    if not order or list(order) == sorted(order):
        return storage
    size = storage.type.list_size
    at = np.arange(size).reshape(shape).transpose(order).reshape(-1)
    rows = np.arange(storage.offset, storage.offset + len(storage), dtype=np.int64)[:, None]
    values = storage.values.take(pa.array((rows * size + at).reshape(-1)))
    return pa.FixedSizeListArray.from_arrays(values, type=storage.type, mask=_mask(storage))


def _nested(
    array: pa.Array, target: pa.DataType, place: str, error: type[WbtableError], first_row: int | None
) -> pa.Array:
    found = array.type
    if pa.types.is_struct(target) and pa.types.is_struct(found):
        children = []
        for field in target:
            at = found.get_field_index(field.name)
            child = pa.nulls(len(array), field.type) if at < 0 else _child(array, at)
            children.append(to_physical(child, field.type, place=place, error=error, first_row=first_row))
        return pa.StructArray.from_arrays(children, fields=list(target), mask=_mask(array))
    if _is_list(target) and _is_list(found):
        values = to_physical(
            inner_values(array, array.values), target.value_type, place=place, error=error, first_row=None
        )
        return relist(array, values, target)
    if _is_list(target) and _is_other_list(found):
        return to_physical(_as_list(array), target, place=place, error=error, first_row=first_row)
    if pa.types.is_fixed_size_list(target) and pa.types.is_fixed_size_list(found):
        if found.list_size != target.list_size:
            msg = f"expected {target}, found {found}"
            raise error(msg, place=place)
        values = to_physical(_fixed_values(array), target.value_type, place=place, error=error, first_row=None)
        return pa.FixedSizeListArray.from_arrays(values, type=target, mask=_mask(array))
    if pa.types.is_map(target) and pa.types.is_map(found):
        keys = to_physical(inner_values(array, array.keys), target.key_type, place=place, error=error, first_row=None)
        items = to_physical(
            inner_values(array, array.items), target.item_type, place=place, error=error, first_row=None
        )
        entries = pa.StructArray.from_arrays([keys, items], fields=[target.key_field, target.item_field])
        return relist(array, entries, target)
    msg = f"expected {target}, found {found}"
    raise error(msg, place=place)


def _is_list(found: pa.DataType) -> bool:
    return bool(pa.types.is_list(found) or pa.types.is_large_list(found))


def _is_other_list(found: pa.DataType) -> bool:
    return bool(
        pa.types.is_fixed_size_list(found) or pa.types.is_list_view(found) or pa.types.is_large_list_view(found)
    )


def _as_list(array: pa.Array) -> pa.Array:
    """Return a view's or fixed-size list's rows as a list; Arrow's own cast of a sliced view loses elements."""
    lengths = pc.list_value_length(array).fill_null(0).to_numpy(zero_copy_only=False)
    ends = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    mask = np.append(array.is_null().to_numpy(zero_copy_only=False), False)
    return pa.LargeListArray.from_arrays(pa.array(ends, mask=mask), pc.list_flatten(array))


def _is_number_text_mix(found: pa.DataType, target: pa.DataType) -> bool:
    """Whether Arrow's cast would parse or print: it never may."""
    text_target = pa.types.is_string(target) or pa.types.is_large_string(target)
    text_found = (
        pa.types.is_string(found)
        or pa.types.is_large_string(found)
        or pa.types.is_string_view(found)
        or pa.types.is_binary(found)
    )
    return bool(text_target) != bool(text_found) and not (
        pa.types.is_binary(target) or pa.types.is_large_binary(target)
    )


def _mask(array: pa.Array) -> pa.Array | None:
    return array.is_null() if array.null_count else None


def _fixed_values(array: pa.FixedSizeListArray) -> pa.Array:
    """Return the elements of all cells, those of null cells included."""
    size = array.type.list_size
    return array.values.slice(array.offset * size, len(array) * size)


def _child(array: pa.StructArray, at: int) -> pa.Array:
    """Return a field's values; what lies below null structs is no value."""
    return array.flatten()[at] if array.null_count else array.field(at)


def inner_values(array: pa.Array, values: pa.Array) -> pa.Array:
    """Return those of a list array's or map array's `values` that its rows have: a slice knows all of the whole's."""
    offsets = array.offsets
    if not len(offsets):
        return values.slice(0, 0)
    first = offsets[0].as_py()
    return values.slice(first, offsets[-1].as_py() - first)


def relist(array: pa.Array, values: pa.Array, target: pa.DataType) -> pa.Array:
    """Return lists with the lengths and nulls of `array` over other values, as many as :func:`inner_values` gives."""
    width = pa.int64() if pa.types.is_large_list(target) else pa.int32()
    found = array.offsets.to_numpy()
    offsets = pa.array(found - found[:1], width)
    validity = None
    if array.null_count:
        validity = pc.if_else(array.is_valid(), True, False).buffers()[1]
    return pa.Array.from_buffers(
        target, len(array), [validity, offsets.buffers()[1]], null_count=array.null_count, children=[values]
    )


def _structs(
    array: pa.StructArray, have: StructType, want: StructType, place: str, error: type[WbtableError]
) -> pa.Array:
    """Widen structs; a key that `have` has not is absent in every row (TYPE-7)."""
    theirs = {field.name: field.type for field in have.fields}
    children = []
    for field in want.fields:
        found = theirs.get(field.name)
        if found is None:
            children.append(pa.nulls(len(array), field.type.arrow()))
            continue
        inner = f"{place}.{field.name}"
        child = _child(array, array.type.get_field_index(field.name))
        children.append(conform(child, found, field.type, place=inner, error=error))
    if want.has_absent:
        missing = [field.name for field in want.fields if field.name not in theirs]
        at = array.type.get_field_index(ABSENT)
        old = array.field(at).to_pylist() if have.has_absent else [None] * len(array)
        held = array.is_valid().to_pylist()
        lists = [([*(names or ()), *missing] or None) if here else None for names, here in zip(old, held, strict=True)]
        children.append(pa.array(lists, pa.list_(pa.string())))
    return pa.StructArray.from_arrays(children, fields=list(want.arrow()), mask=_mask(array))


def _ndarrays(array: pa.Array, have: NdarrayType, want: NdarrayType) -> pa.Array:
    """Widen arrays of one shape to arrays of any, and of one dtype to arrays of any (TYPE-8)."""
    from wbtable.tables.values import ndarray_cells, ndarrays_to_physical

    if have.is_tensor and want.dtype == have.dtype:
        rows, size = len(array), have.size
        shape = pa.array(np.tile(np.array(have.shape, np.int64), rows))
        shapes = pa.ListArray.from_arrays(_steps(rows, len(cast("tuple[int, ...]", have.shape))), shape)
        values = pa.ListArray.from_arrays(_steps(rows, size), _fixed_values(array))
        return pa.StructArray.from_arrays([shapes, values], fields=list(want.arrow()), mask=_mask(array))
    return ndarrays_to_physical(ndarray_cells(array, have), want)


def _steps(rows: int, step: int) -> pa.Array:
    return pa.array(np.arange(rows + 1, dtype=np.int64) * step, pa.int32())


def _to_map(array: pa.StructArray, have: StructType, want: MapType, place: str, error: type[WbtableError]) -> pa.Array:
    """Make dicts of any keys of dicts of few; keys that a row lacks it lacks there too (TYPE-9)."""
    names = [field.name for field in have.fields]
    held = np.repeat(array.is_valid().to_numpy(zero_copy_only=False)[:, None], len(names), axis=1)
    if have.has_absent:
        at = {name: i for i, name in enumerate(names)}
        for row, lacks in enumerate(array.field(array.type.get_field_index(ABSENT)).to_pylist()):
            held[row, [at[name] for name in lacks or ()]] = False
    parts = [
        conform(array.field(i), field.type, want.item, place=f"{place}.{field.name}", error=error)
        for i, field in enumerate(have.fields)
    ]
    rows, columns = np.nonzero(held)
    target = want.arrow()
    if parts:
        items = pa.concat_arrays(parts).take(pa.array(columns * len(array) + rows))
        keys = pa.array(names, pa.string()).take(pa.array(columns))
    else:  # of dicts without keys, which are maps of any
        keys, items = pa.array([], target.key_type), pa.array([], target.item_type)
    ends = np.concatenate([[0], np.cumsum(held.sum(axis=1))])
    offsets = pa.array(ends, pa.int32(), mask=np.append(array.is_null().to_numpy(zero_copy_only=False), False))
    return pa.MapArray.from_arrays(offsets, keys, items, type=target)


def _to_any(array: pa.Array, have: ColumnType, place: str, error: type[WbtableError]) -> pa.Array:
    """Write each value as tagged canonical JSON (ANY-1)."""
    from wbtable.format.documents import canonical
    from wbtable.format.tagged import tag
    from wbtable.tables.values import to_python

    cells = to_python(array, have)
    try:
        texts = [None if cell is None else canonical(tag(cell, str(have))).decode() for cell in cells]
    except TypeMismatchError as cause:  # what is mixed has microseconds, and the years that datetime has
        msg = f"{cause}; give the tables one type there, or read the other columns"
        raise error(msg, place=place) from None
    return pa.array(texts, pa.string())
