"""Show a million rows in three viewers, each with its own file of the same rows: ours, Spotlight, Datasette."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.case import Bar, Case, Scale, Side
from benchmarks.viewer_data import SAME, SAME_QUICK, prepare_same

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from benchmarks.browser import Served

_ROOT: Final = Path(__file__).parents[2]
_PEERS: Final = _ROOT / ".venv-bench-viewers" / "bin"
"""An environment of its own: two servers with a hundred packages, of other releases than the other peers want."""


_RISING: Final = """(() => {
  const cells = [...document.querySelectorAll('[data-columnindex="3"]:not([data-rowindex="-1"])')];
  const at = (cell) => Number(cell.dataset.rowindex);
  const values = cells.sort((a, b) => at(a) - at(b)).map((cell) => Number(cell.textContent));
  return values.length > 5 && values.every((value, i) => i === 0 || values[i - 1] <= value); })()"""
"""Of Spotlight: the values of score_0 that show are in order."""


def _peer(name: str) -> Path:
    if not (_PEERS / name).exists():
        raise RuntimeError(f"make bench installs {name} in {_PEERS.parent.name}: it is not there")
    return _PEERS / name


def _memory(served: Served, page: Page) -> dict[str, float]:
    from benchmarks import browser

    used = served.memory()
    browser.heap(page)
    return {"server_bytes": used, "page_bytes": browser.drawing()}


def _middle(scale: Scale) -> int:
    return scale.of(SAME, SAME_QUICK) // 2


def _ours(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    from benchmarks import browser, viewer_client

    idle = viewer_client.IDLE
    with viewer_client.viewing(data / "table", work) as served, browser.chromium() as chromium:
        viewer_client.Asking(served.url).ask("summaries")
        with browser.visitor(chromium) as page:
            first = browser.arrive(page, served.url, idle)
            middle = browser.act(
                page,
                "const grid = document.querySelector('.grid'); grid.scrollTop = grid.scrollHeight / 2;",
                f"""{idle} && [...document.querySelectorAll('.grid .row')].every((row) => row.dataset.row > argument)
                  """,
                0.9 * _middle(scale),
            )
            order = browser.after(
                page,
                page.get_by_label("Sort by score_0", exact=True).click,
                f"""document.querySelector('.grid-head [aria-sort="ascending"]') && {idle}
                  && document.querySelector('.grid .row[data-row="0"]')""",
            )
            page.keyboard.press("/")
            page.locator(".toolbar .filter .cm-content").click()
            page.keyboard.insert_text("guess == 3")
            kept = browser.after(
                page,
                lambda: page.keyboard.press("Enter"),
                f"{idle} && document.querySelector('.status').textContent.includes('(of ')",
            )
            return {"first": first, "middle": middle, "sort": order, "filter": kept, **_memory(served, page)}


def _spotlight(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    from benchmarks import browser

    command: list[str | Path] = [
        _peer("spotlight"),
        data / "same.parquet",
        "--no-browser",
        "--no-filebrowsing",
        "--port",
        "auto",
    ]
    at = """document.querySelector(`[data-rowindex="${argument}"][data-columnindex="0"]`)?.textContent"""
    with (
        browser.serving(command, r"(http://\S+)") as served,
        browser.chromium() as chromium,
        browser.visitor(chromium) as page,
    ):
        first = browser.arrive(page, served.url, f"{at} === '0'", 0)
        middle = browser.act(
            page,
            """let part = document.querySelector('[data-rowindex="0"]');
              while (part.scrollHeight < 10 * part.clientHeight || !part.clientHeight) part = part.parentElement;
              part.scrollTop = part.scrollHeight / 2;""",
            f"{at} === String(argument)",
            _middle(scale),
        )
        order = browser.after(page, page.get_by_text("score_0", exact=True).first.click, _RISING)
        bar = page.locator('[data-tour="filterBar"]')
        bar.locator("button").first.click()
        # It asks for a column, then for one of its operators, the first of which is =, then for a value.
        column, operator = bar.get_by_role("combobox").nth(0), bar.get_by_role("combobox").nth(1)
        column.press_sequentially("guess")
        column.press("Enter")
        operator.press("ArrowDown")
        operator.press("Enter")
        bar.get_by_placeholder("reference").fill("3")
        shown = browser.after(
            page,
            lambda: page.keyboard.press("Enter"),
            "Number(/Filtered\\s*(\\d+)/.exec(document.body.innerText)[1]) < argument",
            scale.of(SAME, SAME_QUICK),
        )
        return {"first": first, "middle": middle, "sort": order, "filter": shown, **_memory(served, page)}


def _datasette(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    from benchmarks import browser

    command: list[str | Path] = [
        _peer("datasette"),
        "serve",
        "--immutable",
        data / "same.db",
        "--port",
        str(browser.free_port()),
    ]
    # A second, which a statement may take by default, is too short for a sort without an index.
    command += ["--setting", "sql_time_limit_ms", "60000"]
    first_id = "document.querySelector('.rows-and-columns tbody td.col-id')?.textContent"
    with (
        browser.serving(command, r"running on (http://\S+)") as served,
        browser.chromium() as chromium,
        browser.visitor(chromium) as page,
    ):
        address = f"{served.url.rstrip('/')}/same/predictions"
        half = _middle(scale)
        first = browser.arrive(page, address, f"{first_id} === '0'")
        middle = browser.arrive(page, f"{address}?_next={half}", f"{first_id} === String(argument)", half)
        order = browser.arrive(page, f"{address}?_sort=score_0", f"{first_id} !== undefined")
        kept = browser.arrive(page, f"{address}?guess=3", f"{first_id} !== undefined")
        return {"first": first, "middle": middle, "sort": order, "filter": kept, **_memory(served, page)}


_MEASURED: Final = (
    ("first paint", "first"),
    ("to the middle", "middle"),
    ("sort by a float", "sort"),
    ("filter to a tenth", "filter"),
    ("memory of the server", "server_bytes"),
    ("memory of the page", "page_bytes"),
)

CASE = Case(
    name="viewer-peers",
    work="a page of 1 M rows x 14 columns, in Chromium",
    data="viewer-same",
    prepare=prepare_same,
    sides=(
        Side(
            "wbtable",
            _ours,
            "its own table; the server is up; until all cells on the screen are filled and painted; scrolled, sorted "
            "by a header, filtered by the filter field, counted; orders and columns are not known before",
        ),
        Side(
            "spotlight",
            _spotlight,
            "a Parquet file, all of it read into the page before anything shows; the same by its scroll bar, header "
            "and filter bar, which computes in the page",
        ),
        Side(
            "datasette",
            _datasette,
            "an immutable SQLite database without indices; pages of 100 rows, no scrolling: the middle is the page "
            "behind a rowid, each step a page of its own; its limit of 1 s a statement is lifted; no histograms",
        ),
    ),
    bars=tuple(
        Bar(what=f"{what}, {peer}", ours=("wbtable", figure), peer=(peer, figure))
        for what, figure in _MEASURED
        for peer in ("spotlight", "datasette")
    ),
)
