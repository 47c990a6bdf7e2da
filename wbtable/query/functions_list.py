"""x."""

from wbtable.query.function import Function

LISTS: tuple[Function, ...] = ()
