"""A view checked against its source: what each expression reads, and which columns come out (VIEW-3)."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final

from wbtable.errors import NotFoundError, UsageError
from wbtable.format.schema import Schema
from wbtable.format.types import has_media
from wbtable.query import ast
from wbtable.query.check import check
from wbtable.query.expression_error import ExpressionError
from wbtable.query.kinds import INT64
from wbtable.query.parser import parse
from wbtable.query.print import show
from wbtable.query.source import SidedSource
from wbtable.query.terms import Scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wbtable.format.types import ColumnType
    from wbtable.format.view_spec import Sort, ViewSpec
    from wbtable.query.source import QuerySource
    from wbtable.query.terms import ColumnUse, Typed

COUNT: Final = "count"
"""The column of grouped views that says how many rows a group has (VIEW-6)."""
_BOOLEAN: Final = ("boolean", "null")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Slot:
    """A column as expressions see it: of the source, or derived.

    Attributes:
        name: what it is called.
        type: its logical type.
        expression: of a derived column, what makes it; None: the source has it.

    """

    name: str
    type: ColumnType
    expression: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Expression:
    """A checked expression and the columns that its names meant.

    Attributes:
        typed: it, checked.
        slots: each column that it reads.

    """

    typed: Typed
    slots: Mapping[ColumnUse, Slot]

    @property
    def type(self) -> ColumnType:
        """The logical type of its values."""
        return self.typed.type


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SortKey:
    """One key of the order: what is compared, and how."""

    expression: Expression
    sort: Sort


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """A checked view.

    Attributes:
        source: the rows.
        spec: the view.
        columns: the columns that rows have after `derive`, in order.
        filter: keeps rows.
        groups: the keys of groups.
        cells: columns of groups by name.
        having: keeps groups.
        sort: the order.
        schema: the columns that come out.

    """

    source: QuerySource
    spec: ViewSpec
    columns: Mapping[str, Slot]
    filter: Expression | None
    groups: tuple[tuple[str, Expression], ...]
    cells: Mapping[str, Expression]
    having: Expression | None
    sort: tuple[SortKey, ...]
    schema: Schema

    @property
    def is_grouped(self) -> bool:
        """Whether groups come out, not rows."""
        return bool(self.groups)


def source_scope(source: QuerySource) -> Scope:
    """Return what expressions over the rows of a source may name."""
    # The protocol is only asked where it may hold: its question takes a part of a tiny query's time.
    if not hasattr(source, "sides") or not isinstance(source, SidedSource):
        return Scope(columns={column.name: column.type for column in source.schema})
    sides = tuple({column.name: column.type for column in side} for side in source.sides)
    named = {f"{at}.{name}" for at, side in enumerate(sides) for name in side}
    own = {column.name: column.type for column in source.schema if column.name not in named}
    return Scope(columns=own, sides=sides, key=source.key)


def source_column(use: ColumnUse) -> str:
    """Return the name in the source's schema of a column that an expression reads."""
    return use.name if use.side is None else f"{use.side}.{use.name}"


def plan(source: QuerySource, spec: ViewSpec) -> Plan:
    """Check a view.

    Raises:
        ExpressionError: an expression does not fit; its place says which.
        NotFoundError: a column that is to be shown does not exist.
        UsageError: two columns would have one name.

    """
    made = _Planner(source, spec)
    columns = made.derive()
    filter_ = made.boolean(spec.filter, "filter")
    groups = made.groups()
    cells = made.cells()
    having = made.boolean(spec.having, "having", grouped=True)
    sort = tuple(
        SortKey(expression=made.expression(item.expression, f"sort[{i}]", grouped=bool(spec.group)), sort=item)
        for i, item in enumerate(spec.sort)
    )
    return Plan(
        source=source,
        spec=spec,
        columns=columns,
        filter=filter_,
        groups=groups,
        cells=cells,
        having=having,
        sort=sort,
        schema=_result(spec, columns, groups, cells),
    )


