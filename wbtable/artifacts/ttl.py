"""Versions whose time to live has passed (spec: 10c-collection, TTL-1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbtable.artifacts import logs
from wbtable.artifacts.gc_listing import log_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from wbtable.artifacts.gc_listing import Artifact, Listing
    from wbtable.storage.backend import Backend


def expired(
    backend: Backend, listing: Listing, deleted: Collection[tuple[Artifact, int]], now: float
) -> list[tuple[Artifact, int]]:
    """Return the versions that no alias names, whose time has passed, and which are not deleted.

    Args:
        backend: the store's.
        listing: what there is.
        deleted: versions that need not be looked at.
        now: the time by the store's own clock.

    """
    found = []
    for (artifact, version), number in sorted(listing.ttl.items()):
        made = listing.versions.get(artifact, {}).get(version)
        if made is None or (artifact, version) in deleted:
            continue
        seconds = logs.read(backend, log_of(artifact, "ttl", version), "ttl", number).value
        if seconds is None or now - made < seconds:
            continue
        if logs.value(backend, log_of(artifact, "deletions", version), "deletion") is True:
            continue
        if not _has_alias(backend, listing, artifact, version):
            found.append((artifact, version))
    return found


def delete(backend: Backend, versions: Iterable[tuple[Artifact, int]]) -> None:
    """Delete versions."""
    for artifact, version in versions:
        logs.say(backend, log_of(artifact, "deletions", version), "deletion", value=True)


def _has_alias(backend: Backend, listing: Listing, artifact: Artifact, version: int) -> bool:
    aliases = [alias for other, alias in listing.aliases if other == artifact]
    return any(logs.value(backend, f"{log_of(artifact, 'aliases')}/{alias}", "alias") == version for alias in aliases)
