"""x."""

from wbtable.query.function import Function

MEDIA: tuple[Function, ...] = ()
