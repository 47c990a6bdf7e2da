"""Deep folders, names at the limit, and names that look alike: on local disks, whole lives of artifacts."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

import wbtable
from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.store import Store, create_store
from wbtable.errors import UsageError, WbtableError
from wbtable.format.layout import MAX_NAME

COMPOSED = unicodedata.normalize("NFC", "Übergröße é")
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)
LONGEST = "n" * MAX_NAME


def deep(folder: Path, size: int) -> Path:
    """Return a folder whose path has `size` bytes, in parts that look like people's."""
    while len(os.fsencode(folder)) < size - 60:
        folder /= "eine etwas längere Mappe mit Leerzeichen"[: size - 60]
    return folder / ("x" * (size - len(os.fsencode(folder)) - 1))


def live(store: Store, project: str, name: str, path: str, alias: str) -> None:
    """Do to an artifact what is done to one, and see that each step shows."""
    draft = Artifact(name)
    draft.add(wbtable.Table(columns=["x"], data=[[1], [2]]), "table")
    with draft.new_file(path, "w") as file:
        file.write(path)
    made = store.commit(draft, project=project, aliases=[alias], tags=["one"])
    again = Store(store.url)
    found = again.artifact(f"{project}/{name}:{alias}")
    assert found.number == made.number
    assert found[path].read().decode() == path
    assert [row[0] for row in found["table"].data] == [1, 2]
    later = found.new_draft()
    later.metadata["turn"] = 1
    second = again.commit(later)
    assert second.number == made.number + 1
    assert again.verify().ok
    found.delete(delete_aliases=True)
    assert again.aliases(project, name) == {}
    again.gc(dry_run=False)
    assert again.artifact(f"{project}/{name}")[path].read().decode() == path


@pytest.mark.parametrize("size", [210, 400, 900])
def test_a_store_at_a_long_path(tmp_path: Path, size: int) -> None:
    """Longer than the 260 characters of some systems; a key adds at most 800 bytes to it."""
    root = deep(tmp_path, size)
    store = create_store(root)
    assert len(os.fsencode(root)) == size
    live(store, "project", "data", "folder/file.txt", "best")
    copy = create_store(deep(tmp_path / "copy", size))
    store.copy_to(copy)
    assert copy.verify().ok
    assert copy.artifact("project/data").digest == store.artifact("project/data").digest


def test_names_at_the_limit(tmp_path: Path) -> None:
    """LAYOUT-5, PATH-1: 200 bytes as written in a store, 4,096 of a path whose parts have 255; at a long root, too."""
    store = create_store(deep(tmp_path, 300))
    path = "/".join(["p" * 255] * 16)[:4096]
    live(store, LONGEST, LONGEST, path, LONGEST)
    umlauts = "ü" * (MAX_NAME // 6)  # two bytes, each of which is written with three
    live(store, umlauts, umlauts, "ü" * 127, umlauts)
    assert sorted(store.projects()) == sorted([LONGEST, umlauts])


def test_names_beyond_the_limit_say_how_long_they_may_be(tmp_path: Path) -> None:
    """LAYOUT-5, PATH-1: before anything is written."""
    store = create_store(tmp_path / "store")
    before = list(store.backend.list(""))
    with pytest.raises(UsageError, match=f"at most {MAX_NAME} bytes"):
        Artifact(LONGEST + "n")
    draft = Artifact("a")
    for path in ("p" * 256, "/".join(["p" * 255] * 17)):
        with pytest.raises(UsageError, match=r"255|4,?096"), draft.new_file(path):
            pass
    with draft.new_file("f", "w") as file:
        file.write("x")
    for more in ({"project": LONGEST + "n"}, {"aliases": [LONGEST + "n"]}):
        with pytest.raises(UsageError, match=f"at most {MAX_NAME} bytes"):
            store.commit(draft, **more)
    assert list(store.backend.list("")) == before


def test_names_that_look_alike_are_two(tmp_path: Path) -> None:
    """LAYOUT-4: composed and decomposed letters are different bytes, on disks that take them for the same as well."""
    assert COMPOSED != DECOMPOSED
    store = create_store(tmp_path / COMPOSED / DECOMPOSED)
    for name in (COMPOSED, DECOMPOSED):
        live(store, name, name, f"{name}/{name}.txt", name)
    assert sorted(store.projects()) == sorted([COMPOSED, DECOMPOSED])
    with pytest.raises(WbtableError):
        store.artifact(f"{COMPOSED}/{DECOMPOSED}")


def test_paths_that_look_alike_are_two_in_a_version(tmp_path: Path) -> None:
    """PATH-3, ART-2: and both are downloaded where the disk tells them apart."""
    store = create_store(tmp_path / "store")
    draft = Artifact("a")
    for name in (COMPOSED, DECOMPOSED):
        with draft.new_file(name, "w") as file:
            file.write(ascii(name))
    version = store.commit(draft)
    assert {entry.path for entry in version.files()} == {COMPOSED, DECOMPOSED}
    for name in (COMPOSED, DECOMPOSED):
        assert version[name].read().decode() == ascii(name)
    (tmp_path / COMPOSED).touch()
    if (tmp_path / DECOMPOSED).exists():
        # Such a disk would keep one of them and call it the other.
        with pytest.raises(WbtableError):
            version.download(str(tmp_path / "down"))
    else:
        folder = Path(version.download(str(tmp_path / "down")))
        assert {path.name for path in folder.iterdir()} >= {COMPOSED, DECOMPOSED}


def test_a_version_with_a_long_path_is_downloaded_or_says_why_not(tmp_path: Path) -> None:
    """A path of 4,096 bytes fits into a store; below a folder it is longer than a system opens."""
    store = create_store(tmp_path / "store")
    draft = Artifact("a")
    for path in ("/".join(["p" * 200] * 10), "short"):
        with draft.new_file(path, "w") as file:
            file.write("x")
    folder = Path(store.commit(draft).download(str(tmp_path / "down")))
    assert (folder / "/".join(["p" * 200] * 10)).read_text() == "x"
    longest = draft_of(store)
    with longest.new_file("/".join(["q" * 255] * 16)[:4096], "w") as file:
        file.write("x")
    version = store.commit(longest)
    with pytest.raises(WbtableError, match="too long"):
        version.download(str(tmp_path / "longest"))


def draft_of(store: Store) -> Artifact:
    """Return a draft on the newest version."""
    return store.artifact("uncategorized/a").new_draft()
