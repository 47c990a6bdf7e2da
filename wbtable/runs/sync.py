"""What runs left on this machine because their store did not take it: kept, found and sent (spec: 14-runs, RUN-9)."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from wbtable.artifacts.commit import RunInfo, commit
from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.lease import Lease
from wbtable.artifacts.leased_objects import LeasedObjects
from wbtable.artifacts.store import Store
from wbtable.errors import FormatError, WbtableError
from wbtable.format.documents import canonical, parse
from wbtable.format.layout import unescape
from wbtable.format.run_history import Cell, Row, make_segment, to_text, write_segment
from wbtable.format.run_keys import LOGGED
from wbtable.format.run_record import RunFinish, RunLink
from wbtable.format.types import AnyType
from wbtable.runs.compaction import Compacted, compact
from wbtable.runs.files import MAX_RECORD, RunFiles, now
from wbtable.runs.rescue import remove_if_sent, send_artifacts, send_media
from wbtable.runs.spool import NOTE, remove_if_empty, spool_root, write_note
from wbtable.runs.tables import TABLES
from wbtable.storage.cache_folder import cache_root

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FINISH: Final = "finish.json"
"""The file beside a run's spool with the record of its end."""


@dataclass(slots=True, kw_only=True)
class Synced:
    """What was sent of one run.

    Attributes:
        run: ``project/id``.
        store: the store's URL.
        segments: how many history segments were sent.
        tables: how many tables were sent.
        artifacts: how many artifacts were sent.
        media: how many rows of media were sent.
        finished: whether the record of its end was sent.
        left: how many files are still here, because the process that wrote them runs.
        error: why not all was sent, or None.

    """

    run: str
    store: str
    segments: int = 0
    tables: int = 0
    artifacts: int = 0
    media: int = 0
    finished: bool = False
    left: int = 0
    error: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return all of it as JSON."""
        names = ("run", "store", "segments", "tables", "artifacts", "media", "finished", "left", "error")
        return {name: getattr(self, name) for name in names}


def keep_finish(project: str, run_id: str, url: str, record: RunFinish) -> None:
    """Keep the record of a run's end on this machine, because the store does not take it."""
    folder = spool_root(project, run_id)
    write_note(folder, url)
    (folder / FINISH).write_bytes(canonical(record.to_json()))


def with_history(record: RunFinish, made: Compacted) -> RunFinish:
    """Return a record of a run's end that names its compacted history."""
    return replace(record, segments=made.segments, history=made.history, refs=made.refs)


def waiting() -> Iterator[Path]:
    """Yield the folders of runs of which something waits on this machine."""
    root = cache_root() / "spool"
    if root.is_dir():
        yield from sorted(path.parent for path in root.glob(f"*/*/{NOTE}"))


def sync(open_store: Callable[[str], Store] = Store) -> list[Synced]:
    """Send what waits on this machine to the stores it is for; what a store does not take stays.

    Args:
        open_store: opens a store by its URL; one that needs options gets them there.

    """
    return [_sync(folder, open_store) for folder in waiting()]


def _sync(folder: Path, open_store: Callable[[str], Store]) -> Synced:
    project, run_id = unescape(folder.parent.name), unescape(folder.name)
    done = Synced(run=f"{project}/{run_id}", store="")
    try:
        note = json.loads((folder / NOTE).read_bytes())
        done.store = str(note["store"])
        store = open_store(done.store)
        files = RunFiles(store.backend, project, run_id)
        if files.newest_attempt() is None:
            msg = "the store has no run of this id"
            raise FormatError(msg, place=done.run)
        _send_segments(folder, files, done)
        done.media = send_media(folder, files, store)
        _send_tables(folder, files, store, done)
        done.artifacts = send_artifacts(folder, store)
        remove_if_sent(folder)
        if not done.left:
            _send_finish(folder, files, store, done)
            remove_if_empty(folder)
    except (WbtableError, OSError, ValueError, KeyError, TypeError) as error:
        done.error = str(error)
    return done


def _send_segments(folder: Path, files: RunFiles, done: Synced) -> None:
    found = sorted(folder.glob("*.parquet"), key=lambda path: (path.stat().st_mtime_ns, path.name))
    for path in found:
        if _is_in_use(path):
            done.left += 1
            continue
        files.add_segment(path.read_bytes())
        path.unlink()
        done.segments += 1


def _is_in_use(path: Path) -> bool:
    """Whether the process that wrote a file runs: it sends the file itself."""
    pid = path.name.partition("-")[0]
    if not pid.isdigit() or int(pid) == os.getpid():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _send_tables(folder: Path, files: RunFiles, store: Store, done: Synced) -> None:
    listed = folder / TABLES
    if not listed.is_file():
        return
    kept = Store(folder / "store")
    for line in listed.read_text("utf-8").splitlines():
        found = json.loads(line)
        value = found["value"]
        here = kept.artifact(value["artifact"])
        draft = Artifact(here.name, type=here.type, description=here.description, metadata=here.metadata)
        for item in here.files():
            draft.add_reference(item, item.path)
        version = commit(store, draft, run=RunInfo(project=files.project, id=files.id))
        files.add_link(RunLink(how=LOGGED, version=version.qualified_name, created_at=now(), key=found["key"]))
        cell = Cell(AnyType(), to_text({**value, "artifact": version.qualified_name}))
        row = Row(found["step"], found["time"], (found["key"],), (cell,))
        files.add_segment(write_segment(make_segment([row])))
        done.tables += 1
    listed.unlink()


def _send_finish(folder: Path, files: RunFiles, store: Store, done: Synced) -> None:
    path = folder / FINISH
    if not path.is_file():
        return
    record = RunFinish.from_json(parse(path.read_bytes(), str(path), max_bytes=MAX_RECORD), str(path))
    with Lease(store.backend) as lease:
        objects = LeasedObjects(store.objects, lease)
        made = compact(files, objects)
        objects.settle()
        files.finish(with_history(record, made))
    path.unlink()
    done.finished = True
