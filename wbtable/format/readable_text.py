"""Values as text that people read, and as JSON has them: pure rules, used by notebooks and the command line."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import math
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNITS: Final = ("B", "kB", "MB", "GB", "TB", "PB")
_BARS: Final = " ▁▂▃▄▅▆▇█"
_THOUSAND: Final = 1000


def plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, bool | str | int) or value is None:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value).replace("nan", "NaN").replace("inf", "Infinity")
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(item) for item in value]
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    return str(value)


def _in_utc(value: dt.datetime) -> dt.datetime:
    try:
        return value.astimezone(dt.UTC)
    except OverflowError:  # within a day of the first or last year
        return value.replace(tzinfo=dt.UTC)


def text_of(value: Any) -> str:
    """Return a value as people read it."""
    if isinstance(value, dt.datetime):
        # A time without a zone is no time of this machine's zone either.
        return str(value) if value.tzinfo is None else _in_utc(value).strftime("%Y-%m-%d %H:%M:%S UTC")
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(text_of, value))
    if isinstance(value, dict):
        return json.dumps(plain(value), ensure_ascii=False)
    return "" if value is None else str(value)


def printable(text: str) -> str:
    """Return text on one line, with what a terminal would obey made visible."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def size_text(size: int | None) -> str:
    """Return a number of bytes as people read it: ``1.2 kB``."""
    if size is None:
        return ""
    number, unit = float(size), 0
    while number >= _THOUSAND and unit < len(_UNITS) - 1:
        number /= _THOUSAND
        unit += 1
    return f"{size} B" if unit == 0 else f"{number:.1f} {_UNITS[unit]}"


def sparkline(counts: Sequence[int]) -> str:
    """Return counts as a line of bars; the smallest that is not zero still shows."""
    most = max(counts, default=0)
    if not most:
        return ""
    steps = len(_BARS) - 1
    return "".join(_BARS[math.ceil(count / most * steps)] for count in counts)


def cut(text: str, width: int) -> str:
    """Return text of at most `width` characters; what was cut ends in ``…``."""
    return text if len(text) <= width else text[: width - 1] + "…"
