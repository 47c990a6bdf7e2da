"""Make the artifact manifest of a base and its changes (spec: 10-artifacts, ART-4, ART-6, PAGE-n)."""

from __future__ import annotations

import hashlib
from collections import ChainMap
from typing import TYPE_CHECKING

from wbtable.errors import FormatError, UsageError
from wbtable.format.artifact_manifest import MAX_INLINE, ArtifactManifest, sorted_refs
from wbtable.format.digest import ARTIFACT, Descriptor, Digest
from wbtable.format.entry_page import Page, encode_page, ends_page
from wbtable.format.features import check_writable
from wbtable.format.paths import check_no_clash

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from wbtable.artifacts.contents import Contents
    from wbtable.format.entry import Entry
    from wbtable.storage.objects import ObjectStore


def compose(
    objects: ObjectStore,
    base: Contents | None,
    changes: Mapping[str, Entry | None],
    known: Mapping[Digest, Descriptor],
) -> tuple[Descriptor, ArtifactManifest]:
    """Put the manifest of `base` with `changes` (None removes), and its pages if it needs them.

    Args:
        objects: where to put them.
        base: what is changed; None for nothing.
        changes: the new entry of each changed path, None for a removed one.
        known: the descriptors of the packs and objects that the new entries name.

    Raises:
        UsageError: a path would be both a file and a directory.
        UnsupportedError: `base` has a writer feature that is unknown here.

    """
    if base is not None:
        check_writable(base.manifest.extra, "artifact manifest")
    check_clashes(base, changes)
    extra = {} if base is None else dict(base.manifest.extra)
    removed = sum(entry is None for entry in changes.values())
    if (0 if base is None else len(base)) - removed <= MAX_INLINE:
        entries = list(_merge(_entries(base), changes))
        if len(entries) <= MAX_INLINE:
            everything = known if base is None else ChainMap(dict(known), base.all_refs())
            refs = [ref for entry in entries for ref in entry_refs(entry, everything)]
            manifest = ArtifactManifest.inline(entries, refs, extra)
            return objects.put_document(ARTIFACT, manifest.to_json()), manifest
    manifest = _PageWriter(objects, base, known).write(changes, extra)
    return objects.put_document(ARTIFACT, manifest.to_json()), manifest


def _entries(base: Contents | None) -> Iterable[Entry]:
    return () if base is None else base


def _merge(entries: Iterable[Entry], changes: Mapping[str, Entry | None]) -> Iterator[Entry]:
    """Yield sorted entries with changes applied; code point order is the order of UTF-8 bytes."""
    waiting = iter(sorted(changes.items()))
    change = next(waiting, None)
    for entry in entries:
        while change is not None and change[0] < entry.path:
            if change[1] is not None:
                yield change[1]
            change = next(waiting, None)
        if change is not None and change[0] == entry.path:
            if change[1] is not None:
                yield change[1]
            change = next(waiting, None)
        else:
            yield entry
    while change is not None:
        if change[1] is not None:
            yield change[1]
        change = next(waiting, None)


def entry_refs(entry: Entry, known: Mapping[Digest, Descriptor]) -> list[Descriptor]:
    """Return the objects that an entry names (ART-5).

    Raises:
        FormatError: it names a pack that `known` does not describe.

    """
    out: list[Descriptor] = []
    own = None if entry.pack is not None else entry.digest
    for digest in entry.containers():
        if digest == own:
            out.append(entry.descriptor())
        elif digest in known:
            out.append(known[digest])
        else:
            msg = f"the entry {entry.path!r:.120} is in {digest}, which is not in the manifest's refs"
            raise FormatError(msg)
    return out


def check_clashes(base: Contents | None, changes: Mapping[str, object | None]) -> None:
    """Refuse changes after which a path is both a file and a directory (PATH-3).

    Raises:
        UsageError: one would be.

    """
    check_no_clash({path for path, entry in changes.items() if entry is not None})
    if base is None:
        return
    checked: set[str] = set()
    for path, entry in changes.items():
        if entry is not None:
            check_against(base, changes, path, checked)


def check_against(base: Contents, changes: Mapping[str, object | None], path: str, checked: set[str]) -> None:
    """Refuse a path that clashes with what a base keeps (PATH-3).

    Args:
        base: the base.
        changes: the changed paths; None for a removed one.
        path: the path.
        checked: folders that are known to be no files; more are added.

    Raises:
        UsageError: it does.

    """
    inside = next((other.path for other in base.under(path + "/") if changes.get(other.path, path) is not None), None)
    if inside is not None:
        raise UsageError(f"{path!r:.120} cannot be a file: it is the folder of {inside!r:.120}")
    for folder in folders(path):
        if folder in checked:
            continue
        if changes.get(folder, path) is not None and base.find(folder) is not None:
            raise UsageError(f"{path!r:.120} cannot be added: {folder!r:.120} is a file")
        checked.add(folder)


def folders(path: str) -> list[str]:
    """Return the folders that a path lies in, the outermost first."""
    return [path[:at] for at, char in enumerate(path) if char == "/"]


class _PageWriter:
    """Cuts entries into pages; pages of the base that no change touches are named again, not written (PAGE-5)."""

    def __init__(self, objects: ObjectStore, base: Contents | None, known: Mapping[Digest, Descriptor]) -> None:
        self._objects = objects
        self._base = base
        self._known = known
        self._base_refs: dict[Digest, Descriptor] | None = None
        self._hasher = hashlib.sha256()
        self._pages: list[Page] = []
        self._open: list[Entry] = []

    def write(self, changes: Mapping[str, Entry | None], extra: dict[str, object]) -> ArtifactManifest:
        waiting = sorted(changes.items())
        at = 0
        count = 0 if self._base is None else len(self._base.manifest.pages)
        if count == 0:
            self._take(_merge(_entries(self._base), changes))
            at = len(waiting)
        for number in range(count):
            assert self._base is not None
            page = self._base.manifest.pages[number]
            begin = at
            last = number == count - 1
            while at < len(waiting) and (last or waiting[at][0] <= page.last):
                at += 1
            if begin == at and not self._open and (last or self._is_cut(page)):
                self._pages.append(page)
                self._hasher.update(self._base.page_lines(number))
            else:
                self._take(_merge(self._base.page(number), dict(waiting[begin:at])))
        self._close()
        return ArtifactManifest(
            digest=Digest(self._hasher.hexdigest()),
            count=sum(page.count for page in self._pages),
            size=sum(page.size for page in self._pages),
            pages=tuple(self._pages),
            refs=sorted_refs(page.file for page in self._pages),
            extra=extra,
        )

    @staticmethod
    def _is_cut(page: Page) -> bool:
        return ends_page(page.last, page.count)

    def _take(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self._open.append(entry)
            if ends_page(entry.path, len(self._open)):
                self._close()

    def _close(self) -> None:
        if not self._open:
            return
        refs = sorted_refs(ref for entry in self._open for ref in entry_refs(entry, self._descriptors()))
        data, page = encode_page(self._open, refs)
        self._objects.put(page.file.media_type, data)
        for entry in self._open:
            self._hasher.update(entry.line)
        self._pages.append(page)
        self._open = []

    def _descriptors(self) -> Mapping[Digest, Descriptor]:
        if self._base is None:
            return self._known
        if self._base_refs is None:
            self._base_refs = self._base.all_refs()
        return ChainMap(dict(self._known), self._base_refs)
