"""Fields and elements of values, and facts of media (EXPR-6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbtable.format.types import (
    ClassesType,
    ColumnType,
    ComplexType,
    Field,
    HistogramType,
    ListType,
    MapType,
    MediaType,
    NdarrayType,
    NumberType,
    StructType,
)
from wbtable.query.ast import Field as FieldNode
from wbtable.query.ast import Literal
from wbtable.query.check_values import adapt
from wbtable.query.expression_error import ExpressionError, did_you_mean
from wbtable.query.kinds import FLOAT64, INT64, TEXT, is_int, is_text, list_item
from wbtable.query.terms import Term

if TYPE_CHECKING:
    from wbtable.query.expression_error import Span

_FILE = {"digest": TEXT, "size": INT64, "content_type": TEXT}
_BOX = StructType(
    fields=(
        Field(name="layer", type=TEXT),
        Field(name="style", type=TEXT),
        Field(name="position", type=ListType(item=FLOAT64)),
        Field(name="domain", type=TEXT),
        Field(name="class_id", type=INT64),
        Field(name="caption", type=TEXT),
        Field(name="scores", type=MapType(key=TEXT, item=FLOAT64)),
    )
)


def fields_of(found: ColumnType) -> dict[str, ColumnType]:
    """Return what stands behind a point: fields of dicts, facts of media."""
    if isinstance(found, StructType):
        return {field.name: field.type for field in found.fields}
    if isinstance(found, ComplexType):
        return {"real": FLOAT64, "imag": FLOAT64}
    if isinstance(found, HistogramType):
        return {"counts": ListType(item=FLOAT64), "bins": ListType(item=FLOAT64)}
    if not isinstance(found, MediaType):
        return {}
    out: dict[str, ColumnType] = {}
    for field in found.arrow():
        if field.name == "boxes":
            out["boxes"] = ListType(item=_BOX)
        elif field.name not in {"file", "masks"}:
            out[field.name] = TEXT if str(field.type) == "string" else NumberType(dtype=_numpy(str(field.type)))
    return out | _FILE


def _numpy(arrow: str) -> str:
    return {"double": "float64", "float": "float32"}.get(arrow, arrow)


def check_field(base: Term, node: FieldNode) -> Term:
    """Type ``base.name``.

    Raises:
        ExpressionError: the base has no such field.

    """
    known = fields_of(base.type)
    if isinstance(base.type, MapType) and is_text(base.type.key):
        key = Term(op="literal", type=base.type.key, value=node.name, span=node.span)
        return _element(base, key, base.type.item, node.span)
    if not known:
        raise ExpressionError(
            f"{base.type} has no fields",
            node.span,
            suggestion="names with a point stand in backquotes: `a.b`" if base.op == "column" else None,
        )
    found = known.get(node.name)
    if found is None:
        listed = f"there are {', '.join(list(known)[:12])}"
        raise ExpressionError(
            f'there is no field "{node.name:.80}" in {base.type.kind}',
            node.span,
            suggestion=did_you_mean(node.name, known) or listed,
        )
    return Term(op="field", type=found, args=(base,), value=node.name, span=node.span, has_aggregate=base.has_aggregate)


def check_index(base: Term, index: Term, span: Span) -> Term:
    """Type ``base[index]``.

    Raises:
        ExpressionError: the base has no elements, or the index is of the wrong type.

    """
    if isinstance(base.type, StructType):
        if not (index.is_literal and isinstance(index.value, str)):
            raise ExpressionError("expected the key as text in quotes", index.span, suggestion='write base["key"]')
        return check_field(base, FieldNode(base=Literal(value=None), name=index.value, span=span))
    if isinstance(base.type, MapType):
        key = adapt(index, base.type.key)
        if key.type != base.type.key:
            raise ExpressionError(f"expected a key of type {base.type.key}, found {index.type}", index.span)
        return _element(base, key, base.type.item, span)
    item = list_item(base.type)
    if item is None:
        advice = "write slice(text, 0, 1) for a part of a text" if is_text(base.type) else None
        if isinstance(base.type, NdarrayType):
            advice = "only arrays of one dimension and one length have elements here"
        raise ExpressionError(f"{base.type} has no elements", span, suggestion=advice)
    if not is_int(index.type) or isinstance(index.type, ClassesType):
        raise ExpressionError(
            f"expected a whole number as index, found {index.type}", index.span, suggestion="indexes count from 0"
        )
    return _element(base, index, item, span)


def _element(base: Term, index: Term, found: ColumnType, span: Span) -> Term:
    aggregate = base.has_aggregate or index.has_aggregate
    return Term(op="element", type=found, args=(base, index), span=span, has_aggregate=aggregate)
