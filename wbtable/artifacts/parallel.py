"""The same for many things of a store: on a core each where it is a local disk, on many threads where it is far."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from wbtable.storage.workers import run_all, threads

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wbtable.storage.backend import Backend

    _A = TypeVar("_A")
    _B = TypeVar("_B")

REMOTE_THREADS = 32


def each(backend: Backend, function: Callable[[_A], _B], items: Sequence[_A]) -> list[_B]:
    """Return `function` of each item, in their order; the first error is raised."""
    if len(items) < 2:
        return [function(item) for item in items]
    if backend.local_path("") is not None:
        return run_all(function, items)
    if REMOTE_THREADS < 2:
        return [function(item) for item in items]
    with threads(min(REMOTE_THREADS, len(items)), "wbtable-each") as pool:
        return list(pool.map(function, items))
