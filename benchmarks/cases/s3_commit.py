"""Commit a small change on S3 whose objects are there already: how many requests wait for each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.case import Bar, Case, Scale, Side
from benchmarks.servers import DELAY, gateway, metered

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.servers import Meter

_COMMITS = 5


def _prepare(data: Path, scale: Scale) -> None:
    (data / "nothing").write_bytes(b"")


def _steps(meter: Meter) -> int:
    """Return the rounds of the commit behind its first step, which brings the objects up, as spec/10b numbers them."""
    counted = meter.without("/hint", "/aliases/")
    first = counted.without("/versions/", "/deletions/", ".ended")
    first.requests = [one for one in first.requests if one.what != "delete_object"]
    return counted.rounds() - first.rounds()


def _ours(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import wbtable

    worst = whole = 0
    with gateway(work) as place:
        store = wbtable.create_store(place.url(), **place.options)
        draft = wbtable.Artifact("rows")
        draft.add(wbtable.Table(columns=["n"], data=[[0]]), "table")
        version = store.commit(draft, project="bench")
        for number in range(1, _COMMITS + 1):
            draft = version.new_draft()
            draft.metadata["epoch"] = number
            with draft.new_file("note.txt", "w") as file:
                file.write(f"epoch {number}")
            with metered(DELAY) as meter:
                version = store.commit(draft, project="bench")
            worst = max(worst, _steps(meter))
            whole = max(whole, meter.rounds())
    return {"sequential_reads": worst, "all_reads": whole}


CASE = Case(
    name="s3-commit",
    work="commit of a small change on S3, objects already up",
    data="nothing",
    prepare=_prepare,
    sides=(
        Side(
            "wbtable",
            _ours,
            f"Store.commit, {_COMMITS} times, the most; requests for objects, hint and aliases are not counted",
        ),
    ),
    bars=(Bar(what="round trips that follow one another", ours=("wbtable", "sequential_reads"), at_most=3),),
)
