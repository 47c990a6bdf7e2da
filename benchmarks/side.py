"""One run of one side, in a process of its own; prints its figures as JSON on the last line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks.case import Scale
from benchmarks.cases import CASES


def main() -> None:
    """Run what the command line names: case, side, data folder, work folder, scale."""
    name, side, data, work, scale = sys.argv[1:]
    case = next(case for case in CASES if case.name == name)
    figures = case.side(side).measure(Path(data), Path(work), Scale(**json.loads(scale)))
    print("\n" + json.dumps(dict(figures)))


if __name__ == "__main__":
    main()
