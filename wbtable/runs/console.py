"""What runs say to people: single lines on stderr, never on stdout."""

from __future__ import annotations

import sys
import warnings

from wbtable.storage.caller import frames_to_caller

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
        warnings.warn(text, RunWarning, stacklevel=frames_to_caller())
    except RunWarning:
        say(text)


def warn_once(text: str) -> None:
    """Warn of the same thing only once in this process."""
    if text not in _said:
        _said.add(text)
        warn(text)
