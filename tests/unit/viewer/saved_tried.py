"""Tries of the routes of what people save: views, reports, what a panel looked like."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

from tests.unit.viewer.routes_tried import PICTURE, VIEW, Tried

if TYPE_CHECKING:
    from collections.abc import Callable


def _views(tried: Tried) -> None:
    assert tried.post("/api/views", project="p", name="mine", view=VIEW, number=-1, title="Mine")["number"] == 0
    assert "Mine" in [one["title"] for one in tried.get("/api/views", project="p")["views"]]
    found = tried.get("/api/views/one", project="p", name="mine")
    assert found["view"]["source"]["tables"][0]["artifact"] == "rows"
    assert [one["number"] for one in tried.get("/api/views/numbers", project="p", name="mine")["numbers"]] == [0]


def _state(tried: Tried) -> None:
    assert tried.post("/api/state", project="p", panel="one", view={"filter": "id > 2"}) == {}
    assert tried.get("/api/state", project="p", panel="one")["view"]["filter"] == "id > 2"


def _reports(tried: Tried) -> None:
    panel = {"id": "t", "kind": "markdown", "text": "Hello"}
    report = {"title": "First", "panels": [panel]}
    assert tried.post("/api/reports", project="p", name="first", number=-1, report=report)["number"] == 0
    table = {"id": "v", "kind": "table", "title": "Rows", "view": {**VIEW, "filter": "id < 2"}}
    assert tried.post("/api/reports/add", project="p", name="first", panels=[table])["number"] == 1
    [listed] = tried.get("/api/reports", project="p")["reports"]
    assert (listed["name"], listed["title"], listed["panels"]) == ("first", "First", 2)
    found = tried.get("/api/reports/one", project="p", name="first")
    assert [one["kind"] for one in found["panels"]] == ["markdown", "table"]
    assert [one["panels"] for one in tried.get("/api/reports/numbers", project="p", name="first")["numbers"]] == [2, 1]
    assert tried.get("/api/reports/gone", project="p", name="first", panel="v")["gone"] == 0
    exported = tried.raw("/api/reports/export", project="p", name="first")
    assert exported.headers["content-type"].startswith("text/html")
    assert exported.headers["x-wbtable-left-out"].isdigit()
    assert b"Hello" in exported.body


def _image(tried: Tried) -> None:
    found = tried.post("/api/reports/image", data=base64.b64encode(PICTURE).decode())["image"]
    assert found["size"] == len(PICTURE)


SAVED: Final[dict[str, Callable[[Tried], None]]] = {
    "GET /api/views": _views,
    "GET /api/views/one": _views,
    "GET /api/views/numbers": _views,
    "POST /api/views": _views,
    "GET /api/state": _state,
    "POST /api/state": _state,
    "GET /api/reports": _reports,
    "GET /api/reports/one": _reports,
    "GET /api/reports/numbers": _reports,
    "GET /api/reports/gone": _reports,
    "POST /api/reports": _reports,
    "POST /api/reports/add": _reports,
    "POST /api/reports/image": _image,
    "POST /api/reports/export": _reports,
}
