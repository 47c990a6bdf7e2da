"""Whether an expression fits the columns, and which type it has (EXPR-3, EXPR-5, EXPR-6, EXPR-7)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NoReturn

from wbtable.query import ast
from wbtable.query.check_calls import check_call
from wbtable.query.check_compare import check_between, check_in, check_like
from wbtable.query.check_fields import check_field, check_index
from wbtable.query.check_operators import check_binary, check_negative, need_boolean
from wbtable.query.check_values import check_dict, check_list, check_literal
from wbtable.query.expression_error import ExpressionError, did_you_mean
from wbtable.query.kinds import BOOLEAN
from wbtable.query.parser import parse
from wbtable.query.print import show, show_name
from wbtable.query.terms import ColumnUse, Scope, Term, Typed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wbtable.format.types import ColumnType

__all__ = ["Checker", "check", "check_text"]


def check_text(text: str, scope: Scope, *, aggregates: bool = False) -> Typed:
    """Parse and check an expression; see `check`."""
    return check(parse(text), scope, aggregates=aggregates)


def check(node: ast.Node, scope: Scope, *, aggregates: bool = False) -> Typed:
    """Return the expression with a type for each part.

    Args:
        node: the parsed expression.
        scope: what it may name.
        aggregates: whether it may be a value per group. Then columns stand in aggregates or are what is grouped by,
            if there is an aggregate or `scope.groups` are given.

    Raises:
        ExpressionError: it does not fit; the error has the range and what to write instead.

    """
    checker = Checker(scope, aggregates=aggregates)
    root = checker.term(node)
    if aggregates and (root.has_aggregate or scope.groups):
        checker.need_groups(root)
    uses = tuple(dict.fromkeys(term.value for term in root.walk() if term.op == "column"))
    masks = any(term.op == "call" and term.value in {"mask_pixels", "mask_overlap"} for term in root.walk())
    return Typed(node=node, root=root, has_aggregate=root.has_aggregate, columns=uses, needs_masks=masks)


class Checker:
    """Walks the tree; one for each expression.

    Args:
        scope: what the expression may name.
        aggregates: whether aggregates are allowed.

    """

    __slots__ = ("_keys", "aggregates", "in_aggregate", "scope", "side")

    def __init__(self, scope: Scope, *, aggregates: bool) -> None:
        self.scope = scope
        self.aggregates = aggregates
        self.in_aggregate = False
        self.side: int | None = None
        self._keys = {key: at for at, key in enumerate(scope.groups)}

    def term(self, node: ast.Node) -> Term:
        """Return the checked form of a node."""
        if self._keys and not self.in_aggregate and node in self._keys:
            return self._key(node)
        if self.scope.sides and _is_comparison(node):
            spanning = self._spanning(node)
            if spanning:
                return spanning
        return _CHECKS[type(node)](self, node)

    def _key(self, node: ast.Node) -> Term:
        # Within it, it is made of columns of rows.
        inner = Checker(replace(self.scope, groups=()), aggregates=False)
        return Term(op="key", type=inner.term(node).type, value=self._keys[node], span=node.span)

    # Columns -----------------------------------------------------------------------------------------------------

    def name(self, node: ast.Name) -> Term:
        """Resolve a column without a side."""
        found = self.scope.columns.get(node.name)
        if found is not None:
            return _column(None, node.name, found, node)
        having = [at for at, side in enumerate(self.scope.sides) if node.name in side]
        if self.side is not None and len(having) > 1:
            return self.on_side((self.side,), node.name, node)
        if len(having) == 1:
            return self.on_side((having[0],), node.name, node)
        if having:
            written = " or ".join(f"{at}.{show_name(node.name)}" for at in having)
            raise ExpressionError(
                f'the column "{node.name:.80}" is on several sides', node.span, suggestion=f"write {written}"
            )
        head, _, inner = node.name.partition(".")
        whole = [at for at, side in enumerate(self.scope.sides) if head == str(at) and inner in side]
        if whole:  # as the join shows it
            return _column(whole[0], inner, self.scope.sides[whole[0]][inner], node)
        return self._unknown(node.name, node, [*self.scope.columns, *(n for side in self.scope.sides for n in side)])

    def _unknown(self, name: str, node: ast.Node, known: list[str], what: str = "column") -> NoReturn:
        from wbtable.query.functions import FUNCTIONS

        hint = did_you_mean(name, known)
        if hint is None and name in FUNCTIONS:
            hint = f"functions need parentheses: {name}(…)"
        if hint is None and "." in name and name.split(".", maxsplit=1)[0] in known:
            hint = f"a field of a dict is written {name}"
        if hint is None:
            shown = ", ".join(f'"{other:.40}"' for other in known[:8])
            hint = f"there are {shown}{', …' if len(known) > 8 else ''}" if known else "there are no columns"
        raise ExpressionError(f'unknown {what} "{name:.80}"', node.span, suggestion=hint)

    def side_name(self, node: ast.SideName) -> Term:
        """Resolve a column of a side."""
        if not self.scope.sides:
            whole = ".".join([*map(str, node.sides or ()), node.name])
            if whole in self.scope.columns:  # of a join that was made a table, or of a view of one
                return _column(None, whole, self.scope.columns[whole], node)
            raise ExpressionError(
                "there are no sides here: this is neither a comparison nor a join",
                node.span,
                suggestion=f"write {show_name(node.name)}",
            )
        if node.sides is None:
            if self.side is None:
                raise ExpressionError(
                    f"*.{show_name(node.name)} stands in a comparison such as *.a == 1",
                    node.span,
                    suggestion=f"write 0.{show_name(node.name)}",
                )
            return self.on_side((self.side,), node.name, node)
        return self.on_side(node.sides, node.name, node)

    def on_side(self, sides: tuple[int, ...], name: str, node: ast.Node) -> Term:
        """Return a column of a side; the sides of a side are part of the name there."""
        side, *rest = sides
        if side >= len(self.scope.sides):
            last = len(self.scope.sides) - 1
            raise ExpressionError(f"there is no side {side}", node.span, suggestion=f"the sides are 0 to {last}")
        inner = ".".join([*map(str, rest), name])
        whole = f"{side}.{inner}"
        if whole in self.scope.columns:  # a derived one of that name (VIEW-3)
            return _column(None, whole, self.scope.columns[whole], node)
        found = self.scope.sides[side].get(inner)
        if found is None and name in self.scope.key and name in self.scope.columns:
            return _column(None, name, self.scope.columns[name], node)
        if found is None:
            self._unknown(inner, node, list(self.scope.sides[side]), f"column of side {side}")
        return _column(side, inner, found, node)

    def _spanning(self, node: ast.Node) -> Term | None:
        """Write a comparison out over the sides, if it names any side, or a column that several sides have."""
        if not any(self._spans(found) for found in _own_names(node)):
            return None
        terms = []
        around = self.side
        for side in range(len(self.scope.sides)):
            self.side = side
            terms.append(_CHECKS[type(node)](self, node))
        self.side = around
        aggregate = any(term.has_aggregate for term in terms)
        return Term(op="or", type=BOOLEAN, args=tuple(terms), value="sides", span=node.span, has_aggregate=aggregate)

    def _spans(self, found: ast.Name | ast.SideName) -> bool:
        if isinstance(found, ast.SideName):
            return found.sides is None
        if found.name in self.scope.columns:
            return False
        return sum(found.name in side for side in self.scope.sides) > 1

    # Everything else ---------------------------------------------------------------------------------------------

    def all(self, nodes: tuple[ast.Node, ...]) -> tuple[Term, ...]:
        """Return the checked forms of several nodes."""
        return tuple(self.term(node) for node in nodes)

    def need_groups(self, root: Term) -> None:
        """Refuse columns that are neither in an aggregate nor grouped by."""
        from wbtable.query.functions import FUNCTIONS

        todo = [root]
        while todo:
            term = todo.pop()
            if term.op == "call" and FUNCTIONS[term.value].is_aggregate:
                continue
            if term.op == "column":
                name = term.value.name
                keys = ", ".join(show(key) for key in self.scope.groups)
                suggestion = f"rows are grouped by {keys}; write " if keys else "write "
                raise ExpressionError(
                    f'the column "{name:.80}" has many values in a group',
                    term.span,
                    suggestion=f"{suggestion}first({show_name(name)}) or another aggregate",
                )
            todo.extend(reversed(term.args))


def _own_names(node: ast.Node) -> list[ast.Name | ast.SideName]:
    """Return the columns named below a comparison, but for those that a comparison within it spans itself."""
    out: list[ast.Name | ast.SideName] = []
    todo = list(node.children())
    while todo:
        found = todo.pop()
        if isinstance(found, ast.Name | ast.SideName):
            out.append(found)
        if not _is_comparison(found):
            todo.extend(found.children())
    return out


def _is_comparison(node: ast.Node) -> bool:
    if isinstance(node, ast.Binary):
        return node.operator in ast.COMPARISONS
    return isinstance(node, ast.In | ast.Between | ast.IsNull | ast.Like)


def _column(side: int | None, name: str, found: ColumnType, node: ast.Node) -> Term:
    return Term(op="column", type=found, value=ColumnUse(side, name, found), span=node.span)


def _unary(checker: Checker, node: ast.Unary) -> Term:
    operand = checker.term(node.operand)
    if node.operator == "-":
        return check_negative(operand, node.span)
    need_boolean(operand, "not")
    return Term(op="not", type=BOOLEAN, args=(operand,), span=node.span, has_aggregate=operand.has_aggregate)


def _logical(checker: Checker, node: ast.Logical) -> Term:
    operands = checker.all(node.operands)
    for operand in operands:
        need_boolean(operand, node.operator)
    aggregate = any(operand.has_aggregate for operand in operands)
    return Term(op=node.operator, type=BOOLEAN, args=operands, span=node.span, has_aggregate=aggregate)


def _is_null(checker: Checker, node: ast.IsNull) -> Term:
    operand = checker.term(node.operand)
    return Term(
        op="is null",
        type=BOOLEAN,
        args=(operand,),
        value=node.negated,
        span=node.span,
        has_aggregate=operand.has_aggregate,
    )


_CHECKS: Final[Mapping[type[ast.Node], Callable[..., Term]]] = {
    ast.Literal: lambda _, node: check_literal(node),
    ast.Name: Checker.name,
    ast.SideName: Checker.side_name,
    ast.Field: lambda checker, node: check_field(checker.term(node.base), node),
    ast.Index: lambda checker, node: check_index(checker.term(node.base), checker.term(node.index), node.span),
    ast.Call: check_call,
    ast.Unary: _unary,
    ast.Binary: lambda checker, node: check_binary(
        node.operator, checker.term(node.left), checker.term(node.right), node.span
    ),
    ast.Logical: _logical,
    ast.In: lambda checker, node: check_in(
        checker.term(node.operand),
        checker.all(node.options.items) if isinstance(node.options, ast.List) else checker.term(node.options),
        node,
    ),
    ast.Between: lambda checker, node: check_between(
        checker.term(node.operand), checker.term(node.low), checker.term(node.high), node
    ),
    ast.IsNull: _is_null,
    ast.Like: lambda checker, node: check_like(checker.term(node.operand), checker.term(node.pattern), node),
    ast.List: lambda checker, node: check_list(checker.all(node.items), node.span),
    ast.Dict: lambda checker, node: check_dict(tuple(checker.all(node.children())), node),
}
