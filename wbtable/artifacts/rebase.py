"""Replay a draft's changes on a version that was made since (spec: 10b-commit, COMMIT-3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbtable.artifacts import tables
from wbtable.errors import ConflictError
from wbtable.format.digest import TABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wbtable.artifacts.contents import Contents
    from wbtable.format.entry import Entry
    from wbtable.storage.objects import ObjectStore


def decide(base: Entry | None, newest: Entry | None, ours: Entry | None) -> str:
    """Return what becomes of one changed path: ``ours``, ``theirs``, ``append`` or ``conflict``.

    Args:
        base: the path in the version that the draft was made from; None if it was not there.
        newest: the path in the newest version.
        ours: the path in the draft; None if the draft removes it.

    """
    if _same(base, newest):
        return "ours"
    if _same(newest, ours):
        return "theirs"
    if all(entry is not None and entry.media_type == TABLE for entry in (base, newest, ours)):
        return "append"
    return "conflict"


def _same(left: Entry | None, right: Entry | None) -> bool:
    return left is right or (left is not None and right is not None and left.same_content(right))


def replay(
    objects: ObjectStore, base: Contents, newest: Contents, changes: Mapping[str, Entry | None]
) -> dict[str, Entry | None]:
    """Return the changes to make on the newest version.

    Raises:
        ConflictError: a path was changed on both sides; the message names it.

    """
    out: dict[str, Entry | None] = {}
    for path, ours in changes.items():
        before, theirs = base.find(path), newest.find(path)
        decision = decide(before, theirs, ours)
        if decision == "ours":
            out[path] = ours
            continue
        if decision == "append" and before is not None and theirs is not None and ours is not None:
            joined = tables.join_appends(objects, path, before, theirs, ours)
            if joined is not None:
                out[path] = joined
                continue
            decision = "conflict"
        if decision == "conflict":
            did = "removed" if theirs is None else "changed" if before is not None else "added"
            wanted = "removes" if ours is None else "changes"
            raise ConflictError(
                f"{path!r:.200} was {did} in the store since this draft was begun, and the draft {wanted} it too:"
                " begin a new draft from the newest version"
            )
    return out
