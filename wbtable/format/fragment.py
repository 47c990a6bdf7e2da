"""One fragment as a manifest lists it (spec: 05-tables, TABLE-4), and its canonical text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, NamedTuple, Self

from wbtable.errors import FormatError
from wbtable.format.digest import FRAGMENT, Descriptor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wbtable.format.documents import Json, Reader

__all__ = ["ColumnChunk", "Fragment", "FragmentText"]

_HEX128 = re.compile(r"[0-9a-f]{32}")


def _hex128(value: str, place: str) -> str:
    if not _HEX128.fullmatch(value):
        msg = f"expected 32 lowercase hexadecimal characters, found {value!r:.60}"
        raise FormatError(msg, place=place)
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnChunk:
    """One column of one fragment (TABLE-4).

    Attributes:
        nulls: how many of its values are null.
        fingerprint: XXH3-128 over the canonical form of its values, 32 hexadecimal characters.
        least: the smallest value as text; None where there is none or its type has no order.
        greatest: the largest value, likewise.

    """

    nulls: int
    fingerprint: str
    least: str | None = None
    greatest: str | None = None

    def to_json(self) -> Json:
        """Return the JSON form."""
        out: Json = {"nulls": self.nulls, "fingerprint": self.fingerprint}
        if self.least is not None:
            out["min"] = self.least
        if self.greatest is not None:
            out["max"] = self.greatest
        return out

    @classmethod
    def read(cls, fields: Reader) -> Self:
        """Read the JSON form."""
        return cls(
            nulls=fields.int("nulls"),
            fingerprint=_hex128(fields.str("fingerprint"), f"{fields.place}.fingerprint"),
            least=fields.opt_str("min"),
            greatest=fields.opt_str("max"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """One Parquet file of consecutive rows (TABLE-4).

    Attributes:
        file: what and how long it is.
        rows: how many rows it holds, at least one.
        xxh3: XXH3-128 of the whole file, 32 hexadecimal characters.
        footer_length: bytes of the footer's metadata, without length and magic.
        footer_xxh3: XXH3-128 of those bytes.
        columns: one for each column of the manifest, in its order.
        containers: the packs and large blobs that its media cells name.
        text: its canonical text, once that was made.

    """

    file: Descriptor
    rows: int
    xxh3: str
    footer_length: int
    footer_xxh3: str
    columns: tuple[ColumnChunk, ...]
    containers: tuple[Descriptor, ...] = ()
    text: FragmentText | None = field(default=None, init=False, repr=False, compare=False)

    @classmethod
    def read(cls, fields: Reader, refs: Sequence[Descriptor]) -> Self:
        """Read the JSON form; `refs` are the document's.

        Raises:
            FormatError: a field is missing or impossible.

        """
        file = Descriptor.from_json(fields.object("file"), f"{fields.place}.file")
        if file.media_type != FRAGMENT:
            fields.fail("file", f"the media type {FRAGMENT}")
        containers: list[Descriptor] = []
        for position in fields.list("containers"):
            if type(position) is not int or not 0 <= position < len(refs):
                fields.fail("containers", f"positions in refs, below {len(refs)}")
            containers.append(refs[position])
        return cls(
            file=file,
            rows=fields.int("rows", least=1),
            xxh3=_hex128(fields.str("xxh3"), f"{fields.place}.xxh3"),
            footer_length=fields.int("footer_length", least=1),
            footer_xxh3=_hex128(fields.str("footer_xxh3"), f"{fields.place}.footer_xxh3"),
            columns=tuple(ColumnChunk.read(child) for child in fields.children("columns")),
            containers=tuple(containers),
        )


class FragmentText(NamedTuple):
    """The canonical text of one fragment.

    Attributes:
        before: up to the positions of its containers.
        after: from behind them.
        content: what the content digest covers (TABLE-6).

    """

    before: str
    after: str
    content: str

    @classmethod
    def of(cls, fragment: Fragment) -> FragmentText:
        """Return the text of a fragment, made at the first question."""
        found = fragment.text
        if found is None:
            # Written in the order of the names (DOC-3); digests and media types hold what JSON need not escape.
            columns = ",".join([_column_text(column) for column in fragment.columns])
            fingerprints = ",".join([f'"{column.fingerprint}"' for column in fragment.columns])
            file = fragment.file
            found = cls(
                before=f'{{"columns":[{columns}],"containers":',
                after=f',"file":{{"digest":"{file.digest}","media_type":"{file.media_type}","size":{file.size}}}'
                f',"footer_length":{fragment.footer_length},"footer_xxh3":"{fragment.footer_xxh3}"'
                f',"rows":{fragment.rows},"xxh3":"{fragment.xxh3}"}}',
                content=f"[{fragment.rows},[{fingerprints}]]",
            )
            # It follows from the other fields, so that nothing that can be seen changes.
            object.__setattr__(fragment, "text", found)
        return found


def _column_text(column: ColumnChunk) -> str:
    greatest = "" if column.greatest is None else f'"max":{encode_basestring(column.greatest)},'
    least = "" if column.least is None else f'"min":{encode_basestring(column.least)},'
    return f'{{"fingerprint":"{column.fingerprint}",{greatest}{least}"nulls":{column.nulls}}}'
