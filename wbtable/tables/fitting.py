"""Whether values fit the wider type of their column: asked while the row that widens it can still be refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from wbtable.errors import TypeMismatchError, WbtableError
from wbtable.format.types import (
    AnyType,
    ColumnType,
    DurationType,
    ListType,
    MapType,
    NdarrayType,
    NullType,
    NumberType,
    StructType,
    TimestampType,
    contains,
)
from wbtable.format.types_scalar import UNITS
from wbtable.tables.conform import conform
from wbtable.tables.encode import encode
from wbtable.tables.exact import MAX_EXACT_FLOAT, check_exact
from wbtable.tables.infer import MAX_INT64

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wbtable.media.payload import Payload
    from wbtable.tables.source import Source

_TIMES = (TimestampType, DurationType)


def may_lose(have: ColumnType, want: ColumnType) -> bool:
    """Whether some value of a type has no exact form in the wider type `want`: it must be looked at (TYPE-9)."""
    if have == want or isinstance(have, NullType):
        return False
    if isinstance(want, AnyType):  # which has no nanoseconds, and no keys but text and numbers
        return any(contains(have, kind) for kind in (*_TIMES, NdarrayType, MapType))
    if isinstance(have, NumberType) and isinstance(want, NumberType):
        return want.is_float and not have.is_float
    if isinstance(have, _TIMES) and isinstance(want, _TIMES):
        return have.unit != want.unit
    if isinstance(have, ListType) and isinstance(want, ListType):
        return may_lose(have.item, want.item)
    if isinstance(want, MapType):
        items = [field.type for field in have.fields] if isinstance(have, StructType) else [cast("MapType", have).item]
        keys = isinstance(have, MapType) and may_lose(have.key, want.key)
        return keys or any(may_lose(item, want.item) for item in items)
    if isinstance(have, StructType) and isinstance(want, StructType):
        wider = {field.name: field.type for field in want.fields}
        return any(may_lose(field.type, wider[field.name]) for field in have.fields)
    return False


def widest(found: ColumnType) -> int | None:
    """Return up to which number values of a type fit all that it may widen to: doubles, nanoseconds; None: all do."""
    if isinstance(found, NumberType) and not found.is_float:
        return MAX_EXACT_FLOAT
    if isinstance(found, _TIMES):
        return MAX_INT64 // 1000 ** (len(UNITS) - 1 - UNITS.index(found.unit))
    return None


def check_fits(found: ColumnType, column: ColumnType, plain: object) -> None:
    """Accept a value of type `found` for a column of the wider type `column`.

    Raises:
        TypeMismatchError: it has no exact form there.

    """
    if not isinstance(column, AnyType) and may_lose(found, column):
        check_exact(column, plain)


def check_kept(kept: Sequence[Any], column: ColumnType, place: str) -> None:
    """Accept values that wait to be encoded, in plain form, for the wider type `column`.

    Raises:
        TypeMismatchError: one has no exact form there.

    """
    try:
        encode(kept, column, NOWHERE)
    except WbtableError as error:
        msg = f"a value of the rows before has no exact form as {column!s:.200}: {error}"
        raise TypeMismatchError(msg, place=place) from None


def check_rows(source: Source, name: str, column: ColumnType, place: str) -> None:
    """Accept the values of a column of a source for the wider type `column`.

    Raises:
        TypeMismatchError: one has no exact form there.

    """
    have = source.schema[name]
    if not may_lose(have, column):
        return
    for batch in source.batches([name]):
        try:
            conform(batch.column(0), have, column, place="", error=TypeMismatchError)
        except WbtableError as error:
            detail = str(error).removeprefix(f"{error.place}: ")
            msg = f"a value of the rows before has no exact form as {column!s:.200}: {detail}"
            raise TypeMismatchError(msg, place=place) from None


class _Nowhere:
    """Keeps no blobs: what is encoded to be looked at is thrown away."""

    def put_many(self, payloads: Sequence[Payload]) -> list[dict[str, object]]:
        """Return a group for each that names nothing."""
        return [{} for _ in payloads]


NOWHERE: Any = _Nowhere()
