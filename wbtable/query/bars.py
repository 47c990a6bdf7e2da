"""Histograms and top values: bins shared by all that is shown of a column (spec: 16-views, BARS-1)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pyarrow as pa

from wbtable.errors import FormatError
from wbtable.format.extremes import summary_kind
from wbtable.format.summary import BARS, float_edges, integer_edges
from wbtable.format.types import DateType, NumberType, TimestampType, TimeType
from wbtable.format.value_text import to_text
from wbtable.query import engine
from wbtable.query.compile_times import epoch_ns
from wbtable.query.row_sql import RowSql
from wbtable.query.source import SidedSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wbtable.format.summary import ColumnSummary
    from wbtable.format.types import ColumnType
    from wbtable.query.control import Control
    from wbtable.query.view_plan import Plan, Slot

Edge = int | float
BarKind = Literal["histogram", "top", "page"]
AT_ONCE: Final = 64
"""The most columns that one statement counts: the engine plans thousands in a time that grows with their square."""
_PER_UNIT: Final = {"s": 1_000_000, "ms": 1_000, "us": 1, "ns": 1}
_INT64: Final = 2**63
_HUGE: Final = 2**127 - 1


def bar_kind(found: ColumnType) -> BarKind:
    """Return how the cells of a column in groups are shown where nobody says otherwise."""
    kind = summary_kind(found)
    if kind in {"integer", "float"}:
        return "histogram"
    return "top" if kind in {"boolean", "decimal", "string"} else "page"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bins:
    """The bins of one column.

    Attributes:
        is_float: whether the values are floating-point numbers.
        edges: one more than bins, ascending; of times in their unit. None: no row has a finite value.
        may_be_odd: whether there may be NaN or infinities.
        ends: the least and the greatest finite value; the last edge may lie behind it.

    """

    is_float: bool
    edges: tuple[Edge, ...] | None
    may_be_odd: bool = True
    ends: tuple[Edge, Edge] | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """The edges as text, as summaries have them (SUM-7)."""
        if self.edges is None:
            return ()
        if not self.is_float:
            return tuple(str(edge) for edge in self.edges)
        return tuple(to_text(pa.array(self.edges, pa.float64())).to_pylist())


def number_sql(text: str, found: ColumnType) -> str:
    """Return the SQL of a value as the number that is counted: times as what stores them, in their unit."""
    if isinstance(found, NumberType) and found.is_float:
        return f"CAST({text} AS DOUBLE)"
    if isinstance(found, DateType):
        return f"({text} - DATE '1970-01-01')"
    if isinstance(found, TimestampType | TimeType):
        if found.unit == "ns":
            return epoch_ns(text) if isinstance(found, TimestampType) else f"epoch_ns({text})"
        per = _PER_UNIT[found.unit]
        return f"epoch_us({text})" if per == 1 else f"(epoch_us({text}) // {per})"
    return text


def known_bins(found: ColumnType, summary: ColumnSummary) -> Bins:
    """Return the bins that the summary of a column of the table gives.

    Raises:
        FormatError: an edge or an extreme is no number (SUM-7).

    """
    is_float = summary_kind(found) == "float"
    odd = bool(summary.nan or summary.positive_infinity or summary.negative_infinity)
    edges: tuple[Edge, ...] | None = None
    ends: tuple[Edge, Edge] | None = None
    number = float if is_float else int
    try:
        if summary.histogram is not None:
            edges = tuple(number(edge) for edge in summary.histogram.edges)
            if summary.least is not None and summary.greatest is not None:
                ends = number(summary.least), number(summary.greatest)
    except ValueError as error:
        msg = f"expected numbers of {found} as text in a column's summary: {error!s:.200}"
        raise FormatError(msg) from None
    return Bins(is_float=is_float, edges=edges, may_be_odd=odd, ends=ends)


def bins_of(plan: Plan, slots: Sequence[Slot], control: Control, beside: Sequence[Plan] = ()) -> dict[Slot, Bins]:
    """Return the bins of columns: from the manifest if it knows them, the others from their extremes, in one pass each.

    Args:
        plan: the view.
        slots: columns of numbers or times.
        control: cancels the passes.
        beside: the views of the other sides, whose columns of the same name and type share the bins.

    """
    out = _own_bins(plan, slots, control)
    for other in beside:
        pairs = {slot: same for slot in slots for same in [other.columns.get(slot.name)] if same and _same(slot, same)}
        theirs = _own_bins(other, list(pairs.values()), control)
        out.update({slot: _shared(out[slot], theirs[same]) for slot, same in pairs.items()})
    return out


def _shared(one: Bins, other: Bins) -> Bins:
    """Return bins for the values of both."""
    if one.ends is None or other.ends is None or one.ends == other.ends:
        return replace(one, edges=one.edges or other.edges, ends=one.ends or other.ends)
    ends = min(one.ends[0], other.ends[0]), max(one.ends[1], other.ends[1])
    return replace(one, edges=_edges(*ends, is_float=one.is_float), ends=ends)


def _own_bins(plan: Plan, slots: Sequence[Slot], control: Control) -> dict[Slot, Bins]:
    out: dict[Slot, Bins] = {}
    summaries = plan.source.summaries()
    rest: dict[bool, list[Slot]] = {False: [], True: []}
    for slot in slots:
        if slot.expression is None and summaries is not None:
            out[slot] = known_bins(slot.type, summaries[plan.source.schema.index(slot.name)])
        else:
            # A column of the table keeps its bins when rows are filtered; a derived one has none before.
            rest[slot.expression is not None].append(slot)
    for filtered, wanted in rest.items():
        if wanted:
            out.update(_extremes(plan, wanted, control, filtered=filtered))
    return out


def _extremes(plan: Plan, slots: Sequence[Slot], control: Control, *, filtered: bool) -> dict[Slot, Bins]:
    alike = {slot: _alike(plan, slot) for slot in slots}
    slots = list(dict.fromkeys(each for slot in slots for each in (slot, *alike[slot])))
    sql = RowSql(plan, filtered=filtered)
    sql.need(slots)
    parts = []
    for i, slot in enumerate(slots):
        value = number_sql(sql.column(slot), slot.type)
        value = where(f"isfinite({value})", value) if _is_float(slot) else value
        parts += [f"min({value}) AS l{i}", f"max({value}) AS g{i}"]
    rows = sql.rows()
    found = engine.run(sql.statement(f"SELECT {', '.join(parts)} FROM {rows}"), sql.inputs, control)
    ends = {slot: (found.column(2 * i)[0].as_py(), found.column(2 * i + 1)[0].as_py()) for i, slot in enumerate(slots)}
    out = {}
    for slot, others in alike.items():
        here = [ends[each] for each in (slot, *others) if ends[each][0] is not None]
        span = (min(low for low, _ in here), max(high for _, high in here)) if here else None
        edges = None if span is None else _edges(*span, is_float=_is_float(slot))
        out[slot] = Bins(is_float=_is_float(slot), edges=edges, ends=span)
    return out


def _alike(plan: Plan, slot: Slot) -> tuple[Slot, ...]:
    """Return what shares the bins of a side's column: the same column of the other sides (CMP-8)."""
    source = plan.source
    head, dot, name = slot.name.partition(".")
    if not isinstance(source, SidedSource) or slot.expression is not None or not (dot and head.isdigit()):
        return ()
    if int(head) >= len(source.sides) or name not in source.sides[int(head)]:
        return ()
    same = (plan.columns.get(f"{side}.{name}") for side in range(len(source.sides)) if side != int(head))
    return tuple(found for found in same if found is not None and found.expression is None and _same(slot, found))


