"""Who may ask: names of hosts and origins, compared part by part and never by pattern."""

from __future__ import annotations

from typing import Final, NamedTuple
from urllib.parse import urlsplit

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS: Final = {"http": 80, "https": 443}


class Host(NamedTuple):
    """A host and its port.

    Attributes:
        name: lower case, an IPv6 address without brackets.
        port: the port.

    """

    name: str
    port: int


def parse_host(text: str, scheme: str = "http") -> Host | None:
    """Return what a Host header names, None if it is none."""
    if not text or len(text) > 300 or not text.isascii() or any(mark in text for mark in "/\\@?# \t,"):
        return None
    try:
        parts = urlsplit(f"//{text}")
        name, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not name or text.endswith(":"):
        return None
    return Host(name.lower(), _PORTS[scheme] if port is None else port)


def parse_origin(text: str) -> tuple[str, Host] | None:
    """Return scheme and host of an Origin header, None if it is none (``null`` among them)."""
    scheme, mark, rest = text.partition("://")
    if not mark or scheme not in _PORTS:
        return None
    host = parse_host(rest, scheme)
    return None if host is None else (scheme, host)


def is_loopback(name: str) -> bool:
    """Whether a name or address is this machine's own."""
    return name.lower().strip("[]") in LOOPBACK
