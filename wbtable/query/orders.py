"""Which rows of a source a view has, in which order: computed once, and kept (spec: 16-views, VIEW-5).

A view that sorts millions of rows gives its first window from the sort keys alone. Meanwhile the positions of all its
rows are computed in the background, and kept under the content digest of the rows and the canonical text of the view:
in memory, and for stored tables in the machine's cache folder. Stored tables never change, so nothing goes stale.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import threading
from collections import OrderedDict
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final

import numpy as np

from wbtable.errors import CancelledError
from wbtable.format.documents import canonical
from wbtable.query.control import QueryControl
from wbtable.storage.cache_folder import cache_root

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wbtable.query.control import Control
    from wbtable.query.source import Positions
    from wbtable.query.view_plan import Plan

    Order = Positions | np.ndarray[tuple[int], np.dtype[np.uint32]]
    """Positions of rows; of tables of fewer than 2^32 rows they take half the room."""

_IN_MEMORY: Final = 256 << 20
ON_DISK: Final = 1 << 30
_SMALL: Final = 1 << 16
RULES: Final = 2
"""Raised when some view has other rows, or another order, than before: what an older version kept is another's then."""
_TYPES: Final = {b"wbtorder": "<i8", b"wbtord32": "<u4"}
"""What a file begins with, by how positions stand in it."""


def order_key(plan: Plan) -> str:
    """Return the name of the rows and the order of a view: of the digest, and what derives, filters and sorts."""
    from wbtable.query.view_plan import canonical as text

    spec = plan.spec
    parts = {
        "rules": RULES,
        "source": plan.source.name,
        "derive": [[item.name, item.expression] for item in spec.derive],
        "filter": None if plan.filter is None else text(plan.filter),
        "sort": [[text(key.expression), key.sort.order, key.sort.nulls] for key in plan.sort],
    }
    return hashlib.sha256(canonical(parts)).hexdigest()


class _Last:
    """The orders that were used last, up to so many bytes of them."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: OrderedDict[str, Order] = OrderedDict()
        self._size = 0

    def get(self, key: str) -> Order | None:
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: str, positions: Order) -> None:
        if positions.nbytes > self._limit:
            return
        old = self._kept.pop(key, None)
        self._kept[key] = positions
        self._size += positions.nbytes - (0 if old is None else old.nbytes)
        while self._size > self._limit:
            self._size -= self._kept.popitem(last=False)[1].nbytes


class Orders:
    """The orders that were computed last: 256 MiB of them in memory, 1 GiB on disk.

    A file's bytes are checked when it is mapped, and it stays mapped: to check the order of a hundred million rows for
    each window would take longer than the window.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._guard = threading.Lock()
        self._kept = _Last(_IN_MEMORY)
        self._mapped = _Last(ON_DISK)
        self._running: dict[str, tuple[Future[Order], QueryControl, threading.Thread]] = {}

    def get(self, key: str, *, stored: bool) -> Order | None:
        """Return the order of a view, if it is known."""
        with self._guard:
            found = self._kept.get(key)
            if found is None:
                found = self._mapped.get(key)
        if found is not None:
            return found
        if not stored:
            return None
        read = _read(_path(key))
        if read is not None:
            with self._guard:
                self._mapped.put(key, read)
        return read

    def put(self, key: str, positions: Order, *, stored: bool) -> None:
        """Keep the order of a view; on disk too if its rows have a name for good."""
        with self._guard:
            self._kept.put(key, positions)
        if stored and len(positions) > _SMALL:
            with contextlib.suppress(OSError):  # a full disk costs time, not the answer
                _write(_path(key), positions)

    def publish(self, key: str, positions: Order) -> None:
        """Keep the order of a view on disk, however small it is, for other processes.

        Raises:
            OSError: there is no room for it.

        """
        if not _path(key).is_file():
            _write(_path(key), positions)

    def start(
        self,
        key: str,
        compute: Callable[[Control], Order],
        like: Control,
        *,
        stored: bool,
        afterwards: Callable[[Control], object] | None = None,
    ) -> None:
        """Compute an order in the background, unless that is under way; then do what comes `afterwards`."""
        future: Future[Order] = Future()
        control = QueryControl(like.memory_limit, like.threads)

        def work() -> None:
            try:
                found = compute(control)
                self.put(key, found, stored=stored)
                future.set_result(found)
                if afterwards is not None:
                    afterwards(control)
            except BaseException as error:  # noqa: BLE001 - who waits hears of it; what comes afterwards only saves time
                if not future.done():
                    future.set_exception(error)
            finally:
                with self._guard:
                    self._running.pop(key, None)

        thread = threading.Thread(target=work, name="wbtable-order", daemon=True)
        with self._guard:
            if key not in self._running:
                self._running[key] = (future, control, thread)
                thread.start()

    def wait(self, key: str, control: Control) -> Order | None:
        """Return the order that is being computed, once it is there; None if none is, or if it failed.

        Raises:
            CancelledError: `control` was cancelled.

        """
        with self._guard:
            running = self._running.get(key)
        if running is None:
            return None
        while True:
            control.check()
            try:
                return running[0].result(timeout=0.05)
            except TimeoutError:
                if running[0].done():
                    return None
            except CancelledError:
                return None
            except Exception:  # noqa: BLE001 - computed anew by the caller, who then sees why
                return None

    def stop(self) -> None:
        """Cancel what runs, and wait until it has ended."""
        with self._guard:
            running = list(self._running.values())
        for _, control, _ in running:
            control.cancel()
        for _, _, thread in running:
            thread.join(timeout=5)

    def forget(self) -> None:
        """After a fork: what ran stayed in the parent."""
        self._guard = threading.Lock()
        self._running = {}


