"""Opening: few requests, no listing, whatever the hint says."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.artifacts.faults import FaultyBackend
from wbtable.artifacts import commit as commit_module
from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.store import Store
from wbtable.format import layout
from wbtable.format.seal import sealed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Make = Callable[..., Artifact]


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit_module, "PAUSE", 0.0)


def on(store: Store, **settings: Any) -> tuple[Store, FaultyBackend]:
    backend = FaultyBackend(store.backend, **settings)
    return Store.on(backend), backend


# Opening.


def test_opening_lists_nothing(store: Store, draft_of: Make) -> None:  # OPEN-1, OPEN-4
    store.commit(draft_of(), aliases=["a"])
    quiet, backend = on(store)
    backend.only = frozenset({"list", "get", "size"})
    for name in ("data", "data:latest", "data:v0", "data:a"):
        quiet.artifact(name)["a.txt"].read()
    assert "list" not in {name for name, _ in backend.log}


@pytest.mark.parametrize("hint", [b"", b"x", b"-1", b"999999", b"0", b"3", b"9" * 19, b"9" * 40, None])
def test_hints_are_not_trusted(store: Store, draft_of: Make, hint: bytes | None) -> None:  # OPEN-1, LOG-3, LOG-4
    for i in range(6):
        store.commit(draft_of(files={"f": str(i)}))
    key = layout.hint_key(layout.versions_log("uncategorized", "data"))
    if hint is None:
        store.backend.delete([key])
    else:
        store.backend.replace(key, hint)
    assert store.artifact("data").version == "v5"
    assert store.commit(draft_of(files={"f": "new"})).version == "v6"


def test_latest_is_quick_among_many_versions(store: Store, draft_of: Make, tmp_path: Path) -> None:  # OPEN-1, OPEN-2
    store.commit(draft_of())
    records = store.records("uncategorized", "data")
    first = records.read(0).to_json()
    for number in range(1, 10_000):
        parent = {"version": number - 1, "commit_id": "0" * 32}
        path = store.backend.local_path(records.key(number))
        assert path is not None
        path.write_text(json.dumps(sealed(first | {"version": number, "parent": parent})))
    counting, backend = on(store)
    backend.only = frozenset({"list", "get", "size"})
    assert counting.artifact("data:latest").version == "v9999"
    assert backend.calls < 50
    for number in range(9_990, 10_000):  # of which one record in eight leaves a hint
        records.leave_hint(number)
    backend.calls = 0
    version = counting.artifact("data:latest")
    assert version["a.txt"].size == 1
    assert backend.calls < 16


def test_threads_may_drop_each_others_pages(store: Store) -> None:  # ART-4
    class Dropping(OrderedDict[int, Any]):
        """Has another thread drop what was just found."""

        def get(self, key: int, default: Any = None) -> Any:
            return self.pop(key, default)

    draft = Artifact("many")
    for number in range(4200):
        draft.add_reference(f"s3://bucket/{number:05d}", checksum=False)
    contents = store.commit(draft).contents
    assert contents.manifest.pages
    contents._pages = Dropping()
    for _ in range(3):
        found = contents.find("00001")
        assert found is not None
        assert found.path == "00001"
