"""The oracle: what an expression means, one row at a time, in plain Python (spec: 15-expressions)."""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.oracle.functions import FUNCTIONS, Nano, as_moment, as_nanoseconds, has, is_nan, same
from wbtable.query import ast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from decimal import Decimal

Value = Any


@dataclass(frozen=True)
class Made:
    """A part that can be asked for its value in a row; `literal` is what stands in the text."""

    kind: str
    of: Callable[[Mapping[str, Value]], Value]
    literal: Any = None
    item: str = ""


def build(node: ast.Node, columns: Mapping[str, str]) -> Made:
    """Return the meaning of a node over columns of these kinds."""
    if isinstance(node, ast.Literal):
        return _literal(node.value)
    if isinstance(node, ast.Name):
        name = node.name
        kind, _, item = columns[name].partition(":")
        return Made(kind, lambda row: row[name], item=item)
    if isinstance(node, ast.Unary):
        return _unary(node.operator, build(node.operand, columns))
    if isinstance(node, ast.Logical):
        parts = [build(part, columns) for part in node.operands]
        stop = node.operator == "or"
        return Made("bool", lambda row: _logical([part.of(row) for part in parts], stop))
    if isinstance(node, ast.Binary):
        return _binary(node.operator, build(node.left, columns), build(node.right, columns))
    if isinstance(node, ast.IsNull):
        part = build(node.operand, columns)
        return Made("bool", lambda row: (part.of(row) is None) != node.negated)
    if isinstance(node, ast.In):
        return _in(node, columns)
    if isinstance(node, ast.Between):
        a, low, high = (build(part, columns) for part in node.children())
        least, most = _binary(">=", a, low), _binary("<=", a, high)
        return _not_if(node.negated, lambda row: _logical([least.of(row), most.of(row)], False))
    if isinstance(node, ast.Like):
        return _like(node, columns)
    return _nested(node, columns)


def _nested(node: ast.Node, columns: Mapping[str, str]) -> Made:
    if isinstance(node, ast.List):
        parts = _shared([build(item, columns) for item in node.items])
        return Made("list", lambda row: [part.of(row) for part in parts], item=parts[0].kind if parts else "null")
    if isinstance(node, ast.Dict):
        fields = {key: build(value, columns) for key, value in node.items}
        return Made("struct", lambda row: {key: value.of(row) for key, value in fields.items()})
    if isinstance(node, ast.Field):
        base, field = build(node.base, columns), node.name
        kind = {"n": "int", "N": "text", "": "f64"}[field]
        return Made(kind, lambda row: None if base.of(row) is None else base.of(row)[field])
    if isinstance(node, ast.Index):
        base, index = build(node.base, columns), build(node.index, columns)
        return Made(base.item, lambda row: _element(base.of(row), index.of(row)))
    assert isinstance(node, ast.Call)
    return _call(node.function, [build(part, columns) for part in node.arguments])


def _literal(value: bool | int | Decimal | str | None) -> Made:
    if value is None:
        return Made("null", lambda row: None)
    if isinstance(value, bool):
        return Made("bool", lambda row: value)
    if isinstance(value, str):
        return Made("text", lambda row: value, literal=value)
    if isinstance(value, int):
        kind = "int" if -(2**63) <= value < 2**63 else "wide"
        return Made(kind, lambda row: value, literal=value)
    return Made("f64", lambda row: float(value), literal=value)


def _not_if(negated: bool, of: Callable[[Mapping[str, Value]], Value]) -> Made:
    def run(row: Mapping[str, Value]) -> Value:
        found = of(row)
        return found if found is None or not negated else not found

    return Made("bool", run)


def _logical(values: list[Value], stop: bool) -> Value:
    if stop in values:
        return stop
    return None if None in values else not stop


def _unary(operator: str, part: Made) -> Made:
    if operator == "not":
        return _not_if(True, part.of)
    if part.literal is not None:
        return _literal(-part.literal)
    return Made(part.kind, lambda row: None if part.of(row) is None else _fit(-part.of(row), part.kind))


def _fit(value: Value, kind: str) -> Value:
    """Return a whole number if it fits, else null."""
    if kind == "int" and not -(2**63) <= value < 2**63:
        return None
    if kind == "wide" and abs(value) >= 10**38:
        return None
    return value


