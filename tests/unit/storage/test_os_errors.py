"""What the system refuses is said in wbtable's words; and nothing is said when the interpreter ends."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

import wbtable
from wbtable.storage import open_files

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", ["a\0b", "a\ud800"])
def test_a_name_that_no_file_can_have(tmp_path: Path, name: str) -> None:
    path = f"{tmp_path}/{name}"
    with pytest.raises(wbtable.UsageError, match=r"null|surrogates|x00"):
        wbtable.create_store(path)
    store = wbtable.create_store(tmp_path / "store")
    draft = wbtable.Artifact("data", type="dataset")
    with draft.new_file("a.txt") as file:
        file.write("a")
    version = store.commit(draft, project="p")
    for place in (version.download, version.checkout, wbtable.open_table):
        with pytest.raises(wbtable.UsageError, match=r"null|surrogates|x00"):
            place(path)
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_an_open_file_closes_after_its_module_has_lost_its_names(monkeypatch: pytest.MonkeyPatch) -> None:
    failed: list[object] = []
    file = open_files.OpenFile(sys.executable)
    fd = file.fd
    with monkeypatch.context() as patched:  # as they are while the interpreter ends
        patched.setattr(sys, "unraisablehook", failed.append)
        patched.setattr(open_files, "contextlib", None)
        patched.setattr(open_files, "os", None)
        del file
    assert not failed
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)
