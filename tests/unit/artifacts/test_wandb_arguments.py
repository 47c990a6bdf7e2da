"""W&B's arguments of artifacts: those with a meaning have it, those without are taken, what cannot be had is said."""

from __future__ import annotations

import inspect
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.items import Item
from wbtable.artifacts.version import Version
from wbtable.errors import AlreadyExistsError, NotFoundError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wbtable.artifacts.store import Store

    Make = Callable[..., Artifact]


@pytest.mark.parametrize(
    ("ours", "order"),
    [
        (Artifact, "name type description metadata incremental use_as storage_region digest_algorithm"),
        (Artifact.add_file, "self local_path name is_tmp skip_cache policy overwrite"),
        (Artifact.add_dir, "self local_path name skip_cache policy merge overwrite"),
        (Artifact.new_file, "self name mode encoding policy"),
        (Artifact.files, "self names per_page start"),
        (Version.files, "self names per_page start"),
        (Version.download, "self root allow_missing_references skip_cache path_prefix multipart"),
        (Item.download, "self root skip_cache executor multipart"),
    ],
)
def test_arguments_stand_where_they_stand_in_wandb(ours: Any, order: str) -> None:
    assert list(inspect.signature(ours).parameters) == order.split()


def test_what_changes_nothing_is_taken(store: Store, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "f").write_text("x")
    draft = Artifact("a", "dataset", incremental=False, use_as="test", digest_algorithm="XXH128")
    draft.add_file(str(tmp_path / "in" / "f"), "f", False, True, "immutable", True)
    draft.add_dir(tmp_path / "in", "d", skip_cache=True, policy="immutable")
    with draft.new_file("n", "w", None, "mutable") as file:
        file.write("y")
    assert [item.path for item in draft.files(per_page=1)] == ["d/f", "f", "n"]
    version = store.commit(draft)
    assert [item.path for item in version.files(per_page=1)] == [item.path for item in draft.files(None, 1)]
    folder = version.download(tmp_path / "out", skip_cache=True, path_prefix="d/", multipart=True)
    assert [path.name for path in folder.iterdir()] == ["d"]
    assert version.get_entry("n").download(tmp_path / "one", skip_cache=True).read_text() == "y"


