"""How values show themselves in notebooks: what draws them stands on a floor above, and is handed down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_drawers: list[Callable[[Any], str | None]] = []


def set_drawer(drawer: Callable[[Any], str | None]) -> None:
    """Say what draws values as HTML."""
    _drawers[:] = [drawer]


class Shows:
    """A value that notebooks draw as HTML; without a drawer they show its ``repr``."""

    __slots__ = ()

    def _repr_html_(self) -> str | None:
        """Return the value as HTML, with nothing in it that runs; None if it cannot be drawn."""
        return _drawers[0](self) if _drawers else None
