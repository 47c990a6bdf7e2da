"""Edit distances are of characters, whatever DuckDB counts, which differs between its versions (EXPR-8)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.oracle.functions import FUNCTIONS
from wbtable.query.text_distance import distance
from wbtable.tables.table import Table

SHORT = st.text(max_size=12)


@given(SHORT, SHORT)
def test_the_table_row_by_row_is_the_table(one: str, other: str) -> None:
    _, slow = FUNCTIONS["levenshtein"]
    assert distance(one, other) == slow(one, other) == distance(other, one)


def test_it_is_the_same_for_ascii_and_others() -> None:
    rows = [["cat", "rat"], ["café", "cafe"], ["漢字", ""], [None, "x"], ["e\u0301", "é"], ["é" * 1000, "a" * 1000]]
    view = Table(columns=["a", "b"], data=rows).view(derive={"d": "levenshtein(a, b)"}, columns=["d"])
    assert view.to_arrow().column("d").to_pylist() == [1, 1, 2, None, 2, None]
