"""How values are printed: JSON for programs; for people tables, drawn on a terminal and plain in a pipe."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import math
import sys
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_UNITS: Final = ("B", "kB", "MB", "GB", "TB", "PB")
_BARS: Final = " ▁▂▃▄▅▆▇█"
_THOUSAND: Final = 1000


def print_json(value: object) -> None:
    """Print a value as one JSON document; what JSON lacks becomes text: ``"NaN"``, ISO times, hexadecimal bytes."""
    click.echo(json.dumps(plain(value), ensure_ascii=False, indent=2 if sys.stdout.isatty() else None))


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


def print_table(titles: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> None:
    """Print rows under titles; `right` has the positions of columns that are aligned right."""
    if not sys.stdout.isatty():
        _print_plain(titles, rows, right)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for i, title in enumerate(titles):
        table.add_column(Text(title), justify="right" if i in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    Console().print(table)


def _print_plain(titles: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int]) -> None:
    lines = [list(titles), *([printable(cell) for cell in row] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(titles))]
    for line in lines:
        cells = [
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        click.echo("  ".join(cells).rstrip())


def print_fields(fields: Mapping[str, object]) -> None:
    """Print names and values, one a line; those that are None or empty are left out."""
    shown = {name: value for name, value in fields.items() if value is not None and value not in ("", [], {}, ())}
    width = max(map(len, shown), default=0)
    for name, value in shown.items():
        click.echo(f"{name.ljust(width)}  {printable(text_of(value))}")


def text_of(value: Any) -> str:
    """Return a value as people read it."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(text_of, value))
    if isinstance(value, dict):
        return json.dumps(plain(value), ensure_ascii=False)
    return "" if value is None else str(value)


def printable(text: str) -> str:
    """Return text on one line, with what a terminal would obey made visible."""
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
