"""Where the files of a run are (spec: 14-runs). Pure functions."""

from __future__ import annotations

import re
from typing import Final

from wbtable.format.layout import log_key, run_prefix

USED: Final = "used"
LOGGED: Final = "logged"

_SEGMENT = re.compile(r"([0-9]{20})\.parquet")


def attempts_log(project: str, run_id: str) -> str:
    """Return the log of a run's start records: file n is attempt n (RUN-1)."""
    return f"{run_prefix(project, run_id)}/attempts"


def finishes_log(project: str, run_id: str) -> str:
    """Return the log of a run's finish records: file n ends attempt n (RUN-2)."""
    return f"{run_prefix(project, run_id)}/finishes"


def lineage_log(project: str, run_id: str, how: str) -> str:
    """Return the log of the versions that a run used or logged (RUN-6)."""
    return f"{run_prefix(project, run_id)}/{how}"


def summary_key(project: str, run_id: str) -> str:
    """Return the key of a run's summary, the one file of a run that is replaced (RUN-5)."""
    return f"{run_prefix(project, run_id)}/summary.json"


def segments_prefix(project: str, run_id: str) -> str:
    """Return the folder of a run's history segments, with a `/` at its end (RUN-3)."""
    return f"{run_prefix(project, run_id)}/history/"


def segment_key(project: str, run_id: str, number: int) -> str:
    """Return the key of history segment `number` (RUN-3)."""
    return log_key(segments_prefix(project, run_id)[:-1], number).removesuffix(".json") + ".parquet"


def segment_number(key: str) -> int | None:
    """Return the number of the history segment at `key`; None if it is no segment's key."""
    match = _SEGMENT.fullmatch(key.rpartition("/")[2])
    return int(match[1]) if match else None
