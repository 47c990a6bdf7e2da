"""Where the tests put stores: each place is empty at first, and has a way to make another beside it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from wbtable.artifacts.store import Store
from wbtable.storage.backend import open_backend
from wbtable.storage.header import create_header

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from wbtable.storage.backend import Backend

    MakePlace = Callable[[], Backend]
    """Makes an empty place."""


def local_places(folder: Path) -> MakePlace:
    """Return what makes empty places on this disk."""

    def make() -> Backend:
        return open_backend(folder / uuid.uuid4().hex)

    return make


def memory_places() -> Iterator[MakePlace]:
    """Yield what makes empty places in memory; they are emptied in the end."""
    made: list[Backend] = []

    def make() -> Backend:
        made.append(open_backend(f"memory://{uuid.uuid4().hex}"))
        return made[-1]

    yield make
    for backend in made:
        backend.delete(list(backend.list("")))


def new_store(places: MakePlace) -> Store:
    """Return an empty store in a new place."""
    backend = places()
    create_header(backend)
    return Store.on(backend)
