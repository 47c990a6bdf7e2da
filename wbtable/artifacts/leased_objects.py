"""The objects of one writer: what it puts and what it uses again is leased before a record names it (spec: LEASE-n)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from wbtable.artifacts.contents import refs_of
from wbtable.artifacts.leased_backend import LeasedBackend
from wbtable.artifacts.parallel import each
from wbtable.errors import ConflictError, FormatError, NotFoundError
from wbtable.format import documents
from wbtable.format.digest import ENTRY_PAGE, Descriptor, is_document
from wbtable.format.entry_page import page_refs
from wbtable.storage.objects import ObjectStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from wbtable.artifacts.contents import Contents
    from wbtable.artifacts.lease import Lease

    _Name = tuple[str, str]
    """The digits of an object's digest, and its media type."""

_HEX = 64
_MOST_READ = 16
"""So many replaced documents of older versions are read to see what they named."""


class CollectedError(ConflictError):
    """What a writer was about to use again is gone: to do it again stores it anew."""


class LeasedObjects(ObjectStore):
    """An object store for one commit. Safe to use from several threads.

    What is put waits, if it is small, until `settle`; what the documents name that were put is what is used again.
    """

    def __init__(self, objects: ObjectStore, lease: Lease) -> None:
        """Use the objects of a store under a lease."""
        super().__init__(LeasedBackend(objects.backend, lease), objects.prefix)
        self.recent = objects.recent
        self._named: dict[_Name, Descriptor] = {}
        self._settled: set[_Name] = set()

    @property
    def leased(self) -> LeasedBackend:
        """The backend, which holds what waits."""
        return cast("LeasedBackend", self.backend)

    def put(self, media_type: str, data: bytes) -> Descriptor:
        """See `ObjectStore.put`."""
        if media_type == ENTRY_PAGE:
            self._note(page_refs(data, "page of entries"))
        elif is_document(media_type):
            self._note_document(documents.parse(data, media_type))
        return super().put(media_type, data)

    def put_document(self, media_type: str, value: Mapping[str, object]) -> Descriptor:
        """See `ObjectStore.put_document`."""
        self._note_document(value)
        return super().put(media_type, documents.canonical(value))

    def put_encoded(self, media_type: str, data: bytes, refs: Iterable[Descriptor]) -> Descriptor:
        """See `ObjectStore.put_encoded`."""
        self._note(refs)
        return super().put(media_type, data)

    def settle(self, covering: Callable[[], Iterable[Contents]] = tuple) -> None:
        """Put what waits; see that everything is there that the documents name which were put (LEASE-2, LEASE-6).

        Args:
            covering: returns versions that are not deleted: what they lead to is there. Asked only if there is need.

        Raises:
            CollectedError: an object that is used again was collected.
            ConflictError: a collection that dooms one of the keys does not end.

        """
        reused = self._not_own(self._named.values())
        if reused:
            reused = self._uncovered(reused, list(covering()))
        self.leased.flush(self._keys(reused))
        waiting = reused
        while waiting:
            self._check_there(waiting)
            found = self._not_own(ref for descriptor in waiting.values() for ref in refs_of(self, descriptor))
            self._settled.update(waiting)
            waiting = {name: ref for name, ref in found.items() if name not in self._settled}
            self.leased.flush(self._keys(waiting))

    # How.

    def _note_document(self, value: Mapping[str, object]) -> None:
        refs = value.get("refs")
        if isinstance(refs, list | tuple):
            self._note(Descriptor.from_json(ref, "refs") for ref in refs)

    def _note(self, refs: Iterable[Descriptor]) -> None:
        self._named.update({(ref.digest.hex, ref.media_type): ref for ref in refs})

    def _keys(self, refs: dict[_Name, Descriptor]) -> list[str]:
        return [self.key(ref.digest, ref.media_type) for ref in refs.values()]

    def _not_own(self, refs: Iterable[Descriptor]) -> dict[_Name, Descriptor]:
        """Return what is neither settled nor put by this writer, which has few keys of its own beside what it names."""
        own = self.leased.own()
        digests = {"".join(key.split("/")[-2:])[:_HEX] for key in own}
        out: dict[_Name, Descriptor] = {}
        for ref in list(refs):
            name = (ref.digest.hex, ref.media_type)
            if name in self._settled or (name[0] in digests and self.key(ref.digest, ref.media_type) in own):
                continue
            out[name] = ref
        return out

    def _uncovered(self, reused: dict[_Name, Descriptor], covering: list[Contents]) -> dict[_Name, Descriptor]:
        """Return what no covering version is known to lead to; only as much is read as an append replaces."""
        left = dict(reused)
        replaced: list[Descriptor] = []
        for contents in covering:
            for ref in contents.manifest.refs:
                name = (ref.digest.hex, ref.media_type)
                if left.pop(name, None) is not None:
                    self._settled.add(name)
                elif name not in self._settled and (is_document(ref.media_type) or ref.media_type == ENTRY_PAGE):
                    replaced.append(ref)
        for ref in replaced[:_MOST_READ]:
            if not left:
                break
            try:
                refs = refs_of(self, ref)
            except (FormatError, NotFoundError):
                # A damaged older version is no reason not to store a new one.
                continue
            for inner in refs:
                name = (inner.digest.hex, inner.media_type)
                if left.pop(name, None) is not None:
                    self._settled.add(name)
        return left

    def _check_there(self, reused: dict[_Name, Descriptor]) -> None:
        keys = self._keys(reused)
        sizes = each(self.leased.inner, self.leased.inner.size, keys)
        gone = [key for key, size in zip(keys, sizes, strict=True) if size is None]
        if gone:
            more = f" and {len(gone) - 1} more" if len(gone) > 1 else ""
            raise CollectedError(
                f"{gone[0]}{more}, which this uses again, was collected meanwhile: do it again, and it is stored anew;"
                " but what is taken over from a deleted version is gone with that",
                place=self.backend.url,
            )
