"""Doing the next pieces of work on threads while the caller handles this one."""

from __future__ import annotations

import threading
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from wbtable.storage.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

_A = TypeVar("_A")
_B = TypeVar("_B")


_thread = threading.local()


def _mark() -> None:
    _thread.ahead = True


def is_ahead() -> bool:
    """Whether this thread computes for `ahead`, beside others: spreading its work over more would only cost."""
    return getattr(_thread, "ahead", False)


def ahead(function: Callable[[_A], _B], items: Iterable[_A], depth: int = 2) -> Iterator[_B]:
    """Yield `function` of each item in order, at most `depth` of them under way or waiting.

    A single item is computed at once, without a thread. Errors are raised in the items' order; what was begun behind
    one is dropped.
    """
    left = iter(items)
    first = list(islice(left, 2))
    if len(first) < 2:
        for item in first:
            yield function(item)
        return
    pool = Pool(depth, thread_name_prefix="wbtable-ahead", initializer=_mark)
    waiting: deque[Future[_B]] = deque()
    try:
        for item in first[:depth]:
            waiting.append(pool.submit(function, item))
        rest = first[depth:]
        while waiting:
            done = waiting.popleft()
            value = done.result()
            for item in rest or islice(left, 1):
                waiting.append(pool.submit(function, item))
            rest = []
            yield value
    finally:
        for future in waiting:
            future.cancel()
        pool.shutdown(wait=False)
