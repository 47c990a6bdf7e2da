"""What the cells of a report's file show: bytes, as long as there is room (spec: 18-reports, REPORT-7, REPORT-8)."""

from __future__ import annotations

import functools
import importlib.util
import json
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from wbtable.errors import FormatError, WbtableError
from wbtable.format.report import IMAGES
from wbtable.media import preview
from wbtable.viewer.blobs import Blobs, Reference, sniff
from wbtable.viewer.frames import html_frame
from wbtable.viewer.media_tasks import check_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from wbtable.format.report import Report
    from wbtable.viewer.report_rows import Wanted
    from wbtable.viewer.sources import Opener

ELSEWHERE: Final = "Open the report with wbtable view for them."
_SMALL: Final = 300_000
_SIDE: Final = 512
_NAMES: Final = {
    "image": "picture",
    "audio": "sound",
    "html": "document",
    "object3d": "scene",
}
_SCRIPT: Final = re.compile(rb"<script\b|<[a-z][^>]*\son[a-z]+\s*=|javascript:", re.IGNORECASE)


@functools.cache
def draws_figures() -> bool:
    """Whether plotly is installed here, whose script draws figures."""
    return importlib.util.find_spec("plotly") is not None


class ReportBlobs:
    """The blobs of a file, as long as there is room."""

    def __init__(self, opener: Opener, left: int, most: int) -> None:
        """Take from what `opener` opens; `left` of `most` bytes are left."""
        self._blobs = Blobs(opener)
        self._left = left
        self._most = most
        self._missing: dict[str, int] = {}
        self._kinds: dict[str, int] = {}
        self._unread = 0
        self._smaller = 0
        self._scripted = 0
        self._names: set[str] = set()
        self.taken: list[tuple[str, str, bytes]] = []

    @property
    def has_scenes(self) -> bool:
        """Whether something is to be drawn in three dimensions."""
        return "object3d" in self._kinds

    @property
    def has_figures(self) -> bool:
        """Whether figures are to be drawn, and can be."""
        return "figure" in self._kinds and draws_figures()

    def take_images(self, report: Report) -> None:
        """Take the pictures of the report's text."""
        for image in report.images:
            hexed = image.digest.hex
            reference = Reference(digest=hexed, container=hexed, size=image.size)
            self._add(hexed, "image", reference, lambda data, kind=image.media_type: (data, kind))  # type: ignore[misc]

    def take(self, wanted: Wanted) -> None:
        """Take what a cell shows."""
        digest, _, query = wanted.reference.partition("?")
        makers: dict[str, Callable[[bytes], tuple[bytes, str]]] = {
            "image": self._picture,
            "mask": _mask,
            "html": self._document,
            "object3d": _scene,
            "figure": _figure,
            "molecule": _text,
        }
        reference = Reference.parse(digest, dict(parse_qsl(query)))
        if (
            reference.size is not None
            and wanted.kind not in {"image", "mask"}
            and _in_file(reference.size) > self._left
        ):
            self._missing[wanted.kind] = self._missing.get(wanted.kind, 0) + 1
            return
        self._add(wanted.name, wanted.kind, reference, makers.get(wanted.kind, _played))

    def _add(self, name: str, kind: str, reference: Reference, make: Callable[[bytes], tuple[bytes, str]]) -> None:
        if name in self._names:
            return
        self._names.add(name)
        try:
            data, media_type = make(self._blobs.read(reference))
        except (WbtableError, OSError, ValueError):
            self._unread += 1
            return
        if _in_file(len(data)) > self._left:
            self._missing[kind] = self._missing.get(kind, 0) + 1
            return
        self._left -= _in_file(len(data))
        self._kinds[kind] = self._kinds.get(kind, 0) + 1
        self.taken.append((name, media_type, data))

    def _picture(self, data: bytes) -> tuple[bytes, str]:
        kind = sniff(data)
        if kind in IMAGES and len(data) <= _SMALL:
            return data, str(kind)
        self._smaller += 1
        return preview.thumbnail(data, _SIDE), "image/webp"

    def _document(self, data: bytes) -> tuple[bytes, str]:
        self._scripted += _SCRIPT.search(data) is not None
        return html_frame(data).encode("utf-8", "replace"), "text/plain"

    def notes(self) -> list[str]:
        """Say what is not there, or not as it was."""
        most = f"at most {self._most // 10**6} MB"
        out = [
            f"{counted(number, _NAMES.get(kind, kind))} not in this file, which holds {most}. {ELSEWHERE}"
            for kind, number in self._missing.items()
        ]
        if self._smaller:
            out.append(f"{counted(self._smaller, 'large picture')} here with at most {_SIDE} pixels a side.")
        if self._scripted:
            out.append(f"{counted(self._scripted, 'document')} shown without scripts, which no file runs. {ELSEWHERE}")
        if "figure" in self._kinds and not draws_figures():
            out.append(
                f"{counted(self._kinds['figure'], 'figure')} here as JSON: figures are drawn where plotly is installed "
                "when the file is made (pip install plotly)."
            )
        if self._unread:
            out.append(f"{counted(self._unread, 'object')} missing from the store, damaged, or not what browsers show.")
        return out


def counted(number: int, name: str) -> str:
    """Return how many there are with their verb, as ``1 sound is`` or ``1,200 sounds are``."""
    return f"1 {name} is" if number == 1 else f"{number:,} {name}s are"


def _in_file(size: int) -> int:
    return 4 * ((size + 2) // 3) + 200


def _mask(data: bytes) -> tuple[bytes, str]:
    return preview.mask_pixels(data), "image/png"


def _played(data: bytes) -> tuple[bytes, str]:
    kind = sniff(data)
    if kind is None or (not kind.startswith(("audio/", "video/")) and kind != "image/gif"):
        raise ValueError("expected a sound or a video that browsers play")
    return data, kind


def _scene(data: bytes) -> tuple[bytes, str]:
    check_model(data)
    return data, "application/octet-stream"


def _figure(data: bytes) -> tuple[bytes, str]:
    odd: list[str] = []
    try:
        # Python's NaN is no JSON: to plotly it is a gap, as null is.
        figure = json.loads(data, parse_constant=odd.append)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"the figure is damaged: {error!s:.200}") from None
    if not isinstance(figure, dict) or not isinstance(figure.get("data"), list):
        raise FormatError("expected the JSON of a figure: an object with a list as data")
    return json.dumps(figure).encode() if odd else data, "application/json"


def _text(data: bytes) -> tuple[bytes, str]:
    return data, "text/plain"
