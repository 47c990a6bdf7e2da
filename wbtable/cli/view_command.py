"""``wbtable view``: show a store, an artifact, a table or a file in the browser."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING, Final, NoReturn

import click

from wbtable.cli.options import Options, common, complete_artifacts, examples
from wbtable.errors import FormatError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wbtable.format.documents import Json
    from wbtable.viewer.opening import Opening

EXAMPLES: Final = examples(
    "wbtable view",
    "wbtable view digits/predictions:v3",
    "wbtable view predictions.parquet",
    "wbtable view s3://bucket/store --read-only",
    "wbtable view --no-browser --port 8765",
)


class _Waiting:
    """Says on the terminal what takes a while before the page can be shown."""

    def __init__(self) -> None:
        self._what = ""
        self._done = 0
        self._progress = contextlib.ExitStack()
        self._advance: Callable[[int], None] | None = None

    def __call__(self, what: str, done: float | None) -> None:
        from wbtable.artifacts.progress import Progress

        if what != self._what:
            self.close()
            self._what, self._done = what, 0
            percent = done is not None
            made = Progress(what, "%" if percent else "…", 100 if percent else None)
            self._advance = self._progress.enter_context(made).advance
        now = 0 if done is None else min(100, int(100 * done))
        if self._advance is not None and now > self._done:
            self._advance(now - self._done)
            self._done = now

    def close(self) -> None:
        """Take back what was said."""
        self._progress.close()


def _ended(_number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + signal.SIGTERM)


def _linked(link: str) -> Json:
    """Return the view of a link, or of its query string.

    Raises:
        UsageError: it is none: the name of a saved view, say.
        UnsupportedError: it needs a newer version.

    """
    from wbtable.query.view_link import view_of_link

    try:
        return view_of_link(link.rpartition("?")[2]).to_json()
    except FormatError as error:
        msg = f"expected --view as the query string of a link from Share, found {link!r:.80} ({error})"
        raise UsageError(msg) from None


@click.command("view", epilog=EXAMPLES)
@click.argument("what", required=False, shell_complete=complete_artifacts)
@click.option("--no-browser", is_flag=True, help="Print the address only.")
@click.option("--port", type=click.IntRange(1, 65535), help="Where to listen; otherwise a free port is found.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--allowed-host", "allowed", multiple=True, metavar="NAME", help="A name by which others may ask.")
@click.option("--read-only", is_flag=True, help="Save nothing.")
@click.option("--view", "link", metavar="LINK", help="Show this view: the query string of a link.")
@common
def command(
    options: Options,
    what: str | None,
    no_browser: bool,
    port: int | None,
    host: str,
    allowed: tuple[str, ...],
    read_only: bool,
    link: str | None,
) -> None:
    """Show WHAT in the browser: a store, an artifact (project/name:alias), a project, a run, a folder, a table, a file.

    Without WHAT the store is shown. A path that exists wins over a name. The page is for whoever has the address that
    is printed; Ctrl-C ends it. For a store on another machine, run it there and use an SSH tunnel: docs/viewing.md.
    """
    from wbtable.viewer.opening import open_target
    from wbtable.viewer.server import Server

    view = None if link is None else _linked(link)

    def opened(folder: Path) -> Opening:
        with contextlib.closing(_Waiting()) as waiting:
            return open_target(what, folder, options.store_url, waiting)

    # A service manager's end is as clean as Ctrl-C's: nothing stays in the temporary folder.
    signal.signal(signal.SIGTERM, _ended)
    server = Server(opened, host=host, port=port, read_only=read_only, allowed_hosts=allowed, view=view)
    try:
        with server:
            if options.json:
                from wbtable.cli.output import print_json

                print_json({"url": server.url, "port": server.port})
            else:
                click.echo(f"wbtable: {server.url}")
                click.echo("Ctrl-C ends it.", err=True)
            if not no_browser and not server.open_browser():
                click.echo("wbtable: there is no browser here: open the address in one", err=True)
            server.run()
    except KeyboardInterrupt:
        click.echo("wbtable: ended", err=True)
