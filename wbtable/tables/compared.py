"""Comparisons of tables that read like a table (spec: 17-comparison, CMP-n)."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa

from wbtable.errors import UsageError
from wbtable.format.types import NumberType, StringType
from wbtable.query.compare import ADDED, CHANGE, KINDS, REMOVED
from wbtable.query.compare_numbers import difference, sided_histogram
from wbtable.tables.paired import NONE, Computed, PairedSource
from wbtable.tables.source import to_table
from wbtable.tables.view import Viewable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wbtable.query.compare import ColumnChange, Counts
    from wbtable.query.compare_numbers import Difference, SidedHistogram
    from wbtable.query.paired import PairedQuery
    from wbtable.tables.compare_core import CompareCore
    from wbtable.tables.source import Indices, Source

How = Literal["outer", "inner", "left", "right"]
HOWS: tuple[How, ...] = ("outer", "inner", "left", "right")


class Comparison(Viewable):
    """Two to eight tables merged on a key: which rows were added, removed and changed, and in what.

    Columns are the key, then the others of each side as ``0.x``, ``1.x`` and so on, then ``_change``: ``equal``,
    ``changed``, ``added`` or ``removed``. Rows come in side 0's order, then those that it lacks in side 1's. The n-th
    row of a key is compared with the n-th; a null key pairs with nothing. What has equal fingerprints is not read.
    """

    def __init__(
        self, core: CompareCore, how: How = "outer", only: tuple[str, ...] | None = None, *, suggested: bool = False
    ) -> None:
        """Show a comparison; :func:`wbtable.compare` makes them.

        Raises:
            UsageError: `how` or a word of `only` is unknown; two columns would have one name.

        """
        if how not in HOWS:
            raise UsageError(f"expected how as one of {', '.join(HOWS)}, found {how!r:.40}")
        for kind in only or ():
            if kind not in KINDS:
                raise UsageError(f"expected words of {', '.join(KINDS)}, found {kind!r:.40}")
        self._core = core
        self._how: How = how
        self._only = only
        self._suggested = suggested
        self._rows: ComparedSource | None = None
        if only is None and how == "outer":
            self._source()  # names that clash are an error now

    @property
    def key(self) -> list[str]:
        """The key columns, as side 0 calls them."""
        return [key.name for key in self._core.keys]

    @property
    def key_was_suggested(self) -> bool:
        """Whether nobody named the key."""
        return self._suggested

    @property
    def how(self) -> How:
        """Which rows are shown: of all sides (outer), all (inner), the first (left) or the last (right)."""
        return self._how

    @property
    def sides(self) -> int:
        """The number of tables."""
        return len(self._core.sides)

    @property
    def rows_of_sides(self) -> tuple[Source, ...]:
        """The rows of each table, as they are read."""
        return self._core.sides

    @property
    def kinds(self) -> tuple[str, ...] | None:
        """What happened to the rows that are shown; None for all rows."""
        return self._only

    @property
    def is_plain(self) -> bool:
        """Whether a view's source can name it: keys have one name, and rows are those of all sides or of any."""
        return self._how in ("outer", "inner") and all(len(set(key.sides)) == 1 for key in self._core.keys)

    @property
    def counts(self) -> Counts:
        """How many rows were added, removed and changed and are equal, exact; duplicates and nulls among the keys.

        They are of all rows, whichever are shown.
        """
        return self._core.counts

    @property
    def changes(self) -> list[ColumnChange]:
        """What changed in each column: in how many rows, or that a side lacks it, or has it in another type."""
        return self._core.changes()

    @property
    def by_position(self) -> bool:
        """Whether rows pair by position, because the fingerprints of the keys are equal: no key was read for it."""
        return self._core.pairs.by_position

    @property
    def changed(self) -> Comparison:
        """The rows that differ: changed, added and removed ones."""
        return self.only("changed", "added", "removed")

    def only(self, *kinds: str) -> Comparison:
        """Return the rows to which one of these happened: equal, changed, added, removed."""
        return Comparison(self._core, self._how, kinds, suggested=self._suggested)

    def rows_changed_in(self, column: str) -> Comparison:
        """Return the rows that all sides have and that differ in a column.

        Raises:
            NotFoundError: not all sides have it, in types that compare.

        """
        self._core.check_shared(column)
        return _InColumn(self._core, self._how, column, suggested=self._suggested)

    def has_numbers(self, column: str) -> bool:
        """Whether all sides have a column, as numbers that can be subtracted."""
        return isinstance(self._core.shared.get(column), NumberType)

    def differences(self, column: str) -> list[Difference]:
        """Return how the numbers of each further side differ from the first's, in the rows that both have.

        Raises:
            NotFoundError: not all sides have it, in types that compare.
            UsageError: it has no numbers.

        """
        whole, values = self._numbers(column)
        out = []
        for number in range(1, len(values)):
            both = (self._core.pairs.side(0) != NONE) & (self._core.pairs.side(number) != NONE)
            first, other = values[0], values[number]
            good = both & _finite(first) & _finite(other)
            out.append(
                difference(number, first[0][good], other[0][good], int(np.count_nonzero(both & ~good)), whole=whole)
            )
        return out

    def histogram(self, column: str) -> SidedHistogram:
        """Return how the numbers of a column lie on each side, in the same bins.

        Raises:
            NotFoundError: not all sides have it, in types that compare.
            UsageError: it has no numbers.

        """
        whole, values = self._numbers(column)
        finite, nulls, others = [], [], []
        for number, found in enumerate(values):
            there = self._core.pairs.side(number) != NONE
            good = there & _finite(found)
            finite.append(found[0][good])
            nulls.append(int(np.count_nonzero(there & ~found[1])))
            others.append(int(np.count_nonzero(there & found[1] & ~good)))
        return sided_histogram(finite, nulls, others, whole=whole)

    def _numbers(self, column: str) -> tuple[bool, list[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]]:
        """Return whether a column has integers, and of each side its values in all rows and where there is one."""
        wide = self._core.check_shared(column)
        if not isinstance(wide, NumberType):
            raise UsageError(f"expected a column of numbers, found {column!r}, which is {wide}")
        out = []
        for number, side in enumerate(self._core.sides):
            places = self._core.pairs.side(number)
            found = to_table(side, [column]).column(0).combine_chunks()
            array = found if isinstance(found, pa.Array) else pa.concat_arrays(found.chunks)
            picked = array.take(pa.array(places, mask=places == NONE))
            if pa.types.is_null(picked.type):
                picked = picked.cast(wide.arrow())
            valid = picked.is_valid().to_numpy(zero_copy_only=False)
            zero = pa.scalar(0, pa.int64()).cast(picked.type)
            out.append((picked.fill_null(zero).to_numpy(zero_copy_only=False), valid))
        return not wide.is_float, out

    def _source(self) -> ComparedSource:
        if self._rows is None:
            self._rows = ComparedSource(self._core, self._picked(), [self._how, self._only])
        return self._rows

    def _picked(self) -> Indices | None:
        """Return the rows that are shown, None for all."""
        core = self._core
        keep = np.ones(core.pairs.num_rows, dtype=np.bool_) if self._how != "outer" or self._only is not None else None
        if keep is None:
            return None
        if self._how == "inner":
            keep &= (core.kinds_by_presence != ADDED) & (core.kinds_by_presence != REMOVED)
            for number in range(len(core.sides)):
                keep &= core.pairs.side(number) != NONE
        elif self._how != "outer":
            keep &= core.pairs.side(0 if self._how == "left" else len(core.sides) - 1) != NONE
        if self._only is not None:
            keep &= np.isin(core.kinds, [KINDS.index(kind) for kind in self._only])
        return np.flatnonzero(keep).astype(np.int64)


