"""Digests and descriptors: DIGEST-1 to DIGEST-4."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from wbtable.errors import DigestMismatchError, FormatError
from wbtable.format.digest import Descriptor, Digest, suffix_of

SPEC = Path(__file__).parents[3] / "spec" / "02-digests.md"
HEX = hashlib.sha256(b"x").hexdigest()


def test_written_form() -> None:
    """DIGEST-1, DIGEST-2: SHA-256 as Parquet's FILE type writes it."""
    digest = Digest.of(b"x")
    assert str(digest) == f"SHA-256:{HEX}"
    assert Digest.parse(str(digest)) == digest
    assert Digest.from_raw(digest.raw) == digest


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEX,
        f"sha256:{HEX}",
        f"SHA-256:{HEX.upper()}",
        f"SHA-256:{HEX} ",
        f"SHA-256:{HEX}0",
        f"SHA-256:{HEX}\n",
        None,
    ],
)
def test_other_forms(text: str) -> None:
    """DIGEST-1: one form only."""
    with pytest.raises(FormatError, match="SHA-256"):
        Digest.parse(text, "refs[0].digest")


def test_check() -> None:
    assert Digest.of(b"x").check(b"x") == b"x"
    with pytest.raises(DigestMismatchError, match=r"here: .*expected SHA-256:.*found SHA-256:"):
        Digest.of(b"x").check(b"y", "here")


def test_media_types_of_the_specification() -> None:
    """DIGEST-4: the table of suffixes is the code's."""
    rows = re.findall(r"^\| `(application/\S+)` \| `(\S+)` \|", SPEC.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) == 10
    assert all(suffix_of(media_type) == suffix for media_type, suffix in rows)
    assert suffix_of("image/jpeg") == ""


def test_descriptor_round_trip() -> None:
    """DIGEST-3."""
    descriptor = Descriptor(media_type="image/png", digest=Digest.of(b"x"), size=1)
    assert Descriptor.from_json(descriptor.to_json(), "refs[0]") == descriptor


@pytest.mark.parametrize(
    "change",
    [
        {"size": -1},
        {"size": 2**53},
        {"size": 1.0},
        {"size": True},
        {"size": None},
        {"media_type": "png"},
        {"media_type": "a/b; c=d"},
        {"media_type": f"a/{'b' * 128}"},
        {"media_type": None},
        {"digest": HEX},
        {"digest": 3},
    ],
)
def test_impossible_descriptors(change: dict[str, object]) -> None:
    """DIGEST-3, DIGEST-4: the error names the place."""
    value = {"media_type": "image/png", "digest": str(Digest.of(b"x")), "size": 1, **change}
    with pytest.raises(FormatError, match=r"refs\[0\]"):
        Descriptor.from_json(value, "refs[0]")
    with pytest.raises(FormatError, match=r"refs\[0\]"):
        Descriptor.from_json([value], "refs[0]")
