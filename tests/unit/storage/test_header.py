"""The store header and the probe: HEADER-1 to HEADER-3."""

from __future__ import annotations

import errno
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from wbtable.errors import AlreadyExistsError, FormatError, NotFoundError, StorageError, UnsupportedError
from wbtable.format.documents import canonical
from wbtable.storage.fsspec_backend import FsspecBackend
from wbtable.storage.header import StoreHeader, create_header, read_header
from wbtable.storage.local_backend import LocalBackend

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wbtable.storage.backend import Backend

SPEC = Path(__file__).parents[3] / "spec" / "03-store-layout.md"


def test_create_and_read(backend: Backend) -> None:
    """HEADER-1, HEADER-2: made once; the probe leaves nothing behind."""
    with pytest.raises(NotFoundError, match="no store here"):
        read_header(backend)
    header = create_header(backend)
    assert header == StoreHeader()
    assert read_header(backend) == header
    assert list(backend.list("")) == ["wbtable.json"]
    with pytest.raises(AlreadyExistsError, match="a store already"):
        create_header(backend)


def test_the_example() -> None:
    """HEADER-1: the specification's example is what the code writes."""
    example = re.search(r"<!-- schema: store -->\n```json\n(.*)\n```", SPEC.read_text(encoding="utf-8"))
    assert example is not None
    assert canonical(StoreHeader().to_json()) == example[1].encode()


class Careless(FsspecBackend):
    """A server that ignores the condition, as some do."""

    def create(self, key: str, data: bytes) -> None:
        self.replace(key, data)


class Lying(FsspecBackend):
    """A server that reports the conflict and overwrites all the same."""

    def create(self, key: str, data: bytes) -> None:
        there = self.size(key) is not None
        self.replace(key, data)
        if there:
            raise AlreadyExistsError(key)


class Looking(FsspecBackend):
    """A place that looks first and writes then: right for one writer, wrong for two."""

    def create(self, key: str, data: bytes) -> None:
        if self.size(key) is not None:
            raise AlreadyExistsError(key)
        time.sleep(0.02)
        self.replace(key, data)


@pytest.mark.parametrize("kind", [Careless, Lying, Looking])
def test_places_that_fail_the_probe(kind: type[FsspecBackend]) -> None:
    """HEADER-3: refused with advice; accepted only when asked, and then it is recorded."""
    backend = kind(f"memory://{kind.__name__}")
    with pytest.raises(UnsupportedError, match="--unsafe-single-writer"):
        create_header(backend)
    assert list(backend.list("")) == []
    header = create_header(backend, unsafe_single_writer=True)
    assert header == StoreHeader(exclusive_create=False, unsafe_single_writer=True)
    again = kind(f"memory://{kind.__name__}")
    assert read_header(again) == header
    assert again.unsafe_single_writer


class Down(FsspecBackend):
    """A place that fails, and whose tidying up fails too."""

    def create(self, key: str, data: bytes) -> None:
        raise StorageError("the reason")

    def delete(self, keys: Iterable[str]) -> None:
        raise StorageError("what follows from it")


def test_the_first_failure_of_a_probe_is_said() -> None:
    with pytest.raises(StorageError, match="the reason"):
        create_header(Down("memory://down"))


def test_a_store_in_a_file_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotFoundError, match="is a file"):
        create_header(LocalBackend(tmp_path / "file" / "store"))


def test_disks_without_links(local: LocalBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """HEADER-3: the same for a disk; once accepted and recorded, a store that is opened again works."""

    def refuse(*args: Any) -> Any:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(UnsupportedError, match=r"no hard links.*--unsafe-single-writer"):
        create_header(local)
    assert list(local.list("")) == []
    header = create_header(local, unsafe_single_writer=True)
    assert not header.exclusive_create
    local.unsafe_single_writer = False
    assert read_header(local) == header
    assert local.unsafe_single_writer


BAD: list[tuple[bytes, type[Exception], str]] = [
    (b"", FormatError, "wbtable.json"),
    (b"[]", FormatError, "wbtable.json"),
    (b"\x00" * (1 << 20) + b"{}", FormatError, "at most"),
    (canonical({**StoreHeader().to_json(), "kind": "wbtable.table"}), FormatError, "kind"),
    (canonical({**StoreHeader().to_json(), "format": "9.0"}), UnsupportedError, "upgrade"),
    (canonical({**StoreHeader().to_json(), "algorithm": "BLAKE3"}), UnsupportedError, "algorithm"),
    (canonical({**StoreHeader().to_json(), "features": {"reader": ["future"]}}), UnsupportedError, "future"),
    (canonical({**StoreHeader().to_json(), "probe": {"exclusive_create": False}}), FormatError, "unsafe_single_writer"),
    (canonical({**StoreHeader().to_json(), "probe": 3}), FormatError, "probe"),
]


@pytest.mark.parametrize(("data", "error", "words"), BAD)
def test_headers_that_are_refused(backend: Backend, data: bytes, error: type[Exception], words: str) -> None:
    """HEADER-2: damaged, of another kind, or newer."""
    backend.put("wbtable.json", data)
    with pytest.raises(error, match=words):
        read_header(backend)


def test_unknown_fields_are_kept() -> None:
    """DOC-5."""
    data = canonical({**StoreHeader().to_json(), "later": {"x": 1}})
    header = StoreHeader.from_bytes(data, "here")
    assert header.extra["later"] == {"x": 1}
    assert canonical(header.to_json()) == data
