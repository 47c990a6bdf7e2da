"""Plays scenes in Chromium and photographs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playwright.sync_api import Error, sync_playwright

from tests.page import harness

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Request

    from tools.screenshots.stage import Look, Scene, Stage

_DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"


def photograph(stage: Stage, scenes: Sequence[Scene], folder: Path, chromium: str) -> Iterator[tuple[Path, str]]:
    """Play each scene and take its looks; yield each picture once it is written, with what went wrong or nothing.

    A scene that does not come to show what it waits for is pictured as it is, and the next one played.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(harness.FLAGS))
        for scene in scenes:
            # What the system prefers and the window's size change while a page is shown; its pixels do not.
            for scale in dict.fromkeys(look.scale for look in scene.looks):
                looks = [look for look in scene.looks if look.scale == scale]
                yield from _take(stage, browser, scene, looks, folder)
        browser.close()


def _take(
    stage: Stage, browser: Browser, scene: Scene, looks: Sequence[Look], folder: Path
) -> Iterator[tuple[Path, str]]:
    """Play a scene once, and photograph it in looks of the same scale."""
    first = looks[0]
    width, height = first.size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=first.scale,
        color_scheme=first.theme,
        locale="en-GB",
        timezone_id="UTC",
    )
    context.set_default_timeout(harness.PATIENCE)
    page = context.new_page()
    try:
        traffic = _Traffic(page)
        scene.play(stage, page)
        for look in looks:
            _look(page, look)
            traffic.quiet(scene.held)
            if scene.whole:
                _whole(page, look)
                traffic.quiet()
            path = folder / f"{scene.name}.{look.name}.png"
            page.screenshot(path=path, animations="disabled", caret="hide")
            yield path, ""
    except (AssertionError, Error) as error:
        path = folder / f"{scene.name}.failed.png"
        page.screenshot(path=path)
        yield path, str(error)
    finally:
        page.unroute_all(behavior="ignoreErrors")
        context.close()


def _look(page: Page, look: Look) -> None:
    page.emulate_media(
        color_scheme=look.theme,
        forced_colors="active" if look.forced else "none",
        reduced_motion="reduce" if look.still else "no-preference",
    )
    page.set_viewport_size({"width": look.size[0], "height": look.size[1]})


class _Traffic:
    """What a page has asked and was not answered yet; streams and what a scene holds back aside."""

    def __init__(self, page: Page) -> None:
        self._open: set[Request] = set()
        page.on("request", self._asked)
        page.on("requestfinished", self._ended)
        page.on("requestfailed", self._ended)
        self._page = page

    def _asked(self, request: Request) -> None:
        if request.resource_type != "eventsource":
            self._open.add(request)

    def _ended(self, request: Request) -> None:
        self._open.discard(request)

    def quiet(self, held: int = 0) -> None:
        """Return once nothing was on its way for a moment, at most after a while: what is slow is pictured as it is."""
        idle, waited = 0, 0
        while idle < 4 and waited < 150:
            self._page.wait_for_timeout(100)
            idle = idle + 1 if len(self._open) <= held else 0
            waited += 1
        self._page.evaluate(_DRAWN)


def _whole(page: Page, look: Look) -> None:
    """Make the window as high as what scrolls in it."""
    height: Any = page.evaluate(
        """() => { const inside = document.querySelector('main') ?? document.documentElement;
          return Math.max(document.documentElement.scrollHeight,
            inside.scrollHeight + innerHeight - inside.clientHeight); }"""
    )
    page.set_viewport_size({"width": look.size[0], "height": max(look.size[1], min(4000, int(height)))})
