"""Whether a place lets one writer win: asked once, when a store is made (spec: 03-store-layout, PROBE-n)."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from wbtable.errors import AlreadyExistsError, UnsupportedError
from wbtable.format.layout import TEMPORARY

if TYPE_CHECKING:
    from wbtable.storage.backend import Backend


def probe_backend(backend: Backend) -> dict[str, object]:
    """Create one key twice and require that the second attempt fails and changes nothing.

    Returns:
        What was found, for the store's header.

    Raises:
        UnsupportedError: the place lets both win, and `unsafe_single_writer` was not asked for.

    """
    key = f"{TEMPORARY}/probe-{secrets.token_hex(12)}"
    first, second = b"first", b"second"
    try:
        backend.create(key, first)
        exclusive = False
        try:
            backend.create(key, second)
        except AlreadyExistsError:
            exclusive = backend.get(key) == first
    finally:
        backend.delete([key])
    if not exclusive and not backend.unsafe_single_writer:
        raise UnsupportedError(
            "two writers could both make the same version here; use another place, or create the store with"
            " unsafe_single_writer (--unsafe-single-writer) and never write from two processes at once",
            place=backend.url,
        )
    return {"exclusive_create": exclusive}
