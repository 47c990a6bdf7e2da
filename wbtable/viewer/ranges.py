"""The Range header, one range only: lists of them have brought servers down."""

from __future__ import annotations


def one_range(text: str | None, size: int) -> tuple[int, int] | None:
    """Return first byte and end of the range that is asked for.

    None: all of it is given, because nothing, several ranges, or something else was asked for. (0, 0): there are no
    such bytes.
    """
    if text is None or len(text) > 100 or not text.startswith("bytes=") or "," in text:
        return None
    first, dash, last = text.removeprefix("bytes=").partition("-")
    if not dash or not all(
        part == "" or (part.isascii() and part.isdigit() and len(part) < 16) for part in (first, last)
    ):
        return None
    if first == "":
        return None if last == "" else (max(0, size - int(last)), size) if int(last) and size else (0, 0)
    end = size if last == "" else min(size, int(last) + 1)
    return (int(first), end) if int(first) < end else (0, 0)
