"""Views: tables seen through filters, groups and orders; nothing is computed before it is read (spec: 16-views)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from wbtable.errors import UsageError
from wbtable.tables.logical import MediaMode, check_mode
from wbtable.tables.present import present_table
from wbtable.tables.readable import Readable
from wbtable.tables.source import SliceSource
from wbtable.tables.view_parts import checked, derived, named, rows_of_group, settings, sort_keys, spec_of

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa
    import pyarrow.compute as pc

    from wbtable.format.documents import Json
    from wbtable.format.summary import ColumnSummary
    from wbtable.format.view_spec import ViewSpec
    from wbtable.query.bars import BarKind, Cells
    from wbtable.query.control import QueryControl
    from wbtable.query.group_rows import GroupRows
    from wbtable.query.source import QuerySource
    from wbtable.query.view_plan import Plan
    from wbtable.query.view_rows import ViewRows
    from wbtable.query.view_warnings import ViewWarning
    from wbtable.tables.source import Source
    from wbtable.tables.view_files import CopiedMedia


class Viewable(Readable):
    """Reads rows, and gives views of them."""

    __slots__ = ()

    def view(
        self,
        *,
        derive: Mapping[str, str] | None = None,
        filter: str | None = None,
        group: str | Sequence[str] = (),
        cells: Mapping[str, str] | None = None,
        having: str | None = None,
        sort: str | Sequence[str] = (),
        columns: Sequence[str] | None = None,
        spec: ViewSpec | Json | None = None,
    ) -> View:
        """Return a view of the rows as they are now; nothing is computed before it is read.

        Args:
            derive: new columns, by name and expression; each sees those before it.
            filter: keeps the rows for which it is true, such as ``"guess != truth and score > 0.9"``.
            group: an expression or several: rows with equal values make a group.
            cells: columns of groups, by name and expression, such as ``{"precision": "avg(guess == truth)"}``.
            having: keeps the groups for which it is true.
            sort: ``"score desc"``, or several; ``nulls first`` may follow. Ties come in row order.
            columns: the columns shown, in order.
            spec: instead of all those, the document of a view.

        Raises:
            ExpressionError: an expression does not fit; the message has the range, and what to write instead.
            NotFoundError: a column that is to be shown does not exist.
            UsageError: an argument is of another kind, or has no meaning.

        """
        from wbtable.tables.query_source import query_source

        made = make_view(
            query_source(self._source()),
            derive=derive,
            filter=filter,
            group=group,
            cells=cells,
            having=having,
            sort=sort,
            columns=columns,
            spec=spec,
        )
        made.base = self._as_now()
        return made

    def scan(
        self,
        columns: Sequence[str] | None = None,
        filter: str | pc.Expression | None = None,
        batch_size: int = 65536,
        media: MediaMode = "lazy",
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows in order as record batches, as :meth:`Readable.scan`; `filter` may be a view's expression.

        Raises:
            ExpressionError: the expression does not fit; the message has the range, and what to write instead.

        """
        if isinstance(filter, str):
            return self.view(filter=filter, columns=columns).scan(batch_size=batch_size, media=media)
        return super().scan(columns, filter, batch_size, media)


