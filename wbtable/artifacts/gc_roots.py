"""The roots of a store, and what was made since they were read (spec: 10c-collection, GC-3, DEL-2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbtable.artifacts import logs
from wbtable.artifacts.gc_listing import VERSIONS, Listing, log_of, name_of, read_listing
from wbtable.artifacts.parallel import each
from wbtable.errors import NotFoundError
from wbtable.format import documents, layout
from wbtable.format.collection import split_version
from wbtable.format.run_record import RunFinish

if TYPE_CHECKING:
    from wbtable.artifacts.gc_listing import Artifact, RunKeys
    from wbtable.artifacts.gc_mark import Marker, PlainRef, Ref
    from wbtable.storage.backend import Backend

_MAX_RECORD = 64 << 20


class Roots:
    """Reads roots, and marks what they lead to; the second time only what is new.

    Attributes:
        listing: what the last reading found.
        deleted: the versions that are deleted for longer than the grace period.

    """

    def __init__(self, marker: Marker, grace: float) -> None:
        """Read nothing yet; `grace` is in seconds."""
        self._marker = marker
        self._backend: Backend = marker.backend
        self._grace = grace
        self._seen: set[str] = set()
        self._covered: dict[str, int] = {}
        self._of_runs: list[PlainRef] = []
        self.listing = Listing()
        self.deleted: set[tuple[Artifact, int]] = set()
        self._leaving: set[tuple[Artifact, int]] = set()

    def marked(self, media_type: str) -> list[Ref]:
        """Return the marked objects of one media type."""
        return list(self._marker.refs(media_type))

    def of_runs(self) -> list[PlainRef]:
        """Return what the files of runs refer to."""
        return self._of_runs

    def read(self, now: float, listing: Listing | None = None) -> None:
        """Mark what the roots lead to that are new.

        Args:
            now: the time by the store's own clock.
            listing: what there is; None to list it.

        Raises:
            FormatError: a root is damaged: what it leads to is unknown (GC-5).
            UnsupportedError: one needs a newer wbtable.

        """
        self.listing = read_listing(self._backend) if listing is None else listing
        self._find_deleted(now)
        records: list[str] = []
        leaving: list[str] = []
        for artifact, numbers in self.listing.versions.items():
            for number in numbers:
                if (artifact, number) not in self.deleted:
                    key = layout.log_key(log_of(artifact, VERSIONS), number)
                    (leaving if (artifact, number) in self._leaving else records).append(key)
        new = [key for key in [*records, *sorted(self.listing.documents)] if key not in self._seen]
        found = each(self._backend, self._marker.record_refs, new)
        of_runs = each(self._backend, self._run_refs, [*self.listing.runs.items()])
        self._of_runs += [ref for refs in of_runs for ref in refs]
        found += of_runs
        self._seen.update(new)
        self._marker.mark([ref for refs in found for ref in refs])
        # Not noted as seen: were its deletion undone, it would have to be read as strictly as any other.
        for refs in each(self._backend, self._marker.record_refs, leaving):
            self._marker.mark(refs, lenient=True)

    def mark_version(self, name: str) -> None:
        """Mark what a version leads to that a lease names, deleted or not; one that does not exist leads nowhere."""
        project, artifact, number = split_version(name)
        key = layout.log_key(layout.versions_log(project, artifact), number)
        if key in self._seen:
            return
        try:
            self._marker.mark(self._marker.record_refs(key), lenient=True)
        except NotFoundError:
            return

    # How.

    def _find_deleted(self, now: float) -> None:
        """Find the versions whose newest deletion says so: those that did for the grace period, and others (DEL-2)."""
        logged = list(self.listing.deletions.items())

        def is_deleted(item: tuple[tuple[Artifact, int], tuple[int, float]]) -> bool:
            (artifact, version), (number, _) = item
            return logs.read(self._backend, log_of(artifact, "deletions", version), "deletion", number).value is True

        said = each(self._backend, is_deleted, logged)
        gone = {version: when for (version, (_, when)), deleted in zip(logged, said, strict=True) if deleted}
        self.deleted = {version for version, when in gone.items() if now - when >= self._grace}
        self._leaving = gone.keys() - self.deleted

    def _run_refs(self, item: tuple[str, RunKeys]) -> list[PlainRef]:
        """Return what the files of a run refer to that were not read before.

        A finish record names all that the segments below its count name, and the object that holds their rows.
        """
        prefix, run = item
        out: list[PlainRef] = []
        covered = 0
        for number in sorted(run.finishes):
            key = layout.log_key(f"{prefix}/finishes", number)
            if key not in self._covered:
                out += self._marker.record_refs(key)
                record = RunFinish.from_json(documents.parse(self._backend.get(key), key, max_bytes=_MAX_RECORD), key)
                self._covered[key] = record.segments
            covered = max(covered, self._covered[key])
        for number in sorted(run.segments):
            key = f"{prefix}/history/{number:020d}.parquet"
            if number >= covered and key not in self._seen:
                self._seen.add(key)
                out += self._marker.segment_refs(key)
        if run.summary is not None:
            # It is replaced in place: read again whenever it was written.
            stamp = f"{run.summary.key} {run.summary.modified} {run.summary.size}"
            if stamp not in self._seen:
                self._seen.add(stamp)
                out += self._marker.record_refs(run.summary.key)
        return out


def deleted_names(deleted: set[tuple[Artifact, int]]) -> list[str]:
    """Return the names of versions, sorted."""
    return sorted(name_of(artifact, number) for artifact, number in deleted)
