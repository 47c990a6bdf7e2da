"""A reader and a writer of stores made from the words of `spec/` alone: nothing of the library is used here.

Slow and plain on purpose. What it cannot find out from the specification is a hole in the specification.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import re
import struct
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xxhash
import zstandard

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

Json = dict[str, Any]

OURS = "application/vnd.wbtable."
SUFFIXES = {
    "fragment+parquet": ".parquet",
    "sketch+parquet": ".parquet",
    "entry-page+parquet": ".parquet",
    "history+parquet": ".parquet",
    "pack": ".pack",
    "table+json": ".json.zst",
    "fragment-page+json": ".json.zst",
    "artifact+json": ".json.zst",
    "joined-table+json": ".json",
    "partitioned-table+json": ".json",
}
MAGIC = b"\x89WBPK\r\n\x1a"
NUMBERS = {name: pa.type_for_alias(name) for name in "int8 int16 int32 int64 uint8 uint64 float32 float64".split()}
FILE = pa.struct(
    [(name, pa.int64() if name in {"offset", "size"} else pa.string())
     for name in ("uri", "offset", "size", "content_type", "checksum")]
)  # fmt: skip
FACTS: dict[str, list[tuple[str, pa.DataType]]] = {
    "image": [
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("caption", pa.string()),
        ("grouping", pa.int64()),
    ]
}


def number_text(value: float) -> str:
    """Return a number as ECMAScript writes it (DOC-3)."""
    if value == 0:
        return "0"
    found = re.fullmatch(r"(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?", repr(value))
    assert found is not None
    digits, point = found[2] + (found[3] or ""), len(found[2]) + int(found[4] or 0)
    kept = digits.lstrip("0")
    point -= len(digits) - len(kept)
    kept = kept.rstrip("0")
    if len(kept) <= point <= 21:
        text = kept + "0" * (point - len(kept))
    elif 0 < point <= 21:
        text = f"{kept[:point]}.{kept[point:]}"
    elif -6 < point <= 0:
        text = "0." + "0" * -point + kept
    else:
        text = f"{kept[0]}{'.' * (len(kept) > 1)}{kept[1:]}e{point - 1:+d}"
    return found[1] + text


def canonical(value: Any) -> bytes:
    """Return canonical JSON (DOC-3)."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: str(name).encode("utf-16-be"))
        return b"{%b}" % b",".join(canonical(name) + b":" + canonical(value[name]) for name in names)
    if isinstance(value, list):
        return b"[%b]" % b",".join(map(canonical, value))
    if isinstance(value, float):
        return number_text(value).encode()
    return json.dumps(value, ensure_ascii=False).encode()


def sha(data: bytes) -> str:
    """Return the written form of a digest (DIGEST-1)."""
    return "SHA-256:" + hashlib.sha256(data).hexdigest()


def xxh3(data: bytes) -> str:
    """Return 32 digits of XXH3-128."""
    return xxhash.xxh3_128_hexdigest(data)


def check_of(document: Json) -> str:
    """Return what `check` has to be (DOC-8)."""
    return xxh3(canonical({name: value for name, value in document.items() if name != "check"}))


def suffix(media_type: str) -> str:
    """Return the suffix that a media type fixes (DIGEST-4)."""
    return SUFFIXES.get(media_type.removeprefix(OURS), "") if media_type.startswith(OURS) else ""


def key_of(descriptor: Json) -> str:
    """Return an object's key (LAYOUT-1)."""
    digits = descriptor["digest"].removeprefix("SHA-256:")
    return f"objects/{digits[:2]}/{digits[2:]}{suffix(descriptor['media_type'])}"


def escaped(name: str) -> str:
    """Return a name as a part of a key (LAYOUT-4)."""
    data = name.encode()
    plain = b"abcdefghijklmnopqrstuvwxyz0123456789._-"
    return "".join(
        chr(byte) if byte in plain and not (byte == ord(".") and at in {0, len(data) - 1}) else f"%{byte:02x}"
        for at, byte in enumerate(data)
    )


