"""Stores with runs for the tests of the workspace: written record by record, so that a thousand take seconds."""

from __future__ import annotations

import datetime as dt
import math
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.store import create_store
from wbtable.format.run_history import Row, make_segment, write_segment
from wbtable.format.run_keys import LOGGED, USED
from wbtable.format.run_record import Process, RunFinish, RunLink, RunStart
from wbtable.runs.files import RunFiles
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from wbtable.artifacts.store import Store

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
RATES = (0.1, 0.03, 0.01, 0.003)
_SECOND = 1_000_000
_LIVE = """
import sys, wbtable
run = wbtable.init(project=sys.argv[2], id="live", name="goes on", store=sys.argv[1], config={"lr": 0.5})
for line in sys.stdin:
    word, _, value = line.strip().partition(" ")
    if word == "end":
        run.finish()
        break
    if word == "crash":
        import os
        os._exit(9)
    run.log({"loss": float(value)})
"""


def add_run(
    store: Store,
    project: str,
    run_id: str,
    *,
    number: int = 0,
    name: str | None = None,
    config: Mapping[str, Any] | None = None,
    rows: Sequence[Mapping[str, Any]] = (),
    summary: Mapping[str, Any] | None = None,
    exit_code: int | None = 0,
    segments: int = 1,
    **facts: Any,
) -> RunFiles:
    """Write a run as its process would have: records, history and, unless `exit_code` is None, its end.

    Args:
        store: where.
        project: the project.
        run_id: the run's id.
        number: how many minutes after the first run it started.
        name: what people call it; None: the id.
        config: its settings.
        rows: what it logged at each step.
        summary: what it came to beside the last of each key.
        exit_code: how it ended; None: its process, which is none of this machine's, never said.
        segments: how many history segments the rows make.
        facts: more of its start record.

    """
    files = RunFiles(store.backend, project, run_id)
    at = START + dt.timedelta(minutes=number)
    process = Process(host="elsewhere", pid=1)
    settings = dict(config or {})
    files.start(
        RunStart(
            project=project, id=run_id, attempt=0, created_at=at, name=name or run_id, process=process,
            config=settings, **facts,
        )
    )  # fmt: skip
    size = max(1, math.ceil(len(rows) / segments))
    came: dict[str, Any] = {}
    for row in rows:
        came |= row
    begun = int(at.timestamp()) * _SECOND
    for first in range(0, len(rows), size):
        part = [
            Row(step, begun + step * _SECOND, tuple(row), tuple(row.values()))
            for step, row in enumerate(rows[first : first + size], first)
        ]
        files.add_segment(write_segment(make_segment(part)))
    if exit_code is not None:
        end = at + dt.timedelta(seconds=len(rows))
        files.finish(
            RunFinish(
                attempt=0, finished_at=end, exit_code=exit_code, next_step=len(rows), config=settings,
                summary={**came, **(summary or {})},
            )
        )  # fmt: skip
    return files


def learning(rate: float, steps: int = 40, noise: float = 0.0) -> list[dict[str, float]]:
    """Return what a run logs that learns."""
    out: list[dict[str, float]] = []
    for step in range(steps):
        row = {"loss": math.exp(-step * rate) + noise * math.sin(step * 7.0), "lr": rate * (1 - step / steps)}
        if step % 10 == 9:
            row |= {"val/acc": 1 - math.exp(-step * rate) / 2, "epoch": float(step // 10)}
        out.append(row)
    return out


def log_table(store: Store, project: str, run_id: str, key: str, table: Table) -> dict[str, str]:
    """Commit a table as a run's, and return what its history names it by (RUN-10)."""
    draft = Artifact(f"run-{run_id}-{key}", type="run_table")
    draft.add(table, key)
    version = store.commit(draft, project=project)
    version.record_run(f"{project}/{run_id}", LOGGED)
    return {"_type": "table", "artifact": version.qualified_name, "path": f"{key}.table.json"}


def predictions(shift: int, rows: int = 12) -> Table:
    """Return a small table."""
    data = [[i, (i + shift) % 3, i % 3, i / rows] for i in range(rows)]
    return Table(columns=["id", "guess", "truth", "score"], data=data)


def workspace(path: Path, runs: int = 12) -> Store:
    """Return a store with a project of runs, tables and models, one that is damaged, one that crashed."""
    store = create_store(path)
    for i in range(runs):
        run_id, rate = f"run{i:03}", RATES[i % len(RATES)]
        table = log_table(store, "digits", run_id, "predictions", predictions(i % 2))
        rows: list[dict[str, Any]] = [*learning(rate, noise=0.01 * (i % 3)), {"predictions": table}]
        config = {"lr": rate, "optimizer": {"name": "adam" if i % 2 else "sgd"}, "seed": 7}
        group = "even" if i % 2 == 0 else "odd"
        files = add_run(
            store, "digits", run_id, number=i, name=f"trial {i}", config=config, rows=rows,
            exit_code=1 if i == 3 else 0, group=group,
            tags=("first",) if i == 0 else (), notes="Long ago." if i == 0 else None,
            environment={"python": "3.13", "command": "train.py"},
        )  # fmt: skip
        files.add_link(RunLink(how=LOGGED, version=table["artifact"], created_at=START, key="predictions"))
    _models(store, runs)
    return store


def _models(store: Store, runs: int) -> None:
    data = Artifact(
        "pictures", type="dataset", description="Digits, drawn.", metadata={"classes": 3, "from": {"year": 2020}}
    )
    with data.new_file("readme.txt") as file:
        file.write("Digits.")
    data.add(predictions(0), "labels")
    dataset = store.commit(data, project="digits", aliases=["clean"], tags=["checked"])
    for i in range(min(3, runs)):
        draft = Artifact("model", type="model")
        with draft.new_file("weights.bin") as file:
            file.write("w" * (i + 1))
        draft.add(predictions(i), "preview")
        version = store.commit(draft, project="digits")
        run = f"digits/run{i:03}"
        files = RunFiles(store.backend, "digits", f"run{i:03}")
        files.add_link(RunLink(how=USED, version=dataset.qualified_name, created_at=START))
        files.add_link(RunLink(how=LOGGED, version=version.qualified_name, created_at=START))
        dataset.record_run(run, USED)
        version.record_run(run, LOGGED, [dataset.qualified_name])


def damage(store: Store, key_part: str) -> None:
    """Overwrite the first file of a store whose key has a text in it."""
    from pathlib import Path

    root = Path(store.url)
    found = next(path for path in sorted(root.rglob("*")) if path.is_file() and key_part in path.as_posix())
    found.chmod(0o600)
    found.write_bytes(b"{ this is damaged")


class LiveRun:
    """A run that another process logs, when it is told to."""

    def __init__(self, store: Path, project: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _LIVE, str(store), project],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def say(self, text: str) -> None:
        """Tell it ``log 0.5``, ``end`` or ``crash``."""
        assert self._process.stdin is not None
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()

    def close(self) -> None:
        """End it, whatever it does."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.kill()
        self._process.wait()
