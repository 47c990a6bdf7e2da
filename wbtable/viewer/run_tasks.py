"""What query workers do for lists of runs: expressions of strangers are asked there, bounded in time and memory."""

from __future__ import annotations

import functools
import json
import warnings
from typing import TYPE_CHECKING

from wbtable.runs.console import RunWarning
from wbtable.runs.filtering import matching
from wbtable.viewer.open_tasks import opener
from wbtable.viewer.run_index import RunIndex

if TYPE_CHECKING:
    from wbtable.format.documents import Json
    from wbtable.query.worker_process import Control


@functools.lru_cache(maxsize=2)
def _index(places: str) -> RunIndex:
    return RunIndex(opener(json.loads(places)).store)


def match_runs(control: Control, places: Json, project: str, filter: str) -> Json:
    """Return the ids of the runs for which an expression is true, and what is odd about it."""
    del control
    known = _index(json.dumps(places, sort_keys=True)).runs(project)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = matching([run.info for run in known if run.info is not None], filter)
    said = [str(one.message)[:500] for one in caught if issubclass(one.category, RunWarning)]
    return {"runs": [run.id for run in found], "warnings": said[:20]}
