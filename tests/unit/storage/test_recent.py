"""A few values are kept, the last used the longest."""

from __future__ import annotations

from wbtable.format.digest import Digest
from wbtable.storage.recent import Recent


def test_the_value_used_longest_ago_makes_room() -> None:
    first, second, third = (Digest.of(text) for text in (b"1", b"2", b"3"))
    recent = Recent(2)
    recent.add(first, "one")
    recent.add(second, "two")
    assert recent.get(first) == "one"
    recent.add(third, "three")
    assert [recent.get(digest) for digest in (first, second, third)] == ["one", None, "three"]
