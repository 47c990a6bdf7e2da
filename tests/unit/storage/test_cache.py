"""The cache of remote objects: CACHE-1 to CACHE-4."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import pickle
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import wbtable
from wbtable.errors import DigestMismatchError, FormatError, NotFoundError, UsageError
from wbtable.format.digest import BLOB, Descriptor, Digest
from wbtable.format.documents import parse
from wbtable.format.table_manifest import TableManifest
from wbtable.storage.cache_files import ObjectCache
from wbtable.storage.cache_folder import cache_size, parse_size
from wbtable.storage.cached_backend import CachedBackend
from wbtable.storage.local_backend import LocalBackend
from wbtable.storage.objects import ObjectStore
from wbtable.storage.open_backend import open_backend
from wbtable.storage.verify import verify_object
from wbtable.tables.reader import TableReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from wbtable.storage.backend import Backend

KEY = "objects/ab/" + "c" * 62 + ".pack"
NAME = KEY.removeprefix("objects/")
DATA = bytes(range(256)) * 400
_numbers = itertools.count()


class Counting:
    """Counts what reaches the place."""

    def __init__(self, inner: Backend) -> None:
        self.inner = inner
        self.reads: list[tuple[object, ...]] = []

    def __getattr__(self, name: str) -> object:
        found = getattr(self.inner, name)
        if name not in {"get", "get_tail", "get_ranges"}:
            return found

        def call(*args: object) -> object:
            self.reads.append((name, *args))
            return found(*args)

        return call


@pytest.fixture
def place() -> Counting:
    counting = Counting(open_backend(f"memory://cache-{next(_numbers)}"))
    counting.inner.put(KEY, DATA)
    return counting


@pytest.fixture
def cached(place: Counting, tmp_path: Path) -> CachedBackend:
    return CachedBackend(place, ObjectCache(tmp_path / "cache", 64 << 20))  # type: ignore[arg-type]


def files(cached: CachedBackend) -> list[Path]:
    return [path for path in cached.cache.root.rglob("*-*-*") if path.is_file()]


def test_second_reads_stay_here(cached: CachedBackend, place: Counting) -> None:
    for _ in range(2):
        assert cached.get(KEY) == DATA
        assert cached.get_range(KEY, 100, 50) == DATA[100:150]
        assert cached.get_tail(KEY, 9) == DATA[-9:]
    assert [read[0] for read in place.reads] == ["get"]


def test_ranges_are_kept_as_they_were_read(cached: CachedBackend, place: Counting) -> None:
    """Neighbours are one entry; what lies within it needs no request."""
    assert cached.get_ranges([(KEY, 10, 5), (KEY, 30, 5)]) == [DATA[10:15], DATA[30:35]]
    assert cached.get_ranges([(KEY, 12, 20), (KEY, 99_000, 4)]) == [DATA[12:32], DATA[99_000:99_004]]
    assert cached.get_range(KEY, 99_001, 2) == DATA[99_001:99_003]
    assert place.reads == [("get_ranges", [(KEY, 10, 25)]), ("get_ranges", [(KEY, 99_000, 4)])]
    assert len(files(cached)) == 2


def test_tails(cached: CachedBackend, place: Counting) -> None:
    assert cached.get_tail(KEY, 100) == DATA[-100:]
    assert cached.get_tail(KEY, 60) == DATA[-60:]
    assert cached.get_tail(KEY, 1 << 20) == DATA
    assert cached.get_range(KEY, 5, 5) == DATA[5:10]
    assert [read[0] for read in place.reads] == ["get_tail", "get_tail"]


def test_only_objects_are_kept(cached: CachedBackend, place: Counting) -> None:
    """CACHE-1: a hint, a record, a lease is always that of the store."""
    for key in ("wbtable.json", "projects/p/artifacts/a/versions/hint", "objects/ab/short", "objects/x"):
        place.inner.replace(key, b"1")
        assert cached.get(key) == b"1"
        place.inner.replace(key, b"2")
        assert cached.get(key) == b"2"
        assert cached.get_range(key, 0, 1) == cached.get_tail(key, 1) == b"2"
    assert files(cached) == []


def test_whether_an_object_exists_is_asked_there(cached: CachedBackend, place: Counting) -> None:
    """CACHE-1."""
    cached.get(KEY)
    place.inner.delete([KEY])
    assert cached.size(KEY) is None
    cached.put(KEY, DATA)
    assert place.inner.size(KEY) == len(DATA)
    cached.delete([KEY])
    with pytest.raises(NotFoundError):
        cached.get(KEY)


@pytest.mark.parametrize("damage", ["flip", "cut", "empty"])
def test_damaged_copies_are_dropped(cached: CachedBackend, place: Counting, damage: str, tmp_path: Path) -> None:
    """CACHE-3."""
    cached.get(KEY)
    (path,) = files(cached)
    content = bytearray(path.read_bytes())
    if damage == "flip":
        content[77] ^= 1
    path.write_bytes({"flip": bytes(content), "cut": bytes(content[:-1]), "empty": b""}[damage])
    again = CachedBackend(place, ObjectCache(tmp_path / "cache", 64 << 20))  # type: ignore[arg-type]
    assert again.get(KEY) == DATA
    assert len(place.reads) == 2


def test_what_was_damaged_in_the_store_is_read_there_again(place: Counting, tmp_path: Path) -> None:
    """A copy of damaged bytes does not outlive their repair."""
    cached = CachedBackend(place, ObjectCache(tmp_path / "cache", 64 << 20))  # type: ignore[arg-type]
    objects = ObjectStore(cached)
    descriptor = Descriptor(media_type=BLOB, digest=Digest.of(b"right"), size=5)
    key = objects.key(descriptor.digest, BLOB)
    place.inner.put(key, b"wrong")
    with pytest.raises(DigestMismatchError):
        objects.get(descriptor)
    place.inner.replace(key, b"right")
    assert objects.get(descriptor) == b"right"


def test_what_one_place_gave_is_not_read_as_anothers(place: Counting, tmp_path: Path) -> None:
    """CACHE-1: a place that is not trusted could fill the cache for one that is."""
    forged = Counting(open_backend(f"memory://cache-{next(_numbers)}"))
    forged.inner.put(KEY, DATA[::-1])
    cache = ObjectCache(tmp_path / "cache", 64 << 20)
    for one, data in ((forged, DATA[::-1]), (place, DATA), (forged, DATA[::-1])):
        cached = CachedBackend(one, cache)  # type: ignore[arg-type]
        assert cached.get_range(KEY, 100, 50) == data[100:150]
        assert cached.get_tail(KEY, 10) == data[-10:]
        assert cached.get(KEY) == data
    assert len(place.reads) == len(forged.reads) == 3


@pytest.mark.parametrize("at", [-1, -5, -20])
def test_a_footer_that_was_damaged_on_its_way_is_read_again(place: Counting, tmp_path: Path, at: int) -> None:
    """CACHE-3."""
    objects = ObjectStore(CachedBackend(place, ObjectCache(tmp_path / "cache", 64 << 20)))  # type: ignore[arg-type]
    wbtable.Table(columns=["x"], data=[[1], [2]]).write(str(tmp_path / "t"), "t")
    stored = LocalBackend(tmp_path / "t")
    manifest = TableManifest.from_json(parse(stored.get("t.table.json"), "t"))
    [fragment] = TableReader(ObjectStore(stored), manifest).fragments
    key = objects.key(fragment.file.digest, fragment.file.media_type)
    good = stored.get(key)
    place.inner.put(key, good[:at] + bytes([good[at] ^ 1]) + good[len(good) + at + 1 :])
    with pytest.raises(FormatError):
        TableReader(objects, manifest).read_all()
    place.inner.replace(key, good)
    assert TableReader(objects, manifest).read_all()["x"].to_pylist() == [1, 2]


def test_verification_reads_the_store(place: Counting, tmp_path: Path) -> None:
    """CACHE-4."""
    objects = ObjectStore(CachedBackend(place, ObjectCache(tmp_path / "cache", 64 << 20)))  # type: ignore[arg-type]
    descriptor = objects.put(BLOB, b"content")
    assert objects.get(descriptor) == b"content"
    place.inner.replace(objects.key(descriptor.digest, BLOB), b"damaged")
    assert objects.get(descriptor) == b"content"
    with pytest.raises(FormatError):
        verify_object(objects, descriptor)


def names(count: int) -> list[str]:
    return [f"{i % 256:02x}/{i:062x}" for i in range(count)]


def test_the_least_recently_used_goes(tmp_path: Path) -> None:
    """CACHE-4: bounded; what was used lately stays."""
    cache = ObjectCache(tmp_path, 200_000)
    first, *rest = names(40)
    for i, name in enumerate([first, *rest[:19]]):
        cache.put_whole(name, bytes([i]) * 9_000)
        for path in (tmp_path / name).iterdir():
            os.utime(path, (1000 + i, 1000 + i))
    assert cache.whole(first) is not None
    for name in rest[19:25]:
        cache.put_whole(name, bytes(9_000))
    count, size = cache.used()
    assert size <= 200_000
    assert count == size // 9_000
    assert cache.whole(first) is not None
    assert cache.whole(rest[0]) is None
    assert cache.whole(rest[24]) is not None


def test_one_object_does_not_drive_out_all_others(tmp_path: Path) -> None:
    cache = ObjectCache(tmp_path, 16_000)
    cache.put_whole(names(1)[0], bytes(1_001))
    assert cache.used() == (0, 0)


def test_clear(tmp_path: Path) -> None:
    cache = ObjectCache(tmp_path / "c", 1 << 20)
    cache.put_whole(names(1)[0], bytes(1_000))
    assert cache.clear() == 1_000
    assert cache.used() == (0, 0)
    assert cache.whole(names(1)[0]) is None


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """No cache is no error."""
    blocked = tmp_path / "file"
    blocked.write_bytes(b"in the way")
    cache = ObjectCache(blocked / "cache", 1 << 20)
    cache.put_whole(names(1)[0], b"x")
    cache.forget(names(1)[0])
    assert cache.whole(names(1)[0]) is None
    assert cache.used() == (0, 0)


def test_other_files_there_are_left_alone(tmp_path: Path) -> None:
    cache = ObjectCache(tmp_path, 1 << 20)
    name = names(1)[0]
    cache.put_whole(name, b"x" * 10)
    (tmp_path / name / "w0-3-short").write_bytes(b"abc")
    (tmp_path / name / ".half").write_bytes(b"abc")
    assert ObjectCache(tmp_path, 1 << 20).whole(name) == b"x" * 10


def work(root: str, seed: int) -> int:
    """Put and read entries that other processes put, read and drop too."""
    cache = ObjectCache(Path(root), 300_000)
    wrong = 0
    for i in range(300):
        name = names(64)[(i * 7 + seed) % 64]
        expected = name[:2].encode() * 5_000
        found = cache.whole(name)
        if found is None:
            cache.put_whole(name, expected)
        else:
            wrong += found != expected
    return wrong


def test_several_processes(tmp_path: Path) -> None:
    """CACHE-2: four processes in one small cache read only what was put."""
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        wrong = pool.starmap(work, [(str(tmp_path), seed) for seed in range(4)])
    assert wrong == [0, 0, 0, 0]
    assert ObjectCache(tmp_path, 300_000).used()[1] <= 300_000


def test_several_threads(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda seed: work(str(tmp_path), seed), range(8))) == 0


def test_it_goes_to_other_processes(tmp_path: Path) -> None:
    again = pickle.loads(pickle.dumps(CachedBackend(open_backend("memory://pickled"), ObjectCache(tmp_path, 100))))
    assert (again.url, again.cache.root, again.cache.limit) == ("memory://pickled", tmp_path, 100)
    local = pickle.loads(pickle.dumps(open_backend(tmp_path / "store")))
    local.put("a", b"1")
    assert open_backend(tmp_path / "store").get("a") == b"1"


def test_use_is_noted(cached: CachedBackend) -> None:
    cached.get(KEY)
    (path,) = files(cached)
    os.utime(path, (1000, 1000))
    cached.get(KEY)
    assert time.time() - path.stat().st_mtime < 60


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("10GB", 10**10), ("500 MB", 5 * 10**8), ("2GiB", 2 << 30), ("1.5k", 1500), ("7", 7), ("1 TB", 10**12)],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "much", "-1", "1 PB", "1e9"])
def test_sizes_that_are_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WBTABLE_CACHE_SIZE", text)
    with pytest.raises(UsageError, match="10GB"):
        cache_size()


@pytest.mark.parametrize("suffix", ["", ".pack"])
def test_what_was_damaged_is_fetched_anew(tmp_path: Path, suffix: str) -> None:
    """Downloads, copies and trailers, too, do not give out for ever what was damaged once (CACHE-3)."""
    url = f"memory://cache-{next(_numbers)}"
    draft = wbtable.Artifact("a")
    for name, data in (("large", b"x" * (9 << 20)), ("small", b"s")):
        with draft.new_file(name, "wb") as file:
            file.write(data)
    draft.add(wbtable.Table(columns=["i"], data=[[wbtable.Html("<p>")]]), "t")
    wbtable.create_store(url).commit(draft)
    place = open_backend(url)
    keys = [key for key in place.list("objects") if key.endswith(suffix) and (suffix or "." not in key)]
    good = {key: place.get(key) for key in keys}
    cache = ObjectCache(tmp_path / "cache", 1 << 30)

    def attempts(folder: Path) -> list[Callable[[], object]]:
        store = wbtable.Store.on(CachedBackend(place, cache))
        version = store.artifact("a")
        packs = [Digest("".join(key.removesuffix(".pack").split("/")[-2:])) for key in keys if suffix]
        other = wbtable.create_store(folder / "other")
        return [
            lambda: version.download(folder / "out"),
            lambda: store.copy_to(other),
            *(lambda digest=digest: store.objects.pack_trailer(digest) for digest in packs),
        ]

    for key, data in good.items():
        place.replace(key, data[:5] + bytes([data[5] ^ 1]) + data[6:-30] + bytes([data[-30] ^ 1]) + data[-29:])
    for attempt in attempts(tmp_path / "one"):
        with pytest.raises(FormatError):
            attempt()
        with pytest.raises(FormatError):
            attempt()
    for key, data in good.items():
        place.replace(key, data)
    for attempt in attempts(tmp_path / "two"):
        attempt()
