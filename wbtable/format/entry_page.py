"""Pages of entries: a large artifact's list, cut where the paths say (spec: 10-artifacts, PAGE-n)."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Self, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xxhash

from wbtable.errors import FormatError
from wbtable.format import documents
from wbtable.format.arrow_lists import fixed, integers, texts
from wbtable.format.digest import ENTRY_PAGE, Descriptor, Digest
from wbtable.format.entry import Entry, Reference, check_refs
from wbtable.format.refs import read_refs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import numpy.typing as npt

MODULUS = 4096
MAX_ENTRIES = 65_536
MAX_PAGE_BYTES = 256 << 20
_KEY = b"wbtable"
_DIGEST = pa.binary(32)
SCHEMA = pa.schema(
    [
        pa.field("path", pa.string(), nullable=False),
        pa.field("digest", _DIGEST),
        pa.field("size", pa.int64()),
        pa.field("media_type", pa.string(), nullable=False),
        pa.field("pack", _DIGEST),
        pa.field("offset", pa.int64()),
        pa.field("content_digest", _DIGEST),
        pa.field("data_size", pa.int64(), nullable=False),
        pa.field("media", pa.string()),
        pa.field("uri", pa.string()),
        pa.field("etag", pa.string()),
        pa.field("extra", pa.string()),
    ]
)


def ends_page(path: str, count: int) -> bool:
    """Whether a page ends after an entry of this path, the `count`-th of its page (PAGE-1)."""
    return count >= MAX_ENTRIES or xxhash.xxh3_64_intdigest(path.encode()) % MODULUS == 0


def cut(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Cut sorted entries into pages (PAGE-1)."""
    page: list[Entry] = []
    for entry in entries:
        page.append(entry)
        if ends_page(entry.path, len(page)):
            yield page
            page = []
    if page:
        yield page


