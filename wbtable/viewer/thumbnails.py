"""Thumbnails, made once and kept by digest in a folder that only their owner reads."""

from __future__ import annotations

import contextlib
import os
import uuid
from typing import TYPE_CHECKING, Final

from wbtable.storage.cache_folder import cache_root

if TYPE_CHECKING:
    from pathlib import Path

SIDES: Final = ("64", "128", "256", "512", "1024", "4096")
"""The longest sides that are made; the last is for pictures that browsers do not show by themselves."""
MAX_KEPT: Final = 1 << 30
"""The most bytes that are kept from one start to the next."""


class Thumbnails:
    """A folder of pictures; each is named by digest and size, so none is ever stale."""

    def __init__(self, folder: Path | None = None, most: int = MAX_KEPT) -> None:
        """Use a folder, by default that of the user's cache; what is over the bound goes, the oldest first."""
        self._folder = cache_root() / "thumbnails" if folder is None else folder
        with contextlib.suppress(OSError):
            self._prune(most)

    def _path(self, digest: str, side: str) -> Path:
        return self._folder / digest[:2] / f"{digest[2:]}-{side}"

    def get(self, digest: str, side: str) -> bytes | None:
        """Return a thumbnail, None if it was not made yet."""
        try:
            return self._path(digest, side).read_bytes()
        except OSError:
            return None

    def put(self, digest: str, side: str, data: bytes) -> None:
        """Keep a thumbnail; a folder that cannot be written is no error."""
        path = self._path(digest, side)
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._folder.chmod(0o700)  # it may be older, or the umask wider
            path.parent.mkdir(mode=0o700, exist_ok=True)
            temporary = path.with_name(f".{uuid.uuid4().hex}.tmp")
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            temporary.replace(path)

    def _prune(self, most: int) -> None:
        found = [(info.st_mtime, info.st_size, path) for path in self._folder.glob("??/*") for info in [path.stat()]]
        total = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if total <= most:
                break
            path.unlink(missing_ok=True)
            total -= size
