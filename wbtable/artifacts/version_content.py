"""What a version is and holds: immutable, read as it is asked for (spec: 10-artifacts)."""

from __future__ import annotations

import copy
import datetime as dt
import os
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from wbtable.artifacts import logs, tables
from wbtable.artifacts.contents import Contents
from wbtable.artifacts.download import download
from wbtable.artifacts.foreign import Foreign
from wbtable.artifacts.items import Item
from wbtable.artifacts.names import name_text, near, ttl_seconds
from wbtable.artifacts.reading import media_stem, read_media
from wbtable.artifacts.tables import DOCUMENTS, SUFFIXES
from wbtable.artifacts.wandb_arguments import files_asked
from wbtable.errors import NotFoundError, UsageError
from wbtable.format import layout
from wbtable.format.showing import Shows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from wbtable.artifacts.store_files import StoreFiles
    from wbtable.format.digest import Descriptor
    from wbtable.format.entry import Entry
    from wbtable.format.version_record import VersionRecord

_NO_METADATA: Final = (
    "the metadata of a version does not change: begin a new_draft() of it, change what it says, and log it"
)


class VersionContent(Shows, Foreign):
    """A version: immutable, but for its description and time to live. Safe to use from several threads.

    Attributes:
        store: the store that it is in.
        record: the version record.

    """

    def __init__(self, store: StoreFiles, record: VersionRecord, contents: Contents | None = None) -> None:
        """Show a record; nothing more is read yet, and what it holds never if `contents` is given."""
        self.store = store
        self.record = record
        if contents is not None:
            self.contents = contents

    def __repr__(self) -> str:
        """Show the qualified name."""
        return f"<Version {self.qualified_name} ({self.type}) in {self.store.url!r}>"

    def __eq__(self, other: object) -> bool:
        """Whether the other is the same version of the same store."""
        if not isinstance(other, VersionContent):
            return NotImplemented
        return (self.store.url, self.record.commit_id) == (other.store.url, other.record.commit_id)

    def __hash__(self) -> int:
        return hash(self.record.commit_id)

    # What the record says.

    @property
    def project(self) -> str:
        """The project's name."""
        return self.record.project

    @property
    def name(self) -> str:
        """The artifact's name."""
        return self.record.name

    @property
    def number(self) -> int:
        """The version's number."""
        return self.record.version

    @property
    def version(self) -> str:
        """``v`` and the number."""
        return f"v{self.record.version}"

    @property
    def qualified_name(self) -> str:
        """``project/name:vN``."""
        return f"{self.record.project}/{self.record.name}:v{self.record.version}"

    @property
    def type(self) -> str:
        """The artifact's type."""
        return self.record.type

    @property
    def metadata(self) -> dict[str, Any]:
        """The user's values, as they were given; a copy, to its innermost value."""
        self._is_changed = self._has_changed_metadata()
        self._handed_out: dict[str, Any] | None = copy.deepcopy(dict(self.record.metadata))
        return self._handed_out

    @metadata.setter
    def metadata(self, _: Mapping[str, Any] | None) -> None:
        raise UsageError(_NO_METADATA, place=self.qualified_name)

    def _has_changed_metadata(self) -> bool:
        known = self.__dict__
        handed_out = known.get("_handed_out")
        return known.get("_is_changed", False) or (handed_out is not None and handed_out != self.record.metadata)

    def check_metadata(self) -> None:
        """Refuse to go on as if the metadata had been changed that was given out.

        Raises:
            UsageError: it was.

        """
        if self._has_changed_metadata():
            raise UsageError(_NO_METADATA, place=self.qualified_name)

    @property
    def created_at(self) -> dt.datetime:
        """When it was made, in UTC, by the writer's clock."""
        return self.record.created_at

    @property
    def digest(self) -> str:
        """The artifact digest, ``SHA-256:<64 hex>``."""
        return str(self.record.digest)

    # What it holds.

    @cached_property
    def contents(self) -> Contents:
        """The entries, read as they are asked for."""
        return Contents.open(self.store.objects, self.record.manifest)

    @property
    def size(self) -> int:
        """The bytes of everything in it, tables with their fragments and packs."""
        return self.contents.manifest.size

    @property
    def file_count(self) -> int:
        """How many entries there are."""
        return len(self.contents)

    def find(self, name: str | os.PathLike[str]) -> Entry | None:
        """Return the entry of a name with or without a table's suffix, or of a media value without its suffix."""
        name = name_text(name)
        for path in (name, *(name + suffix for suffix in SUFFIXES)):
            entry = self.contents.find(path)
            if entry is not None:
                return entry
        media = [e for e in self.contents.under(name + ".") if e.media is not None and media_stem(e.path) == name]
        return media[0] if len(media) == 1 else None

    def find_descriptor(self, path: str) -> Descriptor | None:
        """Return the descriptor of the table or other document at a path, None if there is none."""
        entry = self.contents.find(path)
        return entry.descriptor() if entry is not None and entry.media_type in DOCUMENTS else None

    def __contains__(self, name: object) -> bool:
        """Whether there is an entry of this name, with or without a table's suffix."""
        return isinstance(name, str | os.PathLike) and self.find(name) is not None

    def __getitem__(self, name: str) -> Any:
        """Return an object, see `get`.

        Raises:
            NotFoundError: there is none of this name; the message has names like it.

        """
        entry = self.find(name)
        if entry is None:
            raise self._missing(name)
        return self._object(entry)

    def get(self, name: str | os.PathLike[str]) -> Any:
        """Return the table, joined table, partitioned table or media value of a name; None if there is none.

        Nothing but documents is read until rows or bytes are asked for. A plain file comes as its `Item`.

        Raises:
            FormatError: what is stored is damaged.

        """
        entry = self.find(name)
        return None if entry is None else self._object(entry)

    def get_entry(self, name: str | os.PathLike[str]) -> Item:
        """Return the item of this name.

        Raises:
            NotFoundError: there is none; the message has names like it.

        """
        entry = self.find(name)
        if entry is None:
            raise self._missing(name)
        return Item.of_entry(entry, self)

    def only_table(self) -> Any:
        """Return the one table, joined table or partitioned table that it holds.

        Raises:
            NotFoundError: it holds none.
            UsageError: it holds several; the message has their names.

        """
        found = [entry for entry in self.contents if entry.media_type in DOCUMENTS and entry.reference is None]
        if not found:
            raise NotFoundError("there is no table in it", place=self.qualified_name)
        if len(found) > 1:
            names = ", ".join(entry.path for entry in found[:10])
            raise UsageError(f"it has the tables {names}: get() the one that is meant", place=self.qualified_name)
        return self._object(found[0])

    def files(self, names: Iterable[str] | None = None, per_page: int = 50, start: str | None = None) -> list[Item]:
        """Return every item, sorted by path, or those of `names`; `per_page` is accepted for W&B's sake.

        Raises:
            NotFoundError: there is none of one of `names`.
            UsageError: `names` is none, or `start` is given: all are returned.

        """
        wanted = files_asked(names, start)
        if wanted is not None:
            return [self.get_entry(name) for name in wanted]
        return [Item.of_entry(entry, self) for entry in self.contents]

    def _object(self, entry: Entry) -> Any:
        if entry.media is not None:
            return read_media(self.store.objects, entry)
        if entry.media_type in DOCUMENTS and entry.reference is None:
            return tables.open_entry(self, entry)
        return Item.of_entry(entry, self)

    def _missing(self, name: str | os.PathLike[str]) -> NotFoundError:
        known = [entry.path for entry in self.contents.manifest.entries]
        return NotFoundError(f"there is no {name!r}{near(str(name), known)}", place=self.qualified_name)

    def download(
        self,
        root: str | os.PathLike[str] | None = None,
        allow_missing_references: bool = False,
        skip_cache: bool | None = None,
        path_prefix: str | os.PathLike[str] | None = None,
        multipart: bool | None = None,
    ) -> Path:
        """Write the files below a directory, and return that directory; see `wbtable.artifacts.download`.

        Files that are right already are left as they are, so that a broken download goes on where it stopped.

        Args:
            root: the directory; None for ``./artifacts/<name>:vN``, or that below `WANDB_ARTIFACT_DIR`'s
                counterpart `WBTABLE_ARTIFACT_DIR`.
            allow_missing_references: leave out references whose content cannot be had.
            skip_cache: accepted for W&B's sake; every byte is checked, wherever it comes from.
            path_prefix: only paths that begin so.
            multipart: accepted; large files are always read piece by piece.

        Raises:
            DigestMismatchError: stored bytes are damaged, or what a reference names has changed.
            NotFoundError: no path begins with `path_prefix`.
            UsageError: the directory is none, or a path stands where it is said whether references may be missing.

        """
        if isinstance(allow_missing_references, str | os.PathLike):
            raise UsageError(
                f"expected True or False for allow_missing_references, found {allow_missing_references!r:.80}:"
                " the paths to download are given as path_prefix="
            )
        prefix = None if path_prefix is None else os.fspath(path_prefix)
        return download(self, root, prefix, allow_missing_references=allow_missing_references)

    # What may be said anew of it.

    @property
    def description(self) -> str | None:
        """Free text."""
        log = self._log("descriptions")
        number = logs.newest(self.store.backend, log)
        if number < 0:
            return self.record.description
        text: str | None = logs.read(self.store.backend, log, "description", number).value
        return text

    @description.setter
    def description(self, value: str | None) -> None:
        logs.say(self.store.backend, self._log("descriptions"), "description", value, self.record.description)

    @property
    def ttl(self) -> dt.timedelta | None:
        """How long after it was made the version may be collected; None for never."""
        seconds = logs.value(self.store.backend, self._log("ttl"), "ttl")
        return None if seconds is None else dt.timedelta(seconds=seconds)

    @ttl.setter
    def ttl(self, value: dt.timedelta | None) -> None:
        self.set_ttl_seconds(ttl_seconds(value))

    def set_ttl_seconds(self, seconds: int | None) -> None:
        """Set `ttl` in whole seconds."""
        logs.say(self.store.backend, self._log("ttl"), "ttl", seconds)

    def _log(self, kind: str) -> str:
        return layout.version_log(self.project, self.name, kind, self.number)
