"""The draft of an artifact: what is to become a version (spec: 10-artifacts)."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from typing import IO, TYPE_CHECKING, Any, Final

from wbtable.artifacts import names as rules
from wbtable.artifacts import staging
from wbtable.artifacts.becoming import Becoming
from wbtable.artifacts.changes import Changes
from wbtable.artifacts.items import Item
from wbtable.artifacts.local_files import LocalFile, absolute, media_type_of
from wbtable.artifacts.pending import PendingDocument, PendingFile, PendingMedia, PendingTable
from wbtable.artifacts.wandb_arguments import check_making, check_policy, files_asked
from wbtable.errors import AlreadyExistsError, UsageError
from wbtable.format.layout import check_name
from wbtable.format.paths import check_path
from wbtable.storage.temporary import TemporaryFolder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from wbtable.artifacts.version_content import VersionContent

INHERIT: Final = object()


class Artifact(Becoming):
    """A draft: what is added is remembered, and stored when it is logged.

    Files are read when the draft is logged, once; one that changed meanwhile is an error then, and the draft stays
    usable. After it was logged a draft reads as the version that it became.

    Attributes:
        name: the artifact's name.
        type: what kind of thing it is, such as ``dataset`` or ``model``.
        description: free text.
        metadata: the user's values; any Python values that wbtable can store.

    """

    def __init__(
        self,
        name: str,
        type: str = "dataset",
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        incremental: bool = False,
        use_as: str | None = None,
        storage_region: str | None = None,
        digest_algorithm: str = "MD5",
    ) -> None:
        """Start an empty draft.

        Args:
            name: the artifact's name.
            type: what kind of thing it is.
            description: free text.
            metadata: values to keep beside the content.
            incremental: False; to add to what there is, begin with ``store.artifact(name).new_draft()``.
            use_as: accepted for W&B's sake, where it changes nothing either.
            storage_region: None; an artifact is where its store is.
            digest_algorithm: accepted as W&B has it; everything is named by its SHA-256 here.

        Raises:
            UsageError: the name or type is no name, the metadata cannot be stored, or an argument asks for what
                there is not.

        """
        self.name = check_name(name, "artifact name")
        check_making(
            name=name, incremental=incremental, storage_region=storage_region, digest_algorithm=digest_algorithm
        )
        self.type = rules.check_type(type)
        self.description = rules.check_description(description)
        rules.stored_metadata(metadata)
        self.metadata: dict[str, Any] = dict(metadata or {})
        self._content = Changes()
        self._ttl: int | object | None = INHERIT
        self._version: VersionContent | None = None
        self._is_dropped = False
        self._folder = TemporaryFolder()

    @classmethod
    def from_version(cls, version: VersionContent) -> Artifact:
        """Start a draft with everything that a version has; only what changes is stored again."""
        draft = cls(version.name, version.type, version.description, version.metadata)
        draft._content = Changes(version)
        return draft

    def __repr__(self) -> str:
        if self._version is not None:
            return f"<Artifact {self._version.qualified_name}>"
        made_from = self._content.base
        base = f" on {made_from.qualified_name}" if made_from is not None else ""
        return f"<Artifact {self.name!r} ({self.type}), draft{base}, {len(self._content.pending)} changes>"

    # Adding.

    def add(self, obj: Any, name: str, overwrite: bool = False) -> Item:
        """Add a table, a joined or partitioned table, or a media value under a name.

        What is stored is the object as it is now; changing it later changes nothing here.

        Args:
            obj: the object.
            name: its name; tables are stored under it and a suffix such as ``.table.json``.
            overwrite: whether an object of this name may be replaced.

        Raises:
            UsageError: the object is of no such kind, or the name is no logical path.
            AlreadyExistsError: the name is taken by other content.

        """
        self._check_open()
        path, found = staging.pending_of(obj, rules.entry_name(name), self._content.tables())
        self._content.add(found, overwrite=overwrite)
        return self.get_entry(path)

    def __setitem__(self, name: str, obj: Any) -> None:
        """Add an object, see `add`."""
        self.add(obj, name)

    def add_file(
        self,
        local_path: str | os.PathLike[str],
        name: str | None = None,
        is_tmp: bool = False,
        skip_cache: bool = False,
        policy: str | None = None,
        overwrite: bool = False,
    ) -> Item:
        """Add a file.

        Args:
            local_path: the file; it has to stay as it is until the draft is logged, unless it is ``mutable``.
            name: its logical path; None for the file's own name.
            is_tmp: put the content's digest in place of the name's first part, so that names never clash.
            skip_cache: accepted for W&B's sake; adding a file caches nothing.
            policy: ``mutable`` copies the file now, so that it may change or go; ``immutable``, as None, does not.
            overwrite: whether a file of this name may be replaced.

        Raises:
            NotFoundError: there is no such file.
            UsageError: it is no regular file, the name is no logical path, or the policy is none.
            AlreadyExistsError: the name is taken by other content.

        """
        self._check_open()
        file = LocalFile.of(absolute(local_path))
        path = check_path(os.path.basename(file.path) if name is None else str(name))
        if is_tmp:
            path = staging.named_by_content(path, file)
        found = {path: PendingFile(file, media_type_of(path))}
        self._content.add(staging.copied(found, self._folder) if check_policy(policy) else found, overwrite=overwrite)
        return self.get_entry(path)

    def add_dir(
        self,
        local_path: str | os.PathLike[str],
        name: str | None = None,
        skip_cache: bool = False,
        policy: str | None = None,
        merge: bool = False,
        overwrite: bool = False,
    ) -> None:
        """Add every file below a directory; all of them or, on an error, none.

        Args:
            local_path: the directory; links in it are followed while they stay inside, a store in it is left out.
            name: what goes before the files' paths; None for nothing.
            skip_cache: accepted, as by `add_file`.
            policy: ``mutable`` copies the files now, see `add_file`.
            merge: as `overwrite`, which W&B calls so here.
            overwrite: whether files of the same names may be replaced.

        Raises:
            NotFoundError: there is no such directory.
            UsageError: it is no directory, a link leaves it, a file's path is no logical path, or the policy is none.
            AlreadyExistsError: a name is taken by other content.

        """
        self._check_open()
        is_copied = check_policy(policy)
        found = staging.files_below(local_path, None if name is None else str(name))
        self._content.add(staging.copied(found, self._folder) if is_copied else found, overwrite=overwrite or merge)

    def add_reference(
        self,
        uri: Any,
        name: str | None = None,
        checksum: bool | str = True,
        max_objects: int | None = None,
        *,
        etag: str | None = None,
        size: int | None = None,
    ) -> list[Item]:
        """Add something that stays where it is.

        Args:
            uri: a URI, or an item of another version, whose content is then shared and not copied.
            name: the logical path; of a directory, what goes before the files' paths.
            checksum: True asks the source; False records the URI alone; text is the digest, ``SHA-256:<64 hex>``.
            max_objects: the most files that a directory may give.
            etag: what the server calls this state of the content.
            size: the content's bytes.

        Raises:
            UsageError: the URI is not absolute, or its kind of source cannot be asked for a checksum.
            NotFoundError: there is no such file, or the server has nothing there.
            StorageError: the server does not answer, or with DeniedError refuses.
            AlreadyExistsError: a name is taken by other content.

        """
        self._check_open()
        path = None if name is None else str(name)
        found = staging.referenced(uri, path, checksum=checksum, etag=etag, size=size, max_objects=max_objects)
        self._content.add(found, overwrite=None)
        return [self.get_entry(path) for path in found]

    @contextlib.contextmanager
    def new_file(
        self, name: str | os.PathLike[str], mode: str = "x", encoding: str | None = None, policy: str | None = None
    ) -> Iterator[IO[Any]]:
        """Open a new file to write to; it is added when the block ends without an error.

        Args:
            name: its logical path.
            mode: ``x`` or ``w``, which may replace a file of this name; with ``b`` for bytes.
            encoding: how text is encoded; None for UTF-8.
            policy: accepted for W&B's sake; the file is the draft's own, so that nothing changes it.

        Raises:
            UsageError: the name is no logical path, the mode does not write, or the policy is none.
            AlreadyExistsError: the name is taken.

        """
        self._check_open()
        check_policy(policy)
        name = check_path(rules.entry_name(name))
        if mode not in {"x", "w", "xb", "wb", "bx", "bw"}:
            raise UsageError(f"expected a mode that writes, such as 'x' or 'wb', found {mode!r}")
        overwrite = "w" in mode
        if not overwrite and self._content.find(name) == name:
            raise AlreadyExistsError(f"{name!r} is there already; mode='w' replaces it")
        path = self._folder.new_file()
        binary = "b" in mode
        text = None if binary else encoding or "utf-8"
        with path.open("wb" if binary else "w", encoding=text, newline=None if binary else "") as file:
            yield file
        self._content.add({name: PendingFile(LocalFile.of(os.fspath(path)), media_type_of(name))}, overwrite=overwrite)

    def remove(self, item: str | os.PathLike[str] | Item) -> None:
        """Remove a file or object, or everything below a directory.

        Raises:
            NotFoundError: there is nothing of this name.

        """
        self._check_open()
        name = item.path if isinstance(item, Item) else item
        self._content.remove(rules.name_text(name), repr(self))

    # Reading.

    def __contains__(self, name: object) -> bool:
        """Whether there is a file or object of this name, with or without a table's suffix."""
        if self._version is not None:
            return name in self._version
        return isinstance(name, str | os.PathLike) and self._content.find(name) is not None

    def __getitem__(self, name: str) -> Any:
        """Return an object, see `get`."""
        if self._version is not None:
            return self._version[name]
        found = self.get(name)
        if found is None:
            raise self._content.missing(name, repr(self))
        return found

    def get(self, name: str | os.PathLike[str]) -> Any:
        """Return the object of this name as it was added; None if there is none."""
        if self._version is not None:
            return self._version.get(name)
        path = self._content.find(name)
        if path is None:
            return None
        pending = self._content.pending.get(path)
        if pending is None:
            assert self._content.base is not None
            return self._content.base.get(path)
        if isinstance(pending, PendingTable | PendingMedia | PendingDocument):
            return pending.value
        return self.get_entry(path)

    def get_entry(self, name: str | os.PathLike[str]) -> Item:
        """Return the item of this name: its path, size and where it is.

        Raises:
            NotFoundError: there is none.

        """
        if self._version is not None:
            return self._version.get_entry(name)
        path = self._content.find(name)
        if path is None:
            raise self._content.missing(name, repr(self))
        pending = self._content.pending.get(path)
        if pending is None:
            assert self._content.base is not None
            return self._content.base.get_entry(path)
        return Item.of_pending(path, pending)

    def files(self, names: Iterable[str] | None = None, per_page: int = 50, start: str | None = None) -> list[Item]:
        """Return every item, sorted by path, or those of `names`; `per_page` is accepted for W&B's sake.

        Raises:
            NotFoundError: there is none of one of `names`.
            UsageError: `names` is none, or `start` is given: all are returned.

        """
        if self._version is not None:
            return self._version.files(names, per_page, start)
        wanted = files_asked(names, start)
        return [self.get_entry(path) for path in (sorted(self._content.paths()) if wanted is None else wanted)]

    @property
    def size(self) -> int:
        """The bytes of everything in it; tables are encoded to learn theirs."""
        return self._version.size if self._version is not None else self._content.measured().size

    @property
    def digest(self) -> str:
        """The artifact digest that logging gives; the draft's content is read, and its tables encoded, to learn it."""
        return self._version.digest if self._version is not None else str(self._content.measured().digest)

    @property
    def ttl(self) -> dt.timedelta | None:
        """How long the version is kept; None for ever, as what is drafted from a version is unless it is said here."""
        if self._version is not None:
            return self._version.ttl
        return dt.timedelta(seconds=self._ttl) if isinstance(self._ttl, int) else None

    @ttl.setter
    def ttl(self, value: dt.timedelta | None) -> None:
        if self._version is not None:
            self._version.ttl = value
            return
        self._ttl = rules.ttl_seconds(value)

    @property
    def state(self) -> str:
        """``draft``, or ``committed`` once it was logged."""
        return "draft" if self._version is None else str(getattr(self._version, "state", "committed"))

    def is_draft(self) -> bool:
        """Whether it was not logged yet."""
        return self._version is None

    def dropped(self) -> Artifact:
        """Return itself, now that a disabled run logged it: it stays a draft, and `wait` gives it back."""
        self._is_dropped = True
        return self

    def wait(self, timeout: float | None = None) -> Any:
        """Return the `Version` that the draft became; logging returns only once it is committed.

        Raises:
            UsageError: it was not logged.

        """
        if self._is_dropped:
            return self
        if self._version is None:
            raise UsageError(f"the artifact {self.name!r} was not logged yet: use run.log_artifact first")
        return self._version
