"""Encoded files made with the real libraries, and a store of blobs in memory."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pytest
from PIL import Image as Pillow

from wbtable.errors import FormatError
from wbtable.format.digest import Digest
from wbtable.media.payload import Payload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from wbtable.media.base import Media

    M = TypeVar("M", bound=Media)
    Stored = Callable[[M], M]


class Blobs:
    """Keeps the payloads of cells, and counts what is read of them."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.reads = 0

    def keep(self, payload: object) -> dict[str, object]:
        assert isinstance(payload, Payload)
        data = payload.read()
        checksum = str(Digest.of(data))
        self.kept[checksum] = data
        return {"uri": None, "offset": 0, "size": len(data), "content_type": payload.content_type, "checksum": checksum}

    def cell(self, value: Media) -> dict[str, Any]:
        cell: dict[str, Any] = dict(value.to_cell())
        for owner in (cell, *(cell.get("masks") or ())):
            if "file" in owner:
                owner["file"] = self.keep(owner["file"])
        return cell

    def stored(self, value: M) -> M:
        """Return the value as a reader of a table sees it."""
        kind = value.column_type()
        import pyarrow as pa

        cell = pa.array([self.cell(value)], kind.arrow()).to_pylist()[0]
        return type(value).from_cell(cell, self, kind)

    def read(self, file: Mapping[str, object]) -> bytes:
        self.reads += 1
        data = self.kept[str(file["checksum"])]
        return Digest.parse(str(file["checksum"])).check(data)

    def read_many(self, files: Sequence[Mapping[str, object]]) -> list[bytes]:
        return [self.read(file) for file in files]


@pytest.fixture
def blobs() -> Blobs:
    return Blobs()


def pixels(height: int = 20, width: int = 30, channels: int = 3, seed: int = 0) -> np.ndarray[Any, np.dtype[np.uint8]]:
    shape = (height, width, channels) if channels else (height, width)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def encoded(form: str, *, height: int = 20, width: int = 30, mode: str = "RGB", **options: Any) -> bytes:
    sink = io.BytesIO()
    Pillow.fromarray(pixels(height, width)).convert(mode).save(sink, form, **options)
    return sink.getvalue()


@pytest.fixture(params=["JPEG", "PNG", "GIF", "WEBP", "BMP"])
def image_file(request: pytest.FixtureRequest) -> tuple[str, bytes]:
    form = str(request.param)
    mode = "P" if form == "GIF" else "RGB"
    return f"image/{form.lower()}", encoded(form, mode=mode)


class Damaged(Blobs):
    """Gives back a stored blob that was changed under its digest's eyes: what a checking reader never returns."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.data = data

    def read(self, file: Mapping[str, object]) -> bytes:
        del file
        if not self.data:
            raise FormatError("nothing")
        return self.data
