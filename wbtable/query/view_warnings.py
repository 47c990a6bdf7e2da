"""What became null in a view without being an error: divisions by zero, overflows, values without counterpart.

Nothing is counted while rows are read: it takes a pass of its own, for those who ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wbtable.query import engine
from wbtable.query.group_rows import GroupRows
from wbtable.query.row_sql import RowSql

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wbtable.query.control import Control
    from wbtable.query.expression_error import Span
    from wbtable.query.source import Inputs
    from wbtable.query.sql import Caution
    from wbtable.query.statement import Statement
    from wbtable.query.view_plan import Expression, Plan, Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewWarning:
    """Something that happened to rows, or groups, of a view without being an error.

    Attributes:
        kind: what: ``"division by zero"``, ``"overflow"``, ``"not convertible"`` and others.
        count: to how many rows or groups.
        unit: ``"rows"`` or ``"groups"``.
        place: in which part of the view: ``"derive[0] 'ratio'"``, ``"filter"``, ``"sort[1]"``.
        expression: that part's text.
        span: which characters of it are meant.

    """

    kind: str
    count: int
    unit: str
    place: str
    expression: str
    span: Span

    def __str__(self) -> str:
        """Return ``3 rows: division by zero in "a / b" (derive[0] 'ratio')``."""
        noun = self.unit if self.count != 1 else self.unit.removesuffix("s")
        part = self.expression[self.span[0] : self.span[1]]
        shown = part if len(part) <= 80 else f"{part[:79]}…"
        return f'{self.count:,} {noun}: {self.kind} in "{shown}" ({self.place})'


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """An expression of a view, and where it stands."""

    place: str
    text: str
    expression: Expression
    of_all: bool = False
    of_groups: bool = False


def view_warnings(plan: Plan, control: Control | None = None) -> tuple[ViewWarning, ...]:
    """Count what became null in the expressions of a view, in one pass over its rows and one over its groups.

    What the filter computes is counted in all rows, and so is what columns do that it reads; the rest in the rows that
    it keeps. Groups are counted whether `having` keeps them or not. Where nothing can become null, nothing is read.

    Raises:
        CancelledError: it was cancelled.

    """
    parts = list(_parts(plan))
    keys = [f"t.k{i}" for i in range(len(plan.groups))]
    counted = [("rows", _of_rows(plan, parts, keys))]
    if plan.is_grouped:
        counted.append(("groups", _of_groups(plan, [part for part in parts if part.of_groups], keys)))
    found: list[ViewWarning] = []
    for unit, (asked, statement, inputs) in counted:
        if not asked:
            continue
        counts = engine.run(statement, inputs, control).to_pylist()[0].values()
        found += [
            ViewWarning(
                kind=caution.kind, count=count, unit=unit, place=part.place, expression=part.text, span=caution.span
            )
            for (part, caution), count in zip(asked, counts, strict=True)
            if count
        ]
    return tuple(found)


def _parts(plan: Plan) -> Iterator[_Part]:
    """Yield the expressions of a view with their texts."""
    spec = plan.spec
    filtering = _below([plan.filter]) if plan.filter is not None else set()
    for i, item in enumerate(spec.derive):
        slot = plan.columns[item.name]
        if slot.expression is not None:
            # What the filter reads is computed of the rows that it drops, too.
            place = f"derive[{i}] {item.name!r:.80}"
            yield _Part(place=place, text=item.expression, expression=slot.expression, of_all=slot in filtering)
    if plan.filter is not None:
        yield _Part(place="filter", text=spec.filter or "", expression=plan.filter, of_all=True)
    for i, (_, key) in enumerate(plan.groups):
        yield _Part(place=f"group[{i}]", text=spec.group[i], expression=key)
    for i, named in enumerate(spec.cells):
        place = f"cells[{i}] {named.name!r:.80}"
        yield _Part(place=place, text=named.expression, expression=plan.cells[named.name], of_groups=True)
    if plan.having is not None:
        yield _Part(place="having", text=spec.having or "", expression=plan.having, of_groups=True)
    for i, order in enumerate(plan.sort):
        yield _Part(
            place=f"sort[{i}]", text=order.sort.expression, expression=order.expression, of_groups=plan.is_grouped
        )


def _below(expressions: Sequence[Expression]) -> set[Slot]:
    """Return the columns that expressions read, and those that these are made of."""
    found: set[Slot] = set()
    waiting = [slot for expression in expressions for slot in expression.slots.values()]
    while waiting:
        slot = waiting.pop()
        if slot in found:
            continue
        found.add(slot)
        waiting.extend(slot.expression.slots.values() if slot.expression is not None else ())
    return found


_Asked = list[tuple[_Part, "Caution"]]


def _of_rows(plan: Plan, parts: Sequence[_Part], keys: list[str]) -> tuple[_Asked, Statement, Inputs]:
    """Return what is counted of rows, and the statement that counts it."""
    sql = RowSql(plan, filtered=False)
    sql.need(part.expression for part in parts)
    sql.need([plan.filter] if plan.filter is not None else [])
    asked: _Asked = []
    known: set[tuple[str, str]] = set()
    for part in parts:
        for caution in sql.cautions(part.expression, keys.__getitem__ if part.of_groups else None):
            named = (caution.kind, caution.condition)
            if not caution.per_group and named not in known:
                known.add(named)
                asked.append((part, caution))
    kept = "" if plan.filter is None else f" AND {sql.expression(plan.filter)}"
    counts = ", ".join(
        f"count(*) FILTER (WHERE {caution.condition}{'' if part.of_all else kept}) AS n{i}"
        for i, (part, caution) in enumerate(asked)
    )
    extra = GroupRows(plan).key_columns(sql) if any(part.of_groups for part, _ in asked) else ()
    statement = sql.statement(f"SELECT {counts or 'NULL'} FROM {sql.rows(extra)}")
    return asked, statement, sql.inputs


def _of_groups(plan: Plan, parts: Sequence[_Part], keys: list[str]) -> tuple[_Asked, Statement, Inputs]:
    """Return what is counted of groups, and the statement that counts it."""
    sql = RowSql(plan)
    sql.need(part.expression for part in parts)
    sql.need(key for _, key in plan.groups)
    asked: _Asked = []
    known: set[tuple[str, str]] = set()
    groups = GroupRows(plan)
    values = groups.key_values(sql)
    for part in parts:
        for caution in sql.cautions(part.expression, values.__getitem__):
            # Names of cells stand for their expressions: what these count is not counted again.
            named = (caution.kind, caution.condition)
            if caution.per_group and named not in known:
                known.add(named)
                asked.append((part, caution))
    rows = sql.rows(groups.key_columns(sql))
    columns = [f"({caution.condition}) AS c{i}" for i, (_, caution) in enumerate(asked)]
    counts = ", ".join(f"count(*) FILTER (WHERE c{i}) AS n{i}" for i in range(len(asked)))
    of_each = f"SELECT {', '.join(columns) or 'NULL'} FROM {rows} GROUP BY {', '.join(keys)}"
    statement = sql.statement(f"SELECT {counts or 'NULL'} FROM ({of_each})")
    return asked, statement, sql.inputs
