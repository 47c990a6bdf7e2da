"""Users' files and folders on their way into a draft: what is a path, and what is left out of a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import wbtable
from wbtable.artifacts.draft import Artifact
from wbtable.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.artifacts.store import Store


def test_an_empty_text_is_not_this_folder(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a variable that is not set gives: everything that happens to be here would become a version."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "private.txt").write_text("x")
    draft = Artifact("a")
    for add in (draft.add_dir, draft.add_file):
        with pytest.raises(UsageError, match="empty text"):
            add("")
    with wbtable.init(project="p", store=store) as run, pytest.raises(UsageError, match="empty text"):
        run.log_artifact("")
    assert not draft.files()


def test_a_directory_that_is_added_as_a_file_is_said_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        Artifact("a").add_file(tmp_path)
    assert str(caught.value) == f"{str(tmp_path)!r} is a directory: use add_dir"


def test_a_store_in_a_folder_is_left_out(tmp_path: Path) -> None:
    """It would hold itself the next time, and changes while it is read."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "train.py").write_text("x")
    (tmp_path / "in" / "settings").mkdir()
    (tmp_path / "in" / "settings" / "wbtable.json").write_text('{"kind": "ours"}')
    store = wbtable.create_store(tmp_path / "in" / ".wbtable")
    versions = []
    for _ in range(2):
        draft = Artifact("code")
        with pytest.warns(UserWarning, match=r"the store '.*\.wbtable' is left out") as said:
            draft.add_dir(tmp_path / "in")
        assert said[0].filename == __file__
        versions.append(store.commit(draft))
    assert versions[0] == versions[1]
    assert [item.path for item in versions[0].files()] == ["settings/wbtable.json", "train.py"]
    with pytest.warns(UserWarning, match="left out"):
        found = Artifact("far").add_reference((tmp_path / "in").as_uri())
    assert [item.path for item in found] == ["settings/wbtable.json", "train.py"]
