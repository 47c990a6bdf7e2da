"""What the server answers about views, reports and what panels looked like."""

from __future__ import annotations

import base64
import io
import json
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

import pytest
from PIL import Image

import wbtable
from wbtable.viewer.opening import open_thing
from wbtable.viewer.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from wbtable.artifacts.store import Store

PLACE = {"project": "music", "artifact": "songs", "version": "v0", "path": "songs.table.json"}
VIEW = {"source": {"kind": "table", "tables": [PLACE]}, "filter": "plays > 1", "off": ["plays > 7"], "height": "l"}
TEXT = {"id": "t", "kind": "markdown", "text": "Hello"}
TABLE = {"id": "v", "kind": "table", "title": "Played", "rows": 5, "view": VIEW}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = wbtable.create_store(tmp_path / "store")
    draft = wbtable.Artifact("songs", type="dataset")
    draft.add(wbtable.Table(columns=["title", "plays"], data=[["tide", 3], ["moor", 1], ["fen", 8]]), "songs")
    made.commit(draft, project="music")
    return made


class Asking:
    """Asks a server, as the page does."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def get(self, path: str, **query: Any) -> Any:
        return json.loads(self._ask("GET", f"{path}?{urlencode(query)}").data)

    def post(self, path: str, **body: Any) -> Any:
        return json.loads(self.raw(path, **body).data)

    def raw(self, path: str, **body: Any) -> Answer:
        return self._ask("POST", path, json.dumps(body).encode())

    def _ask(self, method: str, path: str, body: bytes | None = None) -> Answer:
        connection = HTTPConnection("127.0.0.1", self._server.port, timeout=60)
        headers = {
            "Authorization": f"Bearer {self._server.state.sessions.token}",
            "Content-Type": "application/json",
        }
        connection.request(method, path, body, headers)
        found = connection.getresponse()
        answer = Answer(found.status, dict(found.getheaders()), found.read())
        connection.close()
        return answer


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    data: bytes


@pytest.fixture
def asking(store: Store) -> Iterator[Callable[..., Asking]]:
    servers: list[Server] = []

    def make(*, read_only: bool = False) -> Asking:
        server = Server(lambda folder: open_thing(store, folder), read_only=read_only).start()
        servers.append(server)
        return Asking(server)

    yield make
    for server in servers:
        server.close()


def test_views_are_saved_listed_and_told_apart(asking: Callable[..., Asking]) -> None:
    """VIEW-8, VIEW-10: what the page keeps in a view comes back; a conflict is said as one."""
    ask = asking()
    saved = ask.post("/api/views", project="music", name="played", view=VIEW, number=-1, description="why")
    assert saved == {"name": "played", "number": 0}
    found = ask.get("/api/views/one", project="music", name="played")
    assert (found["title"], found["description"], found["view"]["height"]) == ("played", "why", "l")
    assert found["view"]["off"] == ["plays > 7"]
    again = {"project": "music", "name": "played", "view": {**VIEW, "filter": "plays > 2"}, "title": "Often"}
    assert ask.post("/api/views", number=-1, **again)["error"]["code"] == "conflict"
    assert ask.post("/api/views", number=0, **again)["number"] == 1
    assert ask.get("/api/views/one", project="music", name="played", number=0)["view"]["filter"] == "plays > 1"
    [listed] = ask.get("/api/views", project="music")["views"]
    assert (listed["title"], listed["number"]) == ("Often", 1)
    outside = {"source": {"kind": "table", "tables": [{"url": "open:0"}]}}
    assert ask.post("/api/views", project="music", name="x", view=outside, number=-1)["error"]["code"] == "usage"


def test_what_panels_looked_like_is_kept_unless_the_server_only_reads(asking: Callable[..., Asking]) -> None:
    """VIEW-11."""
    ask = asking()
    asked = {"project": "music", "panel": "union songs"}
    assert ask.get("/api/state", **asked) == {"view": None, "read_only": False}
    assert ask.post("/api/state", **asked, view={"filter": "plays > 1", "height": "xl"}) == {}
    found = asking(read_only=True).get("/api/state", **asked)
    assert (found["view"]["filter"], found["view"]["height"], found["read_only"]) == ("plays > 1", "xl", True)
    assert asking(read_only=True).post("/api/state", **asked, view={})["error"]["code"] == "read_only"


def test_reports_are_saved_with_what_they_show(asking: Callable[..., Asking], store: Store) -> None:
    """REPORT-1, REPORT-3, REPORT-5."""
    ask = asking()
    latest = {**VIEW, "source": {"kind": "table", "tables": [{**PLACE, "version": "latest"}]}}
    report = {"title": "All", "description": "d", "panels": [TEXT, {**TABLE, "view": latest}]}
    assert ask.post("/api/reports", project="music", name="r", number=-1, report=report)["number"] == 0
    assert ask.post("/api/reports", project="music", name="r", number=-1, report=report)["error"]["code"] == "conflict"
    found = ask.get("/api/reports/one", project="music", name="r")
    assert (found["title"], [panel["kind"] for panel in found["panels"]]) == ("All", ["markdown", "table"])
    [place] = found["panels"][1]["view"]["source"]["tables"]
    assert (place["version"], found["panels"][1]["lost"]) == ("v0", None)
    [head] = ask.get("/api/reports", project="music")["reports"]
    assert (head["title"], head["panels"]) == ("All", 2)
    store.delete_artifact("music/songs", delete_aliases=True)
    again = ask.get("/api/reports/one", project="music", name="r")
    assert again["panels"][1]["lost"] is None
    assert (
        ask.post("/api/reports", project="music", name="r", number=0, report={"panels": again["panels"]})["number"] == 1
    )


def test_what_is_no_report_is_refused_with_the_place(asking: Callable[..., Asking]) -> None:
    """REPORT-2, REPORT-3."""
    ask = asking()

    def wrong(**report: Any) -> str:
        error = ask.post("/api/reports", project="music", name="r", number=-1, report=report)["error"]
        assert error["code"] in {"usage", "not_found"}
        return str(error["message"])

    assert "panels" in wrong(panels=7)
    assert "panel's id" in wrong(panels=[{**TEXT, "id": "No!"}])
    assert "more than once" in wrong(panels=[TEXT, TEXT])
    assert "picture" in wrong(
        panels=[], images=[{"media_type": "text/html", "digest": f"SHA-256:{'0' * 64}", "size": 1}]
    )
    gone = {**VIEW, "source": {"kind": "table", "tables": [{**PLACE, "version": "v9"}]}}
    assert "v9" in wrong(panels=[{**TABLE, "view": gone}])
    outside = {"source": {"kind": "table", "tables": [{"url": "/etc/passwd"}]}}
    assert "outside of the store" in wrong(panels=[{**TABLE, "view": outside}])
    assert ask.get("/api/reports", project="music")["reports"] == []


def test_panels_are_added_behind_whatever_is_there(asking: Callable[..., Asking]) -> None:
    """REPORT-1: who only adds a panel reads again and adds it."""
    ask = asking()
    assert ask.post("/api/reports/add", project="music", name="r", panels=[TABLE])["error"]["code"] == "not_found"
    assert ask.post("/api/reports/add", project="music", name="r", panels=[TABLE], new=True)["number"] == 0
    assert (
        ask.post("/api/reports/add", project="music", name="r", panels=[TABLE], new=True)["error"]["code"] == "conflict"
    )
    assert ask.post("/api/reports/add", project="music", name="r", panels=[TABLE])["number"] == 1
    ids = [panel["id"] for panel in ask.get("/api/reports/one", project="music", name="r")["panels"]]
    assert ids[0] == "v"
    assert len(set(ids)) == 2


def test_panels_of_other_kinds_stay(asking: Callable[..., Asking]) -> None:
    """REPORT-2."""
    ask = asking()
    plot = {"id": "p", "kind": "plot", "of": [1, 2]}
    ask.post("/api/reports", project="music", name="r", number=-1, report={"panels": [plot]})
    ask.post("/api/reports", project="music", name="r", number=0, report={"panels": [TEXT, plot]})
    assert ask.get("/api/reports/one", project="music", name="r")["panels"] == [TEXT, plot]


def test_pictures_of_text_are_blobs_of_the_store(asking: Callable[..., Asking], store: Store) -> None:
    """REPORT-4: by digest, and only pictures."""
    ask = asking()
    data = io.BytesIO()
    Image.new("RGB", (4, 4), "red").save(data, "PNG")
    image = ask.post("/api/reports/image", data=base64.b64encode(data.getvalue()).decode())["image"]
    assert image["media_type"] == "image/png"
    svg = base64.b64encode(b"<svg onload='alert(1)'/>").decode()
    assert "PNG" in ask.post("/api/reports/image", data=svg)["error"]["message"]
    assert ask.post("/api/reports/image", data="%")["error"]["code"] == "usage"
    text = {"id": "t", "kind": "markdown", "text": f"![red]({image['digest']})"}
    ask.post("/api/reports", project="music", name="r", number=-1, report={"panels": [text], "images": [image]})
    assert ask.get("/api/reports/one", project="music", name="r")["images"] == [image]
    assert [ref.media_type for ref in store.reports("music")[0].report.refs] == ["image/png"]


def test_a_server_that_only_reads_saves_nothing(asking: Callable[..., Asking], store: Store) -> None:
    ask = asking(read_only=True)
    before = sorted(store.backend.list(""))
    for path in ("views", "reports", "reports/add", "reports/image"):
        assert ask.post(f"/api/{path}", project="music", name="x", number=-1)["error"]["code"] == "read_only"
    assert sorted(store.backend.list("")) == before


def test_a_damaged_report_is_named_and_the_others_are_listed(asking: Callable[..., Asking], store: Store) -> None:
    ask = asking()
    for name in ("a", "b"):
        ask.post("/api/reports", project="music", name=name, number=-1, report={"panels": [TEXT]})
    key = next(key for key in store.backend.list("projects/music/reports/a"))
    data = store.backend.get(key)
    store.backend.delete([key])
    store.backend.create(key, data.replace(b"Hello", b"Hallo"))
    found = ask.get("/api/reports", project="music")["reports"]
    assert ("error" in found[0], found[1]["name"]) == (True, "b")
    assert ask.get("/api/reports/one", project="music", name="a")["error"]["code"] == "damaged"
    [project] = ask.get("/api/projects")["projects"]
    assert project["reports"] == ["a", "b"]


def test_a_report_is_exported_in_a_worker(asking: Callable[..., Asking]) -> None:
    """REPORT-6: under a name of the server's own."""
    ask = asking()
    ask.post("/api/reports", project="music", name='r"\u00e9', number=-1, report={"panels": [TEXT, TABLE]})
    answer = ask.raw("/api/reports/export", project="music", name='r"\u00e9')
    assert answer.status == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="report.html"'
    assert answer.headers["x-wbtable-left-out"] == "0"
    assert b"Content-Security-Policy" in answer.data
    assert ask.raw("/api/reports/export", project="music", name="other").status == 404
