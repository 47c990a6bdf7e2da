"""The columns of DataFrames, Arrow streams and arrays, without a row loop."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa

from wbtable.errors import TypeMismatchError, UsageError
from wbtable.format.tagged import key_text
from wbtable.tables.infer import is_missing
from wbtable.tables.text import check_text

if TYPE_CHECKING:
    from collections.abc import Iterator

_NO_ARROW = frozenset({"Object", "Int128", "UInt128"})
"""Types of Polars' Series that Arrow lacks."""
_NUMBERS = (int, float, complex, np.number)


def column_names(names: object) -> list[str]:
    """Return column names as text; members of enums as values are stored (`of_member`), other kinds by `str`.

    Raises:
        UsageError: it is no list, two are the same, then or before, or one has a NUL (TABLE-2).
        TypeMismatchError: one has no UTF-8 form.

    """
    if isinstance(names, (str, bytes)) or not isinstance(names, Iterable):
        msg = f"expected a list of column names, found {names!r:.80}"
        raise UsageError(msg)
    out = [column_name(name) for name in names]
    for name in out:
        check_text(name)
        if "\0" in name:
            msg = f"the column name {name!r:.80} has a NUL, at which other libraries would cut it; take it out first"
            raise UsageError(msg)
    if len(set(out)) != len(out):
        twice = next(name for name in out if out.count(name) > 1)
        msg = f"expected distinct column names, found {twice!r} more than once"
        raise UsageError(msg)
    return out


def column_name(name: object) -> str:
    """Return one column name as text, see `column_names`; whether it can be one is not checked."""
    if isinstance(name, tuple):
        msg = f"the column name {name!r:.80} has several levels; join them into one text first"
        raise UsageError(msg)
    found = key_text(name)
    return str(name) if found is None else found


def arrow_stream(value: object) -> pa.RecordBatchReader | None:
    """Return a reader of anything with the Arrow C stream or a ``to_arrow``; None of anything else."""
    if isinstance(value, pa.RecordBatch):
        return pa.RecordBatchReader.from_batches(value.schema, [value])
    if isinstance(value, pa.RecordBatchReader):
        return value
    if isinstance(value, pa.Table):
        return value.to_reader()
    if is_pandas(value):  # whose own stream has the index as a column, and NaN as null
        columns = {name: _arrow_column(name, found) for name, found in pandas_columns(value)}
        return pa.table(columns).to_reader()
    if hasattr(value, "__arrow_c_stream__"):
        _refuse_pointers(value)
        try:
            return pa.RecordBatchReader.from_stream(cast("Any", value))
        except pa.ArrowInvalid as error:
            msg = f"expected a table with named columns, found a {type(value).__name__}"
            if hasattr(value, "columns"):
                msg = (
                    f"a column of the {type(value).__name__} has a type that Arrow lacks ({error}): cast it to another"
                )
            raise UsageError(msg) from None
    for name in ("fetch_arrow_reader", "to_arrow_reader", "to_arrow"):
        method = getattr(value, name, None)
        if callable(method):
            found = method()
            return found if isinstance(found, pa.RecordBatchReader) else arrow_stream(found)
    return None


def _refuse_pointers(frame: object) -> None:
    """Refuse Python objects of Polars, of which its stream has the addresses."""
    schema = getattr(frame, "schema", None)
    if type(frame).__module__.partition(".")[0] != "polars" or not hasattr(schema, "items"):
        return
    for name, kind in cast("Any", schema).items():
        if str(kind) == "Object":
            msg = "Python objects of Polars cannot be stored; give the values as a list, with add_column"
            raise UsageError(msg, place=f'column "{name}"')


def _arrow_column(name: str, values: object) -> pa.Array:
    if isinstance(values, pa.Array):
        return values
    for from_pandas in (False, True):  # NaN stays NaN among numbers; elsewhere it is a null
        try:
            return pa.array(cast("Any", values), from_pandas=from_pandas)
        except (pa.ArrowException, TypeError, ValueError) as error:
            msg = f"the values have no common Arrow type: {error}"
    raise TypeMismatchError(msg, place=f'column "{name}"')


