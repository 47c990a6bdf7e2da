"""``wbtable view`` as somebody uses it: what it shows, what it prints, how it ends."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import wbtable
from tests.viewer_security.client import Client
from wbtable.errors import FormatError, NotFoundError, UsageError
from wbtable.format.view_source import TablePlace
from wbtable.viewer.opening import open_target, open_thing
from wbtable.viewer.server import Server
from wbtable.viewer.sources import Opener, Places

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE: Final = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); sys.argv[0] = 'wbtable'\n"
    "from wbtable.cli import main; main()"
)


class Running:
    """The command as a process of its own."""

    def __init__(self, *words: str, cache: Path | None = None) -> None:
        environment = {**os.environ, **({} if cache is None else {"WBTABLE_CACHE_DIR": str(cache)})}
        self.process = subprocess.Popen(
            [sys.executable, "-c", CODE, "view", "--no-browser", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline()

    def end(self, number: int = signal.SIGINT) -> tuple[int, str]:
        """End it; return its exit code and what it said on stderr."""
        self.process.send_signal(number)
        _, err = self.process.communicate(timeout=60)
        return self.process.returncode, err


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a project of one artifact and one run."""
    folder = tmp_path_factory.mktemp("viewed") / "store"
    wbtable.create_store(folder)
    with wbtable.init(project="p", name="first", store=folder, id="run1") as run:
        draft = wbtable.Artifact("rows", type="tables")
        draft.add(wbtable.Table(columns=["a", "b"], data=[[1, "x"], [2, "y"]]), "rows")
        run.log_artifact(draft)
    return folder


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with a file of each kind."""
    pq.write_table(pa.table({"a": [1, 2, 3]}), tmp_path / "one.parquet")
    (tmp_path / "two.csv").write_text("a,b\n1,x\n2,y\n", "utf-8")
    (tmp_path / "three.jsonl").write_text('{"a": 1}\n{"a": 2}\n', "utf-8")
    wbtable.Table(columns=["a"], data=[[1], [2], [3], [4]]).write(str(tmp_path / "written"), "four")
    return tmp_path


def _start(target: str | None, folder: Path, store: Path | None = None) -> dict[str, Any]:
    return dict(open_target(target, folder, None if store is None else str(store)).start)


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server")


def _rows(target: str | None, store: Path | None = None) -> int:
    """Serve a target, and count the rows of what shows first."""
    with Server(lambda folder: open_target(target, folder, None if store is None else str(store))).start() as server:
        found = Client(server).post("/api/count", {"view": {"source": server.state.start["source"]}})
        assert found.status == 200, found.body
        return int(found.json()["rows"])


@pytest.mark.parametrize(
    ("name", "rows"),
    [("one.parquet", 3), ("two.csv", 2), ("three.jsonl", 2), ("written/four.table.json", 4), ("written", 4)],
)
def test_files_and_folders_are_shown(files: Path, name: str, rows: int) -> None:
    assert _rows(str(files / name)) == rows


def test_a_folder_of_files_shows_all_of_them(files: Path, folder: Path) -> None:
    found = open_target(str(files), folder)
    assert [one.title for one in found.opened] == ["one.parquet", "three.jsonl", "two.csv"]


def test_names_in_a_store_are_shown(store: Path, folder: Path) -> None:
    assert _start(None, folder, store) == {"page": "store"}
    assert _start("p", folder, store) == {"page": "project", "project": "p"}
    assert _start("p/run1", folder, store) == {"page": "run", "project": "p", "run": "run1"}
    assert _start("p/rows:latest", folder, store)["page"] == "table"
    assert _rows("p/rows:latest", store) == 2
    assert open_target(str(store), folder).store == str(store)
    assert open_target(f"file://{store}", folder).store


def test_an_address_of_a_file_is_fetched(files: Path) -> None:
    assert _rows(f"file://{files / 'one.parquet'}") == 3
    assert _rows(f"file://{files / 'two.csv'}") == 2


def test_a_parquet_file_is_read_where_it_lies(files: Path, folder: Path) -> None:
    """So the largest opens as quickly as any."""
    found = open_target(str(files / "one.parquet"), folder)
    assert [one.path for one in found.opened] == [os.path.realpath(files / "one.parquet")]
    assert list(folder.iterdir()) == []


def test_a_parquet_file_may_be_a_link_or_be_called_in_capitals(files: Path) -> None:
    """Caches of hubs keep files by digest, and link to them."""
    (files / "one.parquet").rename(files / "0a1b2c")
    (files / "link.parquet").symlink_to(files / "0a1b2c")
    shutil.copy(files / "0a1b2c", files / "ONE.PARQUET")
    for name in ("link.parquet", "ONE.PARQUET"):
        assert _rows(str(files / name)) == 3
        [opened] = open_target(str(files / name), files).opened
        table = Opener(Places(opened={opened.id: opened.path})).table(TablePlace(url=opened.id))
        assert table.view(filter="a > 1", sort="a desc").to_arrow()["a"].to_pylist() == [3, 2]


@pytest.mark.parametrize("name", ["one.parquet", "written/four.table.json"])
def test_a_file_that_is_written_anew_shows_what_it_has_now(files: Path, folder: Path, name: str) -> None:
    """Rows, counts and summaries are of one file, whichever worker says them; one that is gone is named."""
    opening = open_target(str(files / name), folder)
    opener = Opener(Places(opened={one.id: one.path for one in opening.opened}))
    place = TablePlace(url="open:0")
    before = opener.table(place)
    assert opener.table(place) is before
    path = Path(opening.opened[0].path)
    if name.endswith(".parquet"):
        pq.write_table(pa.table({"a": [7, 8]}), path)
    else:
        shutil.rmtree(path.parent)
        wbtable.Table(columns=["a"], data=[[7], [8]]).write(str(path.parent), "four")
    table = opener.table(place)
    assert table.view(sort="a desc").to_arrow()["a"].to_pylist() == [8, 7]
    assert {found.count for found in table.view().summaries(["a"]).values()} == {2}
    path.unlink()
    with pytest.raises(NotFoundError, match="gone since it was opened"):
        opener.table(place)


def test_what_must_be_converted_says_how_far_it_is(files: Path, folder: Path) -> None:
    said: list[tuple[str, float | None]] = []
    open_target(str(files / "two.csv"), folder, progress=lambda what, done: said.append((what, done)))
    assert said == [("reading two.csv", 1.0)] * len(said)
    said.clear()
    pq.write_table(pa.table({"a": pa.array([b"0" * 16], pa.uuid())}), files / "ids.parquet")
    open_target(str(files / "ids.parquet"), folder, progress=lambda what, done: said.append((what, done)))
    assert said == [("converting ids.parquet", None)]


@pytest.mark.parametrize(
    ("name", "content"),
    [("bad.parquet", b"none"), ("bad.csv", b"a,b\n1\n"), ("bad.jsonl", b"none\n"), ("bad.table.json", b"{}")],
)
def test_damaged_files_are_said_at_once(tmp_path: Path, folder: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FormatError):
        open_target(str(tmp_path / name), folder)


def test_what_is_nothing_says_what_was_looked_for(tmp_path: Path, store: Path, folder: Path) -> None:
    with pytest.raises(NotFoundError, match="no file or folder 'nothing'"):
        open_target("nothing", folder, str(tmp_path / "none"))
    with pytest.raises(NotFoundError):
        open_target("p/nothing:v0", folder, str(store))
    with pytest.raises(NotFoundError, match=r"no file 'nothing\.csv'; there is no artifact"):
        open_target("nothing.csv", folder, str(store))
    with pytest.raises(NotFoundError, match="no store"):
        open_target(str(tmp_path), folder)
    (tmp_path / "a.txt").write_text("a", "utf-8")
    with pytest.raises(UsageError, match=r"\.parquet"):
        open_target(str(tmp_path / "a.txt"), folder)


def _own_port() -> int:
    """Return a free port that no other server of these tests takes as soon as it is let go."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_the_address_and_ends_cleanly(store: Path, tmp_path: Path, end: int) -> None:
    running = Running("--store", str(store), "--json", "--port", str(_own_port()), "p/rows", cache=tmp_path)
    told = json.loads(running.line)
    assert told["url"].startswith(f"http://127.0.0.1:{told['port']}/#token=")
    with socket.create_connection(("127.0.0.1", told["port"]), timeout=60) as one:
        one.sendall(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
        assert one.recv(12).startswith(b"HTTP/1.1 200")
    code, err = running.end(end)
    assert code == (0 if end == signal.SIGINT else 143)
    assert "Traceback" not in err
    assert list((tmp_path / "spill").iterdir()) == []
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", told["port"]), timeout=5)


def test_it_ends_without_a_fault_while_a_page_listens(store: Path) -> None:
    """A page that shows a store always does."""
    running = Running("--store", str(store), "--json", "--port", str(_own_port()))
    told = json.loads(running.line)
    token = told["url"].partition("#token=")[2]
    with socket.create_connection(("127.0.0.1", told["port"]), timeout=60) as one:
        head = f"GET /api/events?project=p HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
        one.sendall(head.encode())
        found = b""
        while b"listening" not in found:
            found += one.recv(4096)
        code, err = running.end()
    assert (code, err.strip()) == (0, "wbtable: ended")


def test_without_json_the_address_stands_alone_on_its_line(store: Path) -> None:
    running = Running("--store", str(store))
    assert running.line.startswith("wbtable: http://127.0.0.1:")
    code, err = running.end()
    assert (code, "Traceback" in err, "wbtable: ended" in err) == (0, False, True)


def test_a_port_that_is_taken_is_said_and_another_is_found_unasked(store: Path) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        port = one.getsockname()[1]
        running = Running("--store", str(store), "--port", str(port))
        _, err = running.process.communicate(timeout=60)
        assert running.process.returncode != 0
        assert f"cannot listen on 127.0.0.1:{port}" in err
        assert "leave --port out" in err
    with contextlib.ExitStack() as stack:
        made = [Server(lambda folder: open_target(None, folder, str(store))) for _ in range(2)]
        for server in made:
            stack.enter_context(server)
        assert made[0].port != made[1].port


def test_a_store_that_is_missing_says_so(tmp_path: Path) -> None:
    running = Running("--store", str(tmp_path / "none"))
    _, err = running.process.communicate(timeout=60)
    assert running.process.returncode not in {0, 1}
    assert str(tmp_path / "none") in err
    assert "Traceback" not in err


def test_read_only_saves_nothing(store: Path) -> None:
    with Server(lambda folder: open_target(None, folder, str(store)), read_only=True).start() as server:
        client = Client(server)
        assert client.get("/api/open").json()["read_only"] is True
        place = {"project": "p", "artifact": "rows", "version": "v0", "path": "rows.table.json"}
        view = {"source": {"kind": "table", "tables": [place]}}
        found = client.post("/api/views", {"project": "p", "name": "n", "view": view, "number": -1})
        assert (found.status, found.code) == (409, "read_only")


@pytest.fixture
def table() -> wbtable.Table:
    return wbtable.Table(columns=["a", "<b>"], data=[[row, f"<i>{row}</i>"] for row in range(30)])


def _things(table: wbtable.Table, store: Path) -> Iterator[tuple[Any, str]]:
    opened = wbtable.Store(store)
    yield table, "table"
    yield table.view(filter="a > 3"), "table"
    yield table.to_arrow(), "table"
    yield opened, "store"
    yield opened.artifact("p/rows"), "table"
    yield opened.runs("p")[0], "run"


def test_python_shows_whatever_has_rows(table: wbtable.Table, store: Path, folder: Path) -> None:
    for number, (thing, page) in enumerate(_things(table, store)):
        own = folder / str(number)
        own.mkdir()
        assert open_thing(thing, own).start["page"] == page
    with pytest.raises(UsageError):
        open_thing(3, folder)


def test_python_opens_and_closes(table: wbtable.Table) -> None:
    port = _own_port()
    viewer = wbtable.view(table, browser=False, port=port)
    assert viewer.url.startswith(f"http://127.0.0.1:{port}/")
    with socket.create_connection(("127.0.0.1", port), timeout=60):
        pass
    viewer.close()
    viewer.close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_a_notebook_shows_the_first_rows_and_a_link_and_no_frame(table: wbtable.Table) -> None:
    viewer = wbtable.view(table, browser=False)
    try:
        shown = viewer._repr_html_()
    finally:
        viewer.close()
    assert "10 of 30 rows, 2 of 2 columns" in shown
    assert "<iframe" not in shown
    assert "<script" not in shown
    assert "<i>" not in shown
    assert "&lt;i&gt;9&lt;/i&gt;" in shown
    assert viewer.url.replace("&", "&amp;") in shown
