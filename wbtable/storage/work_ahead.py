"""Work that the threads and its caller do ahead of where it is wanted."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from typing import TYPE_CHECKING, Generic, TypeVar

from wbtable.storage.workers import CORES, workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_A = TypeVar("_A")
_B = TypeVar("_B")


def work_ahead(
    function: Callable[[_A], _B], items: Iterable[_A], weigh: Callable[[_A], int], room: int
) -> Iterator[_B]:
    """Yield `function` of each item in order; the pool computes what comes next, and so does the caller.

    A caller who would wait for a thread does the next piece of work instead: no core is idle, and none has two threads
    to serve. Errors are raised in the items' order.

    Args:
        function: what is done.
        items: to what; taken in the caller's thread.
        weigh: says how much an item's result takes.
        room: how much the results that are computed ahead may take together; two items may always be under way.

    """
    left, used = iter(items), 0
    tasks = _Tasks(function)
    ahead: deque[tuple[Future[_B], int]] = deque()
    try:
        while True:
            while len(ahead) < 2 or used < room:
                try:
                    item = next(left)
                except StopIteration:
                    break
                weight = weigh(item)
                ahead.append((tasks.add(item, alone=not ahead), weight))
                used += weight
            if not ahead:
                return
            future, weight = ahead.popleft()
            while not future.done() and tasks.take():
                pass
            used -= weight
            yield future.result()
    finally:
        tasks.drop()


class _Tasks(Generic[_A, _B]):
    """What is to be done, taken by whoever has time."""

    def __init__(self, function: Callable[[_A], _B]) -> None:
        self._function = function
        self._todo: deque[tuple[Future[_B], _A]] = deque()
        self._helpers: list[Future[None]] = []

    def add(self, item: _A, *, alone: bool) -> Future[_B]:
        """Have an item done, by the pool's threads too unless it is alone."""
        future: Future[_B] = Future()
        self._todo.append((future, item))
        self._helpers = [helper for helper in self._helpers if not helper.done()]
        if not alone and len(self._helpers) < CORES - 1:
            self._helpers.append(workers().submit(self._work))
        return future

    def take(self) -> bool:
        """Do the first item that nobody has begun; False if there is none."""
        try:
            future, item = self._todo.popleft()  # one step under the interpreter's lock
        except IndexError:
            return False
        try:
            future.set_result(self._function(item))
        except Exception as error:  # noqa: BLE001 - raised where the result is asked for
            future.set_exception(error)
        except BaseException as error:
            future.set_exception(error)
            raise
        return True

    def _work(self) -> None:
        while self.take():
            pass

    def drop(self) -> None:
        """Begin nothing more."""
        self._todo.clear()
