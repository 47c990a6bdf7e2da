"""Open `name:latest` where the artifact has 10,000 versions, and read a table's columns and row count."""

from __future__ import annotations

import dataclasses
import uuid
from typing import TYPE_CHECKING

from benchmarks.case import Bar, Case, Scale, Side, median_of_three
from benchmarks.scalar_data import predictions

if TYPE_CHECKING:
    from pathlib import Path

    import wbtable

_VERSIONS = 10_000


def _commit(store: wbtable.Store, seed: int) -> None:
    import wbtable

    artifact = wbtable.Artifact("model", type="predictions", metadata={"seed": seed})
    artifact.add(wbtable.Table.from_arrow(predictions(20_000, seed)), "predictions")
    store.commit(artifact, project="bench")


def _prepare(data: Path, scale: Scale) -> None:
    """Commit the first and the last version; the records between are copies of the first, each with its number."""
    import wbtable
    from wbtable.format import documents
    from wbtable.format.version_record import Parent

    store = wbtable.create_store(data / "store")
    _commit(store, 0)
    records = store.records("bench", "model")
    record = records.read(0)
    for number in range(1, scale.of(_VERSIONS, 500) - 1):
        parent = Parent(version=number - 1, commit_id=record.commit_id)
        record = dataclasses.replace(record, version=number, commit_id=uuid.uuid4().hex, parent=parent)
        (data / "store" / records.key(number)).write_bytes(documents.canonical(record.to_json()))
    _commit(store, 1)


def _ours(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import wbtable
    from wbtable.storage.local_backend import LocalBackend

    def refuse(self: LocalBackend, prefix: str) -> None:
        raise AssertionError(f"{prefix} was listed")

    LocalBackend.list = refuse  # type: ignore[assignment, method-assign]

    def open_it(_: int) -> None:
        version = wbtable.Store(data / "store").artifact("bench/model:latest")
        table = version.get("predictions")
        if (version.version, len(table.columns), len(table)) != (f"v{scale.of(_VERSIONS, 500) - 1}", 14, 20_000):
            raise AssertionError(version)

    return {"seconds": median_of_three(open_it)}


CASE = Case(
    name="open-latest",
    work="open name:latest among 10,000 versions, read columns and row count",
    data="versions",
    prepare=_prepare,
    sides=(Side("wbtable", _ours, "Store, artifact, get, columns, len in a warm process; a listing would fail it"),),
    bars=(Bar(what="warm, no listing", ours=("wbtable", "seconds"), at_most=0.020),),
)
