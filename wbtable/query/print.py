"""A tree into text that parses to the same tree (EXPR-4)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from wbtable.query import ast
from wbtable.query.lexer import KEYWORDS
from wbtable.query.parser import AND, BINDING, COMPARE, NEGATE, NOT, OR, POWER

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["quote", "show", "show_name"]

_ATOM: Final = POWER + 1
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OTHER_WORDS: Final = frozenset(["True", "False", "None"])
_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def show(node: ast.Node) -> str:
    """Return the expression as text, with no more parentheses than it needs."""
    return _show(node, 0)


def show_name(name: str) -> str:
    """Return a column's name as it stands in an expression: plain, or in backquotes."""
    if _PLAIN.fullmatch(name) and name not in KEYWORDS and name not in _OTHER_WORDS:
        return name
    return "`" + name.replace("`", "``") + "`"


def quote(text: str) -> str:
    """Return text as a literal."""
    return '"' + "".join(_ESCAPES.get(char) or (char if char.isprintable() else _escape(char)) for char in text) + '"'


def _escape(char: str) -> str:
    point = ord(char)
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"


def _show(node: ast.Node, loosest: int) -> str:
    binding, text = _WRITERS[type(node)](node)
    return text if binding >= loosest else f"({text})"


def _literal(node: ast.Node) -> tuple[int, str]:
    assert isinstance(node, ast.Literal)
    value = node.value
    if value is None:
        return _ATOM, "null"
    if isinstance(value, bool):
        return _ATOM, "true" if value else "false"
    if isinstance(value, str):
        return _ATOM, quote(value)
    text = str(value)
    if isinstance(value, Decimal):
        text = text.replace("E", "e")
        text = text if "." in text or "e" in text else f"{text}.0"
    return (NEGATE if text.startswith("-") else _ATOM), text


def _name(node: ast.Node) -> tuple[int, str]:
    assert isinstance(node, ast.Name)
    return _ATOM, show_name(node.name)


def _side_name(node: ast.Node) -> tuple[int, str]:
    assert isinstance(node, ast.SideName)
    side = "*" if node.sides is None else ".".join(map(str, node.sides))
    return _ATOM, f"{side}.{show_name(node.name)}"


def _field(node: ast.Node) -> tuple[int, str]:
    assert isinstance(node, ast.Field)
    return _ATOM, f"{_show(node.base, _ATOM)}.{show_name(node.name)}"


def _index(node: ast.Node) -> tuple[int, str]:
    assert isinstance(node, ast.Index)
    return _ATOM, f"{_show(node.base, _ATOM)}[{show(node.index)}]"


def _call(node: ast.Node) -> tuple[int, str]:
    assert isinstance(node, ast.Call)
    return _ATOM, f"{node.function}({', '.join(map(show, node.arguments))})"


def _unary(node: ast.Node) -> tuple[int, str]:
    assert isinstance(node, ast.Unary)
    if node.operator == "not":
        return NOT, f"not {_show(node.operand, NOT)}"
    return NEGATE, f"-{_show(node.operand, NEGATE)}"


def _binary(node: ast.Node) -> tuple[int, str]:
    assert isinstance(node, ast.Binary)
    binding = BINDING[node.operator]
    if binding == POWER:
        # The right operand may have a sign; a power there is part of it, as powers bind to the right.
        return POWER, f"{_show(node.left, _ATOM)} ** {_show(node.right, NEGATE)}"
    left = COMPARE + 1 if binding == COMPARE else binding
    return binding, f"{_show(node.left, left)} {node.operator} {_show(node.right, binding + 1)}"


def _logical(node: ast.Node) -> tuple[int, str]:
    assert isinstance(node, ast.Logical)
    binding = AND if node.operator == "and" else OR
    return binding, f" {node.operator} ".join(_show(operand, binding + 1) for operand in node.operands)


def _not(negated: bool) -> str:
    return "not " if negated else ""


def _in(node: ast.Node) -> tuple[int, str]:
    assert isinstance(node, ast.In)
    return COMPARE, f"{_show(node.operand, COMPARE + 1)} {_not(node.negated)}in {_show(node.options, COMPARE + 1)}"


def _between(node: ast.Node) -> tuple[int, str]:
    assert isinstance(node, ast.Between)
    low, high = _show(node.low, COMPARE + 1), _show(node.high, COMPARE + 1)
    return COMPARE, f"{_show(node.operand, COMPARE + 1)} {_not(node.negated)}between {low} and {high}"


def _is_null(node: ast.Node) -> tuple[int, str]:
    assert isinstance(node, ast.IsNull)
    return COMPARE, f"{_show(node.operand, COMPARE + 1)} is {_not(node.negated)}null"


def _like(node: ast.Node) -> tuple[int, str]:
    assert isinstance(node, ast.Like)
    return COMPARE, f"{_show(node.operand, COMPARE + 1)} {_not(node.negated)}like {_show(node.pattern, COMPARE + 1)}"


def _list(node: ast.Node) -> tuple[int, str]:
    assert isinstance(node, ast.List)
    return _ATOM, f"[{', '.join(map(show, node.items))}]"


def _dict(node: ast.Node) -> tuple[int, str]:
    assert isinstance(node, ast.Dict)
    return _ATOM, "{" + ", ".join(f"{quote(key)}: {show(value)}" for key, value in node.items) + "}"


_WRITERS: Final[dict[type[ast.Node], Callable[[ast.Node], tuple[int, str]]]] = {
    ast.Literal: _literal,
    ast.Name: _name,
    ast.SideName: _side_name,
    ast.Field: _field,
    ast.Index: _index,
    ast.Call: _call,
    ast.Unary: _unary,
    ast.Binary: _binary,
    ast.Logical: _logical,
    ast.In: _in,
    ast.Between: _between,
    ast.IsNull: _is_null,
    ast.Like: _like,
    ast.List: _list,
    ast.Dict: _dict,
}
