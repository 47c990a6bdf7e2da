"""The files of one W&B artifact or run folder: found by logical path, checked against the manifest before use."""

from __future__ import annotations

import base64
import binascii
import hashlib
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from wbtable.errors import DigestMismatchError, FormatError, NotFoundError, UsageError
from wbtable.format.paths import check_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

MANIFEST: Final = "wandb_manifest.json"
CLIENT: Final = "wandb-client-artifact://"
SERVER: Final = "wandb-artifact://"
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestEntry:
    """What a W&B manifest says of one path.

    Attributes:
        path: the logical path.
        digest: base64 of MD5 or XXH128 of the content; of a reference whatever its server says.
        size: the content's bytes, or None.
        ref: where the content is, if not beside the manifest.
        algorithm: ``MD5`` or ``XXH128``.
        etag: what a server calls this state of a reference.
        local_path: where the client put a copy, or None.

    """

    path: str
    digest: str
    size: int | None = None
    ref: str | None = None
    algorithm: str = "MD5"
    etag: str | None = None
    local_path: str | None = None

    @classmethod
    def from_json(cls, path: str, value: Any, place: str) -> ManifestEntry:
        """Read an entry of ``contents``.

        Raises:
            FormatError: it has not the form of one.

        """
        if not isinstance(value, dict) or not isinstance(value.get("digest"), str):
            msg = f"expected an object with a digest, found {value!r:.80}"
            raise FormatError(msg, place=f"{place}.contents[{path!r:.80}]")
        extra = value.get("extra")
        extra = extra if isinstance(extra, dict) else {}
        size, ref, etag = value.get("size"), value.get("ref"), extra.get("etag")
        return cls(
            path=path,
            digest=value["digest"],
            size=size if type(size) is int and size >= 0 else None,
            ref=ref if isinstance(ref, str) else None,
            algorithm="XXH128" if extra.get("alg") == "XXH128" else "MD5",
            etag=etag.strip('"') if isinstance(etag, str) else None,
        )

    def check(self, file: Path) -> None:
        """Read a local file and compare it with the digest.

        Raises:
            DigestMismatchError: it is another content.

        """
        if self.size is not None and file.stat().st_size != self.size:
            msg = f"expected {self.size:,} bytes, found {file.stat().st_size:,}"
            raise DigestMismatchError(msg, place=self.path)
        found = _hash(file, self.algorithm)
        try:
            expected = base64.b64decode(self.digest, validate=True)
        except binascii.Error:
            expected = b""
        if found != expected:
            msg = f"expected the {self.algorithm} {self.digest}, found {base64.b64encode(found).decode()}"
            raise DigestMismatchError(msg, place=self.path)


def _hash(file: Path, algorithm: str) -> bytes:
    hasher: Any
    if algorithm == "XXH128":
        import xxhash

        hasher = xxhash.xxh3_128()
    else:
        hasher = hashlib.md5(usedforsecurity=False)
    with file.open("rb") as stream:
        while block := stream.read(_BLOCK):
            hasher.update(block)
    return bytes(hasher.digest())


def manifest_digest(entries: Iterable[ManifestEntry], algorithm: str = "MD5") -> str:
    """Return the digest that W&B gives an artifact of these entries."""
    hasher: Any
    if algorithm == "XXH128":
        import xxhash

        hasher = xxhash.xxh3_128()
    else:
        hasher = hashlib.md5(usedforsecurity=False)
    hasher.update(b"wandb-artifact-manifest-v1\n")
    for entry in sorted(entries, key=lambda entry: entry.path):
        hasher.update(f"{entry.path}:{entry.digest}\n".encode())
    return str(hasher.hexdigest())


class FileFinder(Protocol):
    """Finds the local files behind logical paths.

    Attributes:
        used: the paths that were found so far.

    """

    used: set[str]

    def find(self, path: str) -> Path:
        """Return a checked local file, and remember that it was used."""


@dataclass(slots=True)
class ArtifactFiles:
    """The files of one artifact.

    Attributes:
        entries: its manifest.
        locate: gives the local path of an entry; raises an error of ours where there is none.
        follow: finds the files and the path that a reference to another W&B artifact means; None if unknown.
        used: the paths that were found so far.

    """

    entries: Mapping[str, ManifestEntry]
    locate: Callable[[ManifestEntry], Path]
    follow: Callable[[str], tuple[ArtifactFiles, str] | None]
    used: set[str] = field(default_factory=set)
    _checked: dict[str, Path] = field(default_factory=dict)

    def find(self, path: str) -> Path:
        """Return the checked local file of a logical path.

        Raises:
            NotFoundError: there is none, or its content is elsewhere.
            DigestMismatchError: its content is not what the manifest says.

        """
        entry = self.entries.get(path)
        if entry is None:
            msg = f"the manifest has no {path!r:.200}"
            raise NotFoundError(msg)
        found = self._checked.get(path)
        if found is None:
            found = self._checked[path] = self._follow(entry) if entry.ref is not None else self._check(entry)
        self.used.add(path)
        return found

    def _check(self, entry: ManifestEntry) -> Path:
        file = self.locate(entry)
        entry.check(file)
        return file

    def _follow(self, entry: ManifestEntry) -> Path:
        target = self.follow(entry.ref or "")
        if target is None:
            msg = f"its content is at {entry.ref!r:.200}, which is not among what is imported, and nothing is fetched"
            raise NotFoundError(msg, place=entry.path)
        files, path = target
        return files.find(path)


@dataclass(slots=True)
class FolderFiles:
    """The files below a folder, without a manifest.

    Attributes:
        root: the folder.
        used: the paths that were found so far.

    """

    root: Path
    used: set[str] = field(default_factory=set)

    def find(self, path: str) -> Path:
        """Return the local file of a logical path.

        Raises:
            UsageError: the path leaves the folder, or is no file.
            NotFoundError: there is none.

        """
        found = inside(self.root, path)
        self.used.add(path)
        return found


def inside(root: Path, path: str) -> Path:
    """Return the regular file at a logical path below a folder.

    Raises:
        UsageError: the path is not one that stays inside, links included, or it is no regular file.
        NotFoundError: there is nothing.

    """
    check_path(path)
    return regular(root / path, [root])


def regular(file: Path, roots: Sequence[Path]) -> Path:
    """Return `file` if it is a regular file below one of some folders, links resolved.

    Raises:
        UsageError: it is elsewhere, or no regular file.
        NotFoundError: there is nothing.

    """
    try:
        real = file.resolve(strict=True)
        mode = real.stat().st_mode
    except (OSError, ValueError, RuntimeError):
        msg = f"there is no file {str(file)!r:.300}"
        raise NotFoundError(msg) from None
    if not any(real.is_relative_to(root.resolve()) for root in roots):
        msg = f"{str(real)!r:.300} is outside of what may be read here; name its folder to allow it (--files-from)"
        raise UsageError(msg)
    if not stat.S_ISREG(mode):
        msg = f"{str(file)!r:.300} is no regular file"
        raise UsageError(msg)
    return real
