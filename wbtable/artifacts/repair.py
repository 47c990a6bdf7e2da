"""Mending objects with good copies from elsewhere (spec: 10c-collection, REPAIR-1)."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wbtable.artifacts.copy_objects import copy_object
from wbtable.artifacts.gc_mark import ref_of
from wbtable.artifacts.lease import Lease
from wbtable.artifacts.progress import Progress
from wbtable.artifacts.verify_store import verify_store
from wbtable.errors import FormatError, NotFoundError, UsageError
from wbtable.format.layout import HEADER, OBJECTS
from wbtable.storage.header import read_header
from wbtable.storage.objects import ObjectStore
from wbtable.storage.open_backend import open_backend

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wbtable.artifacts.store_files import StoreFiles
    from wbtable.artifacts.verify import Report
    from wbtable.format.digest import Descriptor

_ROUNDS = 32
"""Each round mends what the last one made readable: documents lead to others, a few deep."""


@dataclass(slots=True)
class RepairReport:
    """What was mended.

    Attributes:
        mended: the keys of the objects that are whole again, with the places their bytes came from.
        left: those of which no good copy was found, and why not; and, by its place, what is damaged and no object.

    """

    mended: dict[str, str] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether nothing is left to mend."""
        return not self.left


def repair(
    store: StoreFiles, others: Sequence[ObjectStore | str | os.PathLike[str]], report: Report | None = None
) -> RepairReport:
    """Mend what is damaged or missing; see `Store.repair`."""
    if not others:
        raise UsageError("name a store, or a folder with objects/ in it, that has good copies")
    sources = [other if isinstance(other, ObjectStore) else open_source(other) for other in others]
    out = RepairReport()
    found = verify_store(store) if report is None else report
    for _ in range(_ROUNDS):
        wanted = [d for d in found.objects if store.objects.key(d.digest, d.media_type) not in out.left]
        if not wanted:
            _leave_the_rest(found, out)
            return out
        _mend(store.objects, sources, wanted, out)
        # A document that was missing may lead to objects that are missing too.
        found = verify_store(store)
    raise FormatError(f"objects are damaged again after {_ROUNDS} rounds", place=store.url)


def _leave_the_rest(found: Report, out: RepairReport) -> None:
    """Say what no copy of an object mends: records of versions and runs, logs, and what objects say of each other."""
    for damage in found.damaged:
        if not any(key in damage.where or key in damage.problem for key in out.left):
            out.left[damage.where] = damage.problem


def open_source(url: str | os.PathLike[str]) -> ObjectStore:
    """Return the objects of a store, or of a folder that has `objects/` in it.

    Raises:
        NotFoundError: it is neither.
        UnsupportedError: the store needs a newer wbtable.

    """
    backend = open_backend(url)
    if backend.size(HEADER) is not None:
        read_header(backend)
    elif next(iter(backend.list(OBJECTS)), None) is None:
        raise NotFoundError(f"{os.fspath(url)!r} is no store, nor has it a folder named objects")
    return ObjectStore(backend)


def _mend(
    objects: ObjectStore, sources: Sequence[ObjectStore], wanted: Sequence[Descriptor], out: RepairReport
) -> None:
    refs = [ref_of(descriptor) for descriptor in wanted]
    with Lease(objects.backend) as lease, Progress("mending", "objects", len(refs)) as progress:
        lease.record(ref.key for ref in refs)
        for ref in refs:
            reasons = []
            for source in sources:
                try:
                    copy_object(source, objects, ref, replace=True)
                except (FormatError, NotFoundError) as error:
                    reasons.append(str(error))
                else:
                    out.mended[ref.key] = source.backend.url
                    break
            else:
                out.left[ref.key] = "; ".join(reasons)
            progress.advance()
        objects.backend.sync()
