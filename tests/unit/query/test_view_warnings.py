"""What became null without being an error is counted, with the characters that gave it (EXPR-10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from tests.unit.query.viewing import WAYS, table_of
from wbtable.query import engine
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from pathlib import Path

ROWS = pa.table(
    {
        "id": pa.array(range(6)),
        "a": pa.array([1, 2, 2**63 - 1, None, 5, -6]),
        "b": pa.array([0, 1, 1, 0, 0, 2]),
        "text": ["x", "3", None, "4", "1e3", "12 "],
        "list": [[2**63 - 1, 1], [1], [], None, [-(2**63), -1], [1, 2]],
        "long": pa.array([2**62, 1, None, 0, -(2**62), 2], pa.duration("s")),
    }
)

CASES: dict[str, tuple[dict[str, Any], list[tuple[str, int, str, str, str]]]] = {
    "a derived column": (
        {"derive": {"r": "1 + a / b"}},
        [("division by zero", 2, "rows", "derive[0] 'r'", "a / b")],
    ),
    "several": (
        {"derive": {"sum": "a + b", "n": "int(text)"}},
        [
            ("overflow", 1, "rows", "derive[0] 'sum'", "a + b"),
            ("not convertible", 3, "rows", "derive[1] 'n'", "int(text)"),
        ],
    ),
    "of rows that are kept": (
        {"derive": {"r": "a / b"}, "filter": "id > 2"},
        [("division by zero", 1, "rows", "derive[0] 'r'", "a / b")],
    ),
    "of all rows where they are kept by it": (
        {"derive": {"r": "a / b", "twice": "r * 2"}, "filter": "twice > 1"},
        [("division by zero", 2, "rows", "derive[0] 'r'", "a / b")],
    ),
    "a filter": ({"filter": "a / b > 1"}, [("division by zero", 2, "rows", "filter", "a / b")]),
    "an order": ({"sort": ["a / b desc"]}, [("division by zero", 2, "rows", "sort[0]", "a / b")]),
    "keys of groups": ({"group": "a % b"}, [("division by zero", 2, "rows", "group[0]", "a % b")]),
    "cells, of rows and of groups": (
        {"group": "b", "cells": {"m": "avg(a / b)", "q": "sum(a) / sum(b)", "k": "1 / b"}},
        [
            ("division by zero", 2, "rows", "cells[0] 'm'", "a / b"),
            ("overflow", 1, "groups", "cells[1] 'q'", "sum(a)"),
            ("division by zero", 1, "groups", "cells[1] 'q'", "sum(a) / sum(b)"),
            ("division by zero", 1, "groups", "cells[2] 'k'", "1 / b"),
        ],
    ),
    "groups that are kept by cells": (
        {"group": "b", "cells": {"q": "sum(id) / b"}, "having": "q > 1 and 6 / b > 0", "sort": "q desc"},
        [
            ("division by zero", 1, "groups", "cells[0] 'q'", "sum(id) / b"),
            ("division by zero", 1, "groups", "having", "6 / b"),
        ],
    ),
    "a sum of a group": (
        {"group": "id < 3", "cells": {"s": "sum(a)", "t": "if(count() > 3, 0, sum(a))", "f": "sum(a / 2)"}},
        [("overflow", 1, "groups", "cells[0] 's'", "sum(a)"), ("overflow", 1, "groups", "cells[1] 't'", "sum(a)")],
    ),
    "a sum of a list": (
        {"derive": {"s": "list_sum(list)"}},
        [("overflow", 2, "rows", "derive[0] 's'", "list_sum(list)")],
    ),
    "text that is neither": (
        {"derive": {"s": "bool(if(id < 2, text, 'true'))"}},
        [("not convertible", 2, "rows", "derive[0] 's'", "bool(if(id < 2, text, 'true'))")],
    ),
    "a length in another unit": (
        {"derive": {"s": "long + duration('1s')"}},
        [("overflow", 2, "rows", "derive[0] 's'", "long")],
    ),
    "aggregates that are guarded": (
        {"group": "b", "cells": {"q": "if(sum(b) != 0, avg(a / b), 0.0)"}},
        [("division by zero", 2, "rows", "cells[0] 'q'", "a / b")],
    ),
}
QUIET: dict[str, dict[str, Any]] = {
    "a choice": {"derive": {"r": "if(b != 0, a / b, 0.0)", "s": "if(b == 0, 0.0, a / b)"}},
    "what is decided before": {"filter": "(b != 0 and a / b > 1) or (b == 0 or a / b > 1)"},
    "what is there already": {"derive": {"c": "coalesce(float(b), a / b)"}},
    "comparisons": {"filter": "a > b and text == 'x'", "sort": ["text desc", "a"]},
}


def found_in(table: Table, **view: Any) -> list[tuple[str, int, str, str, str]]:
    return [
        (one.kind, one.count, one.unit, one.place, one.expression[slice(*one.span)])
        for one in table.view(**view).warnings()
    ]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", CASES)
def test_they_are_counted_where_they_happen(name: str, way: str, tmp_path: Path) -> None:
    view, expected = CASES[name]
    assert found_in(table_of(way, ROWS, tmp_path), **view) == expected


@pytest.mark.parametrize("name", QUIET)
def test_what_does_not_decide_is_not_counted(name: str) -> None:
    assert found_in(Table.from_arrow(ROWS), **QUIET[name]) == []


def test_nothing_is_read_where_nothing_can_become_null(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("it was read")

    monkeypatch.setattr(engine, "run", refuse)
    assert Table.from_arrow(ROWS).view(**QUIET["comparisons"]).warnings() == ()
    with pytest.raises(AssertionError, match="it was read"):
        Table.from_arrow(ROWS).view(filter="a / b > 1").warnings()


def test_one_is_said_in_a_line() -> None:
    view = Table.from_arrow(ROWS).view(derive={"ratio": "a / b"}, filter="id < 1")
    assert [str(one) for one in view.warnings()] == ["1 row: division by zero in \"a / b\" (derive[0] 'ratio')"]


def test_joined_and_compared_tables_are_counted_too() -> None:
    left, right = Table.from_arrow(ROWS), Table.from_arrow(ROWS.slice(0, 2))
    import wbtable

    joined = wbtable.JoinedTable(left, right, "id")
    assert found_in(joined, filter="0.a / 1.b > 0") == [("division by zero", 1, "rows", "filter", "0.a / 1.b")]  # type: ignore[arg-type]
    compared = wbtable.compare([left, right], "id")
    assert found_in(compared, filter="0.a / 1.b > 0")[0][:2] == ("division by zero", 1)  # type: ignore[arg-type]
