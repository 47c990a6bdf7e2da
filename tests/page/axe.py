"""axe in the page, in both themes: the second costs less than a page that is opened once more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from tests.architecture.repository import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Page

SCRIPT: Final = ROOT / "tools/vendor/node_modules/axe-core/axe.min.js"
THEMES: Final[tuple[Literal["dark", "light"], ...]] = ("dark", "light")
RUN: Final = "() => axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })"


def check(page: Page) -> None:
    """Run axe in the page as it is, dark and light; what it finds is told by theme, rule and place."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(SCRIPT.read_text("utf-8"))
    told = []
    for theme in THEMES:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        found: dict[str, Any] = page.evaluate(RUN)
        told += [
            (theme, one["id"], [f"{node['html'][:160]} {node['failureSummary'][:200]}" for node in one["nodes"][:3]])
            for one in found["violations"]
        ]
    assert not told, told
