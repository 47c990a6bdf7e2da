"""From a path or URL to the backend that holds what is there."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from wbtable.errors import UnsupportedError, UsageError
from wbtable.storage.cache_folder import cache_size
from wbtable.storage.local_backend import LocalBackend

if TYPE_CHECKING:
    from wbtable.storage.backend import Backend

__all__ = ["open_backend"]

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://(.*)", re.DOTALL)


def open_backend(url: str | os.PathLike[str], **storage_options: object) -> Backend:
    """Return the backend for a path or URL; nothing is made or read.

    Objects of a remote place are read through the cache of this machine, unless `WBTABLE_CACHE_SIZE` is 0.

    Args:
        url: a path, which may begin with ``~``, `file://…`, `memory://…`, or the URL of any file system that fsspec
            knows.
        storage_options: passed to the file system; local disks take none.

    Raises:
        UsageError: the URL is not understood.
        MissingExtraError: its file system needs a package that is not installed.
        UnsupportedError: this system lacks what files are read and written with.

    """
    _check_system()
    text = os.fspath(url) if isinstance(url, str | os.PathLike) else url
    if not isinstance(text, str) or not text or "\0" in text:
        msg = f"expected a path or a URL, found {url!r:.120}"
        raise UsageError(msg)
    match = _SCHEME.fullmatch(text)
    if match is None and "://" in text:
        # A folder of this name is not what was meant.
        msg = f"the URL {text!r:.120} is not understood: expected one like s3://bucket/prefix, of one file system"
        raise UsageError(msg)
    if match is None or match[1].lower() in {"file", "local"}:
        if storage_options:
            msg = f"a local path takes no storage options, found {', '.join(sorted(storage_options))}"
            raise UsageError(msg)
        return LocalBackend(Path(match[2] if match else os.path.expanduser(text)))
    # Only here, so that work on local disks never imports fsspec.
    from wbtable.storage.fsspec_backend import FsspecBackend

    backend = FsspecBackend(text, **storage_options)
    if not backend.is_distant or not cache_size():
        return backend
    from wbtable.storage.cache_files import ObjectCache
    from wbtable.storage.cached_backend import CachedBackend

    return CachedBackend(backend, ObjectCache())


def _check_system() -> None:
    """Refuse a system that is not one of POSIX, where the first file would fail in a way that nobody understands."""
    if not hasattr(os, "pread"):
        raise UnsupportedError(f"wbtable runs on Linux and macOS, not on {sys.platform}: on Windows use it inside WSL")
