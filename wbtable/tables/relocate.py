"""Moving blobs into a store: the cells of a batch are given the places where their bytes went (FILE-2, FILE-3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wbtable.errors import FormatError
from wbtable.format.digest import BLOB, PACK, Descriptor
from wbtable.format.file_cell import FILE_TYPE, parse_uri
from wbtable.format.types import ListType, MapType, StructType, has_media
from wbtable.storage.pieces import Pieces
from wbtable.storage.ranges import runs_of
from wbtable.storage.seen import UNKNOWN, first_of_equals
from wbtable.tables.checksums import raws_of
from wbtable.tables.spill import TableBlobs

if TYPE_CHECKING:
    from collections.abc import Callable

    from wbtable.format.schema import Schema
    from wbtable.format.types import ColumnType
    from wbtable.media.base import BlobReader
    from wbtable.storage.objects import ObjectStore
    from wbtable.storage.packs import PackWriter
    from wbtable.storage.seen import Digests, Ints

_MAX_READ = 16 << 20
"""Bytes of blobs in flight between two stores."""
_PENDING = "#"


def holds_files(found: pa.DataType) -> bool:
    """Whether an Arrow type is, or nests, the FILE group."""
    if found == FILE_TYPE:
        return True
    return any(holds_files(found.field(i).type) for i in range(found.num_fields))


def map_media(array: pa.Array, column_type: ColumnType, change: Callable[[pa.StructArray], pa.StructArray]) -> pa.Array:
    """Return a column with each FILE group of its media replaced by ``change`` of it.

    A struct of the user's may have the fields of such a group, and is none (FP-8).
    """
    if not has_media(column_type):
        return array
    if isinstance(column_type, StructType):
        types = {item.name: item.type for item in column_type.fields if has_media(item.type)}
        names = [item.name for item in array.type]
        children = [
            map_media(child, types[name], change) if name in types else child
            for name, child in zip(names, array.flatten(), strict=True)
        ]
        mask = array.is_null() if array.null_count else None
        return pa.StructArray.from_arrays(children, fields=list(array.type), mask=mask)
    if isinstance(column_type, (ListType, MapType)):
        item = column_type.item
        return map_files(array, change, lambda items: map_media(items, item, change))
    return map_files(array, change)


def map_files(
    array: pa.Array,
    change: Callable[[pa.StructArray], pa.StructArray],
    inner: Callable[[pa.Array], pa.Array] | None = None,
) -> pa.Array:
    """Return `array` with each FILE group in it, however deep, replaced by ``change`` of it.

    With `inner` the elements of a list, or the items of a map, are replaced by ``inner`` of them instead.
    """
    found = array.type
    if not holds_files(found):
        return array
    if found == FILE_TYPE:
        return change(cast("pa.StructArray", array))
    if pa.types.is_struct(found):
        # Flattened: a group within a null cell is null too.
        children = [map_files(child, change) for child in array.flatten()]
        mask = array.is_null() if array.null_count else None
        return pa.StructArray.from_arrays(children, fields=list(found), mask=mask)
    if pa.types.is_map(found):
        # A map is a list of entries; its items may be media. Flattened: entries under null maps are left out.
        flat = _entries(array).flatten()
        items = inner(flat.field(1)) if inner is not None else map_files(flat.field(1), change)
        return pa.MapArray.from_arrays(_compact_offsets(array), flat.field(0), items, type=found)
    flat = array.flatten()
    values = inner(flat) if inner is not None else map_files(flat, change)
    return pa.ListArray.from_arrays(_compact_offsets(array), values, type=found)


def _entries(array: pa.MapArray) -> pa.ListArray:
    whole = pa.StructArray.from_arrays([array.keys, array.items], names=["key", "value"])
    offsets = pa.array(np.array(array.offsets))  # a copy: beside a mask they may not be a slice
    return pa.ListArray.from_arrays(offsets, whole, mask=array.is_null() if array.null_count else None)


def _compact_offsets(array: pa.Array) -> pa.Array:
    """Return offsets that start at 0 and are null where the list is."""
    lengths = np.diff(np.asarray(array.offsets))
    mask = np.asarray(array.is_null()) if array.null_count else np.zeros(len(array), dtype=np.bool_)
    lengths[mask] = 0
    ends = np.zeros(len(array) + 1, dtype=np.int32)
    np.cumsum(lengths, out=ends[1:])
    return pa.array(ends, mask=np.append(mask, False) if mask.any() else None)


@dataclass(slots=True)
class Relocator:
    """Stores the blobs of batches and points their cells to them.

    A pack has no name before it is closed. Until then a cell's ``uri`` is ``#`` and the container's number:
    :meth:`resolve` puts the name in.

    Attributes:
        objects: where the blobs go.
        packs: what writes them.
        schema: the batches' columns.
        containers: the descriptors of what the cells name, by URI.

    """

    objects: ObjectStore
    packs: PackWriter
    schema: Schema
    containers: dict[str, Descriptor] = field(default_factory=dict)

    def move(self, batch: pa.RecordBatch, blobs: BlobReader) -> tuple[pa.RecordBatch, int]:
        """Store what `batch` names in `blobs`.

        Returns:
            The batch with new locations, and the highest number of a container that they name, -1 for none.

        """
        highest = -1

        def change(files: pa.StructArray) -> pa.StructArray:
            nonlocal highest
            if self.objects.is_same(blobs):
                self._note(files.field("uri"))
                return files
            moved, last = self._store(files, blobs)
            highest = max(highest, last)
            return moved

        arrays = self._mapped(batch, change)
        return pa.RecordBatch.from_arrays(arrays, schema=batch.schema), highest

    def is_ready(self, highest: int) -> bool:
        """Whether every container up to one has its name."""
        return highest < 0 or all(map(self.packs.is_sealed, range(highest, -1, -1)))

    def resolve(self, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, set[str]]:
        """Return the batch with the names of all containers, and the URIs that it names."""
        used: set[str] = set()

        def change(files: pa.StructArray) -> pa.StructArray:
            uris = files.field("uri").dictionary_encode()
            names = [self._name(uri) for uri in uris.dictionary.to_pylist()]
            used.update(names)
            fields = [files.field(i) for i in range(files.type.num_fields)]
            fields[0] = pa.DictionaryArray.from_arrays(uris.indices, pa.array(names, pa.string())).dictionary_decode()
            mask = files.is_null() if files.null_count else None
            return pa.StructArray.from_arrays(fields, fields=list(FILE_TYPE), mask=mask)

        arrays = self._mapped(batch, change)
        return pa.RecordBatch.from_arrays(arrays, schema=batch.schema), used

    def _mapped(self, batch: pa.RecordBatch, change: Callable[[pa.StructArray], pa.StructArray]) -> list[pa.Array]:
        pairs = zip(batch.columns, self.schema, strict=True)
        return [map_media(values, column.type, change) for values, column in pairs]

    def _name(self, uri: str) -> str:
        if not uri.startswith(_PENDING):
            return uri
        number = int(uri[1:])
        name = self.packs.uri(number)
        self.containers[name] = self.packs.descriptor(number)
        return name

    def _note(self, uris: pa.Array) -> None:
        """Note the containers of cells that stay where they are."""
        for uri in uris.unique().to_pylist():
            if uri is not None and uri not in self.containers:
                digest, packed = parse_uri(uri)
                media_type = PACK if packed else BLOB
                size = self.objects.backend.size(self.objects.key(digest, media_type))
                if size is None:
                    msg = f"the object {uri} that media cells name is missing"
                    raise FormatError(msg)
                self.containers[uri] = Descriptor(media_type=media_type, digest=digest, size=size)

    def _store(self, files: pa.StructArray, blobs: BlobReader) -> tuple[pa.StructArray, int]:
        valid = np.flatnonzero(np.asarray(files.is_valid()))
        present = files.take(pa.array(valid)) if len(valid) < len(files) else files
        raws = raws_of(present.field("checksum"))
        sizes = np.asarray(pc.fill_null(present.field("size"), -1)).astype(np.int64, copy=False)
        places = self.packs.find(raws, sizes)
        unknown = np.flatnonzero(places[:, 0] == UNKNOWN)
        if len(unknown):
            firsts = unknown[first_of_equals(raws[unknown])]
            missing = unknown[firsts == unknown]
            for start, rows in runs_of(np.maximum(sizes[missing], 0), _MAX_READ):
                run = missing[start : start + rows]
                places[run] = self._copy(run, present, raws[run], blobs)
            places[unknown] = places[firsts]
        containers = np.ascontiguousarray(places[:, 0])
        return _located(files, valid, containers, places[:, 1]), int(containers.max(initial=-1))

    def _copy(self, run: Ints, files: pa.StructArray, raws: Digests, blobs: BlobReader) -> Ints:
        """Store the blobs of some cells; return container, offset and size of each."""
        if not isinstance(blobs, TableBlobs):
            return self.packs.add_new(raws, Pieces.of(blobs.read_many(files.take(pa.array(run)).to_pylist())))
        if not blobs.has_files:
            return self.packs.add_new(raws, blobs.borrow(raws))
        out = np.empty((len(run), 3), np.int64)
        for at in range(len(run)):
            one = raws[at : at + 1]
            payload = blobs.file_payload(one.tobytes())
            if payload is not None:  # a large file, streamed
                (placed,) = self.packs.add_many([payload])
                out[at] = placed.container, placed.offset, placed.size
            else:
                out[at] = self.packs.add_new(one, blobs.borrow(one))[0]
        return out


def _located(files: pa.StructArray, valid: Ints, containers: Ints, offsets: Ints) -> pa.StructArray:
    """Return the FILE groups with pending URIs and offsets."""
    rows = len(files)
    mask = None
    first = int(containers.min(initial=0))
    indices, where = (containers - first).astype(np.int32), np.ascontiguousarray(offsets)
    if len(valid) < rows:
        mask = np.ones(rows, dtype=np.bool_)
        mask[valid] = False
        indices, where = _spread(indices, valid, rows), _spread(where, valid, rows)
    names = pa.array([f"{_PENDING}{first + i}" for i in range(int(indices.max(initial=0)) + 1)], pa.string())
    uris = pa.DictionaryArray.from_arrays(pa.array(indices, mask=mask), names).dictionary_decode()
    fields = [uris, pa.array(where, mask=mask), *(files.field(i) for i in range(2, files.type.num_fields))]
    return pa.StructArray.from_arrays(fields, fields=list(FILE_TYPE), mask=None if mask is None else pa.array(mask))


def _spread(values: np.ndarray, valid: Ints, rows: int) -> np.ndarray:
    """Return an array of `rows` with the values where they belong, and 0 elsewhere."""
    out = np.zeros(rows, values.dtype)
    out[valid] = values
    return out
