"""``wbtable.view``: show something in the browser, from Python and notebooks."""

from __future__ import annotations

import atexit
import html
import weakref
from typing import TYPE_CHECKING, Any, Final

from wbtable.viewer.cells import encode
from wbtable.viewer.opening import open_thing
from wbtable.viewer.server import Server
from wbtable.viewer.sources import Opener

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.viewer.opening import Opening

_ROWS: Final = 10
_COLUMNS: Final = 12
_TEXT: Final = 60


def view(
    thing: Any = None,
    *,
    browser: bool | None = None,
    port: int | None = None,
    read_only: bool = False,
    store: Any = None,
) -> Viewer:
    """Show a store, a version, a run, a table, a view, a file or anything with rows in the browser.

    The server runs in this process until :meth:`Viewer.close`, or the end of the program.

    Args:
        thing: what to show; a path or a name as ``wbtable view`` takes them; None: the default store.
        browser: whether a browser is opened; None: yes, but not in a notebook, which shows a preview and a link.
        port: where to listen on this machine; None: a free port.
        read_only: whether views can not be saved.
        store: the store in which names are looked up.

    Raises:
        NotFoundError: there is no such thing.
        UsageError: it cannot be shown, or the port is taken.

    """

    def opened(folder: Path) -> Opening:
        return open_thing(thing, folder, store)

    server = Server(opened, port=port, read_only=read_only).start()
    if browser or (browser is None and not _in_notebook()):
        server.open_browser()
    return Viewer(server)


class Viewer:
    """A viewer that runs in this process.

    Attributes:
        url: its address, with the token that lets one in.

    """

    def __init__(self, server: Server) -> None:
        """Hold a server that serves."""
        self._server = server
        self.url = server.url
        found = weakref.ref(server)
        atexit.register(lambda: _close(found))

    def close(self) -> None:
        """End the server."""
        self._server.close()

    def __repr__(self) -> str:
        """Show the address."""
        return f"<Viewer {self.url}>"

    def _repr_html_(self) -> str:
        """Show the first rows, with nothing that runs, and a link."""
        link = f'<p><a href="{html.escape(self.url)}" target="_blank" rel="noopener noreferrer">Open the viewer</a></p>'
        return _preview(self._server) + link


def _close(found: weakref.ref[Server]) -> None:
    server = found()
    if server is not None:
        server.close()


def _preview(server: Server) -> str:
    if not server.state.opened:
        return ""
    import numpy as np

    from wbtable.format.view_source import TablePlace

    first = server.state.opened[0]
    source = Opener(server.state.places).table(TablePlace(url=first.id))._source()  # noqa: SLF001 - rows of our own
    names = source.schema.names[:_COLUMNS]
    rows = min(_ROWS, source.num_rows)
    table = source.take(np.arange(rows, dtype=np.int64), names)
    columns = [encode(table.column(i), source.schema[name]) for i, name in enumerate(names)]
    head = "".join(f"<th>{html.escape(name[:_TEXT])}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(_text(column[row]))}</td>" for column in columns) + "</tr>"
        for row in range(rows)
    )
    shown = f"{rows:,} of {source.num_rows:,} rows, {len(names)} of {len(source.schema)} columns"
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{shown}</p>"


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict) and "kind" in value and "ref" in value:
        return str(value["kind"])
    text = str(value)
    return text if len(text) <= _TEXT else f"{text[:_TEXT]}…"


def _in_notebook() -> bool:
    """Whether a notebook shows what a cell returns."""
    import sys

    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return type(shell).__name__ == "ZMQInteractiveShell"
