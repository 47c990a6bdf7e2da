"""Pools whose tasks are done even when no thread can begin any more: while the interpreter ends."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Thread
    from typing import Any

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Pool(ThreadPoolExecutor):
    """A pool of threads. Where none can begin, whoever hands it a task does the task himself.

    From Python 3.12 on no thread begins once the main module has ended, before in functions of `atexit` only. What runs
    then, a commit say, may have threads already, or none: each task is done once, by a thread or by its caller.
    """

    _is_ended = False

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """Have a function called; see `ThreadPoolExecutor.submit`.

        Raises:
            RuntimeError: the pool was shut down.

        """
        task = _Task(lambda: fn(*args, **kwargs))
        try:
            return super().submit(task.work)
        except RuntimeError:
            if self._is_ended:
                raise
            return task.here()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the pool; see `ThreadPoolExecutor.shutdown`."""
        self._is_ended = True
        super().shutdown(wait, cancel_futures=cancel_futures)


def begins(thread: Thread) -> bool:
    """Start a thread; False where none can begin: the interpreter ends, or the system has no more."""
    try:
        thread.start()
    except RuntimeError:
        return False
    return True


class _Task:
    """A call that is made once. A pool may have queued it before it found that no further thread begins."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._call = call
        self._lock = Lock()
        self._is_taken = False
        self._future: Future[Any] | None = None
        self._end: Callable[[Future[Any]], None] | None = None

    def work(self) -> Any:
        """Make the call in a thread of the pool, unless it was made."""
        with self._lock:
            if self._is_taken:
                return None
            self._is_taken = True
        try:
            result = self._call()
        except BaseException as error:
            self._ended(lambda future, error=error: future.set_exception(error))  # type: ignore[misc]
            raise
        self._ended(lambda future: future.set_result(result))
        return result

    def here(self) -> Future[Any]:
        """Make the call now; where a thread has begun it, return what will have its result."""
        future: Future[Any] = Future()
        with self._lock:
            self._future = future
            if self._is_taken:
                if self._end is not None:
                    self._end(future)
                return future
            self._is_taken = True
        try:
            future.set_result(self._call())
        except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
            future.set_exception(error)
        return future

    def _ended(self, end: Callable[[Future[Any]], None]) -> None:
        with self._lock:
            self._end = end
            if self._future is not None:
                end(self._future)
