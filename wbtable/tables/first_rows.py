"""Rows that wait until their table is planned, which takes 65,536 of them, however long they are (spec: FRAG-2)."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from wbtable.storage.os_errors import explained
from wbtable.storage.temporary import TemporaryFolder

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_HELD: Final = 128 << 20
"""Bytes of rows that wait in memory; those before them are in temporary files."""


class FirstRows:
    """Moves rows that wait from memory to temporary files, a file for each `MOST_HELD` bytes.

    A file is mapped, and has no name any more where the system allows that: what of it is in memory the system may take
    back, and its place on the disk is free once no row of it is needed.
    """

    def __init__(self) -> None:
        """Begin without rows."""
        self._folder = TemporaryFolder()
        self._held = 0
        self._moved = 0

    def held(self, batches: list[pa.RecordBatch]) -> None:
        """Take note of one more batch, the last of a list; move those in memory to a file once they are too many.

        Raises:
            StorageError: the file cannot be written.

        """
        self._held += batches[-1].nbytes
        if self._held <= MOST_HELD:
            return
        batches[self._moved :] = self._mapped(batches[self._moved :])
        self._held, self._moved = 0, len(batches)

    def _mapped(self, batches: Sequence[pa.RecordBatch]) -> list[pa.RecordBatch]:
        path = self._folder.new_file()
        with explained(f"write rows to {path}"):
            with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, batches[0].schema) as rows:
                for batch in batches:
                    rows.write_batch(batch)
            with pa.memory_map(str(path)) as file:
                reader = pa.ipc.open_file(file)
                found = [reader.get_batch(i) for i in range(reader.num_record_batches)]
        with contextlib.suppress(OSError):  # where a mapped file keeps its name, the folder is removed with this
            path.unlink()
        return found