def physical(kind: Json) -> pa.DataType:
    """Return the Arrow type of a column (page 06), of the kinds that the tests use."""
    name = kind["kind"]
    plain = {"null": pa.null(), "boolean": pa.bool_(), "string": pa.string(), "any": pa.string(), "date": pa.date32()}
    if name in plain:
        return plain[name]
    if name == "number":
        return NUMBERS[kind["dtype"]]
    if name == "integer":
        return pa.decimal128(38, 0)
    if name == "timestamp":
        return pa.timestamp(kind["unit"], kind.get("zone"))
    if name == "list":
        return pa.list_(physical(kind["item"]))
    if name == "map":
        return pa.map_(physical(kind["key"]), physical(kind["item"]))
    if name == "struct":
        fields = [(field["name"], physical(field["type"])) for field in kind["fields"]]
        has_absent = kind.get("absent") or not fields
        return pa.struct([*fields, *([("$absent", pa.list_(pa.string()))] if has_absent else [])])
    if name == "ndarray":
        return pa.list_(NUMBERS[kind["dtype"]], math.prod(kind["shape"]))
    return pa.struct([("file", FILE), *FACTS[name]])


def node(column: pa.Array, *, media: bool) -> bytes:
    """Return the canonical form of an array (FP-2 to FP-8)."""
    kind, rows = column.type, len(column)
    held = [not pa.types.is_null(kind) and item.is_valid for item in column]
    head = struct.pack("<Q", rows) + bits(held)
    if pa.types.is_null(kind):
        return head
    if pa.types.is_boolean(kind):
        return head + bits([bool(item.as_py()) for item in column])
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        texts = [item.as_buffer().to_pybytes() if item.is_valid else b"" for item in column]
        return head + b"".join(struct.pack("<q", len(text)) for text in texts) + b"".join(texts)
    if pa.types.is_struct(kind):
        return head + b"".join(node(child, media=media) for child in children(column, held, media=media))
    if pa.types.is_nested(kind):
        inner = [item.values for item in column if item.is_valid]
        lengths = iter([len(values) for values in inner])
        head += b"".join(struct.pack("<q", next(lengths) if here else 0) for here in held)
        both = pa.types.is_map(kind)
        parts = [[values.field(at) for values in inner] for at in (0, 1)] if both else [inner]
        types = [kind.key_type, kind.item_type] if both else [kind.value_type]
        made = [pa.concat_arrays(part) if part else pa.array([], of) for part, of in zip(parts, types, strict=True)]
        return head + b"".join(node(part, media=media) for part in made)
    width = kind.bit_width // 8
    plain = [memoryview(pa.array([item], kind).buffers()[1])[:width].tobytes() for item in column if item.is_valid]
    values = iter(plain)
    return head + b"".join(next(values) if here else bytes(width) for here in held)


def children(column: pa.Array, held: list[bool], *, media: bool) -> Iterator[pa.Array]:
    """Yield the children of structs, null where these are, FILE groups of media without places (FP-6, FP-8)."""
    for at in range(column.type.num_fields):
        field, child = column.type.field(at), column.field(at)
        if not pa.types.is_null(field.type):
            child = pc.if_else(pa.array(held, pa.bool_()), child, pa.scalar(None, field.type))
        if media and field.name == "file":
            kept = ["size", "content_type", "checksum"]
            child = pa.StructArray.from_arrays([child.field(name) for name in kept], kept, mask=pc.is_null(child))
        yield child


