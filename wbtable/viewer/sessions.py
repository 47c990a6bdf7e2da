"""Tokens and sessions: made new at each start, kept in memory only, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict
from typing import Final

MAX_SESSIONS: Final = 1000
_BYTES: Final = 32


def cookie_name(port: int) -> str:
    """Return the name of the session's cookie: cookies do not tell ports apart, so the name does."""
    return f"wbtable_{port}"


class Sessions:
    """Who may ask. For several threads.

    Attributes:
        token: opens sessions, any number; it is printed with the address.

    """

    def __init__(self) -> None:
        """Make a token of 256 bits."""
        self.token = secrets.token_urlsafe(_BYTES)
        self._guard = threading.Lock()
        self._once: set[bytes] = set()
        self._open: OrderedDict[bytes, None] = OrderedDict()

    def one_use(self) -> str:
        """Return a token that opens one session."""
        token = secrets.token_urlsafe(_BYTES)
        with self._guard:
            self._once.add(_digest(token))
        return token

    def open(self, token: str) -> str | None:
        """Return the secret of a new session, None if the token is not right or was used up."""
        given = _digest(token)
        with self._guard:
            found = next((known for known in self._once if hmac.compare_digest(known, given)), None)
            if found is not None:
                self._once.discard(found)
            elif not hmac.compare_digest(_digest(self.token), given):
                return None
            secret = secrets.token_urlsafe(_BYTES)
            self._open[_digest(secret)] = None
            while len(self._open) > MAX_SESSIONS:
                self._open.popitem(last=False)
        return secret

    def is_open(self, secret: str) -> bool:
        """Whether a session has this secret."""
        # Of a digest nothing is learnt by timing the look-up.
        with self._guard:
            return _digest(secret) in self._open

    def is_token(self, token: str) -> bool:
        """Whether this is the printed token."""
        return hmac.compare_digest(_digest(self.token), _digest(token))

    def close(self, secret: str) -> None:
        """End a session."""
        with self._guard:
            self._open.pop(_digest(secret), None)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()
