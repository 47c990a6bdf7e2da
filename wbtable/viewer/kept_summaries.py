"""Summaries that were counted, kept by the worker that counts them: the next visitor of the same rows does not wait."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from wbtable.format.summary import ColumnSummary
    from wbtable.tables.view import View

_KEPT: Final = 4_000
_found: OrderedDict[str, ColumnSummary] = OrderedDict()


def summaries_of(view: View, columns: list[str] | None) -> dict[str, ColumnSummary]:
    """Return the summary of each column of the rows of a view; those that are not known are counted together.

    Raises:
        NotFoundError: there is no such column.

    """
    digest = view.plan.source.digest
    if columns is None or digest is None or (view.plan.filter is None and view.plan.source.summaries() is not None):
        return view.summaries(columns)
    spec = view.spec
    derive = [[item.name, item.expression] for item in spec.derive]

    def key(name: str) -> str:
        return json.dumps([digest, derive, spec.filter, name])

    missing = [name for name in columns if key(name) not in _found]
    if missing:
        _found.update({key(name): summary for name, summary in view.summaries(missing).items()})
    for name in columns:
        _found.move_to_end(key(name))
    out = {name: _found[key(name)] for name in columns}
    while len(_found) > _KEPT:
        _found.popitem(last=False)
    return out
