"""x."""

from wbtable.query.function import Function

CONVERSION: tuple[Function, ...] = ()
