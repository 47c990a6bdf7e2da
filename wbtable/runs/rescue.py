"""Artifacts and media that the store does not take: kept on this machine, sent by ``wait`` or ``sync`` (RUN-9)."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import time
from typing import TYPE_CHECKING, Any, Final

from wbtable.artifacts.commit import RunInfo, commit
from wbtable.artifacts.copy_objects import copy_missing
from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.gc_mark import Ref
from wbtable.artifacts.lease import Lease
from wbtable.artifacts.names import VersionName, check_aliases, check_tags
from wbtable.artifacts.store import Store, create_store
from wbtable.artifacts.version import Version
from wbtable.errors import AlreadyExistsError, StorageError, WbtableError
from wbtable.format.run_history import Cell, make_segment, open_segment, write_segment
from wbtable.format.run_keys import LOGGED
from wbtable.format.run_record import RunLink
from wbtable.runs.console import warn
from wbtable.runs.files import RunFiles, is_transient, now
from wbtable.runs.spool import spool_root, write_note
from wbtable.runs.uploads import media_row, store_media

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from wbtable.artifacts.store_files import StoreFiles
    from wbtable.runs.tables import Owner

ARTIFACTS: Final = "artifacts"
"""The folder beside a run's spool with a file for each artifact that waits in the local store there."""
MEDIA: Final = ".media"
"""The suffix of segments whose cells name objects in that local store."""
PAUSES: Final = (0.5, 1.0, 2.0)
"""Seconds between the attempts of a commit that the store refuses."""

_numbers = itertools.count()


class PendingVersion(Version):
    """A version that the store did not take: it reads from this machine, and is sent by `wait` or ``wbtable sync``.

    Once `wait` returned it is the version that the store has.
    """

    def __init__(self, here: Version, store: Store, path: Path) -> None:
        """Show what waits.

        Args:
            here: the version in the local store.
            store: the store that it is for.
            path: the file that says so.

        """
        super().__init__(here.store, here.record)
        self._target, self._path = store, path
        self._sent: Version | None = None

    @property
    def state(self) -> str:
        """``pending``, and ``committed`` once it was sent."""
        return "pending" if self._sent is None else "committed"

    def is_for(self, store: StoreFiles) -> bool:
        """See `Version.is_for`."""
        return self._target.is_same(store)

    def wait(self, timeout: float | None = None) -> Version:
        """Send it, and return the version that the store has then.

        Args:
            timeout: for how many seconds a store that does not take it is tried again; None: it is tried once.

        Raises:
            StorageError: the store still does not take it; it stays here.
            NotFoundError: another process sent it, and it was deleted since.

        """
        deadline = time.monotonic() + (timeout or 0.0)
        while self._sent is None:
            try:
                self._become(send_artifact(self._path, self._target) if self._path.exists() else self._found())
            except (StorageError, OSError):
                if time.monotonic() >= deadline:
                    raise
                time.sleep(min(0.5, max(0.0, deadline - time.monotonic())))
        return self._sent

    def _found(self) -> Version:
        """Return the version as ``sync`` sent it."""
        name = VersionName(project=self.project, name=self.name, digest=self.record.digest)
        return Version(self._target, self._target.find_record(name, self.project))

    def _become(self, sent: Version) -> None:
        """Read from the store from now on: what waited here is removed once it was sent."""
        self.store, self.record = sent.store, sent.record
        self.__dict__.pop("contents", None)
        self._sent = sent


def local_store(folder: Path, url: str) -> Store:
    """Return the local store beside a run's spool, made if absent, with a note of the store that it is for."""
    write_note(folder, url)
    try:
        return create_store(folder / "store")
    except AlreadyExistsError:
        return Store(folder / "store")


def commit_or_keep(
    owner: Owner, draft: Artifact, store: Store, aliases: Iterable[str] | str | None, tags: Iterable[str] | str | None
) -> Version:
    """Commit a draft for a run; what the store does not take for a while waits on this machine, which is said.

    Raises:
        WbtableError: the draft cannot be committed anywhere, or finds no room here either.

    """
    info = RunInfo(project=owner.project, id=owner.id, inputs=owner.inputs)
    # Checked before anything is kept: what cannot be sent would wait for ever.
    names, marks = list(check_aliases(_listed(aliases))), list(check_tags(_listed(tags)))
    for pause in (*PAUSES, None):
        try:
            store.check_there()
            return commit(store, draft, run=info, aliases=names, tags=marks)
        except (WbtableError, OSError) as error:
            if not is_transient(error) or not draft.is_draft():
                raise
            if pause is None:
                return _keep(info, draft, store, {"aliases": names, "tags": marks}, error)
            time.sleep(pause)
    raise AssertionError


