"""Bytes of live packs that nothing names any more (spec: 10c-collection, GC-7)."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from wbtable.artifacts.contents import Contents
from wbtable.errors import NotFoundError
from wbtable.format.artifact_manifest import ArtifactManifest
from wbtable.format.digest import ARTIFACT, PACK, TABLE, Descriptor, Digest
from wbtable.format.file_cell import parse_uri
from wbtable.format.pack import decode_columns
from wbtable.format.table_manifest import TableManifest
from wbtable.format.types import has_media
from wbtable.tables.reader import TableReader
from wbtable.tables.relocate import map_media

if TYPE_CHECKING:
    import pyarrow as pa

    from wbtable.artifacts.gc_mark import Ref
    from wbtable.artifacts.gc_roots import Roots
    from wbtable.artifacts.store_files import StoreFiles
    from wbtable.storage.objects import ObjectStore


def partly_dead(store: StoreFiles, roots: Roots, wanted: bool | None) -> int | None:
    """Return the bytes of blobs in live packs that no live version names.

    Args:
        store: the store.
        roots: what was marked.
        wanted: False: return None without looking. None: look only if a version was ever deleted, for as long as
            none was, the packs of each are all its own.

    """
    if wanted is False:
        return None
    if wanted is None and not roots.listing.deletions:
        return 0
    used = _Used(store.objects)
    # Of a deleted version objects may be missing (GC-5), and another collector may be taking them just now.
    for ref in roots.marked(ARTIFACT):
        with contextlib.suppress(NotFoundError):
            used.add_artifact(ref)
    for ref in roots.marked(TABLE):
        with contextlib.suppress(NotFoundError):
            used.add_table(ref)
    whole = {name for _, _, name, _ in roots.of_runs()}
    return sum(used.unused(ref) for ref in roots.marked(PACK) if ref.hex not in whole)


class _Used:
    """The blobs of packs that entries and cells name, by where they begin."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects
        self._offsets: dict[str, set[int]] = {}
        self._whole: set[str] = set()

    def add_artifact(self, ref: Ref) -> None:
        document = self._objects.get_document(_descriptor(ref))
        for entry in Contents(self._objects, ArtifactManifest.from_json(document, ref.key)):
            if entry.reference is not None:
                continue
            if entry.pack is not None and entry.offset is not None:
                self._offsets.setdefault(entry.pack.hex, set()).add(entry.offset)
            # Further files of a media value: where they begin stands in its facts; their packs count as used.
            self._whole.update(digest.hex for digest in entry.containers()[1:])

    def add_table(self, ref: Ref) -> None:
        manifest = TableManifest.from_json(self._objects.get_document(_descriptor(ref)), ref.key)
        if not manifest.pages and not any(inner.media_type == PACK for inner in manifest.refs):
            return  # what the fragments of pages name stands in the pages' refs
        columns = [column for column in manifest.schema if has_media(column.type)]
        try:
            for batch in TableReader(self._objects, manifest).batches([column.name for column in columns]):
                for values, column in zip(batch.columns, columns, strict=True):
                    map_media(values, column.type, self._note)
        except NotFoundError:
            # What its rows name is not known any more.
            self._whole.update(inner.digest.hex for inner in manifest.refs if inner.media_type == PACK)

    def _note(self, files: pa.StructArray) -> pa.StructArray:
        present = files.filter(files.is_valid())
        uris, offsets = present.field("uri"), present.field("offset").fill_null(0)
        for uri in uris.unique().to_pylist():
            digest, packed = parse_uri(uri)
            if packed:
                mine = offsets.filter(pc.equal(uris, uri)).to_pylist()
                self._offsets.setdefault(digest.hex, set()).update(mine)
        return files

    def unused(self, ref: Ref) -> int:
        if ref.hex in self._whole:
            return 0
        try:
            trailer, size = self._objects.pack_trailer(Digest(ref.hex))
        except NotFoundError:
            return 0
        _, offsets, sizes = decode_columns(trailer, size)
        used = self._offsets.get(ref.hex, set())
        return int(sum(length for at, length in zip(offsets.tolist(), sizes.tolist(), strict=True) if at not in used))


def _descriptor(ref: Ref) -> Descriptor:
    return Descriptor(media_type=ref.media_type, digest=Digest(ref.hex), size=ref.size)
