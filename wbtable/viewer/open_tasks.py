"""What tasks open: the sources and views of documents, kept in a worker from one task to the next."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Final, cast

from wbtable.errors import UsageError
from wbtable.format.features import FORMAT_VERSION
from wbtable.format.view_spec import KIND, ViewSpec
from wbtable.viewer.sources import Opener, Places

if TYPE_CHECKING:
    from wbtable.format.documents import Json
    from wbtable.query.control import QueryControl
    from wbtable.query.worker_process import Control
    from wbtable.tables.view import View


_BASE: Final = {"kind": KIND, "format": FORMAT_VERSION, "features": {"reader": [], "writer": []}, "refs": []}


def view_of(document: Json) -> ViewSpec:
    """Return the view of a document; what says what kind of document it is may be left out.

    Raises:
        FormatError: it is none.

    """
    return ViewSpec.from_json({**_BASE, **document})


@functools.lru_cache(maxsize=2)
def _opener(places: str) -> Opener:
    return Opener(Places.from_json(json.loads(places)))


def opener(places: Json) -> Opener:
    """Return what opens tables of these places; kept from one task to the next."""
    return _opener(json.dumps(places, sort_keys=True))


def open_views(control: Control | None, places: Json, view: Json) -> list[View]:
    """Return the views of a document: one, or one for each side."""
    return opener(places).views(ViewSpec.from_json(view), cast("QueryControl | None", control))


def open_view(control: Control | None, places: Json, view: Json, side: int) -> tuple[View, int]:
    """Return one of the views of a document, and how many there are.

    Raises:
        UsageError: there is no such side.

    """
    views = open_views(control, places, view)
    return side_of(views, side), len(views)


def side_of(views: list[View], side: int) -> View:
    """Return one of several views.

    Raises:
        UsageError: there is no such side.

    """
    if not 0 <= side < len(views):
        raise UsageError(f"expected a side from 0 to {len(views) - 1}, found {side}")
    return views[side]
