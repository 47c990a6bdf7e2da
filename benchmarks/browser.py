"""Servers in processes of their own, and Chromium that shows their pages: what people wait for, and what it costs.

What shows is waited for inside the page, frame by frame, so that the way from Python to the browser is not in the time.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.servers.chromium import FLAGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from playwright.sync_api import Browser, BrowserContext, CDPSession, Page

SIZE: Final = {"width": 1280, "height": 800}
PATIENCE: Final = 400.0
"""Seconds after which something that does not show is given up: peers may take minutes."""
_GRACE: Final = 10.0
_FLAGS: Final = (*FLAGS, "--enable-precise-memory-info")
_SHOWS: Final = """([from, argument, patience]) => new Promise((done, failed) => {
  const shows = (argument) => %s;
  const act = (argument) => { %s };
  const start = from ?? performance.now();
  if (from === null) act(argument);
  const look = () => {
    let found = false;
    try { found = shows(argument); } catch (error) { found = false; }
    // What is in the document now is painted with this frame: the next one comes after it.
    if (found) requestAnimationFrame((now) => done(now - start));
    else if (performance.now() - start > patience) failed(new Error("does not show: " + shows));
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})"""
"""Text of a function that waits; what it waits for stands in it, for the page lets nobody make code of text."""

_FLIGHTS: Final = """(() => {
  const count = (window.flights_ = { now: 0, most: 0, number: 0 });
  const fetch = window.fetch;
  window.fetch = async (asked, options) => {
    if (!String(asked).startsWith("%s")) return fetch(asked, options);
    count.number += 1;
    count.now += 1;
    count.most = Math.max(count.most, count.now);
    try { return await fetch(asked, options); } finally { count.now -= 1; }
  };
})()"""
"""Beside the browser's own count: that calls a request withdrawn some time after it was."""


# Servers.


class Served:
    """A server that runs.

    Attributes:
        url: what to open.
        seconds: from its start until it said so.

    """

    def __init__(self, process: subprocess.Popen[str], url: str, seconds: float) -> None:
        self.process = process
        self.url = url
        self.seconds = seconds

    def memory(self) -> int:
        """Return the bytes of memory that it and its workers have; what they share counts once."""
        return sum(_shared_once(pid) for pid in family(self.process.pid))


@contextlib.contextmanager
def serving(
    command: Sequence[str | Path], pattern: str, environment: Mapping[str, str] | None = None
) -> Iterator[Served]:
    """Run a server until it is not needed any more.

    Args:
        command: its program.
        pattern: what it prints when it answers, with the address as its first group.
        environment: what is added to ours.

    Raises:
        RuntimeError: it ended before it answered; the message is the end of what it said.

    """
    start = time.perf_counter()
    with subprocess.Popen(
        [str(word) for word in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **(environment or {})},
        start_new_session=True,
    ) as process:
        try:
            yield Served(process, *_answer(process, pattern, start))
        finally:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    """End a server and its workers, whether it wants to or not."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _answer(process: subprocess.Popen[str], pattern: str, start: float) -> tuple[str, float]:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        found = re.search(pattern, line)
        if found:
            seconds = time.perf_counter() - start
            # Somebody must read on, or it waits for that.
            threading.Thread(target=process.stdout.read, daemon=True).start()
            return found[1], seconds
    raise RuntimeError("".join(said)[-2000:] or f"{process.args!r} said nothing")


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    found = [pid]
    for parent in found:
        for tasks in Path(f"/proc/{parent}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += [int(child) for child in tasks.read_text().split()]
    return found


def _shared_once(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    return 0


# The browser.


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Run Chromium, without a window.

    Raises:
        RuntimeError: there is none.

    """
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        raise RuntimeError("chromium is not on the PATH: make test-servers installs it")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(_FLAGS))
        yield browser
        browser.close()


@contextlib.contextmanager
def visitor(browser: Browser) -> Iterator[Page]:
    """Give a page of somebody who was never here: no cookie, nothing cached."""
    context: BrowserContext = browser.new_context(viewport=SIZE)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE * 1000)
    yield context.new_page()
    context.close()


