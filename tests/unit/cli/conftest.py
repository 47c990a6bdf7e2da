from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner

from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.store import create_store
from wbtable.cli.app import cli
from wbtable.media.image import Image
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from wbtable.artifacts.store import Store


class Shell:
    """Calls the command line on one store."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def run(self, *args: object) -> Result:
        return CliRunner().invoke(cli, ["--store", self.store.url, *map(str, args)])

    def ok(self, *args: object) -> str:
        result = self.run(*args)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *args: object) -> Any:
        return json.loads(self.ok(*args, "--json"))

    def fails(self, code: int, *args: object) -> str:
        """Return the one line that a failing command prints."""
        result = self.run(*args)
        assert result.exit_code == code, result.output
        # click ends the line that a terminal's ^C stands on.
        assert result.stderr.lstrip("\n").count("\n") == 1, result.stderr
        assert "Traceback" not in result.output
        return result.stderr


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WBTABLE_STORE", raising=False)
    monkeypatch.setenv("WBTABLE_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(create_store(tmp_path / "store"))


@pytest.fixture
def digits(shell: Shell) -> Shell:
    """A store with two versions of a table, a file and an alias."""
    for version in range(2):
        table = Table(columns=["id", "image", "guess", "score"])
        for i in range(20):
            image = Image(np.full((4, 5), i, np.uint8), caption=f"digit {i}")
            table.add_data(i, image, "even" if (i + version) % 2 else "odd", i / 7 if i % 5 else None)
        draft = Artifact("predictions", type="predictions", description=f"epoch {version}", metadata={"epoch": version})
        draft.add(table, "test")
        with draft.new_file("notes.txt") as file:
            file.write(f"epoch {version}")
        shell.store.commit(draft, project="digits", aliases=["best"] if version == 0 else [], tags=["checked"])
    return shell
