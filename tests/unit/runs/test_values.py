from __future__ import annotations

import datetime as dt
import decimal
import enum
import math
from typing import Any

import numpy as np
import pytest

from wbtable.format.run_history import Cell
from wbtable.format.types import AnyType
from wbtable.media.histogram import Histogram
from wbtable.media.image import Image
from wbtable.runs.values import has_payload, key_fault, plain_value, prepare, take_scalars


class Tensor:
    """What torch's tensors of one element look like."""

    dtype = "float32"

    def __init__(self, value: float, count: int = 1) -> None:
        self._value, self._count = value, count
        self.shape = (count,)

    def numel(self) -> int:
        return self._count

    def item(self) -> float:
        if self._count != 1:
            raise RuntimeError("a Tensor with several elements cannot be converted to Scalar")
        return self._value

    def tolist(self) -> list[float]:
        return [self._value] * self._count


class Colour(enum.Enum):
    RED = 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, 1),
        (True, True),
        (0.5, 0.5),
        ("text", "text"),
        (np.float16(0.5), 0.5),
        (np.float32(0.1), float(np.float32(0.1))),
        (np.float64(0.1), 0.1),
        (np.longdouble(0.5), 0.5),
        (np.int8(-3), -3),
        (np.uint64(2**64 - 1), 2**64 - 1),
        (np.bool_(True), True),
        (np.str_("x"), "x"),
        (np.array(2.5), 2.5),
        (np.array([3]), 3),
        (Tensor(0.25), 0.25),
        (math.inf, math.inf),
        (2**80, 2**80),
    ],
)
def test_scalars_of_every_kind_become_plain(value: Any, expected: Any) -> None:
    found = prepare({"key": value}).scalars["key"]
    assert found == expected
    assert type(found) is type(expected)


def test_nan_stays_nan() -> None:
    assert math.isnan(prepare({"key": np.float32("nan")}).scalars["key"])


@pytest.mark.parametrize(
    "value",
    [
        dt.datetime(2026, 1, 2, 3, 4, 5, 6, dt.UTC),
        dt.date(2026, 1, 2),
        decimal.Decimal("1.10"),
        b"bytes",
        1 + 2j,
        [1, 2.5, None],
        {"kept": []}["kept"],
    ],
)
def test_other_values_come_back_from_their_tagged_form(value: Any) -> None:
    cell = prepare({"key": value}).scalars["key"]
    assert isinstance(cell, Cell)
    assert isinstance(cell.type, AnyType)
    assert plain_value(cell) == value


def test_arrays_tensors_and_enums() -> None:
    found = prepare({"a": np.array([[1, 2], [3, 4]]), "t": Tensor(1.0, 2), "e": Colour.RED})
    assert plain_value(found.scalars["a"]) == [[1, 2], [3, 4]]
    assert plain_value(found.scalars["t"]) == [1.0, 1.0]
    assert plain_value(found.scalars["e"]) == "RED"


def test_nested_dicts_are_flattened_and_none_is_left_out() -> None:
    found = prepare({"a": {"b": 1, "c": {"d": 2}}, "e": None, 7: 3})
    assert found.scalars == {"a.b": 1, "a.c.d": 2, "7": 3}


def test_values_are_taken_at_the_call() -> None:
    value = [1, 2]
    found = prepare({"key": value})
    value.append(3)
    assert plain_value(found.scalars["key"]) == [1, 2]


def test_what_cannot_be_stored_is_named_and_the_rest_is_taken() -> None:
    found = prepare({"good": 1, "net": {"layer": object()}, "f": len})
    assert found.scalars == {"good": 1}
    assert [problem.split(" was not logged")[0] for problem in found.problems] == ["'net.layer'", "'f'"]


def test_an_object_that_raises_when_it_is_read_is_named() -> None:
    class Bad:
        @property
        def shape(self) -> tuple[int, ...]:
            raise RuntimeError("device lost")

        dtype = "float32"

        def item(self) -> float:
            raise RuntimeError("device lost")

    problems = prepare({"bad": Bad()}).problems
    assert len(problems) == 1
    assert "'bad'" in problems[0]
    assert "device lost" in problems[0]


@pytest.mark.parametrize("key", ["", "_step", "_timestamp", "_runtime", "x" * 2000, "a\x00b", "\ud800"])
def test_bad_keys(key: str) -> None:
    # RUN-3
    assert key_fault(key) is not None
    assert prepare({key: 1}).problems


def test_media_lists_of_media_and_histograms() -> None:
    image = Image(np.zeros((4, 5, 3), np.uint8), caption="c")
    found = prepare({"one": image, "many": [image, image], "h": Histogram([1, 2, 3])})
    assert set(found.media) == {"one", "many"}
    assert found.media["one"].value["width"] == 5
    assert has_payload(found.media["many"].value)
    assert found.scalars["h"].type.kind == "histogram"


def test_known_types_are_taken_without_looking() -> None:
    prepare({"a": np.float32(1), "b": np.int64(2), "c": np.bool_(False)})
    found = take_scalars({"a": np.float32(1.5), "b": np.int64(2), "c": np.bool_(True), "d": "x"})
    assert found == {"a": 1.5, "b": 2, "c": True, "d": "x"}
    assert {type(value) for value in (found or {}).values()} == {float, int, bool, str}
    assert take_scalars({"a": [1]}) is None


@pytest.mark.parametrize("value", ["\ud800", np.str_("\ud800"), ["\ud800"], {"x": "\ud800"}, np.array(["\ud800"])])
def test_text_without_utf8_is_named_and_the_rest_is_taken(value: Any) -> None:
    # RUN-3: a history that took it could not be stored, with all that was logged beside it
    for data in ({"good": 1, "bad": value}, {"good": "é", "bad": value}):
        found = prepare(data)
        assert list(found.scalars) == ["good"]
        assert "no UTF-8 form" in found.problems[0]
        assert take_scalars(data) is None
    prepare({"warm": np.str_("up")})
    assert take_scalars({"text": np.str_("\ud800")}) is None
    assert take_scalars({"text": "plain", "n": 1}) == {"text": "plain", "n": 1}
