"""Versions: names, what is said of them later, lineage, comparison, deduplication, large artifacts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import wbtable
from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.names import parse_name
from wbtable.errors import (
    NotFoundError,
    UsageError,
)
from wbtable.format.entry_page import ends_page

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wbtable.artifacts.store import Store

    Make = Callable[..., Artifact]

HEX = "0" * 64


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("n", (None, "n", None, None, "latest")),
        ("p/n", (None, "n", None, None, "latest")),
        ("p/n:latest", ("p", "n", None, None, "latest")),
        ("p/n:v12", ("p", "n", 12, None, None)),
        ("n:v0", (None, "n", 0, None, None)),
        ("n:best", (None, "n", None, None, "best")),
        (f"n:{HEX}", (None, "n", None, HEX, None)),
        (f"p/n:SHA-256:{HEX}", ("p", "n", None, HEX, None)),
    ],
)
def test_names_are_parsed(text: str, expected: tuple[Any, ...]) -> None:  # NAME-1
    found = parse_name(text)
    digest = None if found.digest is None else found.digest.hex
    assert (found.name, found.version, digest, found.alias) == expected[1:]
    assert found.project == ("p" if text.startswith("p/") else None)


@pytest.mark.parametrize("text", ["", "/n", "p/", "p/a/b", "n:", "n:v01", "p/n:a/b", "n:a:b", 7])
def test_malformed_names_are_refused(text: Any) -> None:  # NAME-1
    with pytest.raises(UsageError):
        parse_name(text)


def test_versions_are_found_by_every_name(store: Store, draft_of: Make) -> None:  # NAME-1, NAME-3, OPEN-2, OPEN-3
    first = store.commit(draft_of(), project="p", aliases=["best", "latest"])
    second = store.commit(draft_of(files={"b": "b"}), project="p")
    for name in ("p/data:v0", "p/data:best", f"p/data:{first.digest}", f"p/data:{first.record.digest.hex}"):
        assert store.artifact(name) == first
    assert store.artifact("p/data") == store.artifact("data", project="p") == second
    assert [v.version for v in store.versions("p/data")] == ["v0", "v1"]
    assert store.artifacts() == store.artifacts("p", "dataset") == [second]
    assert store.artifacts(type="model") == []
    with pytest.raises(UsageError, match="dataset"):
        store.artifact("p/data", type="model")
    with pytest.raises(UsageError, match="without a version"):
        store.versions("p/data:v0")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("p/dato", "p/data"),
        ("data", "p/data"),
        ("p/data:v7", "newest number is v0"),
        ("p/data:bset", "best"),
        (f"p/data:{HEX}", "does not exist"),
    ],
)
def test_what_is_missing_is_said_with_near_names(store: Store, draft_of: Make, name: str, message: str) -> None:
    store.commit(draft_of(), project="p", aliases=["best"])
    with pytest.raises(NotFoundError, match=message) as caught:
        store.artifact(name)
    assert store.url in str(caught.value)


def test_near_paths(store: Store, draft_of: Make) -> None:
    version = store.commit(draft_of(files={"train.csv": "x"}))
    with pytest.raises(NotFoundError, match=r"train\.csv"):
        version["train.cvs"]
    with pytest.raises(NotFoundError):
        version.get_entry("nothing like it")
    assert "train.csv" in version
    assert 7 not in version


# Comparison.


def test_diff(store: Store, draft_of: Make) -> None:  # DIFF-1
    draft = draft_of(files={"same": "1", "gone": "2", "other": "3"})
    draft.add(wbtable.Table(columns=["a", "b"], data=[[1, "x"]]), "t")
    draft.add(wbtable.Table(columns=["a"], data=[[1]]), "u")
    first = store.commit(draft)
    later = first.new_draft()
    later.remove("gone")
    with later.new_file("other", "w") as file, later.new_file("new") as new:
        file.write("changed")
        new.write("x")
    later.add(wbtable.Table(columns=["a", "c"], data=[["y", 2.0], ["z", 3.0]]), "t", overwrite=True)
    second = store.commit(later)
    found = first.diff(second)
    assert (found.added, found.removed, found.changed) == (["new"], ["gone"], ["other", "t.table.json"])
    change = found.tables[0]
    assert (change.path, change.rows, change.added, change.removed) == ("t.table.json", (1, 2), ("c",), ("b",))
    assert [name for name, _, _ in change.retyped] == ["a"]
    assert first.diff("data:v1") == found
    assert not first.diff(first)
    assert second.diff(first).added == ["gone"]


# Deduplication.


def packed_bytes(store: Store) -> int:
    return sum(store.backend.size(key) or 0 for key in store.backend.list("objects") if key.endswith(".pack"))


def test_what_is_there_is_not_stored_again(store: Store, tmp_path: Path) -> None:  # DEDUP-1
    rng = np.random.default_rng(1)
    blobs = [rng.bytes(20_000) for _ in range(50)]

    def commit(count: int, extra: bytes) -> None:
        draft = Artifact("data")
        for number, data in enumerate([*blobs[:count], extra]):
            with draft.new_file(f"f{number}", "wb") as file:
                file.write(data)
        store.commit(draft)

    commit(50, b"one")
    before = packed_bytes(store)
    commit(50, b"two" * 100)
    assert packed_bytes(store) - before < 1000
    draft = store.artifact("data").new_draft()
    with draft.new_file("again", "wb") as file:
        file.write(blobs[3])
    grown = packed_bytes(store)
    assert store.commit(draft)["again"].read() == blobs[3]
    assert packed_bytes(store) == grown
    assert store.verify().ok


def test_media_of_the_newest_version_are_not_stored_again(store: Store) -> None:  # DEDUP-1
    rng = np.random.default_rng(2)
    images = [wbtable.Image(rng.integers(0, 255, (32, 32, 3), dtype=np.uint8)) for _ in range(20)]
    sizes = []
    for guess in ("a", "b"):
        draft = Artifact("preds")
        draft.add(wbtable.Table(columns=["image", "guess"], data=[[image, guess] for image in images]), "t")
        store.commit(draft)
        sizes.append(packed_bytes(store))
    assert sizes[0] == sizes[1]
    assert store.artifact("preds")["t"].get_column("image")[3].bytes == images[3].bytes


def test_a_damaged_older_version_does_not_stop_a_commit(store: Store, draft_of: Make) -> None:  # DEDUP-1
    store.commit(draft_of())
    for key in list(store.backend.list("objects")):
        path = store.backend.local_path(key)
        assert path is not None
        path.write_bytes(b"damaged")
    assert store.commit(draft_of(files={"a.txt": "new"})).verify().ok


# Large artifacts.


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("large")
    for number in range(9_000):
        path = root / f"{number % 10}" / f"{number}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(str(number))
    return root


def test_large_artifacts_are_paged(store: Store, large: Path) -> None:  # ART-4, PAGE-1, PAGE-5
    draft = Artifact("large")
    draft.add_dir(large, "d")
    first = store.commit(draft)
    manifest = first.contents.manifest
    assert manifest.count == 9_000
    assert manifest.entries == ()
    assert len(manifest.pages) >= 2
    assert all(ends_page(page.last, page.count) for page in manifest.pages[:-1])
    assert first["d/7/8997.txt"].read() == b"8997"
    assert [item.path for item in first.files(["d/0/0.txt"])] == ["d/0/0.txt"]
    assert "d/7/none" not in first
    assert first.verify().ok

    later = first.new_draft()
    later.remove("d/3/13.txt")
    with later.new_file("d/0/0.txt", "w") as file:
        file.write("changed")
    with pytest.raises(UsageError), later.new_file("d/3"):
        pass
    second = store.commit(later)
    kept = {page.file for page in manifest.pages} & {page.file for page in second.contents.manifest.pages}
    assert len(kept) >= len(manifest.pages) - 2
    found = first.diff(second)
    assert (found.added, found.removed, found.changed) == ([], ["d/3/13.txt"], ["d/0/0.txt"])
    assert second.verify().ok

    # The same content from nothing gives the same digest, and the same pages: no new version.
    (large / "3" / "13.txt").unlink()
    (large / "0" / "0.txt").write_text("changed")
    again = Artifact("large")
    again.add_dir(large, "d")
    assert store.commit(again) == second

    small = second.new_draft()
    for digit in range(1, 10):
        small.remove(f"d/{digit}")
    third = store.commit(small)
    assert third.contents.manifest.pages == ()
    assert third.file_count == 900
    assert third.verify().ok
