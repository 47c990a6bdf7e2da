"""The runs of a store, kept between questions: what ended is read once, what runs is read again."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from wbtable.errors import NotFoundError, WbtableError
from wbtable.format.layout import log_key
from wbtable.format.run_keys import attempts_log
from wbtable.runs.reading import RunInfo, run_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wbtable.artifacts.store import Store

FRESH: Final = 0.5
"""Seconds for which an answer about a project stands."""
_AT_ONCE: Final = 64
_THREADS: Final = 16
_MOST_TEXT: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Known:
    """A run as it was when it was read; one that cannot be read says why.

    Attributes:
        project: the project's name.
        id: the run's id.
        info: the run; None if its records are damaged.
        error: what is wrong with it.

    """

    project: str
    id: str
    info: RunInfo | None = None
    error: str | None = None

    @property
    def is_ended(self) -> bool:
        """Whether nothing will change any more, unless it is resumed."""
        return self.info is not None and self.info.finished_at is not None


@dataclass(slots=True)
class _Project:
    guard: threading.Lock = field(default_factory=threading.Lock)
    runs: dict[str, Known] = field(default_factory=dict)
    read_at: float = -1e9
    turn: int = 0


class RunIndex:
    """What is known of the runs of a store. Safe to use from several threads."""

    def __init__(self, open_store: Callable[[], Store]) -> None:
        """Read nothing yet."""
        self._open = open_store
        self._guard = threading.Lock()
        self._projects: dict[str, _Project] = {}

    def runs(self, project: str, fresh: float = FRESH) -> list[Known]:
        """Return the runs of a project, the newest first, those that cannot be read last.

        Args:
            project: the project's name.
            fresh: how many seconds old the answer may be.

        """
        with self._guard:
            known = self._projects.setdefault(project, _Project())
        with known.guard:
            if time.monotonic() - known.read_at > fresh:
                self._read(project, known)
                known.read_at = time.monotonic()
            return sorted(known.runs.values(), key=_order, reverse=True)

    def one(self, project: str, run_id: str) -> Known:
        """Return a run as it is now.

        Raises:
            NotFoundError: there is no such run.

        """
        found = _known(self._open(), project, run_id)
        if found is None:
            msg = f"there is no run {project}/{run_id:.200} in {self._open().url!r}"
            raise NotFoundError(msg)
        return found

    def _read(self, project: str, known: _Project) -> None:
        store = self._open()
        ids = run_ids(store, project)
        ended = [run_id for run_id in ids if run_id in known.runs and known.runs[run_id].is_ended]
        again = [run_id for run_id in ids if run_id not in known.runs or not known.runs[run_id].is_ended]
        is_distant = bool(getattr(store.backend, "is_distant", False))
        if is_distant and len(ended) > _AT_ONCE:
            # Asking of each whether it was resumed takes a request: some now, the others with the next questions.
            known.turn = (known.turn + _AT_ONCE) % len(ended)
            ended = [*ended, *ended][known.turn : known.turn + _AT_ONCE]
        again += [run_id for run_id in ended if self._is_resumed(store, known.runs[run_id])]
        read: Iterable[Known | None]
        if is_distant and len(again) > 1:
            with ThreadPoolExecutor(_THREADS, thread_name_prefix="wbtable-runs") as threads:
                read = list(threads.map(lambda run_id: _known(store, project, run_id), again))
        else:
            read = [_known(store, project, run_id) for run_id in again]
        fresh = {one.id: one for one in read if one is not None}
        known.runs = {
            run_id: found for run_id in ids if (found := fresh.get(run_id) or known.runs.get(run_id)) is not None
        }

    @staticmethod
    def _is_resumed(store: Store, known: Known) -> bool:
        assert known.info is not None
        log = attempts_log(known.project, known.id)
        try:
            return store.backend.size(log_key(log, known.info.start.attempt + 1)) is not None
        except (WbtableError, OSError):
            return False


def _known(store: Store, project: str, run_id: str) -> Known | None:
    """Return a run, or what is wrong with it; None while its folder is being made."""
    try:
        return Known(project=project, id=run_id, info=RunInfo(store, project, run_id))
    except NotFoundError:
        return None
    except (WbtableError, OSError) as error:
        return Known(project=project, id=run_id, error=str(error)[:_MOST_TEXT])


def _order(known: Known) -> tuple[bool, Any, str]:
    return (known.info is not None, None if known.info is None else known.info.created_at, known.id)
