"""DuckDB, locked in: it opens exactly the fragments of a query, and nothing else (spec: 16-views, ENGINE-n)."""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

from wbtable.errors import (
    CancelledError,
    FormatError,
    LimitError,
    NotFoundError,
    StorageError,
    UnsupportedError,
    WbtableError,
)
from wbtable.query.control import QueryControl, Share
from wbtable.query.duck_library import duck
from wbtable.query.duck_types import text_literal
from wbtable.storage.temporary import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb
    import pyarrow as pa

    from wbtable.query.control import Control
    from wbtable.query.source import Inputs
    from wbtable.query.statement import Statement
    from wbtable.storage.range_file_system import RangeFileSystem

_KEPT: Final = 4
_TICK: Final = 0.1
_GONE: Final = ("No files found that match", "No such file or directory", '.parquet/**/*.parquet"')
"""What DuckDB says of a file that is not there any more: it looks whether it is a folder, which it may not."""
_FIXED: Final = (
    "SET TimeZone = 'UTC'",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET allow_community_extensions = false",
    "SET python_enable_replacements = false",
    "SET parquet_metadata_cache = true",
    "SET enable_progress_bar = true",
    "SET enable_progress_bar_print = false",
    "SET progress_bar_time = 0",
)
Key = tuple[frozenset[str], frozenset[str], int, int, int]


class Engine:
    """One DuckDB instance that may open exactly the files that it was made for.

    Its configuration is locked; it spills into a folder of its own, which goes with it. For several threads.
    """

    def __init__(self, inputs: Inputs, *, memory_limit: int = 0, threads: int = 0) -> None:
        """Start an instance.

        Args:
            inputs: files and ranges that it may open.
            memory_limit: the bytes it may use before it spills; 0: half of the machine's.
            threads: how many it may use; 0: one a core.

        """
        self._guard = threading.Lock()
        self._running = 0
        self._closing = False
        self._spill: Path = temporary_folder()
        self._root: duckdb.DuckDBPyConnection = duck().connect(":memory:")
        self.file_system: RangeFileSystem | None = None
        if inputs.ranges:
            from wbtable.storage.range_file_system import RangeFileSystem

            self.file_system = RangeFileSystem(inputs.ranges)
            self._root.register_filesystem(self.file_system)
        for command in _FIXED:
            self._root.execute(command)
        from wbtable.query import text_distance

        text_distance.register(self._root)
        if inputs.masks is not None:
            from wbtable.query.mask_functions import MaskFunctions

            MaskFunctions(inputs.masks).register(self._root)
        self._root.execute(f"SET memory_limit = '{memory_limit or half_of_memory()}B'")
        if threads:
            self._root.execute(f"SET threads = {int(threads)}")
        self._root.execute(f"SET temp_directory = {text_literal(os.fspath(self._spill))}")
        # Local files are kept by the system's own cache; a second one would only take memory from the query.
        self._root.execute(f"SET enable_external_file_cache = {'true' if inputs.ranges else 'false'}")
        allowed = ", ".join(text_literal(path) for path in sorted({*inputs.files, *inputs.ranges}))
        self._root.execute(f"SET allowed_paths = [{allowed}]")
        self._root.execute("SET enable_external_access = false")
        self._root.execute("SET lock_configuration = true")

    @property
    def spill_folder(self) -> Path:
        """Where it spills."""
        return self._spill

    def run(self, statement: Statement, inputs: Inputs, control: Control | None = None) -> pa.Table:
        """Return the rows of a statement.

        Raises:
            CancelledError: `control` was cancelled.
            LimitError: it needs more memory or disk than it may use.
            StorageError: a fragment cannot be read.
            FormatError: a fragment is damaged.
            UnsupportedError: a value is beyond what the engine computes with.

        """
        with self._cursor(inputs, control) as cursor:
            return cursor.sql(statement.text, params=dict(statement.params) or None).to_arrow_table()

    def stream(
        self, statement: Statement, inputs: Inputs, control: Control | None = None, batch_rows: int = 65536
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a statement as they come; errors as in `run`."""
        with self._cursor(inputs, control) as cursor:
            reader = cursor.sql(statement.text, params=dict(statement.params) or None).to_arrow_reader(batch_rows)
            while True:
                try:
                    batch = reader.read_next_batch()
                except StopIteration:
                    return
                yield batch

    @contextlib.contextmanager
    def _cursor(self, inputs: Inputs, control: Control | None) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give a connection that knows the tables of `inputs`, watched while it is used."""
        control = control or QueryControl()
        control.check()
        with self._guard:
            if self._closing:
                msg = "the engine is closed"
                raise StorageError(msg)
            self._running += 1
            cursor = self._root.cursor()
        interrupt = _Interrupt(cursor)
        try:
            for name, table in inputs.tables.items():
                cursor.register(name, table)
            control.on_cancel(interrupt)
            with explained(control, self.file_system), _watched(cursor, control):
                yield cursor
        finally:
            interrupt.is_over = True
            cursor.close()
            with self._guard:
                self._running -= 1
                last = self._closing and not self._running
            if last:
                self._remove()

    def close(self) -> None:
        """Close it once nothing runs any more, and remove what it spilled."""
        with self._guard:
            if self._closing:
                return
            self._closing = True
            idle = not self._running
        if idle:
            self._remove()

    def _remove(self) -> None:
        self._root.close()
        import shutil

        shutil.rmtree(self._spill, ignore_errors=True)


class _Interrupt:
    """Stops one statement; over once that has ended."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor
        self.is_over = False

    def __call__(self) -> None:
        if not self.is_over:
            self._cursor.interrupt()


@contextlib.contextmanager
def _watched(cursor: duckdb.DuckDBPyConnection, control: Control) -> Iterator[None]:
    """Report progress from another thread while a statement runs, and interrupt one that was cancelled early."""
    if isinstance(control, (QueryControl, Share)) and not control.wants_progress:
        yield
        return
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_TICK):
            with contextlib.suppress(Exception):  # the statement may just have ended
                if control.cancelled:
                    cursor.interrupt()
                part = cursor.query_progress()
                if part >= 0:
                    control.progress(min(1.0, part / 100))

    thread = threading.Thread(target=watch, name="wbtable-progress", daemon=True)
    thread.start()
    try:
        yield
        control.progress(1.0)
    finally:
        done.set()
        thread.join()


@contextlib.contextmanager
def explained(control: Control, files: RangeFileSystem | None = None) -> Iterator[None]:
    """Say what failed in wbtable's words."""
    library = duck()
    try:
        yield
    except WbtableError:
        raise
    except Exception as error:
        control.check()
        cause = None if files is None else files.failure_in(str(error))
        if cause is not None:
            raise cause from error
        if isinstance(error, library.InterruptException):
            msg = "the query was cancelled"
            raise CancelledError(msg) from error
        if isinstance(error, (library.OutOfMemoryException, MemoryError)):
            msg = f"the query needs more memory than it may use: {_first_line(error)}; ask for fewer columns or rows"
            raise LimitError(msg) from error
        if isinstance(error, (library.IOException, library.PermissionException)) and _is_gone(str(error)):
            msg = f"a fragment is missing; it was there when the table was opened: {_first_line(error)}"
            raise NotFoundError(msg) from error
        if isinstance(error, library.PermissionException):
            raise
        is_input = isinstance(error, library.InvalidInputException)
        # What Thrift throws at a page's header has no class of DuckDB's.
        is_other = type(error) is library.Error or "Invalid Error: " in str(error)
        if (is_input and "arquet" in str(error)) or is_other:
            msg = f"a fragment is damaged: {_first_line(error)}"
            raise FormatError(msg) from error
        if isinstance(error, (library.IOException, OSError)):
            msg = f"a fragment could not be read, or there is no room to spill: {_first_line(error)}"
            raise StorageError(msg) from error
        if isinstance(error, (library.ConversionException, library.OutOfRangeException)):
            msg = f"a value is beyond what queries compute with: {_first_line(error)}"
            raise UnsupportedError(msg) from error
        if is_input and "map" in str(error).lower():
            msg = f"queries cannot compute with a dict that has a key twice: {_first_line(error)}"
            raise UnsupportedError(msg) from error
        raise


def _is_gone(text: str) -> bool:
    return any(said in text for said in _GONE)


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0][:300]


