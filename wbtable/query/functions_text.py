"""Functions of text (EXPR-8, EXPR-11); of lists too where a text is like one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wbtable.format.types import ListType, MapType, StructType
from wbtable.query.check_compare import check_contains, make
from wbtable.query.compile_values import MAX_BUILT
from wbtable.query.function import Function, Parameter
from wbtable.query.kinds import BOOLEAN, INT64, TEXT, is_text, is_wide, list_item

if TYPE_CHECKING:
    from wbtable.format.types import ColumnType
    from wbtable.query.function import Prepare, Result, Write
    from wbtable.query.sql import Builder
    from wbtable.query.terms import Term

MAX_EDITS: Final = 10**6
"""The greatest product of two lengths whose edit distance is computed."""
DISTANCE: Final = "wbtable_levenshtein"
"""What the engine computes it with where a text is not ASCII."""
_GROUP: Final = "Text"
_FAR: Final = 2**62
_BLANK: Final = "' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)"
_TEXT: Final = Parameter("text", "text")


def text_function(
    name: str,
    parameters: tuple[Parameter, ...],
    result: Result,
    doc: str,
    example: tuple[str, str],
    write: Write,
    *,
    gives: str = "",
    prepare: Prepare | None = None,
) -> Function:
    """Make a function of the group of texts."""
    made = {BOOLEAN: "boolean", TEXT: "text", INT64: "int64"}
    gives = gives or (made.get(result, "list of text") if not callable(result) else "the same type")
    return Function(
        name=name,
        group=_GROUP,
        parameters=parameters,
        result=result,
        gives=gives,
        doc=doc,
        example=example,
        write=write,
        prepare=prepare,
    )


def simple(template: str) -> Write:
    """Write a function of the engine that takes the same arguments."""

    def write(builder: Builder, term: Term, args: list[str]) -> str:
        return template.format(*args)

    return write


def _joined(left: Term, right: Term) -> Term:
    return make("concat", TEXT, (left, right), None, (left.span[0], right.span[1]))


def _len(builder: Builder, term: Term, args: list[str]) -> str:
    found = term.args[0].type
    if isinstance(found, MapType):
        return f"CAST(cardinality({args[0]}) AS BIGINT)"
    if isinstance(found, StructType):
        names = len(found.fields)
        absent = f" - COALESCE(len(struct_extract_at({args[0]}, {names + 1})), 0)" if found.has_absent else ""
        return f"CAST(CASE WHEN {args[0]} IS NOT NULL THEN {names}{absent} END AS BIGINT)"
    return f"CAST({'length' if is_text(term.args[0].type) else 'len'}({args[0]}) AS BIGINT)"


def _contains_args(args: tuple[Term, ...]) -> tuple[Term, ...]:
    return (check_contains(args[0], args[1], (args[0].span[0], args[1].span[1])),)


def _at(number: str, size: str) -> str:
    """Return a place that may count from the end, as one that counts from the beginning and lies within."""
    behind = f"greatest({size} + greatest({number}, -{_FAR}), 0)"
    within = f"WHEN {number} <= {size} THEN {number} WHEN {number} > {size} THEN {size}"
    return f"(CASE WHEN {number} < 0 THEN {behind} {within} END)"


def _part(builder: Builder, term: Term, text: str, start: str, end: str | None) -> str:
    is_list = not is_text(term.args[0].type)
    size = "len" if is_list else "length"

    def body(v: list[str]) -> str:
        count = f"CAST({size}({v[0]}) AS BIGINT)"
        first = _at(v[1], count)
        last = count if len(v) == 2 else _at(v[2], count)
        if is_list:
            # The engine takes an end of 0 for none.
            some = f"{last} > {first} THEN list_slice({v[0]}, {first} + 1, {last})"
            none = f"{first} IS NOT NULL AND {last} IS NOT NULL THEN list_slice({v[0]}, 2, 1)"
            return f"(CASE WHEN {some} WHEN {none} END)"
        length = f"CASE WHEN {last} > {first} THEN {last} - {first} WHEN {last} <= {first} THEN 0 END"
        return f"substring({v[0]}, {first} + 1, {length})"

    # A place beyond int64 lies behind the end, as any other does that is too great.
    beyond = any(is_wide(arg.type) for arg in term.args[1:])
    numbers = [number for number in (start, end) if number is not None]
    if beyond:
        numbers = [f"greatest(least(CAST({number} AS HUGEINT), {_FAR}), -{_FAR})" for number in numbers]
    return builder.let([text, *(f"TRY_CAST({number} AS BIGINT)" for number in numbers)], body)


def _slice(builder: Builder, term: Term, args: list[str]) -> str:
    return _part(builder, term, args[0], args[1], args[2] if len(args) > 2 else None)


def _limit(builder: Builder, term: Term, args: list[str]) -> str:
    return _part(builder, term, args[0], "0", args[1])


def _offset(builder: Builder, term: Term, args: list[str]) -> str:
    return _part(builder, term, args[0], args[1], None)


def _same(args: tuple[Term, ...]) -> ColumnType:
    item = list_item(args[0].type)
    return TEXT if item is None else ListType(item=item)


def grows(builder: Builder, term: Term, text: str, bound: str) -> str:
    """Return the text, or null where what is made of it could pass a bound; the bound stands around the input."""
    builder.caution("too long", f"{text} IS NOT NULL AND NOT ({bound})", term)
    return f"(CASE WHEN {bound} THEN {text} END)"


def _replace(builder: Builder, term: Term, args: list[str]) -> str:
    text, old, new = args
    bound = f"strlen({new}) <= strlen({old}) OR (strlen({text}) + 1) * strlen({new}) <= {MAX_BUILT}"
    if len(text) + len(old) + len(new) <= 400:
        return f"replace({grows(builder, term, text, bound)}, {old}, {new})"

    def body(v: list[str]) -> str:
        inner = f"strlen({v[2]}) <= strlen({v[1]}) OR (strlen({v[0]}) + 1) * strlen({v[2]}) <= {MAX_BUILT}"
        return f"replace(CASE WHEN {inner} THEN {v[0]} END, {v[1]}, {v[2]})"

    builder.caution("too long", f"{text} IS NOT NULL AND NOT ({bound})", term)
    return builder.let(args, body)


def _split(builder: Builder, term: Term, args: list[str]) -> str:
    return builder.let(args, lambda v: f"(CASE WHEN {v[1]} <> '' THEN string_split({v[0]}, {v[1]}) END)")


def _partition(builder: Builder, term: Term, args: list[str]) -> str:
    def body(v: list[str]) -> str:
        at = f"instr({v[0]}, {v[1]})"
        behind = f"substring({v[0]}, {at} + length({v[1]}))"
        return (
            f"(CASE WHEN {at} > 0 THEN [substring({v[0]}, 1, {at} - 1), {v[1]}, {behind}] "
            f"WHEN {at} = 0 THEN [{v[0]}, '', ''] END)"
        )

    return builder.let([args[0], f"nullif({args[1]}, '')"], body)


def _levenshtein(builder: Builder, term: Term, args: list[str]) -> str:
    builder.caution("too long", f"strlen({args[0]}) * strlen({args[1]}) > {MAX_EDITS}", term)

    def body(v: list[str]) -> str:
        short = f"strlen({v[0]}) * strlen({v[1]}) <= {MAX_EDITS}"
        ascii_only = f"strlen({v[0]}) = length({v[0]}) AND strlen({v[1]}) = length({v[1]})"
        return (
            f"(CASE WHEN {short} AND {ascii_only} THEN levenshtein({v[0]}, {v[1]}) "
            f"WHEN {short} THEN {DISTANCE}({v[0]}, {v[1]}) END)"
        )

    return builder.let(args, body)


def _is(name: str, regex: str, what: str, example: tuple[str, str]) -> Function:
    return text_function(
        name,
        (_TEXT,),
        BOOLEAN,
        f"Whether a text is not empty and has only {what}.",
        example,
        lambda builder, term, args: f"regexp_full_match({args[0]}, {builder.text(regex)})",
    )


TEXTS: Final = (
    text_function(
        "len",
        (Parameter("value", "text|list|dict"),),
        INT64,
        "Characters of a text, elements of a list, keys of a dict.",
        ('len("cat")', "3"),
        _len,
    ),
    text_function(
        "lower",
        (_TEXT,),
        TEXT,
        "The text in lower case, character by character.",
        ('lower("Cat")', '"cat"'),
        simple("lower({0})"),
    ),
    text_function(
        "upper",
        (_TEXT,),
        TEXT,
        "The text in upper case, character by character.",
        ('upper("Cat")', '"CAT"'),
        simple("upper({0})"),
    ),
    text_function(
        "strip",
        (_TEXT,),
        TEXT,
        "The text without blanks, tabs and line ends around it.",
        ('strip(" a ")', '"a"'),
        simple("trim({0}, " + _BLANK + ")"),
    ),
    text_function(
        "lstrip",
        (_TEXT,),
        TEXT,
        "The text without blanks, tabs and line ends before it.",
        ('lstrip(" a ")', '"a "'),
        simple("ltrim({0}, " + _BLANK + ")"),
    ),
    text_function(
        "rstrip",
        (_TEXT,),
        TEXT,
        "The text without blanks, tabs and line ends behind it.",
        ('rstrip(" a ")', '" a"'),
        simple("rtrim({0}, " + _BLANK + ")"),
    ),
    text_function(
        "append",
        (_TEXT, Parameter("end", "text")),
        TEXT,
        "The text with another behind it.",
        ('append("a", "b")', '"ab"'),
        lambda builder, term, args: args[0],
        prepare=lambda args: (_joined(args[0], args[1]),),
    ),
    text_function(
        "prepend",
        (_TEXT, Parameter("beginning", "text")),
        TEXT,
        "The text with another before it.",
        ('prepend("a", "b")', '"ba"'),
        lambda builder, term, args: args[0],
        prepare=lambda args: (_joined(args[1], args[0]),),
    ),
    text_function(
        "contains",
        (Parameter("value", "text|list|dict"), Parameter("part", "any")),
        BOOLEAN,
        "Whether a text has a part, a list an element, a dict a key.",
        ('contains("cat", "a")', "true"),
        lambda builder, term, args: args[0],
        prepare=_contains_args,
    ),
    text_function(
        "starts_with",
        (_TEXT, Parameter("part", "text")),
        BOOLEAN,
        "Whether a text begins with another.",
        ('starts_with("cat", "c")', "true"),
        simple("starts_with({0}, {1})"),
    ),
    text_function(
        "ends_with",
        (_TEXT, Parameter("part", "text")),
        BOOLEAN,
        "Whether a text ends in another.",
        ('ends_with("cat", "t")', "true"),
        simple("ends_with({0}, {1})"),
    ),
    text_function(
        "replace",
        (_TEXT, Parameter("old", "text"), Parameter("new", "text")),
        TEXT,
        "The text with each `old` replaced.",
        ('replace("cat", "c", "r")', '"rat"'),
        _replace,
    ),
    text_function(
        "slice",
        (Parameter("value", "text|list"), Parameter("start", "integer"), Parameter("end", "integer", True)),
        _same,
        "The part from a place to before another; places count from 0, negative ones from the end.",
        ('slice("cat", 1)', '"at"'),
        _slice,
    ),
    text_function(
        "limit",
        (Parameter("value", "text|list"), Parameter("count", "integer")),
        _same,
        "The first elements or characters.",
        ("limit([1, 2, 3], 2)", "[1, 2]"),
        _limit,
    ),
    text_function(
        "offset",
        (Parameter("value", "text|list"), Parameter("count", "integer")),
        _same,
        "All but the first elements or characters.",
        ("offset([1, 2, 3], 2)", "[3]"),
        _offset,
    ),
    text_function(
        "split",
        (_TEXT, Parameter("separator", "text")),
        ListType(item=TEXT),
        "The parts between separators; null if the separator is empty.",
        ('split("a,b", ",")', '["a", "b"]'),
        _split,
    ),
    text_function(
        "partition",
        (_TEXT, Parameter("separator", "text")),
        ListType(item=TEXT),
        "What is before the first separator, it, and what is behind.",
        ('partition("a=b", "=")', '["a", "=", "b"]'),
        _partition,
    ),
    _is("is_alpha", r"\pL+", "letters", ('is_alpha("cat")', "true")),
    _is("is_alnum", r"[\pL\pN]+", "letters and digits", ('is_alnum("r2d2")', "true")),
    _is("is_numeric", r"\pN+", "digits", ('is_numeric("42")', "true")),
    text_function(
        "levenshtein",
        (_TEXT, Parameter("other", "text")),
        INT64,
        "How many characters to change, add or leave out; null if the lengths in bytes multiply to over 1,000,000.",
        ('levenshtein("cat", "rat")', "1"),
        _levenshtein,
    ),
)
