"""What a version holds, read page by page as it is asked for (spec: 10-artifacts)."""

from __future__ import annotations

import contextlib
from bisect import bisect_left
from collections import OrderedDict
from typing import TYPE_CHECKING, Protocol

from wbtable.errors import FormatError
from wbtable.format.artifact_manifest import ArtifactManifest
from wbtable.format.digest import ARTIFACT, ENTRY_PAGE, FRAGMENT_PAGE, TABLE, Descriptor, is_document
from wbtable.format.documents import Reader
from wbtable.format.entry_page import page_lines, page_refs
from wbtable.format.entry_rows import EntryRows
from wbtable.format.table_manifest import TableManifest
from wbtable.storage.recent import Recent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from wbtable.format.digest import Digest
    from wbtable.format.entry import Entry
    from wbtable.format.entry_page import Page
    from wbtable.storage.objects import ObjectStore

_KEPT_PAGES = 16
_PAGES = Recent(256)
"""What full pages of fragment lists refer to: an append would read all of them again, and they never change."""


class Holder(Protocol):
    """What holds entries under a name: a version."""

    @property
    def project(self) -> str:
        """The project's name."""

    @property
    def name(self) -> str:
        """The artifact's name."""

    @property
    def number(self) -> int:
        """The version's number."""

    @property
    def qualified_name(self) -> str:
        """``project/name:vN``."""

    @property
    def contents(self) -> Contents:
        """The entries."""

    def find_descriptor(self, path: str) -> Descriptor | None:
        """Return the descriptor of the table or other document at a path, None if there is none."""


class Contents:
    """The entries of one version, looked up without reading all of them.

    Attributes:
        objects: where the pages are.
        manifest: the artifact manifest.

    """

    def __init__(self, objects: ObjectStore, manifest: ArtifactManifest) -> None:
        """Read nothing yet."""
        self.objects = objects
        self.manifest = manifest
        self._inline = {entry.path: entry for entry in manifest.entries}
        self._firsts = [page.first for page in manifest.pages]
        self._lasts = [page.last for page in manifest.pages]
        self._pages: OrderedDict[int, EntryRows] = OrderedDict()

    @classmethod
    def open(cls, objects: ObjectStore, descriptor: Descriptor) -> Contents:
        """Read the manifest that a version record names (OPEN-4).

        Raises:
            FormatError: it is damaged.
            UnsupportedError: it needs a newer wbtable.

        """
        place = f"artifact manifest {descriptor.digest.hex[:12]}"
        return cls(objects, ArtifactManifest.from_json(objects.get_document(descriptor), place))

    def __len__(self) -> int:
        """Return how many entries there are."""
        return self.manifest.count

    def __iter__(self) -> Iterator[Entry]:
        """Yield every entry, sorted by path."""
        yield from self.manifest.entries
        for number in range(len(self.manifest.pages)):
            yield from self.page(number)

    def page(self, number: int) -> EntryRows:
        """Return the entries of one page, read once while it is in use."""
        found = self._pages.get(number)
        if found is None:
            page = self.manifest.pages[number]
            found = EntryRows(self.page_bytes(number), page, f"page {number} of the artifact manifest")
        self._keep(number, found)
        return found

    def _keep(self, number: int, rows: EntryRows) -> None:
        """Keep a page as the one used last."""
        # Without a lock, which could not go to another process: others may drop the page between two steps.
        self._pages[number] = rows
        with contextlib.suppress(KeyError):
            self._pages.move_to_end(number)
            while len(self._pages) > _KEPT_PAGES:
                self._pages.popitem(last=False)

    def page_bytes(self, number: int) -> bytes:
        """Return the bytes of one page, checked."""
        page: Page = self.manifest.pages[number]
        return self.objects.get(page.file)

    def page_lines(self, number: int) -> bytes:
        """Return the lines of one page's entries (ART-6)."""
        page = self.manifest.pages[number]
        return page_lines(self.page_bytes(number), page, f"page {number} of the artifact manifest")

    def find(self, path: str) -> Entry | None:
        """Return the entry of a path, None if there is none; reads at most one page."""
        if not self._firsts:
            return self._inline.get(path)
        number = bisect_left(self._lasts, path)
        if number == len(self._lasts) or self._firsts[number] > path:
            return None
        return self.page(number).find(path)

    def under(self, prefix: str) -> Iterator[Entry]:
        """Yield the entries whose paths begin with a text, sorted; reads only the pages that may have some."""
        if not self._firsts:
            yield from (entry for entry in self.manifest.entries if entry.path.startswith(prefix))
            return
        for number in range(bisect_left(self._lasts, prefix), len(self._lasts)):
            if self._firsts[number] > prefix and not self._firsts[number].startswith(prefix):
                return
            yield from self.page(number).under(prefix)

    def container_descriptors(self, digests: Iterable[Digest]) -> dict[Digest, Descriptor]:
        """Return the descriptors of packs and objects that entries name, from the documents' `refs`."""
        wanted = set(digests)
        found = {ref.digest: ref for ref in self.manifest.refs if ref.digest in wanted}
        for number in range(len(self.manifest.pages)):
            if len(found) == len(wanted):
                break
            refs = page_refs(self.page_bytes(number), f"page {number} of the artifact manifest")
            found |= {ref.digest: ref for ref in refs if ref.digest in wanted}
        return found

    def all_refs(self) -> dict[Digest, Descriptor]:
        """Return what the manifest and its pages refer to; not what those objects refer to in turn."""
        found = {ref.digest: ref for ref in self.manifest.refs}
        for number in range(len(self.manifest.pages)):
            refs = page_refs(self.page_bytes(number), f"page {number} of the artifact manifest")
            found |= {ref.digest: ref for ref in refs}
        return found


