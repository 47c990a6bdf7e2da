"""Values taken at the call: what the caller does to a file or a buffer afterwards changes no table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from wbtable.media.base import Media
    from wbtable.media.payload import Payload

MAX_CAPTURED = 8 << 20
"""Files up to this many bytes are read when they are added; larger ones are checked for change when they are stored."""


@dataclass(frozen=True, slots=True)
class Tagged:
    """A cell of a mixed column.

    Attributes:
        text: the canonical tagged JSON of the value.

    """

    text: str


@dataclass(frozen=True, slots=True)
class Captured:
    """A media cell, encoded.

    Attributes:
        cell: the physical struct, a payload in each ``file``.
        payload_size: bytes of its payloads that are in memory.

    """

    cell: dict[str, object]
    payload_size: int

    def to_cell(self) -> dict[str, object]:
        """Return the physical struct."""
        return self.cell


def capture(media: Media) -> Captured:
    """Encode a media value.

    Raises:
        UsageError: it is not what its class says, is damaged, or is over a limit.

    """
    cell = dict(media.to_cell())
    size = 0
    if "file" in cell:
        cell["file"], size = _read(cast("Payload", cell["file"]))
    masks = []
    for mask in cast("list[dict[str, object]]", cell.get("masks") or []):
        payload, more = _read(cast("Payload", mask["file"]))
        masks.append({**mask, "file": payload})
        size += more
    if masks:
        cell["masks"] = masks
    return Captured(cell, size)


def _read(payload: Payload) -> tuple[Payload, int]:
    if payload.path is None:
        return payload, payload.size
    if payload.size > MAX_CAPTURED:
        return payload, 0
    return type(payload).of_bytes(payload.read(), payload.content_type), payload.size
