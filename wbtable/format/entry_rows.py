"""A page of entries as columns: one entry is found, or two pages compared, without making all of them (PAGE-n)."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from wbtable.errors import FormatError
from wbtable.format.digest import Digest
from wbtable.format.entry_page import SCHEMA, entry_of, joined, page_refs, read_columns, table_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wbtable.format.entry import Entry
    from wbtable.format.entry_page import Page


class EntryRows:
    """The entries of one page, checked as a whole, made one by one.

    Attributes:
        paths: their paths, sorted.

    """

    __slots__ = ("_lines", "_place", "_table", "_texts", "paths")

    def __init__(self, data: bytes, page: Page, place: str) -> None:
        """Read a page, and check it against what the manifest says of it (PAGE-4).

        Raises:
            FormatError: the page is not as the manifest says.

        """
        self._place = place
        self._table = read_columns(data, page, place)
        self._lines = table_lines(self._table, place)
        self._texts: list[bytes] | None = None
        if Digest(hashlib.sha256(joined(self._lines)).hexdigest()) != page.digest:
            msg = f"expected entries with the digest {page.digest}, found others"
            raise FormatError(msg, place=place)
        column = self._table["path"].combine_chunks()
        self.paths: list[str] = column.to_pylist()
        raw = column.cast(pa.binary())
        if len(raw) > 1 and not pc.all(pc.less(raw.slice(0, len(raw) - 1), raw.slice(1))).as_py():
            msg = "expected sorted paths, each once"
            raise FormatError(msg, place=place)
        if (self.paths[0], self.paths[-1]) != (page.first, page.last):
            found = f"{self.paths[0]!r:.80} to {self.paths[-1]!r:.80}"
            msg = f"expected the paths {page.first!r:.80} to {page.last!r:.80}, found {found}"
            raise FormatError(msg, place=place)
        self._check_refs({ref.digest.raw for ref in page_refs(data, place)})

    def _check_refs(self, listed: set[bytes]) -> None:
        """Refuse entries that name an object which the page's refs lack (DOC-6, ART-5)."""
        inside = self._table.filter(pc.is_null(self._table["uri"]))
        named = pc.coalesce(inside["pack"], inside["digest"])
        missing = next((raw for raw in pc.unique(named).to_pylist() if raw not in listed), None)
        if missing is not None:
            msg = f"expected every object in refs; an entry names {Digest.from_raw(missing)}"
            raise FormatError(msg, place=self._place)
        if self._table["media"].null_count == len(self._table):
            return
        further = pc.match_substring(self._table["media"], '"uri"')
        for row in pc.indices_nonzero(further).to_pylist():
            for digest in self.entry(row).containers():
                if digest.raw not in listed:
                    msg = f"expected every object in refs; the entry {self.paths[row]!r:.120} names {digest}"
                    raise FormatError(msg, place=self._place)

    def __len__(self) -> int:
        """Return how many entries there are."""
        return len(self.paths)

    def __iter__(self) -> Iterator[Entry]:
        """Yield every entry, sorted by path.

        Raises:
            FormatError: an entry has impossible values.

        """
        for row in zip(*(self._table.column(name).to_pylist() for name in SCHEMA.names), strict=True):
            yield self._made(row)

    def entry(self, row: int) -> Entry:
        """Return one entry.

        Raises:
            FormatError: it has impossible values.

        """
        return self._made(tuple(self._table.column(name)[row].as_py() for name in SCHEMA.names))

    def line(self, row: int) -> bytes:
        """Return an entry's line in the artifact digest: the same for the same path and content (ART-6)."""
        if self._texts is None:
            self._texts = self._lines.to_pylist()
        return self._texts[row]

    def find(self, path: str) -> Entry | None:
        """Return the entry of a path, None if there is none."""
        at = bisect_left(self.paths, path)
        return self.entry(at) if at < len(self.paths) and self.paths[at] == path else None

    def under(self, prefix: str) -> Iterator[Entry]:
        """Yield the entries whose paths begin with a text, sorted."""
        for row in range(bisect_left(self.paths, prefix), len(self.paths)):
            if not self.paths[row].startswith(prefix):
                return
            yield self.entry(row)

    def _made(self, row: tuple[object, ...]) -> Entry:
        try:
            return entry_of(row, self._place)
        except FormatError as error:
            raise error if error.place else FormatError(str(error), place=self._place) from None
