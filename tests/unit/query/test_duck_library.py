"""DuckDB is loaded with more memory pools than it takes by itself; whoever loads it first has the say."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

_ASK = """
import os
seen = []
real = os.environ.get("DUCKDB_JE_MALLOC_CONF")
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "_duckdb":
            seen.append(os.environ.get("DUCKDB_JE_MALLOC_CONF"))
import sys
sys.meta_path.insert(0, Watch())
{first}
import wbtable
table = wbtable.Table(columns=["a"], data=[[1], [2]])
assert table.view(filter="a > 1").to_arrow()["a"].to_pylist() == [2]
print(seen[0], real == os.environ.get("DUCKDB_JE_MALLOC_CONF"))
"""


@pytest.mark.parametrize(("first", "expected"), [("", "narenas:"), ("import duckdb", "None")])
def test_what_the_allocator_is_told(first: str, expected: str) -> None:
    """The variable is there while the library is loaded, and gone afterwards."""
    environment = {key: value for key, value in os.environ.items() if key != "DUCKDB_JE_MALLOC_CONF"}
    done = subprocess.run(
        [sys.executable, "-c", _ASK.format(first=first)], env=environment, capture_output=True, text=True, check=True
    )
    told, same = done.stdout.split()
    assert told.startswith(expected)
    assert same == "True"


def test_what_the_user_says_stays() -> None:
    environment = {**os.environ, "DUCKDB_JE_MALLOC_CONF": "narenas:3"}
    done = subprocess.run(
        [sys.executable, "-c", _ASK.format(first="")], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["narenas:3", "True"]
