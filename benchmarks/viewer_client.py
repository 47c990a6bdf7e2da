"""Our page as the viewer's cases use it: its server, what shows in it, and what it asks."""

from __future__ import annotations

import http.client
import json
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from benchmarks.browser import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.browser import Served

IDLE: Final = """(() => { const grid = document.querySelector('.grid');
  return grid && grid.getAttribute('aria-busy') === 'false' && grid.querySelector('.row .cell[role=gridcell]')
    && !grid.querySelector('.row .cell[aria-busy=true]'); })()"""
"""Rows show, and every cell on the screen is filled."""
_WAITS: Final = 202
"""What the server answers while it finds the order of a view: asked again, it answers once it has it."""
SUMMARIES: Final = "document.querySelector('.grid-head svg')"
"""Headers show histograms."""


@contextmanager
def viewing(table: Path, work: Path) -> Iterator[Served]:
    """Serve a table, with a cache folder of its own: what another run found and decoded does not count."""
    command: list[str | Path] = [sys.executable, "-m", "wbtable", "view", table, "--no-browser"]
    with serving(command, r"wbtable: (http\S+)", {"WBTABLE_CACHE_DIR": str(work / "cache")}) as found:
        yield found


class RefusedError(RuntimeError):
    """The server did not answer as it was asked.

    Attributes:
        code: why, as the server says it.

    """

    def __init__(self, path: str, error: dict[str, Any]) -> None:
        """Say what was asked, and what the server said."""
        super().__init__(f"{path}: {error}")
        self.code = error.get("code")


class Asking:
    """Asks the server as the page does, over one connection that stays open."""

    def __init__(self, url: str) -> None:
        """Ask the server of an address, which has its token."""
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=600)
        self._headers = {
            "Authorization": f"Bearer {parts.fragment.removeprefix('token=')}",
            "Content-Type": "application/json",
        }
        self.source: dict[str, Any] = {}
        self.source = self._answer("GET", "/api/open", None)["start"]["source"]

    def _answer(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        while True:
            self._connection.request(method, path, None if body is None else json.dumps(body), self._headers)
            answer = self._connection.getresponse()
            found: dict[str, Any] = json.loads(answer.read())
            if answer.status != _WAITS:
                break
        if answer.status != 200:
            raise RefusedError(path, found.get("error", {}))
        return found

    def ask(self, path: str, *, sort: str | None = None, **fields: object) -> dict[str, Any]:
        """Ask about the table, sorted by a column with the greatest first if that is said."""
        view: dict[str, Any] = {"source": self.source}
        if sort is not None:
            view["sort"] = [{"expression": sort, "order": "desc"}]
        return self._answer("POST", f"/api/{path}", {"view": view, **fields})

    def seconds(self, path: str, **fields: Any) -> float:
        """Return what one question takes, as the page sees it."""
        start = time.perf_counter()
        self.ask(path, **fields)
        return time.perf_counter() - start
