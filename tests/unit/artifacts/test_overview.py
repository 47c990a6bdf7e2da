"""The newest version of each artifact, as a shell lists it."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import wbtable
from wbtable.artifacts.overview import Listed, newest_versions, projects
from wbtable.artifacts.store import create_store
from wbtable.errors import DigestMismatchError, FormatError, NotFoundError
from wbtable.format import documents, layout
from wbtable.format.seal import sealed

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.artifacts.store import Store
    from wbtable.format.version_record import VersionRecord


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = create_store(tmp_path / "store")
    for project, name, kind in (("b", "Ünï", "dataset"), ("a", "songs", "dataset"), ("a", "model", "model")):
        for number in range(2):
            draft = wbtable.Artifact(name, type=kind, metadata={"number": number})
            with draft.new_file("a.txt") as file:
                file.write(f"{name} {number}")
            made.commit(draft, project=project)
    return made


def named(found: list[Listed]) -> list[str]:
    return [f"{one.project}/{one.name}:v{one.version}" for one in found]


def test_it_says_what_the_versions_say(store: Store) -> None:
    found = newest_versions(store.backend)
    versions = store.artifacts()
    assert len(found) == len(versions) == 3
    for one, version in zip(found, versions, strict=True):
        assert (one.project, one.name, f"v{one.version}") == (version.project, version.name, version.version)
        assert (one.type, one.digest, one.size) == (version.type, version.digest, version.size)
        assert (one.file_count, one.created_at) == (version.file_count, version.created_at)
    assert projects(store.backend) == store.projects()


def test_a_project_and_a_type(store: Store) -> None:
    assert named(newest_versions(store.backend, "a")) == ["a/model:v1", "a/songs:v1"]
    assert named(newest_versions(store.backend, type="model")) == ["a/model:v1"]
    assert newest_versions(store.backend, "none") == []


def test_deleted_versions_are_not_listed(store: Store) -> None:
    store.artifact("a/songs:v1").delete()
    assert named(newest_versions(store.backend, "a")) == ["a/model:v1", "a/songs:v0"]
    store.artifact("a/songs:v0").delete()
    assert named(newest_versions(store.backend, "a")) == ["a/model:v1"]


@pytest.mark.parametrize("hint", [None, b"0", b"1", b"2", b"17", b"nonsense"])
def test_hints_may_be_wrong(hint: bytes | None, store: Store) -> None:
    """LOG-4: a hint that is behind, ahead, damaged or gone changes nothing."""
    key = layout.hint_key(layout.versions_log("a", "model"))
    store.backend.delete([key])
    if hint is not None:
        store.backend.replace(key, hint)
    assert named(newest_versions(store.backend, "a")) == ["a/model:v1", "a/songs:v1"]


def test_a_damaged_record_or_manifest_is_told(store: Store) -> None:
    record = store.records("a", "model")
    path = store.backend.local_path(record.key(1))
    assert path is not None
    whole, read = path.read_bytes(), record.read(1)
    path.write_bytes(whole.replace(b'"model"', b'"mOdel"', 1))
    with pytest.raises(DigestMismatchError):
        newest_versions(store.backend)
    path.write_bytes(store.backend.get(store.records("a", "songs").key(1)))
    with pytest.raises(FormatError, match="a/model:v1"):
        newest_versions(store.backend)
    path.write_bytes(without_facts(read, whole))
    manifest = store.objects.local_path(read.manifest)
    assert manifest is not None
    manifest.write_bytes(manifest.read_bytes()[:-1])
    with pytest.raises(FormatError):
        newest_versions(store.backend)


def without_facts(record: VersionRecord, whole: bytes) -> bytes:
    """Return a record as a writer makes it that does not repeat what the manifest says."""
    found = documents.canonical(dataclasses.replace(record, size=None, count=None).to_json())
    assert b'"count"' in whole
    assert b'"count"' not in found
    return found


def test_a_list_takes_size_and_count_of_the_record(store: Store) -> None:
    """COMMIT-9: no manifest is read; one is where the record does not say."""
    before = newest_versions(store.backend)
    record = store.records("a", "model")
    manifest = store.objects.local_path(record.read(1).manifest)
    assert manifest is not None
    kept = manifest.read_bytes()
    manifest.unlink()
    assert newest_versions(store.backend) == before
    path = store.backend.local_path(record.key(1))
    assert path is not None
    path.write_bytes(without_facts(record.read(1), path.read_bytes()))
    with pytest.raises(NotFoundError):
        newest_versions(store.backend)
    manifest.write_bytes(kept)
    assert newest_versions(store.backend) == before


@pytest.mark.parametrize("facts", [{"size": 1}, {"count": 7}, {"size": None}, {"count": None}, {"size": -1}])
def test_a_record_that_says_otherwise_is_damage(facts: dict[str, int | None], store: Store) -> None:
    """COMMIT-9, VERIFY-2: they are the manifest's, and both are there or none."""
    record = store.records("a", "model")
    path = store.backend.local_path(record.key(1))
    assert path is not None
    document = documents.parse(path.read_bytes(), "record")
    del document["check"]
    changed = {name: value for name, value in {**document, **facts}.items() if value is not None or name not in facts}
    path.write_bytes(documents.canonical(sealed(changed)))
    assert store.verify().damaged


def test_it_needs_no_large_package() -> None:
    large = "[m for m in ('numpy', 'pyarrow', 'fsspec') if m in sys.modules]"
    code = f"import sys, wbtable.artifacts.overview; print({large})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
