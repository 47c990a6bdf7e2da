from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from wbtable.errors import FormatError, UnsupportedError
from wbtable.format.artifact_manifest import ArtifactManifest
from wbtable.format.features import FORMAT_VERSION, check_document, check_writable, parse_version
from wbtable.format.schema import Schema
from wbtable.format.table_manifest import TableManifest

if TYPE_CHECKING:
    from collections.abc import Callable


def _document(**changes: Any) -> dict[str, Any]:
    return {"kind": "wbtable.table", "format": "0.1", "features": {"reader": [], "writer": []}, **changes}


@pytest.mark.parametrize(("text", "parts"), [("0.1", (0, 1)), ("1.0", (1, 0)), ("12.345", (12, 345))])
def test_versions_are_two_numbers(text: str, parts: tuple[int, int]) -> None:
    assert parse_version(text, "x") == parts  # VERSION-1


@pytest.mark.parametrize(
    "text", ["", "1", "1.", ".1", "01.0", "1.00", "+1.0", "1.0.0", "1.x", " 1.0", "1.0\n", "9999999.0", "\u0661.\u0660"]
)
def test_other_texts_are_no_version(text: str) -> None:
    with pytest.raises(FormatError, match=r"x: expected a format version like 0\.1"):  # VERSION-1
        parse_version(text, "x")


def test_this_version_is_one() -> None:
    assert parse_version(FORMAT_VERSION, "x") == (0, 1)


@pytest.mark.parametrize("format_version", ["0.0", "0.1", "0.2", "0.999"])
def test_every_minor_of_our_major_is_read(format_version: str) -> None:
    check_document(_document(format=format_version), "wbtable.table", "manifest")  # VERSION-2


def test_a_newer_major_is_unsupported() -> None:
    with pytest.raises(UnsupportedError, match=r"manifest: .*format 1\.0.*upgrade"):  # VERSION-2
        check_document(_document(format="1.0"), "wbtable.table", "manifest")


def test_another_kind_is_damage() -> None:
    with pytest.raises(FormatError, match=r"wbtable\.artifact"):  # VERSION-2
        check_document(_document(), "wbtable.artifact", "manifest")


@pytest.mark.parametrize("changes", [{"format": None}, {"format": 1}, {"kind": None}, {"features": []}])
def test_a_malformed_head_is_damage(changes: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        check_document(_document(**changes), "wbtable.table", "manifest")


def test_an_unknown_reader_feature_is_unsupported_by_name() -> None:
    value = _document(features={"reader": ["encrypted-packs"], "writer": []})
    with pytest.raises(UnsupportedError, match="encrypted-packs"):  # VERSION-3
        check_document(value, "wbtable.table", "manifest")


def test_an_unknown_writer_feature_stops_writers_only() -> None:
    value = _document(features={"reader": [], "writer": ["row-tombstones"]})
    check_document(value, "wbtable.table", "manifest")  # VERSION-4
    with pytest.raises(UnsupportedError, match="row-tombstones"):
        check_writable(value, "manifest")


@pytest.mark.parametrize("check", [lambda d: check_document(d, "wbtable.table", "m"), lambda d: check_writable(d, "m")])
def test_absent_features_are_none(check: Callable[[dict[str, Any]], None]) -> None:
    value = _document()
    del value["features"]
    check(value)  # VERSION-3, VERSION-4


def test_documents_from_the_future_are_refused_whole() -> None:
    # VERSION-2, VERSION-3: through the documents' own readers, before any other field is looked at.
    table = TableManifest(schema=Schema(columns=()), rows=0).to_json()
    with pytest.raises(UnsupportedError):
        TableManifest.from_json({**table, "format": "7.0", "columns": "?"})
    artifact = ArtifactManifest.inline([], []).to_json()
    with pytest.raises(UnsupportedError):
        ArtifactManifest.from_json({**artifact, "features": {"reader": ["x"]}, "entries": "?"})


def test_documents_carry_version_and_features() -> None:
    for document in (TableManifest(schema=Schema(columns=()), rows=0), ArtifactManifest.inline([], [])):
        head = document.to_json()
        assert (head["format"], head["features"]) == (
            FORMAT_VERSION,
            {"reader": [], "writer": []},
        )  # VERSION-1, VERSION-3


def test_fields_of_newer_minors_are_kept() -> None:
    table = {**TableManifest(schema=Schema(columns=()), rows=0).to_json(), "format": "0.2", "colour": "blue"}
    assert TableManifest.from_json(table).to_json()["colour"] == "blue"  # DOC-5
