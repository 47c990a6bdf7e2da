"""Connections that take their time: bounded, so that slow clients hold up nobody and nothing is kept for them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from uvicorn import Server
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio
    import socket
    from collections.abc import Callable

    from uvicorn import Config

REQUEST: Final = 20.0
"""Seconds that the head of a request may take to arrive; its body: `asking.SLOW`."""
UNREAD: Final = 300.0
"""Seconds after which an answer of which nothing more is read is given up; a paused video asks again."""
MOST: Final = 400
"""The most connections; one more, and the one that has said nothing for the longest is ended."""


class EndingServer(Server):
    """A server that first lets what goes on end by itself: what has to be cut off is a fault to uvicorn."""

    def __init__(self, config: Config, end: Callable[[], object]) -> None:
        """Call `end` when it ends, in its own thread."""
        super().__init__(config)
        self._end = end

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End."""
        self._end()
        await super().shutdown(sockets)


class PatientProtocol(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, with an end to patience."""

    request_seconds = REQUEST
    unread_seconds = UNREAD
    most = MOST

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._waits: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a request, but not for ever."""
        super().connection_made(transport)
        self._wait()
        if len(self.connections) > self.most:
            waiting = [one for one in self.connections if isinstance(one, PatientProtocol)]
            # A browser that is about to ask has waited for milliseconds.
            min(waiting, key=PatientProtocol.gives_up_at).transport.abort()

    def gives_up_at(self) -> float:
        """When it ends, as the loop counts; never while a request is answered."""
        return math.inf if self._waits is None else self._waits.when()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timers."""
        self._stop_waiting()
        self._read_on()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Go on waiting while no head of a request is whole: each byte gives no new patience."""
        super().data_received(data)
        busy = self.cycle is not None and not self.cycle.response_complete
        if busy or self.transport.is_closing():
            self._stop_waiting()
        elif self.cycle is None or self.timeout_keep_alive_task is None:
            self._wait()

    def pause_writing(self) -> None:
        """Wait until the client reads, but not for ever."""
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(self.unread_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on."""
        self._read_on()
        super().resume_writing()

    def _read_on(self) -> None:
        """Forget that nothing was read."""
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _wait(self) -> None:
        if self._waits is None:
            self._waits = self.loop.call_later(self.request_seconds, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._waits is not None:
            self._waits.cancel()
            self._waits = None
