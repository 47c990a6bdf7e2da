"""A store and a server for the tries of all routes."""

from __future__ import annotations

import contextlib
import io
import os
import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import numpy as np
from PIL import Image

import wbtable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.viewer_security.client import Answer, Client
    from wbtable.artifacts.store import Store

ROWS: Final = 12
PLACE: Final = {"project": "p", "artifact": "rows", "version": "v0", "path": "rows.table.json"}
SOURCE: Final = {"kind": "table", "tables": [PLACE]}
BOTH: Final = {"kind": "compare", "mode": "join", "key": ["id"], "tables": [PLACE, {**PLACE, "version": "v1"}]}
VIEW: Final = {"source": SOURCE}
GROUPED: Final = {"source": SOURCE, "group": ["kind"]}
MESH: Final = b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"


def png(pixels: Any) -> bytes:
    sink = io.BytesIO()
    Image.fromarray(pixels).save(sink, "PNG")
    return sink.getvalue()


PICTURE: Final = png(np.full((40, 60, 3), 90, np.uint8))


def rows_table(more: float) -> wbtable.Table:
    table = wbtable.Table(columns=["id", "kind", "score", "picture", "sound", "page", "mesh"])
    mask = {"model": {"mask_data": np.full((40, 60), 7, np.uint8), "class_labels": {7: "seven"}}}
    for row in range(ROWS):
        table.add_data(
            row,
            "even" if row % 2 == 0 else "odd",
            row / 2 + more,
            wbtable.Image(io.BytesIO(PICTURE), masks=mask),
            wbtable.Audio(np.sin(np.arange(800) / 5).astype(np.float32), sample_rate=8000),
            wbtable.Html("<p>hello</p>"),
            wbtable.Object3D(io.BytesIO(MESH), file_type="obj"),
        )
    return table


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A server, its client, and what is in its store.

    Attributes:
        client: asks with a session.
        run: the id of the run.
        cells: the first row's cells, by column.

    """

    client: Client
    run: str
    cells: dict[str, Any] = field(default_factory=dict)

    def get(self, path: str, **query: Any) -> Any:
        answer = self.client.get(f"{path}?{urlencode(query)}" if query else path)
        assert answer.status == 200, answer.body[:400]
        return answer.json()

    def post(self, path: str, **body: Any) -> Any:
        return self.raw(path, **body).json()

    def raw(self, path: str, **body: Any) -> Answer:
        answer = self.client.post(path, body)
        assert answer.status == 200, answer.body[:400]
        return answer

    def media(self, kind: str, column: str, more: str = "", **headers: str) -> Answer:
        """Ask for what a cell of the first row refers to."""
        cell = self.cells[column]
        ref = cell["masks"]["model"]["ref"] if kind == "mask" else cell["ref"]
        answer = self.client.get(f"/{kind}/{ref}{more}", **headers)
        assert answer.status in {200, 206}, answer.body[:400]
        return answer

    @contextlib.contextmanager
    def standing_still(self, kind: str) -> Iterator[None]:
        """Let a worker of the server do nothing, so that what it is asked is not answered."""
        worker = self.client.server.state.jobs._workers[kind].pid
        assert worker is not None
        os.kill(worker, signal.SIGSTOP)
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):  # it is killed where it does not end by itself
                os.kill(worker, signal.SIGCONT)


def make_store(folder: Path) -> tuple[Store, str]:
    """Make a store with two versions of a table and a run; return it and the run's id."""
    store = wbtable.create_store(folder)
    with wbtable.init(project="p", name="first", store=store, config={"rate": 0.1}) as run:
        for step in range(5):
            run.log({"loss": 1 / (step + 1)})
        for more in (0.0, 0.25):
            draft = wbtable.Artifact("rows", type="tables")
            draft.add(rows_table(more), "rows")
            run.log_artifact(draft, aliases=["best"])
    return store, run.id
