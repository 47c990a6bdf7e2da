"""The options that make a view, and how its rows are printed; shared by ``query``, ``compare`` and ``export``."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING, Any, Final

import click

from wbtable.cli.options import columns_option
from wbtable.errors import FormatError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from wbtable.cli.options import Options

NUMBERS: Final = frozenset({"number", "integer", "decimal"})
FILES: Final = frozenset({"csv", "tsv", "jsonl", "parquet", "feather"})
"""What the names of files end in that are read as tables."""
_LATE: Final = 0.5

Spec = dict[str, Any]


def view_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a view; the function gets them as keyword arguments, see `spec_of`."""
    several = "; may be repeated."
    added: list[Callable[..., Any]] = [
        click.option("-w", "--where", metavar="EXPR", help="Only rows for which this is true."),
        click.option("-d", "--derive", multiple=True, metavar="NAME=EXPR", help=f"A new column{several}"),
        click.option("-g", "--group", multiple=True, metavar="EXPR", help=f"Group by this{several}"),
        click.option("--cell", multiple=True, metavar="NAME=EXPR", help=f"A column of groups{several}"),
        click.option("--having", metavar="EXPR", help="Only groups for which this is true."),
        click.option("-s", "--sort", multiple=True, metavar="EXPR", help=f"Sort: 'score desc', 'id'{several}"),
        columns_option,
        click.option("--spec", type=click.File("rb"), metavar="FILE", help="The document of a view, - for stdin."),
    ]
    for option in reversed(added):
        function = option(function)
    return function


def spec_of(options: dict[str, Any]) -> Spec:
    """Take the options of a view out of a command's; return them as `Table.view` takes them.

    Raises:
        UsageError: a derived column has no name, or that of another; a document is none of a view, or stands beside
            other options.
        UnsupportedError: a document needs a newer version.

    """
    file = options.pop("spec")
    spec: Spec = {
        "filter": options.pop("where"),
        "derive": _all_named(options.pop("derive"), "--derive"),
        "group": list(options.pop("group")),
        "cells": _all_named(options.pop("cell"), "--cell"),
        "having": options.pop("having"),
        "sort": list(options.pop("sort")),
        "columns": options.pop("columns"),
    }
    if file is None:
        return spec
    if any(spec.values()):
        raise UsageError("--spec is a whole view: leave the other options of the view out")
    from wbtable.format.documents import parse
    from wbtable.format.view_spec import ViewSpec

    try:
        return {"spec": ViewSpec.from_json(parse(file.read(), "--spec"), "--spec")}
    except FormatError as error:
        # It was written for this call: nothing that is stored is damaged.
        raise UsageError(str(error)) from None


def _all_named(texts: Sequence[str], option: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, expression in (_named(text, option) for text in texts):
        if name in found:
            raise UsageError(f"{option} gives {name!r:.80} twice: give each column a name of its own")
        found[name] = expression
    return found


def _named(text: str, option: str) -> tuple[str, str]:
    """Return name and expression of ``name=expression``; the first ``=`` that is no comparison parts them."""
    name, mark, expression = text.partition("=")
    if not mark or not name.strip() or expression.startswith("=") or name[-1] in "!<>":
        raise UsageError(f"expected {option} as NAME=EXPRESSION, found {text!r:.200}")
    return name.strip(), expression.strip()


def two_tables(options: Options, name: str, project: str | None, path: str | None = None) -> Any:
    """Return the table of ``NAME`` or ``NAME#PATH``, or of a data file.

    Raises:
        NotFoundError: there is no such table.

    """
    from wbtable.cli.find import find_table, is_table_path

    if not is_table_path(name) and "#" in name:
        name, _, path = name.rpartition("#")
    found = read_file(name, path)
    return find_table(options, name, path, project)[0] if found is None else found


def read_file(name: str, path: str | None) -> Any:
    """Return the table of a data file, by what its name ends in; None for other names.

    Raises:
        NotFoundError: there is no such file.
        UsageError: there is a `path`, which no file has.

    """
    suffix = name.rpartition(".")[2].lower()
    if suffix not in FILES or ":" in name.rpartition("/")[2]:
        return None
    from wbtable.cli.find import check_no_path
    from wbtable.tables import files

    check_no_path(name, path)
    if suffix == "tsv":
        return files.read_csv(name, delimiter="\t")
    return getattr(files, f"read_{suffix}")(name)


def key_option(on: Sequence[str], tables: int = 2) -> object:
    """Return what ``--on`` says as a key: names, or pairs ``a=b``; None if it was not given.

    Raises:
        UsageError: there are pairs for more than two tables, or a column is given twice.

    """
    if not on:
        return None
    firsts = [name.partition("=")[0] for name in on]
    twice = next((name for i, name in enumerate(firsts) if name in firsts[:i]), None)
    if twice is not None:
        raise UsageError(f"--on gives {twice!r:.80} twice: give each column once")
    if tables > 2:
        if any("=" in name for name in on):
            raise UsageError("--on a=b is for two tables; of more, the key has one name")
        return list(on)
    return [tuple(text.split("=", 1)) if "=" in text else (text, text) for text in on]


@contextlib.contextmanager
def watched(view: Any) -> Iterator[Any]:
    """Give a view that says on a terminal how far it is, once it takes long."""
    if not sys.stderr.isatty():
        yield view
        return
    from wbtable.query.control import QueryControl

    start, shown = time.monotonic(), False

    def say(done: float) -> None:
        nonlocal shown
        if time.monotonic() - start > _LATE:
            shown = True
            click.echo(f"\r{done:4.0%}", err=True, nl=False)

    try:
        yield view.with_control(QueryControl(on_progress=say))
    finally:
        if shown:
            click.echo("\r    \r", err=True, nl=False)


def print_warnings(view: Any, place: str = "") -> None:
    """Say what became null in a view without being an error, counted; `place` is put before each."""
    for warning in view.warnings():
        click.echo(f"wbtable: {place}{warning}", err=True)


def rows_of(table: Any, offset: int, count: int) -> tuple[list[str], list[list[Any]], list[int]]:
    """Return the names of a table's columns, some rows as Python values, and which columns are numbers."""
    import numpy as np

    from wbtable.tables.values import to_python

    source = table._source()  # noqa: SLF001 - the command line stands above, and prints what it reads
    end = min(offset + count, source.num_rows)
    found = source.take(np.arange(min(offset, end), end, dtype=np.int64))
    columns = [to_python(found.column(i), column.type, source.blobs) for i, column in enumerate(source.schema)]
    numbers = [i for i, column in enumerate(source.schema) if column.type.kind in NUMBERS]
    return source.schema.names, [list(row) for row in zip(*columns, strict=True)], numbers


def print_rows(options: Options, table: Any, offset: int, count: int) -> None:
    """Print some rows: JSON objects, or a table and how many rows there are."""
    from wbtable.cli.output import print_json, print_table
    from wbtable.integrations.cells import cell_json, cell_text

    names, rows, numbers = rows_of(table, offset, count)
    if options.json:
        print_json([{name: cell_json(cell) for name, cell in zip(names, row, strict=True)} for row in rows])
        return
    print_table(names, [[cell_text(cell) for cell in row] for row in rows], numbers)
    total = len(table)
    if len(rows) < total:
        click.echo(f"{len(rows):,} of {total:,} rows", err=True)
