"""The tree of an expression, frozen, with the characters that each node came from (EXPR-1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from wbtable.query.expression_error import Span

ANY: Final = None
"""The side of ``*.name``: any."""

NOWHERE: Final = (0, 0)
"""The span of nodes that were not parsed."""

COMPARISONS: Final = ("==", "!=", "<", "<=", ">", ">=", "contains")
ARITHMETIC: Final = ("+", "-", "*", "/", "%", "**")


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A part of an expression. Two are equal if they mean the same, wherever they stood.

    Attributes:
        span: which characters of the text it is.

    """

    span: Span = field(default=NOWHERE, compare=False)

    def children(self) -> tuple[Node, ...]:
        """Return the nodes below, from left to right."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal(Node):
    """A value that stands in the text.

    Attributes:
        value: None, a boolean, an integer, a decimal (a number with a point or an exponent, exactly) or text.

    """

    value: bool | int | Decimal | str | None

    def __eq__(self, other: object) -> bool:
        """Whether it is the same value of the same class: 1, 1.0 and true differ."""
        if not isinstance(other, Literal) or type(self.value) is not type(other.value):
            return NotImplemented if not isinstance(other, Literal) else False
        return self.value == other.value

    def __hash__(self) -> int:
        """Return a hash of the value and its class."""
        return hash((type(self.value), self.value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Name(Node):
    """A column."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SideName(Node):
    """A column of one side of a comparison or join, or of any.

    Attributes:
        sides: the side, and within it the side of that side, and so on; `ANY`: any side.

    """

    sides: tuple[int, ...] | None
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field(Node):
    """``base.name``: a field of a dict, or a fact of media."""

    base: Node
    name: str

    def children(self) -> tuple[Node, ...]:
        """Return the base."""
        return (self.base,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Index(Node):
    """``base[index]``: an element of a list, a value of a dict."""

    base: Node
    index: Node

    def children(self) -> tuple[Node, ...]:
        """Return base and index."""
        return (self.base, self.index)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Node):
    """``function(arguments)``; aggregates are calls too."""

    function: str
    arguments: tuple[Node, ...] = ()

    def children(self) -> tuple[Node, ...]:
        """Return the arguments."""
        return self.arguments


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary(Node):
    """``-operand`` or ``not operand``."""

    operator: str
    operand: Node

    def children(self) -> tuple[Node, ...]:
        """Return the operand."""
        return (self.operand,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary(Node):
    """A comparison or arithmetic; `operator` is one of `COMPARISONS` or `ARITHMETIC`."""

    operator: str
    left: Node
    right: Node

    def children(self) -> tuple[Node, ...]:
        """Return both operands."""
        return (self.left, self.right)


@dataclass(frozen=True, slots=True, kw_only=True)
class Logical(Node):
    """Two or more operands with ``and``, or with ``or``, between them."""

    operator: str
    operands: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        """Return the operands."""
        return self.operands


@dataclass(frozen=True, slots=True, kw_only=True)
class In(Node):
    """``operand in options``, where `options` is a list."""

    operand: Node
    options: Node
    negated: bool = False

    def children(self) -> tuple[Node, ...]:
        """Return operand and options."""
        return (self.operand, self.options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Between(Node):
    """``operand between low and high``, both included."""

    operand: Node
    low: Node
    high: Node
    negated: bool = False

    def children(self) -> tuple[Node, ...]:
        """Return operand and bounds."""
        return (self.operand, self.low, self.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class IsNull(Node):
    """``operand is null``."""

    operand: Node
    negated: bool = False

    def children(self) -> tuple[Node, ...]:
        """Return the operand."""
        return (self.operand,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Like(Node):
    """``operand like pattern``: ``%`` stands for any text, ``_`` for one character."""

    operand: Node
    pattern: Node
    negated: bool = False

    def children(self) -> tuple[Node, ...]:
        """Return operand and pattern."""
        return (self.operand, self.pattern)


@dataclass(frozen=True, slots=True, kw_only=True)
class List(Node):
    """``[a, b]``."""

    items: tuple[Node, ...] = ()

    def children(self) -> tuple[Node, ...]:
        """Return the elements."""
        return self.items


@dataclass(frozen=True, slots=True, kw_only=True)
class Dict(Node):
    """``{"a": 1}``."""

    items: tuple[tuple[str, Node], ...] = ()

    def children(self) -> tuple[Node, ...]:
        """Return the values."""
        return tuple(value for _, value in self.items)


def walk(node: Node) -> Iterator[Node]:
    """Yield the node and all below it, parents first."""
    todo = [node]
    while todo:
        found = todo.pop()
        yield found
        todo.extend(reversed(found.children()))


def names(node: Node) -> list[Name | SideName]:
    """Return the columns that an expression names, in order, as often as it does."""
    return [found for found in walk(node) if isinstance(found, Name | SideName)]
