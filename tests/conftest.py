"""What holds for all tests: nothing of the user's is read or written, and a slow machine fails nothing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

# Time is not what the properties are about. In CI the same examples are tried each time.
settings.register_profile(
    "wbtable", deadline=None, derandomize="CI" in os.environ, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("wbtable")

_LINES = 80


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say why tests ran again: the next run of a test may fail for another reason, or pass."""
    for report in terminalreporter.getreports("rerun"):
        terminalreporter.write_sep("_", f"ran again: {report.nodeid}")
        # Of a page that is not as expected Playwright shows all that is on it.
        why = report.longreprtext.split("Aria snapshot", 1)[0]
        terminalreporter.write_line("\n".join(why.splitlines()[-_LINES:]))


@pytest.fixture(scope="session", autouse=True)
def _nothing_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the user's stores, cache and settings out of every test."""
    with pytest.MonkeyPatch.context() as environment:
        for name in [name for name in os.environ if name.startswith(("WBTABLE_", "WANDB_"))]:
            environment.delenv(name)
        environment.setenv("WBTABLE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield
