"""Summaries of columns of a view: from the manifest where all rows are seen, else counted some at a time (BARS-1)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from wbtable.format.extremes import sample_type, summary_kind
from wbtable.format.summary import BARS, ColumnSummary, Histogram, TopValue
from wbtable.format.value_text import cut, to_text
from wbtable.query import engine
from wbtable.query.bars import AT_ONCE, Bins, bar_kind, bins_of, count_sql, number_sql, where
from wbtable.query.duck_types import from_duck
from wbtable.query.row_sql import RowSql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wbtable.query.view_plan import Slot
    from wbtable.query.view_rows import ViewRows

SAMPLE: Final = 4096
"""Rows of the sample from which top values come, where a pass may not hold all values."""
_FEW: Final = 1000
_NAN_LIKE: Final = ("nan", "positive_infinity", "negative_infinity")


def view_summaries(rows: ViewRows, columns: Sequence[str] | None = None) -> dict[str, ColumnSummary]:
    """Return the summary of each column of a view without groups.

    Histograms are exact and have the bins that all of the table's rows give, so that bars stay where they are when rows
    are filtered. Distinct counts are estimates; top values are exact where the table is known to have few of them,
    else of a sample of 4,096 rows by hashed position.

    Args:
        rows: the view.
        columns: some of its columns; all if None.

    Raises:
        NotFoundError: there is no such column.

    """
    slots = [rows.plan.columns[column.name] for column in rows.schema.select(columns)]
    known = rows.plan.source.summaries()
    out: dict[Slot, ColumnSummary] = {}
    if rows.plan.filter is None and known is not None:
        schema = rows.plan.source.schema
        out = {slot: known[schema.index(slot.name)] for slot in slots if slot.expression is None}
    rest = [slot for slot in slots if slot not in out]
    for start in range(0, len(rest), AT_ONCE):
        out.update(_counted(rows, rest[start : start + AT_ONCE]))
    return {slot.name: _possible(out[slot]) for slot in slots}


def _possible(summary: ColumnSummary) -> ColumnSummary:
    """Return a summary whose estimate of distinct values (SUM-4) is not above the number of values, which is exact."""
    values = summary.count - summary.nulls - summary.nan
    return summary if summary.distinct is None or summary.distinct <= values else replace(summary, distinct=values)


def _counted(rows: ViewRows, slots: Sequence[Slot]) -> dict[Slot, ColumnSummary]:
    plan, control = rows.plan, rows.control
    numbers = [slot for slot in slots if bar_kind(slot.type) == "histogram"]
    bins = bins_of(plan, numbers, control)
    sql = RowSql(plan)
    sql.need(slots)
    parts = ["count(*) AS n"]
    for i, slot in enumerate(slots):
        parts.extend(_aggregates(sql, slot, f"a{i}", bins.get(slot), few=_has_few(rows, slot)))
    statement = f"SELECT {', '.join(parts)} FROM {sql.rows()}"
    found = engine.run(sql.statement(statement), sql.inputs, control)
    row = _Row(found)
    return {
        slot: _summary(row, slot, f"a{i}", bins.get(slot), few=_has_few(rows, slot)) for i, slot in enumerate(slots)
    }


def _has_few(rows: ViewRows, slot: Slot) -> bool:
    """Whether a column is known to have so few values that all can be counted at once."""
    if slot.type.kind == "boolean":
        return True
    known = rows.plan.source.summaries()
    if slot.expression is not None or known is None:
        return False
    distinct = known[rows.plan.source.schema.index(slot.name)].distinct
    return distinct is not None and distinct <= _FEW


def _aggregates(sql: RowSql, slot: Slot, name: str, bins: Bins | None, *, few: bool) -> list[str]:
    text = sql.column(slot)
    kind = summary_kind(slot.type)
    if kind == "counts":
        return [f"count({text}) AS {name}_n"]
    if kind == "sizes":
        size = f"octet_length({text})" if slot.type.kind == "binary" else f"len({text})"
        if slot.type.kind == "map":
            size = f"cardinality({text})"
        return [f"count({text}) AS {name}_n", f"min({size}) AS {name}_l", f"max({size}) AS {name}_g"]
    if bins is not None:
        value = number_sql(text, slot.type)
        number = where(f"NOT isnan({value})", value) if bins.is_float else value
        finite = where(f"isfinite({value})", value) if bins.is_float else value
        return [
            *count_sql(sql, slot, bins, name),
            f"min({number}) AS {name}_l",
            f"max({number}) AS {name}_g",
            f"min({finite}) AS {name}_fl",
            f"max({finite}) AS {name}_fg",
            f"approx_count_distinct({number}) AS {name}_d",
        ]
    top = f"histogram({text})" if few else f"arg_min({text}, hash(t.pos), {SAMPLE})"
    return [
        f"count({text}) AS {name}_n",
        f"min({text}) AS {name}_l",
        f"max({text}) AS {name}_g",
        f"approx_count_distinct({text}) AS {name}_d",
        f"{top} AS {name}_t",
    ]


class _Row:
    """The one row of an aggregate, by name."""

    def __init__(self, table: pa.Table) -> None:
        # Arrow looks for a name among all of them each time.
        self._columns = dict(zip(table.column_names, table.columns, strict=True))

    def column(self, name: str) -> pa.ChunkedArray:
        return self._columns[name]

    def __getitem__(self, name: str) -> Any:
        column = self._columns.get(name)
        return None if column is None else column[0].as_py()


def _summary(row: _Row, slot: Slot, name: str, bins: Bins | None, *, few: bool) -> ColumnSummary:
    count, held = row["n"], row[f"{name}_n"]
    facts: dict[str, Any] = {"count": count, "nulls": count - held}
    kind = summary_kind(slot.type)
    if kind == "counts":
        return ColumnSummary(**facts)
    if kind == "sizes":
        return ColumnSummary(**facts, shortest=row[f"{name}_l"], longest=row[f"{name}_g"])
    distinct = row[f"{name}_d"]
    facts |= {"distinct": distinct, "sampled": count}
    if bins is not None:
        return _numbers(row, slot, name, bins, facts)
    for side, field in (("l", "least"), ("g", "greatest")):
        column = from_duck(row.column(f"{name}_{side}"), slot.type)
        if column[0].is_valid:
            text = to_text(column.chunk(0).cast(sample_type(slot.type)))[0].as_py()
            facts[field], facts[f"{field}_cut"] = cut(text) if kind == "string" else (text, False)
    facts |= _top(row, slot, f"{name}_t", few=few)
    if few:
        facts |= {"distinct": facts.pop("values"), "distinct_exact": True}
    else:
        facts.pop("values")
    return ColumnSummary(**facts)


def _numbers(row: _Row, slot: Slot, name: str, bins: Bins, facts: dict[str, Any]) -> ColumnSummary:
    arrow = sample_type(slot.type)

    def text(value: Any) -> str | None:
        return None if value is None else str(to_text(pa.array([value], arrow))[0].as_py())

    facts |= {"least": text(row[f"{name}_l"]), "greatest": text(row[f"{name}_g"])}
    odd = row[f"{name}_o"]
    if odd:
        facts |= dict(zip(_NAN_LIKE, odd, strict=True))
        if odd[1] or odd[2]:
            facts |= {"finite_least": text(row[f"{name}_fl"]), "finite_greatest": text(row[f"{name}_fg"])}
    if bins.edges is not None:
        counts = row[name] or [0] * (len(bins.edges) - 1)
        facts["histogram"] = Histogram(edges=bins.texts, counts=tuple(counts[: len(bins.edges) - 1]))
    return ColumnSummary(**facts)


def _top(row: _Row, slot: Slot, name: str, *, few: bool) -> dict[str, Any]:
    from collections import Counter

    cell = row.column(name)[0]
    counts: Counter[str] = Counter()
    if few and cell.is_valid:
        entries = cell.values
        texts = _texts(entries.field(0), slot)
        for text, n in zip(texts, entries.field(1).to_pylist(), strict=True):
            counts[text] += n
    elif cell.is_valid:
        counts.update(text for text in _texts(cell.values, slot) if text is not None)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:BARS]
    top = []
    for text, n in ranked:
        short, was_cut = cut(text)
        top.append(TopValue(value=short, count=n, was_cut=was_cut))
    total = sum(counts.values())
    out: dict[str, Any] = {
        "top": tuple(top),
        "others": total - sum(value.count for value in top),
        "values": len(counts),
    }
    if not few:
        out["sampled"] = min(SAMPLE, row["n"])
    return out


def _texts(values: pa.Array, slot: Slot) -> list[str]:
    """Return values that DuckDB gave as the text that summaries have of them."""
    found = from_duck(pa.chunked_array([values]), slot.type)
    whole = pa.concat_arrays(found.chunks) if found.num_chunks else pa.array([], found.type)
    return list(to_text(whole.cast(sample_type(slot.type))).to_pylist())
