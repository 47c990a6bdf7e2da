"""References: recorded, asked for, checked when they are fetched."""

from __future__ import annotations

import errno
import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

import wbtable
from wbtable.artifacts.draft import Artifact
from wbtable.errors import (
    AlreadyExistsError,
    DeniedError,
    DigestMismatchError,
    DiskFullError,
    NotFoundError,
    StorageError,
    UnsupportedError,
    UsageError,
)
from wbtable.format.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from wbtable.artifacts.store import Store

    Make = Callable[..., Artifact]


# References.


def test_local_references_are_checked(store: Store, tmp_path: Path) -> None:  # REF-1, REF-2, REF-3
    (tmp_path / "far").write_bytes(b"abc")
    draft = Artifact("a")
    item = draft.add_reference((tmp_path / "far").as_uri())[0]
    assert (item.path, item.size, item.digest) == ("far", 3, str(Digest.of(b"abc")))
    draft.add_reference((tmp_path / "far").as_uri(), name="loose", checksum=False)
    version = store.commit(draft)
    assert list(store.backend.list("objects")) == [key for key in store.backend.list("objects") if ".json" in key]
    assert version["far"].read() == b"abc"
    out = version.download(tmp_path / "out")
    assert (out / "far").read_bytes() == b"abc"
    assert version.verify().ok
    (tmp_path / "far").write_bytes(b"abd")
    with pytest.raises(DigestMismatchError, match="changed"):
        version["far"].read()
    with pytest.raises(DigestMismatchError):
        version.download(tmp_path / "out2")
    assert not (tmp_path / "out2" / "far").exists()
    (tmp_path / "far").unlink()
    with pytest.raises(NotFoundError, match="gone"):
        version.download(tmp_path / "out3")
    version.download(tmp_path / "out4", allow_missing_references=True)


def test_referenced_directories(tmp_path: Path) -> None:
    (tmp_path / "d" / "e").mkdir(parents=True)
    (tmp_path / "d" / "e" / "x y").write_text("1")
    (tmp_path / "d" / "z").write_text("2")
    draft = Artifact("a")
    assert [i.path for i in draft.add_reference((tmp_path / "d").as_uri(), name="n")] == ["n/e/x y", "n/z"]
    with pytest.raises(UsageError, match="at most 1"):
        Artifact("b").add_reference((tmp_path / "d").as_uri(), max_objects=1)


def test_remote_references_are_recorded(store: Store, tmp_path: Path) -> None:  # REF-1
    draft = Artifact("a")
    draft.add_reference("s3://bucket/key.bin", checksum=False)
    draft.add_reference("gs://bucket/other", name="o", checksum=str(Digest.of(b"x")), size=1)
    draft.add_reference("s3://bucket/third", etag="abc")
    version = store.commit(draft)
    assert [(i.path, i.ref, i.size) for i in version.files()] == [
        ("key.bin", "s3://bucket/key.bin", None),
        ("o", "gs://bucket/other", 1),
        ("third", "s3://bucket/third", None),
    ]
    with pytest.raises(UnsupportedError, match="allow_missing_references"):
        version.download(tmp_path / "out")
    version.download(tmp_path / "out", allow_missing_references=True)


@pytest.mark.parametrize(
    "uri", ["no uri", "s3://bucket/key", "s3://bucket/", "file://host/x", "file:relative", "http://["]
)
def test_bad_references_are_refused(uri: str) -> None:
    with pytest.raises(UsageError):
        Artifact("a").add_reference(uri, checksum=uri != "s3://bucket/")


class _Server(BaseHTTPRequestHandler):
    etag: ClassVar[str | None] = '"one"'
    body: ClassVar[bytes] = b"hello"
    status: ClassVar[int] = 200
    sent: ClassVar[bytes | None] = None

    def _head(self) -> None:
        if not self.status:
            self.wfile.write(b"nonsense\r\n")
            return
        self.send_response(self.status)
        if self.etag:
            self.send_header("ETag", self.etag)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()

    def do_HEAD(self) -> None:
        self._head()

    def do_GET(self) -> None:
        self._head()
        self.wfile.write(self.body if self.sent is None else self.sent)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    _Server.etag, _Server.sent, _Server.status = '"one"', None, 200
    made = HTTPServer(("127.0.0.1", 0), _Server)
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()
    thread.join()
    made.server_close()


def test_web_servers_are_asked(store: Store, tmp_path: Path, server: str) -> None:  # REF-1, REF-3
    draft = Artifact("a")
    item = draft.add_reference(f"{server}/f.txt")[0]
    assert (item.path, item.size) == ("f.txt", 5)
    version = store.commit(draft)
    assert (version.download(tmp_path / "out") / "f.txt").read_bytes() == b"hello"
    _Server.etag = '"two"'
    with pytest.raises(DigestMismatchError, match="changed"):
        version.download(tmp_path / "out2")
    _Server.etag = None
    with pytest.raises(UsageError, match="ETag"):
        Artifact("b").add_reference(f"{server}/f.txt")


