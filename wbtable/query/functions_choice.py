"""Choices, and what stands for null (EXPR-8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wbtable.query.check_operators import need_boolean
from wbtable.query.check_values import adapt, as_double, common_of
from wbtable.query.compile_decimals import is_text_decimal
from wbtable.query.expression_error import ExpressionError
from wbtable.query.function import Function, Parameter
from wbtable.query.kinds import BOOLEAN, is_float

if TYPE_CHECKING:
    from wbtable.query.sql import Builder
    from wbtable.query.terms import Term

_GROUP: Final = "Choice and nulls"


def _same(args: tuple[Term, ...]) -> tuple[Term, ...]:
    """Return the arguments as the type they have in common."""
    shared = common_of(args)
    if shared is None:
        first = next((arg for arg in args if not arg.is_literal), args[0])
        other = next(arg for arg in args if arg.type != first.type and common_of((first, arg)) is None)
        raise ExpressionError(
            f"expected values of one type, found {first.type} and {other.type}",
            other.span,
            suggestion="convert one: int(a), float(a), str(a)",
        )
    return tuple(adapt(arg, shared) for arg in args)


def _choice(args: tuple[Term, ...]) -> tuple[Term, ...]:
    need_boolean(args[0], "if")
    return (args[0], *_same(args[1:]))


def _if(builder: Builder, term: Term, args: list[str]) -> str:
    other = args[2] if len(args) == 3 else "NULL"
    return f"(CASE WHEN {args[0]} THEN {args[1]} ELSE {other} END)"


def _coalesce(builder: Builder, term: Term, args: list[str]) -> str:
    return f"COALESCE({', '.join(args)})"


def _comparable(args: tuple[Term, ...]) -> tuple[Term, ...]:
    """Return the arguments as the type they have in common; decimals that are text as doubles."""
    found = _same(args)
    return tuple(as_double(arg) for arg in found) if is_text_decimal(found[0].type) else found


def _extreme(name: str, word: str) -> Function:
    def write(builder: Builder, term: Term, args: list[str]) -> str:
        # NaN is skipped as null is; null comes out if nothing is left.
        if is_float(term.type):
            args = [f"(CASE WHEN isnan({arg}) THEN NULL ELSE {arg} END)" for arg in args]
        return f"{name}({', '.join(args)})"

    return Function(
        name=name,
        group=_GROUP,
        parameters=(Parameter("value", "ordered"),),
        result=lambda args: args[0].type,
        gives="the type they have in common",
        doc=f"The {word} of the values in the row; nulls and NaN are skipped.",
        example=(f"{name}(0.score, 1.score)", f"the {word} of two scores"),
        write=write,
        prepare=_comparable,
        is_variadic=True,
    )


CHOICE: Final = (
    Function(
        name="if",
        group=_GROUP,
        parameters=(Parameter("condition", "boolean"), Parameter("then", "any"), Parameter("else", "any", True)),
        result=lambda args: args[1].type,
        gives="the type both have in common",
        doc="One value where the condition holds, the other where it does not or is null.",
        example=('if(score > 0.5, "sure", "unsure")', '"sure" or "unsure"'),
        write=_if,
        guard=lambda at, args: f"({args[0]} IS {'' if at == 1 else 'NOT '}TRUE)",
        prepare=_choice,
    ),
    Function(
        name="coalesce",
        group=_GROUP,
        parameters=(Parameter("value", "any"),),
        result=lambda args: args[0].type,
        gives="the type they have in common",
        doc="The first value that is not null.",
        example=("coalesce(label, guess)", "the label, else the guess"),
        write=_coalesce,
        guard=lambda at, args: " AND ".join(f"({arg} IS NULL)" for arg in args),
        prepare=_same,
        is_variadic=True,
    ),
    Function(
        name="is_nan",
        group=_GROUP,
        parameters=(Parameter("value", "number"),),
        result=BOOLEAN,
        gives="boolean",
        doc="Whether a number is NaN, which is not null.",
        example=("is_nan(loss)", "true where the loss is NaN"),
        write=lambda builder, term, args: (
            f"isnan({args[0]})" if is_float(term.args[0].type) else f"(CASE WHEN {args[0]} IS NOT NULL THEN false END)"
        ),
    ),
    Function(
        name="is_finite",
        group=_GROUP,
        parameters=(Parameter("value", "number"),),
        result=BOOLEAN,
        gives="boolean",
        doc="Whether a number is neither NaN nor infinite.",
        example=("is_finite(loss)", "false where the loss is NaN or infinite"),
        write=lambda builder, term, args: (
            f"isfinite({args[0]})"
            if is_float(term.args[0].type)
            else f"(CASE WHEN {args[0]} IS NOT NULL THEN true END)"
        ),
    ),
    _extreme("least", "least"),
    _extreme("greatest", "greatest"),
)
