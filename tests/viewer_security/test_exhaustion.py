"""Memory, time and patience: a stranger's question, and a stranger's silence, cost nobody else anything."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

import wbtable
from tests.viewer_security.client import Client
from wbtable.query.worker import Limits
from wbtable.viewer import connections, jobs, media_tasks, task_names
from wbtable.viewer.opening import open_thing
from wbtable.viewer.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from wbtable.query.worker_process import Control

ROWS = 20_000
VIEW = {"source": {"kind": "table", "tables": [{"url": "open:0"}]}}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rows")
    made = wbtable.Table(columns=["id", "text"], data=[[row, f"{row:08d}" * 50] for row in range(ROWS)])
    made.write(str(folder / "table"), "table")
    return folder / "table"


def _serve(table: Path) -> Server:
    return Server(lambda folder: open_thing(table, folder))


@pytest.fixture
def client(table: Path) -> Iterator[Client]:
    with _serve(table).start() as server:
        yield Client(server)


@pytest.fixture
def hasty(table: Path) -> Iterator[Client]:
    """A client of a server whose decoders have little time and memory."""
    made = _serve(table)
    made.state.jobs.close()
    small = Limits(deadline=2.0, memory_limit=64 << 20)
    object.__setattr__(made.state, "jobs", jobs.Jobs(media=small))
    with made.start() as server:
        yield Client(server)


def test_a_query_that_grows_without_end_is_ended_and_the_next_is_answered(client: Client) -> None:
    long = "replace(" * 30 + "text" + ", '0', '00000000')" * 30
    found = client.post("/api/rows", {"view": {**VIEW, "filter": f"length({long}) > 5"}})
    assert found.status in {400, 503}, found.body[:300]
    if found.status == 503:
        assert found.code == "limit"
    again = client.post("/api/rows", {"view": VIEW, "count": 3})
    assert (again.status, again.json()["rows"]) == (200, 3)


def _fills_memory(control: Control, places: Any, reference: Any) -> Any:
    """Do what a damaged picture might make a decoder do."""
    held = []
    while True:
        held.append(bytearray(b"\x01") * (64 << 20))


def _never_ends(control: Control, places: Any, reference: Any) -> Any:
    while True:
        pass


@pytest.mark.parametrize("task", [_fills_memory, _never_ends])
def test_a_decoder_that_runs_wild_dies_alone(hasty: Client, task: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_tasks, "model", task)
    found = hasty.get("/model/" + "0" * 64)
    assert (found.status, found.code) == (503, "limit")
    assert hasty.post("/api/rows", {"view": VIEW, "count": 3}).status == 200


def test_windows_are_bounded(client: Client) -> None:
    for fields in ({"count": task_names.MAX_ROWS + 1}, {"count": 10**12}, {"offset": 10**15, "count": 10**9}):
        found = client.post("/api/rows", {"view": VIEW, **fields})
        assert (found.status, found.code) == (503, "limit"), fields
    past = client.post("/api/rows", {"view": VIEW, "offset": 10**15, "count": 10})
    assert (past.status, past.json()["rows"]) == (200, 0)


def test_what_the_client_left_is_ended(client: Client) -> None:
    """Closing the connection ends the query; its name is free again."""
    view = {**VIEW, "filter": "length(replace(replace(text, '0', text), '1', text)) > 5"}
    body = json.dumps({"view": view, "query": "mine"}).encode()
    head = (
        f"POST /api/count HTTP/1.1\r\nHost: 127.0.0.1:{client.port}\r\nCookie: {client.cookie}\r\n"
        f"Sec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", client.port), timeout=30) as one:
        one.sendall(head.encode() + body)
        _until(lambda: client.get("/api/progress?query=mine").json()["running"])
    _until(lambda: not client.get("/api/progress?query=mine").json()["running"])


def test_a_query_of_another_session_cannot_be_cancelled_or_watched(client: Client) -> None:
    other = Client(client.server)
    assert other.post("/api/cancel", {"query": "mine"}).json() == {"cancelled": False}
    assert other.get("/api/progress?query=mine").json()["running"] is False


def test_too_many_questions_are_refused_not_kept(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "MAX_WAITING", 0)
    found = client.post("/api/view", {"view": VIEW})
    assert (found.status, found.code) == (503, "limit")


def test_many_slow_clients_hold_up_nobody(client: Client) -> None:
    """Heads that never end, bodies that never come: all others are answered meanwhile."""
    with contextlib.ExitStack() as stack:
        for number in range(200):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", client.port), timeout=30))
            one.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: " if number % 2 else b"")
        for _ in range(50):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", client.port), timeout=30))
            one.sendall(
                f"POST /api/view HTTP/1.1\r\nHost: 127.0.0.1:{client.port}\r\nCookie: {client.cookie}\r\n"
                "Sec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{".encode()
            )
        assert client.get("/").status == 200
        assert client.post("/api/rows", {"view": VIEW, "count": 3}).json()["rows"] == 3


def test_a_head_that_never_ends_is_not_waited_for(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections.PatientProtocol, "request_seconds", 0.3)
    with socket.create_connection(("127.0.0.1", client.port), timeout=30) as one:
        stop = threading.Event()

        def drip() -> None:
            with contextlib.suppress(OSError):
                one.sendall(b"GET / HTTP/1.1\r\n")
                while not stop.wait(0.05):
                    one.sendall(b"X")

        threading.Thread(target=drip, daemon=True).start()
        with contextlib.suppress(ConnectionError):
            assert one.recv(100) == b""
        stop.set()


def test_more_connections_than_there_may_be_end_the_one_that_says_nothing(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections.PatientProtocol, "most", 5)
    with contextlib.ExitStack() as stack:
        silent = [
            stack.enter_context(socket.create_connection(("127.0.0.1", client.port), timeout=30)) for _ in range(20)
        ]
        assert client.get("/").status == 200
        with contextlib.suppress(ConnectionError):
            assert silent[0].recv(100) == b""


def test_an_answer_that_nobody_reads_is_given_up(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections.PatientProtocol, "unread_seconds", 0.3)
    body = json.dumps({"view": VIEW, "count": 1000}).encode()
    request = (
        f"POST /api/rows HTTP/1.1\r\nHost: 127.0.0.1:{client.port}\r\nCookie: {client.cookie}\r\n"
        f"Sec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        "Accept: application/vnd.apache.arrow.stream\r\n\r\n"
    ).encode() + body
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.settimeout(60)
        one.connect(("127.0.0.1", client.port))
        server = client.server._server
        assert server is not None
        one.sendall(request * 40)
        _until(lambda: any(getattr(each, "_unread", None) for each in list(server.server_state.connections)))
        _until(lambda: not any(getattr(each, "_unread", None) for each in list(server.server_state.connections)))
    assert client.get("/").status == 200


def _until(holds: Any) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.02)
