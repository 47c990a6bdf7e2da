"""Every route of the server answers what ENDPOINTS.md says; one that nobody tries fails the test."""

from __future__ import annotations

import csv
import http.client
import io
import json
import threading
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

import wbtable
from tests.unit.viewer.routes_tried import BOTH, GROUPED, MESH, PICTURE, ROWS, VIEW, Tried, make_store
from tests.unit.viewer.saved_tried import SAVED
from tests.viewer_security.client import PATIENCE, Answer, Client
from wbtable.viewer.app import make_app
from wbtable.viewer.opening import open_thing
from wbtable.viewer.query_routes import ARROW
from wbtable.viewer.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tried]:
    """Serve the store."""
    store, run = make_store(tmp_path_factory.mktemp("routes") / "store")
    with Server(lambda folder: open_thing(None, folder, store.url)).start() as server:
        made = Tried(client=Client(server), run=run)
        found = made.post("/api/rows", view=VIEW, offset=0, count=1)
        made.cells.update({column["name"]: column["values"][0] for column in found["columns"]})
        yield made


# Getting in.


def _page(tried: Tried) -> None:
    for path in ("/", "/p/anything/at/all"):
        answer = tried.client.get(path)
        assert answer.status == 200
        assert answer.headers["content-type"].startswith("text/html")
        assert b"{{" not in answer.body


def _static(tried: Tried) -> None:
    answer = tried.client.get("/static/js/app.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.body == files("wbtable.viewer").joinpath("static/js/app.js").read_bytes()


def _session(tried: Tried) -> None:
    other = Client(tried.client.server)
    assert other.get("/api/open").status == 200
    assert other.ask("DELETE", "/api/session", body=b"{}", headers={"Content-Type": "application/json"}).status == 200
    assert other.get("/api/open").status == 401


# The store.


def _open(tried: Tried) -> None:
    found = tried.get("/api/open")
    assert (found["start"], found["read_only"], found["store"]["name"]) == ({"page": "store"}, False, "store")


def _projects(tried: Tried) -> None:
    [found] = tried.get("/api/projects")["projects"]
    assert (found["name"], found["artifacts"], found["runs"]) == ("p", 1, 1)


def _activity(tried: Tried) -> None:
    found = tried.get("/api/activity", project="p")
    assert found["states"] == {"finished": 1}
    assert [one["version"] for one in found["artifacts"]] == ["v1"]


def _artifacts(tried: Tried) -> None:
    found = tried.get("/api/artifacts", project="p", search="ROW", count=5)
    assert (found["total"], found["artifacts"][0]["version"]) == (1, "v1")


def _types(tried: Tried) -> None:
    assert tried.get("/api/artifacts/types", project="p") == {"types": [{"type": "tables", "artifacts": 1}]}


def _versions(tried: Tried) -> None:
    found = tried.get("/api/versions", project="p", artifact="rows")
    assert [one["version"] for one in found["versions"]] == ["v1", "v0"]
    assert found["aliases"] == {"best": "v1"}


def _version(tried: Tried) -> None:
    found = tried.get("/api/version", project="p", artifact="rows", version="v0")
    assert (found["tables"], found["loggers"]) == (["rows.table.json"], [f"p/{tried.run}"])


def _lineage(tried: Tried) -> None:
    found = tried.get("/api/lineage", project="p", artifact="rows", version="v0")
    assert {node["kind"] for node in found["nodes"]} == {"version", "run"}
    assert found["edges"]


def _files(tried: Tried) -> None:
    found = tried.get("/api/files", project="p", artifact="rows", version="v0", prefix="rows")
    assert any(one["path"] == "rows.table.json" and one["table"] for one in found["files"])


# Runs.


def _runs(tried: Tried) -> None:
    found = tried.post("/api/runs", project="p", filter="config.rate > 0.05", columns=["config.rate"])
    assert [(one["run"], one["values"]["config.rate"]) for one in found["runs"]] == [(tried.run, 0.1)]


def _run(tried: Tried) -> None:
    found = tried.get("/api/run", project="p", run=tried.run)
    assert (found["state"], found["config"], found["keys"]) == ("finished", {"rate": 0.1}, ["loss"])


def _metrics(tried: Tried) -> None:
    assert {"key": "loss", "runs": 1} in tried.post("/api/metrics", project="p", runs=[tried.run])["keys"]


def _curves(tried: Tried) -> None:
    [found] = tried.post("/api/curves", project="p", runs=[tried.run], keys=["loss"])["curves"]
    assert (found["x"], found["y"][0]) == ([0, 1, 2, 3, 4], 1.0)


def _events(tried: Tried) -> None:
    """Listen while a run goes on, until its end is told; a stream has no end of its own."""
    client = tried.client
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=PATIENCE)
    connection.request("GET", "/api/events?project=live", headers={"Cookie": str(client.cookie)})
    stream = connection.getresponse()
    assert stream.getheader("content-type", "").startswith("text/event-stream")
    url = tried.client.server.state.places.store
    thread = threading.Thread(target=lambda: wbtable.init(project="live", name="second", store=url).finish())
    thread.start()
    told: list[Any] = []
    while not told or told[-1]["state"] != "finished":
        line = stream.readline().decode()
        assert line, "the stream ended"
        if line.startswith("data: "):
            told += json.loads(line.removeprefix("data: "))["runs"]
    connection.close()
    thread.join()
    assert {one["name"] for one in told} == {"second"}


