"""Verification finds what a table says wrongly of its fragments (spec: 10-artifacts, VERIFY-6)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

import wbtable
from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.pending import PendingEntry
from wbtable.artifacts.tables import read_manifest, table_entry
from wbtable.errors import DigestMismatchError
from wbtable.format.table_manifest import TableManifest

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.artifacts.store import Store
    from wbtable.artifacts.version import Version

PATH = "t.table.json"


def stored(store: Store, rows: int = 3) -> Version:
    draft = Artifact("data")
    draft.add(wbtable.Table(columns=["a", "b"], data=[[i, str(i)] for i in range(rows)]), "t")
    return store.commit(draft)


def lie(store: Store, version: Version, name: str = "lies", **changes: Any) -> Version:
    """Commit the table again, with other things said of its first fragment."""
    entry = version.get_entry(PATH).entry
    assert entry is not None
    manifest = read_manifest(store.objects, entry)
    first = replace(manifest.tail[0], **changes)
    wrong = TableManifest.from_json(replace(manifest, tail=(first, *manifest.tail[1:])).to_json())
    descriptor = store.objects.put_document(entry.media_type, wrong.to_json())
    draft = Artifact(name)
    made = table_entry(store.objects, PATH, descriptor, wrong)
    draft._content.pending[PATH] = PendingEntry(made, store.objects, (descriptor,))
    return store.commit(draft)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"footer_xxh3": "0" * 32}, "the footer of .* has the XXH3-128 0{32}, found"),
        ({"footer_length": 5}, "has a footer of 5 bytes, found"),
        ({"footer_length": 10**9}, "longer than the file"),
        ({"xxh3": "0" * 32}, "has the XXH3-128 0{32}, found"),
    ],
)
def test_what_is_said_of_a_fragment_is_checked(tmp_path: Path, changes: dict[str, Any], problem: str) -> None:
    store = wbtable.create_store(tmp_path / "store")
    right = stored(store)
    assert store.verify().ok
    wrong = [lie(store, right, name, **changes) for name in ("one", "other")]
    for version in wrong:
        report = version.verify()
        assert [damage.where.partition(": ")[0] for damage in report.damaged] == [version.qualified_name] * 2
        assert report.damaged[1].where.endswith(PATH)
        with pytest.raises(DigestMismatchError, match=problem):
            report.raise_if_damaged()
        assert report.objects == []
    assert right.verify().ok
    # The damage is said of each version that it touches.
    names = {damage.where.partition(": ")[0] for damage in store.verify().damaged}
    assert {version.qualified_name for version in wrong} == names


def test_notes_leave_out_what_must_be_read_whole(tmp_path: Path) -> None:
    store = wbtable.create_store(tmp_path / "store")
    right = stored(store)
    notes = tmp_path / "notes"
    assert store.verify(resume=notes).ok
    lie(store, right, footer_xxh3="0" * 32)
    assert not store.verify(resume=notes).ok
