"""What the tests of the page do with it: open, wait, read, press. They wait for what shows, never for a time."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from playwright.sync_api import expect

from tests.servers import chromium
from wbtable.viewer.opening import open_thing
from wbtable.viewer.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from urllib.parse import SplitResult

    from playwright.sync_api import BrowserContext, ConsoleMessage, Error, FloatRect, Locator, Page, Request, Response

    from wbtable.viewer.opening import Opening

PATIENCE: Final = 60_000
"""Milliseconds after which something that does not show counts as missing; nothing is measured by it."""
_TRIES: Final = 20
REBOUND: Final = "rebound.example"
"""A name of somebody else's that leads to this machine, as DNS rebinding makes one."""
FLAGS: Final = (*chromium.FLAGS, f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1")


class Servers:
    """Servers in this process, one for each thing that is shown; all end together."""

    def __init__(self) -> None:
        self.running: list[Server] = []
        self.started: Callable[[str], None] | None = None
        self._by_target: dict[tuple[str, str], Server] = {}

    def __call__(self, target: Any = None, *, store: Any = None, **options: Any) -> str:
        """Serve something, and return the address with its token. The same path with no options is served once."""
        return self.server(target, store=store, **options).url

    def server(self, target: Any = None, *, store: Any = None, **options: Any) -> Server:
        """Serve something, and return the server."""
        key = (str(target), str(store))
        shared = not options and isinstance(target, (str, Path))
        if shared and key in self._by_target:
            return self._by_target[key]

        def opened(folder: Path) -> Opening:
            return open_thing(target, folder, None if store is None else str(store))

        found = Server(opened, **options).start()
        self.running.append(found)
        if self.started is not None:
            self.started(found.url)
        if shared:
            self._by_target[key] = found
        return found

    def close(self) -> None:
        """End them."""
        for server in self.running:
            server.close()


class Watch:
    """What a page must not do: complain, throw, ask elsewhere. A test allows what it provokes."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self._allowed: list[re.Pattern[str]] = []
        self._origins: set[str] = set()

    def allow(self, *patterns: str) -> None:
        """Let complaints pass that hold one of these patterns."""
        self._allowed += [re.compile(pattern) for pattern in patterns]

    def follow(self, context: BrowserContext) -> None:
        """Watch all pages of a context."""
        context.on("console", self._said)
        context.on("weberror", lambda error: self._threw(error.error))
        context.on("request", self._asked)

    def found(self) -> list[str]:
        """Return the complaints that were not allowed."""
        return [text for text in self.complaints if not any(pattern.search(text) for pattern in self._allowed)]

    def home(self, url: str) -> None:
        """Allow requests to the origin of an address."""
        self._origins.add(_origin(url))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"console {message.type}: {message.text} ({message.location.get('url', '')})")

    def _threw(self, error: Error) -> None:
        self.complaints.append(f"error: {error.message}")

    def _asked(self, request: Request) -> None:
        if request.url.startswith(("data:", "blob:")):
            return
        if _origin(request.url) not in self._origins:
            self.complaints.append(f"request to another origin: {request.url}")


def _origin(url: str) -> str:
    from urllib.parse import urlsplit

    parts: SplitResult = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


# Opening and waiting.


def enter(page: Page, url: str) -> Response | None:
    """Open an address; return once the page shows what it begins with."""
    found = page.goto(url)
    expect(page.locator("#app .grid, #app main.home, #app .state").first).to_be_visible(timeout=PATIENCE)
    return found


def open_table(page: Page, url: str) -> None:
    """Open an address that shows a table; return once its rows show."""
    enter(page, url)
    wait_rows(page)


def wait_rows(page: Page) -> None:
    """Return once the grid shows rows, every cell on the screen is filled, and nothing is asked any more."""
    expect(page.locator(".grid .row .cell[role=gridcell]").first).to_be_visible(timeout=PATIENCE)
    wait_idle(page)


def wait_idle(page: Page) -> None:
    """Return once the grid waits for nothing; it may show rows, an error, or that there are none.

    What was just done shows after a frame or two; pages behind others have none.
    """
    page.evaluate(
        """() => new Promise((done) => { const late = setTimeout(done, 100);
          requestAnimationFrame(() => requestAnimationFrame(() => { clearTimeout(late); done(); })); })"""
    )
    page.wait_for_function(
        """() => { const grid = document.querySelector('.grid');
          return grid && grid.getAttribute('aria-busy') === 'false' && !grid.querySelector('.row .cell[aria-busy=true]')
            && !/counting/.test(document.querySelector('.status')?.textContent ?? ''); }""",
        timeout=PATIENCE,
    )


def wait_until(page: Page, expression: str, argument: object = None) -> None:
    """Return once an expression of JavaScript is true."""
    page.wait_for_function(expression, arg=argument, timeout=PATIENCE)


# Reading.


def columns(page: Page) -> list[str]:
    """Return the names of the columns that show, from left to right."""
    found = page.evaluate(
        """() => [...document.querySelectorAll('.grid-head [role=columnheader][data-column]')]
          .sort((a, b) => a.ariaColIndex - b.ariaColIndex)
          .map((cell) => cell.querySelector('.name > span:last-of-type, .name').textContent.trim())"""
    )
    return [str(name) for name in found]


def cells(page: Page, column: str | int, rows: int | None = None) -> list[str]:
    """Return the text of a column's cells from the first visible row on, after they are filled."""
    wait_rows(page)
    index = column if isinstance(column, int) else column_index(page, column)
    found = page.evaluate(
        """(index) => { const grid = document.querySelector('.grid').getBoundingClientRect();
          const head = document.querySelector('.grid-head').getBoundingClientRect().bottom;
          return [...document.querySelectorAll('.grid .row')].sort((a, b) => a.ariaRowIndex - b.ariaRowIndex)
            .filter((row) => row.getBoundingClientRect().bottom > head + 1)
            .filter((row) => row.getBoundingClientRect().top < grid.bottom - 1)
            .map((row) => row.querySelector(`[data-column="${index}"]`)?.textContent ?? null); }""",
        index,
    )
    texts = [str(text) for text in found if text is not None]
    return texts if rows is None else texts[:rows]


def wait_cells(page: Page, column: str | int, texts: list[str]) -> None:
    """Return once a column's cells are these, from the first visible row on.

    The grid draws what an address says a moment after the address says it, so one look may be too early.
    """
    end = time.monotonic() + PATIENCE / 1000
    while (found := cells(page, column)) != texts:
        assert time.monotonic() < end, f"expected {texts} in {column!r}, found {found}"
        page.wait_for_timeout(50)


def wait_first(page: Page, column: str | int, texts: list[str]) -> int:
    """Return how many cells of a column show, once they are the first of `texts`; see `wait_cells`."""
    end = time.monotonic() + PATIENCE / 1000
    while not (found := cells(page, column)) or found != texts[: len(found)]:
        assert time.monotonic() < end, f"expected {texts[:20]} in {column!r}, found {found[:20]}"
        page.wait_for_timeout(50)
    return len(found)


def column_index(page: Page, name: str) -> int:
    """Return the place of a column that shows, from 0."""
    found = page.evaluate(
        """(name) => [...document.querySelectorAll('.grid-head [role=columnheader][data-column]')]
          .find((cell) => [...cell.querySelectorAll('.name span')].some((part) => part.textContent.trim() === name))
          ?.dataset.column""",
        name,
    )
    assert found is not None, f"no column {name!r} shows: {columns(page)}"
    return int(found)


def cell(page: Page, row: int, column: str | int) -> Locator:
    """Return a cell that shows; rows count from 0."""
    index = column if isinstance(column, int) else column_index(page, column)
    return page.locator(f'.grid .row[data-row="{row}"] [data-column="{index}"]')


def head(page: Page, column: str) -> Locator:
    """Return the header cell of a column."""
    return page.locator(f'.grid-head [data-column="{column_index(page, column)}"]')


def status(page: Page) -> str:
    """Return what the line at the foot says about rows."""
    return page.locator(".status [role=status]").first.inner_text()


def row_count(page: Page) -> int:
    """Return how many rows, or groups, the foot says there are."""
    wait_idle(page)
    said = status(page)
    match = re.search(r"\bof (\d[\d,]*)", said) or re.match(r"(\d[\d,]*) (?:rows|groups)", said)
    assert match, said
    return int(match[1].replace(",", ""))


def query_of(page: Page) -> str:
    """Return the query of the page's address."""
    from urllib.parse import urlsplit

    return urlsplit(page.url).query


# Doing.


def press(page: Page, *keys: str) -> None:
    """Press keys, one after the other."""
    for key in keys:
        page.keyboard.press(key)


def filter_rows(page: Page, text: str) -> None:
    """Filter by the keyboard alone; return once the rows are there."""
    page.keyboard.press("/")
    field = page.locator(".toolbar .filter")
    expect(field.locator(":focus")).to_be_attached(timeout=PATIENCE)
    # The editor takes the place of the plain field, with what was typed.
    expect(field.locator(".cm-content")).to_be_focused(timeout=PATIENCE)
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(text) if text else page.keyboard.press("Delete")
    page.keyboard.press("Enter")
    wait_until(page, "(text) => (new URLSearchParams(location.search).get('filter') ?? '') === text", text)
    wait_idle(page)


def box_of(locator: Locator) -> FloatRect:
    """Return where something is; what was drawn anew between being found and being measured is found again."""
    for _ in range(_TRIES):
        found = locator.bounding_box()
        if found is not None:
            return found
    raise AssertionError(f"{locator} is not to be seen")


def go_to_cell(page: Page, row: int, column: str | int) -> None:
    """Bring the keyboard to a cell, by the keyboard alone; row -1 is the header."""
    index = column if isinstance(column, int) else column_index(page, column)
    page.locator(".grid").focus()
    press(page, "ControlOrMeta+Home")
    for key, times in (("ArrowDown", row), ("ArrowUp", -row), ("ArrowRight", index)):
        for _ in range(times):
            page.keyboard.press(key)


def column_menu(page: Page, column: str, *labels: str) -> None:
    """Choose in the menu of a column by the keyboard alone."""
    go_to_cell(page, -1, column)
    page.keyboard.press("Enter")
    for label in labels:
        choose(page, label)


def choose(page: Page, label: str) -> None:
    """Choose in the open menu."""
    item = page.locator(".menu [role^=menuitem]").filter(has=page.get_by_text(label, exact=True)).first
    expect(item).to_be_visible(timeout=PATIENCE)
    item.focus()
    page.keyboard.press("Enter")


def menu_labels(page: Page) -> list[str]:
    """Return what the open menu offers."""
    return page.locator(".menu [role^=menuitem] .label").all_inner_texts()


def requests_to(page: Page, path: str) -> Sequence[Request]:
    """Return a list that fills with the page's requests to a path, from now on."""
    found: list[Request] = []
    page.on("request", lambda request: found.append(request) if path in request.url else None)
    return found


def each_frame(page: Page) -> Iterator[Any]:
    """Give the frames inside the page."""
    yield from (frame for frame in page.frames if frame is not page.main_frame)
