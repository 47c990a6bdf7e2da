"""A real S3 server for the cases that need one, and what a program sends to it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.remote.meter import Meter, metered
from tests.remote.places import start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.remote.places import RemotePlace

__all__ = ["DELAY", "Meter", "gateway", "metered"]

DELAY = 0.03
"""Seconds that each request takes longer where requests are counted, as they would on a network: those that are sent
side by side then overlap, and those that wait for each other do not."""


@contextmanager
def gateway(work: Path) -> Iterator[RemotePlace]:
    """Run Ceph's RADOS gateway, its storage in memory, with a bucket in it; about ten seconds to start."""
    place = start("ceph", work / "ceph")
    try:
        yield place
    finally:
        place.stop()
