"""Host, Origin, Sec-Fetch-Site, tokens and cookies: each test tries the attack."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from starlette.routing import Route

from tests.viewer_security.client import Client
from wbtable.errors import UsageError
from wbtable.viewer.app import make_app
from wbtable.viewer.guard import is_open_path
from wbtable.viewer.opening import Opening
from wbtable.viewer.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REBINDING = [
    "evil.example",
    "evil.example:{port}",
    "127.0.0.1.evil.example:{port}",
    "localhost.evil.example:{port}",
    "evil.example#127.0.0.1:{port}",
    "127.0.0.1:{port}@evil.example",
    "user@127.0.0.1:{port}",
    "127.0.0.1:{port}/",
    "127.0.0.1:{port}, evil.example",
    "127.0.0.2:{port}",
    "0.0.0.0:{port}",
    "[::]:{port}",
    "[::ffff:127.0.0.1]:{port}",
    "2130706433:{port}",
    "0x7f000001:{port}",
    "127.1:{port}",
    "localhost.:{port}",
    "127.0.0.1:",
    "127.0.0.1:99999",
    "127.0.0.1:-1",
    "127.0.0.1:{port}é",
    " ",
]
ORIGINS = [
    "null",
    "http://evil.example",
    "https://127.0.0.1:{port}",
    "http://127.0.0.1",
    "http://127.0.0.1:1",
    "http://localhost:{port}",
    "http://127.0.0.1:{port}.evil.example",
    "http://127.0.0.1:{port}@evil.example",
    "http://127.0.0.1:{port}/",
    "file://",
    "",
]


def _every_path(server: Server) -> Iterator[tuple[str, str]]:
    """Yield each method and address that the server has."""
    for route in make_app(server.state)._app.routes:  # type: ignore[attr-defined]
        assert isinstance(route, Route)
        path = re.sub(r"\{[^}]*\}", "a" * 64, route.path)
        for method in sorted((route.methods or {"GET"}) - {"HEAD"}):
            yield method, path


@pytest.mark.parametrize("host", REBINDING)
def test_other_names_of_this_machine_are_refused(client: Client, host: str) -> None:
    """DNS rebinding: a name of the attacker's that leads here."""
    for path in ("/", "/static/js/app.js", "/api/open"):
        found = client.ask("GET", path, headers={"Host": host.format(port=client.port).encode().decode("latin-1")})
        assert found.status in {400, 403}, path
        assert b"store" not in found.body


@pytest.mark.parametrize(
    "host", ["127.0.0.1:{port}", "localhost:{port}", "LOCALHOST:{port}", "[::1]:{port}", "localhost:9999"]
)
def test_names_of_the_loopback_are_let_in_with_any_port(client: Client, host: str) -> None:
    """An SSH tunnel may end at another port."""
    assert client.ask("GET", "/", headers={"Host": host.format(port=client.port)}).status == 200


def test_two_hosts_or_none_are_refused(client: Client) -> None:
    own = f"127.0.0.1:{client.port}".encode()
    for head in (b"Host: evil.example\r\nHost: " + own, b"Host: " + own + b"\r\nHost: " + own, b"X: y"):
        found = client.raw(b"GET /api/open HTTP/1.1\r\n" + head + b"\r\nConnection: close\r\n\r\n")
        assert found.split(b" ")[1] in {b"400", b"403"}
    assert client.raw(b"GET / HTTP/1.0\r\n\r\n").split(b" ")[1] in {b"400", b"403"}


def test_an_address_in_the_request_line_is_no_host(client: Client) -> None:
    found = client.raw(
        f"GET http://127.0.0.1:{client.port}/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".encode()
    )
    assert found.split(b" ")[1] in {b"400", b"403"}


@pytest.mark.parametrize("origin", ORIGINS)
def test_other_origins_are_refused(client: Client, origin: str) -> None:
    found = client.post("/api/view", {"view": {}}, Origin=origin.format(port=client.port))
    assert (found.status, found.code) == (403, "origin")
    assert "access-control-allow-origin" not in found.headers
    assert client.get("/api/open", Origin=origin.format(port=client.port)).status == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "Same-Origin", ""])
def test_what_other_sites_make_a_browser_send_is_refused(client: Client, site: str) -> None:
    """Another port of this machine is same-site, and its cookies go along."""
    for method, path in _every_path(client.server):
        if method == "GET" and is_open_path(path):
            continue
        found = client.ask(
            method, path, body=b"{}", headers={"Sec-Fetch-Site": site, "Content-Type": "application/json"}
        )
        assert (found.status, found.code) == (403, "site"), (method, path)


def test_a_form_cannot_send_what_changes_something(client: Client) -> None:
    """No browser sends JSON across origins without asking first, and asking is refused."""
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=a",
        "application/jsonx",
    ):
        found = client.ask("POST", "/api/views", body=b'{"project":"p"}', headers={"Content-Type": kind})
        assert found.status == 415
    asked = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    found = client.ask("OPTIONS", "/api/views", headers=asked)
    assert found.status == 405
    assert not any(name.startswith("access-control") for name in found.headers)


def test_a_cookie_alone_is_not_enough_for_a_client_without_fetch_metadata(client: Client) -> None:
    body, kind = b"{}", {"Content-Type": "application/json", "Sec-Fetch-Site": None}
    assert client.ask("POST", "/api/view", body=body, headers=kind).code == "origin"
    own = {**kind, "Origin": f"http://127.0.0.1:{client.port}"}
    assert client.ask("POST", "/api/view", body=body, headers=own).code == "usage"


