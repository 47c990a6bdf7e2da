"""A gate before a server: it passes on what is said, and can hold one request on its way."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Final, Self

from tests.servers.process import HOST

CHANGING: Final = (b"PUT ", b"POST ", b"DELETE ", b"PATCH ")
_BLOCK: Final = 1 << 16


class Gate:
    """Listens on a port of its own and passes everything on; a context manager.

    Requests that change something are counted. A client sends each behind the answer to the one before, so that each
    begins where a block does.

    Attributes:
        endpoint: the URL under which the server is reached through it.
        reached: set once the request that is to be held is there.
        seen: the first lines of the requests that change something, held ones too.

    """

    def __init__(self, port: int, hold: int | None = None) -> None:
        """Pass on to a port; hold request number `hold` of those that change something, counted from 0."""
        self._port = port
        self._hold = hold
        self._released = threading.Event()
        self._guard = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._is_closed = False
        self._listener = socket.create_server((HOST, 0))
        self.endpoint = f"http://{HOST}:{self._listener.getsockname()[1]}"
        self.reached = threading.Event()
        self.seen: list[str] = []

    def __enter__(self) -> Self:
        """Begin to listen."""
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Let through what is held, and close everything."""
        self.release()
        self._listener.close()
        with self._guard:
            self._is_closed = True
            for one in self._sockets:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()

    def release(self) -> None:
        """Let through what is held."""
        self._released.set()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    server = socket.create_connection((HOST, self._port))
                except OSError:
                    client.close()
                    raise
                with self._guard:
                    if self._is_closed:
                        client.close()
                        server.close()
                        return
                    self._sockets += [client, server]
                threading.Thread(target=self._pass, args=(client, server, True), daemon=True).start()
                threading.Thread(target=self._pass, args=(server, client, False), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, is_asking: bool) -> None:
        with contextlib.suppress(OSError):
            while block := source.recv(_BLOCK):
                if is_asking and block.startswith(CHANGING):
                    self._count(block)
                target.sendall(block)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def _count(self, block: bytes) -> None:
        with self._guard:
            is_held = len(self.seen) == self._hold
            self.seen.append(block.partition(b"\r\n")[0].decode("latin-1"))
        if is_held:
            self.reached.set()
            self._released.wait()
