"""``wbtable.compare``: tables merged on a key, one after another, or side by side (spec: 17-comparison)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol, overload, runtime_checkable

import numpy as np
import pyarrow.compute as pc

from wbtable.errors import UsageError
from wbtable.format.showing import Shows
from wbtable.format.types import NumberType
from wbtable.query.compare import TABLE, check_sides, key_candidates, key_names, no_key
from wbtable.tables.compare_core import CompareCore
from wbtable.tables.compared import Comparison
from wbtable.tables.join_codes import key_counts
from wbtable.tables.labelled import Label, LabelledSource
from wbtable.tables.reader import TableReader
from wbtable.tables.source import to_table
from wbtable.tables.union import UnionTable
from wbtable.tables.view import Viewable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wbtable.tables.compared import How
    from wbtable.tables.source import Source

Mode = Literal["join", "concat", "side_by_side"]
MODES: tuple[Mode, ...] = ("join", "concat", "side_by_side")
_SAMPLE = 1024


@runtime_checkable
class HoldsTable(Protocol):
    """What stands for a table: a version that holds one."""

    def only_table(self) -> Viewable:
        """Return its one table."""


class SideBySide(Shows):
    """Tables that are looked at in the same way, each on its own.

    Attributes:
        sides: the tables.

    """

    def __init__(self, sides: Sequence[Viewable]) -> None:
        """Put tables side by side."""
        self.sides = tuple(sides)

    def view(self, **spec: Any) -> list[Any]:
        """Return the same view of each table; arguments as in `Table.view`."""
        from wbtable.tables.query_source import query_source
        from wbtable.tables.view import make_view

        return [make_view(query_source(side._source()), **spec) for side in self.sides]  # noqa: SLF001 - the same room

    def __len__(self) -> int:
        """Return the number of tables."""
        return len(self.sides)

    def __getitem__(self, side: int) -> Viewable:
        """Return one of the tables."""
        return self.sides[side]

    def __repr__(self) -> str:
        """Return the tables one under another."""
        return "\n\n".join(f"side {number}: {side!r}" for number, side in enumerate(self.sides))


@overload
def compare(
    tables: Sequence[Any], key: object = None, mode: Literal["join"] = "join", how: How = "outer"
) -> Comparison: ...
@overload
def compare(
    tables: Sequence[Any], key: object = None, *, mode: Literal["concat"], how: How = "outer"
) -> UnionTable: ...
@overload
def compare(
    tables: Sequence[Any], key: object = None, *, mode: Literal["side_by_side"], how: How = "outer"
) -> SideBySide: ...
@overload
def compare(
    tables: Sequence[Any], key: object = None, mode: Mode = "join", how: How = "outer"
) -> Comparison | UnionTable | SideBySide: ...
def compare(
    tables: Sequence[Any], key: object = None, mode: Mode = "join", how: How = "outer"
) -> Comparison | UnionTable | SideBySide:
    """Compare two to eight tables.

    Args:
        tables: tables, joined tables, versions that hold one table, paths of tables written on their own, or anything
            with the Arrow C stream; of any artifacts, runs and stores.
        key: the column that names a row on all sides; a list of columns for a composite key; a tuple in it has the
            column's name on each side. None: a column is suggested.
        mode: "join" merges the tables on the key; "concat" puts one after another, with a column ``_table``;
            "side_by_side" leaves each on its own, for the same view of all.
        how: which rows a merge shows: "outer" all, "inner" those that all sides have, "left" the first's, "right" the
            last's.

    Raises:
        UsageError: there are fewer or more tables; a key is missing or its types cannot be equal; there is no column
            to suggest (concatenate then); the columns of a concatenation have the name ``_table``.

    """
    if isinstance(tables, str) or not hasattr(tables, "__iter__"):
        raise UsageError(f"expected a list of tables to compare, found {type(tables).__name__}")
    sides = [table_of(given) for given in tables]
    check_sides(len(sides))
    if mode not in MODES:
        raise UsageError(f"expected mode as one of {', '.join(MODES)}, found {mode!r:.40}")
    if mode == "side_by_side":
        return SideBySide(sides)
    sources = [side._source() for side in sides]  # noqa: SLF001 - the same room
    if mode == "concat":
        return _concatenated(sources)
    if key is not None:
        return Comparison(CompareCore(sources, key_names(key, len(sides))), how)
    found = suggest_key(sources, [getattr(side, "primary_key", None) for side in sides])
    if found is None:
        raise no_key([source.schema for source in sources])
    return Comparison(CompareCore(sources, key_names(found, len(sides))), how, suggested=True)


def table_of(given: Any) -> Viewable:
    """Return the table that something is, or holds, or names.

    Raises:
        UsageError: it is nothing of that kind.

    """
    if isinstance(given, Viewable):
        return given
    if isinstance(given, HoldsTable):
        return given.only_table()
    if isinstance(given, str) or hasattr(given, "__fspath__"):
        from wbtable.tables.open import open_table

        return open_table(given)
    if hasattr(given, "__arrow_c_stream__") or hasattr(given, "__dataframe__"):
        from wbtable.tables.table import Table

        return Table(dataframe=given)
    raise UsageError(
        f"expected a table, a version that holds one, or the path of one, found {type(given).__name__} {given!r:.80}"
    )


def _concatenated(sources: Sequence[Source]) -> UnionTable:
    parts = [
        LabelledSource(source, [Label(name=TABLE, type=NumberType(dtype="int64"), value=number)])
        for number, source in enumerate(sources)
    ]
    return UnionTable(parts, [f"table {number}" for number in range(len(parts))])


def suggest_key(sources: Sequence[Source], primary: Sequence[str | None] = ()) -> str | None:
    """Return the column to merge tables on, None if there is none (CMP-7).

    It names each row once on every side, is no float and no media, and its values on the sides overlap.
    """
    for name in key_candidates([source.schema for source in sources], primary):
        if all(_may_be_unique(source, name) for source in sources) and _is_key(sources, name):
            return name
    return None


def _may_be_unique(source: Source, name: str) -> bool:
    """Whether the first rows, and what is known of the column without reading it, leave it possible."""
    if isinstance(source, TableReader):
        summaries = source.manifest.summaries
        if len(summaries) == len(source.schema):
            facts = summaries[source.schema.index(name)]
            distinct, count = facts.get("distinct"), int(facts.get("count", 0)) - int(facts.get("nulls", 0))
            value = distinct.get("count") if isinstance(distinct, dict) else None
            if isinstance(value, int) and value < 0.8 * count:
                return False
    head = source.take(np.arange(min(_SAMPLE, source.num_rows), dtype=np.int64), [name]).column(0)
    return int(pc.count_distinct(head).as_py()) == len(head) - head.null_count


def _is_key(sources: Sequence[Source], name: str) -> bool:
    try:
        core = CompareCore(sources, [(name,) * len(sources)])
    except UsageError:
        return False
    columns = [to_table(source, [name]).column(0) for source in sources]
    if any(key_counts(column)[1] for column in columns):
        return False
    if core.keys_are_equal:
        return sources[0].num_rows > 0
    first = core.pairs.side(0) >= 0
    return all(bool(np.any(first & (core.pairs.side(n) >= 0))) for n in range(1, len(sources)))
