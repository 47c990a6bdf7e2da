"""Objects by digest: LAYOUT-1, LAYOUT-3, DIGEST-2, DIGEST-5, DIGEST-6, PACK-7, PACK-11."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wbtable.errors import FormatError, NotFoundError, UnsupportedError, UsageError
from wbtable.format import documents
from wbtable.format.digest import BLOB, FRAGMENT, JOINED, PACK, TABLE, Descriptor, Digest
from wbtable.storage.find import find_objects
from wbtable.storage.objects import ObjectStore
from wbtable.storage.open_backend import open_backend
from wbtable.storage.packs import PackWriter
from wbtable.storage.verify import verify_object, verify_pack

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = {"kind": "x", "values": list(range(500))}


def damage(objects: ObjectStore, descriptor: Descriptor, at: int = 0, cut: int | None = None) -> None:
    """Flip a bit of a stored object, or cut it short."""
    key = objects.key(descriptor.digest, descriptor.media_type)
    data = bytearray(objects.backend.get(key))
    data[at] ^= 1
    objects.backend.replace(key, bytes(data[:cut]))


@pytest.mark.parametrize("media_type", [BLOB, FRAGMENT, "image/png"])
def test_put_and_get(objects: ObjectStore, media_type: str) -> None:
    """LAYOUT-1: under the digest; again changes nothing."""
    descriptor = objects.put(media_type, b"content")
    assert objects.put(media_type, b"content") == descriptor
    assert descriptor == Descriptor(media_type=media_type, digest=Digest.of(b"content"), size=7)
    assert objects.get(descriptor) == b"content"
    assert objects.has(descriptor.digest, media_type)
    assert objects.get_range(descriptor, 1, 3) == b"ont"
    assert objects.get_tail(descriptor, 3) == b"ent"
    verify_object(objects, descriptor)


@pytest.mark.parametrize("media_type", [TABLE, JOINED])
def test_documents(objects: ObjectStore, media_type: str) -> None:
    """LAYOUT-3, DIGEST-2: digest and size are those of the canonical text, compressed or not."""
    descriptor = objects.put_document(media_type, DOCUMENT)
    text = documents.canonical(DOCUMENT)
    assert (descriptor.digest, descriptor.size) == (Digest.of(text), len(text))
    assert objects.get_document(descriptor) == DOCUMENT
    stored = objects.backend.size(objects.key(descriptor.digest, media_type))
    assert stored is not None
    assert (stored < len(text)) == (media_type == TABLE)
    verify_object(objects, descriptor)


def test_other_frames_of_one_content_are_kept(objects: ObjectStore) -> None:
    """DOC-4: zstd's releases make different frames; which one is stored does not matter."""
    text = documents.canonical(DOCUMENT)
    key = objects.key(Digest.of(text), TABLE)
    import zstandard

    frame = zstandard.ZstdCompressor(level=19, write_content_size=True).compress(text)
    objects.backend.put(key, frame)
    descriptor = objects.put_document(TABLE, DOCUMENT)
    assert objects.backend.get(key) == frame
    assert objects.get_document(descriptor) == DOCUMENT


def test_damaged_documents_are_put_again(objects: ObjectStore) -> None:
    """LAYOUT-1: a damaged object may be replaced by the bytes that its name says."""
    descriptor = objects.put_document(TABLE, DOCUMENT)
    damage(objects, descriptor, at=20)
    with pytest.raises(FormatError):
        objects.get_document(descriptor)
    objects.put_document(TABLE, DOCUMENT)
    assert objects.get_document(descriptor) == DOCUMENT


@pytest.mark.parametrize("media_type", [BLOB, JOINED, TABLE])
def test_damage_is_noticed(objects: ObjectStore, media_type: str) -> None:
    """DIGEST-5: a flipped bit or a cut; the error names the object."""
    descriptor = objects.put_document(media_type, DOCUMENT)
    key = objects.key(descriptor.digest, media_type)
    whole = objects.backend.get(key)
    for at in range(0, len(whole), 7):
        damage(objects, descriptor, at=at)
        for read in (objects.get, lambda d: verify_object(objects, d)):
            with pytest.raises(FormatError, match=key):
                read(descriptor)
        objects.backend.replace(key, whole)
        damage(objects, descriptor, at=0, cut=at)
        for read in (objects.get, lambda d: verify_object(objects, d)):
            with pytest.raises(FormatError):
                read(descriptor)
        objects.backend.replace(key, whole)
    assert objects.get_document(descriptor) == DOCUMENT


@pytest.mark.parametrize("size", [0, 5, 2**50, 2**53 - 1])
def test_wrong_sizes(objects: ObjectStore, size: int) -> None:
    """DIGEST-6: a declared size bounds what is read; no memory is taken for a huge one."""
    for media_type in (BLOB, TABLE):
        right = objects.put(media_type, b'{"a":"content"}')
        wrong = Descriptor(media_type=media_type, digest=right.digest, size=size)
        with pytest.raises(FormatError):
            objects.get(wrong)
        with pytest.raises(FormatError):
            verify_object(objects, wrong)


