"""Short melodies and the instruments that play them, synthesised with numpy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

Samples: TypeAlias = np.ndarray[tuple[int], np.dtype[np.float32]]

RATE = 16_000
"""Samples in a second."""
_PENTATONIC = (0, 2, 4, 7, 9)
_A3 = 220.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """How a note sounds.

    Attributes:
        overtones: strength of the fundamental and of each multiple of it.
        attack: seconds until it is at its loudest.
        decay: how fast it fades, per second; 0 holds the note.
        vibrato: swing of the pitch, as a share of it.

    """

    overtones: Sequence[float]
    attack: float
    decay: float = 0.0
    vibrato: float = 0.0


WHISTLE = Instrument(overtones=(1.0,), attack=0.03)
"""What the originals are played on."""
INSTRUMENTS = {
    "violin": Instrument(overtones=(1.0, 0.6, 0.45, 0.3, 0.2, 0.12), attack=0.08, vibrato=0.006),
    "trumpet": Instrument(overtones=(0.6, 1.0, 0.8, 0.5, 0.35, 0.2, 0.1), attack=0.02),
    "piano": Instrument(overtones=(1.0, 0.5, 0.25, 0.12), attack=0.005, decay=5.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Melody:
    """Notes of equal length.

    Attributes:
        pitches: hertz.
        beat: seconds of a note.

    """

    song_id: str
    title: str
    pitches: tuple[float, ...]
    beat: float


def melody(number: int) -> Melody:
    """Return song `number`: a walk over the pentatonic scale, the same each time."""
    random = np.random.default_rng(number)
    steps = np.clip(np.cumsum(random.integers(-2, 3, 8)), -5, 9).tolist()
    semitones = [12 * (step // len(_PENTATONIC)) + _PENTATONIC[step % len(_PENTATONIC)] for step in steps]
    titles = ("Harbour", "Lantern", "North wind", "Mill wheel", "Long road", "First snow", "Ferry", "Orchard")
    return Melody(
        song_id=f"song_{number:02d}",
        title=titles[number % len(titles)],
        pitches=tuple(_A3 * 2 ** (semitone / 12) for semitone in semitones),
        beat=0.2 + 0.02 * int(random.integers(0, 5)),
    )


def _note(pitch: float, seconds: float, instrument: Instrument) -> Samples:
    at = np.arange(int(seconds * RATE)) / RATE
    phase = 2 * np.pi * pitch * at + pitch * instrument.vibrato / 5 * np.sin(2 * np.pi * 5 * at)
    wave = sum(strength * np.sin(place * phase) for place, strength in enumerate(instrument.overtones, start=1))
    shape = np.minimum(1, at / instrument.attack) * np.exp(-instrument.decay * at) * np.minimum(1, (at[-1] - at) / 0.02)
    note: Samples = (wave * shape / sum(instrument.overtones)).astype(np.float32)
    return note


def play(song: Melody, instrument: Instrument) -> Samples:
    """Return the melody as samples between -1 and 1, at `RATE`."""
    return np.concatenate([_note(pitch, song.beat, instrument) for pitch in song.pitches])
