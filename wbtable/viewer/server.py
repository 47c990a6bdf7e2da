"""Starting and ending the server: one process, one socket, a folder of its own that goes with it."""

from __future__ import annotations

import shutil
import socket
import threading
import webbrowser
from typing import TYPE_CHECKING, Final, Self

from wbtable.errors import UsageError, WbtableError
from wbtable.storage.temporary import temporary_folder
from wbtable.viewer.hosts import is_loopback
from wbtable.viewer.jobs import Jobs
from wbtable.viewer.sources import Places
from wbtable.viewer.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import uvicorn

    from wbtable.format.documents import Json
    from wbtable.viewer.app import Application
    from wbtable.viewer.opening import Opening

PORT: Final = 8765
"""The first port that is tried where none is asked for."""
_TRIES: Final = 20
_BACKLOG: Final = 256
_STARTS: Final = 10.0


def check_host(host: str, allowed_hosts: Sequence[str]) -> None:
    """Refuse to listen beyond this machine unless somebody said under which names.

    Raises:
        UsageError: nobody did.

    """
    if not is_loopback(host) and not allowed_hosts:
        raise UsageError(
            f"listening on {host} lets other machines ask: say under which name they may with --allowed-host NAME, "
            "or leave --host out and use an SSH tunnel (docs/viewing.md)"
        )


def listen(host: str, port: int | None) -> socket.socket:
    """Return a socket that listens on a port, by default the first that is free.

    Raises:
        UsageError: the port, or the address, cannot be had.

    """
    name = {"localhost": "127.0.0.1"}.get(host.lower(), host.strip("[]"))
    family = socket.AF_INET6 if ":" in name else socket.AF_INET
    tried = [port] if port is not None else [*range(PORT, PORT + _TRIES), 0]
    error: OSError | None = None
    for one in tried:
        # Only where the protocol is named does asyncio send at once what it has: otherwise the second part of an answer
        # waits up to 40 ms for the client to confirm the first.
        found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            found.bind((name, one))
            found.listen(_BACKLOG)
        except OSError as failed:
            found.close()
            error = failed
            continue
        return found
    raise UsageError(
        f"cannot listen on {host}:{port if port is not None else tried[0]}: {error}; leave --port out for a free one"
    )


class Server:
    """A server that listens. End it with :meth:`close`.

    Attributes:
        state: what is open.
        port: where it listens.

    """

    def __init__(
        self,
        open_what: Callable[[Path], Opening],
        *,
        host: str = "127.0.0.1",
        port: int | None = None,
        read_only: bool = False,
        allowed_hosts: Sequence[str] = (),
        view: Json | None = None,
    ) -> None:
        """Open what is to be shown, and listen.

        Args:
            open_what: opens it; gets a folder for what must be written first.
            host: the address to listen on.
            port: the port; None: a free one.
            read_only: whether nothing is saved.
            allowed_hosts: names under which the server may be asked.
            view: the document of a view to show first.

        Raises:
            UsageError: the address cannot be had, or is not this machine's and nobody said that it may be.

        """
        check_host(host, allowed_hosts)
        self._socket = listen(host, port)
        self._folder = temporary_folder()
        # While this process opens what is shown and loads what serves it, the worker loads what answers.
        jobs = Jobs()
        try:
            jobs.begin()
            opening = open_what(self._folder)
            start = opening.start
            if view is not None:
                start = {"page": "table", "source": view.get("source", start.get("source")), "view": view}
            self.state = State(
                places=Places(store=opening.store, opened={one.id: one.path for one in opening.opened}),
                opened=tuple(opening.opened),
                start=start,
                folder=self._folder,
                read_only=read_only,
                allowed_hosts=tuple(allowed_hosts),
                jobs=jobs,
            )
        except BaseException:
            jobs.close()
            self._socket.close()
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        self.port = int(self._socket.getsockname()[1])
        self._host = host if is_loopback(host) else allowed_hosts[0]
        self._server: uvicorn.Server | None = None
        self._app: Application | None = None
        self.state.jobs.start(self.state.places.to_json(), self.state.start.get("source"), self._load)
        self._thread: threading.Thread | None = None

    @property
    def origin(self) -> str:
        """The address without a token."""
        name = f"[{self._host.strip('[]')}]" if ":" in self._host else self._host
        return f"http://{name}:{self.port}"

    @property
    def url(self) -> str:
        """The address with the token, which lets anybody in who has it."""
        return f"{self.origin}/#token={self.state.sessions.token}"

    def open_browser(self) -> bool:
        """Show the page in the user's browser; return whether there is one.

        The token goes through a file that only the user reads, and is good for one use: what a browser is started with
        is seen by everybody on the machine.
        """
        target = f"{self.origin}/#token={self.state.sessions.one_use()}"
        file = self._folder / "open.html"
        file.touch(mode=0o600)
        file.write_text(
            f'<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
            f'<meta http-equiv="refresh" content="0;url={target}"><title>wbtable</title>',
            encoding="utf-8",
        )
        try:
            return webbrowser.open(file.as_uri())
        except webbrowser.Error:
            return False

    def run(self) -> None:
        """Serve until interrupted."""
        server = self._made()
        if server.should_exit:
            return
        server.run(sockets=[self._socket])

    def _made(self) -> uvicorn.Server:
        """Return the server, made here so that it can be ended before it runs."""
        if self._server is not None:
            return self._server
        import uvicorn

        from wbtable.viewer.app import Application, guarded
        from wbtable.viewer.connections import EndingServer, PatientProtocol
        from wbtable.viewer.page_routes import prepare

        prepare()
        self._app = Application(self.state)
        config = uvicorn.Config(
            guarded(self._app, self.state),
            log_level="warning",
            access_log=False,  # addresses hold references, and headers tokens
            server_header=False,
            lifespan="off",
            ws="none",
            http=PatientProtocol,
            loop="asyncio",
            proxy_headers=False,
            timeout_keep_alive=10,
            timeout_graceful_shutdown=1,
        )
        self._server = EndingServer(config, self.state.end)
        return self._server

    def _load(self) -> None:
        """Load what answers about stores and media before somebody asks for it."""
        if self._app is not None:
            self._app.load()

    def start(self) -> Self:
        """Serve in another thread; return when it answers.

        Raises:
            WbtableError: it does not start.

        """
        self._made()
        self._thread = threading.Thread(target=self.run, name="wbtable-view", daemon=True)
        self._thread.start()
        with socket.create_connection(self._socket.getsockname()[:2], timeout=_STARTS):
            pass
        if not self._thread.is_alive():
            raise WbtableError("the viewer's server did not start")
        return self

    def close(self) -> None:
        """End the server, its workers and its folder."""
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_STARTS)
        self.state.ordering.close()
        self.state.jobs.close()
        self._socket.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.close()