class View(Viewable):
    """The rows, or groups, that a :class:`ViewSpec` gives of a table. Reads like a table, and changes nothing.

    Each of the methods that refine a view returns a new one. Reading may be cancelled from another thread.

    Attributes:
        spec: the document of the view.
        base: the table that is seen; None if the view was made of rows alone.
        store_url: the store in which the document's names are, where that was said.

    """

    def __init__(self, source: QuerySource, spec: ViewSpec, control: QueryControl | None = None) -> None:
        """View `source` through `spec`.

        Raises:
            ExpressionError: an expression does not fit the table; the message has the range, and what to write.
            NotFoundError: a column that is to be shown does not exist.

        """
        from wbtable.query.control import QueryControl
        from wbtable.query.view_plan import plan
        from wbtable.tables.found_rows import GroupRows, ViewRows

        self.spec = spec
        self.base: Viewable | None = None
        self.store_url: str | None = None
        self._query = source
        self._control = control or QueryControl()
        self._plan = plan(source, spec)
        # One of the two: what finds rows, and what finds groups.
        self._rows = None if self._plan.is_grouped else ViewRows(self._plan, self._control)
        self._groups = GroupRows(self._plan, self._control) if self._plan.is_grouped else None
        self._found: ViewRows | GroupRows = self._rows or self._groups  # type: ignore[assignment]  # one is there

    def __reduce__(self) -> tuple[Any, ...]:
        """Go with the table that is seen: rows and groups are found anew."""
        if self.base is None:
            raise TypeError("a view that was made of rows alone cannot be pickled: make a table of it")
        return partial(self.base.view, spec=self.spec), (), {"store_url": self.store_url}

    def _source(self) -> Source:
        window = self.spec.window
        if window is None:
            return self._found
        rows = self._found.num_rows
        start = min(window.offset, rows)
        return SliceSource(self._found, start, min(window.count, rows - start))

    def query_source(self) -> QuerySource:
        """Return the rows as other queries read them."""
        from wbtable.query.memory_source import ArrowSource
        from wbtable.tables.source import to_table

        source = self._source()
        return ArrowSource(source, lambda columns: to_table(source, columns))

    @property
    def plan(self) -> Plan:
        """The view, checked: the types of its columns and expressions."""
        return self._plan

    @property
    def rows(self) -> ViewRows | GroupRows:
        """What finds and reads the rows, or the groups."""
        return self._found

    def _with(self, **changes: Any) -> Self:
        return self._again(checked(lambda: self.spec.with_(**changes)), self._control)

    def _again(self, spec: ViewSpec, control: QueryControl) -> Self:
        made = type(self)(self._query, spec, control)
        made.base, made.store_url = self.base, self.store_url
        return made

    def derive(self, columns: Mapping[str, str]) -> Self:
        """Return the view with further columns, by name and expression; each sees those before it."""
        return self._again(checked(lambda: derived(self.spec, named(columns))), self._control)

    def where(self, expression: str) -> Self:
        """Return the view of those rows for which an expression is true too."""
        from wbtable.query.parser import parse

        parse(expression)  # by itself: in parentheses "a) or (b" would be one, and mean something else
        before = self.spec.filter
        return self._with(filter=expression if before is None else f"({before}) and ({expression})")

    def group_by(self, *expressions: str, cells: Mapping[str, str] | None = None, having: str | None = None) -> Self:
        """Return the groups of rows with equal values, in place of the groups that the view had.

        Of those, the cells and what was shown and sorted by them do not go along.

        Args:
            *expressions: the keys; none: the rows, no groups.
            cells: columns of the groups, by name and expression.
            having: keeps the groups for which it is true.

        """
        from wbtable.query.regroup import regrouped

        spec = checked(lambda: self.spec.with_(group=tuple(expressions), cells=named(cells or {}), having=having))
        return self._again(regrouped(self._plan, spec) if self._plan.is_grouped else spec, self._control)

    def sort(self, *keys: str) -> Self:
        """Return the view in another order: ``"score"``, ``"score desc"``, ``"score asc nulls first"``."""
        return self._with(sort=sort_keys(keys))

    def select(self, *names: str) -> Self:
        """Return the view with these columns, in this order; none: with all."""
        return self._with(columns=settings(names) if names else None)

    def expand(self, group: int) -> Self:
        """Return the rows of a group, by its number in the view: the same view with a filter, without groups.

        Raises:
            UsageError: the view has no groups, or not so many.

        """
        from wbtable.query.expand import group_filter

        if self._groups is None:
            msg = "the view has no groups to expand"
            raise UsageError(msg)
        shown = len(self)
        if not 0 <= group < shown:
            msg = f"expected a group from 0 to {shown - 1}, found {group}"
            raise UsageError(msg)
        text = group_filter(self._groups, self.spec.inside(group, 1)[0])
        return self._again(rows_of_group(self.spec, text, self._plan.columns), self._control)

    def window(
        self, offset: int = 0, n: int = 100, columns: Sequence[str] | None = None, media: MediaMode = "lazy"
    ) -> pa.Table:
        """Return some consecutive rows as an Arrow table; fewer at the end.

        Only what they need is computed: the beginning of an order from its keys alone, the cells of these groups.

        Raises:
            UsageError: a number is negative, or not whole.
            CancelledError: the view was cancelled.

        """
        check_mode(media)
        if not all(isinstance(number, (int, np.integer)) and number >= 0 for number in (offset, n)):
            msg = f"expected offset and n as whole numbers from 0, found {offset!r:.40} and {n!r:.40}"
            raise UsageError(msg)
        offset, n = self.spec.inside(offset, n)
        wanted = self._found.schema.select(columns)
        if self._rows is not None:
            table = self._rows.window(offset, n, wanted.names)
        else:
            end = min(offset + n, self._found.num_rows)
            table = self._found.take(np.arange(min(offset, end), end, dtype=np.int64), wanted.names)
        return present_table(table, wanted, media, self._found.blobs)

    def summaries(self, columns: Sequence[str] | None = None) -> dict[str, ColumnSummary]:
        """Return counts, extremes, histogram or top values of columns of the rows, groups aside.

        From the manifest where the view has no filter, else in a pass for some columns; bins do not move when rows are
        filtered.

        Raises:
            NotFoundError: there is no such column.

        """
        from wbtable.query.view_summaries import view_summaries

        rows = self._rows
        if rows is None:
            plain = self.spec.with_(group=(), cells=(), having=None, sort=(), columns=None)
            return type(self)(self._query, plain, self._control).summaries(columns)
        return view_summaries(rows, columns)

    def group_cells(
        self,
        offset: int = 0,
        n: int = 100,
        columns: Sequence[str] | None = None,
        *,
        page: int = 0,
        size: int = 5,
        kinds: Mapping[str, BarKind] | None = None,
        beside: Sequence[View] = (),
    ) -> dict[str, Cells]:
        """Return what groups show of the columns of their rows: histograms over shared bins, top values, pages.

        Args:
            offset: the first group.
            n: how many.
            columns: of the rows; all that are no keys if None.
            page: of columns that are paged (media, lists), which page.
            size: how many values a page has.
            kinds: "page" or "top" for columns that are not shown as their types say.
            beside: views of other tables, with whose columns of the same name histograms share their bins.

        Raises:
            UsageError: the view has no groups, there is no such column, or the page is too far behind.

        """
        from wbtable.query.group_cells import group_cells

        if self._groups is None:
            msg = "the view has no groups"
            raise UsageError(msg)
        plans = [other.plan for other in beside]
        offset, n = self.spec.inside(offset, n)
        return group_cells(self._groups, offset, n, columns, page=page, size=size, kinds=kinds, beside=plans)

    def warm(self) -> None:
        """Find the whole order and decode the columns that it shows, so that windows anywhere are quick."""
        if self._rows is not None:
            self._rows.order()
            self._rows.warm()

    def cancel(self) -> None:
        """Stop what reads this view, or views made of it, in other threads: it raises CancelledError there."""
        self._control.cancel()

    def with_control(self, control: QueryControl) -> Self:
        """Return the view with bounds of its own, a callback for progress, and a life of its own to cancel."""
        return self._again(self.spec, control)

    def warnings(self) -> tuple[ViewWarning, ...]:
        """Return what became null without being an error, counted: divisions by zero, overflows, texts of no number.

        It takes a pass over the rows of its own, if anything may have.
        """
        from wbtable.query.view_warnings import view_warnings

        return view_warnings(self._plan, self._control)

    def explain(self) -> str:
        """Return the engine's plan for the view, as text."""
        return self._found.explain()

    def sql(self) -> str:
        """Return the SQL that the engine runs for all rows, for reading; columns stand in it by position."""
        return self._found.sql()

    def to_python(self) -> str:
        """Return Python that makes this view of ``table``, or of the tables that its source names."""
        from wbtable.tables.view_code import store_of, view_code

        return view_code(self.spec, self.store_url or store_of(self._query.blobs))

    # Files.

    def write_csv(self, path: str | os.PathLike[str], media: CopiedMedia = "paths", *, formulas: bool = True) -> None:
        """Write the rows as CSV, in bounded memory; the file appears whole or not at all, in place of one of its name.

        Args:
            path: a local file.
            media: what media cells become: "paths": where the blob lies; "copy": its path in a folder beside.
            formulas: whether text may begin as a formula does; else a ``'`` is put before it.

        """
        from wbtable.tables.view_files import write_csv

        write_csv(self._source(), path, media, formulas=formulas)

    def write_jsonl(self, path: str | os.PathLike[str], media: CopiedMedia = "paths") -> None:
        """Write the rows as JSON Lines; as :meth:`write_csv`."""
        from wbtable.tables.view_files import write_jsonl

        write_jsonl(self._source(), path, media)

    def write_parquet(self, path: str | os.PathLike[str], media: CopiedMedia = "paths") -> None:
        """Write the rows as Parquet; as :meth:`write_csv`."""
        from wbtable.tables.view_files import write_parquet

        write_parquet(self._source(), path, media)


def make_view(
    source: QuerySource,
    *,
    derive: Mapping[str, str] | None = None,
    filter: str | None = None,
    group: str | Sequence[str] = (),
    cells: Mapping[str, str] | None = None,
    having: str | None = None,
    sort: str | Sequence[str] = (),
    columns: Sequence[str] | None = None,
    spec: ViewSpec | Json | None = None,
) -> View:
    """Return a view of a source; see `Readable.view`.

    Raises:
        UsageError: an argument has no meaning, or `spec` stands beside others.

    """
    return View(source, spec_of(derive, filter, group, cells, having, sort, columns, spec))
