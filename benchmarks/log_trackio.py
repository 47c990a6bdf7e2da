"""Log 10 scalars a step with trackio: run by its own Python, which has nothing else installed."""

from __future__ import annotations

import importlib
import json
import sys
import time
from typing import Any


def main() -> None:
    """Log as often as the command line says, after some warm calls; print seconds for 1,000 calls."""
    trackio: Any = importlib.import_module("trackio")
    steps, warm = map(int, sys.argv[1:])
    rows = [{f"metric_{i}": (i + 1) / (j + 1) for i in range(10)} for j in range(100)]
    run = trackio.init(project="bench", embed=False, auto_log_gpu=False, auto_log_cpu=False)
    for step in range(warm):
        run.log(rows[step % 100])
    start = time.perf_counter()
    for step in range(steps):
        run.log(rows[step % 100])
    seconds = (time.perf_counter() - start) / steps * 1_000
    run.finish()
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main()
