"""Downloads to disks that take names for the same which differ in case or normal form only."""

from __future__ import annotations

import os
import unicodedata
from typing import TYPE_CHECKING

import pytest

from wbtable.artifacts import alike
from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.store import create_store
from wbtable.errors import StorageError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.artifacts.version import Version

COMPOSED = unicodedata.normalize("NFC", "Größe")
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)


def version_of(folder: Path, *paths: str) -> Version:
    """Commit files that hold their own paths."""
    draft = Artifact("files")
    for path in paths:
        with draft.new_file(path, "w") as file:
            file.write(ascii(path))
    return create_store(folder / "store").commit(draft)


@pytest.fixture
def folding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every disk fold names: what is looked for is found under any name that is alike."""
    plain = os.path.lexists

    def found(path: Path) -> bool:
        names = [one.name for one in path.parent.iterdir()] if plain(path.parent) else []
        wanted = unicodedata.normalize("NFD", path.name).casefold()
        return any(unicodedata.normalize("NFD", name).casefold() == wanted for name in names)

    monkeypatch.setattr("os.path.lexists", found)


def files_below(folder: Path) -> set[str]:
    """Return the relative paths of what is below a folder."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.mark.usefixtures("folding")
@pytest.mark.parametrize(
    ("one", "other"),
    [("a.png", "A.png"), ("masks/Cat.png", "Masks/cat.png"), (COMPOSED, DECOMPOSED), ("straße/x", "STRASSE/x")],
)
def test_nothing_is_written_where_paths_would_be_one_file(tmp_path: Path, one: str, other: str) -> None:
    """DOWN-6: the error names both, and a part can still be had."""
    version = version_of(tmp_path, one, other, "plain.txt")
    with pytest.raises(UsageError, match="the same file") as caught:
        version.download(tmp_path / "down")
    assert repr(one) in str(caught.value)
    assert repr(other) in str(caught.value)
    assert files_below(tmp_path / "down") == set()
    for path in (one, "plain.txt"):
        folder = version.download(tmp_path / "part", path_prefix=path)
        assert (folder / path).read_text() == ascii(path)


@pytest.mark.usefixtures("folding")
def test_a_checkout_deletes_nothing_then(tmp_path: Path) -> None:
    """DOWN-6: what is there stays there."""
    version = version_of(tmp_path, "b", "B")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "kept.txt").write_text("mine")
    with pytest.raises(UsageError, match="the same file"):
        version.checkout(tmp_path / "out")
    assert files_below(tmp_path / "out") == {"kept.txt"}


@pytest.mark.usefixtures("folding")
def test_many_pairs_are_counted(tmp_path: Path) -> None:
    """DOWN-6: the message stays short."""
    names = [f"{letter}{i}" for i in range(4) for letter in "xX"]
    with pytest.raises(UsageError, match="and 1 more pairs"):
        version_of(tmp_path, *names).download(tmp_path / "down")


def test_a_disk_that_tells_them_apart_gets_both(tmp_path: Path) -> None:
    """DOWN-6: only the disk itself can say."""
    version = version_of(tmp_path, "a", "A", "d/e", "D/e", COMPOSED, DECOMPOSED)
    (tmp_path / "Case").touch()
    if (tmp_path / "case").exists():
        with pytest.raises(UsageError, match="the same file"):
            version.download(tmp_path / "down")
        return
    folder = version.download(tmp_path / "down")
    for path in ("a", "A", "d/e", "D/e"):
        assert (folder / path).read_text() == ascii(path)
    assert not list(folder.glob(".wbtable-*"))


def test_a_name_that_the_disk_refuses_is_named(tmp_path: Path) -> None:
    """DOWN-6: a disk that cannot be tried is no reason for a bare OSError."""
    with pytest.raises(StorageError, match="apart"):
        alike.check_apart(tmp_path, ["n" * 300, "N" * 300])
