"""What a worker does while the browser starts: it loads the code that answers, and opens what is shown first."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from wbtable.errors import WbtableError

if TYPE_CHECKING:
    from wbtable.format.documents import Json
    from wbtable.query.worker_process import Control

_COLUMNS: Final = 8


def load(control: Control) -> Json:
    """Load the code that gives rows."""
    from wbtable.viewer import tasks

    del control, tasks
    return {}


def load_rest(control: Control) -> Json:
    """Load the code that sorts, filters and answers questions about expressions: there are rows before anybody asks.

    To load pandas, which pyarrow does with the first array of numpy's that it is given, alone takes a quarter of a
    second.
    """
    import pyarrow as pa

    from wbtable.tables.table import Table
    from wbtable.viewer import language_tasks

    Table.from_arrow(pa.table({"a": [2, 1]})).view(filter="a > 0", sort="a").head(1)
    del control, language_tasks
    return {}


def prepare(control: Control, places: Json, source: Json | None) -> Json:
    """Open the table of a source and read its first row; whatever is wrong with it is said when it is asked for."""
    from wbtable.viewer import tasks
    from wbtable.viewer.open_tasks import view_of

    if source is not None:
        with contextlib.suppress(WbtableError):
            view = view_of({"source": source}).to_json()
            shown = tasks.view_info(control, places, view, 0)["shown"]
            names = [column["name"] for column in shown[:_COLUMNS]]
            tasks.rows(control, places, view, 0, 0, 1, names)
    return {}