def test_missing(objects: ObjectStore) -> None:
    for media_type in (BLOB, TABLE):
        descriptor = Descriptor(media_type=media_type, digest=Digest.of(b"none"), size=4)
        assert not objects.has(descriptor.digest, media_type)
        with pytest.raises(NotFoundError):
            objects.get(descriptor)
        with pytest.raises(NotFoundError):
            verify_object(objects, descriptor)
    with pytest.raises(NotFoundError):
        objects.pack_entries(Digest.of(b"none"))


def test_put_file(objects: ObjectStore, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    descriptor = objects.put_file(BLOB, path)
    assert objects.get(descriptor) == b"content"
    with pytest.raises(NotFoundError):
        objects.put_file(BLOB, tmp_path / "none")


def test_packs_and_documents_have_their_own_ways(objects: ObjectStore, tmp_path: Path) -> None:
    """DIGEST-2: they are not named by the digest of their stored bytes."""
    path = tmp_path / "file"
    path.write_bytes(b"content")
    with pytest.raises(UsageError, match="PackWriter"):
        objects.put(PACK, b"x")
    for media_type in (PACK, TABLE):
        with pytest.raises(UsageError, match="from a file"):
            objects.put_file(media_type, path)
    with pytest.raises(UsageError, match="read_blobs"):
        objects.get(Descriptor(media_type=PACK, digest=Digest.of(b"x"), size=64))


@pytest.mark.parametrize("prefix", ["x", "/x/"])
def test_prefixes(prefix: str) -> None:
    with pytest.raises(UsageError, match="prefix"):
        ObjectStore(open_backend("memory://prefix"), prefix)


def test_objects_below_a_prefix(objects: ObjectStore) -> None:
    below = ObjectStore(objects.backend, "sub/dir/")
    descriptor = below.put(BLOB, b"content")
    assert below.key(descriptor.digest, BLOB).startswith("sub/dir/objects/")
    assert below.get(descriptor) == b"content"
    assert not objects.has(descriptor.digest, BLOB)
    with PackWriter(below) as writer:
        (place,) = writer.add_many([b"blob"])
        writer.seal()
        assert below.read({"uri": writer.uri(0), "offset": 0, "size": 4, "checksum": str(place.digest)}) == b"blob"


def test_verify_packs(objects: ObjectStore) -> None:
    """PACK-7, PACK-11: each flipped bit and each cut of a pack is found; blobs are checked in parts."""
    with PackWriter(objects) as writer:
        writer.add_many([b"first", b"", b"second" * 20])
        writer.seal()
        descriptor = writer.descriptor(0)
    assert [entry.size for entry in verify_pack(objects, descriptor.digest)] == [5, 0, 120]
    key = objects.key(descriptor.digest, PACK)
    whole = objects.backend.get(key)
    for at in range(len(whole)):
        damage(objects, descriptor, at=at)
        # A flipped bit of the version looks like a newer one.
        with pytest.raises((FormatError, UnsupportedError), match="pack"):
            verify_object(objects, descriptor)
        objects.backend.replace(key, whole[:at])
        with pytest.raises(FormatError):
            verify_object(objects, descriptor)
        objects.backend.replace(key, whole)
    with pytest.raises(FormatError, match="expected a pack of 10 bytes"):
        verify_pack(objects, descriptor.digest, 10)


def test_find_objects(tmp_path: Path) -> None:
    """LAYOUT-8: beside the manifest, else in a folder above; a file or a folder may be given."""
    descriptor = ObjectStore(open_backend(tmp_path / "download")).put(BLOB, b"content")
    deep = tmp_path / "download" / "a" / "b"
    deep.mkdir(parents=True)
    manifest = deep / "t.table.json"
    manifest.write_text("{}")
    for start in (manifest, deep, tmp_path / "download", str(manifest), f"file://{manifest}"):
        assert find_objects(start).get(descriptor) == b"content"
    # The nearest one wins.
    other = ObjectStore(open_backend(deep)).put(BLOB, b"other")
    assert find_objects(manifest).get(other) == b"other"
    with pytest.raises(NotFoundError, match="objects/"):
        find_objects(tmp_path / "elsewhere" / "t.table.json")


def test_find_objects_by_url() -> None:
    """LAYOUT-8: on other backends too; the bucket is the last place to look."""
    descriptor = ObjectStore(open_backend("memory://bucket/x/download")).put(BLOB, b"content")
    for url in ("memory://bucket/x/download", "memory://bucket/x/download/a/t.table.json"):
        assert find_objects(url).get(descriptor) == b"content"
    with pytest.raises(NotFoundError, match="objects/"):
        find_objects("memory://nothing/x/y")
