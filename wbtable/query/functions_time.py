"""x."""

from wbtable.query.function import Function

TIMES: tuple[Function, ...] = ()
