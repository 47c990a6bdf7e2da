"""Ask a tiny table a tiny question, again and again: in this process, and through a worker."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

from benchmarks.case import Bar, Case, Scale, Side
from benchmarks.scalar_data import predictions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pyarrow as pa

    from wbtable.query.control import QueryControl
    from wbtable.tables.table import Table

_TURNS = 30
_OPEN: dict[str, Table] = {}


def _prepare(data: Path, scale: Scale) -> None:
    from wbtable.tables.standalone import TableWriter

    with TableWriter(data / "table") as writer:
        writer.write_batch(predictions(1_000))


def _questions(turn: int) -> list[dict[str, Any]]:
    """Return questions that nobody asked before: neither orders nor groups are kept of them."""
    return [
        {"filter": f"guess != truth and score_0 > 0.{turn + 10}", "sort": "score_0 desc"},
        {"filter": f"score_0 > 0.{turn + 10}", "group": "guess", "cells": {"p": "avg(guess == truth)"}, "sort": "p"},
        {"derive": {"loops": f"score_0 + score_8 * {turn}"}, "filter": "loops > 0.5"},
    ]


def answer(control: QueryControl, folder: str, question: dict[str, Any]) -> pa.Table:
    """Do the work of one question in a worker; the table stays open there."""
    import wbtable

    if folder not in _OPEN:
        _OPEN[folder] = wbtable.open_table(folder)
    return _OPEN[folder].view(**question).with_control(control).window(0, 10)


def _slowest(ask: Callable[[dict[str, Any]], object]) -> float:
    """Return the median of each kind of question, of the slowest kind."""
    seconds: list[list[float]] = [[], [], []]
    for turn in range(_TURNS + 1):
        for kind, question in enumerate(_questions(turn)):
            start = time.perf_counter()
            ask(question)
            if turn:
                seconds[kind].append(time.perf_counter() - start)
    return max(map(statistics.median, seconds))


def _ours(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import wbtable
    from wbtable.query.worker import Worker

    table = wbtable.open_table(data / "table")
    inside = _slowest(lambda question: table.view(**question).window(0, 10))
    with Worker() as worker:
        through = _slowest(lambda question: worker.run(answer, folder=str(data / "table"), question=question))
    return {"inside": inside, "through": through}


CASE = Case(
    name="tiny-query",
    work="a filter, groups or a derived column of 1,000 rows, the slowest of them",
    data="tiny-query",
    prepare=_prepare,
    sides=(Side("wbtable", _ours, "View.window of questions not asked before; the table is open"),),
    bars=(
        Bar(what="in process", ours=("wbtable", "inside"), at_most=0.01),
        Bar(what="through the worker", ours=("wbtable", "through"), at_most=0.025),
    ),
)
