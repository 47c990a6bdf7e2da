"""A backend whose n-th call fails: the process dies there, an answer is lost, or a request is."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from wbtable.errors import WbtableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from wbtable.storage.backend import Backend

MUTATING = frozenset({"create", "put", "put_file", "replace", "delete"})
_NO_CALLS = frozenset({"local_path", "tidy"})
"""These reach no storage."""


class CrashError(BaseException):
    """The process died here: nothing catches it, and nothing that it does later reaches the store."""


@dataclass(slots=True, kw_only=True)
class Plan:
    """What goes wrong.

    Attributes:
        at: the number of the call that fails; -1 for none.
        applied: whether that call takes effect before it fails.
        error: what it raises; after a `CrashError` every later call raises it too.
        only: the methods whose calls are numbered; None for all.
        delay: up to so many seconds before each call, at random.
        seed: of the delays.

    """

    at: int = -1
    applied: bool = False
    error: type[BaseException] = CrashError
    only: frozenset[str] | None = None
    delay: float = 0.0
    seed: int = 0
    calls: list[tuple[str, str]] = field(default_factory=list)
    is_dead: bool = False


class FaultyBackend:
    """Passes calls on to another backend, as a plan says; several keys put or deleted at once are a call for each.

    Attributes:
        inner: the backend that does the work.
        plan: what goes wrong; it also has the calls so far, by method and key.

    """

    def __init__(self, inner: Backend, plan: Plan | None = None) -> None:
        self.inner = inner
        self.url = inner.url
        self.plan = plan or Plan()
        self._guard = threading.Lock()
        self._random = random.Random(self.plan.seed)

    @property
    def unsafe_single_writer(self) -> bool:
        return self.inner.unsafe_single_writer

    @unsafe_single_writer.setter
    def unsafe_single_writer(self, value: bool) -> None:
        self.inner.unsafe_single_writer = value

    def local_path(self, key: str) -> Path | None:
        return self.inner.local_path(key)

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._call("delete", partial(self.inner.delete, [key]), key)

    def put_many(self, objects: Mapping[str, bytes]) -> None:
        together = getattr(self.inner, "put_many", None)
        for key, data in objects.items():
            one = partial(self.inner.put, key, data) if together is None else partial(together, {key: data})
            self._call("put", one, key)

    def list(self, prefix: str) -> Any:
        return iter(self._call("list", lambda: list(self.inner.list(prefix)), prefix))

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        if name.startswith("_") or name in _NO_CALLS or not callable(found):
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            return self._call(name, lambda: found(*args, **kwargs), str(args[0]) if args else "")

        return call

    def _call(self, name: str, action: Callable[[], Any], key: str) -> Any:
        plan = self.plan
        with self._guard:
            if plan.is_dead:
                raise CrashError("the process is dead")
            number = -1
            if plan.only is None or name in plan.only:
                number = len(plan.calls)
                plan.calls.append((name, key))
            fails = number == plan.at and number >= 0
            if fails and not plan.applied:
                plan.is_dead = plan.error is CrashError
            pause = self._random.uniform(0, plan.delay) if plan.delay else 0.0
        if pause:
            time.sleep(pause)
        if fails and not plan.applied:
            raise plan.error(f"{name} {key} was not done")
        if not fails:
            return action()
        # Whatever the answer was, nobody hears it.
        with contextlib.suppress(WbtableError):
            action()
        plan.is_dead = plan.error is CrashError
        raise plan.error(f"the answer to {name} {key} was lost")
