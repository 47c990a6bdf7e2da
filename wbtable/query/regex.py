"""Regular expressions that take linear time and little memory (EXPR-11)."""

from __future__ import annotations

import re
from typing import Final

from wbtable.query.expression_error import ExpressionError, Span

MAX_PATTERN: Final = 1_000
"""The most characters of a pattern."""
MAX_REPEATS: Final = 1_000
"""The most that the counts of a pattern, as ``{2,5}``, may multiply to."""

_ESCAPED = re.compile(r"\\(?:x\{[0-9A-Fa-f]*\}|.)", re.DOTALL)
_COUNT = re.compile(r"\{([0-9]*)(?:,([0-9]*))?\}")
_ADVICE: Final = {
    "(?=": "look-ahead is not supported",
    "(?!": "look-ahead is not supported",
    "(?<=": "look-behind is not supported",
    "(?<!": "look-behind is not supported",
}


def check_regex(pattern: str, span: Span) -> int:
    """Return how many groups a pattern has.

    Raises:
        ExpressionError: it is no pattern of RE2's syntax, or too large.

    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if len(pattern) > MAX_PATTERN:
        raise ExpressionError(
            f"expected a pattern of at most {MAX_PATTERN:,} characters, found {len(pattern):,}",
            span,
            suggestion="use several matches",
        )
    if "\\C" in _ESCAPED.findall(pattern):
        raise ExpressionError(r"\C matches a part of a character", span, suggestion="write . for a whole one")
    product = 1
    for low, high in _COUNT.findall(_ESCAPED.sub("", pattern)):
        product *= max(int((high or low or "1")[:9]), 1)
    if product > MAX_REPEATS:
        raise ExpressionError(
            f"the counts of the pattern multiply to {product:,}, over {MAX_REPEATS:,}", span, suggestion="write * or +"
        )
    try:
        pc.match_substring_regex(pa.array([""]), pattern)
    except (pa.ArrowInvalid, ValueError) as error:
        advice = next((text for start, text in _ADVICE.items() if start in pattern), None)
        reason = str(error).rpartition(": ")[2][:80]
        raise ExpressionError(
            f"{pattern[:40]!r} is no regular expression: {reason}",
            span,
            suggestion=advice or "a backslash before a sign takes its meaning away",
        ) from None
    return _groups(pattern)


def _groups(pattern: str) -> int:
    plain = re.sub(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", "", pattern, flags=re.DOTALL)
    return len(re.findall(r"\((?!\?)|\(\?P?<[^=!]", plain))


def check_replacement(text: str, groups: int, span: Span) -> None:
    r"""Refuse what is no replacement: ``\0`` to ``\9`` are groups, ``\\`` a backslash.

    Raises:
        ExpressionError: a backslash stands before something else, or a group is not there.

    """
    for found in re.finditer(r"\\(.?)", text, re.DOTALL):
        sign = found[1]
        if sign == "\\" or (sign.isascii() and sign.isdigit() and int(sign) <= groups):
            continue
        raise ExpressionError(
            f"{found[0]!r} in the replacement is no group of the pattern",
            span,
            suggestion=r'write "\\1" for the first group',
        )
