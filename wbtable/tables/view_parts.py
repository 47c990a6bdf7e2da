"""The parts of a view as people write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from wbtable.errors import FormatError, UsageError
from wbtable.format.view_spec import ColumnSetting, Named, Sort, ViewSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from wbtable.format.documents import Json

_Made = TypeVar("_Made")
_SORT = re.compile(r"(.*?)(?:\s+(asc|desc))?(?:\s+nulls\s+(first|last))?\s*", re.DOTALL | re.IGNORECASE)


def checked(make: Callable[[], _Made]) -> _Made:
    """Return the document of a view, or a part of one, that a caller describes.

    Raises:
        UsageError: it has no meaning; no stored document is to blame.

    """
    try:
        return make()
    except FormatError as error:
        raise UsageError(str(error)) from None


def spec_of(
    derive: Mapping[str, str] | None,
    filter: str | None,
    group: str | Sequence[str],
    cells: Mapping[str, str] | None,
    having: str | None,
    sort: str | Sequence[str],
    columns: Sequence[str] | None,
    spec: ViewSpec | Json | None,
) -> ViewSpec:
    """Return the document of a view of the arguments of `view`.

    Raises:
        UsageError: one of them is of another kind, or `spec` stands beside others.
        FormatError: `spec` is no document of a view.

    """
    if spec is None:
        return checked(
            lambda: ViewSpec(
                derive=named(derive or {}),
                filter=filter,
                group=_several(group, "group"),
                cells=named(cells or {}),
                having=having,
                sort=sort_keys(_several(sort, "sort")),
                columns=None if columns is None else settings(columns),
            )
        )
    if any([derive, filter, group, cells, having, sort]) or columns is not None:
        msg = "expected either spec, or the parts of one"
        raise UsageError(msg)
    if not isinstance(spec, (ViewSpec, Mapping)):
        msg = f"expected spec as the document of a view, found {type(spec).__name__}"
        raise UsageError(msg)
    return spec if isinstance(spec, ViewSpec) else ViewSpec.from_json(dict(spec))


def _several(texts: object, what: str) -> tuple[Any, ...]:
    if isinstance(texts, str):
        return (texts,)
    try:
        return tuple(texts)  # type: ignore[arg-type]  # whatever it is, it is asked
    except TypeError:
        msg = f"expected {what} as an expression or a list of them, found {type(texts).__name__}"
        raise UsageError(msg) from None


def derived(spec: ViewSpec, new: Sequence[Named]) -> ViewSpec:
    """Return a view with further columns, which are shown."""
    names = [item.name for item in new]
    columns = spec.columns
    if columns is not None:
        known = {column.name for column in columns}
        columns = (*columns, *settings([name for name in names if name not in known]))
    kept = (item for item in spec.derive if item.name not in names)
    return spec.with_(derive=(*kept, *new), columns=columns)


def rows_of_group(spec: ViewSpec, condition: str, known: Container[str]) -> ViewSpec:
    """Return the view of the rows of a group, of which `condition` is true; `known` are the columns that rows have."""
    columns = None if spec.columns is None else tuple(column for column in spec.columns if column.name in known)
    before = spec.filter
    text = condition if before is None else f"({before}) and {condition}"
    rows = spec.with_(filter=text, group=(), cells=(), having=None, sort=(), window=None)
    return rows.with_(columns=columns or None)


def named(columns: Mapping[str, str]) -> tuple[Named, ...]:
    """Return columns by name and expression.

    Raises:
        UsageError: it is no mapping of these.

    """
    if not isinstance(columns, Mapping):
        msg = f'expected columns as {{"name": "expression"}}, found {type(columns).__name__}'
        raise UsageError(msg)
    return checked(lambda: tuple(Named(name=str(name), expression=text) for name, text in columns.items()))


def settings(names: Sequence[str]) -> tuple[ColumnSetting, ...]:
    """Return the settings of columns that are shown in an order.

    Raises:
        UsageError: a text was given for a list, or one is asked for twice.

    """
    if isinstance(names, str):
        msg = f"expected a list of column names, found the text {names!r:.80}"
        raise UsageError(msg)
    if len(set(names)) != len(names):
        msg = f"expected each column once, found {list(names)!r:.200}"
        raise UsageError(msg)
    return tuple(ColumnSetting(name=name) for name in names)


def sort_keys(keys: Sequence[str]) -> tuple[Sort, ...]:
    """Return sort keys of texts: an expression, ``asc`` or ``desc``, ``nulls first`` or ``nulls last``.

    Raises:
        UsageError: one is no text.

    """
    return tuple(_sort_key(key) for key in keys)


def _sort_key(key: str) -> Sort:
    if not isinstance(key, str):
        msg = f'expected a sort key as text such as "score desc", found {key!r:.80}'
        raise UsageError(msg)
    match = _SORT.fullmatch(key)
    assert match is not None  # every text matches
    text, order, nulls = match[1].strip(), (match[2] or "asc").lower(), (match[3] or "last").lower()
    return checked(lambda: Sort(expression=text, order=order, nulls=nulls))


def shown_sort(key: Sort) -> str:
    """Return the text of a sort key, as `sort_keys` reads it."""
    # Said in full: an expression may end in a word that would be read as the order.
    return f"{key.expression} {key.order}{'' if key.nulls == 'last' else ' nulls first'}"
