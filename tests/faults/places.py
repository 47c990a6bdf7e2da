"""Where the tests put stores: each place is empty at first."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wbtable.artifacts.store import Store
from wbtable.storage.header import create_header
from wbtable.storage.open_backend import open_backend

if TYPE_CHECKING:
    from wbtable.storage.backend import Backend


@dataclass(slots=True, kw_only=True)
class Places:
    """Makes empty places of one kind; call it for another.

    Attributes:
        kind: ``local``, ``memory`` or ``s3``.
        root: what the URLs of the places begin with.
        options: what else it takes to open them.
        made: the places so far.

    """

    kind: str
    root: str
    options: dict[str, Any] = field(default_factory=dict)
    made: list[Backend] = field(default_factory=list)

    def __call__(self) -> Backend:
        """Return another empty place."""
        self.made.append(open_backend(f"{self.root}{uuid.uuid4().hex}", **self.options))
        return self.made[-1]

    def again(self, backend: Backend) -> Backend:
        """Return a place as another process would open it."""
        return open_backend(backend.url, **self.options)

    def empty(self) -> None:
        """Remove what was made in memory."""
        for backend in self.made if self.kind == "memory" else ():
            backend.delete(list(backend.list("")))


def new_store(place: Backend) -> Store:
    """Return an empty store in a place."""
    create_header(place)
    return Store.on(place)
