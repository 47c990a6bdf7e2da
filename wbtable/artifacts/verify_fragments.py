"""Whether tables say of their fragments what these are: readers refuse those that are not (spec: 10, VERIFY-6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import xxhash

from wbtable.artifacts.tables import load_manifest
from wbtable.errors import FormatError, NotFoundError
from wbtable.format.table_manifest import read_page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wbtable.format.digest import Descriptor, Digest
    from wbtable.format.fragment import Fragment
    from wbtable.format.table_manifest import PageEntry
    from wbtable.storage.objects import ObjectStore

_Claim: TypeAlias = "tuple[Digest, str, int, str]"
_TRAILER = 8
_MAGIC = b"PAR1"


class FragmentFacts:
    """What is known of fragments that were read whole, and what was found right; one for each verification.

    Attributes:
        xxh3: of each fragment that was read whole the XXH3-128.

    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self.xxh3: dict[Digest, str] = {}
        self._pages: set[PageEntry] = set()
        self._right: set[_Claim] = set()

    def new(self, objects: ObjectStore, table: Descriptor) -> Iterator[Fragment]:
        """Yield the fragments of a table manifest but those of which the same was said before, and found right.

        Raises:
            FormatError: the manifest, or a page of its list, is not as it should be.
            NotFoundError: a page is not there.

        """
        name = table.digest.hex[:12]
        manifest = load_manifest(objects, table, name)
        yield from filter(self._is_new, manifest.tail)
        for number, entry in enumerate(manifest.pages):
            if entry in self._pages:
                continue
            found = read_page(objects.get_document(entry.page), entry, f"table {name}.pages[{number}]")
            yield from filter(self._is_new, found)
            self._pages.add(entry)

    def _is_new(self, fragment: Fragment) -> bool:
        return _claim(fragment) not in self._right

    def problem(self, objects: ObjectStore, fragment: Fragment) -> str | None:
        """Return what is wrong with what a table says of a whole fragment; None if it is so."""
        found = self._problem(objects, fragment)
        if found is None:
            self._right.add(_claim(fragment))
        else:  # so that the next table that names the page is looked into, too
            self._pages.clear()
        return found

    def _problem(self, objects: ObjectStore, fragment: Fragment) -> str | None:
        key = objects.key(fragment.file.digest, fragment.file.media_type)
        known = self.xxh3.get(fragment.file.digest)
        if known not in {None, fragment.xxh3}:
            return f"it says that {key} has the XXH3-128 {fragment.xxh3}, found {known}"
        size = fragment.footer_length + _TRAILER
        if size > fragment.file.size:
            return f"it says that {key} has a footer of {fragment.footer_length} bytes, which is longer than the file"
        try:
            tail = objects.direct().backend.get_range(key, fragment.file.size - size, size)
        except (FormatError, NotFoundError) as error:
            return str(error)
        length = int.from_bytes(tail[-_TRAILER:-4], "little")
        if length != fragment.footer_length or tail[-4:] != _MAGIC:
            return f"it says that {key} has a footer of {fragment.footer_length} bytes, found {length}"
        found = xxhash.xxh3_128_hexdigest(tail[:-_TRAILER])
        if found != fragment.footer_xxh3:
            return f"it says that the footer of {key} has the XXH3-128 {fragment.footer_xxh3}, found {found}"
        return None


def _claim(fragment: Fragment) -> _Claim:
    return fragment.file.digest, fragment.xxh3, fragment.footer_length, fragment.footer_xxh3
