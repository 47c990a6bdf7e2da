"""The index of a store's blobs on this machine: what it saves, and that nothing wrong with it does harm."""

from __future__ import annotations

import contextlib
import hashlib
import multiprocessing
import os
import shutil
import sqlite3
import stat
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

import wbtable
from wbtable.artifacts.blob_index import BlobIndex
from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.known import StoreBlobs
from wbtable.artifacts.store import Store, create_store
from wbtable.format.digest import Digest
from wbtable.format.file_cell import relative_uri
from wbtable.storage.objects import ObjectStore
from wbtable.storage.seen import UNKNOWN, digests_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.context import SpawnProcess
    from pathlib import Path

COUNT, SIZE = 20, 5000
LARGE = 9 << 20
PACK = relative_uri(Digest.of(b"a pack"), packed=True)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("WBTABLE_CACHE_DIR", str(folder))
    return folder


def _files(count: int = COUNT, seed: int = 0) -> list[bytes]:
    random = np.random.default_rng(seed)
    return [random.bytes(SIZE) for _ in range(count)]


def _commit(store: Store, name: str, files: Sequence[bytes]) -> None:
    draft = Artifact(name)
    for number, data in enumerate(files):
        with draft.new_file(f"{number}.bin", "wb") as file:
            file.write(data)
    store.commit(draft)
    version = store.artifact(f"{name}:latest")
    assert version.verify().ok


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in (folder / "objects").rglob("*") if path.is_file())


def _grown(store: Store, folder: Path, name: str, files: Sequence[bytes]) -> int:
    before = _bytes(folder)
    _commit(store, name, files)
    return _bytes(folder) - before


def _columns(raws: Sequence[bytes]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    sizes = np.full(len(raws), 10, np.int64)
    return np.frombuffer(b"".join(raws), "V32"), np.cumsum(sizes) - sizes, sizes


def _raws(count: int, seed: int = 0) -> list[bytes]:
    return [hashlib.sha256(b"%d-%d" % (seed, number)).digest() for number in range(count)]


def _file_of(cache: Path) -> Path:
    [path] = (cache / "index").glob("*.sqlite")
    return path


def test_the_same_files_in_another_artifact_are_not_stored_again(store: Store, tmp_path: Path) -> None:
    """DEDUP-2."""
    _commit(store, "one", _files())
    assert _grown(store, tmp_path / "store", "two", _files()) < COUNT * SIZE // 10


def test_the_same_images_in_a_table_of_another_artifact_are_not_stored_again(store: Store, tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (COUNT, 32, 32, 3), np.uint8)
    growth = []
    for name in ("one", "two"):
        table = wbtable.Table(columns=["n", "image"], data=[[name, wbtable.Image(one)] for one in pixels])
        before = _bytes(tmp_path / "store")
        draft = Artifact(name)
        draft.add(table, "images")
        store.commit(draft)
        growth.append(_bytes(tmp_path / "store") - before)
    assert growth[0] > COUNT * 3000
    assert growth[1] < growth[0] // 4


def test_a_large_blob_is_found(store: Store, tmp_path: Path) -> None:
    data = bytes(LARGE)
    _commit(store, "one", [data])
    with contextlib.closing(BlobIndex(store.backend.url)) as index:
        found = index.find_many([Digest.of(data).raw])
    assert found == [(relative_uri(Digest.of(data), packed=False), 0, LARGE)]
    assert _grown(store, tmp_path / "store", "two", [data]) < LARGE // 10


def test_another_process_finds_them(store: Store, tmp_path: Path) -> None:
    _commit(store, "one", _files())
    before = _bytes(tmp_path / "store")
    _run(_commit_again, str(tmp_path / "store"))
    assert _bytes(tmp_path / "store") - before < COUNT * SIZE // 10


def test_the_packs_of_a_base_are_remembered(store: Store, tmp_path: Path, cache: Path) -> None:
    _commit(store, "one", _files())
    shutil.rmtree(cache)
    _commit(store, "one", [*_files(), b"one more"])
    assert _grown(store, tmp_path / "store", "two", _files()) < COUNT * SIZE // 10


def test_without_the_cache_only_space_is_lost(store: Store, tmp_path: Path, cache: Path) -> None:
    _commit(store, "one", _files())
    shutil.rmtree(cache)
    # The pack is the same one; with one file more it is another.
    assert _grown(store, tmp_path / "store", "two", [*_files(), b"one more"]) > COUNT * SIZE


def test_nothing_is_opened_without_blobs(store: Store, cache: Path) -> None:
    draft = Artifact("numbers")
    draft.add(wbtable.Table(columns=["a"], data=[[1], [2]]), "numbers")
    store.commit(draft)
    assert not (cache / "index").exists()


@pytest.mark.parametrize("keep", [0, 100, 5000])
def test_a_damaged_index_is_begun_again(store: Store, tmp_path: Path, cache: Path, keep: int) -> None:
    _commit(store, "one", _files())
    path = _file_of(cache)
    path.write_bytes(path.read_bytes()[:keep] + b"\xff" * 9000)
    _commit(store, "two", [*_files(), b"more"])
    _commit(store, "three", _files(seed=1))
    assert _grown(store, tmp_path / "store", "four", _files(seed=1)) < COUNT * SIZE // 10


@pytest.mark.parametrize(
    "statement", ["PRAGMA user_version = 99", "DROP TABLE blobs", "ALTER TABLE blobs RENAME COLUMN size TO length"]
)
def test_an_index_of_another_shape_is_begun_again(store: Store, tmp_path: Path, cache: Path, statement: str) -> None:
    _commit(store, "one", _files())
    _change(cache, statement)
    _commit(store, "two", [*_files(), b"more"])
    assert _grown(store, tmp_path / "store", "three", _files()) < COUNT * SIZE // 10


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE blobs SET start = start + 1",
        "UPDATE blobs SET start = 'x', size = NULL",
        "UPDATE blobs SET size = -1",
        "UPDATE containers SET uri = '../../../etc/passwd'",
        "UPDATE containers SET uri = NULL",
        "UPDATE containers SET uri = replace(uri, '.pack', '')",
    ],
)
def test_wrong_places_are_not_believed(store: Store, cache: Path, statement: str) -> None:
    """DEDUP-2: what the version refers to is right, whatever the index says."""
    _commit(store, "one", _files())
    _change(cache, statement)
    _commit(store, "two", _files()[1:])
    version = store.artifact("two:latest")
    assert [version.get_entry(f"{n}.bin").read() for n in range(COUNT - 1)] == _files()[1:]


