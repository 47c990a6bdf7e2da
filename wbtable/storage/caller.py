"""Whose line a warning is about: that of the caller's program, not one of ours."""

from __future__ import annotations

import sys


def frames_to_caller() -> int:
    """Return how far up the stack of who calls this the first frame outside of wbtable is, as warnings count it."""
    frame, level = sys._getframe(1), 1  # noqa: SLF001 - as the warnings module itself does
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("wbtable."):
        frame, level = frame.f_back, level + 1
    return level
