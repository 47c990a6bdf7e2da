from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wbtable.errors import UsageError
from wbtable.format.layout import check_name, escape
from wbtable.runs.naming import check_run_id, table_artifact, table_entry

KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("preds", "run-r-preds"),
        ("val/preds", "run-r-val%2fpreds"),
        ("a:b", "run-r-a%3ab"),
        ("a%2fb", "run-r-a%252fb"),
        ("50%", "run-r-50%"),
        ("end ", "run-r-end%20"),
        ("a\nb", "run-r-a%0ab"),
    ],
)
def test_names_of_logged_tables(key: str, name: str) -> None:
    # RUN-10
    assert table_artifact("r", key) == name


@given(KEYS, KEYS)
def test_every_key_has_a_name_of_its_own(left: str, right: str) -> None:
    # RUN-10
    name = table_artifact("r", left)
    check_name(name)
    escape(name)
    assert (name == table_artifact("r", right)) == (left == right)


@given(KEYS)
def test_every_key_has_an_entry(key: str) -> None:
    assert table_entry(key)


@pytest.mark.parametrize("bad", ["", "a/b", "x" * 65, " a", 3, None])
def test_bad_run_ids(bad: object) -> None:
    with pytest.raises(UsageError):
        check_run_id(bad)
