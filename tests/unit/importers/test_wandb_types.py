"""What W&B says of columns."""

from __future__ import annotations

from wbtable.importers.wandb_types import distinct


def test_names_are_distinct_and_can_be_stored() -> None:
    """TABLE-2: what no name here may have is written with a backslash."""
    assert distinct(["a", "a", "a_2", 7, "7"]) == ["a", "a_3", "a_2", "7", "7_2"]
    assert distinct(["a\0b", "a\\x00b", "\ud800"]) == ["a\\x00b", "a\\x00b_2", "\\ud800"]
