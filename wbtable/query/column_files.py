"""Columns of fragments, decoded once: Arrow files that are mapped, not read (spec: 16-views).

A hundred rows of a sorted view of ten million lie in a hundred row groups. To decode those for each window costs half a
second; from a mapped file of the uncompressed column they cost some page faults. The files lie in the machine's cache
folder, 4 GiB of them at most, named by the fragment's digest and the column: fragments never change. Of a view whose
columns take more, the first are decoded, and the others read from their fragments.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from wbtable.query.orders import make_room
from wbtable.storage.cache_folder import cache_root

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from wbtable.format.schema import Column
    from wbtable.query.control import Control
    from wbtable.query.fragment_source import FragmentSource
    from wbtable.query.source import Positions

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
        self._open: OrderedDict[Path, tuple[pa.ChunkedArray, float]] = OrderedDict()
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
        if self._get(source, number, column) is None:
            _write(path, source.rows.read_fragment(number, [column.name]))
        try:
            return path.stat().st_size
        except FileNotFoundError:  # another process needed the room
            return 0

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
        out = {}
        for column in columns:
            found: list[pa.Array] = []
            for number, local in parts:
                kept = self._get(source, number, column)
                if kept is None:
                    break
                found.extend(kept.take(local).chunks)
            else:
                out[column.name] = pa.chunked_array(found, column.type.arrow()).take(pa.array(back))
        return out

    def _path(self, source: FragmentSource, number: int, column: Column) -> Path:
        fragment = source.rows.fragments[number].file.digest.hex
        name = hashlib.sha256(f"{column.name}\0{column.type.arrow()}".encode("utf-8", "replace")).hexdigest()[:40]
        return cache_root() / _FOLDER / fragment[:2] / fragment[2:] / f"{name}.arrow"

    def _get(self, source: FragmentSource, number: int, column: Column) -> pa.ChunkedArray | None:
        path = self._path(source, number, column)
        with self._guard:
            kept, touched = self._open.get(path, (None, 0.0))
            if kept is not None:
                self._open.move_to_end(path)
        if kept is not None:
            if time.monotonic() - touched > _TOUCH:
                self._touch(path, kept)
            return kept
        try:
            table = pa.ipc.open_file(pa.memory_map(os.fspath(path))).read_all()
            os.utime(path)
        except (OSError, pa.ArrowException):
            return None
        if table.num_rows != source.rows.fragments[number].rows or not table.column(0).type.equals(column.type.arrow()):
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        with self._guard:
            self._open[path] = table.column(0), time.monotonic()
            while len(self._open) > self._most:
                self._open.popitem(last=False)
        return table.column(0)

    def _touch(self, path: Path, kept: pa.ChunkedArray) -> None:
        """Note that a file is used; one that had to go is read from what is mapped for the last time."""
        try:
            os.utime(path)
        except OSError:
            with self._guard:
                self._open.pop(path, None)
        else:
            with self._guard:
                self._open[path] = kept, time.monotonic()


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
            writer.write_table(table)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


FILES: Final = ColumnFiles()
