"""Files of a version on a local disk: written, checked, resumed (spec: 10-artifacts, DOWN-n)."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import secrets
import stat
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from wbtable.artifacts import references
from wbtable.artifacts.alike import check_apart
from wbtable.artifacts.contents import reachable, refs_of
from wbtable.artifacts.progress import Progress
from wbtable.artifacts.reading import check_reference, file_cell
from wbtable.artifacts.tables import DOCUMENTS
from wbtable.errors import DigestMismatchError, FormatError, NotFoundError, UsageError, WbtableError
from wbtable.format.digest import Digest
from wbtable.format.layout import COLLECTIONS, HEADER, LEASES, OBJECTS, TEMPORARY, object_key
from wbtable.storage.here import path_here
from wbtable.storage.local_backend import LocalBackend
from wbtable.storage.objects import ObjectStore
from wbtable.storage.os_errors import explain, explained
from wbtable.storage.verify import check_object_file, verify_object
from wbtable.storage.workers import run_all

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from wbtable.artifacts.contents import Holder
    from wbtable.format.digest import Descriptor
    from wbtable.format.entry import Entry

VARIABLE: Final = "WBTABLE_ARTIFACT_DIR"
BLOCK: Final = 8 << 20
GROUP_BYTES: Final = 16 << 20
GROUP_FILES: Final = 512
_OF_A_STORE: Final = frozenset({COLLECTIONS, LEASES, OBJECTS, "projects", TEMPORARY})


def default_root(version: Holder) -> Path:
    """Return where a version is downloaded to if nothing is said: ``./artifacts/<name>:vN``."""
    return path_here(os.environ.get(VARIABLE) or "artifacts").expanduser() / f"{version.name}:v{version.number}"


def download(
    version: Holder,
    root: str | os.PathLike[str] | None = None,
    path_prefix: str | os.PathLike[str] | None = None,
    *,
    allow_missing_references: bool = False,
    only: Entry | None = None,
) -> Path:
    """Write the files of a version below a directory; return the directory (DOWN-1 to DOWN-4, DOWN-6).

    Each file appears whole, under its name, with its digest checked; files that are right already are left alone, so a
    broken download goes on where it stopped. What tables refer to is laid out in ``objects/`` at the root, so that
    they are read in place.

    Args:
        version: the version.
        root: the directory.
        path_prefix: only paths that begin so.
        allow_missing_references: leave out references whose content cannot be had.
        only: only this entry of the version.

    Raises:
        DigestMismatchError: stored bytes are damaged, or what a reference names has changed.
        NotFoundError: no path begins with `path_prefix`.
        UsageError: it is no directory, has something else where a file or directory is needed, or its disk takes two
            paths for one.

    """
    target = default_root(version) if root is None else directory(root)
    job = _Job(version, target)
    entries = _chosen(version, None if path_prefix is None else os.fspath(path_prefix), only)
    if path_prefix is not None and not entries:
        raise NotFoundError(f"no path begins with {path_prefix!r}", place=version.qualified_name)
    with explained(f"make {target}"):
        target.mkdir(parents=True, exist_ok=True)
    check_apart(target, [entry.path for entry in entries])
    objects = job.wanted_objects(entries)
    total = len(entries) + len(objects)
    with Progress("downloading", "files", total) as job.progress:
        blobs = [e for e in entries if e.reference is None and e.media_type not in DOCUMENTS]
        run_all(job.write_blobs, _groups(blobs))
        run_all(job.write_object, objects)
        for entry in entries:
            if entry.reference is not None:
                job.write_reference(entry, allow_missing=allow_missing_references)
            elif entry.media_type in DOCUMENTS:
                # Last, so that a table that can be seen is whole.
                job.write_document(entry)
    return target


def _chosen(version: Holder, prefix: str | None, only: Entry | None) -> list[Entry]:
    if only is not None:
        return [only]
    return list(version.contents if prefix is None else version.contents.under(prefix))


def directory(root: str | os.PathLike[str]) -> Path:
    """Return where files are to go; a URL, or an empty text, as of a variable that is not set, is no directory."""
    target = path_here(root, "copy_to (wbtable copy) brings a version to another store, a download is files here")
    if not os.fspath(root) or (target.exists() and not target.is_dir()):
        raise UsageError(f"{os.fspath(root)!r} is no directory")
    return target


def _groups(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Cut entries into work for the threads, neighbours in packs together."""
    groups: list[list[Entry]] = []
    size = 0
    ordered = sorted(entries, key=lambda e: (e.pack.hex if e.pack is not None else "", e.offset or 0))
    for entry in ordered:
        if not groups or size + (entry.size or 0) > GROUP_BYTES or len(groups[-1]) >= GROUP_FILES:
            groups.append([])
            size = 0
        groups[-1].append(entry)
        size += entry.size or 0
    return groups