def _path(key: str) -> Path:
    return cache_root() / "orders" / f"{key}.rows"


def _write(path: Path, positions: Order) -> None:
    """Write positions with their number and a check of their bytes before them."""
    import xxhash

    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    magic = next(name for name, kind in _TYPES.items() if positions.dtype == kind)
    data = np.ascontiguousarray(positions)
    head = magic + len(data).to_bytes(8, "little") + xxhash.xxh3_128_digest(data.data.cast("B"))
    try:
        with temporary.open("wb") as file:
            file.write(head)
            file.write(data.data.cast("B"))
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    make_room(path.parent, ON_DISK, path)


def _read(path: Path) -> Order | None:
    """Return positions that were written, None if there are none or they are damaged."""
    import xxhash

    try:
        with path.open("rb") as file:
            head = file.read(32)
        kind = np.dtype(_TYPES.get(head[:8], "<i8"))
        size = 32 + kind.itemsize * int.from_bytes(head[8:16], "little")
        if len(head) != 32 or head[:8] not in _TYPES or path.stat().st_size != size:
            return None
        found: Order = np.memmap(path, dtype=kind, mode="r", offset=32)
        if xxhash.xxh3_128_digest(found.data.cast("B")) != head[16:]:
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
    except (OSError, ValueError):
        return None
    return found


def make_room(folder: Path, limit: int, stays: Path | None = None) -> None:
    """Remove the files of a cache folder that were used longest ago, but one, until the rest fit `limit` bytes."""
    found = []
    for entry in folder.rglob("*"):
        with contextlib.suppress(OSError):
            facts = entry.stat()
            if entry.is_file():
                found.append((facts.st_mtime_ns, facts.st_size, entry))
    total = sum(size for _, size, _ in found)
    for _, size, entry in sorted(found, key=lambda item: item[0]):
        if total <= limit:
            return
        if entry == stays:
            continue
        entry.unlink(missing_ok=True)
        total -= size


ORDERS: Final = Orders()
atexit.register(ORDERS.stop)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=ORDERS.forget)