def test_nothing_but_the_shell_is_given_without_a_session(stranger: Client) -> None:
    """Every route there is, and some that there are not."""
    paths = [
        *_every_path(stranger.server),
        ("GET", "/api"),
        ("GET", "/nothing"),
        ("GET", "/api/../api/open"),
        ("GET", "//api/open"),
    ]
    for method, path in paths:
        if (method == "GET" and is_open_path(path)) or path == "/api/session":
            continue
        found = stranger.ask(method, path, body=b"{}", headers={"Content-Type": "application/json"})
        assert (found.status, found.code) == (401, "session"), (method, path)


def test_the_shell_holds_no_data(stranger: Client) -> None:
    found = stranger.get("/")
    assert found.status == 200
    for word in (
        b"trap",
        str(stranger.server.state.places.store).encode(),
        stranger.server.state.sessions.token.encode(),
    ):
        assert word not in found.body


@pytest.mark.parametrize("token", ["", "wrong", "é", "a" * 200, " ", "null"])
def test_a_wrong_token_opens_nothing(stranger: Client, token: str) -> None:
    found = stranger.post("/api/session", {"token": token})
    assert found.status == 401
    assert "set-cookie" not in found.headers


@pytest.mark.parametrize(
    "body", [{}, {"token": None}, {"token": 1}, {"token": ["a"]}, {"token": "\ud800"}, {"token": "a" * 201}, []]
)
def test_what_is_no_token_is_refused(stranger: Client, body: object) -> None:
    assert stranger.post("/api/session", body).status == 400


def test_a_token_for_one_use_is_good_once(server: Server) -> None:
    stranger = Client(server, session=False)
    token = server.state.sessions.one_use()
    assert stranger.post("/api/session", {"token": token}).status == 200
    replayed = stranger.post("/api/session", {"token": token})
    assert (replayed.status, replayed.code) == (401, "token")
    # It is no printed token either.
    bearer = {"Authorization": f"Bearer {server.state.sessions.one_use()}"}
    assert stranger.ask("GET", "/api/open", headers=bearer).status == 401


def test_the_cookie_is_bound_as_tightly_as_can_be(server: Server) -> None:
    made = Client(server, session=False).post("/api/session", {"token": server.state.sessions.token})
    name, _, rest = made.headers["set-cookie"].partition("=")
    assert name == f"wbtable_{server.port}"
    value, *attributes = (part.strip().lower() for part in rest.split(";"))
    assert sorted(attributes) == ["httponly", "path=/", "samesite=strict"]
    assert len(value) >= 43  # 256 bits


def test_an_ended_session_is_worth_nothing(server: Server) -> None:
    client = Client(server)
    assert client.get("/api/open").status == 200
    assert client.ask("DELETE", "/api/session", headers={"Content-Type": "application/json"}).status == 200
    assert client.get("/api/open").status == 401


def test_a_cookie_of_another_port_or_made_up_is_worth_nothing(client: Client, stranger: Client) -> None:
    assert client.cookie is not None
    secret = client.cookie.partition("=")[2]
    for cookie in (
        f"wbtable_1={secret}",
        f"wbtable_{client.port}=",
        f"wbtable_{client.port}=x",
        f"wbtable={secret}",
        "\x01=;",
    ):
        assert stranger.get("/api/open", Cookie=cookie).status == 401, cookie


@pytest.mark.parametrize(
    "other",
    [
        'layout={"a": [1, 2]}',
        "seen=two words",
        "a[b]=c",
        "flag",
        "=x",
        'open="no end',
        "path=/elsewhere",
        "k=ü",
        "{name}=made up",
    ],
)
def test_cookies_of_other_servers_of_this_machine_are_no_hindrance(client: Client, other: str) -> None:
    assert client.cookie is not None
    name = client.cookie.partition("=")[0]
    for cookie in (f"{other}; {client.cookie}", f"{client.cookie}; {other}"):
        assert client.get("/api/open", Cookie=cookie.replace("{name}", name)).status == 200, cookie


def test_a_script_may_use_the_token_itself(stranger: Client) -> None:
    token = stranger.server.state.sessions.token
    assert stranger.get("/api/open", Authorization=f"Bearer {token}", Sec_Fetch_Site="none").status == 200
    for wrong in (f"Bearer {token}x", f"Basic {token}", token, "Bearer", "Bearer \xff"):
        assert stranger.get("/api/open", Authorization=wrong).status == 401
    # A page of another site that knows it is still another site.
    assert stranger.get("/api/open", Authorization=f"Bearer {token}", Sec_Fetch_Site="cross-site").status == 403


def test_nobody_listens_beyond_this_machine_unasked(tmp_path: Path) -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1", "localhost.evil.example"):
        with pytest.raises(UsageError, match="--allowed-host"):
            Server(lambda folder: Opening(folder=folder), host=host)


def test_a_socket_of_the_loopback_is_the_loopbacks(server: Server) -> None:
    assert server._socket.getsockname()[0] == "127.0.0.1"


def test_allowed_hosts_are_names_not_patterns(tmp_path: Path) -> None:
    made = Server(lambda folder: Opening(folder=folder), allowed_hosts=("Box.example",)).start()
    with made:
        stranger = Client(made, session=False)
        assert stranger.get("/", Host="box.example:80").status == 200
        assert stranger.get("/api/open", Host="box.example:80").status == 401
        for host in ("a.box.example", "box.example.evil.example", "boxxexample"):
            assert stranger.get("/", Host=host).status == 403


def test_there_is_no_websocket(client: Client) -> None:
    found = client.ask(
        "GET",
        "/api/open",
        headers={
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "a" * 24,
        },
    )
    assert found.status != 101