class _InColumn(Comparison):
    """The rows that differ in one column."""

    def __init__(self, core: CompareCore, how: How, column: str, *, suggested: bool) -> None:
        super().__init__(core, how, (), suggested=suggested)
        self._column = column

    @property
    def is_plain(self) -> bool:
        """Whether a view's source can name it: none can."""
        return False

    def _source(self) -> ComparedSource:
        if self._rows is None:
            self._rows = ComparedSource(self._core, self._picked(), [self._how, {"differs in": self._column}])
        return self._rows

    def _picked(self) -> Indices:
        found = self._core.changed_in(self._column)
        return np.empty(0, np.int64) if found is None else np.flatnonzero(found).astype(np.int64)


class ComparedSource(PairedSource):
    """The rows of a comparison; see :class:`Comparison`."""

    def __init__(self, core: CompareCore, picked: Indices | None, what: Sequence[object]) -> None:
        """Show rows of a comparison: those `picked`, or all."""
        self._core = core
        self._what = what
        self._picked = picked
        change = Computed(name=CHANGE, type=StringType(), values=self._change)
        super().__init__(core.sides, _LatePairs(core, picked), core.keys, [change])

    def _change(self, rows: Indices) -> pa.Array:
        kinds = self._core.kinds[rows if self._picked is None else self._picked[rows]]
        return pa.DictionaryArray.from_arrays(pa.array(kinds, pa.int8()), pa.array(KINDS)).cast(pa.string())

    def query_source(self) -> PairedQuery:
        """Return the comparison as a query reads it."""
        from wbtable.query.paired import PairedQuery
        from wbtable.tables.query_source import query_source

        keys = [list(key.sides) for key in self._core.keys]
        return PairedQuery([query_source(side) for side in self.sides], self, ["compare", keys, *self._what])


class _LatePairs:
    """The pairs of a comparison, found when they are needed."""

    def __init__(self, core: CompareCore, picked: Indices | None) -> None:
        self._core = core
        self._picked = picked

    @cached_property
    def _pairs(self) -> Any:
        return self._core.pairs if self._picked is None else self._core.pairs.pick(self._picked)

    @property
    def num_rows(self) -> int:
        """The number of rows."""
        return int(self._pairs.num_rows)

    def pairs(self, rows: Indices) -> tuple[Indices, ...]:
        """Return the positions on each side of some rows."""
        found: tuple[Indices, ...] = self._pairs.pairs(rows)
        return found


def _finite(found: tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    values, valid = found
    return valid & np.isfinite(values)