def test_policies_are_checked(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    draft = Artifact("a")
    for add in (draft.add_file, draft.add_dir):
        with pytest.raises(UsageError, match="'mutable' or 'immutable', found 'mutabel'"):
            add(tmp_path / "f", policy="mutabel")
    with pytest.raises(UsageError, match="policy"), draft.new_file("n", policy="none"):
        pass
    assert draft.files() == []


def test_a_mutable_file_may_change_and_go(store: Store, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f").write_text("as it was")
    draft = Artifact("a")
    assert draft.add_file(tmp_path / "d" / "f", policy="mutable").read() == b"as it was"
    draft.add_dir(tmp_path / "d", "d", policy="mutable")
    (tmp_path / "d" / "f").write_text("as it is")
    draft.add_dir(tmp_path / "d", "later", policy="mutable")
    (tmp_path / "d" / "f").unlink()
    version = store.commit(draft)
    assert [version.get_entry(path).read() for path in ("f", "d/f", "later/f")] == [b"as it was"] * 2 + [b"as it is"]


def test_a_mutable_file_that_is_not_there(tmp_path: Path) -> None:
    draft = Artifact("a")
    with pytest.raises(NotFoundError, match="no file"):
        draft.add_file(tmp_path / "none", policy="mutable")
    (tmp_path / "f").write_text("x")
    with pytest.raises(UsageError, match="absolute"):
        draft.add_file(tmp_path / "f", "/f", policy="mutable")
    assert draft.files() == []


def test_temporary_files_get_names_of_their_own(tmp_path: Path) -> None:
    draft = Artifact("a")
    names = []
    for text in ("one", "two", "one"):
        (tmp_path / "f.table.json").write_text(text)
        names.append(draft.add_file(tmp_path / "f.table.json", "d/f.table.json", is_tmp=True, policy="mutable").path)
    assert names[0] == names[2] != names[1]
    assert [item.path for item in draft.files()] == sorted(set(names))
    assert all(name.startswith("d/") and name.endswith(".table.json") for name in names)
    assert names[0] == "d/7692c3ad3540bb803c02.table.json"  # SHA-256 of "one", from the second part of FIPS 180-4


def test_merge_takes_what_changed(store: Store, draft_of: Make, tmp_path: Path) -> None:
    version = store.commit(draft_of(files={"d/f": "old", "d/g": "stays"}))
    folder = tmp_path / "new"
    folder.mkdir()
    (folder / "f").write_text("new")
    draft = version.new_draft()
    with pytest.raises(AlreadyExistsError, match="d/f"):
        draft.add_dir(folder, "d")
    draft.add_dir(folder, "d", merge=True)
    found = store.commit(draft)
    assert [found.get_entry(path).read() for path in ("d/f", "d/g")] == [b"new", b"stays"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"incremental": True}, r"store\.artifact\('a'\)\.new_draft\(\)"),
        ({"storage_region": "eu"}, "where its store is"),
        ({"digest_algorithm": "CRC"}, "'MD5' or 'XXH128'"),
    ],
)
def test_what_cannot_be_had_is_said(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Artifact("a", **settings)


def test_a_list_of_files_begins_at_its_beginning(store: Store, draft_of: Make) -> None:
    draft = draft_of(files={"f": "x"})
    for holder in (draft, store.commit(draft), draft):
        with pytest.raises(UsageError, match="all files at once"):
            holder.files(start="f")


def test_a_path_is_no_word_on_references(store: Store, draft_of: Make, tmp_path: Path) -> None:
    version = store.commit(draft_of(files={"d/f": "x", "g": "y"}))
    with pytest.raises(UsageError, match="path_prefix="):
        version.download(tmp_path / "out", "d/")  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()


def test_checkout_goes_where_a_download_goes(
    store: Store, draft_of: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = store.commit(draft_of(files={"f": "x"}))
    monkeypatch.setenv("WBTABLE_ARTIFACT_DIR", str(tmp_path / "all"))
    folder = version.download()
    (folder / "more").write_text("y")
    assert version.checkout() == folder
    assert [path.name for path in folder.iterdir()] == ["f"]


def test_a_logged_draft_says_what_its_version_has(store: Store, draft_of: Make) -> None:
    first = store.commit(draft_of(files={"f": "x"}))
    mine, other = first.new_draft(), first.new_draft()
    with other.new_file("theirs") as file:
        file.write("y")
    store.commit(other)
    with mine.new_file("mine") as file:
        file.write("z")
    assert "theirs" not in mine
    store.commit(mine)  # on top of the other
    assert "theirs" in mine
    assert mine["theirs"].read() == b"y"


def test_one_name_is_a_list_of_one(store: Store, draft_of: Make) -> None:
    """A text was taken for a list of its letters."""
    draft = draft_of(files={"abc": "x", "b": "y"})
    one: Any
    for holder in (draft, store.commit(draft), draft):
        for one in ("abc", PurePosixPath("abc"), ["abc"], ("abc",), iter(["abc"])):
            assert [item.path for item in holder.files(names=one)] == ["abc"]
        with pytest.raises(UsageError, match="expected a list of names, found int"):
            holder.files(names=5)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", ["x", True, [1]])
def test_the_most_objects_are_a_number(tmp_path: Path, wrong: Any) -> None:
    (tmp_path / "f").write_text("x")
    for uri in (tmp_path.as_uri(), (tmp_path / "f").as_uri(), "s3://bucket/key"):
        with pytest.raises(UsageError, match="expected max_objects as a number, found"):
            Artifact("a").add_reference(uri, checksum=False, max_objects=wrong)
    most: Any = np.int64(1)
    assert [item.path for item in Artifact("a").add_reference(tmp_path.as_uri(), max_objects=most)] == ["f"]
