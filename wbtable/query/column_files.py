"""Columns of fragments, decoded once: Arrow files that are mapped, not read (spec: 16-views).

A hundred rows of a sorted view of ten million lie in a hundred row groups. To decode those for each window costs half a
second; from a mapped file of the uncompressed column they cost some page faults. The files lie in the machine's cache
folder, 4 GiB of them at most, named by the fragment's digest and the column: fragments never change. Of a view whose
columns take more, the first are decoded, and the others read from their fragments.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import threading
import time
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import pyarrow as pa

from wbtable.query.orders import make_room
from wbtable.storage.cache_folder import cache_root

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wbtable.format.schema import Column
    from wbtable.query.control import Control
    from wbtable.query.fragment_source import FragmentSource
    from wbtable.query.source import Positions

    Values: TypeAlias = "pa.Array | pa.ChunkedArray"

LIMIT: Final = 4 << 30
_OPEN: Final = 4096
"""The most files that are mapped at once; half of those that the process may have open, where that is fewer."""
_TOUCH: Final = 60.0
"""Seconds after which the use of a file that stays mapped is noted again: what was used longest ago goes first."""
_FOLDER: Final = "columns"


class ColumnFiles:
    """The mapped columns of stored tables."""

    def __init__(self, limit: int = LIMIT) -> None:
        """Keep at most `limit` bytes of files."""
        self._limit = limit
        self._guard = threading.Lock()
        self._idle = threading.Condition()
        self._readers = 0
        self._open: OrderedDict[str, tuple[Values, float]] = OrderedDict()
        self._most = _most_open()
        self._sizes: dict[tuple[str, str], int] = {}
        """The bytes of a column of a fragment of each source."""

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Have `decode` wait meanwhile: somebody is waiting for what is read now."""
        with self._idle:
            self._readers += 1
        try:
            yield
        finally:
            with self._idle:
                self._readers -= 1
                self._idle.notify_all()

    def decode(self, source: FragmentSource, columns: Sequence[Column], control: Control) -> None:
        """Decode columns that are not there yet, one of a fragment at a time: as many as fit, those named first.

        Raises:
            CancelledError: `control` was cancelled.
            FormatError: a fragment is damaged.

        """
        folder = cache_root() / _FOLDER
        for number in range(len(source.rows.fragments)):
            for column in self._fitting(source, columns, control):
                self._decode(source, number, column, control)
            make_room(folder, self._limit)

    def _fitting(self, source: FragmentSource, columns: Sequence[Column], control: Control) -> list[Column]:
        """Return the columns that may stay together: more would push out each other."""
        found, left = [], self._limit
        for column in columns:
            size = self._sizes.get((source.name, column.name))
            if not size and source.rows.fragments:
                size = self._sizes[source.name, column.name] = self._decode(source, 0, column, control)
            whole = (size or 0) * len(source.rows.fragments)
            if whole <= left:
                found.append(column)
                left -= whole
        return found

    def _decode(self, source: FragmentSource, number: int, column: Column, control: Control) -> int:
        """Decode a column of a fragment, unless it is there; return its bytes."""
        self._wait(control)
        path = self._path(source, number, column)
        if not self._mapped(source, [number], column):
            _write(path, source.rows.read_fragment(number, [column.name]))
        try:
            return path.stat().st_size
        except FileNotFoundError:  # another process needed the room
            return 0

    @staticmethod
    def _path(source: FragmentSource, number: int, column: Column) -> Path:
        name = _file_name(column.name, str(column.type.arrow()))
        return Path(_path_of(f"{cache_root() / _FOLDER}", source.rows.fragments[number].file.digest.hex, name))

    def _wait(self, control: Control) -> None:
        with self._idle:
            while self._readers:
                control.check()
                self._idle.wait(timeout=0.05)
        control.check()

    def take(
        self, source: FragmentSource, positions: Positions, columns: Sequence[Column]
    ) -> dict[str, pa.ChunkedArray]:
        """Return rows by position, of those columns that are there for all fragments that hold one."""
        starts = source.rows.starts
        numbers = np.searchsorted(starts, positions, side="right") - 1
        order = np.argsort(numbers, kind="stable")
        back = np.empty(len(order), dtype=np.int64)
        back[order] = np.arange(len(order), dtype=np.int64)
        ordered = positions[order]
        parts = [
            (number, pa.array(ordered[numbers[order] == number] - starts[number]))
            for number in np.unique(numbers).tolist()
        ]
        gathered, out = pa.array(back), {}
        for column in columns:
            kept = self._mapped(source, [number for number, _ in parts], column)
            if len(kept) < len(parts):
                continue
            found: list[pa.Array] = []
            for values, (_, local) in zip(kept, parts, strict=True):
                taken = values.take(local)
                found.extend(taken.chunks if isinstance(taken, pa.ChunkedArray) else [taken])
            # One chunk: to take from a hundred costs as much as to gather them.
            out[column.name] = pa.chunked_array([pa.concat_arrays(found).take(gathered)], column.type.arrow())
        return out

    def _mapped(self, source: FragmentSource, numbers: Sequence[int], column: Column) -> list[Values]:
        """Return a column of some fragments, up to the first of which it is not there.

        A window of a long table has a row in each of a hundred fragments: what is the same for all is found once.
        """
        arrow = column.type.arrow()
        name = _file_name(column.name, str(arrow))
        folder, now = f"{cache_root() / _FOLDER}", time.monotonic()
        fragments = source.rows.fragments
        found = []
        for number in numbers:
            path = _path_of(folder, fragments[number].file.digest.hex, name)
            with self._guard:
                kept, touched = self._open.get(path, (None, 0.0))
                if kept is not None:
                    self._open.move_to_end(path)
            if kept is None:
                kept = self._map(path, fragments[number].rows, arrow)
            elif now - touched > _TOUCH:
                self._touch(path, kept)
            if kept is None:
                break
            found.append(kept)
        return found

    def _map(self, path: str, rows: int, arrow: pa.DataType) -> Values | None:
        try:
            table = pa.ipc.open_file(pa.memory_map(path)).read_all()
            os.utime(path)
        except (OSError, pa.ArrowException):
            return None
        column = table.column(0)
        if table.num_rows != rows or not column.type.equals(arrow):
            with contextlib.suppress(OSError):
                Path(path).unlink()
            return None
        kept: Values = column.chunk(0) if column.num_chunks == 1 else column
        with self._guard:
            self._open[path] = kept, time.monotonic()
            while len(self._open) > self._most:
                self._open.popitem(last=False)
        return kept

    def _touch(self, path: str, kept: Values) -> None:
        """Note that a file is used; one that had to go is read from what is mapped for the last time."""
        try:
            os.utime(path)
        except OSError:
            with self._guard:
                self._open.pop(path, None)
        else:
            with self._guard:
                self._open[path] = kept, time.monotonic()


@functools.lru_cache(maxsize=4096)
def _file_name(column: str, arrow: str) -> str:
    """Return what the file of a column of an Arrow type is called."""
    named = f"{column}\0{arrow}".encode("utf-8", "replace")
    return f"{hashlib.sha256(named).hexdigest()[:40]}.arrow"


def _path_of(folder: str, digest: str, name: str) -> str:
    """Return the path of a column of the fragment of a digest; as text, for a window asks for hundreds."""
    return f"{folder}/{digest[:2]}/{digest[2:]}/{name}"


def _most_open() -> int:
    try:
        import resource
    except ImportError:
        return _OPEN // 8
    return max(16, min(_OPEN, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2))


def _write(path: Path, table: pa.Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with pa.OSFile(os.fspath(temporary), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            # One batch, where it fits: to take from a column of many chunks costs ten times as much.
            writer.write_table(table.combine_chunks())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


FILES: Final = ColumnFiles()
