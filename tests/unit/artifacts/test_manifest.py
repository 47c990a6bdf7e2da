"""The manifest, its entries and pages: what is written, and what is refused."""

from __future__ import annotations

import copy
import dataclasses
import io
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xxhash

from wbtable.errors import FormatError, UnsupportedError
from wbtable.format import entry_page
from wbtable.format.artifact_manifest import MAX_INLINE, ArtifactManifest
from wbtable.format.digest import PACK, Descriptor, Digest
from wbtable.format.documents import canonical
from wbtable.format.entry import Entry, Reference
from wbtable.format.entry_page import (
    MAX_ENTRIES,
    cut,
    decode_page,
    digest_of_lines,
    encode_page,
    ends_page,
    page_lines,
    page_refs,
)

if TYPE_CHECKING:
    from collections.abc import Callable

PACKED = Descriptor(media_type=PACK, digest=Digest.of(b"pack"), size=10_000)


def entry(path: str, **fields: Any) -> Entry:
    given: dict[str, Any] = {
        "media_type": "text/plain",
        "digest": Digest.of(path.encode()),
        "size": len(path),
        "pack": PACKED.digest,
        "offset": 0,
    }
    return Entry(path=path, **(given | fields))


def outside(path: str, **fields: Any) -> Entry:
    given: dict[str, Any] = {"digest": None, "size": None, "reference": Reference(uri="s3://b/k", etag="e")}
    return entry(path, pack=None, offset=None, **(given | fields))


def manifest(*entries: Entry, extra: dict[str, Any] | None = None) -> ArtifactManifest:
    return ArtifactManifest.inline(entries, [PACKED], extra)


def test_manifest_round_trips() -> None:  # ART-1, ART-3
    made = manifest(
        entry("a", content_digest=Digest.of(b"x"), data_size=7, media='{"cell":{},"type":{"kind":"image"}}'),
        outside("b"),
    )
    assert ArtifactManifest.from_json(made.to_json()) == made
    assert made.size == 1 + 7


def test_unknown_fields_are_kept() -> None:
    document = manifest(entry("a")).to_json() | {"later": [1]}
    document["entries"][0]["newer"] = {"x": 1}
    read = ArtifactManifest.from_json(document)
    assert read.to_json() == document


def test_example_of_the_specification() -> None:  # ART-6
    made = ArtifactManifest.inline(
        [
            entry("a.txt", digest=Digest.of(b"hi"), size=2),
            outside("far.bin", reference=Reference(uri="s3://bucket/far.bin", etag="9b2cf535f27731c974343645a3985328")),
        ],
        [PACKED],
    )
    assert made.digest.hex == "35046664f352833a8d55245164fc032c39d2a402d4dc2d6ffabdb3311f129ca5"
    assert made.entries[0].line == f"a.txt\0{Digest.of(b'hi')}\n".encode()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (entry("a"), entry("a", pack=None, offset=None)),
        (entry("a"), entry("a", media_type="image/png")),
        (
            entry("a", content_digest=Digest.of(b"c")),
            entry("a", content_digest=Digest.of(b"c"), digest=Digest.of(b"d")),
        ),
    ],
)
def test_identity_leaves_out_places(one: Entry, other: Entry) -> None:  # ART-6
    assert one.same_content(other)


@pytest.mark.parametrize(
    "other",
    [
        entry("a", digest=Digest.of(b"z")),
        entry("a", content_digest=Digest.of(b"z")),
        outside("a"),
        outside("a", digest=Digest.of(b"a")),
    ],
)
def test_identity_tells_content_apart(other: Entry) -> None:  # ART-6
    assert not entry("a").same_content(other)


