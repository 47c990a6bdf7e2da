"""Logical paths: PATH-1 to PATH-3."""

from __future__ import annotations

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wbtable.errors import UsageError
from wbtable.format.paths import PathTree, check_path


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("", "empty"),
        ("/etc/passwd", "absolute"),
        ("C:/x", "absolute"),
        ("..", "part"),
        ("a/../b", "part"),
        ("a/..", "part"),
        ("./a", "part"),
        ("a//b", "part"),
        ("a/", "part"),
        ("a\\b", "backslash"),
        ("a\0b", "NUL"),
        ("objects/ab", "objects"),
        ("objects", "objects"),
        ("Objects/ab", "objects"),
        ("\ud800", "surrogate"),
        ("a" * 256, "255"),
        ("é" * 128, "255"),
        ("a/" * 2048 + "a", "4096"),
    ],
)
def test_refused(path: str, why: str) -> None:
    """PATH-1, PATH-2: an error that says what is wrong."""
    with pytest.raises(UsageError, match=why):
        check_path(path)


@pytest.mark.parametrize("path", [None, 1, b"a"])
def test_paths_are_text(path: object) -> None:
    with pytest.raises(UsageError, match="as text"):
        check_path(path, "key")


@pytest.mark.parametrize("path", ["a", "a/b.png", "...", "a..b", "key.table.json", "x/objects/y", "é/ü", "a:b", "a b"])
def test_accepted(path: str) -> None:
    assert check_path(path) == path


@given(st.text(alphabet="./\\ab\0Co:", max_size=12))
def test_what_is_accepted_stays_in_its_folder(path: str) -> None:
    """PATH-1: joined to a folder, it names something inside, and nothing else names the same."""
    try:
        check_path(path)
    except UsageError:
        return
    joined = posixpath.normpath(posixpath.join("/base/folder", path))
    assert joined == f"/base/folder/{path}"


def test_clashes() -> None:
    """PATH-3: no path twice, no file that is a folder."""
    tree = PathTree()
    assert tree.add("a/b/c")
    assert not tree.add("a/b/c")
    with pytest.raises(UsageError, match="it is the folder of 'a/b/c'"):
        tree.add("a/b")
    with pytest.raises(UsageError, match="'a/b/c' is a file"):
        tree.add("a/b/c/d")
    assert tree.add("a/b2")
    assert tree.files == {"a/b/c", "a/b2"}
    tree.remove("a/b/c")
    assert tree.add("a/b")


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(["a", "a/b", "a/b/c", "b", "b/c", "a/c"])), max_size=30))
def test_tree_agrees_with_a_plain_set(steps: list[tuple[bool, str]]) -> None:
    """PATH-3, against the definition."""
    tree = PathTree()
    model: set[str] = set()
    for add, path in steps:
        if add:
            clash = any(p.startswith(path + "/") or path.startswith(p + "/") for p in model)
            if clash:
                with pytest.raises(UsageError):
                    tree.add(path)
            else:
                assert tree.add(path) == (path not in model)
                model.add(path)
        elif path in model:
            tree.remove(path)
            model.remove(path)
        assert tree.files == model
