"""What media workers do: bytes of strangers are decoded in a process that may fail alone."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any, Final

from wbtable.errors import FormatError
from wbtable.viewer.blobs import Blobs, Reference
from wbtable.viewer.open_tasks import opener

if TYPE_CHECKING:
    import pyarrow as pa

    from wbtable.format.documents import Json
    from wbtable.query.worker_process import Control

MAX_MODEL: Final = 256 << 20


@functools.lru_cache(maxsize=2)
def _blobs(places: str) -> Blobs:
    return Blobs(opener(json.loads(places)))


def _read(places: Json, reference: Json) -> bytes:
    return _blobs(json.dumps(places, sort_keys=True)).read(Reference(**reference))


def _bytes(data: bytes) -> pa.Table:
    import pyarrow as pa

    return pa.table({"data": pa.array([data], pa.large_binary())})


def thumbnail(control: Control, places: Json, reference: Json, side: int) -> pa.Table:
    """Return a small WebP of an image or video."""
    from wbtable.media import preview

    del control
    return _bytes(preview.thumbnail(_read(places, reference), side))


def mask(control: Control, places: Json, reference: Json, side: int | None) -> pa.Table:
    """Return a mask as a PNG whose pixels are class ids."""
    from wbtable.media import preview

    del control
    return _bytes(preview.mask_pixels(_read(places, reference), side))


def peaks(control: Control, places: Json, reference: Json, points: int) -> Json:
    """Return the envelope of a sound."""
    from wbtable.media import preview

    del control
    return preview.peaks(_read(places, reference), points)._asdict()


def model(control: Control, places: Json, reference: Json) -> pa.Table:
    """Return a mesh, if it names nothing outside itself."""
    del control
    data = _read(places, reference)
    check_model(data)
    return _bytes(data)


def check_model(data: bytes) -> None:
    """Refuse a mesh that names a file or an address.

    Raises:
        FormatError: it does, or is larger than what is shown.

    """
    if len(data) > MAX_MODEL:
        raise FormatError(f"expected a mesh of at most {MAX_MODEL >> 20} MB, found {len(data)} bytes")
    text: bytes | None = None
    if data[:4] == b"glTF":
        size = int.from_bytes(data[12:16], "little")
        if data[16:20] != b"JSON" or size > len(data) - 20:
            raise FormatError("expected a JSON chunk at the beginning of the GLB")
        text = data[20 : 20 + size]
    elif data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"{", b"["}:
        text = data
    if text is None:
        return
    try:
        found = json.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise FormatError(f"the JSON of the mesh is damaged: {error!s:.200}") from None
    _check_uris(found)


def _check_uris(value: Any) -> None:
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            for key, item in found.items():
                if key.lower() in {"uri", "url"} and not (isinstance(item, str) and item.startswith("data:")):
                    raise FormatError(f"the mesh names {item!r:.200}, which is outside of it: embed it (GLB)")
                waiting.append(item)
        elif isinstance(found, list):
            waiting.extend(found)
