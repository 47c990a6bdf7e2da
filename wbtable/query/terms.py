"""An expression after checking: a tree in which every part has a type (EXPR-5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wbtable.query.ast import NOWHERE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from wbtable.format.types import ColumnType
    from wbtable.query.ast import Node
    from wbtable.query.expression_error import Span


@dataclass(frozen=True, slots=True)
class ColumnUse:
    """A column that an expression reads.

    Attributes:
        side: which side of a comparison or join has it; None: the table itself.
        name: its name there; a column of a side that is a join itself is called as there, ``1.x``.
        type: its logical type.

    """

    side: int | None
    name: str
    type: ColumnType


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What an expression may name.

    Attributes:
        columns: the columns that need no side, in order: the table's, or the key and what a join adds.
        sides: the columns of each side of a comparison or join.
        key: the names among `columns` that pair the rows of the sides.
        groups: the expressions that rows are grouped by; in an expression per group they stand for their values.

    """

    columns: Mapping[str, ColumnType]
    sides: tuple[Mapping[str, ColumnType], ...] = ()
    key: tuple[str, ...] = ()
    groups: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A part of a checked expression.

    Attributes:
        op: what it does: ``literal``, ``column``, ``key``, ``call``, ``compare`` and others that the compiler knows.
        type: the logical type of its value.
        args: its operands.
        value: what else `op` needs: a literal's value, a `ColumnUse`, a function's name, an operator.
        span: which characters of the text it is.
        has_aggregate: whether an aggregate is in it.

    """

    op: str
    type: ColumnType
    args: tuple[Term, ...] = ()
    value: Any = None
    span: Span = NOWHERE
    has_aggregate: bool = False

    @property
    def is_literal(self) -> bool:
        """Whether it is a value that stands in the text."""
        return self.op == "literal"

    def walk(self) -> Iterator[Term]:
        """Yield the term and all below it."""
        todo = [self]
        while todo:
            found = todo.pop()
            yield found
            todo.extend(reversed(found.args))


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A checked expression.

    Attributes:
        node: as it was written.
        root: the checked tree; ``*.`` is written out over the sides.
        has_aggregate: whether it is a value per group.
        columns: the columns that it reads, each once, in order of appearance.
        needs_masks: whether segmentation masks must be decoded for it: the engine then registers the functions of
            :mod:`wbtable.query.mask_functions`.

    """

    node: Node
    root: Term
    has_aggregate: bool = False
    columns: tuple[ColumnUse, ...] = field(default=())
    needs_masks: bool = False

    @property
    def type(self) -> ColumnType:
        """The logical type of its value."""
        return self.root.type
