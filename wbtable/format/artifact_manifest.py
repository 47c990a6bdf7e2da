"""The artifact manifest: which logical paths a version has, and where each one's content is (spec: 10-artifacts)."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Self

from wbtable.errors import FormatError, UsageError
from wbtable.format.digest import Descriptor, Digest
from wbtable.format.documents import Json, Reader
from wbtable.format.entry import Entry, check_refs, read_entries
from wbtable.format.entry_page import Page, digest_of_lines
from wbtable.format.features import FORMAT_VERSION, check_document, kept_fields
from wbtable.format.paths import check_no_clash
from wbtable.format.refs import read_refs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_INLINE: Final = 4096
"""Up to this many entries stand in the manifest itself (ART-4)."""

KIND: Final = "wbtable.artifact"
_KNOWN = frozenset(["kind", "format", "features", "digest", "count", "size", "entries", "pages", "refs"])


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactManifest:
    """The content of one version.

    Attributes:
        digest: the artifact digest (ART-6).
        count: how many entries there are.
        size: the sum of their total sizes.
        entries: all entries, sorted by the UTF-8 bytes of their paths; empty if they stand in pages.
        pages: the pages; empty if the entries stand here.
        refs: every object that this document refers to (ART-5).
        extra: fields of newer versions of the format, kept as they are.

    """

    digest: Digest
    count: int
    size: int
    entries: tuple[Entry, ...] = ()
    pages: tuple[Page, ...] = ()
    refs: tuple[Descriptor, ...] = ()
    extra: Json = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """Refuse lists that are unsorted, too long or not as counted."""
        if self.entries and self.pages:
            msg = "expected entries or pages, found both"
            raise FormatError(msg)
        if len(self.entries) > MAX_INLINE:
            msg = f"expected at most {MAX_INLINE} entries in the manifest itself, found {len(self.entries)}"
            raise FormatError(msg)
        for before, after in pairwise(self.entries):
            if before.path >= after.path:
                msg = f"expected sorted paths, each once, found {after.path!r:.80} after {before.path!r:.80}"
                raise FormatError(msg)
        for left, right in pairwise(self.pages):
            if left.last >= right.first:
                msg = f"expected pages in order, found {right.first!r:.80} after {left.last!r:.80}"
                raise FormatError(msg)
        self._check_sums()
        check_refs(self.entries, self.refs)
        if self.pages and {page.file.digest for page in self.pages} != {ref.digest for ref in self.refs}:
            msg = "expected the pages in refs, and nothing else"
            raise FormatError(msg)

    def _check_sums(self) -> None:
        count = len(self.entries) or sum(page.count for page in self.pages)
        size = sum(e.total_size for e in self.entries) or sum(page.size for page in self.pages)
        if (count, size) != (self.count, self.size):
            msg = f"expected {self.count} entries of {self.size} bytes, found {count} of {size}"
            raise FormatError(msg)
        try:
            check_no_clash([entry.path for entry in self.entries])
        except UsageError as error:
            raise FormatError(str(error)) from None

    @classmethod
    def inline(
        cls,
        entries: Sequence[Entry],
        refs: Iterable[Descriptor],
        extra: Json | None = None,
    ) -> Self:
        """Return the manifest of a few sorted entries."""
        return cls(
            digest=digest_of_lines(entries),
            count=len(entries),
            size=sum(entry.total_size for entry in entries),
            entries=tuple(entries),
            refs=sorted_refs(refs),
            extra=extra or {},
        )

    def to_json(self) -> Json:
        """Return the JSON form (ART-3, ART-4)."""
        out: Json = {
            **self.extra,
            "kind": KIND,
            "format": FORMAT_VERSION,
            "features": {"reader": [], "writer": []},
            "digest": str(self.digest),
            "count": self.count,
            "size": self.size,
            "refs": [ref.to_json() for ref in self.refs],
        }
        if self.pages:
            out["pages"] = [page.to_json() for page in self.pages]
        else:
            out["entries"] = [entry.to_json() for entry in self.entries]
        return out

    @classmethod
    def from_json(cls, document: Json, place: str = "artifact manifest") -> Self:
        """Read the JSON form.

        Raises:
            FormatError: a field is missing or impossible; the message names it.
            UnsupportedError: it needs a newer wbtable.

        """
        check_document(document, KIND, place)
        reader = Reader(document, place)
        try:
            return cls(
                digest=Digest.parse(reader.str("digest"), f"{place}.digest"),
                count=reader.int("count"),
                size=reader.int("size"),
                entries=read_entries(reader.list("entries", optional=True), f"{place}.entries"),
                pages=tuple(Page.from_json(child) for child in reader.children("pages", optional=True)),
                refs=read_refs(reader),
                extra=kept_fields(reader, _KNOWN),
            )
        except FormatError as error:
            raise (error if error.place else FormatError(str(error), place=place)) from None


def sorted_refs(refs: Iterable[Descriptor]) -> tuple[Descriptor, ...]:
    """Return each object once, sorted by digest, so that equal content gives equal documents (ART-5)."""
    found = {ref.digest: ref for ref in sorted(refs, key=lambda ref: (ref.digest, ref.media_type), reverse=True)}
    return tuple(found[digest] for digest in sorted(found))
