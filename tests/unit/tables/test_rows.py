"""Rows that do not fit, and tables that stay usable behind them (issue: bad input; spec: 06-types, TYPE-10)."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import wbtable
from tests.unit.tables.cases import check_identical, png
from wbtable.errors import NotFoundError, TypeMismatchError, UsageError
from wbtable.tables import rows


def _name(value: object) -> str:
    """Return a test's name that is the same in every process."""
    return re.sub(" at 0x[0-9a-f]+", "", ascii(value))


def _table(*data: list[Any], columns: tuple[str, ...] = ("a", "b"), **options: Any) -> wbtable.Table:
    return wbtable.Table(columns=list(columns), data=list(data), **options)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([1], "row 1: expected 2 values, found 1: missing 'b'"),
        ([], "row 1: expected 2 values, found 0: missing 'a', 'b'"),
        ([1, "x", 3], "row 1: expected 2 values, found 3"),
    ],
)
def test_a_row_of_another_length(row: list[Any], message: str) -> None:
    table = _table([1, "x"])
    with pytest.raises(UsageError) as caught:
        table.add_data(*row)
    assert str(caught.value) == message
    table.add_data(2, "y")
    assert table.data == [[1, "x"], [2, "y"]]


def test_many_missing_columns_are_counted() -> None:
    table = wbtable.Table(columns=[f"c{i}" for i in range(30)])
    with pytest.raises(UsageError, match=r"missing 'c1', .*'c10' and 19 more"):
        table.add_data(1)


_UNLIKE: list[tuple[Any, Any, str, str]] = [
    (1, "x", "int64", "string"),
    ("x", 1, "string", "int64"),
    (True, 1, "boolean", "int64"),
    (1.5, False, "float64", "boolean"),
    ("x", b"x", "string", "binary"),
    (dt.date(2020, 1, 1), dt.datetime(2020, 1, 1), "date", "timestamp"),  # noqa: DTZ001
    (dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 1, tzinfo=dt.UTC), "timestamp[us]", "timestamp[us, UTC]"),  # noqa: DTZ001
    (1, Decimal("1.5"), "int64", "decimal(2, 1)"),
    (uuid.UUID(int=1), "x", "uuid", "string"),
    ([1], 1, "list<int64>", "int64"),
    ([1], ["x"], "list<int64>", "list<string>"),
    ({"k": 1}, {"k": "x"}, "int64", "string"),
    (np.zeros(2), [0.0, 0.0], "ndarray<float64, 2>", "list<float64>"),
    (2**70, 1.5, "integer", "float64"),
    (1j, 1.5, "complex", "float64"),
    (wbtable.Image(png()), "a.png", "image", "string"),
]


@pytest.mark.parametrize(("first", "second", "expected", "found"), _UNLIKE, ids=lambda value: str(value)[:20])
def test_mixed_types(first: Any, second: Any, expected: str, found: str) -> None:
    """TYPE-10: the message names column, row and both types; the row is not added."""
    table = _table([0, first])
    for width in (1, 2):  # the second time the row's plan may be known
        with pytest.raises(TypeMismatchError) as caught:
            table.add_data(width, second)
        text = str(caught.value)
        assert 'column "b", row 1' in text
        assert expected in text
        assert found in text
    table.add_data(1, first)
    table.add_data(2, None)
    assert len(table) == 3
    assert table["a"].to_pylist() == [0, 1, 2]


def test_the_message_says_what_helps() -> None:
    table = _table([1, "x"])
    with pytest.raises(TypeMismatchError) as caught:
        table.add_data("x", "y")
    assert str(caught.value) == (
        'column "a", row 1: expected int64, found string; '
        "give values of one type, or make the table with allow_mixed_types=True"
    )


def test_a_mistake_after_rows_were_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """TYPE-10: rows that are encoded already count in the message, and stay."""
    monkeypatch.setattr(rows, "MAX_ROWS", 4)
    table = _table(*([i, "x"] for i in range(10)))
    with pytest.raises(TypeMismatchError, match='column "b", row 10: expected string, found int64'):
        table.add_data(10, 5)
    table.add_data(10, "y")
    assert table["a"].to_pylist() == list(range(11))


