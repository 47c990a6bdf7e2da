"""The file of a report where the browser runs no scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from click.testing import CliRunner

from tests.page.report_store import HOSTILE, PROJECT, SOURCE, make_store
from wbtable.cli.app import cli
from wbtable.viewer.reports import save_report

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser


def test_the_words_of_a_report_show_without_its_script(browser: Browser, tmp_path: Path) -> None:
    """REPORT-4: the text shows as it was written, with what to do for the tables; nothing in it is markup."""
    store = make_store(tmp_path / "store")
    words = f"# What is wrong\n\nMuch, as *seen* below.\n\n</noscript>{HOSTILE}"
    panels = [{"id": "a", "kind": "markdown", "text": words}, {"id": "b", "kind": "table", "view": {"source": SOURCE}}]
    save_report(store, PROJECT, "found", {"title": "All <b>found</b>", "description": "About", "panels": panels}, -1)
    path = tmp_path / "report.html"
    made = CliRunner().invoke(cli, ["report", PROJECT, "found", "--store", store.url, "-o", str(path)])
    assert made.exit_code == 0, made.output
    context = browser.new_context(offline=True, java_script_enabled=False)
    page = context.new_page()
    page.goto(path.as_uri())
    shown = page.locator("main")
    text = shown.inner_text()
    assert text.startswith("All <b>found</b>\n")
    assert "JavaScript is switched off" in text
    assert "Much, as *seen* below." in text
    assert f"</noscript>{HOSTILE}" in text
    assert shown.locator("img, script, b").count() == 0
    context.close()
