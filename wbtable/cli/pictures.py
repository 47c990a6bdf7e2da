"""Small pictures in a terminal that shows 24-bit colours: two pixels a character, one above the other."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Final

from wbtable.errors import WbtableError

if TYPE_CHECKING:
    from rich.text import Text

WIDTH: Final = 24
HEIGHT: Final = 24
_TRUE_COLOUR: Final = frozenset({"truecolor", "24bit"})


def terminal_can() -> bool:
    """Whether stdout is a terminal that says it has 24-bit colours, and nobody asked for none."""
    return sys.stdout.isatty() and os.environ.get("COLORTERM", "") in _TRUE_COLOUR and not os.environ.get("NO_COLOR")


def picture(image: Any, width: int = WIDTH, height: int = HEIGHT) -> Text | None:
    """Return an image as lines of half blocks, None if it cannot be decoded.

    Args:
        image: a `wbtable.Image`.
        width: the most columns.
        height: the most pixels from top to bottom, two a line.

    """
    from rich.style import Style
    from rich.text import Text

    from wbtable.media.thumbnail import small_pixels

    try:
        pixels = small_pixels(image, width, height)
    except (WbtableError, OSError):
        return None
    out = Text()
    for y in range(0, len(pixels), 2):
        for x in range(pixels.shape[1]):
            below = _colour(pixels[y + 1, x]) if y + 1 < len(pixels) else None
            out.append("▀", Style(color=_colour(pixels[y, x]), bgcolor=below))
        if y + 2 < len(pixels):
            out.append("\n")
    return out


def _colour(pixel: Any) -> str:
    red, green, blue = (int(value) for value in pixel)
    return f"#{red:02x}{green:02x}{blue:02x}"
