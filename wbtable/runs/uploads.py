"""Media and tables of a run: stored in order by a thread while training goes on (spec: 14-runs, RUN-10)."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, Final

from wbtable.format.run_history import Cell, Row
from wbtable.runs.console import warn
from wbtable.runs.files import is_transient
from wbtable.runs.values import payloads
from wbtable.storage.packs import PackWriter
from wbtable.storage.pool import begins

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wbtable.format.digest import Descriptor
    from wbtable.storage.objects import ObjectStore

MAX_WAITING: Final = 64
"""With so many jobs waiting, ``log`` of a further table or media value waits for one to end."""
RETRIES: Final = (0.5, 1.0, 2.0, 4.0)
"""Seconds between the attempts of a job that the store refuses."""


class Uploads:
    """A queue of jobs and the thread that does them. Safe to use from several threads."""

    def __init__(self, name: str) -> None:
        """Do nothing yet; the thread starts with the first job."""
        self._name = name
        self.reset()

    def reset(self) -> None:
        """Forget all jobs and the thread: in a forked child they belong to the parent."""
        self._jobs: queue.Queue[tuple[str, Callable[[], None], Callable[[], None]] | None] = queue.Queue()
        self._room = threading.Condition()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def wait_for_room(self) -> None:
        """Return once fewer than `MAX_WAITING` jobs wait; never call it with a lock that a job needs."""
        with self._room:
            self._room.wait_for(lambda: self._jobs.qsize() < MAX_WAITING)

    def add(self, what: str, job: Callable[[], None], rescue: Callable[[], None]) -> None:
        """Have a job done, without waiting; `rescue` keeps its content elsewhere if the store refuses it for good."""
        with self._lock:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="wbtable-uploads", daemon=True)
                if begins(thread):
                    self._thread = thread
        if self._thread is None:
            self._do(what, job, rescue)
        else:
            self._jobs.put((what, job, rescue))

    def drain(self) -> None:
        """Return once all jobs are done."""
        if self._thread is not None:
            self._jobs.join()

    def close(self) -> None:
        """Do what waits, then end the thread."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._jobs.put(None)
            thread.join()

    def _run(self) -> None:
        while True:
            item = self._jobs.get()
            with self._room:
                self._room.notify_all()
            try:
                if item is None:
                    return
                self._do(*item)
            finally:
                self._jobs.task_done()

    def _do(self, what: str, job: Callable[[], None], rescue: Callable[[], None]) -> None:
        for pause in (*RETRIES, None):
            try:
                job()
            except Exception as error:  # noqa: BLE001 - no job may end the thread; each failure is reported
                if pause is not None and is_transient(error):
                    time.sleep(pause)
                    continue
                warn(f"run {self._name}: {what} was not stored: {error}")
                if is_transient(error):
                    self._rescue(what, rescue)
            return

    def _rescue(self, what: str, rescue: Callable[[], None]) -> None:
        try:
            rescue()
        except Exception as error:  # noqa: BLE001 - as above: without the thread, waiting for it would never end
            warn(f"run {self._name}: {what} is lost: {error}")


def store_media(objects: ObjectStore, cells: Mapping[str, Cell]) -> list[Descriptor]:
    """Put the payloads of cells into packs and write FILE groups in their places; return the objects (FILE-1, RUN-3).

    Raises:
        UsageError: a file changed since it was logged.
        StorageError: the store does not take them.

    """
    places = [(holder, key) for cell in cells.values() for holder, key in payloads(cell.value)]
    found = [holder[key] for holder, key in places]
    with PackWriter(objects) as pack:
        placements = pack.add_many(found)
        pack.seal()
        descriptors: dict[int, Descriptor] = {}
        for (holder, key), payload, placed in zip(places, found, placements, strict=True):
            descriptors[placed.container] = pack.descriptor(placed.container)
            holder[key] = {
                "uri": pack.uri(placed.container),
                "offset": placed.offset,
                "size": placed.size,
                "content_type": payload.content_type,
                "checksum": str(placed.digest),
            }
    return list(descriptors.values())


def media_row(step: int, time_us: int, cells: Mapping[str, Cell]) -> Row:
    """Return the row of stored media."""
    return Row(step, time_us, tuple(cells), tuple(cells.values()))
