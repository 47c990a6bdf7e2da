"""What the page lists of a store: bounded, paged, and whole beside what is damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.store import Store, create_store
from wbtable.errors import NotFoundError
from wbtable.tables.table import Table
from wbtable.viewer import catalog


def _commit(store: Store, name: str, text: str, kind: str = "dataset") -> str:
    draft = Artifact(name, type=kind)
    with draft.new_file("a.txt") as file:
        file.write(text)
    return store.commit(draft, project="p").version


def _damage(store: Store, part: str) -> None:
    found = next(path for path in sorted(Path(store.url).rglob("*")) if path.is_file() and part in path.as_posix())
    found.chmod(0o600)
    found.write_bytes(b"{ damaged")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return create_store(tmp_path / "store")


def test_projects_and_their_counts(store: Store) -> None:
    assert catalog.projects(store) == []
    _commit(store, "a", "1")
    [found] = catalog.projects(store)
    assert {name: found[name] for name in ("name", "artifacts", "runs", "views")} == {
        "name": "p", "artifacts": 1, "runs": 0, "views": [],
    }  # fmt: skip
    store.commit(Artifact("b", type="t"), project="p1")
    catalog.check_project(store, "p1")
    with pytest.raises(NotFoundError, match="did you mean 'p1'"):
        catalog.check_project(store, "p12")


def test_artifacts_by_window_type_and_name(store: Store) -> None:
    for i in range(5):
        _commit(store, f"model-{i}", str(i), "model")
    _commit(store, "Data", "1")
    types = catalog.ArtifactTypes()
    assert types.counts(store, "p") == [{"type": "model", "artifacts": 5}, {"type": "dataset", "artifacts": 1}]
    found = catalog.artifacts(store, types, "p", "", "", 1, 2)
    assert found["total"] == 6
    assert [one["artifact"] for one in found["artifacts"]] == ["model-0", "model-1"]
    assert catalog.artifacts(store, types, "p", "model", "", 0, 10)["total"] == 5
    assert [one["artifact"] for one in catalog.artifacts(store, types, "p", "", "DATA", 0, 9)["artifacts"]] == ["Data"]


def test_a_damaged_record_hides_no_other(store: Store) -> None:
    for name in ("good", "ill", "kind"):
        _commit(store, name, "1")
    _damage(store, "artifacts/ill/versions")
    types = catalog.ArtifactTypes()
    found = catalog.artifacts(store, types, "p", "", "", 0, 10)["artifacts"]
    assert [(one["artifact"], one["version"], "error" in one) for one in found] == [
        ("good", "v0", False), ("ill", None, True), ("kind", "v0", False),
    ]  # fmt: skip
    assert types.counts(store, "p") == [{"type": "dataset", "artifacts": 2}, {"type": None, "artifacts": 1}]
    recent = catalog.recent(store, "p", 5)
    assert {one["artifact"] for one in recent["artifacts"]} == {"good", "kind"}
    assert recent["artifacts_searched"] == 3


def test_an_artifact_of_which_all_was_deleted_is_none(store: Store) -> None:
    for name in ("gone", "there"):
        _commit(store, name, "1")
    store.artifact("p/gone:v0").delete()
    types = catalog.ArtifactTypes()
    assert types.counts(store, "p") == [{"type": "dataset", "artifacts": 1}]
    found = catalog.artifacts(store, types, "p", "", "", 0, 10)
    assert (found["total"], [one["artifact"] for one in found["artifacts"]]) == (1, ["there"])
    # Where not all were looked at, what comes later can still be asked for.
    assert catalog.artifacts(store, types, "p", "", "", 0, 1)["total"] == 2
    assert catalog.artifacts(store, types, "p", "dataset", "", 0, 10)["total"] == 1


def test_versions_page_by_page_without_those_that_were_deleted(store: Store) -> None:
    for i in range(6):
        _commit(store, "a", str(i))
    version = store.artifact("p/a:v1")
    version.add_aliases(["best"])
    version.add_tags(["checked"])
    for deleted in ("v5", "v3"):
        store.artifact(f"p/a:{deleted}").delete()
    first = catalog.versions(store, "p", "a", None, 2)
    assert [(one["version"], one["aliases"]) for one in first["versions"]] == [("v4", ["latest"]), ("v2", [])]
    assert (first["next"], first["newest"], first["aliases"]) == (2, 5, {"best": "v1"})
    rest = catalog.versions(store, "p", "a", first["next"], 10)
    assert [(one["version"], one["aliases"], one["tags"]) for one in rest["versions"]] == [
        ("v1", ["best"], ["checked"]), ("v0", [], []),
    ]  # fmt: skip
    assert rest["next"] is None
    with pytest.raises(NotFoundError):
        catalog.versions(store, "p", "none", None, 10)


def test_a_damaged_version_stands_between_the_others(store: Store) -> None:
    for i in range(3):
        _commit(store, "a", str(i))
    _damage(store, "artifacts/a/versions/00000000000000000001")
    found = catalog.versions(store, "p", "a", None, 10)["versions"]
    assert [(one["version"], "error" in one) for one in found] == [("v2", False), ("v1", True), ("v0", False)]


def test_a_version_with_damaged_parts_shows_the_others(store: Store) -> None:
    draft = Artifact("a", type="t", metadata={"n": 2**60})
    draft.add(Table(columns=["x"], data=[[1]]), "t")
    version = store.commit(draft, project="p", tags=["one"])
    version.description = "Something."
    found = catalog.version(store, "p", "a", "v0")
    assert (found["tables"], found["description"], found["problems"]) == (["t.table.json"], "Something.", [])
    _damage(store, "descriptions")
    found = catalog.version(store, "p", "a", "v0")
    assert found["description"] is None
    assert found["tables"] == ["t.table.json"]
    assert found["problems"][0].startswith("description: ")
    _damage(store, "/tags/")
    assert "error" in catalog.version(store, "p", "a", "v0")


def test_files_by_window_and_prefix(store: Store) -> None:
    draft = Artifact("a", type="t")
    for i in range(30):
        with draft.new_file(f"{'even' if i % 2 == 0 else 'odd'}/{i:02}.txt") as file:
            file.write(str(i))
    draft.add(Table(columns=["x"], data=[[1]]), "t")
    store.commit(draft, project="p")
    found = catalog.files(store, "p", "a", "v0", 28, 10, "")
    assert (found["total"], [one["path"] for one in found["files"]]) == (
        31,
        ["odd/27.txt", "odd/29.txt", "t.table.json"],
    )
    assert [one["table"] for one in found["files"]] == [False, False, True]
    odd = catalog.files(store, "p", "a", "v0", 1, 2, "odd/")
    assert (odd["total"], [one["path"] for one in odd["files"]]) == (15, ["odd/03.txt", "odd/05.txt"])
    assert odd["files"][0]["media"]["kind"] == "file"


def test_lineage_is_bounded_and_stands_beside_damage(store: Store) -> None:
    _commit(store, "a", "1")
    version = store.artifact("p/a:v0")
    version.record_run("p/r", "used")
    graph = catalog.lineage(store, "p", "a", "v0", "both", 2)
    assert [node["id"] for node in graph["nodes"]] == ["p/a:v0", "p/r"]
    assert graph["edges"] == [{"source": "p/a:v0", "target": "p/r", "how": "used"}]
    log = Path(store.url) / "projects" / "p" / "runs" / "r" / "logged"
    log.mkdir(parents=True)
    (log / f"{0:020}.json").write_bytes(b"{ damaged")
    beside = catalog.lineage(store, "p", "a", "v0", "both", 2)
    assert "lineage of the run p/r is damaged" in beside["problem"]
    assert beside["edges"] == graph["edges"]
