"""The few pictures that docs/viewer-guide.md shows: scenes that are chosen here, small enough for a repository."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PIL import Image

from tools.screenshots.camera import photograph
from tools.screenshots.stage import Look, Scene

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tools.screenshots.stage import Stage

PICTURES: Final[Mapping[str, str]] = {
    "table": "table",
    "mistakes": "most-confident-mistakes",
    "groups": "grouped",
    "heat-map": "heat-map",
    "computed": "computed-column",
    "merged": "merged",
    "side-by-side": "side-by-side",
    "report": "report",
}
"""Names of pictures, and the scenes that they are of."""
MOST: Final = 80_000
"""Bytes of a picture at most."""
_LOOK: Final = Look(name="guide", size=(1120, 600), scale=1.5)


def take_pictures(stage: Stage, scenes: Sequence[Scene], folder: Path, chromium: str) -> Iterator[tuple[Path, str]]:
    """Photograph the chosen scenes into a folder, as WebP; yield each with what went wrong or nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    named = {scene.name: scene for scene in scenes}
    names = {scene: name for name, scene in PICTURES.items()}
    chosen = [
        Scene(name=scene, play=named[scene].play, looks=(_LOOK,)) for scene in PICTURES.values() if scene in named
    ]
    with tempfile.TemporaryDirectory() as temporary:
        for path, error in photograph(stage, chosen, Path(temporary), chromium):
            to = folder / f"{names[path.name.partition('.')[0]]}.webp"
            if not error:
                to.write_bytes(_small(path))
            yield to, error


def _small(path: Path) -> bytes:
    """Encode a picture as well as it stays below the bound.

    Raises:
        ValueError: it does not.

    """
    with Image.open(path) as picture:
        for quality in range(90, 30, -5):
            sink = io.BytesIO()
            picture.convert("RGB").save(sink, "WEBP", quality=quality, method=6)
            if sink.tell() <= MOST:
                return sink.getvalue()
    raise ValueError(f"{path.name}: more than {MOST:,} bytes at any quality that is worth looking at")
