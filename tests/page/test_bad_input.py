"""Tables that are hard to show: cells of ten megabytes, a million groups, times of many zones.

All lie in one folder, so that one server and its workers do for the module.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import expect

from tests.page import harness

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page, Response

    from tests.page.harness import Servers

MEGABYTES = 10_000_000
GROUPS = 1_000_000
END = "and here it ends."
LINES = "слово и ещё слово 😀\n"
MOMENT = 1_700_000_000_123_456_789
BERLIN = ZoneInfo("Europe/Berlin")
TWICE = [dt.datetime(2024, 10, 27, hour, 30, tzinfo=dt.UTC) for hour in (0, 1)]
"""Half past two in Berlin, before and after the clocks went back."""
BEFORE_ZONES = dt.datetime(1880, 1, 1, 12, tzinfo=dt.UTC)


def _long() -> pa.Table:
    """Return texts of ten megabytes: without a line's end, and of characters that are longer than a byte."""
    one = ("word " * (MEGABYTES // 5))[: MEGABYTES - len(END)] + END
    several = LINES * (MEGABYTES // len(LINES.encode()))
    return pa.table({"id": list(range(30)), "text": [one, several, *["short"] * 28]})


def _groups() -> pa.Table:
    place = np.arange(GROUPS)
    return pa.table({"n": place, "name": [f"name {i:07}" for i in range(GROUPS)], "part": place % 1000})


def _times() -> pa.Table:
    zoned = [*TWICE, BEFORE_ZONES, None]
    return pa.table(
        {
            "id": pa.array([0, 1, 2, 3]),
            "zoned": pa.array(zoned, pa.timestamp("us", "Asia/Tokyo")),
            "exact": pa.array([MOMENT + 1000 * i for i in range(4)], pa.timestamp("ns", "UTC")),
            "naive": pa.array([at and at.replace(tzinfo=None) for at in zoned], pa.timestamp("us")),
            "day": pa.array([at and at.date() for at in zoned], pa.date32()),
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the tables; they are called open:0, open:1, … by their names."""
    made = tmp_path_factory.mktemp("bad")
    for name, table in (("0-groups", _groups()), ("1-long", _long()), ("2-times", _times())):
        pq.write_table(table, made / f"{name}.parquet")
    return made


@pytest.fixture
def show(page: Page, serve: Servers, folder: Path) -> Callable[[int], Page]:
    """Show one of the tables."""
    expect.set_options(timeout=harness.PATIENCE)
    server = serve.server(str(folder))

    def shown(number: int) -> Page:
        harness.enter(page, server.url)
        source = {"kind": "table", "tables": [{"url": f"open:{number}"}]}
        harness.open_table(page, f"{server.origin}/?source={quote(json.dumps(source))}")
        return page

    return shown


# Cells of ten megabytes.


def test_a_long_text_shows_its_beginning_says_so_and_is_whole_part_by_part(
    page: Page, show: Callable[[int], Page]
) -> None:
    windows: list[Response] = []
    page.on("response", lambda answer: windows.append(answer) if answer.url.endswith("/api/rows") else None)
    show(1)
    assert windows
    assert all(int(answer.headers["content-length"]) < 100_000 for answer in windows)
    for height in "41":
        page.keyboard.press(height)
        harness.wait_rows(page)
        cell = harness.cell(page, 0, "text")
        expect(cell.locator(".cut")).to_have_text("10M chars")
        expect(cell).to_have_attribute("title", re.compile(r"beginning of 10,000,000 characters.*Space shows all"))
        expect(harness.cell(page, 1, "text").locator(".cut")).to_be_visible()
    expect(harness.cell(page, 2, "text").locator(".cut")).to_have_count(0)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    harness.go_to_cell(page, 0, "text")
    page.keyboard.press("Enter")
    panel = page.locator("aside.panel")
    expect(panel).to_contain_text("The beginning of 10,000,000 characters.")
    panel.get_by_role("button", name="Show all").click()
    parts = panel.get_by_role("group", name="Parts of the text")
    expect(parts).to_contain_text("of 10,000,000")
    parts.get_by_role("button", name="Last part").click()
    expect(panel.locator(".long pre")).to_contain_text(END)
    expect(parts).to_contain_text("to 10,000,000 of 10,000,000")
    parts.get_by_role("button", name="Copy all").click()
    expect(parts.get_by_role("button", name="Copied")).to_be_visible(timeout=harness.PATIENCE)
    assert page.evaluate(f"navigator.clipboard.readText().then((text) => text.length === {MEGABYTES})")


def test_a_long_text_over_the_page_is_whole_whatever_its_characters_weigh(
    page: Page, show: Callable[[int], Page]
) -> None:
    show(1)
    harness.go_to_cell(page, 1, "text")
    page.keyboard.press("Space")
    box = page.locator("dialog.lightbox")
    number = f"{len(LINES) * (MEGABYTES // len(LINES.encode())):,}"
    parts = box.get_by_role("group", name="Parts of the text")
    expect(parts).to_contain_text(f"of {number}")
    expect(box.locator("dl.facts")).to_contain_text(number)
    parts.get_by_role("button", name="Next part").click()
    # Parts end where lines do, and no character is taken apart.
    assert str(box.locator(".long pre").text_content()).startswith(LINES)
    with page.expect_download() as waits:
        parts.get_by_role("button", name="Save as a file").click()
    assert waits.value.suggested_filename == "text.txt"
    assert waits.value.path().stat().st_size == len(LINES.encode()) * (MEGABYTES // len(LINES.encode()))


# A million groups.


def test_a_million_groups_are_counted_and_scrolled_to_the_last(page: Page, show: Callable[[int], Page]) -> None:
    show(0)
    harness.go_to_cell(page, -1, "name")
    page.keyboard.press("g")
    # The first show while the others are counted.
    expect(harness.cell(page, 0, 0)).to_have_text("name 0000000")
    assert harness.row_count(page) == GROUPS
    assert f"of {GROUPS:,}" in harness.status(page)
    page.locator(".grid").focus()
    page.keyboard.press("ControlOrMeta+End")
    harness.wait_until(page, f"() => document.querySelector('.grid .row[data-row=\"{GROUPS - 1}\"]')")
    assert harness.cells(page, "name")[-1] == f"name {GROUPS - 1:07}"
    assert page.locator(".grid .row").count() < 60
    # And each leads to its rows.
    page.keyboard.press("e")
    harness.wait_until(page, "() => !new URLSearchParams(location.search).has('group')")
    assert harness.row_count(page) == 1
    assert harness.cells(page, "n") == [str(GROUPS - 1)]


# Times.


@pytest.mark.parametrize(
    ("zone", "zoned", "exact"),
    [
        (
            "Europe/Berlin",
            ["2024-10-27 02:30:00 +02:00", "2024-10-27 02:30:00 +01:00", "1880-01-01 12:53:28 +00:53:28", "null"],
            "2023-11-14 23:13:20.123456789 +01:00",
        ),
        (
            "America/Los_Angeles",
            [
                "2024-10-26 17:30:00 \N{MINUS SIGN}07:00",
                "2024-10-26 18:30:00 \N{MINUS SIGN}07:00",
                "1880-01-01 04:07:02 \N{MINUS SIGN}07:52:58",
                "null",
            ],
            "2023-11-14 14:13:20.123456789 \N{MINUS SIGN}08:00",
        ),
    ],
)
def test_times_are_exact_and_say_their_zone_wherever_they_are_read(
    page: Page, show: Callable[[int], Page], zone: str, zoned: list[str], exact: str
) -> None:
    page.context.new_cdp_session(page).send("Emulation.setTimezoneOverride", {"timezoneId": zone})
    show(2)
    assert harness.cells(page, "zoned") == zoned
    assert harness.cells(page, "exact")[0] == exact
    # What has no zone is nobody's to move.
    assert harness.cells(page, "naive", 2) == ["2024-10-27 00:30:00", "2024-10-27 01:30:00"]
    assert harness.cells(page, "day", 3) == ["2024-10-27", "2024-10-27", "1880-01-01"]


def test_a_time_is_found_by_what_its_cell_holds(page: Page, show: Callable[[int], Page]) -> None:
    page.context.new_cdp_session(page).send("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Kolkata"})
    show(2)
    for column, row, rows in (("zoned", 1, ["1"]), ("exact", 2, ["2"]), ("naive", 0, ["0"]), ("day", 2, ["2"])):
        harness.cell(page, row, column).click(button="right")
        harness.choose(page, "Only this value")
        harness.wait_until(page, "() => new URLSearchParams(location.search).has('filter')")
        harness.wait_cells(page, "id", rows)
        assert harness.row_count(page) == len(rows)
        page.get_by_role("button", name="Undo", exact=True).click()
        harness.wait_until(page, "() => !new URLSearchParams(location.search).has('filter')")
        harness.wait_cells(page, "id", ["0", "1", "2", "3"])
