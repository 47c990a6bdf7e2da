"""Look at 100 M rows: what the server takes for a window, and the page to scroll with answers that come 2 s later."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from benchmarks.case import Bar, Case, Scale, Side, median_of_three
from benchmarks.viewer_data import prepare_large

if TYPE_CHECKING:
    from pathlib import Path

_SHOWN: Final = 100
_COLUMNS: Final = ["id", "guess", "truth", "score_3"]
"""What is decoded is kept within 4 GiB: 28 bytes of a row are, of 100 M rows."""
_KEY: Final = "score_3"
_LATER: Final = 2.0
_PIXELS: Final = 40_000
_SPEED: Final = 4_000
"""Pixels a second: 142 rows."""


def _server(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    from benchmarks import viewer_client

    with viewer_client.viewing(data / "table", work) as served:
        asking = viewer_client.Asking(served.url)
        rows: int = asking.ask("view")["total"]
        asking.ask("summaries", columns=["id"])
        places = [rows * part // 10 for part in (5, 3, 7, 8)]
        first = asking.seconds("rows", offset=0, count=_SHOWN)
        anywhere = median_of_three(lambda turn: asking.ask("rows", offset=places[turn], count=_SHOWN))
        summaries = asking.seconds("summaries")
        sorted_ = asking.seconds("rows", sort=_KEY, offset=0, count=_SHOWN, columns=_COLUMNS)
        start = time.perf_counter()
        asking.ask("rows", sort=_KEY, offset=rows // 2, count=1, columns=["id"])
        ordered = time.perf_counter() - start

        def window(turn: int, moved: int) -> None:
            asking.ask("rows", sort=_KEY, offset=places[turn] + moved, count=_SHOWN, columns=_COLUMNS)

        undecoded = median_of_three(lambda turn: window(turn, 0))
        asking.ask("warm", sort=_KEY, columns=_COLUMNS)
        decoded = median_of_three(lambda turn: window(turn, _SHOWN))
        used = served.memory()
    return {
        "first": first,
        "anywhere": anywhere,
        "summaries": summaries,
        "sorted": sorted_,
        "ordered": ordered,
        "undecoded": undecoded,
        "decoded": decoded,
        "server_bytes": used,
    }


def _page(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    from benchmarks import browser, viewer_client

    with viewer_client.viewing(data / "table", work) as served, browser.chromium() as chromium:
        viewer_client.Asking(served.url).ask("rows", offset=0, count=1)
        with browser.visitor(chromium) as page:
            flights = browser.Flights(page, "/api/rows")
            shown = browser.arrive(page, served.url, viewer_client.IDLE)
            browser.until(page, viewer_client.SUMMARIES)
            browser.delay(page, _LATER)
            flights.begin()
            frames = browser.scroll_frames(page, ".grid", scale.of(_PIXELS, 8_000), _SPEED)
            browser.until(page, viewer_client.IDLE)
            most, number = flights.found()
            kept = browser.heap(page)
            whole = browser.drawing()
    return {
        "shown": shown,
        "frame": browser.high(frames),
        "frames": len(frames),
        "reads_at_once": most,
        "reads": number,
        "heap_bytes": kept,
        "page_bytes": whole,
    }


def _bar(what: str, side: str, figure: str, at_most: float) -> Bar:
    return Bar(what=what, ours=(side, figure), at_most=at_most)


CASE = Case(
    name="viewer-large",
    work="the viewer on 100 M rows x 14 columns",
    data="viewer-large",
    prepare=prepare_large,
    sides=(
        Side(
            "server",
            _server,
            "windows of 100 rows over HTTP, as the page asks: all columns in the table's order, four of them sorted; "
            "undecoded: the order is known, the columns are not decoded",
        ),
        Side(
            "page",
            _page,
            "a wheel's scrolling at 4,000 pixels a second for ten seconds, each answer 2 s later; frames as the page "
            "gets them, the heap after what nobody needs was collected",
        ),
    ),
    bars=(
        _bar("first window", "server", "first", 0.15),
        _bar("any other, unsorted", "server", "anywhere", 1.0),
        _bar("from the first sorted rows until the whole order is known", "server", "ordered", 60.0),
        _bar("sorted, columns not decoded", "server", "undecoded", 1.0),
        _bar("sorted, columns decoded", "server", "decoded", 0.02),
        _bar("summaries of all columns, from the manifest", "server", "summaries", 0.1),
        _bar("the page's first rows", "page", "shown", 1.0),
        _bar("p95 of a frame while it scrolls", "page", "frame", 0.018),
        _bar("requests for rows that are in flight at once", "page", "reads_at_once", 2),
        _bar("heap of the page", "page", "heap_bytes", 150e6),
    ),
)
