"""Cells of tables as people read them: media as what it is and how large, arrays by shape, text on one line."""

from __future__ import annotations

from typing import Any, Final

from wbtable.format.readable_text import cut, plain, printable, size_text, text_of

MAX_WIDTH: Final = 60


def cell_text(value: Any, width: int = MAX_WIDTH) -> str:
    """Return a cell's value on one line: ``image 28x28 png 1.2 kB``, ``ndarray float32 3x4``, ``3.14``."""
    if value is None:
        return ""
    if hasattr(value, "kind") and hasattr(value, "to_cell"):
        return media_text(value)
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        shape = "x".join(map(str, value.shape)) or "0-d"
        return f"ndarray {value.dtype} {shape}"
    if isinstance(value, bytes):
        return f"{size_text(len(value))}: {value[:8].hex()}" + ("…" if len(value) > 8 else "")
    if isinstance(value, list | tuple):
        return cut("[" + ", ".join(cell_text(item) for item in value[:width]) + "]", width)
    if isinstance(value, dict):
        return cut("{" + ", ".join(f"{key}: {cell_text(item)}" for key, item in value.items()) + "}", width)
    return cut(printable(text_of(value)), width)


def media_text(value: Any) -> str:
    """Return what a media value is: its kind, measures, encoding and size; nothing is read for it."""
    facts = [value.kind]
    width, height = _fact(value, "width"), _fact(value, "height")
    if width and height:
        facts.append(f"{width}x{height}")
    duration = _fact(value, "duration")
    if duration is not None:
        facts.append(f"{duration:.1f} s")
    rate = _fact(value, "sample_rate")
    if rate:
        facts.append(f"{rate} Hz")
    if hasattr(value, "content_type"):
        facts.append(value.content_type.rpartition("/")[2].removeprefix("x-"))
        facts.append(size_text(value.size))
    counts = _fact(value, "histogram")
    if counts is not None:
        facts.append(f"{len(counts)} bins")
    caption = _fact(value, "caption")
    if caption:
        facts.append(repr(cut(printable(caption), MAX_WIDTH // 2)))
    return " ".join(facts)


def cell_json(value: Any) -> Any:
    """Return a cell's value for JSON: media as an object of its facts, the rest as itself."""
    if hasattr(value, "kind") and hasattr(value, "to_cell"):
        out = {"_type": value.kind}
        for name in ("width", "height", "duration", "sample_rate", "channels", "caption", "histogram", "bins"):
            found = _fact(value, name)
            if found is not None:
                out[name] = plain(found)
        if hasattr(value, "content_type"):
            out |= {"content_type": value.content_type, "size": value.size, "digest": str(value.digest)}
        return out
    if isinstance(value, list | tuple):
        return [cell_json(item) for item in value]
    if isinstance(value, dict):
        return {str(key): cell_json(item) for key, item in value.items()}
    return plain(value)


def _fact(value: Any, name: str) -> Any:
    found = getattr(value, name, None)
    return None if callable(found) else found
