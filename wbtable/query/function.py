"""What a function of expressions is: its name, parameters, result, what it says of itself, and its SQL (EXPR-8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wbtable.format.types import ColumnType
from wbtable.query.kinds import is_kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from wbtable.query.sql import Builder
    from wbtable.query.terms import Term

    Result = ColumnType | Callable[[tuple[Term, ...]], ColumnType]
    Write = Callable[[Builder, Term, list[str]], str]
    Prepare = Callable[[tuple[Term, ...]], tuple[Term, ...]]

GROUPS = ("Aggregates", "Choice and nulls", "Conversion", "Numbers", "Text", "Lists", "Dicts", "Time", "Media")
"""The groups of functions, in the order of the reference."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a function.

    Attributes:
        name: how the reference calls it.
        kinds: the kinds of types it takes, with ``|`` between.
        is_optional: whether it may be left out.
        is_literal: whether it must stand in the text as a value.

    """

    name: str
    kinds: str
    is_optional: bool = False
    is_literal: bool = False

    def takes(self, found: ColumnType) -> bool:
        """Whether it takes values of a type."""
        return any(is_kind(found, kind) for kind in self.kinds.split("|"))

    def __str__(self) -> str:
        """Return ``sep: text``."""
        return f"{self.name}{'?' if self.is_optional else ''}: {self.kinds.replace('|', ' or ')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function.

    Attributes:
        name: how it is called.
        group: where the reference has it.
        parameters: what it takes, in order.
        result: the type of what it gives, or what says so from the arguments.
        gives: what it gives, for people.
        doc: one sentence.
        example: an expression that uses it, and what that gives.
        write: its SQL, from that of the arguments.
        prepare: checks and adapts the arguments beyond their kinds.
        guard: of an argument behind the first, the SQL condition under which it counts, from the arguments before;
            None: in any case.
        is_aggregate: whether it makes one value of the rows of a group.
        is_variadic: whether the last parameter may be given several times.
        may_overflow: of an aggregate, whether null of a group with values says that its whole number does not fit.

    """

    name: str
    group: str
    parameters: tuple[Parameter, ...]
    result: Result
    gives: str
    doc: str
    example: tuple[str, str]
    write: Write
    prepare: Prepare | None = None
    guard: Callable[[int, list[str]], str] | None = None
    is_aggregate: bool = False
    is_variadic: bool = False
    may_overflow: bool = False

    @property
    def signature(self) -> str:
        """``starts_with(text: text, prefix: text) -> boolean``."""
        more = ", …" if self.is_variadic else ""
        return f"{self.name}({', '.join(map(str, self.parameters))}{more}) -> {self.gives}"

    @property
    def counts(self) -> tuple[int, int | None]:
        """The least and the greatest number of arguments; None: any."""
        least = sum(not parameter.is_optional for parameter in self.parameters)
        return least, None if self.is_variadic else len(self.parameters)

    def parameter(self, at: int) -> Parameter:
        """Return the parameter that an argument is for."""
        return self.parameters[min(at, len(self.parameters) - 1)]

    def type_of(self, args: tuple[Term, ...]) -> ColumnType:
        """Return the type of the result for these arguments."""
        return self.result if isinstance(self.result, ColumnType) else self.result(args)
