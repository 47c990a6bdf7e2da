"""axe in the page: every rule in the light theme, those of colours once more in the dark one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from tests.architecture.repository import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Page

SCRIPT: Final = ROOT / "tools/vendor/node_modules/axe-core/axe.min.js"
TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
OF_COLOURS: Final = ["color-contrast", "link-in-text-block"]
"""The rules that may find in one theme what they do not find in the other: themes differ in colours only."""
RUNS: Final[tuple[tuple[Literal["light", "dark"], dict[str, Any]], ...]] = (
    ("light", {"type": "tag", "values": TAGS}),
    ("dark", {"type": "rule", "values": OF_COLOURS}),
)


def check(page: Page) -> None:
    """Run axe in the page as it is; what it finds is told by theme, rule and place."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(SCRIPT.read_text("utf-8"))
    told = []
    for theme, rules in RUNS:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        found: dict[str, Any] = page.evaluate("(runOnly) => axe.run(document, { runOnly })", rules)
        told += [
            (theme, one["id"], [f"{node['html'][:160]} {node['failureSummary'][:200]}" for node in one["nodes"][:3]])
            for one in found["violations"]
        ]
    assert not told, told
