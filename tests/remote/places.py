"""The remote places that tests run on: which are installed, how each is started, and what a URL on it needs."""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.servers.azurite import Azurite, program
from tests.servers.ceph import Ceph, missing
from tests.servers.gcs import FakeGcs
from tests.servers.process import HOST, Processes, answers, free_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_numbers = itertools.count()


@dataclass(slots=True, kw_only=True)
class RemotePlace:
    """A running server.

    Attributes:
        name: what it is.
        scheme: of its URLs.
        options: the storage options that reach it.
        bucket: one that exists.
        stop: ends it.

    """

    name: str
    scheme: str
    options: dict[str, Any]
    bucket: str = "wbtable-tests"
    stop: Callable[[], None] = field(default=lambda: None)

    def url(self, label: str = "store") -> str:
        """Return the URL of a folder that nobody else uses."""
        return f"{self.scheme}://{self.bucket}/{label}-{next(_numbers)}"

    def make_bucket(self) -> None:
        """Make the bucket."""
        import fsspec

        fs = fsspec.filesystem(self.scheme, **self.options)
        with contextlib.suppress(FileExistsError):  # memory is the process's own, and keeps it
            fs.mkdir(self.bucket)


def _memory(folder: Path) -> RemotePlace:
    return RemotePlace(name="memory", scheme="memory", options={})


def _moto(folder: Path) -> RemotePlace:
    port = free_port()
    processes = Processes(folder)
    processes.start("moto", [sys.executable, "-m", "tests.servers.moto_server", str(port)])
    processes.wait_for(lambda: answers(f"http://{HOST}:{port}/"), 90)
    options = {"key": "any", "secret": "any", "endpoint_url": f"http://{HOST}:{port}"}
    return RemotePlace(name="moto", scheme="s3", options=options, stop=processes.stop)


def _ceph(folder: Path) -> RemotePlace:
    server = Ceph(folder)
    try:
        server.start()
    except BaseException:
        server.stop()
        raise
    return RemotePlace(name="ceph", scheme="s3", options=server.options(), stop=server.stop)


def _azurite(folder: Path) -> RemotePlace:
    server = Azurite(folder)
    server.start()
    return RemotePlace(name="azurite", scheme="az", options=server.options(), stop=server.stop)


def _gcs(folder: Path) -> RemotePlace:
    os.environ["GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT"] = "false"
    server = FakeGcs()
    server.start()
    return RemotePlace(name="gcs", scheme="gs", options=server.options(), stop=server.stop)


STARTERS: dict[str, Callable[[Path], RemotePlace]] = {
    "memory": _memory,
    "moto": _moto,
    "ceph": _ceph,
    "azurite": _azurite,
    "gcs": _gcs,
}


def installed() -> list[str]:
    """Return the places that can be started here; in CI all, so that one that is missing fails."""
    if os.environ.get("CI"):
        return list(STARTERS)
    without = set()
    if missing():
        without.add("ceph")
    if program() is None:
        without.add("azurite")
    return [name for name in STARTERS if name not in without]


def start(name: str, folder: Path) -> RemotePlace:
    """Start a server, with a bucket in it."""
    folder.mkdir(parents=True, exist_ok=True)
    place = STARTERS[name](folder)
    try:
        place.make_bucket()
    except BaseException:
        place.stop()
        raise
    return place
