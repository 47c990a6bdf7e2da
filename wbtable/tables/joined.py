"""Tables joined when they are read (spec: 11-joined-and-partitioned-tables, JOIN-n)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self, cast

from wbtable.errors import UsageError
from wbtable.format.joined_table import HOWS, JoinedTableDocument
from wbtable.tables.join_index import JoinIndex, JoinReport
from wbtable.tables.join_keys import KeyPair
from wbtable.tables.paired import KeyColumn, PairedSource
from wbtable.tables.readable import Readable
from wbtable.tables.view import Viewable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wbtable.format.joined_table import TableReference
    from wbtable.query.join import JoinQuery
    from wbtable.tables.source import Source

How = Literal["outer", "inner", "left", "right"]
_PAIR = 2


class JoinedTable(Viewable):
    """Two tables as one, joined on keys when it is read; nothing is materialised.

    It gives every pair of rows whose keys are equal, as SQL does: null keys match nothing, NaN matches NaN. Columns
    are the keys, under side 0's names, then side 0's others as ``0.x`` and side 1's as ``1.x``. Rows come in side 0's
    order, then side 1's; those without a side 0 last. Reading a column reads that column and the keys.

    Attributes:
        stored_at: the version and the path that it was read from; None if it was made here.
        references: where the document that it was read from says its sides are; none if it was made here.

    """

    stored_at: Any = None
    references: tuple[TableReference, ...] = ()

    def __init__(
        self,
        table1: Readable | str,
        table2: Readable | str,
        join_key: object,
        how: How = "outer",
    ) -> None:
        """Join two tables.

        Args:
            table1: side 0: a table, joined or partitioned table; or, to be put into an artifact, the path of one there.
            table2: side 1.
            join_key: a column's name; a pair of names, for side 0 and side 1 (W&B's list of two strings is one);
                or a list of such pairs, all of which must be equal.
            how: "outer" keeps the unmatched rows of both sides, "left" and "right" those of one, "inner" none.

        Raises:
            UsageError: a key column is missing, or its values cannot be equal to the other side's; or an argument is of
                another kind.

        """
        if how not in HOWS:
            msg = f"expected how as one of {', '.join(HOWS)}, found {how!r:.40}"
            raise UsageError(msg)
        self._sides = (_side(table1), _side(table2))
        self._keys = key_pairs(join_key)
        self._how: How = how
        self._joined: tuple[Source, Source, JoinedSource] | None = None
        if not any(isinstance(side, str) for side in self._sides):
            self._source()

    @property
    def tables(self) -> tuple[Readable | str, Readable | str]:
        """Side 0 and side 1."""
        return self._sides

    @property
    def join_keys(self) -> tuple[tuple[str, str], ...]:
        """The pairs of columns that are equal, of side 0 and of side 1."""
        return self._keys

    @property
    def how(self) -> How:
        """Which rows without a partner are kept: outer, inner, left or right."""
        return self._how

    @property
    def report(self) -> JoinReport:
        """What the keys are like: how many are null or stand several times on each side, and how many rows meet none.

        The keys of both sides are read for it, once.
        """
        return self._source().index.report()

    def query_source(self) -> JoinQuery:
        """Return the join as a query reads it."""
        return self._source().query_source()

    def _source(self) -> JoinedSource:
        left, right = (_rows_of(side) for side in self._sides)
        if self._joined is None or self._joined[0] is not left or self._joined[1] is not right:
            self._joined = (left, right, JoinedSource(left, right, self._keys, self._how))
        return self._joined[2]

    def document(self, resolve: Callable[[Readable | str], TableReference]) -> JoinedTableDocument:
        """Return the document that stands for the join (JOIN-1).

        Args:
            resolve: says where a side is: its path in the same artifact, or its version and path.

        """
        left, right = self._sides
        return JoinedTableDocument(sides=(resolve(left), resolve(right)), keys=self._keys, how=self._how)

    @classmethod
    def from_document(cls, document: JoinedTableDocument, load_table: Callable[[TableReference], Readable]) -> Self:
        """Return the join that a document stands for; `load_table` opens its sides."""
        left, right = document.sides
        made = cls(load_table(left), load_table(right), list(document.keys), cast("How", document.how))
        made.references = document.sides
        return made

    def __eq__(self, other: object) -> bool:
        """Whether the other joins equal tables in the same way."""
        if not isinstance(other, JoinedTable):
            return NotImplemented
        return self is other or ((self._keys, self._how) == (other._keys, other._how) and self._sides == other._sides)

    __hash__ = None  # type: ignore[assignment]  # its tables may change

    def __repr__(self) -> str:
        """Return size, columns and the first rows."""
        if any(isinstance(side, str) for side in self._sides):
            return f"JoinedTable({self._sides[0]!r}, {self._sides[1]!r}, {list(self._keys)!r}, how={self._how!r})"
        return super().__repr__()


def _side(table: object) -> Readable | str:
    if isinstance(table, Readable):
        return table
    if isinstance(table, str) and table.endswith("table.json"):
        return table
    msg = f"expected a table, or the path of one ending in .table.json, found {type(table).__name__} {table!r:.80}"
    raise UsageError(msg)


def _rows_of(side: Readable | str) -> Source:
    if isinstance(side, str):
        msg = f"only the path {side!r} of the table is known: read the joined table from the version that holds both"
        raise UsageError(msg)
    return side._source()  # noqa: SLF001 - the same room


def key_pairs(join_key: object) -> tuple[tuple[str, str], ...]:
    """Return the pairs of key columns that `join_key` means (JOIN-3).

    Raises:
        UsageError: it is neither a name, nor a pair of names, nor a list of pairs.

    """
    if isinstance(join_key, str):
        return ((join_key, join_key),)
    if isinstance(join_key, (list, tuple)) and join_key:
        items = list(join_key)
        if len(items) == _PAIR and all(isinstance(name, str) for name in items):
            return ((items[0], items[1]),)
        if all(isinstance(item, (list, tuple)) and len(item) == _PAIR for item in items):
            pairs = [(left, right) for left, right in items]
            if all(isinstance(name, str) for pair in pairs for name in pair):
                if len({left for left, _ in pairs}) == len(pairs):
                    return tuple(pairs)
                msg = f"expected each key column of side 0 once, found {join_key!r:.200}"
                raise UsageError(msg)
    msg = (
        "expected join_key as a column's name, a pair of names, or a list of pairs such as "
        f'[("a", "a"), ("b", "b")], found {join_key!r:.200}'
    )
    raise UsageError(msg)


class JoinedSource(PairedSource):
    """The rows of a join; see :class:`JoinedTable`."""

    def __init__(self, left: Source, right: Source, keys: Sequence[tuple[str, str]], how: How) -> None:
        """Join two sources.

        Raises:
            UsageError: a key is missing or has no equal, or two columns would have one name.

        """
        for side, source, names in ((0, left, [a for a, _ in keys]), (1, right, [b for _, b in keys])):
            for name in names:
                if name not in source.schema:
                    msg = f"side {side} has no key column {name!r}; it has {source.schema.names!r:.300}"
                    raise UsageError(msg)
        self.key_pairs = tuple(KeyPair.of(a, b, left.schema[a], right.schema[b]) for a, b in keys)
        self.how = how
        self.index = JoinIndex(left, right, self.key_pairs, how)
        columns = [
            KeyColumn(
                name=pair.left,
                type=pair.left_type if how in {"inner", "left"} else pair.common,
                sides=(pair.left, pair.right),
                types=(pair.left_type, pair.right_type),
            )
            for pair in self.key_pairs
        ]
        super().__init__((left, right), self.index, columns)

    def __reduce__(self) -> tuple[Any, ...]:
        """Join anew where it is unpickled."""
        return JoinedSource, (*self.sides, [(pair.left, pair.right) for pair in self.key_pairs], self.how)

    def query_source(self) -> JoinQuery:
        """Return the join as a query reads it."""
        from wbtable.query.join import JoinQuery
        from wbtable.tables.query_source import query_source

        return JoinQuery([query_source(side) for side in self.sides], self, self.key_pairs, self.how)
