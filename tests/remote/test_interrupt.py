"""Ctrl-C while a version is uploaded: a real process, a real SIGINT, a request on its way that is not answered.

A gate between client and server holds one request that changes something, so that each test interrupts at a known
point, and the process must end although that request never comes back.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest

from tests.architecture.repository import ROOT
from tests.faults.soak import FACTOR, spread
from tests.servers.gate import Gate
from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.store import Store, create_store
from wbtable.errors import NotFoundError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.remote.places import RemotePlace

SERVERS: Final = ("moto", "gcs", "ceph")
QUICK: Final = 4
REQUESTS: Final = 9
"""Requests that change something when the folder below is put: lease, a large file, lease, pack, manifest, record,
hint and end of the lease, alias."""
LEASES: Final = {0, 2}
"""Which of them write the lease."""
COMMAND: Final = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); sys.argv[0] = 'wbtable'\n"
    "from wbtable.cli import main; main()"
)
LONGEST: Final = 120
"""Seconds that no step takes, on a machine however busy; a process that hangs fails then."""


class Ended(NamedTuple):
    code: int
    out: str
    err: str
    requests: list[str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of a pack, and one that is an object of its own."""
    made = tmp_path_factory.mktemp("interrupted") / "data"
    made.mkdir()
    (made / "large.bin").write_bytes(random.Random(7).randbytes(9 << 20))
    for i in range(20):
        (made / f"{i}.txt").write_text(f"file {i}")
    return made


def put(place: RemotePlace, store: Store, folder: Path, cache: Path, hold: int | None) -> Ended:
    """Put the folder in a process of its own; interrupt it at the request numbered `hold`, which is never answered."""
    port = int(str(place.options["endpoint_url"]).rpartition(":")[2])
    with Gate(port, hold) as gate:
        options = place.options | {"endpoint_url": gate.endpoint}
        environment = {f"FSSPEC_{place.scheme.upper()}_{key.upper()}": str(value) for key, value in options.items()}
        words = ["--store", store.url, "put", str(folder), "--name", "p/data", "--alias", "best"]
        process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, *words],
            cwd=ROOT,
            env={**os.environ, **environment, "WBTABLE_CACHE_DIR": str(cache)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            if hold is not None:
                assert gate.reached.wait(LONGEST), gate.seen
                os.kill(process.pid, signal.SIGINT)
            out, err = process.communicate(timeout=LONGEST)
        finally:
            process.kill()
        return Ended(process.returncode, out, err, gate.seen)


@pytest.mark.only(*(SERVERS if FACTOR else ("moto",)))
@pytest.mark.parametrize("hold", spread(REQUESTS, REQUESTS if FACTOR else QUICK))
def test_nothing_half_made_is_left(place: RemotePlace, folder: Path, tmp_path: Path, hold: int) -> None:
    """COMMIT-1 to COMMIT-6, LEASE-5: no version, or a whole one; the command says which; the next commit works."""
    store = create_store(place.url("interrupted"), **place.options)
    ended = put(place, store, folder, tmp_path / "cache", hold)
    assert ended.code == 130, ended.err
    assert "wbtable: interrupted" in ended.err
    assert "Traceback" not in ended.err
    assert list((tmp_path / "cache" / "spill").glob("*")) == []

    # A request that was on its way may land after the process ended; what the process knew is true all the same.
    again = Store(store.url, **place.options)
    try:
        found = again.artifact("p/data")
    except NotFoundError:
        found = None
    if " was made," in ended.err or " is there," in ended.err:
        assert found is not None
    elif "being made" not in ended.err:
        assert found is None
        assert again.projects() == []
    if found is not None:
        assert found.number == 0
        assert found.verify().ok
    assert again.aliases("p", "data") in ({}, {"best": 0})
    # A lease whose own request is not answered expires, and so does that of a record that may yet land (LEASE-5).
    may_be_left = hold in LEASES or "being made" in ended.err or " was made," in ended.err
    assert len(list(again.backend.list("leases"))) <= may_be_left
    assert again.verify().ok

    draft = Artifact("data")
    draft.add_dir(folder)
    version = again.commit(draft, project="p", aliases=["best"])
    assert version.number == 0  # the same content is the same version
    best = Store(store.url, **place.options).artifact("p/data:best")
    assert best["large.bin"].read() == (folder / "large.bin").read_bytes()
    assert {entry.path for entry in best.files()} == {path.name for path in folder.iterdir()}
    assert again.verify().ok


@pytest.mark.only("moto", "gcs")
def test_what_is_not_interrupted_makes_so_many_requests(place: RemotePlace, folder: Path, tmp_path: Path) -> None:
    """What the points above are spread over."""
    store = create_store(place.url("whole"), **place.options)
    ended = put(place, store, folder, tmp_path / "cache", None)
    assert ended.err == ""
    assert (ended.code, ended.out) == (0, "p/data:v0\n")
    assert len(ended.requests) == REQUESTS, ended.requests
