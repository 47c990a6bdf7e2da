"""Rows on their way in: checked when added, kept until there are enough to encode (spec: 06-types, TYPE-10)."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from wbtable.errors import TypeMismatchError, UsageError, WbtableError
from wbtable.format.documents import canonical
from wbtable.format.tagged import tag
from wbtable.format.types import (
    AnyType,
    ClassesType,
    ColumnType,
    HistogramType,
    LinkType,
    MediaType,
    NullType,
    contains,
    unify,
)
from wbtable.tables.capture import Tagged, capture
from wbtable.tables.coerce import check_depth, coercion
from wbtable.tables.declared import held
from wbtable.tables.fitting import check_fits
from wbtable.tables.infer import FIXED, INT64, MAX_INT64, MIN_INT64, infer, is_missing
from wbtable.tables.row_check import MOST_COLUMNS, RowPlan, has_utf8, is_plain, no_row, row_check

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wbtable.tables.keys import RowLink
    from wbtable.tables.row_check import RowCheck

MAX_ROWS = 16_384
"""Rows kept as Python values before they are encoded."""
MAX_BYTES = 32 << 20
"""Bytes of values kept before they are encoded, as far as they can be told."""
_MAX_PLANS = 4096
_OFTEN = 512
"""So many rows of the same classes in a row are worth a function that checks them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnRule:
    """What the user said of one column.

    Attributes:
        declared: its type where it was given; None: it is inferred.
        optional: whether None and NaN are allowed.
        mixed: whether values of unlike types make it ``any``.

    """

    declared: ColumnType | None = None
    optional: bool = True
    mixed: bool = False