def refs_of(objects: ObjectStore, descriptor: Descriptor) -> list[Descriptor]:
    """Return what one object refers to: the `refs` of a document or of a page of entries, else nothing (ART-5).

    Raises:
        FormatError: the object does not say what it refers to.

    """
    if descriptor.media_type == ENTRY_PAGE:
        return page_refs(objects.get(descriptor), f"page of entries {descriptor.digest.hex[:12]}")
    if not is_document(descriptor.media_type):
        return []
    if descriptor.media_type == TABLE and isinstance(known := objects.recent.get(descriptor.digest), TableManifest):
        return list(known.refs)
    if descriptor.media_type == FRAGMENT_PAGE and isinstance(page := _PAGES.get(descriptor.digest), tuple):
        return list(page)
    place = f"document {descriptor.digest.hex[:12]}"
    reader = Reader(objects.get_document(descriptor), place)
    refs = [Descriptor.from_json(item, f"{place}.refs[{i}]") for i, item in enumerate(reader.list("refs"))]
    if descriptor.media_type == FRAGMENT_PAGE:
        _PAGES.add(descriptor.digest, tuple(refs))
    return refs


def reachable(objects: ObjectStore, roots: Iterable[Descriptor]) -> dict[tuple[Digest, str], Descriptor]:
    """Return every object that the roots lead to, the roots among them (ART-5).

    Raises:
        FormatError: a document is damaged, or refers to an artifact manifest.

    """
    found: dict[tuple[Digest, str], Descriptor] = {}
    waiting = list(roots)
    first = {root.digest for root in waiting}
    while waiting:
        descriptor = waiting.pop()
        key = (descriptor.digest, descriptor.media_type)
        if key in found:
            continue
        if descriptor.media_type == ARTIFACT and descriptor.digest not in first:
            msg = f"a document refers to the artifact manifest {descriptor.digest}, which only a version record may"
            raise FormatError(msg)
        found[key] = descriptor
        waiting.extend(refs_of(objects, descriptor))
    return found
