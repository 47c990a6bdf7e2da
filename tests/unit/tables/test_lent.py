"""Files in Python that Arrow's threads read ahead."""

from __future__ import annotations

import io
import subprocess
import sys
from threading import Event, Thread
from time import sleep

from wbtable.tables.lent import lent

_ENDS_WHILE_IT_READS = """
import io, sys, time
import wbtable

class Slow(io.BytesIO):
    def read(self, size=-1):
        if self.tell() > 16 << 20:
            time.sleep(0.5)
        return super().read(size)

row = b"1,2\\n"
try:
    wbtable.read_csv(Slow(b"a,b\\n1,2,3\\n" + row * (10 << 20)))
except wbtable.FormatError as error:
    print(error)
    sys.exit(3)
"""


def test_a_process_ends_while_rows_are_read_ahead() -> None:
    """Behind an error the process ends as it wants to: a thread that reads ahead aborted it."""
    found = subprocess.run([sys.executable, "-c", _ENDS_WHILE_IT_READS], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (3, "")
    assert "Expected 2 columns, got 3" in found.stdout


def test_what_was_taken_back_is_at_its_end() -> None:
    """A lent file reads as it is, and is left open."""
    file = io.BytesIO(b"abcdef")
    with lent(file) as held:
        assert held.seekable()
        assert held.read(2) == b"ab"
        assert (held.tell(), held.seek(3), held.read(1)) == (2, 3, b"d")
    assert held.read() == b""
    assert file.read() == b"ef"


def test_a_read_under_way_is_waited_for() -> None:
    """The owner goes on once nobody is in the file."""

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            begun.set()
            sleep(0.2)
            return super().read(size)

    begun, found = Event(), []
    with lent(Slow(b"abc")) as held:
        thread = Thread(target=lambda: found.append(held.read()))
        thread.start()
        begun.wait()
    assert found == [b"abc"]
    thread.join()
