"""Drafts: what may be added, what is refused, and that an error leaves the draft as it was."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import wbtable
from wbtable.artifacts.draft import Artifact
from wbtable.errors import (
    AlreadyExistsError,
    DeniedError,
    NotFoundError,
    UsageError,
)
from wbtable.format.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from wbtable.artifacts.store import Store

    Make = Callable[..., Artifact]


def table(*values: int) -> wbtable.Table:
    return wbtable.Table(columns=["x"], data=[[value] for value in values])


def image(level: int = 0) -> wbtable.Image:
    return wbtable.Image(np.full((4, 5, 3), level, np.uint8), caption="c")


# Names.


@pytest.mark.parametrize("name", ["", "a/b", "a:b", " a", "a\nb"])
def test_artifact_names_are_names(name: str) -> None:  # NAME-2
    with pytest.raises(UsageError):
        Artifact(name)
    with pytest.raises(UsageError):
        Artifact("a", type=name)


def test_metadata_is_checked_at_once() -> None:
    with pytest.raises(UsageError, match="metadata"):
        Artifact("a", metadata={"f": print})


BAD_PATHS = ["../x", "/x", "a//b", "a/../b", "", "a\\b", "a\0b", "./a", "objects/x", "Objects", "a/", "\ud800"]


@pytest.mark.parametrize("name", BAD_PATHS)
def test_bad_paths_are_refused(tmp_path: Path, name: str) -> None:  # PATH-1, PATH-2
    (tmp_path / "f").write_text("x")
    draft = Artifact("a")
    with pytest.raises(UsageError):
        draft.add_file(tmp_path / "f", name)
    with pytest.raises(UsageError), draft.new_file(name):
        pass
    if name not in {"", "a/"}:
        with pytest.raises(UsageError):
            draft.add(table(1), name)
        with pytest.raises(UsageError):
            draft.add_dir(tmp_path, name)
    assert draft.files() == []


# Files.


def test_files_come_back_as_they_were(store: Store, tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"abc")
    draft = Artifact("a")
    item = draft.add_file(tmp_path / "a.bin")
    assert (item.path, item.size, item.local_file) == ("a.bin", 3, str(tmp_path / "a.bin"))
    draft.add_file(str(tmp_path / "a.bin"), name="d/e")
    version = store.commit(draft)
    assert version["d/e"].read() == version["a.bin"].read() == b"abc"
    assert version.get_entry("d/e").digest == str(Digest.of(b"abc"))


@pytest.mark.parametrize("size", [0, 1, 8 << 20, (8 << 20) + 1])
def test_files_of_any_size(store: Store, tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    (tmp_path / "f").write_bytes(data)
    draft = Artifact("a")
    draft.add_file(tmp_path / "f")
    version = store.commit(draft)
    assert version["f"].read() == data
    assert version.verify().ok


def test_missing_files_are_said(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no file"):
        Artifact("a").add_file(tmp_path / "none")
    with pytest.raises(NotFoundError, match="no directory"):
        Artifact("a").add_dir(tmp_path / "none")


def test_directories_and_files_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    with pytest.raises(UsageError, match="add_dir"):
        Artifact("a").add_file(tmp_path)
    with pytest.raises(UsageError, match="add_file"):
        Artifact("a").add_dir(tmp_path / "f")


def test_what_has_no_bytes_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="no regular file"):
        Artifact("a").add_dir(tmp_path)


@pytest.mark.parametrize("size", [10, 9 << 20])
def test_a_file_that_changes_is_an_error(store: Store, tmp_path: Path, size: int) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"a" * size)
    draft = Artifact("a")
    draft.add_file(path)
    path.write_bytes(b"b" * (size + 1))
    with pytest.raises(UsageError, match="changed while being added"):
        store.commit(draft)
    with pytest.raises(NotFoundError):
        store.artifact("a")
    draft.add_file(path, overwrite=True)  # the draft is still usable
    assert store.commit(draft)["f"].size == size + 1


def test_a_file_that_vanishes_is_an_error(store: Store, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    draft = Artifact("a")
    draft.add_file(tmp_path / "f")
    (tmp_path / "f").unlink()
    with pytest.raises(NotFoundError, match="no file"):
        store.commit(draft)


def test_a_file_that_may_not_be_read_is_an_error(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "f").write_text("x")
    draft = Artifact("a")
    draft.add_file(tmp_path / "f")
    opened = os.open

    def refuse(path: str, *args: int) -> int:
        if path == str(tmp_path / "f"):
            raise PermissionError(13, "Permission denied", path)
        return opened(path, *args)

    monkeypatch.setattr(os, "open", refuse)  # the superuser, as which tests may run, is refused nothing
    with pytest.raises(DeniedError, match="may not be read"):
        store.commit(draft)


def test_directories_are_added_whole_or_not(tmp_path: Path) -> None:
    for name in ("a", "b", "c/d"):
        (tmp_path / "dir" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "dir" / name).write_text(name)
    draft = Artifact("a")
    draft.add_dir(tmp_path / "dir", name="top")
    assert [item.path for item in draft.files()] == ["top/a", "top/b", "top/c/d"]
    (tmp_path / "dir" / "b").write_text("other")
    (tmp_path / "dir" / "0new").write_text("new")
    with pytest.raises(AlreadyExistsError, match="top/b"):
        draft.add_dir(tmp_path / "dir", name="top")
    assert [item.path for item in draft.files()] == ["top/a", "top/b", "top/c/d"]


def test_links_inside_are_followed(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "dir"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "f").write_text("x")
    (folder / "link").symlink_to("sub/f")
    (folder / "other").symlink_to("sub")
    draft = Artifact("a")
    draft.add_dir(folder)
    version = store.commit(draft)
    assert {item.path: item.read() for item in version.files()} == {"link": b"x", "other/f": b"x", "sub/f": b"x"}


def test_links_that_leave_or_circle_are_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    for target, message in (("../secret", "leaves"), ("..", "leaves"), (".", "in"), ("none", "no file")):
        folder = tmp_path / f"dir{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        (folder / "link").symlink_to(target)
        with pytest.raises((UsageError, NotFoundError), match=message):
            Artifact("a").add_dir(folder)


def test_names_that_are_no_text_are_refused(tmp_path: Path) -> None:
    try:
        (tmp_path / os.fsdecode(b"\xff")).write_text("x")
    except OSError:
        return  # this disk takes text only
    with pytest.raises(UsageError):
        Artifact("a").add_dir(tmp_path)


def test_new_file_is_added_when_it_is_whole() -> None:
    draft = Artifact("a")

    def write_half() -> None:
        with draft.new_file("f") as file:
            file.write("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert "f" not in draft
    with draft.new_file("f", mode="wb") as file:
        file.write(b"\x00")
    assert draft.get_entry("f").read() == b"\x00"
    with pytest.raises(AlreadyExistsError), draft.new_file("f"):
        pass
    with pytest.raises(UsageError, match="mode"), draft.new_file("g", mode="r"):
        pass


# Names that are taken.


def test_other_content_under_a_name_is_an_error(store: Store, draft_of: Make) -> None:  # ART-8
    draft = draft_of(files={"f": "one"})
    with pytest.raises(AlreadyExistsError, match="f"), draft.new_file("f"):
        pass
    draft.add(table(1), "t")
    draft.add(table(1), "t")  # the same content again is fine
    with pytest.raises(AlreadyExistsError):
        draft.add(table(2), "t")
    draft.add(table(3), "t", overwrite=True)
    version = store.commit(draft)
    assert version["t"].get_column("x") == [3]
    later = version.new_draft()
    later.add(table(3), "t")
    with pytest.raises(AlreadyExistsError):
        later.add(table(4), "t")


@pytest.mark.parametrize(("first", "second"), [("a", "a/b"), ("a/b", "a"), ("a/b/c", "a/b")])
def test_a_file_is_no_directory(store: Store, draft_of: Make, first: str, second: str) -> None:  # PATH-3
    draft = draft_of(files={first: "x"})
    with pytest.raises(UsageError), draft.new_file(second):
        pass
    version = store.commit(draft)
    later = version.new_draft()
    with pytest.raises(UsageError), later.new_file(second):
        pass
    later.remove(first)
    with later.new_file(second) as file:
        file.write("y")
    assert [item.path for item in store.commit(later).files()] == [second]


def test_remove(store: Store, draft_of: Make) -> None:
    draft = draft_of(files={"a": "1", "d/x": "2", "d/y": "3"})
    draft.remove("d")
    assert [item.path for item in draft.files()] == ["a"]
    with pytest.raises(NotFoundError, match="'a'"):
        draft.remove("aa")
    draft.add(table(1), "t")
    draft.remove("t")
    version = store.commit(draft)
    later = version.new_draft()
    later.remove(later.get_entry("a"))
    assert "a" not in later
    with later.new_file("a") as file:
        file.write("again")
    assert store.commit(later)["a"].read() == b"again"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"metadata": "x"}, "expected metadata as a dict"),
        ({"metadata": [1]}, "expected metadata as a dict"),
        ({"metadata": {"a": "\ud800"}}, "metadata.a: the text"),
        ({"description": "\ud800"}, "description: the text"),
    ],
)
def test_settings_that_cannot_be_stored(settings: dict[str, Any], message: str) -> None:
    """The errors are of the call that gives them, not of the commit."""
    with pytest.raises(UsageError, match=message):
        Artifact("name", **settings)


def test_items_of_files_read_them(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"1")
    item = Artifact("a").add_file(tmp_path / "f")
    assert item.read() == b"1"
    (tmp_path / "f").unlink()
    with pytest.raises(NotFoundError, match="no file"):
        item.read()


def test_a_file_that_changed_may_be_added_again(store: Store, tmp_path: Path) -> None:  # ART-8
    path = tmp_path / "f"
    path.write_bytes(b"1")
    os.utime(path, ns=(0, 0))
    draft = Artifact("a")
    draft.add_file(path)
    path.write_bytes(b"2")
    with pytest.raises(UsageError, match="overwrite=True"):
        store.commit(draft)
    with pytest.raises(AlreadyExistsError, match="overwrite=True"):
        draft.add_file(path)
    draft.add_file(path, overwrite=True)
    assert store.commit(draft)["f"].read() == b"2"


def test_what_is_no_path_is_said(tmp_path: Path) -> None:
    for wrong in (5, None):
        with pytest.raises(UsageError, match="expected a path"):
            Artifact("a").add_file(wrong)  # type: ignore[arg-type]
        with pytest.raises(UsageError, match="expected a path"):
            Artifact("a").add_dir(wrong)  # type: ignore[arg-type]
    (tmp_path / "f").write_bytes(b"1")
    assert Artifact("a").add_file(os.fsencode(tmp_path / "f")).path == "f"  # type: ignore[arg-type]


def test_arguments_of_wandb_are_accepted(store: Store, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f").write_bytes(b"1")
    draft = Artifact("a")
    draft.add_file(tmp_path / "d" / "f", skip_cache=True, policy="immutable")
    draft.add_dir(tmp_path / "d", skip_cache=True, policy="mutable")
    (tmp_path / "d" / "f").write_bytes(b"22")
    with pytest.raises(AlreadyExistsError):
        draft.add_dir(tmp_path / "d", merge=False)
    draft.add_dir(tmp_path / "d", merge=True)
    version = store.commit(draft)
    assert (version.download(tmp_path / "o", skip_cache=True, multipart=False) / "f").read_bytes() == b"22"


def test_media_of_the_base_are_found_by_their_names(store: Store) -> None:
    """As the version itself finds them: without the suffix that they got."""
    draft = Artifact("a")
    draft.add(image(), "picture")
    version = store.commit(draft)
    later = version.new_draft()
    assert "picture" in version
    assert "picture" in later
    assert later["picture"] == version["picture"]
    later.remove("picture")
    assert "picture" not in later
    later.add(image(7), "picture")
    assert later["picture"] != version["picture"]


def test_names_of_what_is_added(store: Store) -> None:
    draft = Artifact("a")
    draft.add(table(1), "t")
    for path in (Path("d/f"), "t"):  # beside the table, whose path is t.table.json
        with draft.new_file(path) as file:
            file.write("x")
    with pytest.raises(AlreadyExistsError), draft.new_file("t"):
        pass
    with pytest.raises(UsageError, match="found None"):
        draft.add(table(1), None)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="expected a name"):
        draft.remove(5)  # type: ignore[arg-type]
    draft.remove(draft.get_entry("t"))
    assert [item.path for item in store.commit(draft).files()] == ["d/f", "t.table.json"]
