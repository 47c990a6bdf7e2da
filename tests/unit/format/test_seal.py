"""Documents that no digest names carry a check."""

from __future__ import annotations

import contextlib
import itertools

import pytest

from wbtable.errors import DigestMismatchError, FormatError
from wbtable.format.documents import canonical, parse
from wbtable.format.seal import check_bytes, check_seal, encode_sealed, sealed


def test_a_sealed_document_is_as_it_was_written() -> None:  # DOC-8
    document = sealed({"b": 1.0, "a": ["é", None]})
    check_seal(document, "here")
    check_seal({"a": ["é", None], "b": 1, "check": document["check"]}, "here")  # the form does not matter
    assert sealed(document | {"b": 2})["check"] != document["check"]
    assert sealed(document) == document


@pytest.mark.parametrize("change", [{"b": 2}, {"c": 0}, {"a": ["e", None]}, {"check": None}, {"check": "0" * 32}])
def test_any_change_is_refused(change: dict[str, object]) -> None:  # DOC-8
    document = sealed({"b": 1, "a": ["é", None]})
    with pytest.raises(DigestMismatchError, match="here"):
        check_seal(document | change, "here")
    with pytest.raises(DigestMismatchError):
        check_seal({key: value for key, value in document.items() if key != "check"}, "here")


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"a": 1},
        {"d": [1.5]},
        {"a": "é", "b": None, "checks": {"check": 1}, "z": [True]},
        {"check": "of another", "chec": 0, "che\u00e9": 1, "\U0001f600": 2, "\ufffd": 3, "": 4},
    ],
)
def test_the_bytes_of_a_sealed_document(document: dict[str, object]) -> None:  # DOC-3, DOC-8
    assert encode_sealed(document) == canonical(sealed(document))
    check_bytes(encode_sealed(document), "here")


@pytest.mark.parametrize(
    "document",
    [
        {"a": 1, "z": "x"},
        {"a": 1},
        {"z": 1},
        {},
        {"a": [{"check": "0" * 32}] * 9, "z": {"check": "1" * 32}},
        {"z": {"check": "1" * 32}},
    ],
)
def test_no_bit_of_the_stored_form_changes_unseen(document: dict[str, object]) -> None:  # DOC-8
    data = encode_sealed(document)
    check_bytes(data, "here")
    check_bytes(data.replace(b'"check":', b'"check": '), "here")
    check_bytes(canonical(document), "here")
    for at, bit in itertools.product(range(len(data)), range(8)):
        damaged = data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
        with contextlib.suppress(FormatError):
            found = parse(damaged, "here")
            check_bytes(damaged, "here")
            # What passes is of other bytes than the content: the name of the check, or its form.
            assert {key: found.get(key) for key in document} == document
