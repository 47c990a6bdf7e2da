"""Sources as queries read them (spec: 16-views)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbtable.tables.reader import TableReader
from wbtable.tables.source import ConcatSource, to_table

if TYPE_CHECKING:
    from wbtable.query.source import QuerySource
    from wbtable.tables.source import Source


def query_source(source: Source) -> QuerySource:
    """Return the rows of a source for a query: fragments as they lie, other rows as Arrow columns."""
    from wbtable.query.source import Queryable

    # A stored table, a join, a comparison: each knows how its rows are read. The first is no protocol's question:
    # that would take a part of a tiny query's time that can be measured.
    if isinstance(source, (TableReader, Queryable)):
        return source.query_source()
    if isinstance(source, ConcatSource):
        from wbtable.query.union import UnionQuery

        return UnionQuery([query_source(part) for part in source.parts], source)
    from wbtable.query.memory_source import ArrowSource

    return ArrowSource(source, lambda columns: to_table(source, columns))
