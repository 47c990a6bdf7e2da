"""What must be true of a store at any time: nothing that can be named dangles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbtable.artifacts.contents import reachable
from wbtable.artifacts.verify import verify_version
from wbtable.errors import NotFoundError

if TYPE_CHECKING:
    from wbtable.artifacts.store import Store
    from wbtable.artifacts.version import Version


def dangling(store: Store) -> list[str]:
    """Return the keys that versions lead to which are not deleted, and that are not there."""
    found = []
    for project in store.projects():
        for name in store.artifact_names(project):
            if store.records(project, name).newest() < 0:
                # A copy died before it made the first record: there is no artifact yet.
                continue
            for version in store.versions(f"{project}/{name}"):
                found += missing(store, version)
    return found


def missing(store: Store, version: Version) -> list[str]:
    """Return the keys that a version leads to and that are not there."""
    out = []
    try:
        found = reachable(store.objects, [version.record.manifest])
    except NotFoundError as error:
        return [f"{version.qualified_name}: {error}"]
    for digest, media_type in found:
        key = store.objects.key(digest, media_type)
        if store.backend.size(key) is None:
            out.append(f"{version.qualified_name}: {key}")
    return out


def contents(version: Version) -> dict[str, str]:
    """Return the text of every file, checked."""
    report = verify_version(version)
    assert report.ok, report.damaged
    return {item.path: item.read().decode() for item in version.files()}
