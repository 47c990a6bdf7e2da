"""Whether the media cells of tables name blobs that are where they say (spec: 10c-collection, VERIFY-7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pyarrow.compute as pc

from wbtable.errors import FormatError
from wbtable.format.file_cell import parse_uri
from wbtable.format.pack import decode_columns
from wbtable.format.types import has_media
from wbtable.tables.reader import TableReader
from wbtable.tables.relocate import map_media

if TYPE_CHECKING:
    import pyarrow as pa

    from wbtable.format.digest import Descriptor, Digest
    from wbtable.format.fragment import Fragment
    from wbtable.format.schema import Column
    from wbtable.format.table_manifest import TableManifest
    from wbtable.storage.objects import ObjectStore

_PACKS = 4
"""So many packs' trailers are kept: the cells of a fragment name few, one after another."""


class CellCheck:
    """Looks at the cells of each fragment once, however many tables name it. What they name was verified before."""

    def __init__(self, objects: ObjectStore) -> None:
        """Look at nothing yet; copies on this machine are not asked."""
        self._objects = objects.direct()
        self._seen: dict[tuple[Digest, tuple[Descriptor, ...]], FormatError | None] = {}
        self._packs: dict[Digest, frozenset[tuple[int, int, bytes]]] = {}

    def check(self, manifest: TableManifest) -> None:
        """Accept a table of which each media cell names a blob of its fragment's containers (FILE-2, DOC-6).

        Raises:
            FormatError: one does not, or a fragment cannot be decoded.

        """
        columns = [column for column in manifest.schema if has_media(column.type)]
        if not columns:
            return
        reader = TableReader(self._objects, manifest)
        for number, fragment in enumerate(reader.fragments):
            name = (fragment.file.digest, fragment.containers)
            if name not in self._seen:
                try:
                    self._look(reader, number, fragment, columns)
                except FormatError as error:
                    self._seen[name] = error
                else:
                    self._seen[name] = None
            found = self._seen[name]
            if found is not None:
                raise found

    def _look(self, reader: TableReader, number: int, fragment: Fragment, columns: list[Column]) -> None:
        containers = {container.digest: container for container in fragment.containers}
        rows = reader.read_fragment(number, [column.name for column in columns])
        for column, values in zip(columns, rows.columns, strict=True):
            place = f'fragments[{number}], column "{column.name}"'

            def look(files: pa.StructArray, place: str = place) -> pa.StructArray:
                self._files(files, containers, place)
                return files

            for chunk in values.chunks:
                map_media(chunk, column.type, look)

    def _files(self, files: pa.StructArray, containers: dict[Digest, Descriptor], place: str) -> None:
        present = files.filter(files.is_valid())
        uris = present.field("uri")
        for uri in uris.unique().to_pylist():
            try:
                digest, packed = parse_uri(uri)
            except FormatError as error:
                raise FormatError(str(error), place=place) from None
            if digest not in containers:
                msg = f"expected a cell to name what its fragment's containers list (DOC-6), found {uri}"
                raise FormatError(msg, place=place)
            mine = present.filter(pc.equal(uris, uri))
            named = zip(
                mine.field("offset").fill_null(0).to_pylist(),
                mine.field("size").to_pylist(),
                mine.field("checksum").to_pylist(),
                strict=True,
            )
            size = containers[digest].size
            held = self._pack(digest) if packed else frozenset([(0, size, digest.raw)])
            for offset, length, checksum in named:
                if (offset, size - offset if length is None else length, _raw(checksum)) not in held:
                    msg = f"{uri} has no blob {checksum!s:.80} of {length} bytes at {offset}"
                    raise FormatError(msg, place=place)

    def _pack(self, digest: Digest) -> frozenset[tuple[int, int, bytes]]:
        found = self._packs.get(digest)
        if found is None:
            digests, offsets, sizes = decode_columns(*self._objects.pack_trailer(digest))
            raw = [cast("Any", item).tobytes() for item in digests]
            found = frozenset(zip(offsets.tolist(), sizes.tolist(), raw, strict=True))
            while len(self._packs) >= _PACKS:
                del self._packs[next(iter(self._packs))]
            self._packs[digest] = found
        return found


def _raw(checksum: str | None) -> bytes | None:
    """Return the bytes of a digest; None of what is none."""
    try:
        return bytes.fromhex((checksum or "").removeprefix("SHA-256:"))
    except ValueError:
        return None
