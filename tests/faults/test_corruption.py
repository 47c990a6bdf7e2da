"""Damaged bytes: every place is found by `verify`, and nobody who reads what is affected gets a wrong value."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from typing import TYPE_CHECKING

import pytest

import wbtable
from tests.faults.jobs import add_rows, add_text, picture, state_of
from tests.faults.soak import FACTOR, sample
from wbtable.artifacts.store import Store, create_store
from wbtable.errors import FormatError, NotFoundError, UnsupportedError, WbtableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.faults.jobs import State

ROWS = range(6)
NAME = "uncategorized/data"


def build(root: Path) -> Store:
    """Make a store with a version of every kind of object: packs, fragments, sketches, documents, a large blob."""
    store = create_store(root)
    draft = wbtable.Artifact("data", metadata={"k": [1, "v"]})
    table = wbtable.Table(columns=["n", "text", "image"])
    add_rows(table, 3, ROWS)
    draft.add(table, "images")
    draft.add(wbtable.Table(columns=["x"], data=[[i / 7] for i in range(50)]), "numbers")
    draft.add(wbtable.Image(picture(4, 4)), "one")
    add_text(draft, "readme.txt", "a text that is long enough to be found again")
    store.commit(draft, aliases=["best"], tags=["t"])
    return store


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store that no test changes."""
    return build(tmp_path_factory.mktemp("whole") / "store")


@pytest.fixture
def copy(whole: Store, tmp_path: Path) -> Store:
    """A store like `whole` that may be damaged."""
    shutil.copytree(whole.url, tmp_path / "store")
    return Store(tmp_path / "store")


def files_of(store: Store, *, objects: bool) -> list[Path]:
    """Return the store's files: its objects, or its records and logs."""
    root = store.backend.local_path("")
    assert root is not None
    found = sorted(path for path in root.rglob("*") if path.is_file() and path.name not in {"hint", "wbtable.json"})
    return [path for path in found if path.relative_to(root).parts[0] == ("objects" if objects else "projects")]


def is_damaged(store: Store) -> bool:
    """Whether `verify` finds something."""
    return not Store(store.url).verify().ok


def read_all(store: Store) -> State:
    """Read all that a version holds."""
    return state_of(Store(store.url).artifact(NAME))


def outcome(store: Store) -> State | WbtableError:
    """Return what reading gives, or the error that it raises; any other kind of error is a failure of the test."""
    try:
        return read_all(store)
    except WbtableError as error:
        return error


def flipped(path: Path, at: int, bit: int) -> Callable[[], None]:
    """Flip a bit of a file; return what flips it back."""

    def flip() -> None:
        with path.open("r+b") as file:
            file.seek(at)
            byte = file.read(1)[0]
            file.seek(at)
            file.write(bytes([byte ^ (1 << bit)]))

    flip()
    return flip


def positions(paths: list[Path], count: int, chance: random.Random) -> Iterator[tuple[Path, int, int]]:
    """Yield random bytes of random files, and a bit of each; larger files are no likelier."""
    for _ in range(count):
        path = chance.choice(paths)
        yield path, chance.randrange(path.stat().st_size), chance.randrange(8)


def test_flips_in_packs_and_fragments(copy: Store) -> None:
    """PACK-10, PACK-11, FRAG-7, VERIFY-1: 10,000 in a soak; found by verify, never read as something else."""
    right = read_all(copy)
    paths = [path for path in files_of(copy, objects=True) if path.suffix in {".pack", ".parquet", ""}]
    assert Counter(path.suffix for path in paths)[".parquet"] >= 2
    readings: Counter[str] = Counter()
    for path, at, bit in positions(paths, sample(400, 10_000), random.Random(1)):
        mend = flipped(path, at, bit)
        assert is_damaged(copy), (path, at, bit)
        found = outcome(copy)
        # Right is a byte that no row depends on: in a sketch, in a trailer.
        assert isinstance(found, FormatError) or found == right, (path, at, bit, found)
        readings["right" if found == right else "raised"] += 1
        mend()
    assert readings["raised"] > readings["right"] > 0
    assert not is_damaged(copy)