def test_a_refused_row_widens_nothing() -> None:
    """TYPE-10: the types that earlier cells of a refused row would have given are forgotten."""
    table = wbtable.Table(columns=["a", "b", "c"], data=[[1, None, "x"]])
    before = table.schema
    with pytest.raises(TypeMismatchError, match='column "c", row 1'):
        table.add_data(2.5, [1], 5)
    assert table.schema == before
    table.add_data(2, "now text", "y")
    check_identical(table.data, [[1, None, "x"], [2, "now text", "y"]])


def test_integers_that_floats_cannot_hold_are_not_rounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """TYPE-9: int widens to float only where each integer is exact, whichever comes first, encoded or not."""
    table = _table([2**53 + 1, 0])
    with pytest.raises(TypeMismatchError, match=r'column "a", row 1: .*2\^53'):
        table.add_data(1.5, 0)
    assert table.data == [[2**53 + 1, 0]]
    table = _table([1.5, 0])
    with pytest.raises(TypeMismatchError, match=r'column "a", row 1: the integer 9007199254740993 is beyond 2\^53'):
        table.add_data(2**53 + 1, 0)
    monkeypatch.setattr(rows, "MAX_ROWS", 2)
    table = _table([2**53 + 1, 0], [1, 1], [1, 1])
    with pytest.raises(TypeMismatchError, match=r'column "a", row 3: .*2\^53'):
        table.add_data(1.5, 0)
    table.add_data(2, 2)
    assert table.get_column("a") == [2**53 + 1, 1, 1, 2]
    table = _table([2**53, 0], [1, 1], [1.5, 1])
    check_identical(table.get_column("a"), [2.0**53, 1.0, 1.5])


def test_widening_after_rows_were_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """TYPE-9: late widening reaches the rows before."""
    monkeypatch.setattr(rows, "MAX_ROWS", 3)
    first = [1, [1], {"p": 1}, np.zeros(2), None, 1, Decimal("1.5"), dt.datetime(2020, 1, 1, tzinfo=dt.UTC)]
    zone = dt.timezone(dt.timedelta(hours=2))
    last = [
        *(2.5, [2.5, None], {"q": "x"}, np.zeros((1, 3)), "text", 2**70, Decimal("1234567.123456")),
        dt.datetime(2020, 1, 1, 2, tzinfo=zone),
    ]
    table = wbtable.Table(columns=list("abcdefgh"), data=[first] * 7)
    table.add_data(*last)
    expected = list(zip(first, last, strict=True))
    check_identical(table.get_column("a"), [1.0] * 7 + [2.5])
    check_identical(table.get_column("b"), [[1.0]] * 7 + [[2.5, None]])
    check_identical(table.get_column("c"), [{"p": 1}] * 7 + [{"q": "x"}])
    check_identical(table.get_column("d"), [np.zeros(2)] * 7 + [np.zeros((1, 3))])
    check_identical(table.get_column("e"), [None] * 7 + ["text"])
    check_identical(table.get_column("f"), [1] * 7 + [2**70])
    assert table.get_column("g") == [expected[6][0]] * 7 + [expected[6][1]]
    assert table.get_column("h") == [expected[7][0]] * 7 + [expected[7][1]]


@pytest.mark.parametrize(
    "value",
    [object(), lambda: 0, Decimal("NaN"), Decimal("Infinity"), 10**38, 10**4000, np.zeros(2, "V4"), ..., type],
    ids=_name,
)
def test_what_cannot_be_stored(value: Any) -> None:
    """TYPE-10: an error with column and row, whatever its kind."""
    table = _table([0, None])
    with pytest.raises(UsageError, match='column "b", row 1'):
        table.add_data(1, value)
    table.add_data(1, "x")
    assert table.data == [[0, None], [1, "x"]]


@pytest.mark.parametrize(
    "value",
    [
        *("\ud800", ["\ud800"], {"\ud800": 1}, {"a": "\udfff"}, np.array(["\ud800"]), {1: "\ud800"}),
        *(np.str_("\ud800"), Path("\udcff")),
    ],
    ids=_name,
)
def test_text_that_is_no_unicode(value: Any) -> None:
    """A lone surrogate has no UTF-8: it is refused when the row is added, so that the rows after it are safe."""
    table = _table([0, None])
    for text in ("x", np.str_("y"), Path("z")):  # the class of a value is known from then on
        with pytest.raises(UsageError, match='column "b", row'):
            table.add_data(1, value)
        table.add_data(1, text)
    assert table.data == [[0, None], [1, "x"], [1, "y"], [1, "z"]]


