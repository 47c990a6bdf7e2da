from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from wbtable.errors import FormatError
from wbtable.format.digest import FRAGMENT, FRAGMENT_PAGE, PACK, SKETCH, Descriptor, Digest
from wbtable.format.documents import canonical, parse
from wbtable.format.fragment import ColumnChunk, Fragment
from wbtable.format.schema import Column, Schema
from wbtable.format.table_manifest import (
    PAGE_FRAGMENTS,
    ForeignKey,
    PageEntry,
    TableManifest,
    encode_page,
    page_content_digest,
    read_page,
)
from wbtable.format.types import NumberType, StringType

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMA = Schema(columns=(Column(name="id", type=NumberType(dtype="int64")), Column(name="", type=StringType())))
PACKS = tuple(
    Descriptor(media_type=PACK, digest=digest, size=99) for digest in sorted([Digest.of(b"one"), Digest.of(b"two")])
)


def _fragment(number: int, rows: int = 10) -> Fragment:
    chunks = (
        ColumnChunk(nulls=0, fingerprint=f"{number:032x}", least="1", greatest="9"),
        ColumnChunk(nulls=rows, fingerprint="f" * 32),
    )
    file = Descriptor(media_type=FRAGMENT, digest=Digest.of(b"%d" % number), size=1000)
    return Fragment(
        file=file, rows=rows, xxh3="1" * 32, footer_length=50, footer_xxh3="2" * 32, columns=chunks, containers=PACKS
    )


def _page(first: int = 1000) -> tuple[dict[str, Any], PageEntry, list[Fragment]]:
    fragments = [_fragment(first + i) for i in range(PAGE_FRAGMENTS)]
    data, _ = encode_page(fragments)
    entry = PageEntry(
        page=Descriptor(media_type=FRAGMENT_PAGE, digest=Digest.of(data), size=len(data)),
        rows=10 * PAGE_FRAGMENTS,
        content_digest=page_content_digest(fragments),
    )
    return parse(data, "page"), entry, fragments


def _manifest() -> TableManifest:
    return TableManifest(
        schema=SCHEMA,
        rows=10 * PAGE_FRAGMENTS + 20,
        pages=(_page()[1],),
        tail=(_fragment(1), _fragment(2)),
        summaries=({"count": 1, "nulls": 0}, {"count": 1, "nulls": 1}),
        sketch=Descriptor(media_type=SKETCH, digest=Digest.of(b"sketch"), size=9),
        log_mode="INCREMENTAL",
        primary_key="id",
        foreign_keys=(ForeignKey(column="", table="songs.table.json", table_column="id"),),
    )


def _value() -> dict[str, Any]:
    return parse(canonical(_manifest().to_json()), "manifest")


def test_a_manifest_reads_back_as_it_was() -> None:
    # TABLE-1, TABLE-4
    assert TableManifest.from_json(_value()) == _manifest()
    assert _value()["kind"] == "wbtable.table"


def test_refs_name_pages_fragments_containers_and_the_sketch_once() -> None:
    # DOC-6: the page's own fragments are in the page's refs
    value = _value()
    kinds = [ref["media_type"] for ref in value["refs"]]
    assert sorted(kinds) == sorted([FRAGMENT, FRAGMENT, FRAGMENT_PAGE, PACK, PACK, SKETCH])
    digests = [ref["digest"] for ref in value["refs"]]
    assert digests == sorted(set(digests))
    for fragment in value["tail"]:
        assert {value["refs"][at]["digest"] for at in fragment["containers"]} == {str(p.digest) for p in PACKS}
        assert fragment["containers"] == sorted(fragment["containers"])


