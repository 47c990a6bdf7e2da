"""Deleting versions: an entry in a log; objects go when they are collected (spec: 10c-collection, DEL-1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbtable.errors import ConflictError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wbtable.artifacts.version import Version


def delete_versions(versions: Sequence[Version], *, delete_aliases: bool) -> list[Version]:
    """Delete versions, all or none of them where aliases are in the way; return those that are deleted now.

    The oldest goes last: whoever asks for the newest meanwhile finds one that still exists.

    Raises:
        ConflictError: aliases name some, and `delete_aliases` is False.

    """
    if not delete_aliases:
        named = [f"{v.qualified_name} ({', '.join(names)})" for v in versions if (names := _aliases(v))]
        if named:
            raise ConflictError(
                f"aliases name {', '.join(named[:5])}: remove them, or delete them too (delete_aliases=True, --aliases)"
            )
    for version in reversed(versions):
        version.delete(delete_aliases=delete_aliases)
    return list(versions)


def _aliases(version: Version) -> list[str]:
    return [alias for alias in version.aliases if alias != "latest"]
