"""Regular expressions (EXPR-8, EXPR-11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wbtable.format.types import ListType
from wbtable.query.compile_values import MAX_BUILT
from wbtable.query.expression_error import ExpressionError
from wbtable.query.function import Parameter
from wbtable.query.functions_text import grows, simple, text_function
from wbtable.query.kinds import BOOLEAN, TEXT
from wbtable.query.regex import check_regex, check_replacement

if TYPE_CHECKING:
    from wbtable.query.function import Prepare
    from wbtable.query.sql import Builder
    from wbtable.query.terms import Term

_TEXT: Final = Parameter("text", "text")
_PATTERN: Final = Parameter("pattern", "text", is_literal=True)


def _pattern(at: int) -> Prepare:
    def prepare(args: tuple[Term, ...]) -> tuple[Term, ...]:
        check_regex(str(args[at].value), args[at].span)
        return args

    return prepare


def _check_extract(args: tuple[Term, ...]) -> tuple[Term, ...]:
    groups = check_regex(str(args[1].value), args[1].span)
    if len(args) > 2 and (args[2].value is None or not 0 <= args[2].value <= groups):
        raise ExpressionError(
            f"expected the number of a group, 0 to {groups}", args[2].span, suggestion="0 is the whole match"
        )
    return args


def _extract(builder: Builder, term: Term, args: list[str]) -> str:
    group = int(term.args[2].value) if len(term.args) > 2 else 0
    return builder.let(
        [args[0]],
        lambda v: f"(CASE WHEN regexp_matches({v[0]}, {args[1]}) THEN regexp_extract({v[0]}, {args[1]}, {group}) END)",
    )


def _check_replace(args: tuple[Term, ...]) -> tuple[Term, ...]:
    groups = check_regex(str(args[1].value), args[1].span)
    check_replacement(str(args[2].value), groups, args[2].span)
    return args


def _replace_all(builder: Builder, term: Term, args: list[str]) -> str:
    size = len(str(term.args[2].value).encode()) + 1
    text = grows(builder, term, args[0], f"(strlen({args[0]}) + 1) * {size} <= {MAX_BUILT}")
    return f"regexp_replace({text}, {args[1]}, {args[2]}, 'g')"


REGEXES: Final = (
    text_function(
        "matches",
        (_TEXT, _PATTERN),
        BOOLEAN,
        "Whether a regular expression (RE2) matches somewhere.",
        (r'matches("cat", "^c")', "true"),
        simple("regexp_matches({0}, {1})"),
        prepare=_pattern(1),
    ),
    text_function(
        "extract",
        (_TEXT, _PATTERN, Parameter("group", "integer", True, True)),
        TEXT,
        "The first match of a regular expression, or one of its groups; null if there is none.",
        (r'extract("a1", "[0-9]")', '"1"'),
        _extract,
        prepare=_check_extract,
    ),
    text_function(
        "find_all",
        (_TEXT, _PATTERN),
        ListType(item=TEXT),
        "All matches of a regular expression.",
        (r'find_all("a1b2", "[0-9]")', '["1", "2"]'),
        simple("regexp_extract_all({0}, {1})"),
        prepare=_pattern(1),
    ),
    text_function(
        "replace_all",
        (_TEXT, _PATTERN, Parameter("new", "text", is_literal=True)),
        TEXT,
        r"The text with each match of a regular expression replaced; `\\1` is its first group.",
        (r'replace_all("a1", "[0-9]", "-")', '"a-"'),
        _replace_all,
        prepare=_check_replace,
    ),
)
