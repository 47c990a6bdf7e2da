"""Pieces of SQL that carry their parameters, so that text and parameters cannot come apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Statement:
    """A piece of SQL.

    Attributes:
        text: it, with ``?`` where parameters stand.
        params: the parameters, in the order of the text.

    """

    text: str
    params: tuple[Any, ...] = ()


Piece = Statement | str


def fill(template: str, *pieces: Piece) -> Statement:
    """Return `template` with each ``{}`` replaced by a piece; parameters come in the order of the text."""
    texts: list[str] = []
    params: list[Any] = []
    parts = template.split("{}")
    if len(parts) != len(pieces) + 1:
        msg = f"{len(parts) - 1} places for {len(pieces)} pieces in {template!r:.200}"
        raise AssertionError(msg)
    for part, piece in zip(parts, (*pieces, ""), strict=True):
        texts.append(part)
        if isinstance(piece, Statement):
            texts.append(piece.text)
            params.extend(piece.params)
        else:
            texts.append(piece)
    return Statement("".join(texts), tuple(params))


def joined(separator: str, pieces: Iterable[Piece]) -> Statement:
    """Return pieces one after another with `separator` between them."""
    found: Sequence[Piece] = list(pieces)
    texts = [piece.text if isinstance(piece, Statement) else piece for piece in found]
    params = tuple(param for piece in found if isinstance(piece, Statement) for param in piece.params)
    return Statement(separator.join(texts), params)
