"""What a listing says of one key."""

from __future__ import annotations

from typing import NamedTuple


class KeyInfo(NamedTuple):
    """One key of a backend.

    Attributes:
        key: the key.
        size: its length in bytes.
        modified: when it was last written, in seconds since 1970 by the clock of the place itself.

    """

    key: str
    size: int
    modified: float