def is_pandas(value: object) -> bool:
    """Whether `value` is a pandas DataFrame."""
    return type(value).__name__ == "DataFrame" and type(value).__module__.partition(".")[0] == "pandas"


def pandas_columns(frame: Any) -> Iterator[tuple[str, object]]:
    """Yield names, and Arrow arrays or lists of Python values, of a DataFrame; its index is left out.

    NaN of numpy's floats stays NaN; the nulls of pandas' own types, NaT, and NaN among what is no number become null.

    Raises:
        UsageError: names repeat, or have several levels.

    """
    for position, name in enumerate(column_names(list(frame.columns))):
        yield name, _pandas_array(frame.iloc[:, position])


def _pandas_array(series: Any) -> object:
    dtype = series.dtype
    kind = getattr(dtype, "kind", "O")
    if hasattr(series, "sparse"):
        return _pandas_array(series.sparse.to_dense())
    if type(dtype).__name__ == "PeriodDtype":
        msg = "periods cannot be stored; convert them with .dt.to_timestamp() or .astype(str)"
        raise TypeMismatchError(msg, place=f'column "{series.name}"')
    if isinstance(dtype, np.dtype) and kind in "biuf" and dtype.itemsize <= 8:
        return pa.array(_native(series.to_numpy()), from_pandas=False)
    if isinstance(dtype, np.dtype) and kind == "O":
        return _objects(series.to_numpy())
    if isinstance(dtype, np.dtype) and kind not in "mM":
        return list(series.to_numpy())
    try:
        found = pa.array(series, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError):
        return [None if is_missing(value) else value for value in series]
    return pa.concat_arrays(found.chunks) if isinstance(found, pa.ChunkedArray) else found


def whole_column(data: Any) -> object:
    """Return an Arrow array or a list of the values of an array, a Series or an Index; anything else as it is.

    Raises:
        TypeMismatchError: one of pandas holds what has no exact form.

    """
    if isinstance(data, np.ndarray):
        return array_column(data)
    module, kind = type(data).__module__.partition(".")[0], type(data).__name__
    if module == "pandas" and hasattr(data, "dtype"):  # an Index, a Categorical, or another array of its own
        import pandas as pd

        return _pandas_array(data if kind == "Series" else pd.Series(data))
    if module == "polars" and kind == "Series":
        return list(data) if str(data.dtype) in _NO_ARROW else data.to_arrow()
    return data


def _objects(values: np.ndarray[Any, Any]) -> object:
    kinds = {type(value) for value in values[:100]}
    if kinds <= {str, type(None), float} and (str in kinds or any(type(value) is str for value in values)):
        try:
            found = pa.array(values, pa.string(), from_pandas=True)
        except (pa.ArrowException, TypeError, UnicodeError):
            return list(values)  # whose bad value is found and named one by one
        return pa.concat_arrays(found.chunks) if isinstance(found, pa.ChunkedArray) else found
    return _without_nan(list(values))


def _without_nan(values: list[Any]) -> list[Any]:
    """Return objects with None for NaN, as which pandas writes a value that is not there; among numbers NaN stays."""
    here = [value for value in values if value is not None]
    numbers = [value for value in here if isinstance(value, _NUMBERS) and not isinstance(value, bool)]
    if len(numbers) == len(here) or not all(isinstance(value, float) and math.isnan(value) for value in numbers):
        return values
    return [None if isinstance(value, float) else value for value in values]


def _native(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return a copy in the machine's byte order, which is all that Arrow knows."""
    return np.array(values, dtype=values.dtype.newbyteorder("="), order="C", copy=True)


def array_column(values: np.ndarray[Any, Any]) -> object:
    """Return an Arrow array, or a list of Python values, of the rows of an array."""
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values) and values.ndim == 1:
        return [None if gone else value for gone, value in zip(np.ma.getmaskarray(values), values.data, strict=True)]
    if values.ndim == 1 and values.dtype.kind in "biuf" and values.dtype.itemsize <= 8:
        # A copy: Arrow would share the memory, which the caller may fill again.
        return pa.array(_native(values), from_pandas=False)
    if values.ndim > 1 and values.dtype.kind != "O":
        return list(values)
    return values.tolist() if values.dtype.kind == "O" else list(values)
