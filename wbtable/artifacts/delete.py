"""Deleting versions: an entry in a log; objects go when they are collected (spec: 10c-collection, DEL-1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from wbtable.errors import ConflictError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wbtable.artifacts.store_files import StoreFiles
    from wbtable.artifacts.version import Version

    _V = TypeVar("_V", Version, "Version | Unreadable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A version whose record is damaged: nothing but its name is known, by which it can be deleted.

    Attributes:
        store: the store that it is in.
        project: the project's name.
        name: the artifact's name.
        number: the version's number.

    """

    store: StoreFiles
    project: str
    name: str
    number: int

    @property
    def qualified_name(self) -> str:
        """``project/name:vN``."""
        return f"{self.project}/{self.name}:v{self.number}"

    @property
    def aliases(self) -> list[str]:
        """The names that mean it; found by listing."""
        found = self.store.aliases(self.project, self.name)
        return [alias for alias, number in found.items() if number == self.number]

    def delete(self, delete_aliases: bool = False) -> None:
        """Delete it, as `Version.delete` does."""
        records = self.store.records(self.project, self.name)
        records.unname(self.number, self.aliases if delete_aliases else ())
        records.say_deleted(self.number, deleted=True)


def delete_versions(versions: Sequence[_V], *, delete_aliases: bool) -> list[_V]:
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


def _aliases(version: Version | Unreadable) -> list[str]:
    return [alias for alias in version.aliases if alias != "latest"]
