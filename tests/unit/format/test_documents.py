"""Strict JSON in, canonical JSON out (spec: 04b-documents)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wbtable.errors import FormatError
from wbtable.format.documents import MAX_DEPTH, Reader, canonical, compress, decompress, parse
from wbtable.format.es_number import es_number
from wbtable.format.tagged import float_text

_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: not x.is_integer() or abs(x) < 2**53)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'{"a":1,"a":2}', "stands twice"),
        (b'{"a":{"b":1,"b":1}}', "stands twice"),
        (b'{"a":NaN}', "not JSON"),
        (b'{"a":-Infinity}', "not JSON"),
        (b'{"a":9007199254740992}', "2\\^53"),
        (b'{"a":-123456789012345678901234567890}', "2\\^53"),
        (b'{"a":1e999}', "out of range"),
        (b'{"a":"\\ud800"}', "UTF-8"),
        (b'{"a":"\xff"}', "UTF-8"),
        (b"[1]", "object"),
        (b"", "Expecting"),
        (b"{} {}", "Extra"),
        (b"\xef\xbb\xbf{}", "BOM|Expecting"),
    ],
)
def test_ambiguous_text_is_refused(text: bytes, expected: str) -> None:
    """DOC-1: what two readers could understand differently."""
    with pytest.raises(FormatError, match=expected) as caught:
        parse(text, "manifest")
    assert caught.value.place == "manifest"


@pytest.mark.parametrize(
    "text", [b"[" * 100_000, b'{"a":' * 100_000 + b"1" + b"}" * 100_000, b'{"":' + b"[[]," * 65, b'{"a":' + b"[" * 64]
)
def test_depth_is_bounded(text: bytes) -> None:
    """DOC-2: deep nesting never reaches the recursive parser."""
    with pytest.raises(FormatError, match="levels of nesting"):
        parse(text, "manifest")


def test_depth_counts_brackets_not_text() -> None:
    """DOC-2: brackets in strings are no nesting."""
    deep = json.dumps({"a": ["[" * 1000, '\\"{{{' * 200, {"b": "]"}] * 50}).encode()
    assert parse(deep, "x")["a"][0] == "[" * 1000
    at_limit = b'{"a":' * (MAX_DEPTH - 1) + b"{}" + b"}" * (MAX_DEPTH - 1)
    assert parse(at_limit, "x")


def nested(kinds: str, depth: int) -> bytes:
    """Return an object that holds so many levels of lists and objects, in turns as `kinds` says."""
    value: object = 1
    for level in reversed(range(depth)):
        value = [value] if level and kinds[level % len(kinds)] == "[" else {"a": value}
    return json.dumps(value, separators=(",", ":")).encode()


@pytest.mark.parametrize("kinds", ["[", "{", "[{"])
def test_the_deepest_document_can_be_written_and_read_and_none_that_is_deeper(kinds: str) -> None:
    """DOC-2: 64 levels, whichever brackets they have."""
    deepest, deeper = nested(kinds, MAX_DEPTH), nested(kinds, MAX_DEPTH + 1)
    assert canonical(parse(deepest, "x")) == deepest
    with pytest.raises(FormatError, match="levels of nesting"):
        parse(deeper, "x")
    with pytest.raises(FormatError, match="levels of nesting"):
        canonical(json.loads(deeper))


def test_size_is_bounded() -> None:
    """DOC-2: a document too long is refused before it is read."""
    with pytest.raises(FormatError, match="at most 10 bytes"):
        parse(b'{"a":"0123456789"}', "x", max_bytes=10)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (333333333.33333329, "333333333.3333333"),
        (1e30, "1e+30"),
        (4.50, "4.5"),
        (2e-3, "0.002"),
        (0.000000000000000000000000001, "1e-27"),
        (1e21, "1e+21"),
        (1e20, "100000000000000000000"),
        (123456789012345680000.0, "123456789012345680000"),
        (1e-6, "0.000001"),
        (9.5e-7, "9.5e-7"),
        (-0.0, "0"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
    ],
)
def test_numbers_as_ecmascript_writes_them(value: float, text: str) -> None:
    """DOC-3: RFC 8785, appendix B."""
    assert es_number(value) == text


def test_canonical_form() -> None:
    """DOC-3: the example of RFC 8785, section 3.2.3: keys in the order of UTF-16 code units."""
    value = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    keys = list(json.loads(canonical(value)))
    assert keys == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    assert canonical({"b": [1, True, None], "a": "x\u2028\n"}) == '{"a":"x\u2028\\n","b":[1,true,null]}'.encode()


@pytest.mark.parametrize(
    "value", [{"a": float("nan")}, {"a": 2**53}, {"a": 2.0**53}, {1: "a"}, {"a": object()}, {"a": "\ud800"}]
)
def test_what_json_lacks_is_refused(value: object) -> None:
    """DOC-3: nothing is written that a reader would refuse."""
    with pytest.raises(FormatError, match="not representable"):
        canonical(value)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), _VALUES))
def test_canonical_text_reads_back_and_is_a_fixed_point(value: dict[str, object]) -> None:
    """DOC-3: canonical text parses to an equal value, whose canonical text is the same."""
    text = canonical(value)
    back = parse(text, "x")
    assert back == value
    assert canonical(back) == text


def test_nesting_that_is_deep_or_endless() -> None:
    deep: object = {"b": 1, "a": "x"}
    for _ in range(40):
        deep = [deep, 1]
    assert canonical(deep) == b"[" * 40 + b'{"a":"x","b":1}' + b",1]" * 40
    endless: list[object] = []
    endless += [endless] * 1000
    with pytest.raises(FormatError, match="levels of nesting"):
        canonical(endless)


def test_frames_declare_their_size() -> None:
    """DOC-4: the declared size is compared before anything is decompressed."""
    data = b"x" * 100_000
    frame = compress(data)
    assert decompress(frame, len(data), "x") == data
    for wrong in (0, len(data) - 1, len(data) + 1, 2**50):
        with pytest.raises(FormatError, match="declares"):
            decompress(frame, wrong, "x")
    with pytest.raises(FormatError, match="zstd"):
        decompress(b"no frame", 8, "x")
    with pytest.raises(FormatError):
        decompress(frame[:-3], len(data), "x")
    with pytest.raises(FormatError):
        decompress(frame + b"more", len(data), "x")


def test_reader_names_the_place_and_keeps_unknown_fields() -> None:
    """DOC-5: unknown fields are kept; errors carry the path."""
    fields = Reader({"n": 1, "s": "x", "more": {"k": [1]}, "t": True, "l": [{"a": "b"}]}, "manifest")
    assert (fields.int("n"), fields.str("s"), fields.bool("t"), fields.opt_str("none")) == (1, "x", True, None)
    assert fields.extra({"n", "s", "t", "l"}) == {"more": {"k": [1]}}
    assert fields.children("l")[0].str("a") == "b"
    with pytest.raises(FormatError, match=r"manifest\.l\[0\]\.a: expected an integer of at least 0, found 'b'"):
        fields.children("l")[0].int("a")
    with pytest.raises(FormatError, match=r"manifest\.gone: expected text, found nothing"):
        fields.str("gone")
    with pytest.raises(FormatError, match=r"manifest\.t"):
        fields.int("t")


@pytest.mark.parametrize(
    ("value", "text"),
    [(float("nan"), "NaN"), (float("inf"), "Infinity"), (float("-inf"), "-Infinity"), (-0.0, "-0"), (1.0, "1")],
)
def test_data_values_as_text(value: float, text: str) -> None:
    """DOC-7: floats that JSON lacks have names, and the sign of zero stays."""
    assert float_text(value) == text
    assert str(float(text)) == str(value)
