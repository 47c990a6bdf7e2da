"""Values of other libraries that mean a media value; none of those libraries is imported to know them."""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

from wbtable.media.image import Image
from wbtable.media.plotly import Plotly

if TYPE_CHECKING:
    from wbtable.media.base import Media

_BASES: dict[tuple[str, str], type[Image | Plotly]] = {
    ("PIL.Image", "Image"): Image,
    ("matplotlib.figure", "Figure"): Image,
    ("matplotlib.axes._base", "_AxesBase"): Image,
    ("plotly.basedatatypes", "BaseFigure"): Plotly,
}


def wrap(value: object) -> Media | None:
    """Return a Pillow image or what matplotlib draws as Image, a Plotly figure as Plotly, None for anything else.

    Of matplotlib that is a figure, axes, or the module pyplot, which means its current figure.
    """
    if isinstance(value, ModuleType):
        return Image(value) if value.__name__ == "matplotlib.pyplot" else None
    kind: Any = type(value)
    made = _class_for(kind)
    return None if made is None else made(value)


@lru_cache(maxsize=1024)
def _class_for(kind: Any) -> type[Image | Plotly] | None:
    for base in kind.__mro__:
        found = _BASES.get((base.__module__, base.__name__))
        if found is not None:
            return found
    return None
