"""Random tables come back from their files exactly as they went in (spec: 05-tables, 06-types)."""

from __future__ import annotations

import datetime as dt
import tempfile
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import wbtable
from tests.unit.tables.cases import check_identical
from wbtable.tables.open import open_table

Column = tuple[str, list[Any]]

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_ZONES = st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/New_York"])
_DTYPES = st.sampled_from(["i1", "i8", "u2", "u8", "f2", "f4", "f8", "?", "c8", "c16", "M8[ns]", "m8[us]"])


def _zoned(name: str) -> st.SearchStrategy[dt.datetime]:
    zone = st.just(dt.UTC if name == "UTC" else ZoneInfo(name))
    return st.datetimes(dt.datetime(1800, 1, 1), dt.datetime(2500, 1, 1), timezones=zone, allow_imaginary=False)  # noqa: DTZ001 - bounds


def _decimals(places: int) -> st.SearchStrategy[Any]:
    return st.decimals(allow_nan=False, allow_infinity=False, places=places, min_value=-(10**45), max_value=10**45)


_SCALARS: list[st.SearchStrategy[Any]] = [
    st.floats(),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-(10**38) + 1, 10**38 - 1),
    st.booleans(),
    _TEXT,
    st.binary(max_size=8),
    st.datetimes(),
    st.dates(),
    st.times(),
    st.timedeltas(dt.timedelta(days=-100_000_000), dt.timedelta(days=100_000_000)),
    st.uuids(),
    st.complex_numbers(),
]
_KINDS: st.SearchStrategy[st.SearchStrategy[Any]] = st.deferred(
    lambda: (
        st.sampled_from(_SCALARS)
        | _ZONES.map(_zoned)
        | st.integers(0, 4).map(_decimals)
        | _KINDS.map(lambda inner: st.lists(st.none() | inner, max_size=3))
        | st.dictionaries(_TEXT.filter(lambda name: name != "$absent"), _KINDS, max_size=3).map(_dicts)
        | st.sampled_from([st.integers(-5, 5), st.dates()]).flatmap(
            lambda keys: _KINDS.map(lambda inner: st.dictionaries(keys, st.none() | inner, min_size=1, max_size=3))
        )
        | _DTYPES.map(
            lambda dtype: npst.arrays(
                np.dtype(dtype), npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)
            )
        )
    )
)


def _dicts(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """Return dicts of some fields, each of which may be missing, or None."""
    return st.fixed_dictionaries({}, optional={name: st.none() | inner for name, inner in fields.items()})


def _rows(kind: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.none() | kind, min_size=5, max_size=5)


_NAMES = _TEXT.filter(lambda name: "\0" not in name)  # TABLE-2
_TABLES = st.dictionaries(_NAMES, _KINDS.flatmap(_rows), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(_TABLES, st.integers(0, 5))
def test_what_goes_in_comes_out(columns: dict[str, list[Any]], cut: int) -> None:
    """TYPE-2, TYPE-4, TYPE-7, TYPE-8, TABLE-2: equal values of equal types, from memory and from files."""
    data = [list(row) for row in zip(*columns.values(), strict=True)]
    table = wbtable.Table(columns=list(columns))
    for row in data[:cut]:
        table.add_data(*row)
    assert len(table.data) == cut  # encodes the rows so far, so that later ones widen what is encoded
    for row in data[cut:]:
        table.add_data(*row)
    with tempfile.TemporaryDirectory() as folder:
        table.write(folder)
        stored = open_table(folder)
        assert stored.columns == list(columns)
        assert stored.schema == table.schema
        for name, values in columns.items():
            expected = [_sorted(value) for value in values]
            for source in (table, stored):
                check_identical([_sorted(value) for value in source.get_column(name)], expected)
        assert stored == table


def _sorted(value: Any) -> Any:
    """Bring keys of dicts in one order: those of a struct stand in the order of the column's first."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value, key=repr)}
    if isinstance(value, list):
        return [_sorted(item) for item in value]
    return value


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.recursive(
            st.none() | st.one_of(*_SCALARS),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
            max_leaves=6,
        ),
        min_size=1,
        max_size=6,
    )
)
def test_mixed_columns_hold_anything(values: list[Any]) -> None:
    """ANY-1: whatever the values, in whatever order, each comes back as it was."""
    table = wbtable.Table(columns=["x"], dtype=Any)
    for value in values:
        table.add_data(value)
    expected = [_sorted(value) for value in values]
    check_identical([_sorted(value) for value in table.get_column("x")], expected)