def bits(values: Sequence[bool]) -> bytes:
    """Return one bit for each value, the least significant of a byte first (FP-2)."""
    out = bytearray((len(values) + 7) // 8)
    for at, value in enumerate(values):
        out[at // 8] |= value << at % 8
    return bytes(out)


def fingerprint(column: pa.Array, kind: Json) -> str:
    """Return a column's fingerprint (FP-1)."""
    return xxh3(node(column, media=kind["kind"] in FACTS))


def trailer(pack: bytes, name: str) -> dict[tuple[int, int], str]:
    """Return what a pack holds where, all of it checked (PACK-3, PACK-4, PACK-5, PACK-11)."""
    count, version, magic = struct.unpack("<II8s", pack[-16:])
    assert (magic, version) == (MAGIC, 1)
    table = pack[-16 - 48 * count :]
    assert sha(table) == name
    place, found = 0, {}
    for at in range(count):
        digest, offset, size = struct.unpack_from("<32sQQ", table, 48 * at)
        assert offset == place
        assert hashlib.sha256(pack[offset : offset + size]).digest() == digest
        found[offset, size] = "SHA-256:" + digest.hex()
        place += size
    assert place == len(pack) - len(table)
    return found


def identity(entry: Json) -> str:
    """Return what the artifact digest takes for an entry's content (ART-6)."""
    place = entry.get("reference")
    if place is None:
        found: str = entry.get("content_digest") or entry["digest"]
        return found
    known = {"digest": entry.get("digest"), "size": entry.get("size")}
    return sha(canonical({**known, "etag": place.get("etag"), "uri": place["uri"]}))


def artifact_digest(entries: Sequence[Json]) -> str:
    """Return the digest over the lines of entries (ART-6)."""
    return sha(b"".join(entry["path"].encode() + b"\0" + identity(entry).encode() + b"\n" for entry in entries))


def total(entries: Sequence[Json]) -> int:
    """Return the sizes of entries and of what they lead to (ART-1)."""
    return sum(entry.get("size", 0) + entry.get("data_size", 0) for entry in entries)


def contents(fragments: Sequence[Json]) -> list[Any]:
    """Return what content digests cover of fragments (TABLE-6)."""
    return [[one["rows"], [column["fingerprint"] for column in one["columns"]]] for one in fragments]


def content_digest(manifest: Json) -> str:
    """Return a table's content digest (TABLE-6)."""
    covered = {
        "columns": manifest["columns"],
        "pages": [page["content_digest"] for page in manifest.get("pages", [])],
        "tail": contents(manifest["tail"]),
        "keys": [manifest.get("primary_key"), manifest.get("foreign_keys", [])],
        "log_mode": manifest["log_mode"],
    }
    return sha(canonical(covered))


class Objects:
    """The bytes below a root, and the documents in them."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def document(self, data: bytes, kind: str) -> Json:
        """Return a root document, which is canonical (DOC-3, DOC-6, VERSION-2)."""
        found: Json = json.loads(data)
        assert found["kind"] == kind
        assert found["format"] == "0.1"
        assert canonical(found) == data
        digests = [ref["digest"] for ref in found.get("refs", [])]
        assert digests == sorted(set(digests))
        return found

    def sealed(self, key: str, kind: str) -> Json:
        """Return a document that no digest names (DOC-8)."""
        found = self.document((self.root / key).read_bytes(), kind)
        assert found["check"] == check_of(found)
        return found

    def get(self, descriptor: Json) -> bytes:
        """Return an object's content, checked (DIGEST-5, DIGEST-6, DOC-4)."""
        key = key_of(descriptor)
        data = (self.root / key).read_bytes()
        if key.endswith(".zst"):
            assert zstandard.get_frame_parameters(data).content_size == descriptor["size"]
            data = zstandard.ZstdDecompressor().decompress(data, allow_extra_data=False)
        assert len(data) == descriptor["size"]
        if key.endswith(".pack"):
            trailer(data, descriptor["digest"])
        else:
            assert sha(data) == descriptor["digest"]
        return data

    def named(self, descriptor: Json, kind: str) -> Json:
        """Return the document that a descriptor names."""
        return self.document(self.get(descriptor), kind)

    def log(self, folder: str, kind: str) -> list[Json]:
        """Return the entries of a log (LAYOUT-6)."""
        found: list[Json] = []
        while (self.root / (key := f"{folder}/{len(found):020}.json")).exists():
            found.append(self.sealed(key, kind))
        return found


def parquet(data: bytes) -> pa.Table:
    """Return the rows of a Parquet file."""
    return pq.ParquetFile(io.BytesIO(data), page_checksum_verification=True).read()