def _same(one: Slot, other: Slot) -> bool:
    """Whether the numbers of two columns are counted in the same way."""
    if bar_kind(one.type) != "histogram" or bar_kind(other.type) != "histogram" or _is_float(one) != _is_float(other):
        return False
    return one.type == other.type or {type(one.type), type(other.type)} == {NumberType}


def _is_float(slot: Slot) -> bool:
    return isinstance(slot.type, NumberType) and slot.type.is_float


def _edges(least: Any, greatest: Any, *, is_float: bool) -> tuple[Edge, ...]:
    if is_float:
        return tuple(float_edges(float(least), float(greatest)))
    return tuple(integer_edges(int(least), int(greatest)))


def bounds(bins: Bins) -> tuple[list[Edge], str]:
    """Return the greatest value of each bin, and its SQL type: bins hold their lower edge, the engine's their upper."""
    assert bins.edges is not None
    if bins.is_float:
        inner = [math.nextafter(edge, -math.inf) for edge in bins.edges[1:-1]]
        return [*inner, bins.edges[-1]], "DOUBLE"
    # Integer bins end one before the next edge; the last edge lies behind all values.
    found = [edge - 1 for edge in bins.edges[1:]]
    return found, "BIGINT" if found[0] >= -_INT64 and found[-1] < _INT64 else "HUGEINT"


