"""x."""

from wbtable.query.function import Function

NUMBERS: tuple[Function, ...] = ()
