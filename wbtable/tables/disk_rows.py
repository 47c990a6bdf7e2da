"""Files that Arrow reads without Python.

Arrow's threads read ahead, and go on where rows are wanted no more, as behind an error. Of a file in Python they ask
the interpreter for each block: one that asks while the interpreter ends takes the whole process with it, as a crash.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import pyarrow as pa

from wbtable.storage.temporary import temporary_block

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK: Final = 16 << 20


@dataclass(frozen=True)
class DiskRows:
    """A file on the disk.

    Attributes:
        file: it, open in Python, for whoever looks at its bytes; closed with the block of `disk_rows`.
        path: where it is.
        start: where in it the rows begin, in bytes.

    """

    file: BinaryIO
    path: str
    start: int

    @property
    def size(self) -> int:
        """Bytes from the start of the rows to the end."""
        return os.fstat(self.file.fileno()).st_size - self.start

    def rewind(self) -> BinaryIO:
        """Return the file, at the beginning of its rows."""
        self.file.seek(self.start)
        return self.file

    def opened(self) -> pa.NativeFile:
        """Return the file for Arrow, at the beginning of its rows."""
        native = pa.OSFile(self.path)
        native.seek(self.start)
        return native


@contextlib.contextmanager
def disk_rows(file: BinaryIO) -> Iterator[DiskRows]:
    """Give what a file has from where it stands, on the disk; what is elsewhere is copied while the block lasts."""
    path = _path_of(file)
    if path is not None:
        yield DiskRows(file, path, file.tell())
        return
    with temporary_block() as folder:
        kept = folder / "rows"
        with kept.open("wb") as copy:
            shutil.copyfileobj(file, copy, _BLOCK)
        with kept.open("rb") as copy:
            yield DiskRows(copy, str(kept), 0)


def _path_of(file: BinaryIO) -> str | None:
    """Return the path under which the disk has just the bytes that a file gives."""
    if not (type(file) is io.BufferedReader and type(file.raw) is io.FileIO and file.seekable()):
        return None  # what wraps a file, as those of gzip do, may give others
    with contextlib.suppress(OSError, TypeError, ValueError):
        path = Path(os.fsdecode(file.name)).absolute()
        if os.path.samestat(path.stat(), os.fstat(file.fileno())):
            return str(path)
    return None


def native_bytes(data: bytes) -> pa.NativeFile:
    """Return bytes as a file of Arrow's: a copy, for what Python owns asks the interpreter when it is let go."""
    out = pa.BufferOutputStream()
    out.write(data)
    return pa.BufferReader(out.getvalue())
