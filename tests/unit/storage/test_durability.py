"""The order of writing on local disks, and what happens when the disk refuses: LOCAL-1 to LOCAL-4, BACKEND-3."""

from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest

from wbtable.errors import AlreadyExistsError, DeniedError, DiskFullError, StorageError, UnsupportedError
from wbtable.storage import directories
from wbtable.storage.local_backend import LocalBackend
from wbtable.storage.objects import ObjectStore
from wbtable.storage.packs import PackWriter

if TYPE_CHECKING:
    from pathlib import Path

KEY = "projects/p/artifacts/a/versions/00000000000000000000.json"


def track(monkeypatch: pytest.MonkeyPatch) -> dict[int, str]:
    """Return the paths of the descriptors that are opened from now on."""
    paths: dict[int, str] = {}
    real = os.open

    def call(path: str, *args: Any, **kwargs: Any) -> int:
        fd = real(path, *args, **kwargs)
        paths[fd] = os.fspath(path)
        return fd

    monkeypatch.setattr(os, "open", call)
    return paths


class Recorder:
    """Notes what is written, synced and linked, by path below the root."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
        self.calls: list[tuple[str, str]] = []
        self.root = str(root)
        self.paths = track(monkeypatch)
        real = {name: getattr(os, name) for name in ("write", "writev", "fsync", "link", "mkdir", "unlink", "replace")}

        def note(name: str, path: str) -> None:
            self.calls.append((name, os.path.relpath(path, self.root)))

        def on_fd(name: str) -> Any:
            def call(fd: int, *args: Any) -> Any:
                note(name, self.paths[fd])
                return real[name](fd, *args)

            return call

        def on_path(name: str, which: int) -> Any:
            def call(*args: Any) -> Any:
                result = real[name](*args)
                note(name, os.fspath(args[which]))
                return result

            return call

        for name in ("write", "writev", "fsync"):
            monkeypatch.setattr(os, name, on_fd(name))
        for name, which in (("link", 1), ("mkdir", 0), ("unlink", 0), ("replace", 1)):
            monkeypatch.setattr(os, name, on_path(name, which))

    def at(self, name: str, path: str) -> int:
        return self.calls.index((name, path))


def in_tmp(call: tuple[str, str]) -> bool:
    return call[1].startswith("tmp/")


def test_order_of_a_commit(local: LocalBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """LOCAL-1, LOCAL-2, LOCAL-3: write, fsync, link, fsync of every directory, and the record last of all."""
    local.root.mkdir()
    seen = Recorder(monkeypatch, local.root)
    local.put("objects/aa/1", b"one")
    local.put("objects/aa/2", b"two")
    local.put("objects/bb/3", b"three")
    local.create(KEY, b"record")

    for key in ("objects/aa/1", "objects/aa/2", "objects/bb/3", KEY):
        linked = seen.at("link", key)
        before = [call for call in seen.calls[:linked] if in_tmp(call)]
        # The temporary file that was linked was written and then synced.
        assert [name for name, _ in before if name != "unlink"][-2:] == ["write", "fsync"]
        assert before[-1][1] == before[-2][1]
    record = seen.at("link", KEY)
    synced = [path for name, path in seen.calls[:record] if name == "fsync" and not path.startswith("tmp/")]
    # One sync serves all entries of a directory; the folders that were made are synced through those above them.
    assert synced.count("objects/aa") == 1
    assert synced.count("objects/bb") == 1
    assert {".", "objects"} <= set(synced)
    assert seen.at("fsync", "objects/aa") > seen.at("link", "objects/aa/2")
    after = [path for name, path in seen.calls[record:] if name == "fsync"]
    assert os.path.dirname(KEY) in after  # noqa: PTH120 - a key, not a path
    assert {"projects", "projects/p", "projects/p/artifacts", "projects/p/artifacts/a", "."} <= set(after) | set(synced)


def test_objects_put_together(local: LocalBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """LOCAL-1, LOCAL-2: all bytes are synced before the first gets its name; names are given in order."""
    local.put("objects/aa/2", b"there already")
    seen = Recorder(monkeypatch, local.root)
    objects = {f"objects/aa/{i}": b"there already" if i == 2 else bytes(i + 1) for i in range(100)}
    local.put_many(objects)
    linked = [path for name, path in seen.calls if name == "link"]
    assert linked == [key for key in objects if key != "objects/aa/2"]
    synced: set[str] = set()
    written: set[str] = set()
    for name, path in seen.calls:
        if name == "write":
            written.add(path)
        elif name == "fsync":
            assert path in written
            synced.add(path)
        elif name == "link":
            assert synced == written
    assert len(synced) == 99
    assert list(local.list("tmp")) == []
    assert [local.get(key) for key in objects] == list(objects.values())
    before = len(seen.calls)
    local.sync()
    assert ("fsync", "objects/aa") in seen.calls[before:]


@pytest.mark.parametrize("at", [0, 1, 2])
def test_objects_put_together_when_one_cannot_be_synced(
    local: LocalBackend, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """LOCAL-1: none of them gets its name."""
    real = os.fsync

    def fail(fd: int) -> None:
        if os.fstat(fd).st_size == at + 1:
            raise OSError(errno.EIO, "broken")
        real(fd)

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", fail)
        with pytest.raises(StorageError, match="durable"):
            local.put_many({f"objects/aa/{i}": bytes(i + 1) for i in range(3)})
    assert list(local.list("")) == []
    local.put_many({f"objects/aa/{i}": bytes(i + 1) for i in range(3)})
    assert local.get("objects/aa/2") == bytes(3)


def test_reused_objects_are_synced(local: LocalBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """LOCAL-4: another process may have linked the object and not synced its directory."""
    folder = local.root / "objects" / "aa"
    folder.mkdir(parents=True)
    (folder / "1").write_bytes(b"one")
    seen = Recorder(monkeypatch, local.root)
    local.put("objects/aa/1", b"one")
    assert seen.calls == []
    local.create(KEY, b"record")
    assert seen.at("fsync", "objects/aa") < seen.at("link", KEY)


def test_other_backends_of_the_same_folder(local: LocalBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """LOCAL-3: what one object of this process put, another's record relies on."""
    LocalBackend(local.root).put("objects/aa/1", b"one")
    seen = Recorder(monkeypatch, local.root)
    local.create(KEY, b"record")
    assert seen.at("fsync", "objects/aa") < seen.at("link", KEY)


