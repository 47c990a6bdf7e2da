"""Users' files as open binary streams, from a path or from any fsspec URL."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from wbtable.errors import NotFoundError
from wbtable.storage.os_errors import explained

if TYPE_CHECKING:
    import os


def open_stream(url: str | os.PathLike[str], **storage_options: object) -> BinaryIO:
    """Open a file for reading.

    Args:
        url: a path, or a URL such as ``s3://bucket/key``.
        **storage_options: for fsspec.

    Raises:
        NotFoundError: there is no such file.
        DeniedError: it may not be read.
        StorageError: the file system fails.

    """
    text = str(url)
    if "://" in text and not text.startswith("file://"):
        from wbtable.storage.fsspec_backend import open_remote

        return open_remote(text, **storage_options)
    path = Path(text.removeprefix("file://")).expanduser()
    if not path.exists():
        msg = f"there is no file {str(path)!r}"
        raise NotFoundError(msg)
    with explained(f"read {path}"):
        return path.open("rb")
