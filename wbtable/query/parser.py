"""Tokens into a tree (EXPR-1, EXPR-2): precedences are Python's, comparisons do not chain."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final, NoReturn

from wbtable.query import ast
from wbtable.query.expression_error import ExpressionError
from wbtable.query.lexer import KEYWORDS, tokens

if TYPE_CHECKING:
    from wbtable.query.expression_error import Span
    from wbtable.query.lexer import Token

__all__ = ["MAX_DEPTH", "MAX_NODES", "parse"]

MAX_DEPTH: Final = 64
"""How many nodes may stand below each other."""
MAX_NODES: Final = 2_000
"""How many nodes an expression may have."""

OR, AND, NOT, COMPARE, ADD, MULTIPLY, NEGATE, POWER = range(1, 9)
"""How tightly operators bind, loosest first."""

BINDING: Final = {
    "or": OR, "and": AND, "+": ADD, "-": ADD, "*": MULTIPLY, "/": MULTIPLY, "%": MULTIPLY, "**": POWER,
    **dict.fromkeys([*ast.COMPARISONS, "in", "between", "is", "like"], COMPARE),
}  # fmt: skip
_SHORT: Final = 1000
"""Longer texts are parsed anew each time: their trees would take too much memory to keep."""
_NEGATABLE: Final = frozenset(["in", "between", "like", "contains"])
_UPPER: Final = frozenset(["AND", "OR", "NOT", "IN", "IS", "LIKE", "BETWEEN", "NULL", "CONTAINS"])


def parse(text: str) -> ast.Node:
    """Return the tree of an expression.

    Raises:
        ExpressionError: the text is not one, or passes a limit (EXPR-2).

    """
    # A view is asked for window by window: its expressions come again and again, and trees do not change.
    return _kept(text) if len(text) <= _SHORT else _parsed(text)


def _parsed(text: str) -> ast.Node:
    parser = _Parser(text)
    found = parser.expression(0)
    token = parser.token
    if token.kind != "end":
        parser.behind(token)
    _check_depth(found)
    return found


_kept = functools.lru_cache(maxsize=512)(_parsed)


def _check_depth(root: ast.Node) -> None:
    level: list[ast.Node] = [root]
    for _ in range(MAX_DEPTH):
        below = [child for node in level for child in node.children()]
        if not below:
            return
        level = below
    _too_deep(level[0].span)


def _too_deep(span: Span) -> NoReturn:
    raise ExpressionError(
        f"expected at most {MAX_DEPTH} levels", span, suggestion="derive columns for parts of the expression"
    )


class _Parser:
    __slots__ = ("at", "depth", "found", "nodes", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.found = tokens(text)
        self.at = 0
        self.depth = 0
        self.nodes = 0

    @property
    def token(self) -> Token:
        return self.found[self.at]

    def take(self) -> Token:
        token = self.found[self.at]
        self.at += token.kind != "end"
        return token

    def span(self, start: int) -> Span:
        return (start, self.found[self.at - 1].end if self.at else start)

    def count(self, start: int) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise ExpressionError(
                f"expected at most {MAX_NODES:,} parts", self.span(start), suggestion="derive columns for parts of it"
            )

    def expect(self, kind: str, what: str) -> Token:
        if self.token.kind != kind:
            self.fail(what)
        return self.take()

    def fail(self, expected: str, suggestion: str | None = None) -> NoReturn:
        token = self.token
        found = "the end" if token.kind == "end" else repr(self.text[token.start : token.end])
        raise ExpressionError(f"expected {expected}, found {found:.60}", token.span, suggestion=suggestion)

    def behind(self, token: Token) -> NoReturn:
        if token.kind in {")", "]", "}"}:
            raise ExpressionError(f"{token.kind} closes nothing", token.span, suggestion="leave it out")
        text = str(token.value)
        if token.kind == "name" and text in _UPPER:
            self.fail("an operator", f"write {text.lower()}")
        if token.kind == "name" and not token.is_quoted and text.lower() in {"eq", "ne", "lt", "gt", "le", "ge"}:
            self.fail("an operator", "write ==, !=, <, >, <= or >=")
        self.fail("an operator or the end", "put names with spaces in backquotes" if token.kind == "name" else None)

    def expression(self, loosest: int) -> ast.Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            _too_deep(self.token.span)
        start = self.token.start
        left = self.prefix(loosest)
        while True:
            operator = self.operator()
            binding = BINDING.get(operator.removeprefix("not "), 0)
            if binding == 0 or binding < loosest:
                break
            left = self.infix(left, operator, binding, start)
            if binding == COMPARE and BINDING.get(self.operator().removeprefix("not "), 0) == COMPARE:
                raise ExpressionError(
                    "comparisons do not chain", self.token.span, suggestion="write a < b and b < c, or use parentheses"
                )
        self.depth -= 1
        return left

    def operator(self) -> str:
        """Return the operator that comes next; of two words ``not in`` and its like both."""
        kind = self.token.kind
        if kind == "not" and self.found[self.at + 1].kind in _NEGATABLE:
            return f"not {self.found[self.at + 1].kind}"
        return kind

    def prefix(self, loosest: int) -> ast.Node:
        token = self.token
        if token.kind == "not":
            if loosest > NOT:
                raise ExpressionError("not stands here without parentheses", token.span, suggestion="write (not a)")
            self.take()
            operand = self.expression(NOT)
        elif token.kind == "-":
            self.take()
            operand = self.expression(NEGATE)
        elif token.kind == "+":
            raise ExpressionError("+ needs something before it", token.span, suggestion="leave it out")
        else:
            return self.postfix(self.operand())
        self.count(token.start)
        return ast.Unary(operator=token.kind, operand=operand, span=self.span(token.start))

    def infix(self, left: ast.Node, operator: str, binding: int, start: int) -> ast.Node:
        self.count(start)
        negated = operator.startswith("not ")
        operator = operator.removeprefix("not ")
        self.at += 1 + negated
        if operator in {"and", "or"}:
            operands = [left, self.expression(binding + 1)]
            while self.token.kind == operator:
                self.take()
                operands.append(self.expression(binding + 1))
            return ast.Logical(operator=operator, operands=tuple(operands), span=self.span(start))
        if operator == "is":
            negated = self.token.kind == "not"
            self.at += negated
            self.expect("null", "null or not null behind is")
            return ast.IsNull(operand=left, negated=negated, span=self.span(start))
        # Powers bind to the right, and take a sign behind them; comparisons take no comparison.
        right = self.expression(NEGATE if binding == POWER else binding + 1)
        if operator == "in":
            return ast.In(operand=left, options=right, negated=negated, span=self.span(start))
        if operator == "like":
            return ast.Like(operand=left, pattern=right, negated=negated, span=self.span(start))
        if operator == "between":
            self.expect("and", "and between the two bounds")
            high = self.expression(COMPARE + 1)
            return ast.Between(operand=left, low=right, high=high, negated=negated, span=self.span(start))
        found = ast.Binary(operator=operator, left=left, right=right, span=self.span(start))
        return ast.Unary(operator="not", operand=found, span=found.span) if negated else found

    def postfix(self, base: ast.Node) -> ast.Node:
        start = base.span[0]
        while True:
            kind = self.token.kind
            if kind == ".":
                self.take()
                self.no_method(base)
                name = self.name("the name of a field")
                base = ast.Field(base=base, name=name, span=self.span(start))
            elif kind == "[":
                self.take()
                index = self.expression(0)
                self.expect("]", "] behind the index")
                base = ast.Index(base=base, index=index, span=self.span(start))
            else:
                return base
            self.count(start)

    def no_method(self, base: ast.Node) -> None:
        """Say how a function is called to those who call it as Python's objects have them: `text.lower()`."""
        token = self.token
        if self.found[self.at].kind == "end" or self.found[self.at + 1].kind != "(":
            return
        word, of = self.text[token.start : token.end], self.text[base.span[0] : base.span[1]]
        if token.kind in {"in", "like", "between"}:
            self.fail("the name of a field", f"write {of:.40} {word} …")
        if token.kind in {"name", "contains"}:
            more = "" if self.found[self.at + 2].kind == ")" else ", …"
            self.fail("the name of a field", f"a function stands before its values: {word}({of:.40}{more})")

    def name(self, what: str) -> str:
        token = self.token
        if token.kind in KEYWORDS:
            self.fail(what, f"write `{self.text[token.start : token.end]}` in backquotes")
        return str(self.expect("name", what).value)

    def operand(self) -> ast.Node:
        token = self.token
        self.count(token.start)
        kind = token.kind
        if kind in {"true", "false", "null"}:
            self.take()
            return ast.Literal(value=None if kind == "null" else kind == "true", span=token.span)
        if kind in {"number", "string"}:
            self.take()
            value = token.value
            assert not isinstance(value, tuple)
            return ast.Literal(value=value, span=token.span)  # type: ignore[arg-type] # the lexer made it one of these
        if kind == "side":
            return self.side(token)
        if kind in {"(", "[", "{"}:
            return self.bracket(token)
        if kind == "row":
            return self.row(token)
        if kind == "name" or (kind == "contains" and self.found[self.at + 1].kind == "("):
            return self.name_or_call(token)
        if kind in KEYWORDS and kind not in {"and", "or"}:
            self.fail("a value", f"write `{kind}` in backquotes if it is a column")
        return self.fail("a value", "write a column, a number, a text in quotes or a function")

    def side(self, token: Token) -> ast.Node:
        self.take()
        name = self.name("the name of a column behind the side")
        sides = token.value
        assert sides is None or isinstance(sides, tuple)
        return ast.SideName(sides=sides, name=name, span=self.span(token.start))

    def row(self, token: Token) -> ast.Node:
        self.take()
        if self.token.kind != "[" or self.found[self.at + 1].kind != "string":
            self.fail('["name"] behind row', "write `row` in backquotes if it is a column")
        self.take()
        name = str(self.take().value)
        self.expect("]", "] behind the name")
        return ast.Name(name=name, span=self.span(token.start))

    def name_or_call(self, token: Token) -> ast.Node:
        self.take()
        if self.token.kind != "(":
            return ast.Name(name=str(token.value), span=token.span)
        if token.is_quoted:
            raise ExpressionError("a column cannot be called", token.span, suggestion="leave out the backquotes")
        self.take()
        arguments = self.items(")", "a value or ) behind the arguments")
        return ast.Call(function=str(token.value), arguments=arguments, span=self.span(token.start))

    def items(self, close: str, what: str) -> tuple[ast.Node, ...]:
        found: list[ast.Node] = []
        while self.token.kind != close:
            if found:
                self.expect(",", f", or {close}")
            if self.token.kind == close and found:
                break
            if self.token.kind == "end":
                self.fail(what)
            found.append(self.expression(0))
        self.take()
        return tuple(found)

    def bracket(self, token: Token) -> ast.Node:
        self.take()
        if token.kind == "(":
            self.nodes -= 1
            inner = self.expression(0)
            if self.token.kind == ",":
                self.fail(") behind what ( opened", "a list stands in brackets: [1, 2]")
            self.expect(")", ") behind what ( opened")
            return inner
        if token.kind == "[":
            items = self.items("]", "a value or ] behind the list")
            return ast.List(items=items, span=self.span(token.start))
        pairs: dict[str, ast.Node] = {}
        while self.token.kind != "}":
            if pairs:
                self.expect(",", ", or }")
            if self.token.kind == "}" and pairs:
                break
            key = self.expect("string", "a text in quotes as key, or }")
            if key.value in pairs:
                raise ExpressionError(f"the key {key.value!r:.60} stands twice", key.span, suggestion="leave one out")
            self.expect(":", ": behind the key")
            pairs[str(key.value)] = self.expression(0)
        self.take()
        return ast.Dict(items=tuple(pairs.items()), span=self.span(token.start))
