"""Where the viewer's server listens."""

from __future__ import annotations

import asyncio
import socket

from wbtable.viewer.server import listen


def test_answers_are_sent_at_once() -> None:
    async def accepted() -> int:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def client(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            one: socket.socket = writer.get_extra_info("socket")
            found.set_result(one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        with listen("127.0.0.1", None) as own:
            async with await asyncio.start_server(client, sock=own):
                _, writer = await asyncio.open_connection(*own.getsockname()[:2])
                nodelay = await found
                writer.close()
        return nodelay

    assert asyncio.run(accepted())
