"""Opening fragments: each is checked before its bytes are decoded (spec: 07-fragments, FRAG-n)."""

from __future__ import annotations

import contextlib
import io
import os
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from wbtable.errors import DigestMismatchError, FormatError, NotFoundError, WbtableError
from wbtable.tables.conform import conform
from wbtable.tables.stored_type import stored_type

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from wbtable.format.fragment import Fragment
    from wbtable.format.schema import Schema
    from wbtable.storage.objects import ObjectStore

_MAGIC = b"PAR1"
_TRAILER = 8
_BLOCK = 8 << 20
_OPEN_LIMIT = 64
_CHECKED_LIMIT = 1 << 16

Stamp = tuple[int, int, int, int]


class _Checked:
    """The local files whose whole XXH3 was found right in this process, by device, inode, size and time of change."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._known: OrderedDict[Stamp, str] = OrderedDict()

    def knows(self, stamp: Stamp, xxh3: str) -> bool:
        with self._guard:
            return self._known.get(stamp) == xxh3

    def add(self, stamp: Stamp, xxh3: str) -> None:
        with self._guard:
            self._known[stamp] = xxh3
            while len(self._known) > _CHECKED_LIMIT:
                self._known.popitem(last=False)


_CHECKED = _Checked()


def check_local(path: Path, fragment: Fragment, place: str) -> Stamp:
    """Check the whole of a local fragment, once in this process while it stays the same file (FRAG-7).

    Raises:
        NotFoundError: it is missing.
        FormatError: it has another length.
        DigestMismatchError: its bytes are damaged.

    """
    try:
        found = os.stat(path)
    except FileNotFoundError:
        raise _missing(path, place) from None
    stamp = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
    if found.st_size != fragment.file.size:
        msg = f"expected {fragment.file.size} bytes, found {found.st_size}: the file is cut short or damaged"
        raise FormatError(msg, place=place)
    if _CHECKED.knows(stamp, fragment.xxh3):
        return stamp
    hasher = xxhash.xxh3_128()
    block = bytearray(_BLOCK)
    with open(path, "rb", buffering=0) as file:
        while got := file.readinto(block):
            hasher.update(memoryview(block)[:got])
    if hasher.hexdigest() != fragment.xxh3:
        msg = f"the bytes are damaged: expected XXH3-128 {fragment.xxh3}, found {hasher.hexdigest()}"
        raise DigestMismatchError(msg, place=place)
    _CHECKED.add(stamp, fragment.xxh3)
    return stamp


def _missing(path: Path | None, place: str) -> NotFoundError:
    return NotFoundError(f"the fragment {path} is missing", place=place)


class OpenFragment:
    """One fragment whose footer is known and checked.

    Attributes:
        fragment: what the manifest says of it.
        place: where it stands, for messages.
        metadata: Parquet's footer.
        schema: what Parquet says of its columns.
        columns: the names of the columns that it has, in order.
        names: the same as a set.
        starts: the first row of each row group within the fragment, and the end of the last.

    """

    __slots__ = (
        "_objects",
        "_source",
        "columns",
        "fragment",
        "metadata",
        "names",
        "place",
        "schema",
        "stamp",
        "starts",
    )

    def __init__(self, objects: ObjectStore, fragment: Fragment, place: str, footer: bytes | None = None) -> None:
        """Open and check a fragment: a local one whole, another's footer.

        Args:
            objects: where it is.
            fragment: what the manifest says of it.
            place: where it stands, for messages.
            footer: the end of the file, if it was read already: see `footer_range`.

        Raises:
            NotFoundError: it is missing.
            FormatError: it is damaged, or no Parquet.

        """
        self.fragment = fragment
        self.place = place
        self._objects = objects
        path = objects.local_path(fragment.file)
        self.stamp: Stamp | None = None
        self._source: pa.NativeFile | None = None
        try:
            if path is None:
                self.metadata = pq.read_metadata(io.BytesIO(self._footer(footer)))
            else:
                self.stamp = check_local(path, fragment, place)
                self._source = pa.memory_map(os.fspath(path))
                self.metadata = pq.read_metadata(self._source)
        except FileNotFoundError:  # it was there a moment ago
            raise _missing(path, place) from None
        except (pa.ArrowException, OSError) as error:
            msg = f"expected a Parquet file: {error}"
            raise FormatError(msg, place=place) from None
        self.schema = self.metadata.schema.to_arrow_schema()
        self.columns = tuple(self.schema.names)
        self.names = frozenset(self.columns)
        counts = [self.metadata.row_group(i).num_rows for i in range(self.metadata.num_row_groups)]
        self.starts = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
        if int(self.starts[-1]) != fragment.rows or self.metadata.num_rows != fragment.rows:
            msg = f"expected {fragment.rows} rows, found {self.metadata.num_rows}"
            raise FormatError(msg, place=place)

    def _footer(self, tail: bytes | None) -> bytes:
        """Return the checked end of a fragment that is read by ranges (FRAG-7)."""
        size = self.fragment.footer_length
        if tail is None:
            try:
                tail = self._objects.backend.get_ranges([footer_range(self._objects, self.fragment)])[0]
            except (FormatError, NotFoundError) as error:
                raise type(error)(str(error), place=self.place) from None
        if len(tail) != size + _TRAILER or tail[-4:] != _MAGIC or int.from_bytes(tail[-8:-4], "little") != size:
            self._forget()
            msg = f"expected a Parquet footer of {size} bytes at the end: the file is cut short or damaged"
            raise FormatError(msg, place=self.place)
        found = xxhash.xxh3_128_hexdigest(tail[:size])
        if found != self.fragment.footer_xxh3:
            self._forget()
            msg = f"the footer is damaged: expected XXH3-128 {self.fragment.footer_xxh3}, found {found}"
            raise DigestMismatchError(msg, place=self.place)
        return _MAGIC + tail

    def _forget(self) -> None:
        self._objects.forget(self._objects.key(self.fragment.file.digest, self.fragment.file.media_type))

    def ranges(self, groups: Sequence[int], wanted: Schema) -> list[tuple[str, int, int]]:
        """Return key, offset and size of what `read` will read; nothing of a local fragment, which is mapped."""
        if self._source is not None:
            return []
        key = self._objects.key(self.fragment.file.digest, self.fragment.file.media_type)
        merged: list[list[int]] = []
        for start, size in self._chunks(groups, [name for name in wanted.names if name in self.names]):
            end = min(start + size, self.fragment.file.size)
            if merged and start <= merged[-1][1]:
                merged[-1][1] = max(merged[-1][1], end)
            elif start < end:
                merged.append([start, end])
        return [(key, start, end - start) for start, end in merged]

    def read(
        self, groups: Sequence[int], wanted: Schema, *, threads: bool = True, data: Sequence[bytes] | None = None
    ) -> pa.Table:
        """Return some row groups of some columns in physical form, cast to the manifest's types.

        Args:
            groups: the numbers of the row groups.
            wanted: the columns.
            threads: whether several threads decode.
            data: the bytes of `ranges`, if they were read already.

        Raises:
            FormatError: the bytes are damaged, or a column is missing or does not fit.

        """
        names = [name for name in wanted.names if name in self.names]
        try:
            table = self._parquet(groups, wanted, data).read_row_groups(
                list(groups), columns=names, use_threads=threads
            )
        except WbtableError:
            raise
        except (pa.ArrowException, OSError, ValueError, EOFError) as error:
            self._forget()
            msg = f"the bytes are damaged: {error}"
            raise FormatError(msg, place=self.place) from None
        rows = int(sum(self.starts[group + 1] - self.starts[group] for group in groups))
        if table.num_rows != rows:
            self._forget()
            msg = f"the bytes are damaged: expected {rows} rows, found {table.num_rows}"
            raise FormatError(msg, place=self.place)
        return self._conform(table, wanted)

    def _conform(self, table: pa.Table, wanted: Schema) -> pa.Table:
        expected = wanted.arrow()
        columns = []
        for field in expected:
            at = table.schema.get_field_index(field.name)
            if at < 0:
                # A later append added it (TABLE-7).
                columns.append(pa.chunked_array([pa.nulls(table.num_rows, field.type)]))
                continue
            column = table.column(at)
            if not column.type.equals(field.type):
                place = f'{self.place}, column "{field.name}"'
                have = stored_type(column.type, wanted[field.name], place)
                chunks = [conform(chunk, have, wanted[field.name], place=place) for chunk in column.chunks]
                column = pa.chunked_array(chunks, field.type)
            columns.append(column)
        return pa.Table.from_arrays(columns, schema=expected)

    def _parquet(self, groups: Sequence[int], wanted: Schema, data: Sequence[bytes] | None) -> pq.ParquetFile:
        """Return a reader: cheap once the footer is known, and not safe to share between threads."""
        if self._source is not None:
            return pq.ParquetFile(self._source, metadata=self.metadata)
        ranges = self.ranges(groups, wanted)
        found = self._objects.backend.get_ranges(ranges) if data is None else data
        loaded = _Loaded(self._objects, self.fragment, ranges, found)
        return pq.ParquetFile(pa.PythonFile(loaded, mode="r"), metadata=self.metadata, page_checksum_verification=True)

    def _chunks(self, groups: Sequence[int], names: Sequence[str]) -> list[tuple[int, int]]:
        """Return the byte ranges of the column chunks that will be read."""
        schema = self.metadata.schema
        prefixes = tuple(f"{name}." for name in names)
        exact = set(names)
        out = []
        for at in range(self.metadata.num_columns):
            path = schema.column(at).path
            if path not in exact and not path.startswith(prefixes):
                continue
            for group in groups:
                chunk = self.metadata.row_group(group).column(at)
                start = chunk.dictionary_page_offset or chunk.data_page_offset
                out.append((min(start, chunk.data_page_offset), chunk.total_compressed_size))
        return sorted(out)


def footer_range(objects: ObjectStore, fragment: Fragment) -> tuple[str, int, int]:
    """Return key, offset and size of the end of a fragment that tells what is in it."""
    size = fragment.footer_length + _TRAILER
    key = objects.key(fragment.file.digest, fragment.file.media_type)
    return key, max(0, fragment.file.size - size), min(size, fragment.file.size)


class _Loaded(io.RawIOBase):
    """A read-only file of which the ranges needed were fetched together; the rest is fetched when asked for."""

    def __init__(
        self, objects: ObjectStore, fragment: Fragment, ranges: Sequence[tuple[str, int, int]], data: Sequence[bytes]
    ) -> None:
        self._objects = objects
        self._file = fragment.file
        self._at = 0
        self._parts = [(start, found) for (_, start, _), found in zip(ranges, data, strict=True)]
        self._starts = [start for start, _ in self._parts]

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._file.size}[whence]
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        left = max(0, self._file.size - self._at)
        size = left if size is None or size < 0 else min(size, left)
        at = self._at
        self._at += size
        i = int(np.searchsorted(self._starts, at, side="right")) - 1
        if i >= 0:
            start, data = self._parts[i]
            if at + size <= start + len(data):
                return data[at - start : at - start + size]
        return self._objects.get_range(self._file, at, size) if size else b""


class Fragments:
    """Opens the fragments of one store, and keeps the newest open."""

    __slots__ = ("_guard", "_objects", "_open")

    def __init__(self, objects: ObjectStore) -> None:
        """Open fragments of `objects`."""
        self._objects = objects
        self._guard = Lock()
        self._open: OrderedDict[str, OpenFragment] = OrderedDict()

    def open(self, fragment: Fragment, place: str) -> OpenFragment:
        """Return a fragment, opened and checked now or before.

        Raises:
            NotFoundError: it is missing.
            FormatError: it is damaged.

        """
        return self.open_many([(fragment, place)])[0]

    def open_many(self, wanted: Sequence[tuple[Fragment, str]]) -> list[OpenFragment]:
        """Return fragments and where they stand, opened and checked; the footers of remote ones are read together.

        Raises:
            NotFoundError: one is missing.
            FormatError: one is damaged.

        """
        out = [self._known(fragment) for fragment, _ in wanted]
        new = [i for i, opened in enumerate(out) if opened is None]
        footers: list[bytes | None] = [None] * len(wanted)
        remote = [i for i in new if self._objects.local_path(wanted[i][0].file) is None]
        if len(remote) > 1:
            ranges = [footer_range(self._objects, wanted[i][0]) for i in remote]
            # Which is missing or cut short, the one that is opened alone will say.
            with contextlib.suppress(FormatError, NotFoundError):
                for i, footer in zip(remote, self._objects.backend.get_ranges(ranges), strict=True):
                    footers[i] = footer
        for i in new:
            fragment, place = wanted[i]
            out[i] = self._keep(OpenFragment(self._objects, fragment, place, footers[i]))
        return [opened for opened in out if opened is not None]

    def _known(self, fragment: Fragment) -> OpenFragment | None:
        with self._guard:
            found = self._open.get(fragment.file.digest.hex)
        return found if found is not None and self._is_fresh(found) else None

    def _keep(self, opened: OpenFragment) -> OpenFragment:
        name = opened.fragment.file.digest.hex
        with self._guard:
            self._open[name] = opened
            self._open.move_to_end(name)
            while len(self._open) > _OPEN_LIMIT:
                self._open.popitem(last=False)
        return opened

    def _is_fresh(self, opened: OpenFragment) -> bool:
        """Whether the file on disk is still the one that was checked."""
        if opened.stamp is None:
            return True
        path = self._objects.local_path(opened.fragment.file)
        if path is None:
            return False
        try:
            now = os.stat(path)
        except OSError:
            return False
        return (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns) == opened.stamp
