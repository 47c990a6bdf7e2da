"""Lineage as a graph: what a version was made from, and what was made of it (LINEAGE-1, RUN-6)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import wbtable
from wbtable.artifacts.records import Records
from wbtable.errors import FormatError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wbtable.artifacts.lineage import Lineage
    from wbtable.artifacts.version import Version
    from wbtable.format.version_record import VersionRecord


def draft(name: str, text: str) -> wbtable.Artifact:
    out = wbtable.Artifact(name, type=name)
    with out.new_file("a.txt") as file:
        file.write(text)
    return out


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[wbtable.Store]:
    """Hold data:v0, which run `train` uses for model:v0, which run `test` uses for report:v0; model:v1 is from v0."""
    monkeypatch.setenv("WBTABLE_CACHE_DIR", str(tmp_path / "cache"))
    store = wbtable.create_store(tmp_path / "store")
    store.commit(draft("data", "1"), project="p")
    for run_id, used, made in (("train", "data", "model"), ("test", "model", "report")):
        with wbtable.init(project="p", id=run_id, store=store) as run:
            run.use_artifact(f"{used}:latest")
            run.log_artifact(draft(made, run_id))
    later = store.artifact("p/model:v0").new_draft()
    with later.new_file("b.txt") as file:
        file.write("more")
    store.commit(later, project="p")
    yield store
    wbtable.finish() if wbtable.run is not None else None


def edges(found: Lineage) -> set[tuple[str, str, str]]:
    return {(edge.source, edge.how, edge.target) for edge in found.edges}


ABOVE = {("p/data:v0", "used", "p/train"), ("p/train", "logged", "p/model:v0")}
BELOW = {
    ("p/model:v0", "used", "p/test"),
    ("p/test", "logged", "p/report:v0"),
    ("p/model:v0", "base", "p/model:v1"),
}


def test_both_directions(store: wbtable.Store) -> None:
    found = store.artifact("p/model:v0").lineage()
    assert edges(found) == ABOVE | BELOW
    assert {node.id: node.kind for node in found.nodes} == {
        "p/model:v0": "version",
        "p/train": "run",
        "p/data:v0": "version",
        "p/test": "run",
        "p/report:v0": "version",
        "p/model:v1": "version",
    }
    assert found.nodes[0].id == found.root
    assert (found.nodes[0].type, found.cut) == ("model", 0)


def test_one_direction(store: wbtable.Store) -> None:
    version = store.artifact("p/model:v0")
    assert edges(version.lineage("up")) == ABOVE
    assert edges(version.lineage("down")) == BELOW
    assert edges(store.artifact("p/data:v0").lineage("down")) == ABOVE | BELOW
    assert [node.id for node in version.lineage().below()] == ["p/test", "p/model:v1", "p/report:v0"]


def test_a_depth_cuts_and_says_so(store: wbtable.Store) -> None:
    found = store.artifact("p/report:v0").lineage(depth=1)
    assert edges(found) == {("p/test", "logged", "p/report:v0")}
    assert found.cut == 1
    assert store.artifact("p/report:v0").lineage("up", depth=9).cut == 0
    for direction, depth in (("left", None), ("up", -1), ("up", True)):
        with pytest.raises(UsageError, match=r"direction|depth"):
            store.artifact("p/data").lineage(direction, depth)


def test_deleted_versions_stay_in_the_graph(store: wbtable.Store) -> None:
    version = store.artifact("p/model:v0")
    store.artifact("p/data:v0").delete()
    assert [node.id for node in version.lineage().nodes if node.deleted] == ["p/data:v0"]


def test_json_and_mermaid(store: wbtable.Store) -> None:
    found = store.artifact("p/report:v0").lineage()
    as_json = json.loads(json.dumps(found.to_json()))
    assert as_json["root"] == "p/report:v0"
    assert {"source": "p/test", "target": "p/report:v0", "how": "logged"} in as_json["edges"]
    text = found.to_mermaid()
    assert text.startswith("flowchart LR\n")
    assert '["p/report:v0"]' in text
    assert '(["p/test"])' in text
    assert "-->|logged| n0" in text


def test_odd_names_do_not_break_mermaid(tmp_path: Path) -> None:
    store = wbtable.create_store(tmp_path / "odd")
    version: Version = store.commit(draft('a"] --> <b>&`#', "1"), project="p")
    (line,) = [line for line in version.lineage().to_mermaid().splitlines() if "n0[" in line]
    assert line == '    n0["p/a#quot;] --#gt; #lt;b#gt;#amp;#96;#35;:v0"]'


def test_damaged_lineage_names_its_place(store: wbtable.Store, tmp_path: Path) -> None:
    (log,) = (tmp_path / "store").glob("projects/p/runs/train/used/*.json")
    log.write_text("{}")
    with pytest.raises(FormatError, match="the lineage of the run p/train is damaged"):
        store.artifact("p/model:v0").lineage()


def test_a_long_line_of_drafts_is_read_once(store: wbtable.Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of versions, each drafted from the one before, took the square of their number of reads."""
    version = store.commit(draft("line", "0"), project="p")
    for epoch in range(12):
        later = version.new_draft()
        later.metadata["epoch"] = epoch
        version = store.commit(later)
    read: list[int] = []
    seen = Records.read

    def counted(self: Records, number: int) -> VersionRecord:
        read.append(number)
        return seen(self, number)

    monkeypatch.setattr(Records, "read", counted)
    found = store.artifact("p/line:v0").lineage("down")
    assert edges(found) == {(f"p/line:v{i}", "base", f"p/line:v{i + 1}") for i in range(12)}
    assert len(read) <= 3 * 13
