"""The table manifest: the document that makes fragments and packs a table (spec: 05-tables)."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

from wbtable.errors import FormatError
from wbtable.format.digest import FRAGMENT_PAGE, SKETCH, Descriptor, Digest
from wbtable.format.documents import Json, Reader, parse
from wbtable.format.features import FORMAT_VERSION, check_document, kept_fields
from wbtable.format.fragment import Fragment
from wbtable.format.manifest_text import content_texts, join_list, join_object, ref_texts, tail_texts, text_of
from wbtable.format.refs import by_digest, fragment_refs, read_refs
from wbtable.format.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Sequence

KIND: Final = "wbtable.table"
PAGE_KIND: Final = "wbtable.fragment-page"
PAGE_FRAGMENTS: Final = 128
"""Fragments in each page of the fragment list (TABLE-5)."""
LOG_MODES: Final = ("IMMUTABLE", "MUTABLE", "INCREMENTAL")

_KNOWN = frozenset(
    [
        *("kind", "format", "features", "columns", "rows", "log_mode", "primary_key", "foreign_keys"),
        *("content_digest", "pages", "tail", "summaries", "sketch", "sketch_rows", "refs"),
    ]
)


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
        sketch_rows: of how many rows it is, the first ones; None for all (SUM-10).
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
    sketch_rows: int | None = None
    log_mode: str = "IMMUTABLE"
    primary_key: str | None = None
    foreign_keys: tuple[ForeignKey, ...] = ()
    extra: Json = field(default_factory=dict)
    _found: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse what does not add up (TABLE-3)."""
        counted = sum([page.rows for page in self.pages]) + sum([fragment.rows for fragment in self.tail])
        if counted != self.rows:
            msg = f"expected fragments of {self.rows} rows together, found {counted}"
            raise FormatError(msg, place="table manifest.rows")
        width = len(self.schema)
        for i, fragment in enumerate(self.tail):
            # Fewer where later rows brought further columns (TABLE-7).
            if len(fragment.columns) > width:
                msg = f"expected at most {width} columns, found {len(fragment.columns)}"
                raise FormatError(msg, place=f"table manifest.tail[{i}].columns")
        if self.sketch_rows is not None and (self.sketch is None or not 0 < self.sketch_rows < self.rows):
            msg = f"expected a sketch of some of {self.rows} rows, found {self.sketch_rows}"
            raise FormatError(msg, place="table manifest.sketch_rows")
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
        refs: tuple[Descriptor, ...] | None = self._found.get("refs")
        if refs is None:
            found = fragment_refs(self.tail)
            found.update({entry.page.digest: entry.page for entry in self.pages})
            if self.sketch is not None:
                found[self.sketch.digest] = self.sketch
            refs = self._found["refs"] = by_digest(found)
        return refs

    def follow(self, base: TableManifest) -> None:
        """Take over what was made of the manifest behind whose rows this one's go: an append makes what it adds."""
        found, theirs = self._found, base._found
        if self.schema == base.schema and "columns" in theirs:
            found["columns"] = theirs["columns"]
        kept = len(base.tail)
        if self.pages != base.pages or self.sketch != base.sketch or self.tail[:kept] != base.tail:
            return
        added = self.tail[kept:]
        refs, texts = list(base.refs), list(base._ref_texts)
        for ref in fragment_refs(added).values():
            at = bisect_left(refs, ref.digest.hex, key=_hex)
            is_there = at < len(refs) and refs[at].digest == ref.digest
            refs[at : at + is_there] = [ref]
            texts[at : at + is_there] = ref_texts([ref])
        found |= {"refs": tuple(refs), "ref_texts": texts}
        if "contents" in theirs:
            found["contents"] = theirs["contents"] + content_texts(added)
        if "tail" in theirs and not any(fragment.containers for fragment in added):
            found["tail"] = theirs["tail"] + tail_texts(added, {})

    @property
    def _columns_text(self) -> str:
        text: str | None = self._found.get("columns")
        if text is None:
            text = self._found["columns"] = text_of(self.schema.to_json())
        return text

    @property
    def _ref_texts(self) -> list[str]:
        texts: list[str] | None = self._found.get("ref_texts")
        if texts is None:
            texts = self._found["ref_texts"] = ref_texts(self.refs)
        return texts

    @property
    def _contents(self) -> list[str]:
        texts: list[str] | None = self._found.get("contents")
        if texts is None:
            texts = self._found["contents"] = content_texts(self.tail)
        return texts

    @property
    def _tail(self) -> list[str]:
        texts: list[str] | None = self._found.get("tail")
        if texts is None:
            texts = tail_texts(self.tail, {found.digest: i for i, found in enumerate(self.refs)})
            if not any(fragment.containers for fragment in self.tail):
                # Else they hold positions, which the next object that is named moves.
                self._found["tail"] = texts
        return texts

    @property
    def content_digest(self) -> Digest:
        """SHA-256 over schema, row counts and fingerprints: the same whatever wrote the Parquet (TABLE-6)."""
        digest: Digest | None = self._found.get("digest")
        if digest is None:
            fields = {
                "pages": [str(entry.content_digest) for entry in self.pages],
                "keys": [self.primary_key, [key.to_json() for key in self.foreign_keys]],
                "log_mode": self.log_mode,
            }
            texts = {"columns": self._columns_text, "tail": join_list(self._contents)}
            digest = self._found["digest"] = Digest.of(join_object(fields, texts).encode())
        return digest

    def encode(self) -> bytes:
        """Return the canonical JSON (TABLE-1, DOC-3)."""
        fields: Json = {
            **self.extra,
            "kind": KIND,
            "format": FORMAT_VERSION,
            "features": {"reader": [], "writer": []},
            "rows": self.rows,
            "log_mode": self.log_mode,
            "primary_key": self.primary_key,
            "foreign_keys": [key.to_json() for key in self.foreign_keys],
            "content_digest": str(self.content_digest),
            "sketch": None if self.sketch is None else self.sketch.to_json(),
            **({} if self.sketch_rows is None else {"sketch_rows": self.sketch_rows}),
            "pages": [entry.to_json() for entry in self.pages],
            "summaries": self.summaries,
        }
        texts = {"columns": self._columns_text, "tail": join_list(self._tail), "refs": join_list(self._ref_texts)}
        return join_object(fields, texts).encode()

    def to_json(self) -> Json:
        """Return the JSON form."""
        return parse(self.encode(), "table manifest")

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
            sketch_rows=fields.int("sketch_rows") if value.get("sketch_rows") is not None else None,
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


