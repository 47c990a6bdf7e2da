"""Items: the logical paths of a draft or version, as users see them (spec: 10-artifacts)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wbtable.artifacts.download import download
from wbtable.artifacts.local_files import LocalFile
from wbtable.artifacts.pending import Pending, PendingEntry, PendingFile, PendingReference
from wbtable.artifacts.reading import read_entry
from wbtable.errors import UsageError

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from wbtable.artifacts.contents import Holder
    from wbtable.format.entry import Entry


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Item:
    """One logical path of a draft or version.

    Attributes:
        path: the path.
        size: the content's bytes; None if that is not known before the draft is logged.
        digest: the content's digest, ``SHA-256:<64 hex>``; None if it is not known.
        media_type: what the content is.
        ref: the URI, if the content is outside the store.
        local_file: the user's file, in a draft.
        entry: what the manifest says; None in a draft.
        version: the version; None in a draft.

    """

    path: str
    size: int | None = None
    digest: str | None = None
    media_type: str | None = None
    ref: str | None = None
    local_file: str | None = None
    entry: Entry | None = field(default=None, repr=False)
    version: Holder | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The path."""
        return self.path

    @classmethod
    def of_pending(cls, path: str, pending: Pending) -> Item:
        """Return the item of something that is not stored yet."""
        if isinstance(pending, PendingFile):
            file = pending.file
            return cls(path=path, size=file.size, media_type=pending.media_type, local_file=file.path)
        if isinstance(pending, PendingReference | PendingEntry):
            return cls.of_entry(pending.entry, None)
        return cls(path=path)

    @classmethod
    def of_entry(cls, entry: Entry, version: Holder | None) -> Item:
        """Return the item of an entry."""
        return cls(
            path=entry.path,
            size=entry.total_size if entry.data_size else entry.size,
            digest=None if entry.digest is None else str(entry.digest),
            media_type=entry.media_type,
            ref=None if entry.reference is None else entry.reference.uri,
            entry=entry,
            version=version,
        )

    def read(self) -> bytes:
        """Return the content, checked against its digest.

        Raises:
            UsageError: it is not stored yet, and is no file of the user's.
            NotFoundError: the file, or what is referred to, is gone.
            DigestMismatchError: the stored bytes are damaged.

        """
        if self.local_file is not None:
            return LocalFile.of(self.local_file).read()
        if self.entry is None or self.version is None:
            raise UsageError(f"{self.path!r} is not stored yet")
        return read_entry(self.version.contents.objects, self.entry)

    def download(
        self,
        root: str | os.PathLike[str] | None = None,
        skip_cache: bool | None = None,
        executor: object = None,
        multipart: bool | None = None,
    ) -> Path:
        """Write the content below a directory, as `Version.download` does, and return its path.

        Args:
            root: the directory; None for that of `Version.download`.
            skip_cache: accepted for W&B's sake, as by `Version.download`.
            executor: accepted; one file is read by one thread.
            multipart: accepted, as by `Version.download`.

        Raises:
            UsageError: it is not stored yet.

        """
        if self.version is None or self.entry is None:
            raise UsageError(f"{self.path!r} is not stored yet")
        return download(self.version, root, only=self.entry) / self.path
