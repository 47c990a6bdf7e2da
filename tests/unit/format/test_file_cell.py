"""The FILE group of media cells (spec: 05-tables, FILE-n)."""

from __future__ import annotations

import pyarrow as pa
import pytest

from wbtable.errors import FormatError
from wbtable.format.digest import Digest
from wbtable.format.file_cell import FILE_TYPE, cell_digest, parse_uri, relative_uri
from wbtable.format.types import KINDS, MediaType

_DIGEST = Digest.of(b"x")


def test_the_group_is_parquets() -> None:
    """FILE-1: names, types and nullability."""
    assert [(field.name, str(field.type), field.nullable) for field in FILE_TYPE] == [
        ("uri", "string", True),
        ("offset", "int64", True),
        ("size", "int64", True),
        ("content_type", "string", True),
        ("checksum", "string", True),
    ]


def test_facts_stand_beside_the_group() -> None:
    """FILE-1: the child ``file`` comes first, exactly the group; facts never inside."""
    media = [kind for kind in KINDS.values() if issubclass(kind, MediaType)]
    assert len(media) == 7
    for kind in media:
        arrow = kind().arrow()
        assert arrow.field(0) == pa.field("file", FILE_TYPE)
        assert arrow.num_fields > 1


def test_two_forms_of_uri() -> None:
    """FILE-2: a pack, or a large blob."""
    pack, blob = relative_uri(_DIGEST, packed=True), relative_uri(_DIGEST, packed=False)
    assert pack == f"../{_DIGEST.hex[:2]}/{_DIGEST.hex[2:]}.pack"
    assert blob == f"../{_DIGEST.hex[:2]}/{_DIGEST.hex[2:]}"
    assert parse_uri(pack) == (_DIGEST, True)
    assert parse_uri(blob) == (_DIGEST, False)


@pytest.mark.parametrize(
    "uri",
    [
        None,
        5,
        "",
        "../../etc/passwd",
        "/etc/passwd",
        "file:///etc/passwd",
        "https://example.org/x.pack",
        f"../{_DIGEST.hex[:2]}/{_DIGEST.hex[2:]}.pack\n",
        f"../{_DIGEST.hex[:2]}/{_DIGEST.hex[2:]}.parquet",
        f"../{_DIGEST.hex[:2]}/{_DIGEST.hex[2:].upper()}",
        f"../{_DIGEST.hex[:2]}/{_DIGEST.hex[2:-1]}",
        f"../../{_DIGEST.hex[:2]}/{_DIGEST.hex[2:]}",
        f"../{_DIGEST.hex[:2]}/../{_DIGEST.hex[2:]}",
        f"..\\{_DIGEST.hex[:2]}\\{_DIGEST.hex[2:]}",
    ],
)
def test_any_other_uri_is_refused(uri: object) -> None:
    """FILE-2: it might lead out of the store."""
    with pytest.raises(FormatError, match="cell: expected"):
        parse_uri(uri, "cell")


def test_checksums() -> None:
    """FILE-3: the digest in its written form."""
    assert cell_digest({"checksum": str(_DIGEST)}) == _DIGEST
    for wrong in (None, "", _DIGEST.hex, f"sha-256:{_DIGEST.hex}", f"SHA-256:{_DIGEST.hex.upper()}"):
        with pytest.raises(FormatError, match=r"file\.checksum"):
            cell_digest({"checksum": wrong})
