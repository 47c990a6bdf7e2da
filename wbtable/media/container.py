"""What the container of a video or sound says of its content (MEDIA-11)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """What a container says; None where it does not.

    Attributes:
        content_type: the media type.
        width: pixels across.
        height: pixels down.
        frames: pictures.
        duration: seconds.
        rate: pictures per second, where it is not frames / duration.
        sample_rate: of its first sound, Hz.
        channels: of its first sound.

    """

    content_type: str
    width: int | None = None
    height: int | None = None
    frames: int | None = None
    duration: float | None = None
    rate: float | None = None
    sample_rate: int | None = None
    channels: int | None = None

    @property
    def fps(self) -> float | None:
        """Pictures per second, on average."""
        if self.rate is not None or not self.frames or not self.duration:
            return self.rate
        return self.frames / self.duration
