"""How much is tried: a bounded sample each time, the long form under `make soak`.

`WBTABLE_SOAK=1` asks for the long form, another number for so many times of it.
"""

from __future__ import annotations

import os

FACTOR = float(os.environ.get("WBTABLE_SOAK") or 0)
"""Read when tests are collected: the tests themselves run without variables of this name."""


def sample(quick: int, full: int) -> int:
    """Return how many to try: `quick`, or a multiple of `full` in a soak."""
    return max(1, round(full * FACTOR)) if FACTOR else quick


def spread(count: int, wanted: int) -> list[int]:
    """Return at most `wanted` of the numbers below `count`, spread evenly, the first and the last among them."""
    if wanted >= count:
        return list(range(count))
    if wanted == 1:
        return [0]
    return sorted({round(i * (count - 1) / (wanted - 1)) for i in range(wanted)})
