"""Files of a local disk, by their descriptors."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from wbtable.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator


def write_all(fd: int, data: bytes | memoryview) -> None:
    """Write all of `data`; the system may take it in parts."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def pread_exactly(fd: int, offset: int, size: int, place: str) -> bytes:
    """Return `size` bytes from `offset` of an open file.

    Raises:
        FormatError: the file ends before.

    """
    parts = []
    while size:
        part = os.pread(fd, min(size, 1 << 30), offset)
        if not part:
            msg = f"expected {size} more bytes at {offset}: the file is cut short"
            raise FormatError(msg, place=place)
        parts.append(part)
        offset += len(part)
        size -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def ordered(root: str, prefix: str) -> Iterator[str]:
    """Yield the keys below a folder of a root, the names in each folder sorted; its own files come first.

    Raises:
        OSError: a folder cannot be listed: what cannot be looked at is not empty.

    """
    for folder, folders, files in os.walk(f"{root}/{prefix}" if prefix else root, onerror=_unless_gone):
        folders.sort()
        inside = os.path.relpath(folder, root)
        for name in sorted(files):
            yield name if inside == "." else f"{inside}/{name}".replace(os.sep, "/")


def _unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error


def walk(root: str, prefix: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield the keys below a folder of a root, with their entries; what vanishes meanwhile is left out."""
    waiting = [(f"{root}/{prefix}", f"{prefix}/")] if prefix else [(root, "")]
    while waiting:
        folder, inside = waiting.pop()
        with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as found:
            for item in found:
                if item.is_dir(follow_symlinks=False):
                    waiting.append((item.path, f"{inside}{item.name}/"))
                else:
                    yield inside + item.name, item


def fsync_file(path: str) -> None:
    """Make what was written to a file durable."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def close_and_remove(fd: int, path: str) -> None:
    """Close and remove a temporary file that is of no use."""
    with contextlib.suppress(OSError):
        os.close(fd)
    remove(path)


def remove(path: str) -> None:
    """Remove a temporary file; failing to is no reason to fail."""
    with contextlib.suppress(OSError):
        os.unlink(path)
