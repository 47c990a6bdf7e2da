"""In which order threads take tasks."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

_P = ParamSpec("_P")
_T = TypeVar("_T")

_Task = tuple["Future[Any]", "Callable[[], Any]"]


class Turns:
    """Hands tasks to an executor that takes them in order of urgency, not of submission.

    What the executor is given is not the task but a turn: to do the most urgent one there is when a thread comes to it.
    There are as many turns as tasks, so that each is done.
    """

    def __init__(self) -> None:
        """Begin with no task."""
        self._urgent: deque[_Task] = deque()
        self._later: deque[_Task] = deque()

    def submit(
        self, executor: Executor, function: Callable[_P, _T], *args: _P.args, **options: _P.kwargs
    ) -> Future[_T]:
        """Let an executor call a function as soon as it can; of several the first comes first.

        Raises:
            RuntimeError: the executor is shut down.

        """
        return self._put(self._urgent, executor, lambda: function(*args, **options))

    def submit_later(
        self, executor: Executor, function: Callable[_P, _T], *args: _P.args, **options: _P.kwargs
    ) -> Future[_T]:
        """Let an executor call a function when nothing urgent waits; see `submit`."""
        return self._put(self._later, executor, lambda: function(*args, **options))

    def _put(self, tasks: deque[_Task], executor: Executor, call: Callable[[], _T]) -> Future[_T]:
        future: Future[_T] = Future()
        tasks.append((future, call))
        executor.submit(self._take)
        return future

    def _take(self) -> None:
        try:
            future, call = self._urgent.popleft()
        except IndexError:
            future, call = self._later.popleft()
        if not future.set_running_or_notify_cancel():
            return
        try:
            result = call()
        except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
            future.set_exception(error)
            del future, call  # the traceback has this frame: what the task worked on would live as long
        else:
            future.set_result(result)
