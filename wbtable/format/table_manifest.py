"""The table manifest: the document that makes fragments and packs a table (spec: 05-tables)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

from wbtable.errors import FormatError
from wbtable.format.digest import FRAGMENT, FRAGMENT_PAGE, SKETCH, Descriptor, Digest
from wbtable.format.documents import Json, Reader, canonical
from wbtable.format.features import FORMAT_VERSION, check_document, kept_fields
from wbtable.format.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

KIND: Final = "wbtable.table"
PAGE_KIND: Final = "wbtable.fragment-page"
PAGE_FRAGMENTS: Final = 128
"""Fragments in each page of the fragment list (TABLE-5)."""
LOG_MODES: Final = ("IMMUTABLE", "MUTABLE", "INCREMENTAL")

_HEX128 = re.compile(r"[0-9a-f]{32}")
_KNOWN = frozenset(
    [
        *("kind", "format", "features", "columns", "rows", "log_mode", "primary_key", "foreign_keys"),
        *("content_digest", "pages", "tail", "summaries", "sketch", "refs"),
    ]
)


def _hex128(value: str, place: str) -> str:
    if not _HEX128.fullmatch(value):
        msg = f"expected 32 lowercase hexadecimal characters, found {value!r:.60}"
        raise FormatError(msg, place=place)
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnChunk:
    """One column of one fragment (TABLE-4).

    Attributes:
        nulls: how many of its values are null.
        fingerprint: XXH3-128 over the canonical form of its values, 32 hexadecimal characters.
        least: the smallest value as text; None where there is none or its type has no order.
        greatest: the largest value, likewise.

    """

    nulls: int
    fingerprint: str
    least: str | None = None
    greatest: str | None = None

    def to_json(self) -> Json:
        """Return the JSON form."""
        out: Json = {"nulls": self.nulls, "fingerprint": self.fingerprint}
        if self.least is not None:
            out["min"] = self.least
        if self.greatest is not None:
            out["max"] = self.greatest
        return out

    @classmethod
    def read(cls, fields: Reader) -> Self:
        """Read the JSON form."""
        return cls(
            nulls=fields.int("nulls"),
            fingerprint=_hex128(fields.str("fingerprint"), f"{fields.place}.fingerprint"),
            least=fields.opt_str("min"),
            greatest=fields.opt_str("max"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """One Parquet file of consecutive rows (TABLE-4).

    Attributes:
        file: what and how long it is.
        rows: how many rows it holds, at least one.
        xxh3: XXH3-128 of the whole file, 32 hexadecimal characters.
        footer_length: bytes of the footer's metadata, without length and magic.
        footer_xxh3: XXH3-128 of those bytes.
        columns: one for each column of the manifest, in its order.
        containers: the packs and large blobs that its media cells name.

    """

    file: Descriptor
    rows: int
    xxh3: str
    footer_length: int
    footer_xxh3: str
    columns: tuple[ColumnChunk, ...]
    containers: tuple[Descriptor, ...] = ()

    def to_json(self, refs: dict[Digest, int]) -> Json:
        """Return the JSON form; `refs` gives the position of each container in the document's ``refs``."""
        return {
            "file": self.file.to_json(),
            "rows": self.rows,
            "xxh3": self.xxh3,
            "footer_length": self.footer_length,
            "footer_xxh3": self.footer_xxh3,
            "columns": [column.to_json() for column in self.columns],
            "containers": sorted(refs[found.digest] for found in self.containers),
        }

    @classmethod
    def read(cls, fields: Reader, refs: Sequence[Descriptor]) -> Self:
        """Read the JSON form; `refs` are the document's.

        Raises:
            FormatError: a field is missing or impossible.

        """
        file = Descriptor.from_json(fields.object("file"), f"{fields.place}.file")
        if file.media_type != FRAGMENT:
            fields.fail("file", f"the media type {FRAGMENT}")
        containers: list[Descriptor] = []
        for position in fields.list("containers"):
            if type(position) is not int or not 0 <= position < len(refs):
                fields.fail("containers", f"positions in refs, below {len(refs)}")
            containers.append(refs[position])
        return cls(
            file=file,
            rows=fields.int("rows", least=1),
            xxh3=_hex128(fields.str("xxh3"), f"{fields.place}.xxh3"),
            footer_length=fields.int("footer_length", least=1),
            footer_xxh3=_hex128(fields.str("footer_xxh3"), f"{fields.place}.footer_xxh3"),
            columns=tuple(ColumnChunk.read(child) for child in fields.children("columns")),
            containers=tuple(containers),
        )

    def content(self) -> list[Any]:
        """Return what the content digest covers: rows and fingerprints (TABLE-6)."""
        return [self.rows, [column.fingerprint for column in self.columns]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageEntry:
    """What the manifest says of one page of its fragment list (TABLE-5).

    Attributes:
        page: the page document.
        rows: how many rows its fragments hold together.
        content_digest: SHA-256 over the content of its fragments.

    """

    page: Descriptor
    rows: int
    content_digest: Digest

    def to_json(self) -> Json:
        """Return the JSON form."""
        return {"page": self.page.to_json(), "rows": self.rows, "content_digest": str(self.content_digest)}

    @classmethod
    def read(cls, fields: Reader) -> Self:
        """Read the JSON form."""
        page = Descriptor.from_json(fields.object("page"), f"{fields.place}.page")
        if page.media_type != FRAGMENT_PAGE:
            fields.fail("page", f"the media type {FRAGMENT_PAGE}")
        return cls(
            page=page,
            rows=fields.int("rows", least=1),
            content_digest=Digest.parse(fields.str("content_digest"), f"{fields.place}.content_digest"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    """A column whose values are keys of another table (TABLE-8).

    Attributes:
        column: the column of this table.
        table: the path of the other table in the same artifact.
        table_column: the column of the other table.

    """

    column: str
    table: str
    table_column: str

    def to_json(self) -> Json:
        """Return the JSON form."""
        return {"column": self.column, "table": self.table, "table_column": self.table_column}

    @classmethod
    def read(cls, fields: Reader) -> Self:
        """Read the JSON form."""
        return cls(column=fields.str("column"), table=fields.str("table"), table_column=fields.str("table_column"))


@dataclass(frozen=True, slots=True, kw_only=True)
class TableManifest:
    """The root document of a table (spec: 05-tables).

    Attributes:
        schema: the columns; their types rule, whatever a fragment's Parquet says.
        rows: how many rows there are.
        pages: the full pages of the fragment list, oldest first.
        tail: the fragments behind the pages, fewer than 128.
        summaries: one object for each column (spec: 08-fingerprints-and-summaries).
        sketch: the object from which the summaries of an append are merged; None for a table without rows.
        log_mode: IMMUTABLE, MUTABLE or INCREMENTAL, as W&B has them.
        primary_key: the column whose values name rows, or None.
        foreign_keys: columns that name rows of other tables.
        extra: fields of newer writers, kept.

    """

    schema: Schema
    rows: int
    pages: tuple[PageEntry, ...] = ()
    tail: tuple[Fragment, ...] = ()
    summaries: tuple[Json, ...] = ()
    sketch: Descriptor | None = None
    log_mode: str = "IMMUTABLE"
    primary_key: str | None = None
    foreign_keys: tuple[ForeignKey, ...] = ()
    extra: Json = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what does not add up (TABLE-3)."""
        counted = sum(page.rows for page in self.pages) + sum(fragment.rows for fragment in self.tail)
        if counted != self.rows:
            msg = f"expected fragments of {self.rows} rows together, found {counted}"
            raise FormatError(msg, place="table manifest.rows")
        for i, fragment in enumerate(self.tail):
            # Fewer where later rows brought further columns (TABLE-7).
            if len(fragment.columns) > len(self.schema):
                msg = f"expected at most {len(self.schema)} columns, found {len(fragment.columns)}"
                raise FormatError(msg, place=f"table manifest.tail[{i}].columns")
        if self.log_mode not in LOG_MODES:
            msg = f"expected one of {', '.join(LOG_MODES)}, found {self.log_mode!r:.40}"
            raise FormatError(msg, place="table manifest.log_mode")
        for name in ([self.primary_key] if self.primary_key is not None else []) + [
            key.column for key in self.foreign_keys
        ]:
            if name not in self.schema:
                msg = f"the key column {name!r:.80} is not among the columns"
                raise FormatError(msg, place="table manifest")

    @property
    def refs(self) -> tuple[Descriptor, ...]:
        """Every object that this document names, in order of digest (DOC-6)."""
        found = fragment_refs(self.tail)
        found.update({entry.page.digest: entry.page for entry in self.pages})
        if self.sketch is not None:
            found[self.sketch.digest] = self.sketch
        return tuple(found[digest] for digest in sorted(found))

    @property
    def content_digest(self) -> Digest:
        """SHA-256 over schema, row counts and fingerprints: the same whatever wrote the Parquet (TABLE-6)."""
        return Digest.of(
            canonical(
                {
                    "columns": self.schema.to_json(),
                    "pages": [str(entry.content_digest) for entry in self.pages],
                    "tail": [fragment.content() for fragment in self.tail],
                    "keys": [self.primary_key, [key.to_json() for key in self.foreign_keys]],
                    "log_mode": self.log_mode,
                }
            )
        )

    def to_json(self) -> Json:
        """Return the JSON form."""
        refs = self.refs
        positions = {found.digest: i for i, found in enumerate(refs)}
        return {
            **self.extra,
            "kind": KIND,
            "format": FORMAT_VERSION,
            "features": {"reader": [], "writer": []},
            "columns": self.schema.to_json(),
            "rows": self.rows,
            "log_mode": self.log_mode,
            "primary_key": self.primary_key,
            "foreign_keys": [key.to_json() for key in self.foreign_keys],
            "content_digest": str(self.content_digest),
            "pages": [entry.to_json() for entry in self.pages],
            "tail": [fragment.to_json(positions) for fragment in self.tail],
            "summaries": list(self.summaries),
            "sketch": None if self.sketch is None else self.sketch.to_json(),
            "refs": [found.to_json() for found in refs],
        }

    @classmethod
    def from_json(cls, value: Json, place: str = "table manifest") -> Self:
        """Read the JSON form.

        Raises:
            FormatError: it is not as the specification says; the message names the field.
            UnsupportedError: it needs a newer version.

        """
        check_document(value, KIND, place)
        fields = Reader(value, place)
        refs = read_refs(fields)
        sketch = None
        if value.get("sketch") is not None:
            sketch = Descriptor.from_json(value["sketch"], f"{place}.sketch")
            if sketch.media_type != SKETCH:
                fields.fail("sketch", f"the media type {SKETCH}")
        manifest = cls(
            schema=Schema.read(fields.children("columns")),
            rows=fields.int("rows"),
            pages=tuple(PageEntry.read(child) for child in fields.children("pages", optional=True)),
            tail=tuple(Fragment.read(child, refs) for child in fields.children("tail")),
            summaries=tuple(fields.list("summaries", optional=True)),
            sketch=sketch,
            log_mode=fields.str("log_mode"),
            primary_key=fields.opt_str("primary_key"),
            foreign_keys=tuple(ForeignKey.read(child) for child in fields.children("foreign_keys", optional=True)),
            extra=kept_fields(fields, _KNOWN),
        )
        if Digest.parse(fields.str("content_digest"), f"{place}.content_digest") != manifest.content_digest:
            fields.fail("content_digest", f"{manifest.content_digest}, which columns and fragments give")
        if manifest.refs != refs:
            fields.fail("refs", "exactly the objects that the other fields name, in order of digest")
        return manifest


def fragment_refs(fragments: Iterable[Fragment]) -> dict[Digest, Descriptor]:
    """Return the objects that fragments are and name."""
    out: dict[Digest, Descriptor] = {}
    for fragment in fragments:
        out[fragment.file.digest] = fragment.file
        for container in fragment.containers:
            out[container.digest] = container
    return out


def read_refs(fields: Reader) -> tuple[Descriptor, ...]:
    """Return the ``refs`` of a document.

    Raises:
        FormatError: one is no descriptor, or they are not in order of digest, each once.

    """
    refs = tuple(
        Descriptor.from_json(value, f"{fields.place}.refs[{i}]") for i, value in enumerate(fields.list("refs"))
    )
    digests = [found.digest for found in refs]
    if digests != sorted(set(digests)):
        fields.fail("refs", "descriptors in order of digest, each once")
    return refs


def page_content_digest(fragments: Sequence[Fragment]) -> Digest:
    """Return the content digest of a page (TABLE-6)."""
    return Digest(hashlib.sha256(canonical([fragment.content() for fragment in fragments])).hexdigest())


def write_page(fragments: Sequence[Fragment]) -> Json:
    """Return the document of one full page of the fragment list (TABLE-5)."""
    found = fragment_refs(fragments)
    refs = [found[digest] for digest in sorted(found)]
    positions = {ref.digest: i for i, ref in enumerate(refs)}
    return {
        "kind": PAGE_KIND,
        "format": FORMAT_VERSION,
        "features": {"reader": [], "writer": []},
        "fragments": [fragment.to_json(positions) for fragment in fragments],
        "refs": [ref.to_json() for ref in refs],
    }


def read_page(value: Json, entry: PageEntry, place: str) -> tuple[Fragment, ...]:
    """Return the fragments of a page, checked against what the manifest says of it.

    Raises:
        FormatError: it is not as the specification or the manifest says.
        UnsupportedError: it needs a newer version.

    """
    check_document(value, PAGE_KIND, place)
    fields = Reader(value, place)
    refs = read_refs(fields)
    fragments = tuple(Fragment.read(child, refs) for child in fields.children("fragments"))
    if len(fragments) != PAGE_FRAGMENTS:
        fields.fail("fragments", f"{PAGE_FRAGMENTS} fragments")
    if sum(fragment.rows for fragment in fragments) != entry.rows:
        fields.fail("fragments", f"{entry.rows} rows together")
    if page_content_digest(fragments) != entry.content_digest:
        fields.fail("fragments", f"the content digest {entry.content_digest}")
    if {found.digest: found for found in refs} != fragment_refs(fragments):
        fields.fail("refs", "exactly the objects that the fragments name")
    return fragments
