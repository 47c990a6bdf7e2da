"""A client that says what a browser says, and what none would."""

from __future__ import annotations

import http.client
import json
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wbtable.viewer.server import Server

PATIENCE: Final = 60.0
OWN: Final = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
"""What a browser adds to what the page asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of an error."""
        return str(self.json()["error"]["code"])


class Client:
    """Asks a server; with a session unless it has none."""

    def __init__(self, server: Server, *, session: bool = True) -> None:
        self.server = server
        self.port = server.port
        self.cookie: str | None = None
        if session:
            made = self.post("/api/session", {"token": server.state.sessions.token})
            assert made.status == 200, made
            self.cookie = made.headers["set-cookie"].partition(";")[0]

    def get(self, path: str, **headers: str) -> Answer:
        """Ask as the page does; underscores in names of headers stand for dashes, None leaves one out."""
        return self.ask("GET", path, headers=_headers(headers))

    def post(self, path: str, value: object, **headers: str) -> Answer:
        """Send JSON as the page does."""
        body = json.dumps(value).encode()
        return self.ask("POST", path, body=body, headers={"Content-Type": "application/json", **_headers(headers)})

    def ask(
        self, method: str, path: str, *, body: bytes | None = None, headers: Mapping[str, str | None] | None = None
    ) -> Answer:
        """Send a request; a header that is None is left out."""
        given: dict[str, str | None] = {"Host": f"127.0.0.1:{self.port}", **OWN}
        if self.cookie is not None:
            given["Cookie"] = self.cookie
        if body is not None:
            given["Content-Length"] = str(len(body))
        given |= headers or {}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in given.items():
                if value is not None:
                    connection.putheader(name, value)
            connection.endheaders(body)
            found = connection.getresponse()
            headers_found = {name.lower(): value for name, value in found.getheaders()}
            return Answer(status=found.status, headers=headers_found, body=found.read())
        finally:
            connection.close()

    def raw(self, data: bytes) -> bytes:
        """Send bytes as they are; return what comes until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as one:
            one.sendall(data)
            found = b""
            while part := one.recv(65536):
                found += part
            return found


def _headers(given: Mapping[str, str]) -> dict[str, str | None]:
    return {name.replace("_", "-"): value for name, value in given.items()}
