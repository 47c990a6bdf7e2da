"""A backend that fails at its n-th call, before or after the call took effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wbtable.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wbtable.storage.backend import Backend

MUTATING = frozenset({"create", "put", "put_file", "replace", "delete", "sync"})


class CrashError(BaseException):
    """The process died here; nothing catches it."""


class FaultyBackend:
    """Passes calls on to another backend, and fails at one of them; of several keys put at once each is a call.

    Attributes:
        calls: how many calls there were.
        fail_at: the number of the call that fails; -1 for none.
        applied: whether that call takes effect before it fails.
        error: what it raises.
        only: the methods that count.

    """

    def __init__(
        self, inner: Backend, fail_at: int = -1, *, applied: bool = False, error: type[BaseException] = StorageError
    ) -> None:
        self.inner = inner
        self.fail_at = fail_at
        self.applied = applied
        self.error = error
        self.only = MUTATING
        self.calls = 0
        self.log: list[tuple[str, str]] = []

    def put_many(self, objects: Mapping[str, bytes]) -> None:
        for key, data in objects.items():
            self.put(key, data)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        if name not in self.only:
            return found

        def call(*args: Any) -> Any:
            number = self.calls
            self.calls += 1
            self.log.append((name, str(args[0]) if args else ""))
            if number != self.fail_at:
                return found(*args)
            if self.applied:
                found(*args)
            raise self.error(f"{name} failed")

        return call
