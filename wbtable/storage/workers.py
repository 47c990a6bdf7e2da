"""Threads that this process shares for hashing and reading.

SHA-256, `pread` and `write` release the interpreter's lock, so threads use the cores.
"""

from __future__ import annotations

import os
from concurrent.futures import wait
from contextlib import contextmanager
from threading import Lock, Thread
from typing import TYPE_CHECKING, TypeVar, cast

from wbtable.storage.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_A = TypeVar("_A")
_B = TypeVar("_B")

CORES = max(1, min(16, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1))

_REQUESTS = 32
_WAITING = 8
"""So many threads wait for the disk at once: it serves them together."""

_guard = Lock()
_pool: Pool | None = None
_io_pool: Pool | None = None


def workers() -> Pool:
    """Return this process's pool, one thread a core. Its tasks never wait for other tasks of it."""
    global _pool  # noqa: PLW0603 - made at first use, and again after a fork
    with _guard:
        if _pool is None:
            _pool = Pool(max(2, CORES), thread_name_prefix="wbtable")
        return _pool


def io_workers() -> Pool:
    """Return this process's pool for requests that mostly wait. Its tasks never wait for other tasks of it."""
    global _io_pool  # noqa: PLW0603 - as above
    with _guard:
        if _io_pool is None:
            _io_pool = Pool(_REQUESTS, thread_name_prefix="wbtable-io")
        return _io_pool


def run_all(function: Callable[[_A], _B], items: Sequence[_A], *, waits: bool = False) -> list[_B]:
    """Return `function` of each item, computed on a pool and in this thread; the first error is raised.

    This thread takes part because it has a core already: short work handed to sleeping threads alone often ends up
    on one core, where the system woke them, and takes twice the time.

    Args:
        function: what is done.
        items: to what.
        waits: whether it mostly waits, for the disk say, so that more threads than cores are of use.

    """
    todo = iter(range(len(items)))
    results: list[_B | None] = [None] * len(items)
    errors: dict[int, BaseException] = {}

    def work() -> None:
        # Taking the next number is one step under the interpreter's lock.
        for i in todo:
            if errors:
                return
            try:
                results[i] = function(items[i])
            except BaseException as error:  # noqa: BLE001 - raised below
                errors[i] = error

    pool, count = (io_workers(), _WAITING) if waits else (workers(), CORES)
    others = [pool.submit(work) for _ in range(min(count, len(items)) - 1)]
    work()
    # What has not begun has nothing left to do, so this never waits for a pool that is busy with others.
    wait([other for other in others if not other.cancel()])
    if errors:
        raise errors[min(errors)]
    return cast("list[_B]", results)


def side_by_side(is_distant: bool, actions: Sequence[Callable[[], _A]]) -> list[_A]:
    """Return the results of independent requests: sent together where that saves time, else one after the other.

    The first error is raised; where they are sent together, once all are answered. Ctrl-C waits for none.
    """
    if not is_distant:
        return [action() for action in actions]
    futures = [io_workers().submit(action) for action in actions[1:]]
    try:
        first = actions[0]()
    except Exception:
        wait(futures)
        raise
    wait(futures)
    return [first, *(future.result() for future in futures)]


@contextmanager
def threads(count: int, name: str) -> Iterator[Pool]:
    """Give a pool that ends with the block, once its tasks have; Ctrl-C waits for none."""
    pool = Pool(count, thread_name_prefix=name)
    try:
        yield pool
    except BaseException as error:
        pool.shutdown(wait=not isinstance(error, KeyboardInterrupt), cancel_futures=True)
        raise
    pool.shutdown()


def end_after(kind: type[BaseException] | None, is_distant: bool, end: Callable[[], None]) -> None:
    """Call what waits for requests that run, and tidies up behind them.

    After Ctrl-C that is done behind the caller's back where requests take long: a server that does not answer must not
    keep a program from ending.

    Args:
        kind: the exception on which the caller ends, None for none.
        is_distant: whether requests take long.
        end: what waits and tidies up.

    """
    if is_distant and kind is not None and issubclass(kind, KeyboardInterrupt):
        Thread(target=end, name="wbtable-end", daemon=True).start()
    else:
        end()


def _forget_pool() -> None:
    """After a fork: the pool's threads stayed in the parent."""
    global _guard, _pool, _io_pool
    _guard, _pool, _io_pool = Lock(), None, None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)
