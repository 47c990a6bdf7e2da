"""The ``refs`` of documents: every object that one names, in order of digest (spec: 04b-documents, DOC-6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbtable.format.digest import Descriptor, Digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wbtable.format.documents import Reader
    from wbtable.format.fragment import Fragment

__all__ = ["by_digest", "fragment_refs", "read_refs"]


def by_digest(found: Mapping[Digest, Descriptor]) -> tuple[Descriptor, ...]:
    """Return descriptors in order of digest."""
    return tuple(sorted(found.values(), key=lambda ref: ref.digest.hex))


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