def arrive(page: Page, url: str, shows: str, argument: object = None) -> float:
    """Open an address; return the seconds from the start of the navigation until an expression is true and painted."""
    page.goto(url, wait_until="commit")
    return until(page, shows, argument)


def until(page: Page, shows: str, argument: object = None) -> float:
    """Wait until an expression is true and painted; return the seconds since the page was begun."""
    return float(page.evaluate(_SHOWS % (shows, ""), [0, argument, PATIENCE * 1000])) / 1000


def act(page: Page, doing: str, shows: str, argument: object = None) -> float:
    """Do something in the page; return the seconds until an expression is true and painted."""
    return float(page.evaluate(_SHOWS % (shows, doing), [None, argument, PATIENCE * 1000])) / 1000


def after(page: Page, doing: Callable[[], object], shows: str, argument: object = None) -> float:
    """Do something with mouse or keyboard; return the seconds until an expression is true and painted."""
    start = time.perf_counter()
    doing()
    until(page, shows, argument)
    return time.perf_counter() - start


def heap(page: Page) -> int:
    """Return the bytes that a page's scripts keep, after what nobody needs was collected."""
    session: CDPSession = page.context.new_cdp_session(page)
    for _ in range(2):
        session.send("HeapProfiler.collectGarbage")
    found = session.send("Runtime.getHeapUsage")
    session.detach()
    return int(found["usedSize"])


def processor(page: Page) -> float:
    """Return the seconds of a processor that the process which draws a page has taken."""
    session: CDPSession = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    found = {metric["name"]: metric["value"] for metric in session.send("Performance.getMetrics")["metrics"]}
    session.detach()
    return float(found["ProcessTime"])


def requests(page: Page) -> int:
    """Return how many files and answers a page has got since its navigation, itself aside."""
    return int(page.evaluate("() => performance.getEntriesByType('resource').length"))


def drawing() -> int:
    """Return the bytes of memory of the process that draws the page: the largest that does."""
    own = []
    for pid in family(os.getpid()):
        with contextlib.suppress(OSError):
            if b"--type=renderer" in Path(f"/proc/{pid}/cmdline").read_bytes():
                own.append(_shared_once(pid))
    return max(own, default=0)


class Flights:
    """Counts the requests to a path that a page has under way: from the call until it is answered, or withdrawn."""

    def __init__(self, page: Page, path: str) -> None:
        """Count those of the documents that the page opens from now on."""
        self._page = page
        page.add_init_script(_FLIGHTS % path)

    def begin(self) -> None:
        """Count from here."""
        self._page.evaluate("() => { Object.assign(window.flights_, { most: window.flights_.now, number: 0 }); }")

    def found(self) -> tuple[int, int]:
        """Return the most that were under way at once, and how many there were."""
        most, number = self._page.evaluate("() => [window.flights_.most, window.flights_.number]")
        return int(most), int(number)


def delay(page: Page, seconds: float) -> None:
    """Let each answer come later, as from far away; kept as long as the page lives."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": seconds * 1000, "downloadThroughput": -1, "uploadThroughput": -1},
    )


def scroll_frames(page: Page, selector: str, pixels: int, speed: int) -> list[float]:
    """Scroll as with a wheel or a finger, at a speed in pixels a second; return the seconds of each frame."""
    box = page.locator(selector).bounding_box()
    assert box is not None
    page.evaluate(
        """() => { window.frames_ = []; const note = (now) => { window.frames_.push(now);
          window.noting_ = requestAnimationFrame(note); }; window.noting_ = requestAnimationFrame(note); }"""
    )
    session = page.context.new_cdp_session(page)
    session.send(
        "Input.synthesizeScrollGesture",
        {
            "x": box["x"] + box["width"] / 2,
            "y": box["y"] + box["height"] / 2,
            "yDistance": -pixels,
            "speed": speed,
            "gestureSourceType": "mouse",
            "preventFling": True,
        },
    )
    session.detach()
    times = page.evaluate("() => { cancelAnimationFrame(window.noting_); return window.frames_; }")
    return [(after - before) / 1000 for before, after in itertools.pairwise(times)]


def high(values: Sequence[float], part: float = 0.95) -> float:
    """Return the value below which a part of them lie."""
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]
