"""The engine opens what it was made for, nothing else, and leaves nothing behind (ENGINE-1 to ENGINE-4)."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from tests.unit.query.viewing import table_of
from tests.unit.tables.reading import flip, fragment_paths, in_memory, numbers, stored
from wbtable.errors import DigestMismatchError, FormatError, LimitError, NotFoundError, StorageError
from wbtable.query import engine
from wbtable.query.control import QueryControl
from wbtable.query.engine import Engine
from wbtable.query.fragment_source import FragmentSource
from wbtable.query.source import Inputs
from wbtable.query.statement import Statement
from wbtable.storage.range_file_system import RangeFileSystem
from wbtable.tables.query_source import query_source
from wbtable.tables.reader import TableReader
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WBTABLE_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[tuple[Engine, Inputs, Path]]:
    table = stored(Table.from_arrow(numbers(1000)), tmp_path / "table")
    inputs = query_source(table._source()).relation(["id"]).inputs
    made = Engine(inputs)
    yield made, inputs, tmp_path
    made.close()


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM read_parquet('{other}')",
        "SELECT * FROM read_text('{secret}')",
        "SELECT * FROM read_csv('{secret}')",
        "SELECT * FROM '{secret}'",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT * FROM read_parquet('{folder}/table/objects/*/*.parquet')",
        "SELECT * FROM read_blob('{secret}')",
        "COPY (SELECT 1) TO '{folder}/out.csv'",
        "COPY (SELECT 1) TO '{mine}'",
        "ATTACH '{folder}/x.db'",
        "EXPORT DATABASE '{folder}/export'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "LOAD '{folder}/x.duckdb_extension'",
        "SET enable_external_access = true",
        "SET allowed_paths = ['{secret}']",
        "SET lock_configuration = false",
        "SET memory_limit = '100GB'",
        "RESET memory_limit",
        "SET temp_directory = '{folder}'",
        "PRAGMA enable_profiling",
        "SELECT * FROM read_parquet('https://127.0.0.1:1/x.parquet')",
        "SELECT * FROM outside",
    ],
)
def test_nothing_else_can_be_opened_or_changed(text: str, locked: tuple[Engine, Inputs, Path]) -> None:
    """ENGINE-1."""
    made, inputs, folder = locked
    (folder / "secret.txt").write_text("a,b\n1,2\n")
    outside = pa.table({"a": [1]})
    assert outside.num_rows == 1
    other = stored(Table.from_arrow(numbers(10)), folder / "other")
    places = {
        "folder": folder,
        "secret": folder / "secret.txt",
        "other": fragment_paths(other)[0],
        "mine": Path(next(iter(inputs.files))),
    }
    before = sorted(path for path in folder.rglob("*") if path.is_file())
    size = Path(places["mine"]).stat().st_size
    with pytest.raises((duckdb.Error, StorageError, FormatError)):
        made.run(Statement(text.format(**places)), inputs)
    assert sorted(path for path in folder.rglob("*") if path.is_file()) == before
    assert Path(places["mine"]).stat().st_size == size


def test_a_fragment_that_goes_while_it_is_asked_is_missing(locked: tuple[Engine, Inputs, Path]) -> None:
    """FRAG-7: what was collected since it was checked is missing, not damaged."""
    made, inputs, _ = locked
    path = Path(next(iter(inputs.files)))
    path.unlink()
    with pytest.raises(NotFoundError, match="a fragment is missing"):
        made.run(Statement(f"SELECT * FROM read_parquet('{path}')"), inputs)


def test_exactly_the_fragments_are_allowed(tmp_path: Path) -> None:
    """ENGINE-1: folders that hold patterns or parameters do not open others, and are read."""
    for name in ("plain", "a[bc]d", "star*", "what?", "$1", "it's", "{x,y}"):
        table = stored(Table.from_arrow(numbers(100)), tmp_path / name)
        assert table.view(filter="id > 97").to_arrow()["id"].to_pylist() == [98, 99]


def test_range_files_are_read_only_and_know_no_others() -> None:
    """ENGINE-1."""
    reader = in_memory(Table.from_arrow(numbers(100)), "engine-readonly")
    (path, file), *_ = FragmentSource(reader, reader.manifest).relation(["id"]).inputs.ranges.items()
    system = RangeFileSystem({path: file})
    for mode in ("wb", "ab", "r+b", "xb"):
        with pytest.raises(PermissionError):
            system.open(path, mode)
    for refused in ("rm", "rm_file", "mkdir", "makedirs", "mv", "pipe_file", "put_file", "touch", "cp_file"):
        with pytest.raises(PermissionError):
            getattr(system, refused)(path)
    with pytest.raises(PermissionError):
        system.open(path).write(b"x")
    with pytest.raises(FileNotFoundError):
        system.open("wbtable://other.parquet")
    assert system.glob("wbtable://*") == []
    assert system.ls(path)[0]["size"] == file.fragment.file.size
    assert not system.exists("wbtable://other.parquet")
    assert not system.isdir(path)
    assert system.modified(path) == system.created(path)


def test_each_thread_has_its_own_position() -> None:
    reader = in_memory(Table.from_arrow(numbers(5000)), "engine-threads")
    (path, file), *_ = FragmentSource(reader, reader.manifest).relation(["id"]).inputs.ranges.items()
    opened = RangeFileSystem({path: file}).open(path)
    whole = file.objects.get_range(file.fragment.file, 0, file.fragment.file.size)
    wrong = []

    def read(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(50):
            at, size = int(rng.integers(0, len(whole))), int(rng.integers(0, 3000))
            opened.seek(at)
            time.sleep(0)
            if opened.read(size) != whole[at : at + size]:
                wrong.append(at)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert opened.seek(-4, 2) == len(whole) - 4
    assert opened.read() == b"PAR1"
    assert opened.seek(-4, 1) == len(whole) - 4


def test_damage_is_found_before_the_engine_reads(tmp_path: Path) -> None:
    """ENGINE-2."""
    table = stored(Table.from_arrow(numbers(1000)), tmp_path / "table")
    (path,) = fragment_paths(table)
    path.chmod(0o644)
    path.write_bytes(flip(path.read_bytes(), 700))
    with pytest.raises(DigestMismatchError, match=r"fragments\[0\].*damaged"):
        table.view(filter="id > 3").to_arrow()
    path.unlink()
    with pytest.raises(NotFoundError, match="missing"):
        table.view(filter="id > 3").to_arrow()


def test_a_damaged_footer_is_found_when_ranges_are_read() -> None:
    """ENGINE-2."""
    reader = in_memory(Table.from_arrow(numbers(1000)), "engine-footer")
    source = FragmentSource(reader, reader.manifest)
    relation = source.relation(["id"])
    ((_, file),) = relation.inputs.ranges.items()
    key = reader.objects.key(file.fragment.file.digest, file.fragment.file.media_type)
    good = reader.objects.backend.get(key)
    reader.objects.backend.replace(key, flip(good, len(good) - 100))
    statement = Statement(f"SELECT sum(c0) FROM {relation.sql} t")
    with pytest.raises(DigestMismatchError, match="footer is damaged"):
        engine.run(statement, relation.inputs)


def test_sorts_and_groups_of_four_times_the_memory_spill(tmp_path: Path) -> None:
    """ENGINE-4."""
    count, width, limit = 1_080_000, 384, 96 << 20
    rng = np.random.default_rng(0)
    letters = rng.integers(33, 127, count * width, dtype=np.uint8)
    offsets = np.arange(count + 1, dtype=np.int32) * width
    wide = pa.Array.from_buffers(pa.string(), count, [None, pa.py_buffer(offsets), pa.py_buffer(letters)])
    rows = pa.table({"key": rng.permutation(count), "wide": wide})
    assert rows.nbytes > 4 * limit
    table = table_of("fragments", rows, tmp_path)
    control = QueryControl(memory_limit=limit, threads=2)
    spilled: list[int] = []
    done = threading.Event()
    folder = tmp_path / "cache" / "spill"

    def watch() -> None:
        while not done.wait(0.02):
            spilled.append(sum(path.stat().st_size for path in folder.rglob("duckdb*") if path.is_file()))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        view = table.view(sort="key").with_control(control)
        last = -1
        for batch in view.scan():
            keys = batch["key"].to_numpy()
            assert keys[0] == last + 1
            assert bool(np.all(np.diff(keys) == 1))
            last = int(keys[-1])
        assert last == count - 1
        groups = table.view(group="wide", sort="wide", columns=["count"]).with_control(control)
        assert sum(batch["count"].to_numpy().sum() for batch in groups.scan()) == count
    finally:
        done.set()
        thread.join()
    assert max(spilled) > 10 << 20
    engine._ENGINES.close()
    assert not list(folder.rglob("duckdb*"))


def test_what_cannot_spill_is_an_error_that_says_so(tmp_path: Path) -> None:
    rows = pa.table({"a": np.arange(1_000_000)})
    relation = query_source(table_of("memory", rows, tmp_path)._source()).relation(["a"])
    made = Engine(relation.inputs, memory_limit=16 << 20, threads=1)
    with pytest.raises(LimitError, match="more memory"):
        made.run(Statement(f"SELECT list(c0) FROM {relation.sql} t"), relation.inputs)
    made.close()
    with pytest.raises(StorageError, match="closed"):
        made.run(Statement("SELECT 1"), Inputs())


def test_folders_go_with_the_process(tmp_path: Path) -> None:
    """ENGINE-4: and nothing is said at the end of a program that queried."""
    program = (
        "import wbtable\n"
        "t = wbtable.Table(columns=['a'], data=[[i] for i in range(9)])\n"
        "print(len(t.view(filter='a > 3')), t.view(sort='a desc').window(0, 1)['a'][0])\n"
    )
    found = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert (found.stdout, found.stderr) == ("5 8\n", "")
    assert list((tmp_path / "cache" / "spill").iterdir()) == []


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_queries_too(tmp_path: Path) -> None:
    table = Table.from_arrow(pa.table({"a": [1, 2, 3]}))
    assert len(table.view(filter="a > 1")) == 2
    read, write = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        try:
            os.write(write, str(len(table.view(filter="a > 2"))).encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as file:
        assert file.read() == "1"
    os.waitpid(child, 0)


def test_a_deep_remote_window_reads_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """At most 5 reads one after another and 10 MB, however deep the window is."""
    rng = np.random.default_rng(0)
    columns: dict[str, Any] = {f"x{i}": rng.random(400_000) for i in range(14)}
    reader = in_memory(Table.from_arrow(pa.table(columns)), "engine-deep")
    table = Table.from_source(TableReader(reader.objects, reader.manifest))
    backend = type(reader.objects.backend)
    rounds, size = [0], [0]
    original = backend.get_ranges

    def spy(self: Any, ranges: Any) -> list[bytes]:
        rounds[0] += 1
        size[0] += sum(length for _, _, length in ranges)
        return original(self, ranges)

    monkeypatch.setattr(backend, "get_ranges", spy)
    window = table.view().window(350_000, 100)
    assert window["x3"].to_pylist() == columns["x3"][350_000:350_100].tolist()
    assert rounds[0] <= 5
    assert size[0] <= 10 << 20