def test_flips_in_every_byte_of_the_documents(copy: Store) -> None:
    """DIGEST-5, VERIFY-1, COMMIT-0: records, manifests, logs; one bit of each byte, in a soak each bit of it."""
    right = read_all(copy)
    documents = [path for path in files_of(copy, objects=True) if path.suffix in {".zst", ".json"}]
    assert len(documents) >= 3
    for path in documents:
        size = path.stat().st_size
        step = 1 if FACTOR else max(1, size // 200)
        for at in range(0, size, step):
            for bit in range(8) if FACTOR else [at % 8]:
                mend = flipped(path, at, bit)
                found = outcome(copy)
                # Right are bits of a zstd frame that its decoder ignores: what it gives is checked by its digest.
                assert isinstance(found, FormatError) or found == right, (path, at, bit, found)
                mend()


def test_flips_in_every_byte_of_records_and_logs(copy: Store) -> None:
    """DOC-8, COMMIT-0, LOG-1: no digest names these; their own check finds every flip, on every way to read them."""

    def use(store: Store) -> tuple[object, ...]:
        return store.artifact(f"{NAME}:best").metadata, store.artifact(NAME).tags

    right = use(copy)
    paths = files_of(copy, objects=False)
    assert {path.parts[-3] for path in paths} >= {"aliases", "tags", "data"}
    for path in paths:
        for at in range(path.stat().st_size):
            for bit in range(8) if FACTOR else [at % 8]:
                mend = flipped(path, at, bit)
                with pytest.raises((FormatError, UnsupportedError)):
                    use(Store(copy.url))
                if at % 10 == 0 and "versions" in path.parts:
                    assert is_damaged(copy), (path, at, bit)
                mend()
    assert use(copy) == right


@pytest.mark.parametrize("how", ["cut to nothing", "cut in half", "cut by one", "one more", "deleted", "swapped"])
def test_every_object_in_turn(copy: Store, how: str) -> None:
    """DIGEST-5, PACK-4, VERIFY-1: each object shortened, lengthened, deleted, replaced by another."""
    right = read_all(copy)
    paths = files_of(copy, objects=True)
    for number, path in enumerate(paths):
        data = path.read_bytes()
        if how == "deleted":
            path.unlink()
        elif how == "swapped":
            path.write_bytes(paths[number - 1].read_bytes())
        else:
            lengths = {"cut to nothing": 0, "cut in half": len(data) // 2, "cut by one": len(data) - 1}
            path.write_bytes(data[: lengths[how]] if how in lengths else data + b"\0")
        assert is_damaged(copy), (path, how)
        found = outcome(copy)
        assert isinstance(found, (FormatError, NotFoundError)) or found == right, (path, how, found)
        path.write_bytes(data)
    assert not is_damaged(copy)


def take_one(table: wbtable.Table, row: int) -> object:
    return table.take([row], media="bytes")


def scan_all(table: wbtable.Table, _: int) -> object:
    return list(table.scan(media="bytes"))


def read_row(table: wbtable.Table, row: int) -> object:
    return table.data[row][2].bytes


def read_column(table: wbtable.Table, row: int) -> object:
    return bytes(table.get_column("image")[row].bytes)


PATHS: dict[str, Callable[[wbtable.Table, int], object]] = {
    "take": take_one,
    "scan": scan_all,
    "row": read_row,
    "column": read_column,
}


@pytest.mark.parametrize("path", PATHS)
def test_a_damaged_image_raises_on_every_path_and_others_read(copy: Store, path: str) -> None:
    """PACK-10: the row whose image is damaged cannot be read, whichever way; each other row can."""
    wanted = picture(3, 2)
    (pack,) = [p for p in files_of(copy, objects=True) if p.suffix == ".pack" and wanted in p.read_bytes()]
    mend = flipped(pack, pack.read_bytes().index(wanted) + 20, 3)
    table = Store(copy.url).artifact(NAME)["images"]
    with pytest.raises(FormatError):
        PATHS[path](table, 2)
    others = [row for row in ROWS if row != 2]
    found = table.take(others, media="bytes").column("image").to_pylist()
    assert [cell["bytes"] for cell in found] == [picture(3, row) for row in others]
    assert table.get_column("n") == list(ROWS)
    mend()
    PATHS[path](Store(copy.url).artifact(NAME)["images"], 2)


def test_a_damaged_fragment_raises_on_every_path_and_other_tables_read(copy: Store) -> None:
    """FRAG-7: no value of a damaged fragment is given out; the other table is read."""
    version = Store(copy.url).artifact(NAME)
    numbers = version["numbers"]
    (fragment,) = numbers._source().fragments
    path = version.store.objects.local_path(fragment.file)
    assert path is not None
    for at in (4, fragment.file.size // 2, fragment.file.size - 5):
        mend = flipped(path, at, 1)
        for read in (
            lambda table: table.take([0]),
            lambda table: table.data,
            lambda table: table.to_arrow(),
            lambda table: list(table.scan()),
            lambda table: table.get_column("x"),
        ):
            with pytest.raises(FormatError):
                read(Store(copy.url).artifact(NAME)["numbers"])
        assert len(Store(copy.url).artifact(NAME)["images"].data) == len(ROWS)
        mend()
    assert len(Store(copy.url).artifact(NAME)["numbers"].data) == 50
