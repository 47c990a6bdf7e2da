"""A store with what the questions are asked of: seeded predictions, completions, episodes and songs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner

import wbtable
from wbtable.cli.app import cli

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.artifacts.store import Store

ROWS = 3000


class Asked:
    """A store, and its command line."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def table(self, name: str) -> Any:
        return self.store.artifact(name).only_table()

    def shell(self, *args: object) -> Any:
        """Return what a command prints as JSON."""
        result = CliRunner().invoke(cli, ["--store", self.store.url, *map(str, args), "--json"])
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def put(self, name: str, table: Any) -> None:
        """Commit a table as the next version of an artifact."""
        draft = wbtable.Artifact(name.partition("/")[2], type="tables")
        draft.add(table, "table")
        self.store.commit(draft, project=name.partition("/")[0])


def predictions(epoch: int) -> dict[str, Any]:
    """Return what a model says of the same images after some epochs: the better, the later; not all classes alike."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 10, ROWS)
    noise = np.random.default_rng(epoch).normal(size=(ROWS, 10))
    skill = (0.4 + 0.35 * epoch) * (0.6 + 0.1 * truth)
    logits = noise + np.eye(10)[truth] * skill[:, None]
    scores = np.exp(2 * logits)
    scores /= scores.sum(axis=1, keepdims=True)
    return {"id": np.arange(ROWS), "truth": truth, "guess": scores.argmax(axis=1), "scores": scores.astype(np.float32)}


def arrow(found: dict[str, Any]) -> pa.Table:
    """Return predictions as the guide's table has them: a column for each score."""
    columns = {name: found[name] for name in ("id", "guess", "truth")}
    return pa.table(columns | {f"score_{digit}": found["scores"][:, digit] for digit in range(10)})


def completions(model: str) -> list[list[Any]]:
    """Return what a text model made of some prompts: model, prompt, completion."""
    rng = np.random.default_rng(len(model))
    prompts = ["ROMEO:", "To be", "O, ", "All the world's"]
    words = np.array(["love", "thou", "night", "king", "and", "sweet"])
    return [
        [model, prompts[i % 4], " ".join(rng.choice(words, size=rng.integers(1, 12))) + "." * (i % 3)]
        for i in range(80)
    ]


def episodes() -> dict[str, Any]:
    """Return how an agent's episodes ended: few succeed, and fewer on higher levels."""
    rng = np.random.default_rng(4)
    level = rng.integers(1, 6, 400)
    return {
        "episode": np.arange(400),
        "level": level,
        "success": rng.random(400) < 0.3 / level**2,
        "reward": rng.normal(size=400).round(3),
        "length": rng.integers(10, 500, 400),
    }


@pytest.fixture(scope="session")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    folder: Path = tmp_path_factory.mktemp("questions")
    found = Asked(wbtable.create_store(folder / "store"))
    for epoch in (1, 5):
        found.put("digits/predictions", wbtable.Table.from_arrow(arrow(predictions(epoch))))
    for model in ("small", "doubled"):
        columns = ["model", "prompt", "completion"]
        found.put(f"text/{model}", wbtable.Table(columns=columns, data=completions(model)))
    found.put("agents/episodes", wbtable.Table.from_arrow(pa.table(episodes())))
    return found
