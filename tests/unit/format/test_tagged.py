"""Any Python value as canonical JSON, and back (spec: 06-types)."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import math
import pathlib
import uuid
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wbtable.errors import FormatError, TypeMismatchError
from wbtable.format.documents import canonical, parse
from wbtable.format.tagged import tag, untag


class Colour(enum.Enum):
    RED = 1


# As ``class Split(str, Enum)``: `str` of a member is not the member's text, as it is of a StrEnum's.
_make: Any = enum.Enum
Split = _make("Split", {"TRAIN": "train"}, type=str)
Level = _make("Level", {"LOW": 1}, type=int)

_EXACT = (
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary()
    | st.datetimes()
    | st.datetimes(timezones=st.just(dt.UTC))
    | st.dates()
    | st.times()
    | st.timedeltas()
    | st.decimals(allow_nan=False)
    | st.uuids()
    | st.complex_numbers(allow_nan=False)
)


@given(
    st.recursive(
        _EXACT,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])) | st.just("$type"), inner, max_size=4)
        ),
        max_leaves=10,
    )
)
def test_values_come_back_as_they_went_in(value: Any) -> None:
    """ANY-1: through canonical JSON, types included."""
    back = untag(parse(canonical({"v": tag(value)}), "x")["v"])
    assert back == value
    assert type(back) is type(value)


def test_special_floats() -> None:
    """ANY-1: NaN, infinities, whole floats and the sign of zero."""
    assert math.isnan(untag(tag(float("nan"))))
    assert untag(tag([float("inf"), float("-inf")])) == [float("inf"), float("-inf")]
    assert type(untag(tag(1.0))) is float
    assert math.copysign(1, untag(tag(-0.0))) == -1


@pytest.mark.parametrize(
    ("value", "back"),
    [
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (np.arange(3), [0, 1, 2]),
        (np.array(5), 5),
        ((1, (2,)), [1, [2]]),
        ({3, 1}, [1, 3]),
        (Colour.RED, "RED"),
        (pathlib.PurePosixPath("a/b"), "a/b"),
        (pd.NA, None),
        (pd.NaT, None),
        ({1: "a", Colour.RED: 2}, {"1": "a", "RED": 2}),
        ({Split.TRAIN: 1, Level.LOW: 2}, {"train": 1, "1": 2}),
    ],
)
def test_other_kinds_become_plain(value: object, back: object) -> None:
    """ANY-1: numpy scalars, enums, paths and pandas' nulls."""
    assert untag(tag(value)) == back


def test_what_has_no_form_is_named() -> None:
    with pytest.raises(TypeMismatchError, match=r"config\.model\[1\]: a value of type function cannot be stored"):
        tag({"model": [1, test_special_floats]}, "config")


@pytest.mark.parametrize(
    "value",
    [
        {"$type": "what", "value": 1},
        {"$type": 1, "value": 1},
        {"$type": "int", "value": "x"},
        {"$type": "int", "value": "9" * 5000},
        {"$type": "bytes", "value": "?"},
        {"$type": "datetime", "value": "yesterday"},
        {"$type": "complex", "value": ["1"]},
        {"$type": "uuid", "value": "1"},
        {"$type": "uuid", "value": 1},
        {"$type": "decimal", "value": "x"},
        {"$type": "float", "value": None},
        {"$type": "dict", "value": 3},
    ],
)
def test_hostile_tags_are_refused(value: object) -> None:
    """ANY-1: an unknown tag, or a value that is not as its tag says."""
    with pytest.raises(FormatError, match="cell"):
        untag(value, "cell")


def test_decimal_and_uuid_keep_their_digits() -> None:
    assert untag(tag(decimal.Decimal("1.50"))).as_tuple().exponent == -2
    value = uuid.UUID(int=7)
    assert untag(tag(value)) == value


def test_numbers_that_give_themselves() -> None:
    """numpy's longdouble is its own ``item()``: asking for it again and again ended in a RecursionError."""
    for value in (np.longdouble(1.5), np.array(1.5, np.longdouble), np.array([1.5], np.longdouble)):
        assert untag(tag(value)) in (1.5, [1.5])


def test_a_view_of_memory_with_gaps() -> None:
    assert untag(tag(memoryview(b"abcdef")[::2])) == b"ace"


def test_lengths_of_time_that_nobody_knows() -> None:
    """numpy has no way from months to microseconds, which was an error in its words."""
    for value in (np.timedelta64(3, "M"), np.array([3], "m8[Y]"), np.array([3]).view("m8")[0]):
        with pytest.raises(TypeMismatchError, match="no certain length of time"):
            tag(value)
    for far in (
        np.timedelta64(2**62, "s"),
        np.timedelta64(10**9, "D"),
        np.datetime64(2**62, "ms"),
        np.datetime64(2**55, "D"),
    ):
        with pytest.raises(TypeMismatchError, match="than the microseconds, or the years"):
            tag(far)
    assert tag(np.timedelta64(1, "h")) == tag(np.timedelta64(3600, "s"))


def test_integers_that_nobody_could_read_back() -> None:
    assert untag(tag(-(10**3990))) == -(10**3990)
    with pytest.raises(TypeMismatchError, match=r"config\.n: expected an integer of less than 4000 digits"):
        tag(10**4000, "config.n")


def _nested(levels: int, inner: Any = 1) -> Any:
    for _ in range(levels):
        inner = [inner]
    return inner


@pytest.mark.parametrize("value", [_nested(60), _nested(60, 1j), {"$type": _nested(58)}, {"a": [{"b": _nested(57)}]}])
def test_the_deepest_values_fit_a_document(value: Any) -> None:
    """ANY-2, DOC-2."""
    document = canonical({"a": {"b": tag(value)}})
    assert untag(parse(document, "document")["a"]["b"]) == value


@pytest.mark.parametrize(
    "value", [_nested(61), {"$type": _nested(59)}, {"a": _nested(60)}, _nested(3000), _nested(59, {"a": {1}})]
)
def test_values_that_nest_deeper_are_refused(value: Any) -> None:
    """ANY-2: in the library's own words, however deep they are."""
    with pytest.raises(TypeMismatchError, match="at most 60 levels") as caught:
        tag(value, "config")
    assert str(caught.value.place).startswith("config")
    assert len(str(caught.value)) < 300