WHOLE = ("int", "wide")
NUMBERS = ("int", "wide", "f32", "f64")


def _binary(operator: str, a: Made, b: Made) -> Made:
    if operator == "contains":
        return Made("bool", lambda row: has(a.of(row), b.of(row)))
    if operator in ast.COMPARISONS:
        return Made("bool", _comparison(operator, a, b))
    if a.kind in {"text", "list"}:
        return Made(a.kind, lambda row: None if None in (a.of(row), b.of(row)) else a.of(row) + b.of(row), item=a.item)
    if a.kind in {"date", "ts", "tn", "tz"}:
        return _moments(operator, a, b)
    kind = "f64"
    if a.kind in WHOLE and b.kind in WHOLE and operator in {"+", "-", "*", "%"}:
        kind = "wide" if "wide" in (a.kind, b.kind) else "int"

    def run(row: Mapping[str, Value]) -> Value:
        x, y = a.of(row), b.of(row)
        if x is None or y is None:
            return None
        if kind == "f64":
            return _float(operator, float(x), float(y))
        if operator == "%":
            return _fit(x % y, kind) if y else None
        return _fit({"+": x + y, "-": x - y, "*": x * y}[operator], kind)

    return Made(kind, run)


def _float(operator: str, x: float, y: float) -> float | None:
    if operator == "/":
        with np.errstate(all="ignore"):
            return None if y == 0 else float(np.float64(x) / np.float64(y))
    if operator == "%":
        return None if y == 0 else _remainder(x, y)
    if operator == "**":
        with np.errstate(all="ignore"):
            return float(np.power(np.float64(x), np.float64(y)))
    return {"+": x + y, "-": x - y, "*": x * y}[operator]


def _remainder(x: float, y: float) -> float:
    with np.errstate(all="ignore"):
        rest = float(np.fmod(x, y))
    return rest + y if rest != 0 and (rest < 0) != (y < 0) else rest


def _moments(operator: str, a: Made, b: Made) -> Made:
    def run(row: Mapping[str, Value]) -> Value:
        x, y = a.of(row), b.of(row)
        if x is None or y is None:
            return None
        if isinstance(x, Nano) or isinstance(y, Nano):
            length = as_nanoseconds(y)
            return Nano(as_nanoseconds(x) + (-length if operator == "-" else length))
        return as_moment(x) - (as_moment(y) if b.kind in {"date", "ts"} else y) if operator == "-" else as_moment(x) + y

    return Made("ts" if b.kind == "dur" else "dur", run)


def _comparison(operator: str, a: Made, b: Made) -> Callable[[Mapping[str, Value]], Value]:
    left, right = _alike(a, b), _alike(b, a)

    def run(row: Mapping[str, Value]) -> Value:
        x, y = left(row), right(row)
        return None if x is None or y is None else _compare(operator, x, y)

    return run


def _alike(part: Made, other: Made) -> Callable[[Mapping[str, Value]], Value]:
    """Return a side's value; a literal is what the other side's type makes of it."""
    if part.kind == "list" and other.item == "f32" and part.item == "f64":
        return lambda row: [_narrow(value) for value in part.of(row)]
    if part.literal is None or other.literal is not None:
        return part.of
    if isinstance(part.literal, str):
        if other.kind in {"date", "ts", "tn", "tz"}:
            moment = FUNCTIONS["timestamp"][1](part.literal)
            return lambda row: moment
        return part.of
    if other.kind == "f32":
        narrow = _narrow(float(part.literal))
        return lambda row: narrow if math.isfinite(narrow) else float(part.literal)
    if other.kind == "f64":
        return lambda row: float(part.literal)
    return lambda row: part.literal


def _narrow(value: float) -> float:
    with np.errstate(over="ignore"):
        return float(np.float32(value))


