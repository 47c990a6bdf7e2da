"""Counts what a program sends to an S3 server: requests, bytes, and how many follow one another."""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from s3fs import S3FileSystem

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request.

    Attributes:
        what: the operation.
        key: the key.
        start: when it was sent, in seconds.
        end: when it was answered, in seconds.
        received: bytes of content.

    """

    what: str
    key: str
    start: float
    end: float
    received: int


@dataclass(slots=True)
class Meter:
    """The requests of a block."""

    requests: list[Request] = field(default_factory=list)

    @property
    def received(self) -> int:
        """Bytes of content received."""
        return sum(request.received for request in self.requests)

    def without(self, *parts: str) -> Meter:
        """Return the requests for keys that have none of these parts."""
        return Meter([one for one in self.requests if not any(part in one.key for part in parts)])

    def rounds(self) -> int:
        """Return how many requests follow one another: the most of which each was sent after the last was answered."""
        count, until = 0, 0.0
        for request in sorted(self.requests, key=lambda one: one.end):
            if request.start >= until:
                count, until = count + 1, request.end
        return count

    def shown(self) -> str:
        """Return the requests as text, for a failing test."""
        begin = min((one.start for one in self.requests), default=0.0)
        lines = (f"{one.start - begin:.3f} {one.end - begin:.3f} {one.what} {one.key}" for one in self.requests)
        return "\n".join(lines)


@contextmanager
def metered(delay: float = 0.05) -> Iterator[Meter]:
    """Count the requests of all S3 file systems in this process; each takes `delay` longer, as on a real network."""
    meter = Meter()
    original = S3FileSystem._call_s3

    async def call(self: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        start = time.perf_counter()
        await asyncio.sleep(delay)
        received = 0
        try:
            answer = await original(self, method, *args, **kwargs)
            received = int(answer.get("ContentLength") or 0) if method == "get_object" else 0
            return answer
        finally:
            end = time.perf_counter()
            key = str(kwargs.get("Key") or kwargs.get("Prefix") or "")
            meter.requests.append(Request(what=method, key=key, start=start, end=end, received=received))

    S3FileSystem._call_s3, before = call, S3FileSystem.call_s3
    from fsspec.asyn import sync_wrapper

    S3FileSystem.call_s3 = sync_wrapper(call)
    try:
        yield meter
    finally:
        S3FileSystem._call_s3, S3FileSystem.call_s3 = original, before
