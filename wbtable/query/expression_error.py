"""What is wrong with an expression, where, and what to write instead (EXPR-3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from wbtable.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

Span = tuple[int, int]
"""The first character of a piece of text, and the one behind its last."""

_COMPARED: int = 200
"""How many characters of a name are looked at for near ones: comparing takes the product of two lengths."""


class ExpressionError(UsageError):
    """An expression is not one, or does not fit the table.

    Attributes:
        span: which characters of the text are meant.
        suggestion: what to write in their place, or what to do; None where nothing is near.

    """

    code: ClassVar[str] = "expression"

    def __init__(self, message: str, span: Span, *, suggestion: str | None = None, place: str | None = None) -> None:
        """Make the error; the message ends in the suggestion, and begins with the range."""
        self.message = message
        self.span = span
        self.suggestion = suggestion
        where = f"characters {span[0]} to {span[1]}" if span[1] > span[0] + 1 else f"character {span[0]}"
        text = message if suggestion is None else f"{message}; {suggestion}"
        super().__init__(text, place=f"{place}, {where}" if place else where)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that `name` was most likely meant to be, or None."""
    import difflib

    wanted = name[:_COMPARED]
    found = [other for other in known if len(other) <= _COMPARED]
    folded = {other.casefold(): other for other in reversed(found)}
    if wanted.casefold() in folded:
        return folded[wanted.casefold()]
    near = difflib.get_close_matches(wanted.casefold(), folded, n=1, cutoff=0.6)
    return folded[near[0]] if near else None


def did_you_mean(name: str, known: Iterable[str], *, quoted: bool = True) -> str | None:
    """Return ``did you mean "guess"?``, or None where nothing is near."""
    near = nearest(name, known)
    if near is None:
        return None
    return f'did you mean "{near}"?' if quoted else f"did you mean {near}?"
