"""A store behind a plain web server, which knows no ranges and says no times: it is read and copied."""

from __future__ import annotations

import functools
import http.server
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

import wbtable
from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.store import Store, create_store
from wbtable.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Answers a request for a range with the whole file, as `python -m http.server` does."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def served(store: Store) -> Iterator[Store]:
    """Serve a store with a version of a table of images and a file."""
    draft = Artifact("data")
    images = [wbtable.Image(np.full((5, 5), number, np.uint8)) for number in range(9)]
    draft.add(wbtable.Table(columns=["id", "image"], data=[[i, image] for i, image in enumerate(images)]), "t")
    with draft.new_file("a.txt") as file:
        file.write("hello")
    store.commit(draft, project="p", aliases=["best"])
    handler = functools.partial(Quiet, directory=store.url)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield Store(f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()


def test_a_version_is_read_over_http(served: Store, store: Store, tmp_path: Path) -> None:
    """BACKEND-5: a range is exactly its bytes, whatever the server answers."""
    version = served.artifact("p/data:best")
    mine = store.artifact("p/data")
    assert version["a.txt"].read() == b"hello"
    assert version["t"].to_arrow(media="bytes") == mine["t"].to_arrow(media="bytes")
    assert version.verify(version.download(tmp_path / "download")).ok
    assert served.verify().ok


def test_a_store_is_listed_and_copied_over_http(served: Store, tmp_path: Path) -> None:
    assert [version.qualified_name for version in served.artifacts()] == ["p/data:v0"]
    assert served.artifact("p/data").aliases == ["latest", "best"]
    other = create_store(tmp_path / "other")
    assert served.copy_to(other).versions == ["p/data:v0"]
    assert other.verify().ok


def test_nothing_is_committed_over_http(served: Store) -> None:
    with pytest.raises(StorageError):
        served.commit(Artifact("data"), project="p")