class _Planner:
    """Checks the expressions of a view one after another; each sees what came before."""

    def __init__(self, source: QuerySource, spec: ViewSpec) -> None:
        self._spec = spec
        self._base = source_scope(source)
        self._slots: dict[str, Slot] = {
            column.name: Slot(name=column.name, type=column.type) for column in source.schema
        }
        self._plain: dict[str, ColumnType] = dict(self._base.columns)
        self._nodes: dict[str, ast.Node] = {}
        self._group_nodes: tuple[ast.Node, ...] = ()

    def derive(self) -> dict[str, Slot]:
        order = list(self._slots)
        for i, item in enumerate(self._spec.derive):
            expression = self.expression(item.expression, f"derive[{i}] {item.name!r:.80}")
            if item.name not in order:
                order.insert(self._place(order, item.side, item.beside, f"derive[{i}]"), item.name)
            self._slots[item.name] = Slot(name=item.name, type=expression.type, expression=expression)
            self._plain[item.name] = expression.type
        return {name: self._slots[name] for name in order}

    @staticmethod
    def _place(order: list[str], side: str, beside: str | None, place: str) -> int:
        if beside is None:
            return 0 if side == "left" else len(order)
        if beside not in order:
            raise NotFoundError(f"unknown column {beside!r:.80} to stand beside", place=place)
        return order.index(beside) + (side == "right")

    def groups(self) -> tuple[tuple[str, Expression], ...]:
        out: list[tuple[str, Expression]] = []
        for i, text in enumerate(self._spec.group):
            place = f"group[{i}]"
            expression = self.expression(text, place)
            name = expression.typed.node.name if isinstance(expression.typed.node, ast.Name) else text.strip()
            if any(name == known for known, _ in out):
                raise UsageError(f"rows are grouped by {name!r:.80} twice", place=place)
            out.append((name, expression))
        self._group_nodes = tuple(expression.typed.node for _, expression in out)
        return tuple(out)

    def cells(self) -> dict[str, Expression]:
        out: dict[str, Expression] = {}
        for i, item in enumerate(self._spec.cells):
            out[item.name] = self.expression(item.expression, f"cells[{i}] {item.name!r:.80}", grouped=True)
            self._nodes[item.name] = out[item.name].typed.node
        return out

    def boolean(self, text: str | None, place: str, *, grouped: bool = False) -> Expression | None:
        if text is None:
            return None
        out = self.expression(text, place, grouped=grouped)
        if out.type.kind not in _BOOLEAN:
            hint = "compare it with something"
            raise ExpressionError(
                f"expected true or false, found {out.type}", out.typed.root.span, suggestion=hint, place=place
            )
        return out

    def expression(self, text: str, place: str, *, grouped: bool = False) -> Expression:
        try:
            node = parse(text)
            if grouped:
                node = self._with_cells(node)
            scope = replace(self._base, columns=self._plain, groups=self._group_nodes if grouped else ())
            typed = check(node, scope, aggregates=grouped)
        except ExpressionError as error:
            if error.place is not None and not error.place.startswith("character"):
                raise
            raise ExpressionError(error.message, error.span, suggestion=error.suggestion, place=place) from None
        return Expression(typed=typed, slots={use: self._slot(use) for use in typed.columns})

    def _slot(self, use: ColumnUse) -> Slot:
        return self._slots[source_column(use)]

    def _with_cells(self, node: ast.Node) -> ast.Node:
        """Put the expressions of cells, and of the count, in the place of their names; keys stay keys."""
        known = {**self._nodes}
        names = {found.name for found in self._group_nodes if isinstance(found, ast.Name)}
        if COUNT not in known and COUNT not in names and COUNT not in self._plain:
            known[COUNT] = ast.Call(function=COUNT)
        return _substituted(node, {name: found for name, found in known.items() if name not in names})


def _substituted(node: ast.Node, known: Mapping[str, ast.Node]) -> ast.Node:
    from wbtable.query.functions import FUNCTIONS

    if not known:
        return node
    if isinstance(node, ast.Name):
        return known.get(node.name, node)
    if isinstance(node, ast.Call):
        function = FUNCTIONS.get(node.function)
        if function is not None and function.is_aggregate:
            return node  # within an aggregate names are columns of rows
    changes: dict[str, Any] = {}
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, ast.Node):
            changes[field.name] = _substituted(value, known)
        elif isinstance(value, tuple) and any(isinstance(item, ast.Node | tuple) for item in value):
            changes[field.name] = tuple(
                _substituted(item, known)
                if isinstance(item, ast.Node)
                else tuple(_substituted(part, known) if isinstance(part, ast.Node) else part for part in item)
                if isinstance(item, tuple)
                else item
                for item in value
            )
    return replace(node, **changes) if changes else node


def _result(
    spec: ViewSpec,
    columns: Mapping[str, Slot],
    groups: tuple[tuple[str, Expression], ...],
    cells: Mapping[str, Expression],
) -> Schema:
    """Return the columns that come out (VIEW-6).

    Raises:
        NotFoundError: one that is to be shown does not exist.
        UsageError: two would have one name.

    """
    known: dict[str, ColumnType] = {}
    if groups:
        for name, key in groups:
            known[name] = key.type
        if COUNT not in known and COUNT not in cells:
            known[COUNT] = INT64
        for name, cell in cells.items():
            if name in known:
                raise UsageError(f"two columns of the groups would be called {name!r:.80}", place="cells")
            known[name] = cell.type
    else:
        known = {name: slot.type for name, slot in columns.items()}
    every = Schema.of(known.items())
    if spec.columns is None:
        return every
    names = [setting.name for setting in spec.columns if setting.visible]
    if groups:
        # Settings of the table's columns are for their default cells, which are asked for apart.
        names = [name for name in names if name in known or name not in columns]
        return every.select(names) if names else every
    return every.select(names)


def value_plan(around: Plan, expression: Expression) -> Plan:
    """Return the plan of one expression over all rows of a view, unfiltered, as its only column."""
    name = "value"
    slot = Slot(name=name, type=expression.type, expression=expression)
    return replace(
        around,
        columns={name: slot},
        filter=None,
        groups=(),
        cells={},
        having=None,
        sort=(),
        schema=Schema.of([(name, expression.type)]),
    )


def is_media_key(expression: Expression) -> bool:
    """Whether groups are of media, or of what holds some, told apart by digest."""
    return has_media(expression.type)


def canonical(expression: Expression) -> str:
    """Return the one text of all expressions that mean the same."""
    return show(expression.typed.node)


__all__ = ["COUNT", "Expression", "Plan", "Slot", "SortKey", "canonical", "is_media_key", "plan"]
