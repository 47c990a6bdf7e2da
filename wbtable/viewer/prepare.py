"""What a worker does while the browser starts: it loads the code that answers, and opens what is shown first."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from wbtable.errors import WbtableError

if TYPE_CHECKING:
    from wbtable.format.documents import Json
    from wbtable.query.worker_process import Control

_COLUMNS: Final = 8


def prepare(control: Control, places: Json, source: Json | None) -> Json:
    """Open the table of a source and read its first row; whatever is wrong with it is said when it is asked for."""
    from wbtable.viewer import asking, language_tasks, tasks

    del language_tasks
    if source is not None:
        with contextlib.suppress(WbtableError):
            view = asking.Asked({"view": {"source": source}}).view().to_json()
            shown = tasks.view_info(control, places, view, 0)["shown"]
            names = [column["name"] for column in shown[:_COLUMNS]]
            tasks.rows(control, places, view, 0, 0, 1, names)
    return {}
