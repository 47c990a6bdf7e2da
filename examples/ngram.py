"""A language model that fits on a page: which character follows the last few, counted.

Longer contexts are trusted by how often they were seen (Witten and Bell, 1991) and fall back on shorter ones.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random


class NGram:
    """A model of text by character.

    Attributes:
        order: characters that it looks back on.

    """

    def __init__(self, order: int) -> None:
        self.order = order
        self._counts: list[dict[str, Counter[str]]] = [defaultdict(Counter) for _ in range(order + 1)]
        self._alphabet: list[str] = []

    @property
    def parameters(self) -> int:
        """How many counts it keeps."""
        return sum(len(counts) for level in self._counts for counts in level.values())

    def train(self, text: str) -> None:
        """Count what follows what."""
        for place, character in enumerate(text):
            for length in range(min(self.order, place) + 1):
                self._counts[length][text[place - length : place]][character] += 1
        self._alphabet = sorted(self._counts[0][""])

    def probability(self, context: str, character: str) -> float:
        """Return how probable a character is after some text; one never met has a share of a thousandth."""
        share = 1 / (1000 * len(self._alphabet))
        if character in self._counts[0][""]:
            share = 0.999 / len(self._alphabet)
        for length in range(min(self.order, len(context)) + 1):
            counts = self._counts[length].get(context[len(context) - length :])
            if counts is None:
                break
            seen, kinds = counts.total(), len(counts)
            share = (counts[character] + kinds * share) / (seen + kinds)
        return share

    def bits(self, text: str, start: int = 0) -> float:
        """Return how many bits a character of `text` from `start` on takes on average: fewer, if it was expected."""
        places = range(start, len(text))
        total = sum(
            -math.log2(self.probability(text[max(0, place - self.order) : place], text[place])) for place in places
        )
        return total / len(places) if places else 0.0

    def complete(self, prompt: str, chance: random.Random, *, most: int = 160) -> str:
        """Return what could follow a prompt: up to the end of a sentence, `most` characters at most."""
        text = prompt
        while len(text) - len(prompt) < most:
            text += self._next(text, chance)
            if text.endswith((". ", "\n")):
                break
        return text[len(prompt) :].rstrip()

    def _next(self, text: str, chance: random.Random) -> str:
        """Draw a character: from the longest context that was met, or by its weight from a shorter one."""
        for length in range(min(self.order, len(text)), -1, -1):
            counts = self._counts[length].get(text[len(text) - length :])
            if counts is not None and chance.random() * (counts.total() + len(counts)) < counts.total():
                return chance.choices(list(counts), list(counts.values()))[0]
        return chance.choice(self._alphabet)
