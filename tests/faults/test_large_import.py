"""A table of W&B's that is larger than memory should be: its rows pass through, and how far it is can be seen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from tests.architecture.repository import ROOT
from tests.faults.soak import sample
from wbtable.artifacts.store import Store, create_store

if TYPE_CHECKING:
    from pathlib import Path

SIZE: Final = sample(48, 2048) << 20
MOST: Final = 512 << 20
"""Bytes of its own that a process may take, whatever the size: parsed chunks, a fragment being filled, packs."""
COLUMNS: Final = ["block", "number", "score", "text", "tags"]
ROWS: Final = 1024
PROGRESS: Final = "wbtable: importing"


def write_table(path: Path, size: int) -> int:
    """Write a table of about `size` bytes as W&B does; return how many blocks of `ROWS` rows it has."""
    rows = [
        [-1, i, i / 7, f"row {i} " + "wörter " * (i % 199), {"even": i % 2 == 0, "list": [i, None]}]
        for i in range(ROWS)
    ]
    block = json.dumps(rows)[1:-1].replace("[-1, ", "[@, ")
    count = max(1, size // len(block))
    with path.open("w", encoding="utf-8") as file:
        file.write(json.dumps({"_type": "table", "columns": COLUMNS})[:-1] + ', "data": [')
        for i in range(count):
            file.write((", " if i else "") + block.replace("@", str(i)))
        file.write(f'], "ncols": {len(COLUMNS)}, "nrows": {count * ROWS}}}')
    return count


def watched(*words: str) -> tuple[dict[str, float], str]:
    """Import in a process whose stderr is a terminal; return what it took, and what the terminal showed."""
    master, terminal = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "tests.faults.importing", *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=terminal
    ) as process:
        os.close(terminal)
        shown = b""
        try:
            while block := os.read(master, 1 << 16):
                shown += block
        except OSError:
            pass  # Linux says so where the other end is closed
        finally:
            os.close(master)
        assert process.stdout is not None
        out = process.stdout.read()
    assert process.returncode == 0, shown.decode(errors="replace")
    told: dict[str, float] = json.loads(out)
    return told, shown.decode()


def test_a_large_table_is_imported_in_bounded_memory(tmp_path: Path) -> None:
    """2 GiB in a soak."""
    path = tmp_path / "large.table.json"
    blocks = write_table(path, SIZE)
    store = create_store(tmp_path / "store")
    told, shown = watched(store.url, str(path), "large")
    print(f"{path.stat().st_size >> 20} MiB, {told}")  # noqa: T201 - the figures of a soak, with pytest -s
    assert told["most"] - told["before"] < MOST
    assert PROGRESS in shown
    assert shown.endswith("\r\x1b[K")  # and is wiped at the end
    version = Store(store.url).artifact("p/large")
    table = next(version[entry.path] for entry in version.files() if entry.path.endswith(".table.json"))
    assert table.num_rows == blocks * ROWS
    wanted = [0, 1, ROWS, blocks * ROWS // 2, blocks * ROWS - 1]
    found = table.take(wanted).to_pylist()
    for place, row in zip(wanted, found, strict=True):
        block, i = divmod(place, ROWS)
        assert (row["block"], row["number"], row["score"]) == (block, i, i / 7)
        assert row["text"] == f"row {i} " + "wörter " * (i % 199)