class _LeftOutError(Exception):
    """The content of a reference cannot be had, and the caller does without."""


class _Job:
    """One download."""

    def __init__(self, version: Holder, target: Path) -> None:
        self.objects: ObjectStore = version.contents.objects
        self.target = target
        self.copies = ObjectStore(LocalBackend(target))
        self.progress = Progress("downloading", "files")
        self._folders: set[str] = set()

    def wanted_objects(self, entries: Sequence[Entry]) -> list[Descriptor]:
        """Return what tables and other documents lead to."""
        roots = [e.descriptor() for e in entries if e.reference is None and e.media_type in DOCUMENTS]
        found = reachable(self.objects, [ref for root in roots for ref in refs_of(self.objects, root)])
        return list(found.values())

    def path(self, logical: str) -> Path:
        """Return the local path of a logical one; its folder is made.

        Raises:
            UsageError: the folder is a link, or a file is where a folder is needed.

        """
        folder = logical.rpartition("/")[0]
        if folder and folder not in self._folders:
            made = self.target
            for name in folder.split("/"):
                made /= name
                if made.is_symlink() or (made.exists() and not made.is_dir()):
                    raise UsageError(f"{str(made)!r} is in the way: a directory of the download belongs there")
            with explained(f"make {made}"):
                made.mkdir(parents=True, exist_ok=True)
            self._folders.add(folder)
        return self.target / logical

    def write_blobs(self, entries: Sequence[Entry]) -> None:
        """Write some files, read together."""
        missing = [entry for entry in entries if not is_right(self.path(entry.path), entry.digest, entry.size)]
        large = [entry for entry in missing if entry.pack is None]
        small = [entry for entry in missing if entry.pack is not None]
        try:
            found = self.objects.read_blobs([file_cell(entry) for entry in small])
        except WbtableError as error:
            error.add_note("while downloading " + ", ".join(repr(entry.path) for entry in small[:3]))
            raise
        for entry, data in zip(small, found, strict=True):
            write_whole(self.path(entry.path), data)
        for entry in large:
            self._copy_blob(entry)
        self.progress.advance(len(entries))

    def write_object(self, descriptor: Descriptor) -> None:
        """Write one object below ``objects/``, as it is stored."""
        key = object_key(descriptor.digest, descriptor.media_type)
        path = self.path(key)
        if not object_is_right(self.copies, descriptor):
            with whole_file(path) as out, self.objects.forgetting(self.objects.prefix + key):
                for block in self._blocks(self.objects.prefix + key):
                    out.write(block)
                out.flush()
                check_object_file(Path(out.name), descriptor, f"{key} in {self.objects.backend.url}")
        self.progress.advance()

    def write_document(self, entry: Entry) -> None:
        """Write a table's manifest, or another document, as plain JSON at its path."""
        path = self.path(entry.path)
        if not is_right(path, entry.digest, entry.size):
            write_whole(path, self.objects.get(entry.descriptor()))
        self.progress.advance()

    def write_reference(self, entry: Entry, *, allow_missing: bool) -> None:
        """Write the content that a reference names, checked against what was recorded (REF-3)."""
        path = self.path(entry.path)
        self.progress.advance()
        if entry.digest is not None and is_right(path, entry.digest, entry.size):
            return
        with contextlib.suppress(_LeftOutError), whole_file(path) as out:
            for block in self._referenced(entry, allow_missing=allow_missing):
                out.write(block)

    @staticmethod
    def _referenced(entry: Entry, *, allow_missing: bool) -> Iterator[bytes]:
        """Yield the content that a reference names; the end comes once it is checked."""
        hasher, size = hashlib.sha256(), 0
        try:
            with references.open_reference(entry) as stream:
                while block := stream.read(BLOCK):
                    hasher.update(block)
                    size += len(block)
                    yield block
            check_reference(entry, Digest(hasher.hexdigest()), size)
        except WbtableError as error:
            if not allow_missing:
                raise
            raise _LeftOutError from error

    def _copy_blob(self, entry: Entry) -> None:
        """Write a file that is an object of its own; it gets its name once it is checked (DOWN-2)."""
        assert entry.digest is not None
        hasher = hashlib.sha256()
        key = self.objects.key(entry.digest, entry.media_type)
        with whole_file(self.path(entry.path)) as out, self.objects.forgetting(key):
            for block in self._blocks(key):
                hasher.update(block)
                out.write(block)
            if hasher.hexdigest() != entry.digest.hex:
                raise DigestMismatchError(f"the stored bytes are damaged: expected {entry.digest}", place=entry.path)

    def _blocks(self, key: str) -> Iterator[bytes]:
        """Yield an object block by block."""
        backend = self.objects.backend
        size = backend.size(key)
        if size is None:
            raise NotFoundError(f"the object {key} does not exist", place=backend.url)
        for at in range(0, size, BLOCK):
            yield backend.get_range(key, at, min(BLOCK, size - at))


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path`, which takes its place when the block ends without an error.

    Raises:
        UsageError: a directory is in its place.

    """
    if path.is_dir() and not path.is_symlink():
        raise UsageError(f"{str(path)!r} is in the way: a file of the download belongs there")
    temp = _beside(path)
    with explained(f"write {path}"):
        try:
            with open(temp, "xb") as out:
                yield out
            os.replace(temp, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temp)
            raise


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is seen whole or not at all."""
    with whole_file(path) as out:
        out.write(data)


_PROCESS: Final = secrets.token_hex(4)
_numbers = itertools.count()


def _beside(path: Path) -> str:
    """Return a path in the same folder that nobody else uses."""
    return f"{os.path.dirname(path)}/.wbtable-{_PROCESS}-{os.getpid()}-{next(_numbers)}.part"


def is_right(path: Path, digest: Digest | None, size: int | None) -> bool:
    """Whether a regular file is there with these bytes (DOWN-3)."""
    try:
        found = os.lstat(path)
        if digest is None or not stat.S_ISREG(found.st_mode) or found.st_size != size:
            return False
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == digest.hex
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise explain(error, f"read {str(path)!r}") from error


def object_is_right(objects: ObjectStore, descriptor: Descriptor) -> bool:
    """Whether an object is there, every byte of it (DOWN-3)."""
    path = objects.local_path(descriptor)
    if path is not None and path.is_symlink():
        return False
    try:
        verify_object(objects, descriptor)
    except (NotFoundError, FormatError):
        return False
    return True


def checkout(version: Holder, root: str | os.PathLike[str]) -> Path:
    """Make a directory hold exactly a version: extra files, links and empty folders are deleted (DOWN-5).

    Raises:
        UsageError: it is no directory, or deleting would take a store; nothing is deleted then.

    """
    target = directory(root)
    if target.is_symlink():
        raise UsageError(f"{str(target)!r} is no directory")
    wanted = expected_files(version)
    folders = {folder for path in wanted for folder in _folders(path)}
    if target.exists():
        check_apart(target, list(wanted))
        with explained(f"tidy {target}"):
            _check_no_store(target, wanted)
            _tidy(target, "", set(wanted), folders)
    return download(version, target)


def expected_files(version: Holder) -> dict[str, Descriptor | Entry]:
    """Return every file that a download of a version has, by its path below the root."""
    entries = list(version.contents)
    out: dict[str, Descriptor | Entry] = {entry.path: entry for entry in entries}
    for descriptor in _Job(version, Path()).wanted_objects(entries):
        out[object_key(descriptor.digest, descriptor.media_type)] = descriptor
    return out


def _folders(path: str) -> list[str]:
    return [path[:at] for at, char in enumerate(path) if char == "/"]


def _check_no_store(target: Path, wanted: Container[str]) -> None:
    """Refuse a directory that holds a store, or is a part of one: a slip of the path must not cost a store."""
    resolved = target.resolve()
    found = next((up for up in resolved.parents if (up / HEADER).is_file()), None)
    if found is None or resolved.relative_to(found).parts[0] not in _OF_A_STORE:
        held = (Path(folder) for folder, _, files in os.walk(resolved) if HEADER in files)
        found = next((path for path in held if (path / HEADER).relative_to(resolved).as_posix() not in wanted), None)
    if found is not None:
        where = f"{str(target)!r} cannot be made to hold this version only"
        raise UsageError(f"{where}: what else is in it is deleted, and with it the store {str(found)!r}")


def _tidy(folder: Path, prefix: str, files: set[str], folders: set[str]) -> None:
    for item in sorted(os.scandir(folder), key=lambda item: item.name):
        path = prefix + item.name
        if item.is_dir(follow_symlinks=False):
            _tidy(Path(item.path), path + "/", files, folders)
            if path not in folders:
                os.rmdir(item.path)
        elif path not in files or item.is_symlink():
            os.unlink(item.path)
