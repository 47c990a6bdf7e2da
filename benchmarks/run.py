"""Measure wbtable and its peers in interleaved runs, each in a fresh process, and print the table.

    python -m benchmarks.run [--only NAME] [--runs N] [--quick] [--fresh] [--data FOLDER] [--markdown PAGE]

Every run of a side is a process of its own: what one imports, caches or leaks does not touch another. Sides take turns,
so that a slow minute of the machine slows all of them. A ratio is the peer's median time over ours. Our writes are
durable (each file and directory is fsynced before the commit); the peers' are as they come.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import wbtable
from benchmarks.case import Case, Scale
from benchmarks.cases import CASES
from benchmarks.report import markdown, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.report import Row

PEERS = ("pylance", "datasets", "wandb", "pyarrow", "mosaicml-streaming", "duckdb", "polars")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All that was measured of one case.

    Attributes:
        figures: side and figure to the values of each run.
        failed: side to the last lines of its error.

    """

    case: Case
    figures: dict[tuple[str, str], list[float]]
    failed: dict[str, str]

    def medians(self) -> dict[tuple[str, str], float]:
        """Return the median of each figure."""
        return {key: statistics.median(values) for key, values in self.figures.items()}


def _measure(case: Case, side: str, data: Path, scale: Scale) -> dict[str, float]:
    """Run one side once in a fresh process.

    Raises:
        RuntimeError: it failed; the message is the end of what it printed.

    """
    with tempfile.TemporaryDirectory(dir=data.parent, prefix="work-") as work:
        command = [sys.executable, "-m", "benchmarks.side", case.name, side, str(data), work, json.dumps(asdict(scale))]
        # Whoever installs a package has its modules compiled: a setting against that would count as everybody's time.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1], env=environment
        )
        if done.returncode:
            raise RuntimeError("\n".join(done.stderr.strip().splitlines()[-12:]))
        figures: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
        return figures


def _folder(case: Case, root: Path, scale: Scale) -> Path:
    return root / (f"{case.data}-quick" if scale.quick else case.data)


def _prepared(case: Case, root: Path, scale: Scale) -> Path:
    """Return the folder of the case's input, made first if it is not there."""
    folder = _folder(case, root, scale)
    if not folder.exists():
        part = folder.with_name(folder.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        case.prepare(part, scale)
        part.rename(folder)
    return folder


def measure(case: Case, root: Path, scale: Scale, runs: int) -> Outcome:
    """Measure all sides of a case in turns."""
    data = _prepared(case, root, scale)
    outcome = Outcome(case=case, figures={}, failed={})
    for turn in range(runs):
        for side in case.sides:
            if side.name in outcome.failed or turn >= side.rounds:
                continue
            try:
                figures = _measure(case, side.name, data, scale)
            except RuntimeError as error:
                outcome.failed[side.name] = str(error)
                print(f"{case.name}: {side.name} failed\n{error}", file=sys.stderr)
                continue
            for name, value in figures.items():
                outcome.figures.setdefault((side.name, name), []).append(value)
            shown = ", ".join(f"{name} {value:,.4g}" for name, value in figures.items())
            print(f"{case.name}: run {turn + 1}, {side.name}: {shown}", file=sys.stderr, flush=True)
    return outcome


def _versions() -> str:
    found = [f"Python {platform.python_version()}", f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"]
    found.append(f"wbtable {wbtable.__version__}")
    for package in PEERS:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            found.append(f"{package} not installed")
    return ", ".join(found)


def put_into(page: Path, text: str) -> None:
    """Put the table between the page's two marks, or make the page."""
    begin, end = "<!-- table -->\n", "<!-- end -->\n"
    before, _, rest = (page.read_text("utf-8") if page.exists() else begin + end).partition(begin)
    _, _, after = rest.partition(end)
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", "utf-8")


def keep(outcomes: Sequence[Outcome], path: Path) -> list[Row]:
    """Keep what was measured beside what was measured of other cases before; return the rows of all cases."""
    kept: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    for outcome in outcomes:
        figures = [[side, name, value] for (side, name), value in outcome.medians().items()]
        kept[outcome.case.name] = {"figures": figures, "failed": outcome.failed}
    path.write_text(json.dumps(kept, indent=1), "utf-8")
    return [
        (case, {(side, name): value for side, name, value in found["figures"]}, found["failed"])
        for case in CASES
        for found in [kept.get(case.name, {"figures": [], "failed": {}})]
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, measure, print; exit code 1 if a bar was missed or a side failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=[case.name for case in CASES], help="may be repeated")
    parser.add_argument("--runs", type=int, default=3, help="runs of each side (default 3)")
    parser.add_argument("--quick", action="store_true", help="small data, to see that everything runs")
    parser.add_argument("--data", type=Path, default=Path(".wbtable-bench"), help="where input is made and kept")
    parser.add_argument("--fresh", action="store_true", help="make the input again: some of it is what we wrote")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    parser.add_argument("--markdown", type=Path, help="put the table of all cases that were measured into this page")
    chosen = parser.parse_args(arguments)
    scale = Scale(quick=chosen.quick)
    root = chosen.data.resolve()
    root.mkdir(parents=True, exist_ok=True)
    (root / ".gitignore").write_text("*\n")
    cases = [case for case in CASES if not chosen.only or case.name in chosen.only]
    if chosen.fresh:
        for case in cases:
            shutil.rmtree(_folder(case, root, scale), ignore_errors=True)
    outcomes = [measure(case, root, scale, 1 if scale.quick else chosen.runs) for case in cases]
    rows = [(outcome.case, outcome.medians(), outcome.failed) for outcome in outcomes]
    text, good = table(rows)
    print(_versions())
    print(text)
    every = [] if scale.quick else keep(outcomes, root / "measured.json")
    if chosen.markdown:
        put_into(chosen.markdown, markdown(every or rows, _versions()))
    if chosen.json:
        figures = {
            outcome.case.name: {f"{side}.{name}": values for (side, name), values in outcome.figures.items()}
            for outcome in outcomes
        }
        chosen.json.write_text(json.dumps(figures, indent=1))
    sys.exit(0 if good or scale.quick else 1)


if __name__ == "__main__":
    main()
