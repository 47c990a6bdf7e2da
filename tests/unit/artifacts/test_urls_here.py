"""URLs where files of this machine are meant: refused, for they were folders called `s3:` in this one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import wbtable
from wbtable.artifacts.draft import Artifact
from wbtable.errors import UsageError
from wbtable.tables import files_out

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wbtable.artifacts.store import Store
    from wbtable.artifacts.version import Version

URLS = ["s3://bucket/folder", "memory://folder", "file:///folder"]


@pytest.fixture
def version(store: Store) -> Version:
    """Make a version of a table and a file, in a store in which nothing is called as a URL is."""
    draft = Artifact("data")
    draft.add(wbtable.Table(columns=["id"], data=[[1]]), "t")
    with draft.new_file("a.txt") as file:
        file.write("a")
    return store.commit(draft)


WAYS: dict[str, Callable[[Version, str], Any]] = {
    "download": lambda version, url: version.download(url),
    "checkout": lambda version, url: version.checkout(url),
    "verify": lambda version, url: version.verify(url),
    "item": lambda version, url: version.get_entry("a.txt").download(url),
    "view_csv": lambda version, url: version["t"].view().write_csv(f"{url}.csv"),
    "view_jsonl": lambda version, url: version["t"].view().write_jsonl(f"{url}.jsonl"),
    "view_parquet": lambda version, url: version["t"].view().write_parquet(f"{url}.parquet"),
    "feather": lambda version, url: files_out.write_feather(version["t"], f"{url}.feather"),
    "folder": lambda version, url: files_out.write_folder(version["t"], url),
    "add_file": lambda _, url: Artifact("other").add_file(url),
    "add_dir": lambda _, url: Artifact("other").add_dir(url),
}


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("way", WAYS)
def test_a_url_is_no_place_of_this_machine(
    version: Version, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str, url: str
) -> None:
    folder = tmp_path / "work"
    # Also where one is there, as an earlier program may have left it.
    (folder / url.replace("://", ":/")).mkdir(parents=True)
    monkeypatch.chdir(folder)
    before = sorted(folder.rglob("*"))
    with pytest.raises(UsageError, match="expected a path of this machine, found the URL") as caught:
        WAYS[way](version, url)
    assert ("leave out 'file://'" in str(caught.value)) == url.startswith("file")
    assert sorted(folder.rglob("*")) == before


def test_a_url_in_the_environment_is_no_folder_for_downloads(
    version: Version, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WBTABLE_ARTIFACT_DIR", "s3://bucket/folder")
    with pytest.raises(UsageError, match="copy it there"):
        version.download()
    assert not (tmp_path / "s3:").exists()


def test_names_with_a_colon_are_paths(version: Version, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert version.download("data:v0").is_dir()
    assert version.verify("data:v0").ok
