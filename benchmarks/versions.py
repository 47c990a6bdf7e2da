"""Versions made straight from entries, without a draft: what `wbtable` commits, where a case needs very many."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import wbtable
    from wbtable.format.digest import Descriptor, Digest
    from wbtable.format.entry import Entry
    from wbtable.format.version_record import Parent

__all__ = ["PROJECT", "make_version"]

PROJECT = "bench"


def make_version(
    store: wbtable.Store,
    name: str,
    number: int,
    entries: dict[str, Entry | None],
    known: Mapping[Digest, Descriptor],
    parent: Parent | None = None,
) -> Parent:
    """Create the record of a version of an artifact; return it as the next one's parent."""
    from wbtable.artifacts.compose import compose
    from wbtable.format import documents
    from wbtable.format.version_record import Parent, VersionRecord

    manifest, content = compose(store.objects, None, entries, known)
    record = VersionRecord(
        commit_id=uuid.uuid4().hex,
        project=PROJECT,
        name=name,
        version=number,
        parent=parent,
        base=None,
        type="dataset",
        description=None,
        metadata={},
        digest=content.digest,
        manifest=manifest,
        created_at=dt.datetime.now(dt.UTC),
        run=None,
        inputs=(),
        size=content.size,
        count=content.count,
    )
    store.backend.create(store.records(PROJECT, name).key(number), documents.canonical(record.to_json()))
    return Parent(version=number, commit_id=record.commit_id)
