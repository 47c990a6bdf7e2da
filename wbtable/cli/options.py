"""What all commands share: options, the store, and completion of names."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from wbtable.artifacts.store import Store
    from wbtable.artifacts.version import Version
    from wbtable.errors import WbtableError
    from wbtable.storage.backend import Backend


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options that every command takes, before its name or behind it.

    Attributes:
        store_url: the store, if one was named.
        json: whether JSON is printed.

    """

    store_url: str | None
    json: bool

    def store(self, *, create: bool = False) -> Store:
        """Return the store, which can read runs; with `create` the default one is made if it is absent."""
        from wbtable.runs import resolve_store

        return resolve_store(self.store_url, create=create)

    def backend(self) -> Backend:
        """Return the place of the store, which is checked to be one; tables are not loaded for it."""
        from wbtable.artifacts.default_place import default_url
        from wbtable.storage.header import read_header
        from wbtable.storage.open_backend import open_backend

        backend = open_backend(self.store_url or default_url())
        read_header(backend)
        return backend

    def version(self, name: str, project: str | None = None) -> Version:
        """Return the version of a name."""
        return self.store().artifact(name, project=project)


def common(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of every command; the function gets them as its first argument."""

    @click.option("--store", "store_url", metavar="URL", help="The store: a path or a URL.")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    @click.option("--debug", is_flag=True, help="Show where an error was raised.")
    @click.pass_context
    def wrapped(
        ctx: click.Context, /, *args: Any, store_url: str | None, as_json: bool, debug: bool, **kwargs: Any
    ) -> Any:
        del debug
        outer = ctx.obj or {}
        named = outer.get("store") if store_url is None else store_url
        if named is not None and not named.strip():
            raise click.UsageError("--store is empty: say which store, or leave it out for the default one", ctx)
        options = Options(store_url=named, json=as_json or bool(outer.get("json")))
        return function(options, *args, **kwargs)

    wrapped.__doc__ = function.__doc__
    wrapped.__name__ = function.__name__
    wrapped.__click_params__ += getattr(function, "__click_params__", [])  # type: ignore[attr-defined]
    return wrapped


def examples(*lines: str) -> str:
    """Return the examples at the end of a command's help; the first line tells click not to wrap them."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


@contextlib.contextmanager
def naming(file: Path) -> Iterator[None]:
    """Put a file's name before what is wrong with it, where that does not say it."""
    from wbtable.errors import NotFoundError, UsageError

    try:
        yield
    except (UsageError, NotFoundError) as error:
        raise error if str(file) in str(error) else type(error)(str(error), place=str(file)) from None


def columns_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that picks columns; the function gets their names, or None where it is not given."""
    return click.option(
        "-c",
        "--columns",
        multiple=True,
        metavar="A,B",
        callback=names_given,
        help="Only these columns, separated by commas; may be repeated. A name with a comma stands in double quotes.",
    )(function)


def names_given(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> list[str] | None:
    """Return the names in texts, which commas separate; one in double quotes may have any sign in it. None for none.

    Raises:
        BadParameter: a quote is not closed, or something stands behind it.

    """
    import csv

    names: list[str] = []
    for text in given:
        try:
            [found] = csv.reader([text], strict=True, skipinitialspace=True) if text else [[""]]
        except (csv.Error, ValueError) as error:
            msg = f'expected names separated by commas, such as a,b or "a, b",c, found {text!r:.200} ({error})'
            raise click.BadParameter(msg, ctx, param) from None
        names += found
    return names if given else None


overwrite_option = click.option("--overwrite", is_flag=True, help="Replace FILE where it is there already.")


def check_new(path: str, *, overwrite: bool) -> None:
    """Refuse to write over a file that nobody said may be replaced.

    Raises:
        AlreadyExistsError: it is there.

    """
    import os

    from wbtable.errors import AlreadyExistsError

    if not overwrite and os.path.lexists(path):
        raise AlreadyExistsError(f"there is {path!r:.200} already: choose another name, or give --overwrite")


def _not_empty(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None and not value.strip():
        raise click.BadParameter("it is empty, as is a variable that is not set", ctx, param)
    return value


project_option = click.option(
    "-p", "--project", metavar="PROJECT", callback=_not_empty, help="The project, for names without one."
)


def _default_store(ctx: click.Context) -> Store | None:
    from wbtable.artifacts.store import resolve_store
    from wbtable.errors import WbtableError

    named = ctx.params.get("store_url") or (ctx.parent.params.get("store") if ctx.parent else None)
    try:
        return resolve_store(named)
    except (WbtableError, OSError):
        return None


def _nobody(_what: str, _error: WbtableError) -> None:
    """Be told of what completion leaves out: a shell shows nothing of it."""


def complete_artifacts(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return names of artifacts that begin as typed; behind a ``:`` their aliases and versions."""
    from wbtable.errors import WbtableError

    store = _default_store(ctx)
    if store is None:
        return []
    try:
        if ":" in incomplete:
            name = incomplete.rpartition(":")[0]
            found = [f"{name}:latest"]
            for version in store.versions(name, on_unreadable=_nobody):
                found += [f"{name}:{version.version}", *(f"{name}:{alias}" for alias in version.aliases)]
            return [item for item in dict.fromkeys(found) if item.startswith(incomplete)]
        names = [version.qualified_name.rpartition(":")[0] for version in store.artifacts(on_unreadable=_nobody)]
    except (WbtableError, OSError):
        return []
    return [name for name in names if name.startswith(incomplete)]


def complete_projects(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return names of projects that begin as typed."""
    store = _default_store(ctx)
    return [] if store is None else [name for name in store.projects() if name.startswith(incomplete)]


def complete_runs(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return paths of runs that begin as typed."""
    store = _default_store(ctx)
    if store is None:
        return []
    from wbtable.runs.reading import run_ids

    paths = [f"{project}/{run_id}" for project in store.projects() for run_id in run_ids(store, project)]
    return [path for path in paths if path.startswith(incomplete)]
