"""Aggregates (EXPR-7): one value of the rows of a group; nulls and NaN are skipped, and NaN is counted."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from wbtable.format.types import BooleanType, HistogramType, IntegerType, ListType, MediaType, NumberType
from wbtable.query.check_compare import digest_of
from wbtable.query.check_values import adapt
from wbtable.query.compile_decimals import is_text_decimal, ordered
from wbtable.query.compile_maps import comparable
from wbtable.query.compile_values import type_of
from wbtable.query.expression_error import ExpressionError
from wbtable.query.function import Function, Parameter
from wbtable.query.kinds import FLOAT64, INT64, INTEGER, is_float, is_number, is_wide
from wbtable.query.sql import narrow

if TYPE_CHECKING:
    from wbtable.format.types import ColumnType
    from wbtable.query.sql import Builder
    from wbtable.query.terms import Term

MAX_BINS: Final = 512
_LARGEST: Final = "1e150"
"""Squares of larger numbers do not fit in a double."""
_HALF: Final = 10**19
_GROUP: Final = "Aggregates"


def _filter(builder: Builder, term: Term, arg: Term, text: str) -> str:
    """Return the filter that skips NaN, and count them."""
    if not is_float(arg.type):
        return ""
    builder.caution("NaN skipped", f"isnan({text})", term)
    return f" FILTER (NOT isnan({text}))"


def _count(builder: Builder, term: Term, args: list[str]) -> str:
    if not args:
        return "count(*)"
    return f"count({args[0]}){_filter(builder, term, term.args[0], args[0])}"


def _number(term: Term, text: str) -> str:
    """Return what is averaged or added up: booleans as 0 and 1, floats as doubles."""
    if isinstance(term.type, BooleanType):
        return f"CAST({text} AS INTEGER)"
    if isinstance(term.type, NumberType) and not (term.type.is_float or is_wide(term.type)):
        return text
    return f"TRY_CAST({text} AS DOUBLE)"


def _avg(builder: Builder, term: Term, args: list[str]) -> str:
    arg = term.args[0]
    return f"avg({_number(arg, args[0])}){_filter(builder, term, arg, args[0])}"


def _sum(builder: Builder, term: Term, args: list[str]) -> str:
    arg = term.args[0]
    if isinstance(term.type, IntegerType):
        return _wide_sum(builder, term, args[0])
    text = f"sum({_number(arg, args[0])}){_filter(builder, term, arg, args[0])}"
    if term.type == FLOAT64:
        return f"CAST({text} AS DOUBLE)"
    return narrow(text, "BIGINT")


def _wide_sum(builder: Builder, term: Term, text: str) -> str:
    """Add up halves of integers of 38 digits, which cannot overflow, then put them together where that fits."""
    found = f"CAST({text} AS HUGEINT)"
    high, low = f"sum({found} // {_HALF})", f"sum({found} % {_HALF})"

    def body(v: list[str]) -> str:
        near = f"abs(CAST({v[0]} AS DOUBLE) * 1e19 + CAST({v[1]} AS DOUBLE)) < 1e38"
        return f"(CASE WHEN {near} THEN TRY_CAST({v[0]} * {_HALF} + {v[1]} AS DECIMAL(38, 0)) END)"

    return builder.let([high, low], body)


def _sum_type(args: tuple[Term, ...]) -> ColumnType:
    found = args[0].type
    if isinstance(found, BooleanType):
        return INT64
    if isinstance(found, NumberType) and not found.is_float and not is_wide(found):
        return INT64
    return INTEGER if is_wide(found) else FLOAT64


def _extreme(name: str) -> Function:
    def write(builder: Builder, term: Term, args: list[str]) -> str:
        if is_text_decimal(term.type):
            return f"arg_{name}({args[0]}, {ordered(args[0], term.type)})"
        return f"{name}({args[0]}){_filter(builder, term, term.args[0], args[0])}"

    word = {"min": "least", "max": "greatest"}[name]
    return Function(
        name=name,
        group=_GROUP,
        parameters=(Parameter("value", "ordered"),),
        result=lambda args: args[0].type,
        gives="the same type",
        doc=f"The {word} value.",
        example=(f"{name}(score)", f"the {word} score of the group"),
        write=write,
        is_aggregate=True,
    )


def _stddev(builder: Builder, term: Term, args: list[str]) -> str:
    text = args[0]
    _filter(builder, term, term.args[0], text)
    builder.caution("too large for stddev", f"abs({text}) > {_LARGEST} AND NOT isnan({text})", term)
    large = f"count(*) FILTER (abs({text}) > {_LARGEST} AND NOT isnan({text}))"
    return f"(CASE WHEN {large} = 0 THEN stddev_pop({text}) FILTER (abs({text}) <= {_LARGEST}) END)"


def _double(args: tuple[Term, ...]) -> tuple[Term, ...]:
    return (adapt(args[0], FLOAT64), *args[1:])


def _median(builder: Builder, term: Term, args: list[str]) -> str:
    return f"quantile_cont({args[0]}, 0.5){_filter(builder, term, term.args[0], args[0])}"


def _quantile(builder: Builder, term: Term, args: list[str]) -> str:
    share = float(term.args[1].value)
    return f"quantile_cont({args[0]}, CAST('{share!r}' AS DOUBLE)){_filter(builder, term, term.args[0], args[0])}"


def _check_share(args: tuple[Term, ...]) -> tuple[Term, ...]:
    share = args[1]
    if share.value is None or not 0 <= share.value <= 1:
        raise ExpressionError("expected a share from 0 to 1", share.span, suggestion="write 0.9 for nine in ten")
    return _double(args)


def _arg(name: str) -> Function:
    def write(builder: Builder, term: Term, args: list[str]) -> str:
        value, by = args
        found = term.args[1]
        skip = f"{by} IS NOT NULL"
        if is_float(found.type):
            _filter(builder, term, found, by)
            skip += f" AND NOT isnan({by})"
        # The first of equals: the row's position breaks ties.
        rank = f"row({ordered(by, found.type)}, {builder.position if name == 'argmin' else f'-{builder.position}'})"
        return f"struct_extract_at(arg_{name[3:]}(struct_pack(v := {value}), {rank}) FILTER ({skip}), 1)"

    word = {"argmin": "least", "argmax": "greatest"}[name]
    return Function(
        name=name,
        group=_GROUP,
        parameters=(Parameter("value", "any"), Parameter("by", "ordered")),
        result=lambda args: args[0].type,
        gives="the type of value",
        doc=f"The value in the row where `by` is {word}; of several such rows, in the first.",
        example=(f"{name}(completion, len(completion))", f"the completion of {word} length"),
        write=write,
        is_aggregate=True,
    )


def _first(builder: Builder, term: Term, args: list[str]) -> str:
    return first_sql(args[0], builder.position)


def first_sql(text: str, position: str) -> str:
    """Return the value of the row of least position, null if it is null there."""
    return f"struct_extract_at(arg_min(struct_pack(v := {text}), {position}), 1)"


def _distinct(builder: Builder, term: Term, args: list[str]) -> str:
    return f"count(DISTINCT {comparable(args[0], term.args[0].type)}){_filter(builder, term, term.args[0], args[0])}"


def _by_digest(args: tuple[Term, ...]) -> tuple[Term, ...]:
    return tuple(digest_of(arg) if isinstance(arg.type, MediaType) else arg for arg in args)


def _check_edges(args: tuple[Term, ...]) -> tuple[Term, ...]:
    value, edges = args
    written = [item.value if is_number(item.type) else None for item in edges.args if item.is_literal]
    numbers = [None if number is None else float(number) for number in written]
    ascending = all(a is not None and b is not None and a < b for a, b in pairwise(numbers))
    if len(numbers) != len(edges.args) or not 2 <= len(numbers) <= MAX_BINS + 1 or not ascending:
        raise ExpressionError(
            f"expected 2 to {MAX_BINS + 1} ascending numbers as edges", edges.span, suggestion="write [0, 0.5, 1]"
        )
    return (adapt(value, FLOAT64), adapt(edges, ListType(item=FLOAT64)))


def _histogram(builder: Builder, term: Term, args: list[str]) -> str:
    edges = [float(item.value) for item in term.args[1].args]
    value = args[0]
    # The engine's bins hold their upper edge; ours the lower one, and the last both: so the signs are turned.
    top = math.nextafter(edges[-1], math.inf)
    turned = [-top, *(-edge for edge in reversed(edges[:-1]))]
    bounds = ", ".join(f"CAST('{edge!r}' AS DOUBLE)" for edge in turned)
    skip = f"{value} >= CAST('{edges[0]!r}' AS DOUBLE) AND {value} <= CAST('{edges[-1]!r}' AS DOUBLE)"
    _filter(builder, term, term.args[0], value)
    found = f"histogram(-{value}, [{bounds}]) FILTER ({skip})"
    bins = ", ".join(f"CAST('{edge!r}' AS DOUBLE)" for edge in edges)
    counts = ", ".join(f"COALESCE(list_extract(map_values({{}}), {len(edges) - i}), 0)" for i in range(len(edges) - 1))
    return builder.let(
        [found], lambda v: f"CAST(row([{counts.replace('{}', v[0])}], [{bins}]) AS {type_of(term.type)})"
    )


AGGREGATES: Final = (
    Function(
        name="count",
        group=_GROUP,
        parameters=(Parameter("value", "any", is_optional=True),),
        result=INT64,
        gives="int64",
        doc="The number of rows, or of those that have a value.",
        example=("count()", "the rows of the group"),
        write=_count,
        is_aggregate=True,
    ),
    Function(
        name="avg",
        group=_GROUP,
        parameters=(Parameter("value", "number|boolean"),),
        result=FLOAT64,
        gives="float64",
        doc="The mean; true counts 1 and false 0, so that it is the share of rows where something holds.",
        example=("avg(guess == truth)", "the share of right guesses"),
        write=_avg,
        is_aggregate=True,
    ),
    Function(
        name="sum",
        group=_GROUP,
        parameters=(Parameter("value", "number|boolean"),),
        result=_sum_type,
        gives="int64 of whole numbers and booleans, else float64",
        doc="The sum; of whole numbers exact, null where it does not fit.",
        example=("sum(guess == truth)", "how many guesses are right"),
        write=_sum,
        is_aggregate=True,
        may_overflow=True,
    ),
    _extreme("min"),
    _extreme("max"),
    Function(
        name="stddev",
        group=_GROUP,
        parameters=(Parameter("value", "number"),),
        result=FLOAT64,
        gives="float64",
        doc="The standard deviation of the population; null where a value is infinite or beyond 1e150.",
        example=("stddev(score)", "how far scores lie from their mean"),
        write=_stddev,
        prepare=_double,
        is_aggregate=True,
    ),
    Function(
        name="median",
        group=_GROUP,
        parameters=(Parameter("value", "number"),),
        result=FLOAT64,
        gives="float64",
        doc="The value in the middle; between two, their mean.",
        example=("median(duration)", "the duration that half of the rows pass"),
        write=_median,
        prepare=_double,
        is_aggregate=True,
    ),
    Function(
        name="quantile",
        group=_GROUP,
        parameters=(Parameter("value", "number"), Parameter("share", "number", is_literal=True)),
        result=FLOAT64,
        gives="float64",
        doc="The value that a share of the values does not pass; between two values interpolated.",
        example=("quantile(duration, 0.9)", "nine in ten are no longer than this"),
        write=_quantile,
        prepare=_check_share,
        is_aggregate=True,
    ),
    _arg("argmin"),
    _arg("argmax"),
    Function(
        name="distinct",
        group=_GROUP,
        parameters=(Parameter("value", "any"),),
        result=INT64,
        gives="int64",
        doc="The number of distinct values; media count by digest.",
        example=("distinct(guess)", "how many classes were guessed"),
        write=_distinct,
        prepare=_by_digest,
        is_aggregate=True,
    ),
    Function(
        name="first",
        group=_GROUP,
        parameters=(Parameter("value", "any"),),
        result=lambda args: args[0].type,
        gives="the same type",
        doc="The value in the group's first row, null if that has none.",
        example=("first(image)", "one image for each group"),
        write=_first,
        is_aggregate=True,
    ),
    Function(
        name="histogram",
        group=_GROUP,
        parameters=(Parameter("value", "number"), Parameter("edges", "list", is_literal=True)),
        result=HistogramType(),
        gives="histogram",
        doc="How many values lie between edges: a bin holds its lower edge, the last one its upper edge too.",
        example=("histogram(score, [0, 0.5, 1])", "two counts"),
        write=_histogram,
        prepare=_check_edges,
        is_aggregate=True,
    ),
)
