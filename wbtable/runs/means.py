"""What a run logged before it was resumed, as sums: so that a mean goes on from there (spec: 14-runs, RUN-5)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from wbtable.format.run_history import RESERVED, STEP
from wbtable.runs.reading import read_rows

if TYPE_CHECKING:
    from wbtable.runs.files import RunFiles
    from wbtable.runs.rules import Rule


def sums_before(files: RunFiles, rule: Rule, end: int) -> dict[str, tuple[float, int]]:
    """Return sum and count of the numbers below a step, for each key that a rule is for.

    Raises:
        FormatError: a segment is damaged.
        StorageError: the store does not answer.

    """
    table = read_rows(files, None if "*" in rule.name else [rule.name]).table
    table = table.filter(np.less(table[STEP].to_numpy(), end))
    out = {}
    for name in table.column_names:
        if name in RESERVED or not rule.fits(name):
            continue
        # As the summary takes them: no truth values, and not what is no number.
        values = [v for v in table[name].to_pylist() if type(v) in {int, float} and not math.isnan(v)]
        if values:
            out[name] = float(sum(values)), len(values)
    return out