def page_content_digest(fragments: Sequence[Fragment]) -> Digest:
    """Return the content digest of a page (TABLE-6)."""
    return Digest.of(join_list(content_texts(fragments)).encode())


def encode_page(fragments: Sequence[Fragment]) -> tuple[bytes, tuple[Descriptor, ...]]:
    """Return the document of one full page of the fragment list, and its ``refs`` (TABLE-5)."""
    refs = by_digest(fragment_refs(fragments))
    positions = {ref.digest: i for i, ref in enumerate(refs)}
    fields = {"kind": PAGE_KIND, "format": FORMAT_VERSION, "features": {"reader": [], "writer": []}}
    texts = {"fragments": join_list(tail_texts(fragments, positions)), "refs": join_list(ref_texts(refs))}
    return join_object(fields, texts).encode(), refs


def read_page(value: Json, entry: PageEntry, place: str, width: int | None = None) -> tuple[Fragment, ...]:
    """Return the fragments of a page, checked against what the manifest says of it.

    Args:
        value: the page's JSON.
        entry: what the manifest says of it.
        place: where it stands.
        width: how many columns the manifest has; None: it is not known.

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
    if width is not None and any(len(fragment.columns) > width for fragment in fragments):
        fields.fail("fragments", f"at most {width} columns in each")
    if page_content_digest(fragments) != entry.content_digest:
        fields.fail("fragments", f"the content digest {entry.content_digest}")
    if {found.digest: found for found in refs} != fragment_refs(fragments):
        fields.fail("refs", "exactly the objects that the fragments name")
    return fragments


def _hex(ref: Descriptor) -> str:
    return ref.digest.hex
