"""The Python that makes a view (spec: 16-views)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wbtable.storage.objects import ObjectStore
from wbtable.tables.view_parts import settings, shown_sort, sort_keys

if TYPE_CHECKING:
    from wbtable.format.view_spec import TablePlace, ViewSource, ViewSpec
    from wbtable.media.base import BlobReader

_WIDTH = 88


def view_code(spec: ViewSpec, store: str | None = None) -> str:
    """Return Python that makes the view of ``table``, and opens it where the view says what it is of.

    Args:
        spec: the view.
        store: the URL of the store that has what the view names; None: the one that is used if nothing else is said.

    """
    lines = [] if spec.source is None else ["import wbtable", "", *_opening(spec.source, store)]
    return "\n".join([*lines, *_call(spec)]) + "\n"


def store_of(blobs: BlobReader) -> str | None:
    """Return the URL of the one place where stored rows are; None if they are nowhere, or in several."""
    return blobs.backend.url if isinstance(blobs, ObjectStore) and not blobs.prefix else None


def _opening(source: ViewSource, store: str | None) -> list[str]:
    opened = f"wbtable.Store({'' if store is None else repr(store)})"
    if source.kind == "union":
        runs = list(source.runs) or None
        return [f"table = {opened}.run_tables({source.project!r}, {source.run_key!r}, runs={runs!r})"]
    tables = [_table(place, opened) for place in source.tables]
    if source.kind == "table":
        return [f"table = {tables[0]}"]
    options = f"mode={source.mode!r}" if source.mode != "join" else f"how={source.how!r}"
    key = f"key={list(source.key)!r}, " if source.key else ""
    inner = "".join(f"    {table},\n" for table in tables)
    return [f"table = wbtable.compare([\n{inner}], {key}{options})"]


def _table(place: TablePlace, opened: str) -> str:
    if place.url is not None:
        return f"wbtable.open_table({place.url!r})"
    name = f"{place.project}/{place.artifact}:{place.version}"
    return f"{opened}.artifact({name!r}).get({place.path!r})"


def _call(spec: ViewSpec) -> list[str]:
    if not _is_plain(spec):
        value = spec.with_(source=None).to_json()
        return [f"view = table.view(spec={value!r})"]
    arguments: dict[str, Any] = {}
    if spec.derive:
        arguments["derive"] = {item.name: item.expression for item in spec.derive}
    if spec.filter is not None:
        arguments["filter"] = spec.filter
    if spec.group:
        arguments["group"] = list(spec.group)
    if spec.cells:
        arguments["cells"] = {item.name: item.expression for item in spec.cells}
    if spec.having is not None:
        arguments["having"] = spec.having
    if spec.sort:
        arguments["sort"] = [shown_sort(key) for key in spec.sort]
    if spec.columns is not None:
        arguments["columns"] = [column.name for column in spec.columns]
    if not arguments:
        return ["view = table.view()"]
    out = ["view = table.view("]
    for name, value in arguments.items():
        out.extend(_argument(name, value))
    return [*out, ")"]


def _argument(name: str, value: Any) -> list[str]:
    line = f"    {name}={value!r},"
    if len(line) <= _WIDTH or isinstance(value, str):
        return [line]
    if isinstance(value, dict):
        return [f"    {name}={{", *(f"        {key!r}: {item!r}," for key, item in value.items()), "    },"]
    return [f"    {name}=[", *(f"        {item!r}," for item in value), "    ],"]


def _is_plain(spec: ViewSpec) -> bool:
    """Whether the arguments of ``view`` say all that the document says."""
    if spec.window is not None or spec.extra or any(item.beside or item.side != "right" for item in spec.derive):
        return False
    if any(item.beside or item.side != "right" for item in spec.cells):
        return False
    if spec.sort and sort_keys([shown_sort(key) for key in spec.sort]) != spec.sort:
        return False
    return spec.columns is None or settings([column.name for column in spec.columns]) == spec.columns
