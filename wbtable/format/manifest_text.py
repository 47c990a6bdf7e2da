"""Canonical text of fragment lists (spec: 05-tables, DOC-3): an append writes again only what it adds.

A fragment's text never changes, but for the positions of its containers in the document's `refs`. So it is made once,
kept with the fragment, and joined: the texts are those that `documents.canonical` gives of the same JSON.
"""

from __future__ import annotations

from json.encoder import encode_basestring
from typing import TYPE_CHECKING

from wbtable.format.documents import canonical
from wbtable.format.fragment import FragmentText

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wbtable.format.digest import Descriptor, Digest
    from wbtable.format.fragment import Fragment

__all__ = ["content_texts", "join_list", "join_object", "ref_texts", "tail_texts", "text_of"]


def text_of(value: object) -> str:
    """Return the canonical JSON of a value as text."""
    return canonical(value).decode()


def join_list(texts: Iterable[str]) -> str:
    """Return the list of values whose texts are given."""
    return f"[{','.join(texts)}]"


def join_object(fields: Mapping[str, object], texts: Mapping[str, str]) -> str:
    """Return the text of an object in RFC 8785's order, that of UTF-16 code units.

    Args:
        fields: the fields whose values are given.
        texts: the fields whose texts are given; of both, these count.

    """
    parts: list[str] = []
    between: dict[str, object] = {}
    names = {*fields, *texts}
    plain = all(map(str.isascii, names))  # which sort by their characters
    for name in sorted(names) if plain else sorted(names, key=lambda name: name.encode("utf-16-be", "surrogatepass")):
        if name not in texts:
            between[name] = fields[name]
            continue
        if between:
            parts.append(text_of(between)[1:-1])
            between = {}
        parts.append(f"{encode_basestring(name)}:{texts[name]}")
    if between:
        parts.append(text_of(between)[1:-1])
    return f"{{{','.join(parts)}}}"


def tail_texts(fragments: Iterable[Fragment], positions: Mapping[Digest, int]) -> list[str]:
    """Return the texts of fragments; `positions` gives the place of each container in ``refs``."""
    out = []
    for fragment in fragments:
        text = fragment.text or FragmentText.of(fragment)
        places = sorted([positions[found.digest] for found in fragment.containers]) if fragment.containers else ()
        out.append(f"{text.before}[{','.join(map(str, places))}]{text.after}")
    return out


def content_texts(fragments: Iterable[Fragment]) -> list[str]:
    """Return the texts of what the content digest covers of each fragment (TABLE-6)."""
    return [(fragment.text or FragmentText.of(fragment)).content for fragment in fragments]


def ref_texts(refs: Iterable[Descriptor]) -> list[str]:
    """Return the texts of a document's ``refs``; neither digests nor media types hold what JSON escapes."""
    return [f'{{"digest":"SHA-256:{r.digest.hex}","media_type":"{r.media_type}","size":{r.size}}}' for r in refs]