def half_of_memory() -> int:
    """Return half of the machine's memory in bytes, 2 GiB where it does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (ValueError, OSError, AttributeError):
        return 2 << 30


class _Engines:
    """The engines used last. An instance takes milliseconds to start, and keeps what it learned of the footers."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._kept: OrderedDict[Key, Engine] = OrderedDict()

    def get(self, inputs: Inputs, control: Control | None, *, alone: bool) -> Engine:
        memory, threads = (control.memory_limit, control.threads) if control else (0, 0)
        threads = 1 if alone else threads
        key = (inputs.files, frozenset(inputs.ranges), memory, threads, id(inputs.masks))
        dropped: list[Engine] = []
        with self._guard:
            found = self._kept.get(key)
            if found is None:
                found = self._kept[key] = Engine(inputs, memory_limit=memory, threads=threads)
            self._kept.move_to_end(key)
            while len(self._kept) > _KEPT:
                dropped.append(self._kept.popitem(last=False)[1])
        for engine in dropped:
            engine.close()
        return found

    def close(self) -> None:
        with self._guard:
            engines = list(self._kept.values())
            self._kept.clear()
        for engine in engines:
            engine.close()

    def forget(self) -> None:
        """After a fork: the engines' threads stayed in the parent, and so do their files."""
        _ABANDONED.append(self._kept)
        self._guard = threading.Lock()
        self._kept = OrderedDict()


_ABANDONED: list[Any] = []
"""What a forked child inherited and must neither use nor close."""
_ENGINES = _Engines()
atexit.register(_ENGINES.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_ENGINES.forget)


def connect(inputs: Inputs, control: Control | None = None, *, alone: bool = False) -> Engine:
    """Return an engine that may open exactly what `inputs` name, new or used before; `alone`: with one thread."""
    return _ENGINES.get(inputs, control, alone=alone)


def run(statement: Statement, inputs: Inputs, control: Control | None = None) -> pa.Table:
    """Return the rows of a statement over `inputs`; errors as in `Engine.run`."""
    try:
        return connect(inputs, control).run(statement, inputs, control)
    except LimitError:
        # Each thread sorts and groups in memory of its own: one needs less than several do.
        return connect(inputs, control, alone=True).run(statement, inputs, control)


def stream(
    statement: Statement, inputs: Inputs, control: Control | None = None, batch_rows: int = 65536
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a statement over `inputs` as they come; errors as in `Engine.run`."""
    batches = connect(inputs, control).stream(statement, inputs, control, batch_rows)
    try:
        first = next(batches, None)
    except LimitError:
        batches = connect(inputs, control, alone=True).stream(statement, inputs, control, batch_rows)
        first = next(batches, None)
    if first is not None:
        yield first
        yield from batches
