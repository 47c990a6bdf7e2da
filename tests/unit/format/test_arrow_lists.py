"""Lists as Arrow arrays, made without pyarrow's help."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from wbtable.format.arrow_lists import fixed, integers, texts

if TYPE_CHECKING:
    from pathlib import Path

_STORING = """
import sys
import wbtable
draft = wbtable.Artifact("many")
draft.add_dir(sys.argv[1])
wbtable.create_store(sys.argv[2]).commit(draft)
print("pandas" in sys.modules)
"""


@pytest.mark.parametrize("values", [[], ["a", "", "ü🙂", "a" * 1000], [None], ["x", None, ""], [None] * 9 + ["y"]])
def test_texts_are_those_of_pyarrow(values: list[str | None]) -> None:
    found = texts(values)
    found.validate(full=True)
    assert found.equals(pa.array(values, pa.string()))


@pytest.mark.parametrize("values", [[], [b"abc", b"\x00\x01\x02"], [None, b"abc"], [None] * 10])
def test_fixed_bytes_are_those_of_pyarrow(values: list[bytes | None]) -> None:
    found = fixed(values, 3)
    found.validate(full=True)
    assert found.equals(pa.array(values, pa.binary(3)))


@pytest.mark.parametrize("values", [[], [0, -1, 2**63 - 1, -(2**63)], [None, 5], [None] * 17])
def test_integers_are_those_of_pyarrow(values: list[int | None]) -> None:
    found = integers(values)
    found.validate(full=True)
    assert found.equals(pa.array(values, pa.int64()))


def test_what_has_no_form_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        texts(["\ud800"])
    with pytest.raises(OverflowError):
        integers([2**63])


def test_storing_many_files_leaves_pandas_alone(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for i in range(4_200):  # more than a manifest lists itself
        (folder / f"{i}").write_bytes(b"%d" % i)
    command = [sys.executable, "-c", _STORING, str(folder), str(tmp_path / "store")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.splitlines()[-1] == "False"