def damage(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    document = copy.deepcopy(manifest(entry("a"), entry("b/c"), entry("d")).to_json())
    change(document)
    return document


HOSTILE: dict[str, Callable[[dict[str, Any]], object]] = {
    "count": lambda d: d.update(count=2),  # ART-1
    "size": lambda d: d.update(size=999),  # ART-1
    "unsorted": lambda d: d["entries"].reverse(),  # ART-2
    "twice": lambda d: d["entries"].__setitem__(1, d["entries"][0]),  # ART-2
    "clash": lambda d: d["entries"][2].update(path="b/c/d"),  # ART-2, PATH-3
    "up": lambda d: d["entries"][0].update(path="../a"),
    "absolute": lambda d: d["entries"][0].update(path="/a"),
    "backslash": lambda d: d["entries"][0].update(path="a\\b"),
    "nul": lambda d: d["entries"][0].update(path="a\0b"),
    "empty": lambda d: d["entries"][0].update(path=""),
    "objects": lambda d: d["entries"][2].update(path="objects/x"),
    "no path": lambda d: d["entries"][0].pop("path"),
    "no digest": lambda d: d["entries"][0].pop("digest"),
    "number as path": lambda d: d["entries"][0].update(path=7),
    "digest form": lambda d: d["entries"][0].update(digest="sha256:00"),
    "huge size": lambda d: d["entries"][0].update(size=2**60),
    "negative offset": lambda d: d["entries"][0].update(offset=-1),
    "half a place": lambda d: d["entries"][0].pop("offset"),
    "media type": lambda d: d["entries"][0].update(media_type="text/plain; charset=utf-8"),  # DIGEST-4
    "no media type": lambda d: d["entries"][0].update(media_type=None),
    "media no text": lambda d: d["entries"][0].update(media={}),
    "uri": lambda d: d["entries"][0].update(reference={"uri": "no uri"}),
    "not in refs": lambda d: d["entries"][0].update(pack=str(Digest.of(b"other"))),  # ART-5, DOC-6
    "refs twice": lambda d: d.update(refs=d["refs"] * 2),
    "entry no object": lambda d: d["entries"].__setitem__(0, "a"),
    "entries and pages": lambda d: d.update(
        pages=[
            {
                "file": {
                    "media_type": "application/vnd.wbtable.entry-page+parquet",
                    "digest": str(Digest.of(b"")),
                    "size": 1,
                },
                "first": "a",
                "last": "b",
                "count": 1,
                "size": 1,
                "digest": str(Digest.of(b"")),
            }
        ]
    ),  # ART-4
    "kind": lambda d: d.update(kind="wbtable.table"),
    "no refs": lambda d: d.pop("refs"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_manifests_are_refused(name: str) -> None:
    with pytest.raises(FormatError, match="artifact manifest"):
        ArtifactManifest.from_json(damage(HOSTILE[name]))


def test_the_error_names_the_entry() -> None:
    with pytest.raises(FormatError, match=r"entries\[1\].*\.\./x"):
        ArtifactManifest.from_json(damage(lambda d: d["entries"][1].update(path="../x")))


@pytest.mark.parametrize("change", [{"format": "1.0"}, {"features": {"reader": ["later"], "writer": []}}])
def test_newer_manifests_are_not_guessed_at(change: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedError, match="upgrade"):
        ArtifactManifest.from_json(damage(lambda d: d.update(change)))


def test_too_many_inline_entries_are_refused() -> None:  # ART-4
    with pytest.raises(FormatError, match="4096"):
        manifest(*(entry(f"{i:05}") for i in range(MAX_INLINE + 1)))


# Pages.


def many(count: int) -> list[Entry]:
    return [entry(f"f/{i:06}") for i in range(count)]


def test_pages_end_where_the_paths_say() -> None:  # PAGE-1
    entries = many(20_000)
    pages = list(cut(entries))
    assert [e for page in pages for e in page] == entries
    for page in pages[:-1]:
        assert xxhash.xxh3_64_intdigest(page[-1].path.encode()) % 4096 == 0
        assert not any(ends_page(e.path, 1) for e in page[:-1])
    assert len(pages) > 2
    assert ends_page("f/000000", MAX_ENTRIES)


def test_pages_round_trip() -> None:  # PAGE-2, PAGE-3
    media = '{"cell":{},"type":{"kind":"image"}}'
    entries = [entry("a", media=media, data_size=3), entry("b", extra={"newer": 1}), outside("c")]
    data, page = encode_page(entries, [PACKED])
    assert decode_page(data, page, "page") == entries
    assert page_refs(data, "page") == [PACKED]
    assert (page.first, page.last, page.count, page.digest) == ("a", "c", 3, digest_of_lines(entries))


@pytest.mark.parametrize("entries", [many(100), [*many(3), outside("g")], [entry("é", content_digest=Digest.of(b"x"))]])
def test_lines_are_the_same_without_making_entries(entries: list[Entry]) -> None:  # ART-6
    data, page = encode_page(entries, [PACKED])
    assert page_lines(data, page, "page") == b"".join(e.line for e in entries)


def test_pages_cost_few_bytes() -> None:
    data, _ = encode_page(many(4096), [PACKED])
    assert len(data) < 48 * 4096


@pytest.mark.parametrize(
    ("paths", "lie"),
    [
        ("abd", {"count": 2}),
        ("abd", {"first": "a0"}),
        ("abd", {"last": "z"}),
        ("abd", {"digest": Digest.of(b"")}),
        ("acbd", {}),
        ("abbd", {}),
    ],
)
def test_pages_that_are_not_as_said_are_refused(paths: str, lie: dict[str, Any]) -> None:  # PAGE-4
    data, page = encode_page([entry(path) for path in paths], [PACKED])
    with pytest.raises(FormatError):
        decode_page(data, dataclasses.replace(page, **lie), "page")


def test_a_page_that_declares_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:  # PAGE-4
    data, page = encode_page(many(1000), [PACKED])
    monkeypatch.setattr(entry_page, "MAX_PAGE_BYTES", 100)
    with pytest.raises(FormatError, match="declared"):
        decode_page(data, page, "page")


def test_pages_must_name_what_they_refer_to() -> None:  # DOC-6
    data, page = encode_page(many(3), [])
    with pytest.raises(FormatError, match="refs"):
        decode_page(data, page, "page")


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1" + b"\0" * 100 + b"PAR1"])
def test_pages_that_are_no_parquet_are_refused(data: bytes) -> None:  # PAGE-4
    _, page = encode_page(many(3), [PACKED])
    with pytest.raises(FormatError, match="page"):
        decode_page(data, page, "page")


def test_a_page_of_other_columns_is_refused() -> None:  # PAGE-4
    out = io.BytesIO()
    pq.write_table(pa.table({"path": ["a", "b", "c"]}), out)
    _, page = encode_page(many(3), [PACKED])
    with pytest.raises(FormatError, match="columns"):
        decode_page(out.getvalue(), page, "page")


@pytest.mark.parametrize("change", [{"size": 4}, {"media_type": PACK}])
def test_an_entry_is_what_refs_says_of_its_object(change: dict[str, Any]) -> None:  # ART-10
    alone = Descriptor(media_type="image/png", digest=Digest.of(b"abc"), size=3)
    entry_of_it = entry("a", media_type="text/plain", digest=alone.digest, size=3, pack=None, offset=None)
    document = ArtifactManifest.inline([entry_of_it], [alone]).to_json()
    assert ArtifactManifest.from_json(document).entries == (entry_of_it,)
    document["entries"][0].update(change)
    with pytest.raises(FormatError, match="'a' as refs has it"):
        ArtifactManifest.from_json(document | {"size": document["entries"][0]["size"]})


def test_a_page_of_another_writer_is_read() -> None:  # PAGE-2: columns in any order, a data size of 0 as null
    data, page = encode_page([entry("a"), entry("b", data_size=5)], [PACKED])
    file = pq.ParquetFile(io.BytesIO(data))
    table = file.read()
    sizes = pa.array([None, 5], pa.int64())
    table = table.drop(["data_size"]).append_column("data_size", sizes).append_column("more", sizes)
    out = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({"wbtable": file.metadata.metadata[b"wbtable"]}), out)
    read = decode_page(out.getvalue(), page, "page")
    assert [e.data_size for e in read] == [0, 5]


def test_documents_are_canonical() -> None:
    made = manifest(entry("a"))
    assert canonical(made.to_json()) == canonical(ArtifactManifest.from_json(made.to_json()).to_json())
