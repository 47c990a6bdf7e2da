"""Views in the address of a page: the query string of a link (VIEW-7)."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from wbtable.errors import FormatError
from wbtable.format.documents import Json, canonical, parse
from wbtable.format.features import FORMAT_VERSION
from wbtable.format.view_spec import KIND, ViewSpec

MAX_QUERY: Final = 64_000
"""The most characters of a link's query string."""
_AS_THEY_ARE: Final = frozenset({"filter", "having", "format"})
"""Fields that are text; the others are JSON."""


def view_link(spec: ViewSpec) -> str:
    """Return the query string of a link to a view."""
    value = spec.to_json()
    pairs = []
    for key in sorted(value):
        if key in {"kind", "features", "refs"}:
            continue
        found = value[key]
        pairs.append((key, found if key in _AS_THEY_ARE else canonical(found).decode()))
    return urlencode(pairs)


def view_of_link(text: str) -> ViewSpec:
    """Read the query string of a link.

    Raises:
        FormatError: it is none, or holds no view.

    """
    place = "link"
    if len(text) > MAX_QUERY:
        msg = f"expected at most {MAX_QUERY} characters, found {len(text)}"
        raise FormatError(msg, place=place)
    try:
        pairs = parse_qsl(text.removeprefix("?"), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError as error:
        msg = f"expected the query string of a link: {error}"
        raise FormatError(msg, place=place) from None
    value: Json = {"kind": KIND, "format": FORMAT_VERSION}
    seen: set[str] = set()
    for key, found in pairs:
        if key in seen:
            msg = f"{key!r:.40} stands twice"
            raise FormatError(msg, place=place)
        seen.add(key)
        value[key] = found if key in _AS_THEY_ARE else _json(found, f"{place}.{key}")
    return ViewSpec.from_json(value, place)


def _json(text: str, place: str) -> Any:
    """Return the value of a parameter of a link."""
    wrapped = parse(f'{{"value":{text}}}'.encode("utf-8", "replace"), place)
    if wrapped.keys() != {"value"}:
        msg = f"expected one JSON value, found {text!r:.60}"
        raise FormatError(msg, place=place)
    return wrapped["value"]
