"""How values are printed: JSON for programs; for people tables, drawn on a terminal and plain in a pipe."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from wbtable.format.readable_text import cut, plain, printable, size_text, sparkline, text_of

__all__ = [
    "cut",
    "noted",
    "plain",
    "print_fields",
    "print_json",
    "print_table",
    "printable",
    "size_text",
    "sparkline",
    "text_of",
]

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rich.text import Text


def print_json(value: object) -> None:
    """Print a value as one JSON document; what JSON lacks becomes text: ``"NaN"``, ISO times, hexadecimal bytes."""
    click.echo(json.dumps(plain(value), ensure_ascii=False, indent=2 if sys.stdout.isatty() else None))


def noted(work: Callable[[], Any]) -> Any:
    """Return what `work` returns; its warnings become lines on stderr."""
    import warnings

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = work()
    for warning in said:
        click.echo(f"wbtable: {warning.message}", err=True)
    return found


def print_table(titles: Sequence[str], rows: Sequence[Sequence[str | Text]], right: Sequence[int] = ()) -> None:
    """Print rows under titles; `right` has the positions of columns that are aligned right."""
    if not sys.stdout.isatty():
        _print_plain(titles, rows, right)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for i, title in enumerate(titles):
        table.add_column(Text(printable(title)), justify="right" if i in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) if isinstance(cell, str) else cell for cell in row))
    Console().print(table)


def _print_plain(titles: Sequence[str], rows: Sequence[Sequence[str | Text]], right: Sequence[int]) -> None:
    lines = [[printable(str(cell)) for cell in row] for row in (titles, *rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(titles))]
    places = [(width, i in right) for i, width in enumerate(widths)]
    # Written at once: a flush for each of thousands of lines takes longer than finding them.
    click.echo(
        "\n".join(
            "  ".join(
                cell.rjust(width) if is_right else cell.ljust(width)
                for cell, (width, is_right) in zip(line, places, strict=True)
            ).rstrip()
            for line in lines
        )
    )


def print_fields(fields: Mapping[str, object]) -> None:
    """Print names and values, one a line; those that are None or empty are left out."""
    there = ((name, value) for name, value in fields.items() if value is not None and value not in ("", [], {}, ()))
    shown = [(printable(name), value) for name, value in there]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        click.echo(f"{name.ljust(width)}  {printable(text_of(value))}")