@pytest.mark.parametrize("checksum", [True, False])
def test_an_answer_that_breaks_off_is_no_file(
    store: Store, tmp_path: Path, server: str, checksum: bool
) -> None:  # DOWN-2, REF-3
    draft = Artifact("a")
    draft.add_reference(f"{server}/f.txt", checksum=checksum)
    version = store.commit(draft)
    _Server.sent = b"hel"
    with pytest.raises(StorageError, match="announced, found 3"):
        version.download(tmp_path / "out")
    with pytest.raises(StorageError, match="announced, found 3"):
        version.files()[0].read()
    assert list(version.download(tmp_path / "out", allow_missing_references=True).iterdir()) == []


def test_content_that_grew_is_not_read_to_its_end(store: Store, tmp_path: Path) -> None:  # REF-3
    path = tmp_path / "f"
    path.write_text("1")
    draft = Artifact("a")
    draft.add_reference(path.as_uri(), checksum=False)
    version = store.commit(draft)
    path.write_text("123")
    with pytest.raises(DigestMismatchError, match="expected 1 bytes, found more"):
        version.download(tmp_path / "out")
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(StorageError, match="no regular file"):
        version.download(tmp_path / "out")


def test_a_full_disk_is_not_a_missing_reference(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # DOWN-2
    (tmp_path / "f").write_text("1")
    draft = Artifact("a")
    draft.add_reference((tmp_path / "f").as_uri())
    version = store.commit(draft)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(DiskFullError):
        version.download(tmp_path / "out", allow_missing_references=True)


def test_a_silent_server_is_said() -> None:
    with pytest.raises(StorageError, match="checksum=False"):
        Artifact("a").add_reference("http://127.0.0.1:9/x")


def test_items_of_versions_are_shared(store: Store, draft_of: Make, tmp_path: Path) -> None:  # REF-4
    first = store.commit(draft_of(files={"f": "shared"}))
    draft = Artifact("other")
    draft.add_reference(first.get_entry("f"), name="g")
    objects = sum(key.endswith(".pack") for key in store.backend.list("objects"))
    second = store.commit(draft)
    assert second["g"].read() == b"shared"
    assert sum(key.endswith(".pack") for key in store.backend.list("objects")) == objects
    elsewhere = wbtable.create_store(tmp_path / "elsewhere")
    moved = Artifact("moved")
    moved.add_reference(first.get_entry("f"))
    assert elsewhere.commit(moved)["f"].read() == b"shared"
    assert elsewhere.verify().ok


@pytest.mark.parametrize(
    ("status", "expected", "said"),
    [
        (404, NotFoundError, "nothing there"),
        (410, NotFoundError, "nothing there"),
        (403, DeniedError, "refuses"),
        (405, StorageError, "405"),
        (0, StorageError, "nonsense"),
    ],
)
def test_what_a_server_answers_is_said(
    store: Store, server: str, tmp_path: Path, status: int, expected: type[Exception], said: str
) -> None:
    draft = Artifact("a")
    draft.add_reference(f"{server}/f.txt")
    version = store.commit(draft)
    _Server.status = status
    with pytest.raises(expected, match=said) as found:
        Artifact("b").add_reference(f"{server}/f.txt")
    assert "checksum=False" in str(found.value)
    with pytest.raises(expected, match=said):
        version.download(tmp_path / "out")


@pytest.mark.parametrize(
    ("uri", "settings"),
    [
        ("s3://bucket/key", {"name": "../x"}),
        ("s3://bucket/key", {"name": "/x"}),
        ("s3://bucket/key", {"checksum": "zz"}),
        ("s3://bucket/key", {"size": -1}),
        ("s3://bucket/key", {"etag": 5}),
        ("s3://bucket/a key", {}),
    ],
)
def test_arguments_that_make_no_entry_are_the_callers(uri: str, settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Artifact("a").add_reference(uri, **{"checksum": False, **settings})


def test_a_file_whose_name_has_a_hash_is_not_another_file(store: Store, tmp_path: Path) -> None:  # REF-1
    for name in ("run", "run#1", "run?1"):
        (tmp_path / name).write_text(name)
    for name in ("run#1", "run?1"):
        with pytest.raises(UsageError, match="as_uri"):
            Artifact("a").add_reference(f"file://{tmp_path}/{name}")
        draft = Artifact("a")
        draft.add_reference((tmp_path / name).as_uri())
        assert store.commit(draft)[name].read() == name.encode()


def test_a_reference_to_a_name_that_is_taken_says_what_can_be_done(draft_of: Make) -> None:  # ART-8
    with pytest.raises(AlreadyExistsError, match=r"remove it first$"):
        draft_of().add_reference("s3://bucket/a.txt", checksum=False)


def test_a_directory_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "d").mkdir()
    for name in "ab":
        (tmp_path / "d" / name).write_text(name)
    assert [i.path for i in Artifact("a").add_reference((tmp_path / "d").as_uri(), name="n/")] == ["n/a", "n/b"]
    monkeypatch.setattr("wbtable.artifacts.references.hash_file", None)
    with pytest.raises(UsageError, match="at most 1"):
        Artifact("b").add_reference((tmp_path / "d").as_uri(), max_objects=1)
