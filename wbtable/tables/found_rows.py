"""What finds the rows, or the groups, of a view; pickled it is those rows, which a table may hold that it extends."""

from __future__ import annotations

import copyreg
from typing import TYPE_CHECKING, Any

from wbtable.query.group_rows import GroupRows
from wbtable.query.view_rows import ViewRows
from wbtable.tables.source import ArrowSource, to_table

if TYPE_CHECKING:
    from wbtable.tables.source import Source

__all__ = ["GroupRows", "ViewRows"]


def _given_away(rows: Source) -> tuple[Any, ...]:
    return ArrowSource, (to_table(rows), rows.schema, rows.blobs)


copyreg.pickle(ViewRows, _given_away)
copyreg.pickle(GroupRows, _given_away)
