"""Random expressions that fit the oracle's tables."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from tests.oracle.tables import KINDS
from wbtable.query import ast

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

_WHOLE = [0, 1, 2, -1, -3, 7, 10, 127, 2**53 + 1, 2**63 - 1, -(2**63), 2**64]
_FRACTIONS = ["0.1", "0.5", "1.0", "2.5", "0.2", "1e300", "3.4e38", "9007199254740993.0", "1e-5"]
_TEXTS = ["", "cat", "a", ",", "é", "Cat", "42", "a'b", "b", " ", "x", "\0", '"; --', "%"]
_MOMENTS = [
    "2024-02-29T12:30:01",
    "2024-02-29T12:30:01.000000006",
    "1969-12-31T23:59:59.999999999",
    "9998-12-31",
    "0001-01-01",
]
_PATTERNS = ["^c", "[0-9]+", "a.", "t$", "(?i)CAT", "[a-c]", "x*y"]
_LIKES = ["c%", "%t", "%a%", "cat", "c_t", "%a%b%", "_", "", "%", "a%,%c"]


class Generator:
    """Makes expressions of a kind, no deeper than asked."""

    def __init__(self, random: random.Random) -> None:
        self.random = random

    def make(self, kind: str, depth: int) -> ast.Node:
        """Return an expression."""
        if depth <= 0 or self.random.random() < 0.15:
            return self.leaf(kind)
        return getattr(self, f"make_{kind}")(depth - 1)

    def pick(self, *choices: Callable[[], ast.Node]) -> ast.Node:
        return self.random.choice(choices)()

    def column(self, kind: str) -> ast.Node:
        return ast.Name(name=self.random.choice([name for name, found in KINDS.items() if found == kind]))

    def call(self, name: str, *arguments: ast.Node) -> ast.Node:
        return ast.Call(function=name, arguments=arguments)

    def text(self, options: list[str]) -> ast.Node:
        return ast.Literal(value=self.random.choice(options))

    def whole(self, options: list[int]) -> ast.Node:
        value = self.random.choice(options)
        found = ast.Literal(value=abs(value))
        return ast.Unary(operator="-", operand=found) if value < 0 else found

    def leaf(self, kind: str) -> ast.Node:
        if self.random.random() < 0.6 or kind in {"struct", "fl"}:
            return self.column({"ints": "list:int", "texts": "list:text", "fl": "list:f32"}.get(kind, kind))
        if kind in {"int", "wide"}:
            return self.whole(_WHOLE if kind == "wide" else _WHOLE[:-1])
        if kind in {"f32", "f64"}:
            return ast.Literal(value=Decimal(self.random.choice(_FRACTIONS)))
        if kind == "bool":
            return ast.Literal(value=self.random.random() < 0.5)
        if kind == "date":
            return self.call("date", self.text(["2024-02-29", "1970-01-01"]))
        if kind == "ts":
            return self.call("timestamp", self.text(["2024-02-29T12:30:01", "1969-12-31"]))
        if kind == "tn":
            return self.call("timestamp", self.text(["2024-02-29T12:30:01.000000005", "1969-12-31T23:59:59.999999999"]))
        if kind == "tz":
            return self.call(
                "timestamp", self.text(["2023-11-14T22:13:20.123456789Z", "1969-12-31T23:59:59.999998999Z"])
            )
        if kind == "ints":
            return ast.List(items=tuple(self.whole([0, 1, 2, 7]) for _ in range(self.random.choice([1, 2]))))
        if kind == "texts":
            return ast.List(items=(self.text(_TEXTS), self.text(_TEXTS)))
        return self.text(_TEXTS)

    def number(self, depth: int) -> ast.Node:
        return self.make(self.random.choice(["int", "int", "wide", "f32", "f64"]), depth)

    def choice(self, kind: str, depth: int) -> ast.Node:
        a, b = self.make(kind, depth), self.make(kind, depth)
        if self.random.random() < 0.5:
            return self.call("if", self.make("bool", depth), a, b)
        return (
            self.call("coalesce", a, ast.Literal(value=None), b)
            if self.random.random() < 0.3
            else self.call("coalesce", a, b)
        )

    def arithmetic(self, a: ast.Node, b: ast.Node, operators: list[str]) -> ast.Node:
        return ast.Binary(operator=self.random.choice(operators), left=a, right=b)

    def make_int(self, depth: int) -> ast.Node:
        return self.pick(
            lambda: self.arithmetic(self.make("int", depth), self.make("int", depth), ["+", "-", "*", "%"]),
            lambda: ast.Unary(operator="-", operand=self.make("int", depth)),
            lambda: self.call("len", self.make(self.random.choice(["text", "ints", "texts"]), depth)),
            lambda: ast.Index(base=self.make("ints", depth), index=self.make("int", depth)),
            lambda: ast.Index(base=self.make("ints", depth), index=self.whole([0, 1, -1, 5, -9])),
            lambda: ast.Field(base=ast.Name(name="st"), name="n"),
            lambda: self.call("int", self.make(self.random.choice(["f64", "text", "bool", "f32"]), depth)),
            lambda: self.call("abs", self.make("int", depth)),
            lambda: self.call(self.random.choice(["year", "month", "day", "weekday"]), self.make("date", depth)),
            lambda: self.call(
                self.random.choice(["hour", "second"]), self.make(self.random.choice(["ts", "tn"]), depth)
            ),
            lambda: self.call("list_sum", self.call("limit", ast.Name(name="l"), self.whole([1]))),
            lambda: self.call("levenshtein", self.make("text", depth), self.text(_TEXTS)),
            lambda: self.choice("int", depth),
        )

    def make_wide(self, depth: int) -> ast.Node:
        return self.pick(
            lambda: self.arithmetic(self.make("wide", depth), self.make("int", depth), ["+", "-", "*", "%"]),
            lambda: self.arithmetic(self.make("int", depth), self.make("wide", depth), ["+", "-", "*", "%"]),
            lambda: ast.Unary(operator="-", operand=self.make("wide", depth)),
        )

    def make_f32(self, depth: int) -> ast.Node:
        return self.pick(
            lambda: self.choice("f32", depth),
            lambda: ast.Index(base=ast.Name(name="fl"), index=self.whole([0, -1])),
            lambda: ast.Unary(operator="-", operand=self.make("f32", depth)),
        )

    def make_f64(self, depth: int) -> ast.Node:
        return self.pick(
            lambda: self.arithmetic(self.number(depth), self.make("f64", depth), ["+", "-", "*", "/", "%"]),
            lambda: self.arithmetic(self.make("f32", depth), self.number(depth), ["+", "-", "*", "/", "%"]),
            lambda: ast.Binary(operator="/", left=self.number(depth), right=self.number(depth)),
            lambda: ast.Binary(operator="**", left=self.make("f64", depth), right=self.whole([0, 1, 2, 3])),
            lambda: self.call(self.random.choice(["sqrt", "ln"]), self.number(depth)),
            lambda: self.call(self.random.choice(["floor", "ceil", "round", "abs"]), self.make("f64", depth)),
            lambda: self.call("float", self.make(self.random.choice(["text", "int", "wide", "bool"]), depth)),
            lambda: ast.Field(base=ast.Name(name="st"), name=""),
            lambda: self.call("to_epoch", self.make(self.random.choice(["date", "ts", "tn", "tz"]), depth)),
            lambda: self.choice("f64", depth),
            lambda: self.call(self.random.choice(["least", "greatest"]), self.number(depth), self.make("f64", depth)),
        )

    def make_text(self, depth: int) -> ast.Node:
        change = self.random.choice(["lower", "upper", "strip", "lstrip", "rstrip"])
        return self.pick(
            lambda: ast.Binary(operator="+", left=self.make("text", depth), right=self.make("text", depth)),
            lambda: self.call(change, self.make("text", depth)),
            lambda: self.call(self.random.choice(["append", "prepend"]), self.make("text", depth), self.text(_TEXTS)),
            lambda: self.call("slice", self.make("text", depth), self.whole([0, 1, -2]), self.whole([1, 3, -1])),
            lambda: self.call("slice", self.make("text", depth), self.make("int", depth)),
            lambda: self.call("replace", self.make("text", depth), self.text(_TEXTS), self.make("text", depth)),
            lambda: self.call("str", self.make(self.random.choice(["int", "wide", "bool", "f64"]), depth)),
            lambda: ast.Index(base=self.make("texts", depth), index=self.whole([0, 1, -1])),
            lambda: ast.Field(base=ast.Name(name="st"), name="N"),
            lambda: self.call("extract", self.make("text", depth), self.text(_PATTERNS)),
            lambda: self.call("replace_all", self.make("text", depth), self.text(_PATTERNS[1:4]), self.text(["", "-"])),
            lambda: self.call("join_text", self.make("texts", depth), self.text(_TEXTS)),
            lambda: self.choice("text", depth),
        )

    def make_bool(self, depth: int) -> ast.Node:
        ordered = self.random.choice(ast.COMPARISONS[:6])
        kind = self.random.choice(["text", "date", "ts", "tn", "tz", "bool"])
        other = self.random.choice(["date", "ts"])
        return self.pick(
            *[lambda: ast.Binary(operator=ordered, left=self.number(depth), right=self.number(depth))] * 4,
            lambda: ast.Binary(operator=ordered, left=self.make(kind, depth), right=self.make(kind, depth)),
            lambda: ast.Binary(operator=ordered, left=self.column("date"), right=self.make("ts", depth)),
            lambda: ast.Binary(operator=ordered, left=self.make("tn", depth), right=self.make(other, depth)),
            lambda: ast.In(operand=self.column("tz"), options=ast.List(items=(self.leaf("tz"), self.leaf("tz")))),
            lambda: ast.Binary(operator=ordered, left=self.column("tn"), right=self.text(_MOMENTS)),
            lambda: ast.Logical(
                operator=self.random.choice(["and", "or"]),
                operands=tuple(self.make("bool", depth) for _ in range(self.random.choice([2, 3]))),
            ),
            lambda: ast.Unary(operator="not", operand=self.make("bool", depth)),
            lambda: ast.IsNull(
                operand=self.make(self.random.choice(["int", "f64", "ints"]), depth), negated=ordered == "=="
            ),
            lambda: ast.In(
                operand=self.number(depth),
                options=ast.List(items=tuple(self.leaf(k) for k in ("int", "f64", "int"))),
                negated=ordered == "<",
            ),
            lambda: ast.In(operand=self.make("int", depth), options=self.make("ints", depth), negated=ordered == ">"),
            lambda: ast.In(
                operand=self.make("text", depth), options=ast.List(items=(self.text(_TEXTS), self.text(_TEXTS)))
            ),
            lambda: ast.Between(
                operand=self.number(depth), low=self.number(depth), high=self.number(depth), negated=ordered == "<="
            ),
            lambda: ast.Like(operand=self.make("text", depth), pattern=self.text(_LIKES), negated=ordered == "!="),
            lambda: ast.Binary(operator="contains", left=self.make("text", depth), right=self.make("text", depth)),
            lambda: ast.Binary(operator="==", left=self.make("ints", depth), right=self.make("ints", depth)),
            lambda: ast.Binary(operator="==", left=ast.Name(name="fl"), right=ast.List(items=(self.leaf_literal(),))),
            lambda: ast.Binary(
                operator=self.random.choice(["==", "!="]),
                left=ast.Name(name="st"),
                right=ast.Dict(items=(("N", self.text(_TEXTS)), ("", self.leaf_literal()), ("n", self.whole([0, 1])))),
            ),
            lambda: self.call("starts_with", self.make("text", depth), self.text(_TEXTS)),
            lambda: self.call("matches", self.make("text", depth), self.text(_PATTERNS)),
            lambda: self.call(self.random.choice(["is_nan", "is_finite"]), self.number(depth)),
            lambda: self.call(self.random.choice(["is_alpha", "is_alnum", "is_numeric"]), self.make("text", depth)),
            lambda: self.call("bool", self.make(self.random.choice(["int", "text", "f64"]), depth)),
        )

    def leaf_literal(self) -> ast.Node:
        return ast.Literal(value=Decimal(self.random.choice(["0.1", "0.5", "0.2"])))

    def make_date(self, depth: int) -> ast.Node:
        return self.pick(lambda: self.choice("date", depth), lambda: self.call("date", self.make("ts", depth)))

    def make_ts(self, depth: int) -> ast.Node:
        hours = self.call("duration", self.text(["1h", "48h"]))
        return self.pick(
            lambda: self.choice("ts", depth),
            lambda: self.call("timestamp", self.make("date", depth)),
            lambda: self.call("round_to", self.make("ts", depth), ast.Literal(value="month")),
            lambda: ast.Binary(operator=self.random.choice("+-"), left=self.column("ts"), right=hours),
        )

    def make_tn(self, depth: int) -> ast.Node:
        length = self.call("duration", self.text(["1h", "0.000000001s", "0.000000999s"]))
        return self.pick(
            lambda: self.choice("tn", depth),
            lambda: ast.Binary(operator=self.random.choice("+-"), left=self.column("tn"), right=length),
            lambda: ast.Binary(
                operator="+", left=self.column("ts"), right=self.call("duration", self.text(["0.000000007s"]))
            ),
        )

    def make_tz(self, depth: int) -> ast.Node:
        length = self.call("duration", self.text(["1h", "0.000000001s", "0.000000999s"]))
        return self.pick(
            lambda: self.choice("tz", depth),
            lambda: ast.Binary(operator=self.random.choice("+-"), left=self.column("tz"), right=length),
        )

    def make_ints(self, depth: int) -> ast.Node:
        return self.pick(
            lambda: self.call(self.random.choice(["sort", "unique", "drop_nulls"]), self.make("ints", depth)),
            lambda: self.call("slice", self.make("ints", depth), self.whole([0, 1, -2]), self.whole([0, 1, 3, -1])),
            lambda: self.call(self.random.choice(["limit", "offset"]), self.make("ints", depth), self.whole([0, 1, 2])),
            lambda: ast.Binary(operator="+", left=self.make("ints", depth), right=self.make("ints", depth)),
            lambda: self.call("range", self.whole([0, 1, 3])),
            lambda: self.choice("ints", depth),
        )

    def make_texts(self, depth: int) -> ast.Node:
        return self.pick(
            lambda: self.call("split", self.make("text", depth), self.text(_TEXTS)),
            lambda: self.call("partition", self.make("text", depth), self.text(_TEXTS)),
            lambda: self.call("find_all", self.make("text", depth), self.text(_PATTERNS[1:4])),
        )
