"""Files of somebody's: Parquet is read where it lies; what is not, is converted once, and says how far it is."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Protocol, cast

from wbtable.errors import FormatError, NotFoundError, UnsupportedError, UsageError
from wbtable.format.layout import TABLE_SUFFIX
from wbtable.storage.streams import open_stream

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wbtable.tables.table import Table
    from wbtable.tables.view import Viewable

PARQUET: Final = ".parquet"
FILES: Final = (PARQUET, ".csv", ".jsonl")
_PIECE: Final = 4 << 20


class Collects(Protocol):
    """What takes in what was opened, as `wbtable.viewer.opening` has it."""

    @property
    def folder(self) -> Path:
        """Where to write."""

    @property
    def opened(self) -> Sequence[Any]:
        """What was opened so far."""

    @property
    def progress(self) -> Callable[[str, float | None], None]:
        """Is told what takes a while."""

    def add(self, title: str, path: str) -> None:
        """Open the manifest of a table, or a Parquet file."""

    def add_rows(self, title: str, rows: Viewable) -> None:
        """Write rows where workers can read them."""


def open_opened(path: str) -> Table:
    """Open what the server opened: a table by its manifest or folder, or a Parquet file, however that is called."""
    is_file = path.lower().endswith(PARQUET) or ("://" not in path and Path(path).is_file())
    if path.endswith(TABLE_SUFFIX) or not is_file:
        from wbtable.tables.open import open_table

        return open_table(path)
    from wbtable.tables.parquet_source import ParquetSource
    from wbtable.tables.table import Table

    return Table.from_source(ParquetSource(path))


def stamp(path: str) -> tuple[int, ...]:
    """Return what tells a local file from one that was written in its place; nothing of one that lies elsewhere.

    Raises:
        NotFoundError: the file is gone.

    """
    if "://" in path:
        return ()
    try:
        info = Path(path).stat()
    except OSError as error:
        raise NotFoundError(f"the file is gone since it was opened: {error.strerror}", place=path) from None
    return info.st_size, info.st_mtime_ns, info.st_ino


def open_file(opening: Collects, name: str) -> None:
    """Open a table or file by its path or URL.

    Raises:
        NotFoundError: there is no such file.
        FormatError: it is damaged.
        UsageError: the file is of a kind that is not read.

    """
    base = name.rstrip("/").replace("\\", "/").rpartition("/")[2]
    if base.endswith(TABLE_SUFFIX):
        from wbtable.tables.open import open_table

        where = name if "://" in name else str(Path(name).resolve())
        open_table(where)  # so that what is wrong with it is said now
        opening.add(base.removesuffix(TABLE_SUFFIX), where)
        return
    suffix = f".{base.rpartition('.')[2].lower()}"
    if suffix not in FILES:
        raise UsageError(f"expected a store, a table ({TABLE_SUFFIX}) or a file of {', '.join(FILES)}", place=name)
    progress = opening.progress
    if suffix == PARQUET:
        _open_parquet(opening, base, name, progress)
        return
    from wbtable.tables import files
    from wbtable.tables.csv_source import csv_to_parquet

    if suffix == ".csv":
        path = _free(opening)
        fetched = (
            _counted(name, lambda done: progress(f"fetching {base}", done)) if "://" in name else open_stream(name)
        )
        with fetched as file:
            csv_to_parquet(file, path, place=name, progress=lambda done: progress(f"reading {base}", done))
        _open_parquet(opening, base, str(path), progress)
        return
    with _counted(name, lambda done: progress(f"reading {base}", done)) as file:
        rows = files.read_jsonl(file)
    progress(f"preparing {base}", None)
    opening.add_rows(base, rows)


def _open_parquet(opening: Collects, title: str, name: str, progress: Callable[[str, float | None], None]) -> None:
    from wbtable.tables import files
    from wbtable.tables.parquet_source import ParquetSource

    path = Path(name)
    if "://" in name:
        path = _free(opening)
        with _counted(name, lambda done: progress(f"fetching {title}", done)) as file, path.open("wb") as to:
            shutil.copyfileobj(file, to, _PIECE)
    try:
        source = ParquetSource(path)
    except UnsupportedError:
        progress(f"converting {title}", None)
        opening.add_rows(title, files.read_parquet(path))
    else:
        opening.add(title, source.path)


def _free(opening: Collects) -> Path:
    return opening.folder / f"file{len(opening.opened)}{PARQUET}"


class _Counted(io.RawIOBase):
    """A file that says how much of it was read."""

    def __init__(self, file: BinaryIO, size: int | None, tell: Callable[[float | None], None]) -> None:
        self._file = file
        self._size = size
        self._tell = tell
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self._read += len(data)
        self._tell(self._read / self._size if self._size else None)
        return len(data)


@contextlib.contextmanager
def _counted(name: str, tell: Callable[[float | None], None]) -> Any:
    with open_stream(name) as file:
        size: int | None = None
        with contextlib.suppress(OSError, AttributeError, ValueError):
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
        try:
            yield cast("BinaryIO", io.BufferedReader(_Counted(file, size, tell), _PIECE))
        except (UnicodeDecodeError, EOFError) as error:
            raise FormatError(f"the bytes are damaged: {error}", place=name) from None
