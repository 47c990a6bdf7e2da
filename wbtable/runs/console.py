"""What runs say to people: single lines on stderr, never on stdout."""

from __future__ import annotations

import sys
import warnings

_said: set[str] = set()


class RunWarning(UserWarning):
    """Something about a run that needs attention, though training goes on."""


def say(text: str) -> None:
    """Print one line on stderr, if there is one to print on."""
    if sys.stderr is not None:
        print(f"wbtable: {text}", file=sys.stderr, flush=True)  # noqa: T201 - this is the one place that prints


def warn(text: str) -> None:
    """Warn; never raises, even where warnings are errors, for it is called from threads and from training loops."""
    try:
        warnings.warn(text, RunWarning, stacklevel=_caller())
    except RunWarning:
        say(text)


def _caller() -> int:
    """Return how far up the stack the first frame outside wbtable is: the line that the warning is about."""
    frame, level = sys._getframe(1), 1  # noqa: SLF001 - as the warnings module itself does
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("wbtable."):
        frame, level = frame.f_back, level + 1
    return level


def warn_once(text: str) -> None:
    """Warn of the same thing only once in this process."""
    if text not in _said:
        _said.add(text)
        warn(text)