def _set(*path: str | int, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(value: Any) -> None:
        for step in path[:-1]:
            value = value[step]
        value[path[-1]] = to

    return change


def _drop(*path: str | int) -> Callable[[dict[str, Any]], None]:
    def change(value: Any) -> None:
        for step in path[:-1]:
            value = value[step]
        del value[path[-1]]

    return change


@pytest.mark.parametrize(
    ("rule", "change", "message"),
    [
        ("TABLE-1", _set("kind", to="wbtable.artifact"), "wbtable.table"),
        ("TABLE-2", _set("columns", 1, "name", to="id"), "id"),
        ("TABLE-2", _set("columns", 1, "name", to=1), "name"),
        ("TABLE-3", _set("rows", to=1301), "1301 rows"),
        ("TABLE-3", _set("rows", to=-1), "rows"),
        ("TABLE-3", _set("pages", 0, "rows", to=1), "rows"),
        ("TABLE-3", _set("tail", 0, "rows", to=11), "rows"),
        ("TABLE-4", _set("tail", 0, "rows", to=0), "rows"),
        ("TABLE-4", _set("tail", 0, "xxh3", to="1" * 31), "xxh3"),
        ("TABLE-4", _set("tail", 0, "xxh3", to="A" * 32), "xxh3"),
        ("TABLE-4", _set("tail", 1, "footer_xxh3", to=None), "footer_xxh3"),
        ("TABLE-4", _set("tail", 1, "footer_length", to=0), "footer_length"),
        ("TABLE-4", lambda value: value["tail"][0]["columns"].append(value["tail"][0]["columns"][0]), "2 columns"),
        ("TABLE-4", _set("tail", 0, "columns", 0, "fingerprint", to="x"), "fingerprint"),
        ("TABLE-4", _set("tail", 0, "columns", 0, "nulls", to=-1), "nulls"),
        ("TABLE-4", _set("tail", 0, "containers", to=[99]), "containers"),
        ("TABLE-4", _set("tail", 0, "containers", to=[-1]), "containers"),
        ("TABLE-4", _set("tail", 0, "containers", to=[True]), "containers"),
        ("TABLE-4", _set("tail", 0, "file", "media_type", to=PACK), "media type"),
        ("TABLE-5", _set("pages", 0, "page", "media_type", to=FRAGMENT), "media type"),
        ("TABLE-6", _set("content_digest", to=f"SHA-256:{'0' * 64}"), "content_digest"),
        ("TABLE-6", _set("tail", 0, "columns", 0, "fingerprint", to="0" * 32), "content_digest"),
        ("TABLE-6", _set("columns", 1, "name", to="other"), "."),
        ("TABLE-6", _set("log_mode", to="MUTABLE"), "content_digest"),
        ("TABLE-8", _set("primary_key", to="missing"), "missing"),
        ("TABLE-8", _set("foreign_keys", 0, "column", to="missing"), "missing"),
        ("TABLE-1", _set("log_mode", to="SOMETIMES"), "IMMUTABLE"),
        ("DOC-6", _set("refs", to=[]), "refs|containers"),
        ("DOC-6", lambda value: value["refs"].reverse(), "order of digest"),
        ("DOC-6", lambda value: value["refs"].append(value["refs"][-1]), "order of digest"),
        ("TABLE-4", _set("sketch", "media_type", to=PACK), "sketch"),
    ],
)
def test_what_does_not_add_up_is_refused(rule: str, change: Callable[[dict[str, Any]], None], message: str) -> None:
    value = copy.deepcopy(_value())
    change(value)
    with pytest.raises(FormatError, match=message):
        TableManifest.from_json(value)
    assert rule


@pytest.mark.parametrize("field", ["columns", "rows", "log_mode", "content_digest", "tail", "refs", "kind", "format"])
def test_missing_fields_are_named(field: str) -> None:
    value = _value()
    del value[field]
    with pytest.raises(FormatError, match=field):  # TABLE-1
        TableManifest.from_json(value)


def test_a_ref_that_nothing_names_is_refused() -> None:
    # DOC-6
    value = _value()
    value["refs"].append({"media_type": PACK, "digest": f"SHA-256:{'f' * 64}", "size": 1})
    with pytest.raises(FormatError, match="refs"):
        TableManifest.from_json(value)


def test_the_content_digest_says_what_the_rows_are_and_not_how_they_are_stored() -> None:
    # TABLE-6
    one = _manifest()
    again = replace(one.tail[0].file, digest=Digest.of(b"other encoding"))
    assert replace(one, tail=(replace(one.tail[0], file=again), one.tail[1])).content_digest == one.content_digest
    assert replace(one, sketch=None, summaries=()).content_digest == one.content_digest
    assert replace(one, tail=one.tail[::-1]).content_digest != one.content_digest
    assert replace(one, primary_key=None).content_digest != one.content_digest
    assert replace(one, foreign_keys=()).content_digest != one.content_digest


def test_the_content_digest_is_that_of_the_written_form() -> None:
    # TABLE-6, computed anew from the text
    value = _value()
    covered = {
        "columns": value["columns"],
        "pages": [page["content_digest"] for page in value["pages"]],
        "tail": [[f["rows"], [c["fingerprint"] for c in f["columns"]]] for f in value["tail"]],
        "keys": [value["primary_key"], value["foreign_keys"]],
        "log_mode": value["log_mode"],
    }
    assert str(Digest.of(canonical(covered))) == value["content_digest"]


def test_a_page_reads_back_as_it_was() -> None:
    value, entry, fragments = _page()
    assert read_page(value, entry, "page") == tuple(fragments)  # TABLE-5
    assert value["kind"] == "wbtable.fragment-page"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_drop("fragments", 5), "128 fragments"),
        (_set("kind", to="wbtable.table"), "fragment-page"),
        (_set("fragments", 5, "rows", to=11), "1280 rows"),
        (_set("fragments", 5, "columns", 0, "fingerprint", to="0" * 32), "content digest"),
        (_set("fragments", 5, "xxh3", to=""), "xxh3"),
    ],
)
def test_a_page_that_is_not_as_the_manifest_says_is_refused(
    change: Callable[[dict[str, Any]], None], message: str
) -> None:
    # TABLE-5, TABLE-6
    value, entry, _ = _page()
    change(value)
    with pytest.raises(FormatError, match=message):
        read_page(value, entry, "page")