def _listed(names: Iterable[str] | str | None) -> list[str]:
    return [names] if isinstance(names, str) else list(names or ())


def _keep(info: RunInfo, draft: Artifact, store: Store, said: dict[str, list[str]], error: BaseException) -> Version:
    folder = spool_root(info.project, info.id)
    here = commit(local_store(folder, store.url), draft, run=info)
    waiting = folder / ARTIFACTS
    waiting.mkdir(exist_ok=True)
    note = {"artifact": here.qualified_name, "inputs": list(info.inputs), **said}
    path = waiting / f"{time.time_ns():020d}-{os.getpid()}-{next(_numbers)}.json"
    temp = path.with_suffix(".tmp")
    temp.write_text(json.dumps(note), encoding="utf-8")
    temp.replace(path)
    pending = PendingVersion(here, store, path)
    draft._become(pending)  # noqa: SLF001 - a draft becomes its version where it is committed
    warn(
        f"run {info.id}: the store does not take {here.name!r}, which waits in {folder}; wait() or `wbtable sync` sends"
        f" it: {error}"
    )
    return pending


def send_artifact(path: Path, store: Store) -> Version:
    """Commit an artifact that waits to the store that it is for, record it, and forget that it waits.

    Raises:
        StorageError: the store does not take it; it stays.

    """
    from wbtable.format.layout import unescape

    folder = path.parent.parent
    note = json.loads(path.read_text("utf-8"))
    here = Store(folder / "store").artifact(note["artifact"])
    draft = Artifact(here.name, type=here.type, description=here.description, metadata=here.metadata)
    for item in here.files():
        draft.add_reference(item, item.path)
    if here.ttl is not None:
        draft.ttl = here.ttl
    info = RunInfo(
        project=unescape(folder.parent.name), id=unescape(folder.name), inputs=tuple(map(str, note["inputs"]))
    )
    store.check_there()
    # Said since it waits, too.
    aliases, tags = {*note["aliases"], *here.aliases}, {*note["tags"], *here.tags}
    version = commit(store, draft, run=info, aliases=sorted(aliases), tags=sorted(tags))
    link = RunLink(how=LOGGED, version=version.qualified_name, created_at=now())
    RunFiles(store.backend, info.project, info.id).add_link(link)
    path.unlink()
    remove_if_sent(folder)
    return version


def keep_media(
    owner: Owner,
    url: str,
    cells: Mapping[str, Cell],
    payloads: Iterable[tuple[dict[str, Any], str, Any]],
    step: int,
    moment: int,
) -> None:
    """Keep media values of a row, with their bytes, for ``sync``.

    Args:
        owner: the run.
        url: the store that they are for.
        cells: the values by key.
        payloads: what stood in the cells' FILE groups before the store was asked.
        step: the row's step.
        moment: its time, in microseconds since 1970.

    """
    for holder, key, payload in payloads:
        holder[key] = payload
    folder = spool_root(owner.project, owner.id)
    refs = store_media(local_store(folder, url).objects, cells)
    data = write_segment(make_segment([media_row(step, moment, cells)], refs))
    path = folder / f"{time.time_ns():020d}-{os.getpid()}-{next(_numbers)}{MEDIA}"
    temp = path.with_suffix(".tmp")
    temp.write_bytes(data)
    temp.replace(path)
    warn(f"run {owner.id}: the media {', '.join(map(repr, cells))} of step {step} wait in {folder}")


def send_media(folder: Path, files: RunFiles, store: Store) -> int:
    """Send media that wait: their bytes first, then the rows that name them. Return how many rows."""
    count = 0
    for path in sorted(folder.glob(f"*{MEDIA}")):
        data = path.read_bytes()
        kept = Store(folder / "store").objects
        with Lease(store.backend) as lease:
            refs = [
                Ref(kept.key(ref.digest, ref.media_type), ref.media_type, ref.digest.hex, ref.size)
                for ref in open_segment(data, str(path))[2]
            ]
            copy_missing(kept, store.objects, refs, lease)
            store.backend.sync()
            files.add_segment(data)
        path.unlink()
        count += 1
    return count


def send_artifacts(folder: Path, store: Store) -> int:
    """Send the artifacts that wait, the oldest first; return how many."""
    found = sorted((folder / ARTIFACTS).glob("*.json"))
    for path in found:
        send_artifact(path, store)
    return len(found)


def remove_if_sent(folder: Path) -> None:
    """Remove the local store of a run once nothing that waits is in it."""
    from wbtable.runs.tables import TABLES

    artifacts = folder / ARTIFACTS
    if any(artifacts.glob("*.json")) or any(folder.glob(f"*{MEDIA}")) or (folder / TABLES).exists():
        return
    shutil.rmtree(artifacts, ignore_errors=True)
    shutil.rmtree(folder / "store", ignore_errors=True)
