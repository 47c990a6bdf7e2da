"""Columns of fragments, decoded once: Arrow files that are mapped, not read (spec: 16-views).

A hundred rows of a sorted view of ten million lie in a hundred row groups. To decode those for each window costs half a
second; from a mapped file of the uncompressed column they cost some page faults. The files lie in the machine's cache
folder, 4 GiB of them at most, named by the fragment's digest and the column: fragments never change.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
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
_OPEN: Final = 512
_FOLDER: Final = "columns"


class ColumnFiles:
    """The mapped columns of stored tables."""

    def __init__(self, limit: int = LIMIT) -> None:
        """Keep at most `limit` bytes of files."""
        self._limit = limit
        self._guard = threading.Lock()
        self._idle = threading.Condition()
        self._readers = 0
        self._open: OrderedDict[Path, pa.ChunkedArray] = OrderedDict()
        self._too_large: set[tuple[str, tuple[str, ...]]] = set()

    def has(self, source: FragmentSource, column: Column) -> bool:
        """Whether a column of all fragments is there."""
        return all(self._get(source, number, column) is not None for number in range(len(source.rows.fragments)))

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
        """Decode columns that are not there yet, one of a fragment at a time.

        Raises:
            CancelledError: `control` was cancelled.
            FormatError: a fragment is damaged.

        """
        rows = source.rows
        asked = (source.name, tuple(column.name for column in columns))
        total = 0
        for number in range(len(rows.fragments)):
            for column in columns:
                self._wait(control)
                if asked in self._too_large:
                    return
                if self._get(source, number, column) is None:
                    table = rows.read_fragment(number, [column.name])
                    total += table.nbytes if number == 0 else 0
                    if table.nbytes * len(rows.fragments) > self._limit or total * len(rows.fragments) > self._limit:
                        self._too_large.add(asked)  # they would push out each other
                        return
                    _write(self._path(source, number, column), table)
        make_room(cache_root() / _FOLDER, self._limit)

    def _wait(self, control: Control) -> None:
        with self._idle:
            while self._readers:
                control.check()
                self._idle.wait(timeout=0.05)
        control.check()

    def take(self, source: FragmentSource, positions: Positions, columns: Sequence[Column]) -> pa.Table | None:
        """Return rows by position, None where a column of a fragment that holds one is not there."""
        starts = source.rows.starts
        numbers = np.searchsorted(starts, positions, side="right") - 1
        found: dict[tuple[int, str], pa.ChunkedArray] = {}
        used = np.unique(numbers).tolist()
        for number in used:
            for column in columns:
                kept = self._get(source, number, column)
                if kept is None:
                    return None
                found[number, column.name] = kept
        order = np.argsort(numbers, kind="stable")
        back = np.empty(len(order), dtype=np.int64)
        back[order] = np.arange(len(order), dtype=np.int64)
        arrays = []
        for column in columns:
            parts: list[pa.Array] = []
            for number in used:
                local = pa.array(positions[order][numbers[order] == number] - starts[number])
                parts.extend(found[number, column.name].take(local).chunks)
            whole = pa.chunked_array(parts, column.type.arrow())
            arrays.append(whole.take(pa.array(back)))
        fields = [pa.field(column.name, column.type.arrow()) for column in columns]
        return pa.Table.from_arrays(arrays, schema=pa.schema(fields))

    def _path(self, source: FragmentSource, number: int, column: Column) -> Path:
        fragment = source.rows.fragments[number].file.digest.hex
        name = hashlib.sha256(f"{column.name}\0{column.type.arrow()}".encode("utf-8", "replace")).hexdigest()[:40]
        return cache_root() / _FOLDER / fragment[:2] / fragment[2:] / f"{name}.arrow"

    def _get(self, source: FragmentSource, number: int, column: Column) -> pa.ChunkedArray | None:
        path = self._path(source, number, column)
        with self._guard:
            kept = self._open.get(path)
            if kept is not None:
                self._open.move_to_end(path)
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
            self._open[path] = table.column(0)
            while len(self._open) > _OPEN:
                self._open.popitem(last=False)
        return table.column(0)


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
