"""Keys and names: LAYOUT-1 to LAYOUT-7."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wbtable.errors import FormatError, UsageError
from wbtable.format import layout
from wbtable.format.digest import BLOB, FRAGMENT, JOINED, PACK, TABLE, Digest

DIGEST = Digest.of(b"wbtable")
SHORT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("media_type", "suffix"),
    [(FRAGMENT, ".parquet"), (PACK, ".pack"), (TABLE, ".json.zst"), (JOINED, ".json"), (BLOB, ""), ("image/png", "")],
)
def test_object_keys(media_type: str, suffix: str) -> None:
    """LAYOUT-1, LAYOUT-2, LAYOUT-3: two digits, sixty-two digits, the suffix of the media type."""
    key = layout.object_key(DIGEST, media_type)
    assert key == f"objects/{DIGEST.hex[:2]}/{DIGEST.hex[2:]}{suffix}"
    assert layout.parse_object_key(key) == (DIGEST, suffix)


@pytest.mark.parametrize(
    "key",
    [
        "objects/../etc/passwd",
        f"objects/{DIGEST.hex}",
        f"objects/{DIGEST.hex[:2]}/{DIGEST.hex[2:]}.exe",
        f"objects/{DIGEST.hex[:2].upper()}/{DIGEST.hex[2:].upper()}",
        f"x/objects/{DIGEST.hex[:2]}/{DIGEST.hex[2:]}",
        f"objects/{DIGEST.hex[:2]}/{DIGEST.hex[2:]}.pack\n",
        "",
    ],
)
def test_other_keys_are_no_objects(key: str) -> None:
    with pytest.raises(FormatError, match="expected objects/"):
        layout.parse_object_key(key)


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        ("resnet-50_v2.1", "resnet-50_v2.1"),
        ("MNIST", "%4d%4e%49%53%54"),
        ("a b%é", "a%20b%25%c3%a9"),
        ("..", "%2e%2e"),
        (".", "%2e"),
        (".hidden", "%2ehidden"),
        ("dot.", "dot%2e"),
        ("a/b", "a%2fb"),
        ("\0", "%00"),
    ],
)
def test_escaping(name: str, escaped: str) -> None:
    """LAYOUT-4: the specification's table, and the names that would leave a folder."""
    assert layout.escape(name) == escaped
    assert layout.unescape(escaped) == name


@given(SHORT)
def test_escaping_returns(name: str) -> None:
    """LAYOUT-4: what is escaped is one part of a key in few letters, and comes back."""
    escaped = layout.escape(name)
    assert re.fullmatch(r"[a-z0-9._%-]+", escaped)
    assert not escaped.startswith(".")
    assert not escaped.endswith(".")
    assert layout.unescape(escaped) == name


@given(SHORT, SHORT)
def test_escaping_is_injective_even_without_case(one: str, other: str) -> None:
    """LAYOUT-4: different names stay apart on disks that ignore case."""
    assert (layout.escape(one).casefold() == layout.escape(other).casefold()) == (one == other)


@given(st.text(max_size=20))
def test_unescape_accepts_the_escaped_form_alone(part: str) -> None:
    """LAYOUT-4: one name, one form."""
    try:
        name = layout.unescape(part)
    except FormatError:
        return
    assert layout.escape(name) == part


@pytest.mark.parametrize("part", ["", "A", "%41%", "%4D", "%61", ".", "..", "%ff", "%c3", "a/b", "a%2", "%ed%a0%80"])
def test_unescape_refuses(part: str) -> None:
    with pytest.raises(FormatError, match="expected an escaped name"):
        layout.unescape(part, "here")


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "a:b", "a\nb", "a\x7f", " a", "a ", "a" * 201, "\u00e9" * 34, "\ud800"]
)
def test_names_that_are_refused(name: str) -> None:
    """LAYOUT-5: at the call, before anything is written."""
    with pytest.raises(UsageError, match="project"):
        layout.check_name(name, "project")


@pytest.mark.parametrize("name", [None, 3, b"a"])
def test_names_are_text(name: object) -> None:
    with pytest.raises(UsageError, match="as text"):
        layout.check_name(name)


@pytest.mark.parametrize("alias", ["latest", "v0", "v12", "a:b", "a/b", ""])
def test_aliases_that_are_refused(alias: str) -> None:
    """LAYOUT-5: the store itself defines `latest` and `v<digits>`."""
    with pytest.raises(UsageError, match="alias"):
        layout.check_alias(alias)


@pytest.mark.parametrize("alias", ["best", "v1.0", "version1", "v", "Latest", "a b"])
def test_aliases_that_are_fine(alias: str) -> None:
    assert layout.check_alias(alias) == alias


def test_logs() -> None:
    """LAYOUT-6, LAYOUT-7: twenty digits, so that names sort as numbers do."""
    log = layout.versions_log("Demo", "model")
    assert log == "projects/%44emo/artifacts/model/versions"
    key = layout.log_key(log, 41)
    assert key == f"{log}/00000000000000000041.json"
    assert layout.parse_log_key(key) == (log, 41)
    assert layout.alias_log("p", "a", "best") == "projects/p/artifacts/a/aliases/best"
    assert layout.version_log("p", "a", "tags", 7) == "projects/p/artifacts/a/tags/00000000000000000007"
    assert layout.view_log("p", "x") == "projects/p/views/x"
    assert layout.report_log("p", "x") == "projects/p/reports/x"
    assert layout.run_prefix("p", "r1") == "projects/p/runs/r1"
    assert layout.hint_key(log) == f"{log}/hint"


def test_other_keys() -> None:
    assert layout.lease_key("ab12") == "leases/ab12.json"
    assert layout.ended_key("ab12") == "leases/ab12.ended"
    assert layout.collection_key("ab12") == "gc/ab12.json"


@pytest.mark.parametrize("number", [-1, 2**53])
def test_numbers_of_logs_are_bounded(number: int) -> None:
    """LAYOUT-6."""
    with pytest.raises(UsageError, match="2\\^53"):
        layout.log_key("log", number)


@pytest.mark.parametrize(
    "key", ["log/1.json", "log/hint", "00000000000000000001.json", "log/99999999999999999999.json"]
)
def test_other_keys_are_no_logs(key: str) -> None:
    with pytest.raises(FormatError, match="20 digits"):
        layout.parse_log_key(key)