def _compare(operator: str, x: Value, y: Value) -> bool:
    if isinstance(x, Nano) or isinstance(y, Nano):
        x, y = as_nanoseconds(x), as_nanoseconds(y)
    elif isinstance(x, dt.date):
        x, y = as_moment(x), as_moment(y)
    if operator in {"==", "!="}:
        return same(x, y) == (operator == "==")
    if is_nan(x) or is_nan(y):
        return False
    return {"<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y}[operator]


def _in(node: ast.In, columns: Mapping[str, str]) -> Made:
    operand = build(node.operand, columns)
    if not isinstance(node.options, ast.List):
        options = build(node.options, columns)
        return _not_if(node.negated, lambda row: has(options.of(row), operand.of(row)))
    parts = [build(option, columns) for option in node.options.items]
    tests = [_comparison("==", operand, part) for part in parts if part.kind != "null"]
    empty = [None]

    def run(row: Mapping[str, Value]) -> Value:
        if not tests:
            return empty[0] if operand.of(row) is None else False
        return _logical([test(row) for test in tests], True)

    return _not_if(node.negated, run)


def _like(node: ast.Like, columns: Mapping[str, str]) -> Made:
    operand = build(node.operand, columns)
    assert isinstance(node.pattern, ast.Literal)
    pattern = "".join({"%": ".*", "_": "."}.get(char) or re.escape(char) for char in str(node.pattern.value))

    def run(row: Mapping[str, Value]) -> Value:
        text = operand.of(row)
        return None if text is None else re.fullmatch(pattern, text, re.DOTALL) is not None

    return _not_if(node.negated, run)


def _element(base: Value, index: Value) -> Value:
    if base is None or index is None or not -len(base) <= index < len(base):
        return None
    return base[index]


def _shared(parts: list[Made]) -> list[Made]:
    """Return parts as values of one type, as `if`, `coalesce` and lists make them."""
    fixed = [part.kind for part in parts if part.literal is None and part.kind != "null"]
    kinds = fixed or [part.kind for part in parts if part.kind != "null"]
    if not kinds or kinds[0] not in NUMBERS:
        return parts
    kind = kinds[0]
    for other in kinds[1:]:
        kind = _wider(kind, other)
    for part in parts:
        if part.literal is not None and fixed and not _takes(kind, part.literal):
            kind = _wider(kind, part.kind)
    return [_as(part, kind) for part in parts]


def _wider(a: str, b: str) -> str:
    if a in WHOLE and b in WHOLE:
        return "wide" if "wide" in (a, b) else "int"
    return a if a == b else "f64"


def _takes(kind: str, value: int | Decimal) -> bool:
    if kind == "f32":
        return math.isfinite(_narrow(float(value)))
    if kind in WHOLE:
        return value == int(value) and _fit(int(value), kind) is not None
    return True


def _as(part: Made, kind: str) -> Made:
    def run(row: Mapping[str, Value]) -> Value:
        value = part.of(row)
        if value is None:
            return None
        if kind in WHOLE:
            return int(value if part.literal is None else part.literal)
        return _narrow(float(value)) if kind == "f32" else float(value)

    return Made(kind, run, item=part.item)


def _call(name: str, parts: list[Made]) -> Made:
    if name in {"if", "coalesce", "least", "greatest"}:
        return _choice(name, parts)
    made = FUNCTIONS[name]
    kind, function = made
    if kind == "same":
        kind = parts[0].kind
        item = parts[0].item
    else:
        kind, _, item = kind.partition(":")
    if name in {"abs", "floor", "ceil", "round"} and kind == "f32":
        kind = "f64"

    def run(row: Mapping[str, Value]) -> Value:
        values = [part.of(row) for part in parts]
        if None in values:
            return None
        found = function(*values)
        return _fit(found, kind) if found is not None and kind in WHOLE else found

    return Made(kind, run, item=item)


def _choice(name: str, parts: list[Made]) -> Made:
    if name == "if":
        condition, *rest = parts
        then, other = _shared([*rest, Made("null", lambda row: None)])[:2]
        kind = then if then.kind != "null" else other
        return Made(kind.kind, lambda row: (then if condition.of(row) is True else other).of(row), item=kind.item)
    parts = _shared(parts)
    kind = next((part for part in parts if part.kind != "null"), parts[0])

    def run(row: Mapping[str, Value]) -> Value:
        values = [value for value in (part.of(row) for part in parts) if value is not None]
        if name == "coalesce":
            return values[0] if values else None
        values = [value for value in values if not is_nan(value)]
        return ({"least": min, "greatest": max}[name](values)) if values else None

    return Made(kind.kind, run, item=kind.item)