def test_fragments_of_a_page_have_no_more_columns_than_the_manifest() -> None:
    # TABLE-4
    value, entry, fragments = _page()
    assert read_page(value, entry, "page", 2) == tuple(fragments)
    with pytest.raises(FormatError, match=r"page\.fragments: expected at most 1 columns"):
        read_page(value, entry, "page", 1)


def test_a_page_names_all_its_objects() -> None:
    # TABLE-5, DOC-6
    value, _, fragments = _page()
    expected = {str(f.file.digest) for f in fragments} | {str(p.digest) for p in PACKS}
    assert {ref["digest"] for ref in value["refs"]} == expected


def test_a_page_whose_refs_hide_an_object_is_refused() -> None:
    # DOC-6: collection walks refs and nothing else
    value, entry, fragments = _page()
    hidden = str(fragments[0].file.digest)
    at = next(i for i, ref in enumerate(value["refs"]) if ref["digest"] == hidden)
    del value["refs"][at]
    for fragment in value["fragments"]:
        fragment["containers"] = [c - (c > at) for c in fragment["containers"]]
    with pytest.raises(FormatError, match="refs"):
        read_page(value, entry, "page")


def test_the_joined_text_is_canonical() -> None:
    """DOC-3: texts that were made one by one and joined are what the whole gives."""
    page, entry, fragments = _page()
    whole = replace(
        _manifest(),
        rows=entry.rows + 20,
        pages=(entry,),
        tail=(fragments[0], replace(fragments[1], containers=())),
        extra={"é": {"deep": [1, None]}, "zz": "\u2028"},
        summaries=({"count": 3, "min": "ß"},) * len(SCHEMA),
    )
    for data in (whole.encode(), replace(whole, extra={}).encode(), encode_page(fragments)[0]):
        assert canonical(parse(data, "document")) == data
    assert canonical(page) == encode_page(fragments)[0]
    assert TableManifest.from_json(whole.to_json()) == whole


@pytest.mark.parametrize("rows", [0, -1, 10_000, "3"])
def test_a_sketch_of_rows_that_are_not_there_is_refused(rows: object) -> None:
    """SUM-10."""
    value = _manifest().to_json() | {"sketch_rows": rows}
    with pytest.raises(FormatError, match="sketch_rows"):
        TableManifest.from_json(value)


def _bare(number: int) -> Fragment:
    return replace(_fragment(number), containers=())


@pytest.mark.parametrize(
    ("first", "added"),
    [
        ([_bare(1)], [_bare(2)]),
        ([], [_bare(1), _bare(2)]),
        ([_bare(1), _bare(2)], []),
        ([_bare(1), _bare(2)], [_bare(1)]),  # the same rows again
        ([_bare(1)], [_fragment(2)]),
        ([_fragment(1)], [_bare(2)]),
        ([_fragment(1)], [replace(_fragment(2), containers=PACKS[1:])]),
    ],
)
@pytest.mark.parametrize("change", [{}, {"sketch": None}, {"pages": ()}, {"schema": Schema(SCHEMA.columns[::-1])}])
@pytest.mark.parametrize("is_written", [False, True])
def test_a_manifest_that_follows_another_is_the_one_made_anew(
    first: list[Fragment], added: list[Fragment], change: dict[str, Any], is_written: bool
) -> None:
    """DOC-3, DOC-6, TABLE-6: what is taken over of the manifest before is what would be made of the fields."""
    base = replace(_manifest(), tail=tuple(first), rows=10 * (PAGE_FRAGMENTS + len(first)))
    if is_written:
        base.encode()
    rows = 10 * (len(first) + len(added) + (0 if "pages" in change else PAGE_FRAGMENTS))
    anew = replace(base, tail=(*first, *added), rows=rows, **change)
    following = replace(anew)
    following.follow(base)
    for _ in range(2):
        assert following.encode() == anew.encode()
        assert (following.refs, following.content_digest) == (anew.refs, anew.content_digest)
    further = replace(following, tail=(*following.tail, _bare(9)), rows=rows + 10)
    expected = replace(further).encode()
    further.follow(following)
    assert further.encode() == expected
    assert TableManifest.from_json(further.to_json()) == further


def test_a_manifest_does_not_follow_one_of_other_rows() -> None:
    base = replace(_manifest(), tail=(_bare(1), _bare(2)))
    base.encode()
    other = replace(base, tail=(_bare(1), _bare(3)))
    expected = replace(other).encode()
    other.follow(base)
    assert other.encode() == expected
