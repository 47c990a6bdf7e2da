"""Files that Arrow reads without Python: CSV files from wherever they come."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import tempfile
import threading
from typing import TYPE_CHECKING, BinaryIO, cast

import pytest

import wbtable
from wbtable.tables.disk_rows import disk_rows, native_bytes

if TYPE_CHECKING:
    from pathlib import Path

_TEXT = b"a,b\n1,2\n3,4\n"

_ENDS_WHILE_IT_READS = """
import os, sys
import wbtable

try:
    wbtable.read_csv(sys.argv[1])
except wbtable.FormatError as error:
    print(error)
    sys.exit(3)
"""


def test_a_process_ends_while_rows_are_read_ahead(tmp_path: Path) -> None:
    """Behind an error the process ends as it wants to: a thread that reads ahead aborted it."""
    file = tmp_path / "t.csv"
    file.write_bytes(b"a,b\n1,2,3\n" + b"1,2\n" * (10 << 20))
    found = subprocess.run(
        [sys.executable, "-c", _ENDS_WHILE_IT_READS, str(file)], capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stderr) == (3, "")
    assert "Expected 2 columns, got 3" in found.stdout


def test_only_the_caller_reads_in_python() -> None:
    """Arrow's threads ask no file in Python: one that did while the interpreter ends would abort the process."""
    readers: set[int] = set()

    class Seen(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            readers.add(threading.get_ident())
            return super().read(size)

    assert wbtable.read_csv(Seen(_TEXT)).data == [[1, 2], [3, 4]]
    assert readers == {threading.get_ident()}


def test_a_file_of_the_disk_is_not_copied(tmp_path: Path) -> None:
    """Arrow reads it where it is, from where it stands."""
    path = tmp_path / "t.csv"
    path.write_bytes(b"x\n" + _TEXT)
    with path.open("rb") as file:
        file.readline()
        with disk_rows(file) as rows:
            assert (rows.path, rows.start, rows.size) == (str(path), 2, len(_TEXT))
            assert rows.opened().read() == _TEXT
            assert rows.rewind().read() == _TEXT
        file.seek(2)
        assert wbtable.read_csv(file).data == [[1, 2], [3, 4]]


def test_what_a_file_gives_counts(tmp_path: Path) -> None:
    """Not what the disk has under its name: it may be packed, renamed, replaced or written in part."""
    with gzip.open(tmp_path / "t.csv.gz", "wb") as packed:
        packed.write(_TEXT)
    with gzip.open(tmp_path / "t.csv.gz", "rb") as unpacked:
        assert wbtable.read_csv(cast("BinaryIO", unpacked)).columns == ["a", "b"]
    path = tmp_path / "t.csv"
    path.write_bytes(_TEXT)
    with path.open("rb") as file:
        (tmp_path / "u.csv").write_bytes(b"other\n")
        (tmp_path / "u.csv").replace(path)
        assert wbtable.read_csv(file).columns == ["a", "b"]
    with tempfile.NamedTemporaryFile(dir=tmp_path) as written:
        written.write(_TEXT)
        written.seek(0)
        assert len(wbtable.read_csv(written)) == 2
    with (tmp_path / "v.csv").open("w+b") as both:
        both.write(_TEXT)
        both.seek(0)
        assert len(wbtable.read_csv(both)) == 2


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_a_header_alone(tmp_path: Path, end: bytes) -> None:
    """Columns without rows, whether the line ends or not, and wherever the file stands."""
    path = tmp_path / "t.csv"
    path.write_bytes(b"x\ny\n" + b"a,b" + end)
    with path.open("rb") as file:
        file.seek(4)
        table = wbtable.read_csv(file)
    assert (table.columns, len(table)) == (["a", "b"], 0)


def test_a_descriptor_without_a_name() -> None:
    """An open file that is known by its number only is copied."""
    with tempfile.TemporaryFile() as made:
        made.write(_TEXT)
        made.seek(0)
        with os.fdopen(os.dup(made.fileno()), "rb") as file:
            assert len(wbtable.read_csv(file)) == 2


def test_bytes_of_arrows_own() -> None:
    """What Python gives is copied once."""
    file = native_bytes(b"abc")
    assert (file.read(2), file.read()) == (b"ab", b"c")
