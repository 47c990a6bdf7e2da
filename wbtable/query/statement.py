"""A whole statement: SQL and the values that it names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NAMES = re.compile(r"\$([0-9]+)")


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL, and exactly the values that it names.

    Attributes:
        text: the SQL, with ``$1``, ``$2``, … where values stand.
        params: the values by number.

    """

    text: str
    params: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str, values: Sequence[Any]) -> Self:
        """Return the statement of a text that may name only some of `values`: the engine refuses others."""
        # Nothing from outside stands in the text, so what looks like a parameter is one.
        used = sorted(set(_NAMES.findall(text)), key=int)
        return cls(text, {number: values[int(number) - 1] for number in used})
