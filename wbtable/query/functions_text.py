"""x."""

from wbtable.query.function import Function

TEXTS: tuple[Function, ...] = ()