def test_values_that_hold_themselves() -> None:
    endless: list[Any] = []
    endless.append(endless)
    table = _table([0, None])
    with pytest.raises(UsageError, match='column "b", row 1'):
        table.add_data(1, endless)
    assert len(table) == 1


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"there is no file .*none\.png"):
        wbtable.Image(str(tmp_path / "none.png"))
    table = _table([0, wbtable.Image(png())], dtype={"b": wbtable.Image})
    with pytest.raises((NotFoundError, UsageError), match=r'column "b", row 1: .*there is no file'):
        table.add_data(1, str(tmp_path / "none.png"))
    assert len(table) == 1


@pytest.mark.parametrize("data", [b"", b"no image", png()[:30], b"\x89PNG\r\n\x1a\n" + bytes(40)], ids=range(4))
def test_an_unreadable_image(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "bad.png"
    path.write_bytes(data)
    table = _table([0, wbtable.Image(png())])
    with pytest.raises(UsageError):
        table.add_data(1, wbtable.Image(str(path)))
    declared = _table([0, None], dtype={"b": wbtable.Image})
    with pytest.raises(UsageError, match='column "b", row 1'):
        declared.add_data(1, data)
    table.add_data(1, wbtable.Image(png(1)))
    assert len(table) == 2


def test_the_table_is_no_cell() -> None:
    with pytest.raises(UsageError, match=r'column "b", row 0: .*link to its rows'):
        _table([0, _table([1, 1])])


def test_declared_types_hold() -> None:
    """TYPE-10: what was declared is checked from the first row."""
    table = _table(dtype=[int, "float32"])
    with pytest.raises(TypeMismatchError, match='column "a", row 0: expected int64, found float64'):
        table.add_data(1.5, 1.5)
    table.add_data(1, 2)
    table.add_data(None, 0.1)
    assert str(table.schema["b"]) == "float32"
    check_identical(table.get_column("b"), [2.0, float(np.float32(0.1))])
    narrow = _table(dtype={"a": np.int8})
    narrow.add_data(127, None)
    with pytest.raises(TypeMismatchError, match='column "a", row 1'):
        narrow.add_data(128, None)
    with pytest.raises(TypeMismatchError, match='column "a", row 1'):
        narrow.add_data(-129, None)
    assert str(narrow.schema["a"]) == "int8"


@pytest.mark.parametrize("missing", [None, float("nan"), np.float64("nan")])
def test_required_values(missing: Any) -> None:
    table = _table([1.5, "x"], optional=[False, True])
    with pytest.raises(TypeMismatchError, match=r'column "a", row 1.*optional=False'):
        table.add_data(missing, None)
    table.add_data(2, None)
    assert len(table) == 2


def test_mixed_columns() -> None:
    """ANY-1: declared mixed columns hold anything that JSON can say, each value as it was."""
    values: list[Any] = [
        *(1, "x", None, True, 1.0, 2.5, float("nan"), float("-inf"), 2**70, b"\x00", [1, ["x", None]], {"a": {1.5: 2}}),
        *(dt.date(2020, 1, 1), dt.datetime(2020, 1, 1, tzinfo=dt.UTC), dt.time(1), dt.timedelta(1, 2, 3)),
        *(uuid.UUID(int=1), Decimal("1.50"), 1 + 2j, {"$type": "int", "value": "3"}, -0.0, {}, []),
    ]
    values[11] = {"a": {"b": 2}}
    table = _table(*([i, value] for i, value in enumerate(values)), allow_mixed_types=True)
    check_identical(table.get_column("b"), values)
    assert str(table.schema["a"]) == "int64"


def test_a_column_that_becomes_mixed_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """ANY-1, TYPE-10: rows that were encoded before a column became mixed keep their values."""
    monkeypatch.setattr(rows, "MAX_ROWS", 3)
    values: list[Any] = [1, 2, 3, 4, 5, "x", 2**53 + 1, None, 1.0]
    table = _table(*([i, value] for i, value in enumerate(values)), allow_mixed_types=True)
    check_identical(table.get_column("b"), values)


@pytest.mark.parametrize(
    ("value", "back"),
    [
        (np.datetime64("2024-01-01T00:00:00.000001000", "ns"), dt.datetime(2024, 1, 1, 0, 0, 0, 1)),  # noqa: DTZ001
        (np.array(["2024-01-01", "NaT"], "M8[ns]"), [dt.datetime(2024, 1, 1), None]),  # noqa: DTZ001
        (np.timedelta64(3000, "ns"), dt.timedelta(microseconds=3)),
        (pd.Timestamp("2024-01-01 00:00:00.5"), dt.datetime(2024, 1, 1, 0, 0, 0, 500000)),  # noqa: DTZ001
        (pd.NaT, None),
        (np.float32(1.5), 1.5),
    ],
    ids=_name,
)
def test_times_in_mixed_columns(value: Any, back: Any) -> None:
    """ANY-1: numpy gives nanoseconds out as bare integers; they are times all the same."""
    table = _table([0, "x"], [1, value], allow_mixed_types=True)
    check_identical(table.get_column("b"), ["x", back])


@pytest.mark.parametrize(
    "value",
    [
        *(np.datetime64(1, "ns"), pd.Timestamp(1), pd.Timedelta(1), np.timedelta64(1, "ns"), {1: 0, "1": 1}, object()),
        *("\ud800", wbtable.Image(png()), [[]]),
    ],
    ids=_name,
)
def test_what_mixed_columns_cannot_hold(value: Any) -> None:
    """ANY-1: refused with the row, never cut."""
    if isinstance(value, list):
        for _ in range(70):
            value = [value]
    table = _table([0, "x"], [1, 2], allow_mixed_types=True)
    with pytest.raises(UsageError, match='column "b", row 2'):
        table.add_data(2, value)
    table.add_data(2, 2.5)
    assert table.get_column("b") == ["x", 2, 2.5]


def test_media_do_not_mix() -> None:
    table = _table([0, wbtable.Image(png())], allow_mixed_types=True)
    with pytest.raises(TypeMismatchError, match='column "b", row 1: expected image, found string'):
        table.add_data(1, "x")
    assert len(table.data) == 1


def test_arrays_in_mixed_columns_become_lists() -> None:
    table = _table([0, np.arange(3)], [1, "x"], allow_mixed_types=True)
    assert table.get_column("b") == [[0, 1, 2], "x"]


def test_values_are_taken_at_the_call(tmp_path: Path) -> None:
    """Buffers and files that are overwritten afterwards change no table."""
    array, items, nested = np.zeros(3), [1, 2], {"a": [1]}
    raw = bytearray(b"abc")
    path = tmp_path / "picture.png"
    path.write_bytes(png(1))
    pixels = np.zeros((4, 4, 3), np.uint8)
    columns = ["array", "items", "nested", "raw", "file", "pixels"]
    table = wbtable.Table(columns=columns)
    table.add_data(array, items, nested, raw, wbtable.Image(str(path)), wbtable.Image(pixels))
    array[:] = 7
    items.append(9)
    nested["a"].append(9)
    nested["b"] = []
    raw[:] = b"xyz"
    path.write_bytes(png(2))
    pixels[:] = 255
    (row,) = table.data
    check_identical(row[:4], [np.zeros(3), [1, 2], {"a": [1]}, b"abc"])
    assert row[4].bytes == png(1)
    assert not row[5].to_numpy().any()


def test_a_large_file_that_changes_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MEDIA-3: what is too large to be read at once is checked when it is stored."""
    from wbtable.tables import capture

    monkeypatch.setattr(capture, "MAX_CAPTURED", 100)
    path = tmp_path / "picture.png"
    path.write_bytes(png(1, (40, 40)))
    table = _table([0, wbtable.Image(str(path))])
    path.write_bytes(png(2, (41, 41)))
    with pytest.raises(UsageError, match="changed"):
        table.write(str(tmp_path / "out"))
    assert not list((tmp_path / "out").glob("*.json"))
