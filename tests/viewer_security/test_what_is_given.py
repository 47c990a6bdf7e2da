"""Paths, bodies, ranges and what answers let a browser do: each test tries the attack."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.viewer_security.conftest import HTML, SVG, Trap
from wbtable.errors import FormatError
from wbtable.viewer.frames import plotly_frame
from wbtable.viewer.guard import MAX_BODY
from wbtable.viewer.headers import BASE
from wbtable.viewer.media_tasks import check_model

if TYPE_CHECKING:
    from tests.viewer_security.client import Client

TRAVERSALS = [
    "../index.html",
    "../../server.py",
    "..%2f..%2fserver.py",
    "%2e%2e/%2e%2e/server.py",
    "%252e%252e%252fserver.py",
    "..%5c..%5cserver.py",
    "....//....//server.py",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "js/../../server.py",
    "js/app.js%00.css",
    "js/app.js/",
    "js",
    "",
    "index.html",
    "file:///etc/passwd",
    "C:%5cWindows%5cwin.ini",
    "%c0%ae%c0%ae/server.py",
]


@pytest.mark.parametrize("path", TRAVERSALS)
def test_no_address_becomes_a_path(client: Client, path: str) -> None:
    for root in ("/static/", "/blob/", "/thumb/", "/mask/", "/peaks/", "/model/"):
        found = client.get(root + path)
        assert found.status in {400, 404}, root
        assert b"import" not in found.body
        assert b"root:" not in found.body


@pytest.mark.parametrize(
    "query",
    [
        "?c=../../secret.txt",
        "?p=..%2f..",
        "?c=",
        "?o=-1",
        "?n=-1",
        "?o=1e9",
        "?n=9999999999999999",
        "?p=" + "g" * 64,
        "?c=" + "A" * 64,
    ],
)
def test_references_hold_digests_and_numbers_only(client: Client, refs: dict[str, str], query: str) -> None:
    digest = refs["secret.txt"].partition("?")[0]
    assert client.get(f"/blob/{digest}{query}").status == 400


def test_a_reference_never_gives_other_bytes_than_its_digest_names(client: Client, refs: dict[str, str]) -> None:
    """A container may be named freely, so what comes out of it is checked."""
    mine, other = (refs[name].partition("?")[0] for name in ("secret.txt", "evil.html"))
    pack = refs["secret.txt"].rpartition("p=")[2]
    for query in (
        f"?c={other}",
        f"?c={other}&o=0&n=5",
        f"?p={other}",
        "?o=1",
        "?o=1&n=3",
        "?n=3",
        f"?c={'0' * 64}",
        f"?p={pack}",
        f"?p={pack}&o=0&n=21",
        f"?p={pack}&n=99999",
    ):
        found = client.get(f"/blob/{mine}{query}")
        assert found.status in {400, 404, 422}, query
    assert client.get(f"/blob/{refs['secret.txt']}").body == b"the content of a file"


def test_every_answer_has_the_headers_that_bound_it(client: Client, stranger: Client, refs: dict[str, str]) -> None:
    for asked in (
        client.get("/api/open"),
        client.get("/nothing"),
        stranger.get("/api/open"),
        client.get("/static/js/app.js"),
        client.get(f"/blob/{refs['evil.svg']}"),
        client.get("/", Host="evil.example"),
        client.post("/api/view", {"view": 1}),
        client.ask("PUT", "/"),
    ):
        for name in BASE.keys() - {"cache-control", "content-security-policy"}:
            assert asked.headers[name] == BASE[name], name
        policy = asked.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe-inline" not in policy
        assert "unsafe-eval" not in policy
        assert "server" not in asked.headers
        assert not any(name.startswith("access-control") for name in asked.headers)


def test_the_pages_policy_has_a_nonce_of_its_own(stranger: Client) -> None:
    nonces = set()
    for path in ("/", "/", "/p/anything?x=1"):
        found = stranger.get(path)
        [nonce] = set(re.findall(r"'nonce-([^']+)'", found.headers["content-security-policy"]))
        assert f'content="{nonce}"'.encode() in found.body
        assert "require-trusted-types-for 'script'" in found.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in found.headers["content-security-policy"]
        assert found.headers["cache-control"] == "no-store"
        nonces.add(nonce)
    assert len(nonces) == 3


@pytest.mark.parametrize("name", ["evil.svg", "evil.html", "page.gltf", "secret.txt"])
def test_what_could_run_is_given_as_a_download(client: Client, refs: dict[str, str], name: str) -> None:
    for destination in ("document", "image", "empty", "script", "object", "embed", "iframe"):
        found = client.get(f"/blob/{refs[name]}", Sec_Fetch_Dest=destination)
        assert found.status == 200
        assert found.headers["content-type"] == "application/octet-stream"
        assert found.headers["content-disposition"] == "attachment"
        assert found.headers["content-security-policy"].startswith("sandbox;")
        assert found.headers["x-content-type-options"] == "nosniff"


def test_pictures_are_given_as_what_their_bytes_are(client: Client, trap: Trap) -> None:
    rows = client.post("/api/rows", {"view": trap.view, "offset": 0, "count": 1, "columns": ["image"]}).json()
    ref = rows["columns"][0]["values"][0]["ref"]
    found = client.get(f"/blob/{ref}")
    assert found.headers["content-type"] == "image/png"
    assert found.headers["content-security-policy"].startswith("sandbox;")
    assert "immutable" in found.headers["cache-control"]
    assert "private" in found.headers["cache-control"]


def test_documents_of_cells_are_given_to_frames_only(client: Client, refs: dict[str, str]) -> None:
    for name in ("evil.html", "evil.svg"):
        path = f"/frame/{refs[name]}&as=html&scripts=1"
        for destination in ("document", "empty", "image", "object", "embed", "", None):
            assert client.ask("GET", path, headers={"Sec-Fetch-Dest": destination}).status == 403
        framed = client.get(path, Sec_Fetch_Dest="iframe")
        policy = framed.headers["content-security-policy"]
        assert framed.body == {"evil.html": HTML.encode(), "evil.svg": SVG}[name]
        assert policy.startswith("sandbox allow-scripts; default-src 'none'; ")
        for word in ("allow-same-origin", "allow-popups", "allow-top", "allow-forms", "unsafe-eval", "http"):
            assert word not in policy
        quiet = client.get(f"/frame/{refs[name]}&as=html", Sec_Fetch_Dest="iframe")
        assert quiet.headers["content-security-policy"].startswith("sandbox; ")
        assert "script-src 'none'" in quiet.headers["content-security-policy"]
        # A frame of another site is another site's.
        assert client.get(path, Sec_Fetch_Dest="iframe", Sec_Fetch_Site="cross-site").status == 403


def test_a_figure_cannot_leave_its_script() -> None:
    figure = {"data": [{"name": "</script><script>alert(1)</script>\u2028<!--"}], "layout": {"title": "</SCRIPT>"}}
    text = plotly_frame(json.dumps(figure).encode())
    after = text.rpartition("const figure=")[2]
    assert after.lower().count("</script") == 1
    assert "<!--" not in after
    assert "\u2028" not in after
    for wrong in (b"[]", b"{", b'{"data": 1}', b"[" * 100_000):
        with pytest.raises(FormatError, match="figure"):
            plotly_frame(wrong)


def test_a_mesh_that_names_an_address_is_refused(client: Client, refs: dict[str, str]) -> None:
    found = client.get(f"/model/{refs['page.gltf']}")
    assert (found.status, found.code) == (422, "damaged")
    assert "outside of it" in found.json()["error"]["message"]
    assert client.get(f"/model/{refs['own.gltf']}").status == 200


@pytest.mark.parametrize(
    "model",
    [
        {"images": [{"uri": "//evil.example/a.png"}]},
        {"images": [{"uri": "file:///etc/passwd"}]},
        {"images": [{"uri": "../a.png"}]},
        {"images": [{"uri": ""}]},
        {"images": [{"uri": 1}]},
        {"images": [{"URI": "http://evil.example"}]},
        {"images": [{"uri": " data:,x"}]},
        {"extensions": {"X": {"deep": [{"uri": "http://evil.example"}]}}},
        {"buffers": [{"uri": "DATA:,x"}, {"uri": "http://evil.example"}]},
        [{"url": "http://evil.example"}],
    ],
)
def test_addresses_are_found_wherever_they_stand(model: object) -> None:
    text = json.dumps(model).encode()
    chunk = b"glTF" + (2).to_bytes(4, "little") + (20 + len(text)).to_bytes(4, "little")
    binary = chunk + len(text).to_bytes(4, "little") + b"JSON" + text
    for data in (text, b"\xef\xbb\xbf" + text, b" \n" + text, binary):
        with pytest.raises(FormatError):
            check_model(data)


def test_a_body_is_bounded_whatever_it_says_of_its_length(client: Client) -> None:
    json_type = {"Content-Type": "application/json"}
    big = b'{"view":"' + b"a" * MAX_BODY + b'"}'
    assert (
        client.ask("POST", "/api/view", body=b"{}", headers={**json_type, "Content-Length": str(MAX_BODY + 1)}).status
        == 413
    )
    lines = [
        "POST /api/view HTTP/1.1",
        f"Host: 127.0.0.1:{client.port}",
        f"Cookie: {client.cookie}",
        "Sec-Fetch-Site: same-origin",
        "Content-Type: application/json",
        "Connection: close",
        "Transfer-Encoding: chunked",
    ]
    head = "\r\n".join(lines) + "\r\n\r\n"
    found = client.raw(head.encode() + f"{len(big):x}\r\n".encode() + big + b"\r\n0\r\n\r\n")
    assert b"413" in found.partition(b"\r\n")[0]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b'{"view": NaN}',
        b"\xff",
        b"[" * 100_000,
        b'{"view":' + b'{"a":' * 5000 + b"1" + b"}" * 5001,
        b'{"view":{},"view":{}}',
    ],
)
def test_a_body_that_is_no_request_is_refused(client: Client, body: bytes) -> None:
    found = client.ask("POST", "/api/view", body=body, headers={"Content-Type": "application/json"})
    assert found.status == 400
    assert found.headers["content-type"] == "application/json"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get"])
def test_other_methods_are_refused(client: Client, method: str) -> None:
    for path in ("/", "/api/open", "/api/view", "/static/js/app.js"):
        found = client.ask(method, path)
        assert found.status in {400, 405}, path


def test_a_method_of_another_route_does_nothing(client: Client) -> None:
    kind = {"Content-Type": "application/json"}
    for method, path in (
        ("DELETE", "/api/views"),
        ("DELETE", "/"),
        ("POST", "/"),
        ("POST", "/api/open"),
        ("GET", "/api/rows"),
    ):
        assert client.ask(method, path, body=b"{}", headers=kind).status == 405, path


def test_one_range_is_given_and_lists_of_them_are_not(client: Client, refs: dict[str, str]) -> None:
    path = f"/blob/{refs['secret.txt']}"
    part = client.get(path, Range="bytes=4-10")
    assert (part.status, part.body, part.headers["content-range"]) == (206, b"content", "bytes 4-10/21")
    many = "bytes=" + ",".join("0-1" for _ in range(5000))
    for text in (many, "bytes=0-1,2-3", "bytes=a-b", "bytes=--1", "lines=0-1", "bytes=" + "9" * 90 + "-"):
        found = client.get(path, Range=text)
        assert (found.status, len(found.body)) == (200, 21), text[:20]
    beyond = client.get(path, Range="bytes=100-")
    assert (beyond.status, beyond.headers["content-range"], beyond.headers["cache-control"]) == (
        416,
        "bytes */21",
        "no-store",
    )
    assert "etag" not in beyond.headers


def test_an_export_ignores_ranges(client: Client, trap: Trap) -> None:
    asked = {"view": trap.view, "format": "jsonl"}
    whole = client.post("/api/export", asked)
    again = client.post("/api/export", asked, Range="bytes=" + ",".join(f"{n}-{n}" for n in range(1000)))
    assert (again.status, again.body) == (200, whole.body)
