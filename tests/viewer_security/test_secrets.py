"""What is secret stays so: on disk, in logs, in arguments of processes."""

from __future__ import annotations

import logging
import os
import re
import stat
import subprocess
import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

from tests.viewer_security.client import Client
from wbtable.viewer import thumbnails
from wbtable.viewer.opening import Opening
from wbtable.viewer.server import Server

if TYPE_CHECKING:
    import pytest

    from tests.viewer_security.conftest import Trap


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_browser_is_not_given_the_token_as_an_argument(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def remember(url: str) -> bool:
        opened.append(url)
        return True

    monkeypatch.setattr(webbrowser, "open", remember)
    assert server.open_browser()
    [url] = opened
    assert url.startswith("file://")
    assert "token" not in url
    file = Path(url.removeprefix("file://"))
    assert _mode(file) == 0o600
    assert _mode(file.parent) == 0o700
    text = file.read_text("utf-8")
    assert server.state.sessions.token not in text
    [token] = re.findall(r"#token=([\w-]+)", text)
    stranger = Client(server, session=False)
    assert stranger.post("/api/session", {"token": token}).status == 200
    assert stranger.post("/api/session", {"token": token}).status == 401


def test_the_redirect_file_is_nobodys_elses_even_with_a_wide_umask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda _url: True)
    old = os.umask(0)
    try:
        with Server(lambda folder: Opening(folder=folder)) as server:
            server.open_browser()
            server.open_browser()
            assert _mode(server._folder) == 0o700
            assert [_mode(path) for path in server._folder.iterdir()] == [0o600]
            folder = server._folder
    finally:
        os.umask(old)
    assert not folder.exists()


def test_thumbnails_are_kept_for_their_owner_only(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        kept = thumbnails.Thumbnails(tmp_path / "a" / "thumbnails")
        kept.put("ab" + "c" * 62, "64", b"picture")
    finally:
        os.umask(old)
    found = list((tmp_path / "a" / "thumbnails").rglob("*"))
    assert [_mode(path) for path in found if path.is_dir()] == [0o700]
    assert [_mode(path) for path in found if path.is_file()] == [0o600]
    assert _mode(tmp_path / "a" / "thumbnails") == 0o700
    assert kept.get("ab" + "c" * 62, "64") == b"picture"


def test_a_cache_that_others_could_read_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "thumbnails"
    folder.mkdir()
    folder.chmod(0o755)
    thumbnails.Thumbnails(folder).put("ab" + "c" * 62, "64", b"picture")
    assert _mode(folder) == 0o700


def test_nothing_secret_is_logged(
    trap: Trap, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the server has a fault of its own."""
    from wbtable.viewer.opening import open_thing

    caplog.set_level(logging.DEBUG)
    with Server(lambda folder: open_thing(None, folder, str(trap.store))).start() as server:
        client = Client(server)
        once = server.state.sessions.one_use()
        Client(server, session=False).post("/api/session", {"token": once})

        def broken(*_: object) -> None:
            raise RuntimeError("a fault")

        monkeypatch.setattr(server.state.jobs, "cancel", broken)
        found = client.post("/api/cancel", {"query": "a"})
        assert (found.status, found.code) == (500, "fault")
        assert b"a fault of wbtable" in found.body
        assert b"RuntimeError" not in found.body
        client.get("/api/open?token=" + server.state.sessions.token)
        client.raw(b"GET /?token=" + server.state.sessions.token.encode() + b" HTTP/9\r\n\r\n")
        client.get("/", Host="evil.example", Cookie=str(client.cookie))
        assert client.cookie is not None
        secrets = (server.state.sessions.token, once, client.cookie.partition("=")[2])
    assert any("fault" in record.getMessage() for record in caplog.records)
    for secret in secrets:
        assert secret not in caplog.text


def test_no_other_process_is_told_the_token(trap: Trap) -> None:
    """Neither arguments nor the environment of workers hold it."""
    from wbtable.viewer.opening import open_thing

    with Server(lambda folder: open_thing(None, folder, str(trap.store))).start() as server:
        Client(server).get("/api/projects")
        token = server.state.sessions.token.encode()
        mine = Path(f"/proc/{os.getpid()}")
        if not mine.exists():
            assert sys.platform != "linux"
            return
        for process in Path("/proc").glob("[0-9]*"):
            for name in ("cmdline", "environ"):
                try:
                    assert token not in (process / name).read_bytes()
                except OSError:
                    continue


def test_tokens_are_long_and_new_at_each_start() -> None:
    made = [Server(lambda folder: Opening(folder=folder)) for _ in range(2)]
    try:
        tokens = {server.state.sessions.token for server in made}
        assert len(tokens) == 2
        assert all(len(token) >= 43 for token in tokens)
    finally:
        for server in made:
            server.close()


def test_the_terminal_shows_the_address_once(trap: Trap) -> None:
    """`wbtable view` prints the token with the address, and nothing else does."""
    code = "import sys; from wbtable.cli import main; sys.argv[0] = 'wbtable'; main()"
    command = [sys.executable, "-c", code, "--store", str(trap.store), "view", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.terminate()
        out, err = process.communicate(timeout=60)
    token = line.strip().partition("#token=")[2]
    assert len(token) >= 43
    assert token not in out + err