class RowBuffer:
    """Checks rows and keeps them.

    Attributes:
        names: the columns.
        rules: what was declared of them.
        values: the cells of the rows that are not encoded yet, in plain form, row after row.
        count: how many rows that are.
        links: the table to whose rows each column of links points.
        first_row: the position in the table of the first of the pending rows.
        is_full: whether it is time to encode them.

    """

    __slots__ = (
        *("_bytes", "_check", "_classes", "_coerce", "_followed", "_next_weighing", "_plan", "_plans", "_types"),
        *("count", "first_row", "is_full", "links", "names", "rules", "values"),
    )

    def __init__(self, names: Sequence[str], types: Sequence[ColumnType], rules: Sequence[ColumnRule]) -> None:
        """Start with no row."""
        self.names = list(names)
        self._types = list(types)
        self.rules = list(rules)
        # One flat list: a tuple for each row would be one more object for the garbage collector to walk.
        self.values: list[Any] = []
        self.count = 0
        self.links: dict[str, Any] = {}
        self._coerce: list[Callable[[Any], Any] | None] = [
            None if rule.declared is None else coercion(rule.declared) for rule in self.rules
        ]
        self._plans: dict[tuple[type, ...], RowPlan] = {}
        self._classes: list[type] | None = None
        self._plan = RowPlan()
        self._check: RowCheck = no_row
        self._followed = 0  # the row since which the plan is followed
        self._bytes = 0
        self._next_weighing = 1
        self.first_row = 0
        self.is_full = False

    @property
    def types(self) -> list[ColumnType]:
        """The types of the columns so far."""
        return self._types

    @types.setter
    def types(self, types: Sequence[ColumnType]) -> None:
        """Take other types; what was kept must be convertible to them."""
        self._types = list(types)
        self._forget_plans()

    def keep(self, row: Sequence[Any]) -> bool:
        """Keep a row that is like those before it and needs no closer look; else return False: `add` takes it."""
        count = self.count + 1
        if count >= self._next_weighing or not self._check(row):
            return False
        self.values += row
        self.count = count
        return True

    def add(self, row: Sequence[Any]) -> Sequence[tuple[int, ColumnType, ColumnType]]:
        """Check and keep one row, which must not change any more; nothing is kept of a row that is refused.

        Args:
            row: a value for each column.

        Returns:
            The columns that the row widens, as (position, type before, type now): what was encoded before must
            be convertible, or :meth:`drop_last` be called.

        Raises:
            UsageError: the row has another length.
            TypeMismatchError: a value has another type than its column.

        """
        # One comparison decides for most rows: rows of the same classes need the same care. Of a list: a tuple of what
        # `map` gives takes twice the time.
        classes = [*map(type, row)]
        if classes != self._classes:
            self._follow(classes, row)
        plan = self._plan
        slow = plan.slow
        for i in plan.ints:
            if not MIN_INT64 <= row[i] <= MAX_INT64:
                slow = (*slow, i)
        for i in plan.texts:
            if not (row[i].isascii() or has_utf8(row[i])):
                slow = (*slow, i)
        widened: Sequence[tuple[int, ColumnType, ColumnType]] = ()
        if slow:
            row, widened = self._add_slowly(row, slow)
        self.values += row
        self.count += 1
        if self.count >= self._next_weighing:
            self._weigh(row)
        return widened

    def _add_slowly(
        self, row: Sequence[Any], slow: Sequence[int]
    ) -> tuple[list[Any], list[tuple[int, ColumnType, ColumnType]]]:
        """Look at the values of some columns, and widen these; nothing is widened by a row that is refused."""
        plain = list(row)
        widened: list[tuple[int, ColumnType, ColumnType]] = []
        number = self.first_row + self.count
        links = dict(self.links)
        try:
            for i in slow:
                plain[i] = self._accept(i, row[i], number, widened)
        except BaseException:
            self.links = links
            raise
        for i, _, now in widened:
            self._types[i] = now
        if widened:
            self._forget_plans()
        return plain, widened

    def drop_last(self, widened: Sequence[tuple[int, ColumnType, ColumnType]]) -> None:
        """Take back the row that was added last, and what it widened."""
        self.count -= 1
        del self.values[self.count * len(self.names) :]
        for i, before, now in widened:
            self._types[i] = before
            if isinstance(now, LinkType):
                self.links.pop(self.names[i], None)
        self._forget_plans()

    def column(self, position: int) -> list[Any]:
        """Return the cells of one column."""
        return self.values[position :: len(self.names)]

    def clear(self) -> list[list[Any]]:
        """Return the kept rows as columns, and forget them."""
        columns = [self.column(i) for i in range(len(self.names))]
        self.first_row += self.count
        self.restore([], 0)
        return columns

    def restore(self, values: list[Any], count: int) -> None:
        """Keep other rows, which were checked already."""
        self.values, self.count = values, count
        self._bytes = 0
        self._next_weighing = count + 1
        self.is_full = False

    def _follow(self, classes: list[type], row: Sequence[Any]) -> None:
        """Take up the plan for rows of these classes."""
        signature = tuple(classes)
        plan = self._plans.get(signature)
        self._plan = self._make_plan(signature, row) if plan is None else plan
        self._check = self._plan.check
        self._classes = classes
        self._followed = self.first_row + self.count

    def _forget_plans(self) -> None:
        self._plans.clear()
        self._classes = None
        self._check = no_row

    def _compile(self) -> None:
        """Have rows checked by a function of their own, if many alike came one after the other."""
        plan, often = self._plan, self.first_row + self.count - self._followed >= _OFTEN
        if self._classes and often and plan.check is no_row and not plan.slow and len(self._classes) <= MOST_COLUMNS:
            self._check = plan.check = row_check(self._classes, plan.ints, plan.texts)

    def _make_plan(self, signature: tuple[type, ...], row: Sequence[Any]) -> RowPlan:
        """Decide which cells of rows of these classes need a look at the value."""
        if len(row) != len(self.names):
            self._refuse_length(row, self.first_row + self.count)
        if not self.names:
            msg = "expected a table with columns, found none: rows of nothing would not be stored"
            raise UsageError(msg, place=f"row {self.first_row + self.count}")
        ints: list[int] = []
        texts: list[int] = []
        slow: list[int] = []
        for i, (kind, column, rule) in enumerate(zip(signature, self._types, self.rules, strict=True)):
            fixed = FIXED.get(kind)
            if kind is int and column == INT64 and self._coerce[i] is None:
                ints.append(i)
            elif (
                fixed is None
                or self._coerce[i] is not None
                or not is_plain(fixed, kind, column, is_optional=rule.optional)
            ):
                slow.append(i)
            elif issubclass(kind, str):  # numpy's too
                texts.append(i)
        if len(self._plans) >= _MAX_PLANS:
            self._plans.clear()
        plan = RowPlan(tuple(ints), tuple(texts), tuple(slow))
        self._plans[signature] = plan
        return plan

    def _refuse_length(self, row: Sequence[Any], number: int) -> None:
        missing = self.names[len(row) :]
        detail = f": missing {', '.join(map(repr, missing[:10]))}" if missing else ""
        if len(missing) > 10:
            detail += f" and {len(missing) - 10} more"
        msg = f"expected {len(self.names)} values, found {len(row)}{detail}"
        raise UsageError(msg, place=f"row {number}")

    def _accept(self, i: int, value: Any, number: int, widened: list[tuple[int, ColumnType, ColumnType]]) -> Any:
        """Return the plain form of a cell, noting in `widened` what it does to the column."""
        place = f'column "{self.names[i]}", row {number}'
        rule, column = self.rules[i], self._types[i]
        if not rule.optional and is_missing(value):
            msg = f"expected {column}, found {value}; the column is declared with optional=False"
            raise TypeMismatchError(msg, place=place)
        try:
            coerce = self._coerce[i]
            if coerce is not None:
                value = coerce(value)
            if isinstance(column, AnyType):
                return _mixed(value)
            if isinstance(column, ClassesType):  # checked by its coercion
                return value
            found, plain = _infer(rule, value)
            if isinstance(found, MediaType):
                plain = capture(plain)
            elif isinstance(found, LinkType):
                plain = self._link(self.names[i], plain)
            if found != column and not isinstance(found, NullType):
                merged, plain = _merge(rule, column, found, plain, value)
                if merged != column:
                    check_depth(merged)
                    widened.append((i, column, merged))
        except RecursionError:
            msg = "the value nests too deep, or holds itself"
            raise UsageError(msg, place=place) from None
        except WbtableError as error:
            kind = type(error) if isinstance(error, UsageError) else UsageError
            hint = "" if rule.mixed else _hint(column, error)
            raise kind(f"{error}{hint}", place=place) from None
        self._weigh_value(plain)
        return plain

    def _link(self, name: str, link: RowLink) -> int:
        if self.links.setdefault(name, link.table) is not link.table:
            msg = "expected a link to a row of the table that the column links to, found one to another table"
            raise TypeMismatchError(msg)
        return int(link)

    def _weigh(self, row: Sequence[Any]) -> None:
        """Estimate from one row how many bytes the rows since the last look take."""
        since = self.count - self._next_weighing + 1
        size = sum(map(sys.getsizeof, row))
        self._bytes += size * max(since, 1)
        rows = self.count
        self.is_full = rows >= MAX_ROWS or self._bytes >= MAX_BYTES
        self._next_weighing = min(rows + max(1, min(1024, (8 << 20) // (size + 1))), MAX_ROWS)
        self._compile()

    def _weigh_value(self, plain: object) -> None:
        """Count a value whose size Python does not know; it may end the batch at once."""
        size = plain.nbytes if isinstance(plain, np.ndarray) else getattr(plain, "payload_size", 0)
        if size:
            self._bytes += cast("int", size)
            if self._bytes >= MAX_BYTES:
                self._next_weighing = 0


def _infer(rule: ColumnRule, value: object) -> tuple[ColumnType, Any]:
    """Return type and plain form of a value; one that is mixed within is ``any`` where that is allowed."""
    link = getattr(value, "as_link", None)
    if link is not None:  # within a list or a dict a link is the number of its row
        return cast("tuple[ColumnType, Any]", link())
    try:
        return infer(value)
    except TypeMismatchError:
        if not rule.mixed:
            raise
        return AnyType(), _tagged(value)


def _merge(
    rule: ColumnRule, column: ColumnType, found: ColumnType, plain: object, value: object
) -> tuple[ColumnType, object]:
    """Return what a value makes of its column's type, and its plain form there."""
    try:
        merged = unify(column, found)
    except TypeMismatchError as error:
        if not rule.mixed:
            expected = f"expected {str(column)!s:.200}, found {str(found)!s:.200}"
            raise TypeMismatchError(str(error) if str(error).startswith(expected) else f"{expected}: {error}") from None
        if _is_apart(found) or _is_apart(column):
            msg = f"expected {column}, found {found}; media and links do not go into a mixed column"
            raise TypeMismatchError(msg) from None
        return AnyType(), _tagged(value)
    if merged != column and rule.declared is not None and not isinstance(rule.declared, NullType):
        merged = held(rule.declared, column, merged, found, plain)
    check_fits(found, merged, plain)
    return merged, plain


def _is_apart(found: ColumnType) -> bool:
    """Whether a type holds what has no form among mixed values."""
    return any(contains(found, kind) for kind in (MediaType, HistogramType, LinkType))


def _mixed(value: object) -> Tagged | None:
    """Return the plain form of a value for a column of mixed values."""
    if hasattr(value, "as_link"):
        msg = "links do not go into a mixed column; give the row's number: int(link)"
        raise TypeMismatchError(msg)
    return _tagged(value)


def _tagged(value: object) -> Tagged | None:
    json = tag(value)
    # Written now: what has no JSON form must be refused while the row can be.
    return None if json is None else Tagged(canonical(json).decode())


def _hint(column: ColumnType, error: WbtableError) -> str:
    if isinstance(error, TypeMismatchError) and str(error).startswith(f"expected {column}, found"):
        return "; give values of one type, or make the table with allow_mixed_types=True"
    return ""