def test_a_waiting_writer_sees_the_sync_of_another(local: LocalBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """LOCAL-3: who comes second waits until the directories that the first took over are durable."""
    local.put("objects/aa/1", b"one")
    started, go = Event(), Event()
    done: list[str] = []
    real = os.fsync
    paths = track(monkeypatch)

    def slow(fd: int) -> None:
        if paths[fd].endswith("objects/aa"):
            started.set()
            assert go.wait(10)
            real(fd)
            done.append("aa")
        else:
            real(fd)

    monkeypatch.setattr(os, "fsync", slow)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(local.sync)
        assert started.wait(10)
        second = pool.submit(local.create, KEY, b"record")
        assert not second.done()
        assert local.size(KEY) is None
        go.set()
        first.result()
        second.result()
    assert done == ["aa"]


def test_a_failed_sync_is_tried_again(local: LocalBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """LOCAL-3: a directory that could not be synced is not forgotten, and no record is made."""
    local.put("objects/aa/1", b"one")
    with monkeypatch.context() as broken:
        real = os.fsync
        paths = track(broken)

        def fail(fd: int) -> None:
            if not paths[fd].endswith(".tmp"):
                raise OSError(errno.EIO, "I/O error")
            real(fd)

        broken.setattr(os, "fsync", fail)
        with pytest.raises(StorageError, match="durable"):
            local.create(KEY, b"record")
    assert local.size(KEY) is None
    seen = Recorder(monkeypatch, local.root)
    local.create(KEY, b"record")
    assert seen.at("fsync", "objects/aa") < seen.at("link", KEY)


def test_packs_are_durable_before_the_record(local: LocalBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """LOCAL-1, LOCAL-3: sealing syncs the pack, then links it, then syncs its directory."""
    local.root.mkdir()
    seen = Recorder(monkeypatch, local.root)
    with PackWriter(ObjectStore(local)) as writer:
        writer.add_many([b"a" * 100, b"b" * 100])
        writer.seal()
        key = "objects/" + writer.uri(0).removeprefix("../")
    linked = seen.at("link", key)
    written = [i for i, (name, _) in enumerate(seen.calls) if name == "writev"]
    synced = [i for i, call in enumerate(seen.calls) if call[0] == "fsync" and in_tmp(call)]
    assert max(written) < min(synced) < linked < seen.at("fsync", os.path.dirname(key))  # noqa: PTH120 - a key


FAULTS = [
    (errno.ENOSPC, DiskFullError, "disk is full"),
    (errno.EDQUOT, DiskFullError, "quota"),
    (errno.EACCES, DeniedError, "permission denied"),
    (errno.EROFS, DeniedError, "read-only"),
    (errno.EIO, StorageError, "Input/output error"),
    (errno.EMFILE, StorageError, "ulimit"),
]


@pytest.mark.parametrize(("code", "error", "words"), FAULTS)
@pytest.mark.parametrize("function", ["open", "write", "fsync", "link"])
def test_faults(
    local: LocalBackend, monkeypatch: pytest.MonkeyPatch, function: str, code: int, error: type[Exception], words: str
) -> None:
    """Each call may fail: an error of the right class that says what was being written, and nothing half-made."""
    local.put("objects/aa/0", b"before")

    def fail(*args: Any, **kwargs: Any) -> Any:
        raise OSError(code, os.strerror(code))

    for act in (local.put, local.create):
        with monkeypatch.context() as broken:
            broken.setattr(os, function, fail)
            with pytest.raises(error, match=words) as caught:
                act("objects/aa/1", b"content")
            assert local.url in str(caught.value)
        assert local.size("objects/aa/1") is None
        assert list(local.list("tmp")) == []
    local.put("objects/aa/1", b"content")
    assert local.get("objects/aa/0") == b"before"


def test_a_file_that_cannot_be_stored_stays(
    local: LocalBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "mine"
    source.write_bytes(b"mine" * 1000)

    def full(fd: int) -> None:
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFullError, match="mine"):
        local.put_file("objects/aa/1", source)
    assert source.exists()
    assert list(local.list("tmp")) == []


def no_links(*args: Any) -> Any:
    raise OSError(errno.EPERM, "Operation not permitted")


def test_disks_without_links(local: LocalBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """LOCAL-2, BACKEND-3: objects are moved into place; records are refused, with advice."""
    monkeypatch.setattr(os, "link", no_links)
    local.put("objects/aa/1", b"one")
    assert local.get("objects/aa/1") == b"one"
    with pytest.raises(UnsupportedError, match="unsafe_single_writer"):
        local.create(KEY, b"record")
    assert local.size(KEY) is None


def test_accepted_disks_without_links(local: LocalBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """BACKEND-3: only what the header records is emulated."""
    monkeypatch.setattr(os, "link", no_links)
    local.unsafe_single_writer = True
    local.create(KEY, b"record")
    with pytest.raises(AlreadyExistsError):
        local.create(KEY, b"other")
    assert local.get(KEY) == b"record"
    assert list(local.list("tmp")) == []


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_forked_children_write(local: LocalBackend) -> None:
    """The parent's locks may be held when it forks; the child has its own."""
    local.put("objects/aa/1", b"one")
    local._dirty._guard.acquire()
    try:
        child = os.fork()
        if not child:
            try:
                local.create(KEY, b"record")
            finally:
                os._exit(0 if local.size(KEY) == 6 else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    finally:
        local._dirty._guard.release()
    assert local.get(KEY) == b"record"


@pytest.mark.parametrize("guess", [0.0, 1.0])
def test_all_are_synced_one_by_one_or_side_by_side(
    guess: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LOCAL-1, LOCAL-3: whatever is guessed of the disk, each file and directory is synced, once."""
    monkeypatch.setattr(directories, "_seconds", guess)
    synced: list[int] = []
    real = os.fsync

    def recorded(fd: int) -> None:
        synced.append(os.fstat(fd).st_ino)
        real(fd)

    monkeypatch.setattr(os, "fsync", recorded)
    folders = [tmp_path / str(i) for i in range(4)]
    for folder in folders:
        folder.mkdir()
    fds = [os.open(tmp_path / f"{i}.tmp", os.O_RDWR | os.O_CREAT) for i in range(4)]
    try:
        for fd in fds:
            os.write(fd, b"x")
        directories.sync_all([*fds, *map(str, folders)])
    finally:
        for fd in fds:
            os.close(fd)
    assert sorted(synced) == sorted(path.stat().st_ino for path in tmp_path.iterdir())
