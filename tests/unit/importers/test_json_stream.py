"""JSON of any size is read in chunks, exactly, and damage is named."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wbtable.errors import FormatError
from wbtable.importers import json_stream
from wbtable.importers.json_stream import JsonObject

cells = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def read(file: Path) -> tuple[list[Any], dict[str, Any]]:
    """Return all items of ``data`` and the other members."""
    with file.open("rb") as stream, JsonObject(stream, "data", "t.json") as document:
        rows = [row for some in document.items() for row in some]
        return rows, document.members


@given(
    rows=st.lists(st.lists(cells, max_size=3), max_size=20),
    chunk=st.integers(1, 200),
    ascii_only=st.booleans(),
    indent=st.sampled_from([None, 1]),
    after=st.booleans(),
)
def test_any_document_is_read_as_json_reads_it(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[Any],
    chunk: int,
    ascii_only: bool,
    indent: int | None,
    after: bool,
) -> None:
    found = {"data": rows, "z": {"a": ["]", "}, {"]}} if after else {"a": '"], [', "data": rows}
    file = tmp_path_factory.getbasetemp() / "any.json"
    file.write_bytes(json.dumps(found, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "surrogatepass"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_stream, "CHUNK", chunk)
        got, members = read(file)
    assert got == rows
    assert members == {key: value for key, value in found.items() if key != "data"}


def test_brackets_in_text_and_nested_lists_are_no_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "CHUNK", 64)
    rows = [[f"], [{i}", [[i], [[i + 1]]], '\\"], ["'] for i in range(100)]
    (tmp_path / "t.json").write_text(json.dumps({"data": rows}))
    assert read(tmp_path / "t.json") == (rows, {})


def test_what_json_lacks_is_read_as_w_and_b_wrote_it(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text('{"data": [[Infinity, -Infinity, NaN, 9007199254740993, 1180591620717411303424]]}')
    (row,), _ = read(tmp_path / "t.json")
    assert row[:2] == [float("inf"), float("-inf")]
    assert row[2] != row[2]
    assert row[3:] == [2**53 + 1, 2**70]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"data": [[1, 2], [3',
        '{"data": [[1, 2]]',
        '{"data": [[1, 2]], "a": }',
        '{"data": [[1, 2]]} x',
        '{"data": [[1, 2],]}',
        '{"data": [[1 2]]}',
        "{1: 2}",
        '{"a": "b',
        '{"data": [["' + "\\ud800" * 3 + '"]], "a": nul}',
        '{"data": ' + "[" * 100_000,
        "[" * 100_000,
    ],
)
@pytest.mark.parametrize("chunk", [8, 1 << 20])
def test_damage_is_an_error_that_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, chunk: int
) -> None:
    monkeypatch.setattr(json_stream, "CHUNK", chunk)
    (tmp_path / "t.json").write_text(text)
    with pytest.raises(FormatError, match=r"t\.json"):
        read(tmp_path / "t.json")


def test_bytes_that_are_no_text_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_bytes(b'{"data": [["\xff"]]}')
    with pytest.raises(FormatError, match="UTF-8"):
        read(tmp_path / "t.json")


def test_an_item_beyond_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "CHUNK", 16)
    monkeypatch.setattr(json_stream, "MAX_VALUE", 100)
    (tmp_path / "t.json").write_text(json.dumps({"data": [["x" * 1000], ["y"]] * 2, "z": 1}))
    with pytest.raises(FormatError, match="at most 100 bytes"):
        read(tmp_path / "t.json")


def held(file: Path) -> int:
    """Return how many bytes of a mapped file count as memory of this process: 0 where the system does not say."""
    if sys.platform != "linux":
        return 0
    lines = Path("/proc/self/smaps").read_text("utf-8").splitlines()
    at = next(i for i, line in enumerate(lines) if line.endswith(str(file)))
    return next(int(line.split()[1]) << 10 for line in lines[at:] if line.startswith("Rss:"))


def test_what_was_read_is_let_go(tmp_path: Path) -> None:
    row = json.dumps([1, "x" * 10_000])
    file = tmp_path / "t.json"
    file.write_text('{"data": [' + ", ".join([row] * 5000) + '], "ncols": 2}', "utf-8")
    for _ in range(2):  # it can be read again
        with file.open("rb") as stream, JsonObject(stream, "data", "t.json") as document:
            rows, most = 0, 0
            for some in document.items():
                rows += len(some)
                most = max(most, held(file))
            assert rows == 5000
            assert document.members == {"ncols": 2}
    assert most < json_stream._LET_GO + 3 * json_stream.CHUNK < file.stat().st_size // 2
