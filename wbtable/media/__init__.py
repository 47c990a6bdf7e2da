"""Python objects to encoded bytes and back: one class for each kind of media (spec: 09-media)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbtable.errors import UsageError
from wbtable.media.audio import Audio
from wbtable.media.base import BlobReader, FileMedia, Media
from wbtable.media.classes import Classes
from wbtable.media.histogram import Histogram
from wbtable.media.html import Html
from wbtable.media.image import Image
from wbtable.media.molecule import Molecule
from wbtable.media.object3d import Object3D
from wbtable.media.payload import Payload
from wbtable.media.plotly import Plotly
from wbtable.media.points3d import box3d
from wbtable.media.video import Video
from wbtable.media.wrap import wrap

if TYPE_CHECKING:
    from typing import Final

__all__ = [
    "Audio",
    "BlobReader",
    "Classes",
    "FileMedia",
    "Histogram",
    "Html",
    "Image",
    "Media",
    "Molecule",
    "Object3D",
    "Payload",
    "Plotly",
    "Video",
    "box3d",
    "media_class",
    "wrap",
]

_MADE: tuple[type[Media], ...] = (Audio, Histogram, Html, Image, Molecule, Object3D, Plotly, Video)
_CLASSES: Final[dict[str, type[Media]]] = {made.kind: made for made in _MADE}


def media_class(kind: str) -> type[Media]:
    """Return the class of a kind of column.

    Raises:
        UsageError: the kind is not one of media.

    """
    found = _CLASSES.get(kind)
    if found is None:
        raise UsageError(f"expected a kind of media ({', '.join(sorted(_CLASSES))}), found {kind!r:.40}")
    return found