# Asking.


def _view(tried: Tried) -> None:
    found = tried.post("/api/view", view={**GROUPED, "filter": "score >= 1"})
    assert (found["grouped"], found["total"], [c["name"] for c in found["shown"]]) == (True, ROWS, ["kind", "count"])


def _count(tried: Tried) -> None:
    found = tried.post("/api/count", view={**VIEW, "filter": "kind == 'odd'"})
    assert (found["rows"], found["total"]) == (ROWS // 2, ROWS)


def _rows(tried: Tried) -> None:
    found = tried.post("/api/rows", view={**VIEW, "sort": [{"expression": "-id"}]}, offset=1, count=2, columns=["id"])
    assert found["columns"][0]["values"] == [ROWS - 2, ROWS - 3]
    found = tried.post("/api/rows", view=VIEW, positions=[4, 2], columns=["id"])
    assert found["columns"][0]["values"] == [4, 2]
    arrow = tried.client.post("/api/rows", {"view": VIEW, "offset": 3, "count": 2, "columns": ["id"]}, Accept=ARROW)
    assert pa.ipc.open_stream(arrow.body).read_all()["id"].to_pylist() == [3, 4]


def _positions(tried: Tried) -> None:
    assert tried.post("/api/positions", view={**VIEW, "filter": "id > 6"}, offset=1, count=2)["positions"] == [8, 9]
    part = {**VIEW, "filter": "id > 6", "window": {"offset": 1, "count": 2}}
    assert tried.post("/api/positions", view=part, offset=1, count=5)["positions"] == [9]


def _cell(tried: Tried) -> None:
    assert tried.post("/api/cell", view=VIEW, row=3, column="score")["value"] == 1.5


def _warnings(tried: Tried) -> None:
    assert tried.post("/api/warnings", view={**VIEW, "filter": "score > 0"})["warnings"] == []
    view = {**VIEW, "derive": [{"name": "r", "expression": "1 + score / 0"}], "filter": "id < 3"}
    (one,) = tried.post("/api/warnings", view=view)["warnings"]
    assert (one["kind"], one["count"], one["unit"], one["column"]) == ("division by zero", 3, "rows", "r")
    assert one["expression"][slice(*one["span"])] == "score / 0"


def _summaries(tried: Tried) -> None:
    found = tried.post("/api/summaries", view=VIEW, columns=["kind"])["columns"]["kind"]
    assert {one["value"]: one["count"] for one in found["top"]} == {"even": ROWS // 2, "odd": ROWS // 2}


def _groups(tried: Tried) -> None:
    found = tried.post("/api/groups", view=GROUPED, offset=0, count=2, columns=["score"])
    assert [sum(cell["counts"]) for cell in found["cells"]["score"]] == [ROWS // 2] * 2


def _expand(tried: Tried) -> None:
    view = tried.post("/api/expand", view=GROUPED, group=1)["view"]
    assert tried.post("/api/count", view=view)["rows"] == ROWS // 2


def _check(tried: Tried) -> None:
    assert tried.post("/api/check", view=VIEW, expression="score * 2", at="derive")["kind"] == "number"
    for text, span, near in (("scor * 2", [0, 4], "score"), ("score *", [7, 7], ""), ("", [0, 0], "")):
        wrong = tried.post("/api/check", view=VIEW, expression=text, at="derive")["wrong"]
        assert (wrong["code"], wrong["span"]) == ("expression", span)
        assert near in wrong.get("suggestion", "")


def _complete(tried: Tried) -> None:
    found = tried.post("/api/complete", view=VIEW, text="sco", cursor=3, at="filter")["completions"]
    assert "score" in [one["text"] for one in found]


def _compare(tried: Tried) -> None:
    found = tried.post("/api/compare", view={"source": BOTH})
    assert (found["counts"]["changed"], found["key"]) == (ROWS, ["id"])


def _differences(tried: Tried) -> None:
    found = tried.post("/api/differences", view={"source": BOTH}, columns=["score"])["columns"]["score"]
    assert found["differences"][0]["mean"] == 0.25


def _keys(tried: Tried) -> None:
    assert tried.post("/api/keys", tables=BOTH["tables"])["suggested"] == "id"


def _python(tried: Tried) -> None:
    assert "score > 1" in tried.post("/api/python", view={**VIEW, "filter": "score > 1"})["text"]


def _warm(tried: Tried) -> None:
    assert set(tried.post("/api/warm", view={**VIEW, "sort": [{"expression": "score"}]})) == {"seconds"}


def _export(tried: Tried) -> None:
    view = {**VIEW, "filter": "id < 3"}
    answer = tried.raw("/api/export", view=view, format="csv")
    assert [row["id"] for row in csv.DictReader(io.StringIO(answer.body.decode()))] == ["0", "1", "2"]
    assert answer.headers["content-disposition"].startswith("attachment")


def _progress_and_cancel(tried: Tried) -> None:
    """A question that waits is known by its name, and ends when it is cancelled: its worker stands still."""
    found: list[Answer] = []
    body = {"view": {**VIEW, "sort": [{"expression": "id * 3"}]}, "query": "slow", "offset": 0, "count": 5}
    with tried.standing_still("interactive"):
        thread = threading.Thread(target=lambda: found.append(tried.client.post("/api/rows", body)))
        thread.start()
        while thread.is_alive() and not tried.get("/api/progress", query="slow")["running"]:
            pass
        assert tried.get("/api/progress", query="none") == {"running": False, "done": None, "seconds": 0.0}
        cancelled = tried.post("/api/cancel", query="slow")["cancelled"]
        thread.join()
    assert cancelled
    assert found[0].status == 499


# Media.


def _blob(tried: Tried) -> None:
    whole = tried.media("blob", "picture")
    assert (whole.headers["content-type"], whole.body) == ("image/png", PICTURE)
    assert tried.media("blob", "picture", Range="bytes=1-3").body == b"PNG"


def _thumb(tried: Tried) -> None:
    assert Image.open(io.BytesIO(tried.media("thumb", "picture", "&side=64").body)).size == (60, 40)


def _mask(tried: Tried) -> None:
    pixels = np.asarray(Image.open(io.BytesIO(tried.media("mask", "picture").body)))
    assert np.unique(pixels.reshape(-1, 3), axis=0).tolist() == [[7, 0, 0]]


def _peaks(tried: Tried) -> None:
    found = tried.media("peaks", "sound", "&points=20").json()
    assert (len(found["least"]), found["sample_rate"], found["channels"]) == (20, 8000, 1)


def _model(tried: Tried) -> None:
    assert tried.media("model", "mesh").body == MESH


def _frame(tried: Tried) -> None:
    answer = tried.media("frame", "page", "&as=html", Sec_Fetch_Dest="iframe")
    assert b"<p>hello</p>" in answer.body
    assert "sandbox" in answer.headers["content-security-policy"]


TRIES: Final[dict[str, Callable[[Tried], None]]] = {
    **SAVED,
    "GET /": _page,
    "GET /p/{path:path}": _page,
    "GET /static/{path:path}": _static,
    "POST /api/session": _session,
    "DELETE /api/session": _session,
    "GET /api/open": _open,
    "GET /api/projects": _projects,
    "GET /api/activity": _activity,
    "GET /api/artifacts": _artifacts,
    "GET /api/artifacts/types": _types,
    "GET /api/versions": _versions,
    "GET /api/version": _version,
    "GET /api/lineage": _lineage,
    "GET /api/files": _files,
    "POST /api/runs": _runs,
    "GET /api/run": _run,
    "POST /api/metrics": _metrics,
    "POST /api/curves": _curves,
    "GET /api/events": _events,
    "POST /api/view": _view,
    "POST /api/count": _count,
    "POST /api/rows": _rows,
    "POST /api/positions": _positions,
    "POST /api/cell": _cell,
    "POST /api/summaries": _summaries,
    "POST /api/warnings": _warnings,
    "POST /api/groups": _groups,
    "POST /api/expand": _expand,
    "POST /api/check": _check,
    "POST /api/complete": _complete,
    "POST /api/compare": _compare,
    "POST /api/differences": _differences,
    "POST /api/keys": _keys,
    "POST /api/python": _python,
    "POST /api/export": _export,
    "POST /api/warm": _warm,
    "GET /api/progress": _progress_and_cancel,
    "POST /api/cancel": _progress_and_cancel,
    "GET /blob/{digest}": _blob,
    "GET /thumb/{digest}": _thumb,
    "GET /mask/{digest}": _mask,
    "GET /peaks/{digest}": _peaks,
    "GET /model/{digest}": _model,
    "GET /frame/{digest}": _frame,
}


def test_every_route_is_tried(tried: Tried) -> None:
    routes: list[Any] = make_app(tried.client.server.state)._app.routes  # type: ignore[attr-defined]
    there = {f"{method} {route.path}" for route in routes for method in route.methods if method != "HEAD"}
    assert there == set(TRIES)


@pytest.mark.parametrize("attempt", dict.fromkeys(TRIES.values()), ids=lambda attempt: attempt.__name__.strip("_"))
def test_it_answers(tried: Tried, attempt: Callable[[Tried], None]) -> None:
    attempt(tried)


def test_every_route_is_described() -> None:
    text = files("wbtable.viewer").joinpath("ENDPOINTS.md").read_text("utf-8")
    paths = [name.partition(" ")[2].split("{")[0].rstrip("/") or "/" for name in TRIES]
    assert [path for path in paths if path not in text] == []