def count_sql(sql: RowSql, slot: Slot, bins: Bins, name: str) -> list[str]:
    """Return the aggregates that count one column: ``name`` in bins, ``name_n`` values, ``name_o`` odd ones."""
    value = number_sql(sql.column(slot), slot.type)
    out = [f"count({value}) AS {name}_n"]
    if bins.is_float and bins.may_be_odd:
        odd = [f"isnan({value})", f"({value}) = 'Infinity'::DOUBLE", f"({value}) = '-Infinity'::DOUBLE"]
        counts = [f"count({where(text, '1')})" for text in odd]
        out.append(f"[{', '.join(counts)}] AS {name}_o")
        value = where(f"isfinite({value})", value)
    if bins.edges is None:
        return [*out, f"NULL AS {name}"]
    limits, kind = bounds(bins)
    listed = _listed(sql, limits, kind)
    return [*out, f"map_values(histogram(CAST({value} AS {kind}), {listed})) AS {name}"]


def where(text: str, value: str) -> str:
    """Return the SQL of a value that only counts where something holds.

    FILTER says the same, but the engine then copies all that it aggregates, once for each: of many columns at once that
    takes several times as long as one after the other.
    """
    return f"CASE WHEN {text} THEN {value} END"


def _listed(sql: RowSql, limits: list[Edge], kind: str) -> str:
    if kind == "HUGEINT":
        return f"[{', '.join(f'CAST({_text(sql, limit)} AS HUGEINT)' for limit in limits)}]"
    return f"CAST({sql.params.add(limits)} AS {kind}[])"


def _text(sql: RowSql, limit: Edge) -> str:
    return sql.params.add(str(limit))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HistogramCells:
    """Histograms of one column in several groups, over the same bins.

    Attributes:
        edges: one more than bins, as text (SUM-7); none where no row has a finite value.
        counts: groups x bins.
        nulls: rows without a value, of each group; likewise the rest.
        nan: NaN.
        positive_infinity: infinities.
        negative_infinity: negative infinities.

    """

    edges: tuple[str, ...]
    counts: np.ndarray[Any, np.dtype[np.int64]]
    nulls: np.ndarray[Any, np.dtype[np.int64]]
    nan: np.ndarray[Any, np.dtype[np.int64]]
    positive_infinity: np.ndarray[Any, np.dtype[np.int64]]
    negative_infinity: np.ndarray[Any, np.dtype[np.int64]]


def read_histograms(
    table: pa.Table, name: str, bins: Bins, rows: np.ndarray[Any, np.dtype[np.int64]]
) -> HistogramCells:
    """Return the histograms that `count_sql` counted; `rows` is the number of rows of each group."""
    groups = table.num_rows
    size = 0 if bins.edges is None else len(bins.edges) - 1
    counts = np.zeros((groups, size), np.int64)
    if size:
        for i, found in enumerate(table.column(name).to_pylist()):
            if found:
                counts[i] = found[:size]
    odd = np.zeros((groups, 3), np.int64)
    if f"{name}_o" in table.column_names:
        odd = np.array(table.column(f"{name}_o").to_pylist(), np.int64).reshape(groups, 3)
    held = table.column(f"{name}_n").to_numpy().astype(np.int64)
    return HistogramCells(
        edges=bins.texts,
        counts=counts,
        nulls=rows - held,
        nan=odd[:, 0],
        positive_infinity=odd[:, 1],
        negative_infinity=odd[:, 2],
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TopCells:
    """The most frequent values of one column in several groups.

    Attributes:
        values: of each group at most 50 values and how often it has them, the most frequent first.
        others: rows whose value is not among them, of each group.
        distinct: how many values each group has.
        nulls: rows without a value, of each group.

    """

    values: tuple[tuple[tuple[Any, int], ...], ...]
    others: tuple[int, ...]
    distinct: tuple[int, ...]
    nulls: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PageCells:
    """A page of the values of one column in several groups, in row order.

    Attributes:
        counts: how many values each group has in all.
        positions: which rows of the source are on the page, of each group.
        table: the values of all pages in physical form, one group after another, in one column.

    """

    counts: tuple[int, ...]
    positions: tuple[tuple[int, ...], ...]
    table: pa.Table


Cells = HistogramCells | TopCells | PageCells
TOP: Final = BARS
