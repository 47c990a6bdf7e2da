"""What the viewer's benchmarks are made of: tables, servers, frames."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from benchmarks import browser, viewer_data
from wbtable import open_table

if TYPE_CHECKING:
    from pathlib import Path

SERVE = """
import http.server, sys
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
print("first\\nhere: http://127.0.0.1:%d/" % server.server_port, flush=True)
server.serve_forever()
"""


def test_rows_of_the_tables_are_counted_by_their_ids(tmp_path: Path) -> None:
    viewer_data.write_table(tmp_path / "table", 1_000)
    table = open_table(tmp_path / "table")
    assert table.take([0, 999], columns=["id"]).column(0).to_pylist() == [0, 999]


def test_a_server_is_waited_for_and_ended() -> None:
    with browser.serving([sys.executable, "-c", SERVE], r"here: (http\S+)") as served:
        assert served.url.startswith("http://127.0.0.1:")
        assert served.seconds > 0
        assert served.memory() > 1 << 20
        process = served.process
    assert process.poll() is not None


def test_a_server_that_ends_at_once_says_why() -> None:
    with (
        pytest.raises(RuntimeError, match="no such table"),
        browser.serving([sys.executable, "-c", "raise SystemExit('no such table')"], "never"),
    ):
        pass


def test_most_frames_are_below_what_is_called_high() -> None:
    assert browser.high([float(i) for i in range(100)]) == 95
    assert browser.high([3.0]) == 3
