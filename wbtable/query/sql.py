"""Pieces of SQL, and what makes them: values go in as literals of ours, never as they were written (EXPR-12)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from wbtable.query.expression_error import ExpressionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from wbtable.query.expression_error import Span
    from wbtable.query.terms import ColumnUse, Term

MAX_SQL: Final = 1_000_000
"""The most characters of SQL that one expression becomes, its warnings included."""

_SIMPLE = re.compile(r"[A-Za-z0-9_.$\"]{1,80}")
_HARMLESS = re.compile(r"(?:[A-Za-z0-9 _.,:/+]|-(?!-)){0,200}")
_SHORT: Final = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """Something that happens to rows without being an error: null comes out, and it is counted.

    Attributes:
        kind: ``division by zero``, ``overflow`` and others, for people.
        condition: SQL that is true for the rows, or groups, to which it happens.
        span: which characters of the expression are meant.
        per_group: whether `condition` is asked of groups, and not of their rows.

    """

    kind: str
    condition: str
    span: Span
    per_group: bool = False


@dataclass(slots=True)
class Parameters:
    """The values that SQL names ``$1``, ``$2``, …; shared by all expressions of one query."""

    values: list[Any] = field(default_factory=list)

    def add(self, value: object) -> str:
        """Return the name of a value in SQL."""
        for at, found in enumerate(self.values, 1):
            if type(found) is type(value) and found == value:
                return f"${at}"
        self.values.append(value)
        return f"${len(self.values)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sql:
    """A compiled expression.

    Attributes:
        text: a scalar expression of DuckDB's SQL, without a name.
        params: the values of ``$1`` and so on; those of the whole query where `Parameters` were handed in.
        cautions: what to count beside, where that was asked for.

    """

    text: str
    params: list[Any]
    cautions: tuple[Caution, ...] = ()


class Builder:
    """What turns terms into SQL; functions are handed it.

    Args:
        column: how a column is called in SQL, always by its position (``t.c3``).
        position: how the row's position is called, by which ties are broken.
        key: how the value of a group's key is called, by its place among the keys.
        params: where values go.
        write: turns a term into SQL.
        counted: whether what is to be counted is wanted: few ask, and it takes time to write.
        grouped: whether the expression is one over groups.

    """

    __slots__ = (
        "_names",
        "cautions",
        "column",
        "counted",
        "grouped",
        "guards",
        "in_aggregate",
        "key",
        "params",
        "position",
        "size",
        "write",
    )

    def __init__(
        self,
        column: Callable[[ColumnUse], str],
        position: str,
        key: Callable[[int], str],
        params: Parameters,
        write: Callable[[Builder, Term], str],
        *,
        counted: bool = False,
        grouped: bool = False,
    ) -> None:
        self.column = column
        self.position = position
        self.key = key
        self.params = params
        self.write = write
        self.counted = counted
        self.grouped = grouped
        self.cautions: list[Caution] = []
        self.guards: list[str] = []
        self.in_aggregate = False
        self.size = 0
        self._names = 0

    def sql(self, term: Term) -> str:
        """Return the SQL of a term.

        Raises:
            ExpressionError: it has become too long.

        """
        text = self.write(self, term)
        if len(text) > MAX_SQL:
            too_long(term.span)
        return text

    def text(self, value: str) -> str:
        """Return text as a literal: as it is where that is beyond doubt harmless, else as the digits of its bytes.

        Parameters would have to be used as often as they are handed over, and a caution holds a part of them.
        """
        if _HARMLESS.fullmatch(value):
            return f"'{value}'"
        return f"decode(unhex('{value.encode().hex()}'))"

    def let(self, values: list[str], body: Callable[[list[str]], str]) -> str:
        """Return what `body` makes of the names of some values, each of which is written, and computed, once.

        Short values are written as often as they are used: the engine finds equal parts.
        """
        if all(_SIMPLE.fullmatch(value) for value in values) or sum(map(len, values)) <= _SHORT:
            return body(values)
        self._names += 1
        name = f"e{self._names}"
        packed = ", ".join(f"v{i} := {value}" for i, value in enumerate(values))
        made = body([f"{name}.v{i}" for i in range(len(values))])
        return f"list_transform([struct_pack({packed})], lambda {name}: {made})[1]"

    def guarded(self, guard: str, term: Term) -> str:
        """Return the SQL of a term of which nothing is counted where `guard` does not hold."""
        self.guards.append(guard)
        try:
            return self.sql(term)
        finally:
            self.guards.pop()

    def caution(self, kind: str, condition: str, term: Term) -> None:
        """Count the rows, or groups, for which a condition holds, and which this part of the expression is for."""
        if not self.counted:
            return
        guarded = " AND ".join([*self.guards, f"({condition})"])
        found = Caution(kind=kind, condition=guarded, span=term.span, per_group=self.grouped and not self.in_aggregate)
        if found in self.cautions:
            return
        self.size += len(guarded)
        if self.size > MAX_SQL:
            too_long(term.span)
        self.cautions.append(found)


def narrow(text: str, wanted: str) -> str:
    """Return SQL as a narrower type, null where it does not fit.

    `least` of one value is that value: around a cast it keeps DuckDB 1.5 from comparing what was cast instead, by which
    a value that does not fit would not be null.
    """
    return f"least(TRY_CAST({text} AS {wanted}))"


def too_long(span: Span) -> None:
    """Refuse an expression that becomes more SQL than any query needs.

    Raises:
        ExpressionError: always.

    """
    raise ExpressionError("the expression is too much to compute at once", span, suggestion="derive columns for parts")
