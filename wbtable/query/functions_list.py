"""Functions of lists and dicts (EXPR-8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wbtable.format.types import ListType, MapType, NullType, NumberType, StructType, has_media
from wbtable.query.check_values import adapt
from wbtable.query.compile_decimals import in_order, is_text_decimal
from wbtable.query.compile_maps import comparable, in_key_order
from wbtable.query.compile_values import MAX_BUILT, MAX_RESULT, type_of
from wbtable.query.expression_error import ExpressionError
from wbtable.query.function import Function, Parameter
from wbtable.query.kinds import (
    FLOAT64,
    INT64,
    NULL,
    TEXT,
    is_float,
    is_int,
    is_number,
    is_ordered,
    is_text,
    is_wide,
    list_item,
)

if TYPE_CHECKING:
    from wbtable.format.types import ColumnType
    from wbtable.query.function import Write
    from wbtable.query.sql import Builder
    from wbtable.query.terms import Term

_GROUP: Final = "Lists"
_LIST: Final = Parameter("list", "list")


def _item(args: tuple[Term, ...]) -> ColumnType:
    return list_item(args[0].type) or INT64


def _same(args: tuple[Term, ...]) -> ColumnType:
    return ListType(item=_item(args))


def _need(args: tuple[Term, ...], fits: bool, what: str, of_nulls: ColumnType = FLOAT64) -> tuple[Term, ...]:
    if isinstance(_item(args), NullType):
        return (adapt(args[0], ListType(item=of_nulls)), *args[1:])
    if not fits:
        raise ExpressionError(f"expected a list of {what}, found {args[0].type}", args[0].span)
    return args


def _without(text: str, found: ColumnType, name: str) -> str:
    """Leave nulls out, and NaN."""
    nan = f" AND NOT isnan({name})" if is_float(found) else ""
    return f"list_filter({text}, lambda {name}: {name} IS NOT NULL{nan})"


def _number(name: str, doc: str, example: tuple[str, str]) -> Function:
    def write(builder: Builder, term: Term, args: list[str]) -> str:
        item = _item(term.args)
        kept = _without(args[0], item, "x")
        if name in {"list_sum", "list_avg"}:
            whole = is_int(item) and not is_wide(item)
            kept = f"TRY_CAST({kept} AS {'BIGINT' if whole else 'DOUBLE'}[])"
        elif is_text_decimal(item):
            return f"list_extract({in_order(kept, item)}, {1 if name == 'list_min' else -1})"
        made = f"TRY_CAST({name}({kept}) AS {type_of(term.type)})"
        if name == "list_sum" and term.type == INT64:
            builder.caution("overflow", f"{name}({kept}) IS NOT NULL AND {made} IS NULL", term)
        return made

    def result(args: tuple[Term, ...]) -> ColumnType:
        item = _item(args)
        if name in {"list_min", "list_max"}:
            return item
        whole = isinstance(item, NumberType) and not item.is_float and not is_wide(item)
        return INT64 if whole and name == "list_sum" else FLOAT64

    def prepare(args: tuple[Term, ...]) -> tuple[Term, ...]:
        if name in {"list_min", "list_max"}:
            return _need(args, is_ordered(_item(args)), "values with an order")
        return _need(args, is_number(_item(args)), "numbers")

    return Function(
        name=name,
        group=_GROUP,
        parameters=(_LIST,),
        result=result,
        gives="a number" if name in {"list_sum", "list_avg"} else "an element",
        doc=doc,
        example=example,
        write=write,
        prepare=prepare,
    )


def _flat_type(args: tuple[Term, ...]) -> ColumnType:
    item = _item(args)
    return ListType(item=list_item(item) or item)


def _range(builder: Builder, term: Term, args: list[str]) -> str:
    builder.caution("too long", f"{args[0]} > {MAX_RESULT}", term)
    return builder.let(
        args, lambda v: f"range(CASE WHEN {v[0]} <= {MAX_RESULT} THEN greatest(TRY_CAST({v[0]} AS BIGINT), 0) END)"
    )


def _join(builder: Builder, term: Term, args: list[str]) -> str:
    size = len(str(term.args[1].value).encode())

    def fits(text: str) -> str:
        return f"COALESCE(list_sum(list_transform({text}, lambda x: strlen(x) + {size})), 0) <= {MAX_BUILT}"

    builder.caution("too long", f"NOT ({fits(args[0])})", term)

    def body(v: list[str]) -> str:
        kept = f"list_filter(CASE WHEN {fits(v[0])} THEN {v[0]} END, lambda x: x IS NOT NULL)"
        return (
            f"(CASE WHEN {v[0]} IS NOT NULL AND {fits(v[0])} THEN COALESCE(array_to_string({kept}, {args[1]}), '') END)"
        )

    return builder.let([args[0]], body)


def _keys(builder: Builder, term: Term, args: list[str]) -> str:
    found = term.args[0].type
    if isinstance(found, MapType):
        return f"map_keys({args[0]})"
    assert isinstance(found, StructType)
    names = f"CAST([{', '.join(builder.text(field.name) for field in found.fields)}] AS VARCHAR[])"
    if found.has_absent:
        absent = f"struct_extract_at({args[0]}, {len(found.fields) + 1})"
        names = f"list_filter({names}, lambda x: NOT COALESCE(list_contains({absent}, x), false))"
    return f"(CASE WHEN {args[0]} IS NOT NULL THEN {names} END)"


def _key_type(args: tuple[Term, ...]) -> ColumnType:
    return ListType(item=args[0].type.key if isinstance(args[0].type, MapType) else TEXT)


def _sort(builder: Builder, term: Term, args: list[str]) -> str:
    item = _item(term.args)
    if has_media(item):
        return builder.let([args[0], _by_digest(args[0], item)], lambda v: _at_places(v[0], v[1]))
    return in_order(args[0], item)


def _by_digest(text: str, item: ColumnType) -> str:
    """Return the elements of a list as what they compare by and their place, in that order; null is behind all."""
    pairs = f"list_transform({text}, lambda d, i: row(d IS NULL, {comparable('d', item)}, i))"
    return f"list_sort({pairs}, 'ASC', 'NULLS LAST')"


def _at_places(text: str, places: str) -> str:
    return f"list_transform({places}, lambda p: list_extract({text}, struct_extract_at(p, 3)))"


def _unique(builder: Builder, term: Term, args: list[str]) -> str:
    item = _item(term.args)
    if has_media(item):
        # Of equal ones the first; where a blob lies, and what it is called, tells nothing apart.
        def firsts(v: list[str]) -> str:
            same = f"struct_extract_at(list_extract({v[1]}, i - 1), 2) IS NOT DISTINCT FROM struct_extract_at(p, 2)"
            kept = f"list_filter({v[1]}, lambda p, i: NOT struct_extract_at(p, 1) AND NOT (i > 1 AND {same}))"
            return _at_places(v[0], kept)

        return builder.let([args[0], _by_digest(args[0], item)], firsts)
    return in_order(f"list_distinct({in_key_order(args[0], term.args[0].type)})", _item(term.args))


def _list(name: str, doc: str, example: tuple[str, str], template: str | Write) -> Function:
    return Function(
        name=name,
        group=_GROUP,
        parameters=(_LIST,),
        result=_same,
        gives="list",
        doc=doc,
        example=example,
        write=template if callable(template) else lambda builder, term, args: template.replace("{}", args[0]),
    )


LISTS: Final = (
    _list(
        "sort", "The elements in ascending order, NaN behind numbers, nulls last.", ("sort([2, 1])", "[1, 2]"),
        _sort,
    ),
    _list(
        "unique", "The distinct elements that are not null, in ascending order.", ("unique([2, 1, 2])", "[1, 2]"),
        _unique,
    ),
    _list(
        "drop_nulls", "The elements that are not null.", ("drop_nulls([1, null])", "[1]"),
        "list_filter({}, lambda x: x IS NOT NULL)",
    ),
    Function(
        name="flatten", group=_GROUP, parameters=(_LIST,), result=_flat_type, gives="list",
        doc="The elements of the lists in a list.", example=("flatten([[1], [2, 3]])", "[1, 2, 3]"),
        write=lambda builder, term, args: f"flatten({args[0]})",
        prepare=lambda args: _need(args, list_item(_item(args)) is not None, "lists", ListType(item=NULL)),
    ),
    Function(
        name="range", group=_GROUP, parameters=(Parameter("count", "integer"),), result=ListType(item=INT64),
        gives="list of int64", doc="The whole numbers from 0 to below a count.", example=("range(3)", "[0, 1, 2]"),
        write=_range,
    ),
    Function(
        name="join_text", group=_GROUP, parameters=(_LIST, Parameter("separator", "text", is_literal=True)),
        result=TEXT, gives="text",
        doc="The texts of a list with a separator between, without nulls.",
        example=('join_text(["a", "b"], ", ")', '"a, b"'), write=_join,
        prepare=lambda args: _need(args, is_text(_item(args)), "text", TEXT),
    ),
    _number("list_sum", "The sum of a list's numbers, without nulls and NaN.", ("list_sum([1, 2])", "3")),
    _number("list_avg", "The mean of a list's numbers, without nulls and NaN.", ("list_avg([1, 2])", "1.5")),
    _number("list_min", "The least element, without nulls and NaN.", ("list_min([2, 1])", "1")),
    _number("list_max", "The greatest element, without nulls and NaN.", ("list_max([2, 1])", "2")),
    Function(
        name="keys", group="Dicts", parameters=(Parameter("dict", "dict"),), result=_key_type, gives="list",
        doc="The keys of a dict.", example=('keys({"a": 1})', '["a"]'), write=_keys,
    ),
)  # fmt: skip
