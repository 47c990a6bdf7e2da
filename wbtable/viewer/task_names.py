"""What workers are asked to do, by name, and its bounds: the server loads none of what it never runs itself."""

from __future__ import annotations

from typing import Final

MAX_ROWS: Final = 1_000
"""The most rows of a window."""
MAX_CELLS: Final = 200_000
"""The most cells of a window."""
ORDERING: Final = "ordering"
"""What an answer has instead of rows that cannot be found without an order that is not known."""
PREPARE: Final = "prepare"
"""What an answer has beside rows if more of its view is better prepared."""

_TASKS: Final = "wbtable.viewer.tasks"
_LANGUAGE: Final = "wbtable.viewer.language_tasks"
_ORDERS: Final = "wbtable.viewer.order_tasks"

VIEW: Final = f"{_TASKS}:view_info"
COUNT: Final = f"{_TASKS}:count"
ROWS: Final = f"{_TASKS}:rows"
POSITIONS: Final = f"{_TASKS}:positions"
ARROW: Final = f"{_TASKS}:arrow"
CELL: Final = f"{_TASKS}:cell"
SUMMARIES: Final = f"{_TASKS}:summaries"
KNOWN_SUMMARIES: Final = f"{_TASKS}:known_summaries"
GROUPS: Final = f"{_TASKS}:groups"
EXPAND: Final = f"{_TASKS}:expand"
WARM: Final = f"{_TASKS}:warm"
PYTHON: Final = f"{_TASKS}:python"
CHECK: Final = f"{_LANGUAGE}:check_expression"
COMPLETE: Final = f"{_LANGUAGE}:complete_expression"
COMPARE: Final = f"{_LANGUAGE}:compare_info"
DIFFERENCES: Final = f"{_LANGUAGE}:differences"
KEYS: Final = f"{_LANGUAGE}:keys"
WARNINGS: Final = f"{_LANGUAGE}:warnings"
FIND_ORDER: Final = f"{_ORDERS}:find_order"
DECODE: Final = f"{_ORDERS}:decode"
EXPORT: Final = "wbtable.viewer.export_task:export"
