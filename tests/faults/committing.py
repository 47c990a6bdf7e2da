"""A process that commits again and again, for tests that start several and for those that kill one.

python -m tests.faults.committing STORE NAME WRITER COUNT [--append] [--options JSON]
"""

from __future__ import annotations

import argparse
import json

import wbtable
from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.store import Store


def commit_file(store: Store, name: str, writer: int, turn: int) -> int:
    """Commit a version whose content nobody else makes; return its number."""
    draft = Artifact(name, metadata={"writer": writer, "turn": turn})
    with draft.new_file("content.txt", "w") as file:
        file.write(f"{writer} {turn}")
    return store.commit(draft).number


def append_row(store: Store, name: str, writer: int, turn: int) -> int:
    """Append a row to the table of the newest version; return the number of the version that has it."""
    draft = store.artifact(name).new_draft()
    table = draft["rows"]
    table.add_data(writer, turn)
    draft.add(table, "rows", overwrite=True)
    return store.commit(draft).number


def begin_table(store: Store, name: str) -> None:
    """Commit an empty table for `append_row`."""
    draft = Artifact(name)
    draft.add(wbtable.Table(columns=["writer", "turn"], dtype=int), "rows")
    store.commit(draft)


def main() -> None:
    """Commit as often as the command line says, and say each version's number on its own line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store")
    parser.add_argument("name")
    parser.add_argument("writer", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("--append", action="store_true")
    parser.add_argument("--options", type=json.loads, default={}, help="storage options, as JSON")
    chosen = parser.parse_args()
    store = Store(chosen.store, **chosen.options)
    work = append_row if chosen.append else commit_file
    print("ready", flush=True)  # noqa: T201 - what the parent waits for
    for turn in range(chosen.count):
        print(turn, work(store, chosen.name, chosen.writer, turn), flush=True)  # noqa: T201 - what the parent reads


if __name__ == "__main__":
    main()
