"""Open the viewer on 10 M rows: until its page shows, and until it is sorted."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from benchmarks.case import Bar, Case, Scale, Side
from benchmarks.cases.query_table import prepare

if TYPE_CHECKING:
    from pathlib import Path

_VISITORS = 3
_SORT = """document.querySelector(`.grid-head button[aria-label="Sort by score_3"]`).click();"""
_SORTED = """document.querySelector('.grid-head [aria-sort="ascending"]') && %s
  && document.querySelector('.grid .row[data-row="0"] [data-column="0"]').textContent !== argument"""


def _ours(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    from benchmarks import browser, viewer_client

    with browser.chromium() as chromium:
        start = time.perf_counter()
        with viewer_client.viewing(data / "table", work) as served:
            with browser.visitor(chromium) as page:
                browser.arrive(page, served.url, viewer_client.IDLE)
                begun = time.perf_counter() - start
                browser.until(page, viewer_client.SUMMARIES)
            cold, again, headers, processor, requests = [], [], [], [], []
            for _ in range(_VISITORS):
                with browser.visitor(chromium) as page:
                    cold.append(browser.arrive(page, served.url, viewer_client.IDLE))
                    processor.append(browser.processor(page))
                    requests.append(browser.requests(page))
                    headers.append(browser.until(page, viewer_client.SUMMARIES))
                    first = page.locator('.grid .row[data-row="0"] [data-column="0"]').inner_text()
                    if len(cold) == _VISITORS:
                        sorted_ = browser.act(page, _SORT, _SORTED % viewer_client.IDLE, first)
                    again.append(browser.arrive(page, served.url.partition("#")[0], viewer_client.IDLE))
    return {
        "begun": begun,
        "cold": statistics.median(cold),
        "again": statistics.median(again),
        "processor": statistics.median(processor),
        "requests": statistics.median(requests),
        "headers": statistics.median(headers),
        "sorted": sorted_,
    }


CASE = Case(
    name="viewer-page",
    work="the viewer's page of 10 M rows x 14 columns, in Chromium",
    data="query-table",
    prepare=prepare,
    sides=(
        Side(
            "wbtable",
            _ours,
            "until all cells on the screen are filled and painted; a visitor has no cookie and nothing cached, the "
            "server has had one before; the sort is the first ever of these rows",
        ),
    ),
    bars=(
        Bar(what="from the start of wbtable view", ours=("wbtable", "begun"), at_most=2.0),
        Bar(what="a visitor's cold load", ours=("wbtable", "cold"), at_most=1.0),
        Bar(what="the same once it is kept by the browser", ours=("wbtable", "again"), at_most=0.7),
        Bar(what="what the process that draws it computes meanwhile", ours=("wbtable", "processor"), at_most=1.0),
        Bar(what="histograms in its headers", ours=("wbtable", "headers"), at_most=1.1),
        Bar(what="from a click that sorts", ours=("wbtable", "sorted"), at_most=1.0),
    ),
)