def _change(cache: Path, statement: str) -> None:
    connection = sqlite3.connect(_file_of(cache))
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_packs_that_are_gone_are_not_used(store: Store, tmp_path: Path) -> None:
    _commit(store, "one", _files())
    shutil.rmtree(tmp_path / "store")
    again = create_store(tmp_path / "store")
    assert _grown(again, tmp_path / "store", "two", _files()[1:]) > (COUNT - 1) * SIZE
    assert _grown(again, tmp_path / "store", "three", _files()[1:]) < COUNT * SIZE // 10


def test_a_cache_that_cannot_be_written_does_no_harm(store: Store, cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    _commit(store, "one", _files())
    _commit(store, "two", _files())


def test_an_index_that_cannot_be_opened_does_no_harm(store: Store, cache: Path) -> None:
    BlobIndex(store.backend.url).path.mkdir(parents=True)
    _commit(store, "one", _files())
    _commit(store, "two", _files())


def test_the_folder_is_the_users_alone(store: Store, cache: Path) -> None:
    _commit(store, "one", _files())
    assert stat.S_IMODE((cache / "index").stat().st_mode) == 0o700


def test_what_was_added_is_found_fast() -> None:
    raws = _raws(20_000)
    index = BlobIndex("/a/store")
    digests, offsets, sizes = _columns(raws)
    index.add_pack(PACK, digests, offsets, sizes)
    begin = time.thread_time()
    found = index.find_many([*raws, *_raws(5, seed=1)])
    assert time.thread_time() - begin < 2  # a tenth of a second of this thread's own, and room for a slow machine
    assert found == [*((PACK, at * 10, 10) for at in range(20_000)), *[None] * 5]
    assert index.uris() == {PACK}
    index.close()
    with contextlib.closing(BlobIndex("/another/store")) as other:
        assert other.find_many(raws[:3]) == [None] * 3


def test_the_oldest_packs_make_room() -> None:
    index = BlobIndex("/a/store", limit=100)
    names = [relative_uri(Digest.of(b"%d" % number), packed=True) for number in range(30)]
    for number, uri in enumerate(names):
        index.add_pack(uri, *_columns(_raws(10, number)))
        assert index.room() >= 0
        assert None not in index.find_many(_raws(10, number))
    assert len(index.uris()) >= 8
    assert index.uris() == set(names[-len(index.uris()) :])
    assert index.find_many(_raws(10, 0)) == [None] * 10
    index.add_pack(PACK, *_columns(_raws(101, 99)))
    assert PACK not in index.uris()
    index.close()


def test_a_store_in_memory_leaves_nothing(cache: Path) -> None:
    BlobIndex("memory://x").add_pack(PACK, *_columns(_raws(3)))
    assert not cache.exists()


def test_hints_are_looked_up_in_the_store(store: Store) -> None:
    index = BlobIndex(store.backend.url)
    index.add_pack(PACK, *_columns(_raws(3)))
    known = StoreBlobs(ObjectStore(store.backend), None, index)
    assert (known.find_places(digests_of(_raws(3)))[1] == UNKNOWN).all()
    assert known(Digest.from_raw(_raws(1)[0])) is None
    known.close()


def _start(job: Callable[..., None], *args: object) -> SpawnProcess:
    process = multiprocessing.get_context("spawn").Process(target=job, args=args)
    process.start()
    return process


def _run(job: Callable[..., None], *args: object) -> None:
    process = _start(job, *args)
    process.join()
    assert process.exitcode == 0


def _commit_again(folder: str) -> None:
    _commit(Store(folder), "two", _files())


def _fill(seed: int) -> None:
    for number in range(10):
        index = BlobIndex("/a/store")
        uri = relative_uri(Digest.of(b"%d-%d" % (seed, number)), packed=True)
        index.add_pack(uri, *_columns(_raws(500, 100 * seed + number)))
        index.close()


def test_two_processes_at_once() -> None:
    workers = [_start(_fill, seed) for seed in (1, 2)]
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    index = BlobIndex("/a/store")
    assert len(index.uris()) == 20
    assert None not in index.find_many(
        [raw for seed in (1, 2) for n in range(10) for raw in _raws(500, 100 * seed + n)]
    )
    index.close()


def _fork() -> None:
    index = BlobIndex("/a/store")
    index.add_pack(PACK, *_columns(_raws(10)))
    child = os.fork()
    if child == 0:
        index.add_pack(relative_uri(Digest.of(b"another"), packed=True), *_columns(_raws(10, 1)))
        os._exit(0 if None not in index.find_many(_raws(10)) else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert None not in index.find_many([*_raws(10), *_raws(10, 1)])
    index.close()


def test_a_forked_process_opens_its_own() -> None:
    # In a process of its own, which has no other threads.
    _run(_fork)
