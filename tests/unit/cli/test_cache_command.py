from __future__ import annotations

from typing import TYPE_CHECKING

from wbtable.cli.app import USAGE
from wbtable.storage.cache_files import ObjectCache

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.unit.cli.conftest import Shell

KINDS = ["objects", "columns", "orders", "thumbnails", "index", "spill", "spool"]


def fill(root: Path) -> None:
    """Put 10 bytes of each kind, 100 of copies."""
    ObjectCache(root / "objects", 10_000).put_whole(f"ab/{'0' * 62}.parquet", b"x" * 100)
    for kind in KINDS[1:]:
        (root / kind / "sub").mkdir(parents=True)
        (root / kind / "sub" / "file").write_bytes(b"x" * 10)


def test_an_empty_cache(shell: Shell) -> None:
    lines = shell.ok("cache").splitlines()
    assert lines[0].endswith("cache")
    assert [line.split()[0] for line in lines[2:]] == KINDS
    assert shell.ok("cache", "size").strip() == "0"
    assert shell.json("cache", "clear") == {"freed": 0}


def test_each_kind_is_shown_with_size_and_bound(shell: Shell, tmp_path: Path) -> None:
    fill(tmp_path / "cache")
    found = shell.json("cache")
    assert found["folder"] == str(tmp_path / "cache")
    sizes = {one["kind"]: one["size"] for one in found["kinds"]}
    assert sizes["objects"] >= 100  # and the counter beside it
    assert [sizes[kind] for kind in KINDS[1:]] == [10] * 6
    assert found["size"] == sum(sizes.values()) == int(shell.ok("cache", "size"))
    bounds = {one["kind"]: one["limit"] for one in found["kinds"]}
    assert bounds["objects"] == 10_000_000_000
    assert bounds["spool"] is None
    assert "copies of remote objects" in shell.ok("cache")


def test_clearing_leaves_what_has_no_other_copy(shell: Shell, tmp_path: Path) -> None:
    fill(tmp_path / "cache")
    before = int(shell.ok("cache", "size"))
    assert shell.json("cache", "clear") == {"freed": before - 20}
    assert {path.name for path in (tmp_path / "cache").iterdir()} == {"spill", "spool"}
    fill_again = ObjectCache(tmp_path / "cache" / "objects", 10_000)
    fill_again.put_whole(f"ab/{'0' * 62}.parquet", b"y" * 5)
    assert fill_again.whole(f"ab/{'0' * 62}.parquet") == b"y" * 5


def test_a_size_that_is_none(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WBTABLE_CACHE_SIZE", "much")
    assert "expected a size such as 10GB" in shell.fails(USAGE, "cache")
