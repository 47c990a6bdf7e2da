"""What everything that holds or makes rows can do besides: be seen through a view (spec: 16-views)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbtable.tables.readable import Readable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wbtable.format.documents import Json
    from wbtable.format.view_spec import ViewSpec
    from wbtable.tables.view import View


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

        """
        from wbtable.tables.query_source import query_source
        from wbtable.tables.view import make_view

        return make_view(
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
