"""What a running server knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wbtable.viewer.blobs import Blobs
from wbtable.viewer.jobs import Jobs
from wbtable.viewer.ordering import Ordering
from wbtable.viewer.sessions import Sessions
from wbtable.viewer.sources import Opener, Places

if TYPE_CHECKING:
    import asyncio
    from pathlib import Path

    from wbtable.format.documents import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A table outside of the store.

    Attributes:
        id: what the page calls it.
        title: what people call it.
        path: its manifest.

    """

    id: str
    title: str
    path: str

    @property
    def source(self) -> Json:
        """What views name it by."""
        return {"kind": "table", "tables": [{"url": self.id}]}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class State:
    """What is open, and who may ask.

    Attributes:
        places: what may be opened.
        opened: tables outside of the store.
        start: what the page shows first.
        folder: a folder of the server's own, for what it makes; nobody else reads it, and it is removed at the end.
        read_only: whether nothing is ever saved.
        allowed_hosts: names under which the server may be asked, beside those of the loopback.
        jobs: the workers.
        ordering: the orders of views that are being found.
        sessions: who may ask.
        streams: what ends the stream that a session listens to.
        opener: opens what is listed.
        blobs: reads media.

    """

    places: Places
    opened: tuple[Opened, ...]
    start: Json
    folder: Path
    read_only: bool = False
    allowed_hosts: tuple[str, ...] = ()
    jobs: Jobs = field(default_factory=Jobs)
    sessions: Sessions = field(default_factory=Sessions)
    streams: dict[str, asyncio.Event] = field(default_factory=dict)
    opener: Opener = field(init=False)
    blobs: Blobs = field(init=False)
    ordering: Ordering = field(init=False)

    def __post_init__(self) -> None:
        """Make what opens and reads."""
        object.__setattr__(self, "opener", Opener(self.places))
        object.__setattr__(self, "ordering", Ordering(self.jobs))
        object.__setattr__(self, "blobs", Blobs(self.opener))

    def end(self) -> None:
        """Let all that is being answered end; called where the server runs."""
        for stream in self.streams.values():
            stream.set()
        self.ordering.close()
        self.jobs.cancel_all()
