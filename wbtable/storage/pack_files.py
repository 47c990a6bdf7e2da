"""The background of a pack writer: temporary files filled in order by one thread, made durable by another."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from threading import Condition
from typing import TYPE_CHECKING, cast

from wbtable.storage.os_errors import explained
from wbtable.storage.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from wbtable.storage.around_cache import AroundCache, DirectFile
    from wbtable.storage.backend import Backend

_IOV = 512
_BEGIN_BYTES = 8 << 20
_WRITE = 2
"""SYNC_FILE_RANGE_WRITE."""


class PackFile:
    """One pack being written to a temporary file.

    Attributes:
        path: the temporary file.
        written: how many bytes were put into it.

    """

    __slots__ = ("_around", "_asked", "_direct", "_local", "fd", "path", "written")

    def __init__(self, backend: Backend, around: AroundCache) -> None:
        """Make the file; the writer's files share `around`."""
        self.path: Path = backend.temporary()
        self.written = self._asked = 0
        self._around = around
        self._direct: DirectFile | None = None
        self._local = backend.local_path("") is not None
        with explained(f"write {self.path}"):
            self.fd = os.open(self.path, os.O_WRONLY | os.O_CLOEXEC)

    def write(self, blocks: Sequence[bytes | bytearray | memoryview]) -> None:
        """Append blocks."""
        with explained(f"write blobs to the pack {self.path}"):
            if self._direct is None and self._local:
                self._direct = self._around.open(self.path, self.fd, self.written)
            if self._direct is not None:
                self._direct.write(blocks)
                self.written += sum(map(len, blocks))
                return
            before = self.written
            for i in range(0, len(blocks), _IOV):
                self.written += _write_vector(self.fd, blocks[i : i + _IOV])
            self._around.note(self.written - before)

    def end(self, trailer: bytes) -> None:
        """Write what `write` held back, and the trailer behind it: through the cache, for who asks what is there."""
        with explained(f"write blobs to the pack {self.path}"):
            if self._direct is not None:
                self._direct.end()
            os.lseek(self.fd, self.written, os.SEEK_SET)
            self.written += _write_vector(self.fd, [trailer])

    def begin_sync(self) -> None:
        """Have the system begin to write what it holds of the file, so that less is left once it is to be durable."""
        begin, end = self._asked, self.written
        if self._local and self._direct is None and self.fd >= 0 and end - begin >= _BEGIN_BYTES:
            _begin_writing(self.fd, begin, end - begin)
            self._asked = end

    def close(self) -> None:
        """Close the file."""
        if self._direct is not None:
            self._direct.close()
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def discard(self) -> None:
        """Close and remove the file."""
        with contextlib.suppress(OSError):
            self.close()
        with contextlib.suppress(OSError):
            os.unlink(self.path)


def _write_vector(fd: int, blocks: Sequence[bytes | bytearray | memoryview]) -> int:
    """Write all of the blocks, whose size is returned; the system may take them in parts."""
    left = [memoryview(block).cast("B") for block in blocks if len(block)]
    size = sum(map(len, left))
    while left:
        done = os.writev(fd, left)
        while left and done >= len(left[0]):
            done -= len(left.pop(0))
        if done:
            left[0] = left[0][done:]
    return size


def _begin_writing(fd: int, offset: int, size: int) -> None:
    """Have Linux begin to write a range of a file to its disk; elsewhere nothing happens. It makes nothing durable."""
    call = _sync_file_range()
    if call is not None:
        call(fd, offset, size, _WRITE)  # whatever goes wrong, `fsync` will say so


@functools.cache
def _sync_file_range() -> Callable[[int, int, int, int], int] | None:
    """Return the system's call, which Python has not; None where there is none."""
    if not sys.platform.startswith("linux"):
        return None
    import ctypes

    try:
        call = ctypes.CDLL(None).sync_file_range
    except (OSError, AttributeError):
        return None
    call.argtypes = [ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint]
    call.restype = ctypes.c_int
    return cast("Callable[[int, int, int, int], int]", call)


class Background:
    """Runs the writes of one writer in order, behind its back, with a bound on what waits.

    The first failure is kept, and raised by the next call; later work is dropped.
    """

    def __init__(self, most: int) -> None:
        """Let at most `most` bytes wait; a single larger job may."""
        self._most = most
        self._waiting = 0
        self._change = Condition()
        self._error: BaseException | None = None
        self._open = 0
        # Two threads: the next pack is written while the last one is made durable.
        self._writer = Pool(1, thread_name_prefix="wbtable-pack-write")
        self._syncer = Pool(1, thread_name_prefix="wbtable-pack-sync")

    def write(self, size: int, job: Callable[[], None]) -> None:
        """Queue a job that frees `size` bytes; waits while too many are queued."""
        self._queue(self._writer, size, job)

    def finish(self, size: int, job: Callable[[], None]) -> None:
        """Queue a job behind all writes queued so far, which does not hold up later ones."""
        self._queue(self._writer, size, lambda: self._submit(self._syncer, size, job))

    def wait(self) -> None:
        """Return once everything queued is done.

        Raises:
            StorageError: a job failed.

        """
        with self._change:
            while self._open and self._error is None:
                self._change.wait()
        self._raise()

    def stop(self) -> None:
        """Drop what is queued, wait for what runs, and end the threads."""
        with self._change:
            self._error = self._error or RuntimeError("this writer was stopped")
            self._change.notify_all()
        self._writer.shutdown(wait=True, cancel_futures=True)
        self._syncer.shutdown(wait=True, cancel_futures=True)

    def close(self) -> None:
        """End the threads, once `wait` returned."""
        self._writer.shutdown(wait=True)
        self._syncer.shutdown(wait=True)

    def _queue(self, pool: Pool, size: int, job: Callable[[], None]) -> None:
        self._raise()
        with self._change:
            while self._waiting and self._waiting + size > self._most and self._error is None:
                self._change.wait()
        self._submit(pool, size, job)

    def _submit(self, pool: Pool, size: int, job: Callable[[], None]) -> None:
        with self._change:
            self._waiting += size
            self._open += 1
        pool.submit(self._run, size, job)

    def _run(self, size: int, job: Callable[[], None]) -> None:
        try:
            if self._error is None:
                job()
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            with self._change:
                self._error = self._error or error
        finally:
            with self._change:
                self._waiting -= size
                self._open -= 1
                self._change.notify_all()

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error