def digest_of_lines(entries: Iterable[Entry]) -> Digest:
    """Return the SHA-256 over the lines of sorted entries: an artifact's or a page's digest (ART-6)."""
    hasher = hashlib.sha256()
    for entry in entries:
        hasher.update(entry.line)
    return Digest(hasher.hexdigest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the artifact manifest says of one page (PAGE-3).

    Attributes:
        file: the page's object.
        first: the least path in it.
        last: the greatest path in it.
        count: how many entries it has.
        size: the sum of their total sizes.
        digest: the SHA-256 over their lines.

    """

    file: Descriptor
    first: str
    last: str
    count: int
    size: int
    digest: Digest

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        if not 1 <= self.count <= MAX_ENTRIES or self.first > self.last or self.file.media_type != ENTRY_PAGE:
            msg = f"a page of {self.count} entries from {self.first!r:.80} to {self.last!r:.80} cannot be"
            raise FormatError(msg)
        if self.file.size > MAX_PAGE_BYTES:
            msg = f"expected a page of at most {MAX_PAGE_BYTES} bytes, found {self.file.size}"
            raise FormatError(msg)

    def to_json(self) -> dict[str, object]:
        """Return the JSON form (PAGE-3)."""
        return {
            "file": self.file.to_json(),
            "first": self.first,
            "last": self.last,
            "count": self.count,
            "size": self.size,
            "digest": str(self.digest),
        }

    @classmethod
    def from_json(cls, reader: documents.Reader) -> Self:
        """Read the JSON form (PAGE-3).

        Raises:
            FormatError: a field is missing or impossible; the message names it.

        """
        return documents.build(
            lambda: cls(
                file=Descriptor.from_json(reader.object("file"), f"{reader.place}.file"),
                first=reader.str("first"),
                last=reader.str("last"),
                count=reader.int("count", least=1),
                size=reader.int("size"),
                digest=Digest.parse(reader.str("digest"), f"{reader.place}.digest"),
            ),
            reader.place,
        )


def encode_page(entries: Sequence[Entry], refs: Sequence[Descriptor]) -> tuple[bytes, Page]:
    """Return the Parquet bytes of one page and its line in the manifest (PAGE-2, PAGE-3)."""
    columns: list[pa.Array] = [
        texts([e.path for e in entries]),
        _digests([e.digest for e in entries]),
        integers([e.size for e in entries]),
        texts([e.media_type for e in entries]),
        _digests([e.pack for e in entries]),
        integers([e.offset for e in entries]),
        _digests([e.content_digest for e in entries]),
        integers([e.data_size for e in entries]),
        texts([e.media for e in entries]),
        texts([None if e.reference is None else e.reference.uri for e in entries]),
        texts([None if e.reference is None else e.reference.etag for e in entries]),
        texts([documents.canonical(dict(e.extra)).decode() if e.extra else None for e in entries]),
    ]
    facts = documents.canonical({"refs": [ref.to_json() for ref in refs]})
    table = pa.Table.from_arrays(columns, schema=SCHEMA)
    sink = io.BytesIO()
    with pq.ParquetWriter(
        sink,
        SCHEMA,
        compression="zstd",
        use_dictionary=["media_type", "pack"],
        column_encoding={"path": "DELTA_BYTE_ARRAY", "size": "DELTA_BINARY_PACKED", "offset": "DELTA_BINARY_PACKED"},
        write_page_checksum=True,
        store_schema=False,
    ) as writer:
        writer.write_table(table, row_group_size=MAX_ENTRIES)
        writer.add_key_value_metadata({_KEY: facts})
    data = sink.getvalue()
    return data, Page(
        file=Descriptor(media_type=ENTRY_PAGE, digest=Digest.of(data), size=len(data)),
        first=entries[0].path,
        last=entries[-1].path,
        count=len(entries),
        size=sum(entry.total_size for entry in entries),
        digest=digest_of_lines(entries),
    )


def _digests(found: Sequence[Digest | None]) -> pa.FixedSizeBinaryArray:
    return fixed([None if digest is None else digest.raw for digest in found], 32)


def decode_page(data: bytes, page: Page, place: str) -> list[Entry]:
    """Return the entries of a page, checked against what the manifest says of it (PAGE-4).

    Raises:
        FormatError: the page is not as the manifest says.

    """
    table = read_columns(data, page, place)
    rows = zip(*(table.column(name).to_pylist() for name in SCHEMA.names), strict=True)
    try:
        entries = [entry_of(row, place) for row in rows]
    except FormatError as error:
        raise error if error.place else FormatError(str(error), place=place) from None
    for before, after in pairwise(entries):
        if before.path >= after.path:
            msg = f"expected sorted paths, found {after.path!r:.80} after {before.path!r:.80}"
            raise FormatError(msg, place=place)
    if (entries[0].path, entries[-1].path) != (page.first, page.last):
        found = f"{entries[0].path!r:.80} to {entries[-1].path!r:.80}"
        msg = f"expected the paths {page.first!r:.80} to {page.last!r:.80}, found {found}"
        raise FormatError(msg, place=place)
    check_refs(entries, page_refs(data, place))
    if digest_of_lines(entries) != page.digest:
        msg = f"expected entries with the digest {page.digest}, found others"
        raise FormatError(msg, place=place)
    return entries


def read_columns(data: bytes, page: Page, place: str) -> pa.Table:
    """Return the columns of a page, of the types of `SCHEMA` and as many rows as the manifest says (PAGE-4).

    Raises:
        FormatError: the bytes are no such page.

    """
    try:
        file = pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True)
        if file.metadata.num_rows != page.count:
            msg = f"expected {page.count} entries, found {file.metadata.num_rows}"
            raise FormatError(msg, place=place)
        declared = sum(file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups))
        if declared > MAX_PAGE_BYTES:
            msg = f"expected at most {MAX_PAGE_BYTES} bytes of entries, found {declared} declared"
            raise FormatError(msg, place=place)
        table = file.read(columns=list(SCHEMA.names))
        if set(table.column_names) == set(SCHEMA.names):
            table = table.select(SCHEMA.names)
    except (pa.ArrowException, OSError) as error:
        msg = f"expected a page of entries: {error}"
        raise FormatError(msg, place=place) from None
    if table.column_names != SCHEMA.names or table.schema.types != SCHEMA.types:
        msg = f"expected the columns {', '.join(SCHEMA.names)} with their types, found {table.schema.names}"
        raise FormatError(msg, place=place)
    return table


def page_lines(data: bytes, page: Page, place: str) -> bytes:
    """Return the lines of a page's entries without making the entries: for hashing large artifacts (ART-6)."""
    return joined(table_lines(read_columns(data, page, place), place))


def table_lines(table: pa.Table, place: str) -> pa.BinaryArray:
    """Return the line of each row of a page in the artifact digest (ART-6).

    Raises:
        FormatError: an entry has neither a digest nor a reference.

    """
    rare = pc.or_(pc.is_valid(table["uri"]), pc.is_null(table["digest"]))
    if pc.any(rare).as_py():
        rows = zip(*(table.column(name).to_pylist() for name in SCHEMA.names), strict=True)
        return pa.array([entry_of(row, place).line for row in rows], pa.binary())
    identity = pc.coalesce(table["content_digest"], table["digest"]).combine_chunks()
    raw = np.frombuffer(identity.buffers()[1], np.uint8).reshape(-1, 32)[
        identity.offset : identity.offset + len(identity)
    ]
    texts = np.full((len(raw), 65), ord("\n"), np.uint8)
    texts[:, :64] = _HEX[raw].reshape(len(raw), 64)
    ends = pa.FixedSizeBinaryArray.from_buffers(pa.binary(65), len(raw), [None, pa.py_buffer(texts)])
    paths = table["path"].combine_chunks().cast(pa.binary())
    return pc.binary_join_element_wise(paths, ends.cast(pa.binary()), b"\0SHA-256:")


def joined(lines: pa.BinaryArray) -> bytes:
    """Return the lines of a page as one run of bytes."""
    starts = np.frombuffer(lines.buffers()[1], np.int32)[lines.offset : lines.offset + len(lines) + 1]
    data: bytes = lines.buffers()[2].slice(int(starts[0]), int(starts[-1] - starts[0])).to_pybytes()
    return data


_HEX: npt.NDArray[np.uint8] = np.frombuffer(bytes(range(256)).hex().encode(), np.uint8).reshape(256, 2)


def page_refs(data: bytes, place: str) -> list[Descriptor]:
    """Return what a page's entries refer to (PAGE-2).

    Raises:
        FormatError: the page does not say.

    """
    try:
        metadata = pq.read_metadata(pa.BufferReader(data)).metadata or {}
    except (pa.ArrowException, OSError) as error:
        msg = f"expected a page of entries: {error}"
        raise FormatError(msg, place=place) from None
    if _KEY not in metadata:
        msg = f"expected the key {_KEY.decode()!r} in the file's metadata"
        raise FormatError(msg, place=place)
    return list(read_refs(documents.Reader(documents.parse(metadata[_KEY], place), place)))


def entry_of(row: tuple[object, ...], place: str) -> Entry:
    """Return the entry of one row of a page, its values in the order of `SCHEMA`.

    Raises:
        FormatError: it has impossible values.

    """
    fields = cast("Mapping[str, object]", dict(zip(SCHEMA.names, row, strict=True)))
    uri, extra = fields["uri"], fields["extra"]
    reference = None if uri is None else Reference(uri=cast("str", uri), etag=cast("str | None", fields["etag"]))
    return Entry(
        path=cast("str", fields["path"]),
        media_type=cast("str", fields["media_type"]),
        digest=_opt_digest(fields["digest"]),
        size=cast("int | None", fields["size"]),
        pack=_opt_digest(fields["pack"]),
        offset=cast("int | None", fields["offset"]),
        content_digest=_opt_digest(fields["content_digest"]),
        data_size=cast("int", fields["data_size"] or 0),
        media=cast("str | None", fields["media"]),
        reference=reference,
        extra={} if extra is None else documents.parse(cast("str", extra).encode(), place),
    )


def _opt_digest(raw: object) -> Digest | None:
    return None if raw is None else Digest.from_raw(cast("bytes", raw))
