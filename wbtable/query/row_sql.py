"""The rows of a view as SQL: derived columns in layers, then the filter (VIEW-3)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from wbtable.query.compile import Parameters, compile_expression
from wbtable.query.compile_decimals import ordered
from wbtable.query.duck_types import duck_type
from wbtable.query.source import Inputs
from wbtable.query.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from wbtable.query.source import Relation
    from wbtable.query.sql import Caution, Sql
    from wbtable.query.terms import ColumnUse
    from wbtable.query.view_plan import Expression, Plan, Slot


class RowSql:
    """Builds one statement over the rows of a view.

    Say with `need` which columns and expressions the statement will name, then use `rows` and the texts that
    `column` and `expression` give. The rows are called ``t``, and their position ``t.pos``.

    Attributes:
        params: the values of the whole statement.

    """

    def __init__(self, plan: Plan, *, filtered: bool = True, relation: RelationOf | None = None) -> None:
        """Start a statement.

        Args:
            plan: the view.
            filtered: whether its filter is applied.
            relation: gives the rows with some columns; the source's if None.

        """
        self.params = Parameters()
        self.needs_masks = False
        self._plan = plan
        self._filter = plan.filter if filtered else None
        self._relation = relation or plan.source.relation
        self._columns: dict[Slot, int] = {}
        self._derived: dict[Slot, int] = {}
        self._parts: list[Inputs] = []
        if self._filter is not None:
            self.need([self._filter])

    def need(self, wanted: Iterable[Slot | Expression]) -> None:
        """Make columns, and what expressions read, part of the rows."""
        for found in wanted:
            slots = [found] if not hasattr(found, "slots") else list(found.slots.values())
            for slot in slots:
                self._add(slot)

    def _add(self, slot: Slot) -> None:
        if slot in self._columns or slot in self._derived:
            return
        if slot.expression is None:
            self._columns[slot] = len(self._columns)
            return
        for below in slot.expression.slots.values():
            self._add(below)
        self._derived[slot] = len(self._derived)

    def column(self, slot: Slot) -> str:
        """Return how a column is called."""
        at = self._columns.get(slot)
        return f"t.c{at}" if at is not None else f"t.d{self._derived[slot]}"

    def expression(self, found: Expression, key: Callable[[int], str] | None = None) -> str:
        """Return the SQL of an expression over the rows, or over groups of them whose keys `key` names."""
        return self._compiled(found, key, counted=False).text

    def order(self, found: Expression) -> str:
        """Return the SQL of what has the order of an expression's values."""
        return ordered(self.expression(found), found.type)

    def cautions(self, found: Expression, key: Callable[[int], str] | None = None) -> tuple[Caution, ...]:
        """Return what is to be counted of an expression; `key` as for `expression`."""
        return self._compiled(found, key, counted=True).cautions

    def _compiled(self, found: Expression, key: Callable[[int], str] | None, *, counted: bool) -> Sql:
        def named(use: ColumnUse) -> str:
            return self.column(found.slots[use])

        self.needs_masks = self.needs_masks or found.typed.needs_masks
        return compile_expression(found.typed, named, params=self.params, key_sql=key, counted=counted)

    def rows(self, extra: Sequence[tuple[str, str]] = ()) -> str:
        """Return what stands behind FROM: the view's rows as ``t``.

        Args:
            extra: further columns, name and SQL over ``t``.

        """
        relation = self._relation([slot.name for slot in self._columns])
        self._parts.append(relation.inputs)
        sql = f"{relation.sql} AS t"
        for slot, at in self._derived.items():
            assert slot.expression is not None
            text = self.expression(slot.expression)
            sql = f"(SELECT t.*, CAST({text} AS {duck_type(slot.type)}) AS d{at} FROM {sql}) AS t"
        if self._filter is not None:
            sql = f"(SELECT t.* FROM {sql} WHERE {self.expression(self._filter)}) AS t"
        if extra:
            more = ", ".join(f"{text} AS {name}" for name, text in extra)
            sql = f"(SELECT t.*, {more} FROM {sql}) AS t"
        return sql

    def add(self, relation: Relation, name: str) -> str:
        """Return another relation as `name`, to stand behind FROM too."""
        self._parts.append(relation.inputs)
        return f"{relation.sql} AS {name}"

    @property
    def inputs(self) -> Inputs:
        """What the statement reads."""
        found = Inputs.union(self._parts)
        return replace(found, masks=self._plan.source.blobs) if self.needs_masks else found

    def statement(self, text: str) -> Statement:
        """Return the statement with its parameters."""
        return Statement.of(text, self.params.values)


if TYPE_CHECKING:
    RelationOf = Callable[[Sequence[str]], Relation]


def order_sql(keys: Sequence[tuple[str, str, str]], *last: str) -> str:
    """Return an ORDER BY of (SQL, asc or desc, nulls first or last), and of further columns ascending (VIEW-5)."""
    parts = [f"{text} {order.upper()} NULLS {nulls.upper()}" for text, order, nulls in keys]
    return f"ORDER BY {', '.join([*parts, *last])}"
