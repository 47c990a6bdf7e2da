"""What can stand at a place in an expression that is being written (EXPR-14)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from wbtable.format.types import BooleanType
from wbtable.query.check import check
from wbtable.query.check_fields import fields_of
from wbtable.query.expression_error import ExpressionError
from wbtable.query.functions import FUNCTIONS
from wbtable.query.kinds import is_moment, is_number, is_ordered, is_text, list_item
from wbtable.query.lexer import tokens
from wbtable.query.parser import parse
from wbtable.query.print import quote, show_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from wbtable.format.types import ColumnType
    from wbtable.query.lexer import Token
    from wbtable.query.terms import Scope

    Values = Mapping[str, Sequence[object]]

__all__ = ["Completion", "complete"]

MAX_COMPLETIONS: Final = 100
"""The most completions for one place."""

_SIDE = re.compile(r"(?:^|[^\w.`])(?:[0-9]+\.)+$")
_ENDS: Final = frozenset(["name", "number", "string", ")", "]", "}", "true", "false", "null"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """Something that can stand at the cursor.

    Attributes:
        text: what to put in place of the characters from `start` to `end`.
        kind: ``column``, ``side``, ``field``, ``operator``, ``function``, ``value`` or ``keyword``.
        detail: a column's type, a function's signature.
        start: the first character that it replaces.
        end: the character behind the last that it replaces.

    """

    text: str
    kind: str
    detail: str
    start: int
    end: int


def complete(
    text: str, cursor: int, scope: Scope, values: Values | None = None, *, aggregates: bool = False
) -> list[Completion]:
    """Return what can stand at the cursor, the likeliest first.

    Args:
        text: the expression, as far as it is written.
        cursor: where in it.
        scope: what it may name.
        values: common values of columns, by name, as their summaries have them.
        aggregates: whether aggregates are offered.

    """
    before = text[: max(0, min(cursor, len(text)))]
    try:
        # A side is one only before a name, which is yet to be written.
        found = tokens(before + "_")[:-2] if _SIDE.search(before) else tokens(before)[:-1]
    except ExpressionError as error:
        return _in_open(before, error, scope, values or {})
    return _Place(before, found, scope, values or {}, aggregates=aggregates).completions()


def _in_open(before: str, error: ExpressionError, scope: Scope, values: Values) -> list[Completion]:
    """Complete a text or a name whose quote is not closed."""
    start, end = error.span
    if end != len(before) or start >= len(before):
        return []
    opened, part = before[start], before[start + 1 :].lower()
    if opened == "`":
        names = [name for name in scope.columns if name.lower().startswith(part)]
        return [_column(name, scope.columns[name], start, end) for name in names][:MAX_COMPLETIONS]
    if opened not in {'"', "'"}:
        return []
    column = _compared(tokens(before[:start])[:-1])
    texts = [value for value in values.get(column or "", ()) if isinstance(value, str)]
    return [
        Completion(text=quote(value), kind="value", detail="a common value", start=start, end=end)
        for value in texts
        if value.lower().startswith(part)
    ][:MAX_COMPLETIONS]


def _column(name: str, found: ColumnType, start: int, end: int) -> Completion:
    return Completion(text=show_name(name), kind="column", detail=str(found), start=start, end=end)


def _compared(found: list[Token]) -> str | None:
    """Return the column with which the value at the end of some tokens is compared."""
    depth = 0
    for at in range(len(found) - 1, 0, -1):
        kind = found[at].kind
        depth += (kind in {")", "]"}) - (kind in {"(", "["})
        if kind in {"==", "!=", "<", "<=", ">", ">=", "in", "contains"} and depth <= 0:
            name = found[at - 1] if found[at - 1].kind != "not" else found[max(at - 2, 0)]
            return str(name.value) if name.kind == "name" else None
        if kind in {"and", "or"}:
            return None
    return None


class _Place:
    """The place behind some tokens."""

    __slots__ = ("aggregates", "before", "found", "part", "scope", "start", "values")

    def __init__(self, before: str, found: list[Token], scope: Scope, values: Values, *, aggregates: bool) -> None:
        self.before = before
        self.scope = scope
        self.values = values
        self.aggregates = aggregates
        last = found[-1] if found else None
        is_word = last is not None and last.end == len(before) and before[last.start].isidentifier()
        self.part = before[last.start :].lower() if is_word and last is not None else ""
        self.start = last.start if is_word and last is not None else len(before)
        self.found = found[:-1] if is_word else found

    def completions(self) -> list[Completion]:
        last = self.found[-1] if self.found else None
        if last is not None and last.kind == ".":
            return self.keep(self.fields())
        if last is not None and last.kind == "side":
            return self.keep(self.side(last))
        if last is not None and last.kind in _ENDS:
            return self.keep(self.operators())
        return self.keep(self.operands())

    def keep(self, made: Iterator[Completion]) -> list[Completion]:
        matching = [one for one in made if one.text.lower().lstrip('`"').startswith(self.part)]
        return matching[:MAX_COMPLETIONS]

    def make(self, text: str, kind: str, detail: str = "") -> Completion:
        return Completion(text=text, kind=kind, detail=detail, start=self.start, end=len(self.before))

    def type_before(self, end: int) -> ColumnType | None:
        """Return the type of the longest operand that ends before a token, or None."""
        for at in range(end):
            try:
                node = parse(self.before[self.found[at].start : self.found[end - 1].end])
                return check(node, self.scope, aggregates=True).type
            except ExpressionError:
                continue
        return None

    def fields(self) -> Iterator[Completion]:
        found = self.type_before(len(self.found) - 1)
        if found is not None:
            for name, field in fields_of(found).items():
                yield self.make(show_name(name), "field", str(field))

    def side(self, last: Token) -> Iterator[Completion]:
        sides = self.scope.sides
        if isinstance(last.value, tuple):
            at = last.value[0]
            sides = sides[at : at + 1]
        seen: set[str] = set()
        for columns in sides:
            for name, found in columns.items():
                if name not in seen:
                    seen.add(name)
                    yield self.make(show_name(name), "column", str(found))

    def operators(self) -> Iterator[Completion]:
        found = self.type_before(len(self.found))
        for symbol, takes in _OPERATORS:
            if found is None or takes(found):
                yield self.make(symbol, "operator", str(found) if found is not None else "")

    def operands(self) -> Iterator[Completion]:
        column = _compared(self.found)
        for value in self.values.get(column or "", ()):
            written = quote(value) if isinstance(value, str) else str(value).lower()
            yield self.make(written, "value", f"a common value of {column}")
        for name, found in self.scope.columns.items():
            yield self.make(show_name(name), "column", str(found))
        first, *others = self.scope.sides or ({},)
        for name, found in first.items():
            if self.part and others and all(name in columns for columns in others) and name not in self.scope.columns:
                yield self.make(show_name(name), "column", f"{found}, on any side")
        for at, columns in enumerate(self.scope.sides):
            for name, found in columns.items():
                yield self.make(f"{at}.{show_name(name)}", "column", str(found))
        for function in FUNCTIONS.values():
            if self.aggregates or not function.is_aggregate:
                yield self.make(f"{function.name}(", "function", function.signature)
        for word in ("not", "true", "false"):
            yield self.make(word, "keyword")


def _any(found: ColumnType) -> bool:
    return bool(found.kind)


def _arithmetic(found: ColumnType) -> bool:
    return is_number(found)


def _joined(found: ColumnType) -> bool:
    return is_number(found) or is_text(found) or is_moment(found) or list_item(found) is not None


def _searched(found: ColumnType) -> bool:
    return is_text(found) or list_item(found) is not None


_OPERATORS: Final[tuple[tuple[str, Callable[[ColumnType], bool]], ...]] = (
    *((symbol, _any) for symbol in ("==", "!=")),
    *((symbol, is_ordered) for symbol in ("<", "<=", ">", ">=", "between")),
    ("in", _any),
    ("is null", _any),
    ("is not null", _any),
    ("contains", _searched),
    ("like", is_text),
    ("+", _joined),
    ("-", lambda found: is_number(found) or is_moment(found)),
    *((symbol, _arithmetic) for symbol in ("*", "/", "%", "**")),
    *((word, lambda found: isinstance(found, BooleanType)) for word in ("and", "or")),
)
