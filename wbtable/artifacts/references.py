"""References: entries whose content stays outside the store (spec: 10-artifacts, REF-n)."""

from __future__ import annotations

import hashlib
import os
import re
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, BinaryIO, Final

from wbtable.artifacts.local_files import LocalFile, media_type_of, walk
from wbtable.errors import DigestMismatchError, NotFoundError, StorageError, UnsupportedError, UsageError
from wbtable.format.digest import Digest
from wbtable.format.entry import Entry, Reference
from wbtable.storage.workers import run_all

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT: Final = 30.0
BLOCK: Final = 1 << 20
_ASKABLE = ("http", "https")


def entries_of(
    uri: str,
    name: str | None,
    *,
    checksum: bool | str,
    etag: str | None = None,
    size: int | None = None,
) -> Iterator[Entry]:
    """Yield the entries that a reference makes: one, or one for each file of a local directory.

    Args:
        uri: where the content is: ``file://``, ``http(s)://``, or any other scheme, which is recorded as it is.
        name: the logical path; of a directory, what goes before the files' paths.
        checksum: True asks the source (reads a local file, asks a web server for its ETag); False records the URI
            alone; text is the content's digest, ``SHA-256:<64 hex>``.
        etag: what the server calls this state of the content.
        size: the content's bytes.

    Raises:
        UsageError: the URI is not absolute, or its kind of source cannot be asked for a checksum.
        NotFoundError: there is no such file.
        StorageError: the server does not answer.

    """
    parts = urllib.parse.urlsplit(uri)
    if not parts.scheme or "://" not in uri:
        msg = f"expected a URI like s3://bucket/key or file:///folder/file, found {uri!r:.120}"
        raise UsageError(msg, place="reference")
    if parts.scheme == "file":
        yield from _local(uri, name, checksum=checksum)
        return
    digest = _given_digest(checksum)
    if checksum is True and digest is None and etag is None:
        if parts.scheme not in _ASKABLE:
            msg = (
                f"{parts.scheme}:// is not asked for checksums here: give checksum='SHA-256:…' or etag=, "
                "or checksum=False to record the URI alone"
            )
            raise UsageError(msg, place=uri)
        etag, size = _ask_server(uri)
    path = name or os.path.basename(urllib.parse.unquote(parts.path))
    if not path:
        msg = "the URI does not end in a name: give name="
        raise UsageError(msg, place=uri)
    reference = Reference(uri=uri, etag=etag)
    yield Entry(path=path, media_type=media_type_of(path), digest=digest, size=size, reference=reference)


def _given_digest(checksum: bool | str) -> Digest | None:
    return Digest.parse(checksum, "checksum") if isinstance(checksum, str) else None


def _local(uri: str, name: str | None, *, checksum: bool | str) -> Iterator[Entry]:
    path = local_path(uri)
    if not os.path.isdir(path):
        base = name or os.path.basename(path)
        yield _local_entry(base, uri, LocalFile.of(path), checksum)
        return
    if isinstance(checksum, str):
        msg = "a directory has no checksum of its own"
        raise UsageError(msg, place=uri)
    found = list(walk(path))
    made: list[Entry | None] = [None] * len(found)

    def make(number: int) -> None:
        inner, file = found[number]
        full = f"{uri.rstrip('/')}/{urllib.parse.quote(inner)}"
        made[number] = _local_entry(f"{name}/{inner}" if name else inner, full, file, checksum)

    run_all(make, range(len(found)))
    yield from (entry for entry in made if entry is not None)


def _local_entry(path: str, uri: str, file: LocalFile, checksum: bool | str) -> Entry:
    digest = _given_digest(checksum)
    if checksum is True:
        digest = hash_file(file)
    return Entry(path=path, media_type=media_type_of(path), digest=digest, size=file.size, reference=Reference(uri=uri))


def hash_file(file: LocalFile) -> Digest:
    """Return the digest of a local file in bounded memory.

    Raises:
        UsageError: it is not what it was when it was added.

    """
    hasher = hashlib.sha256()
    file.check()
    try:
        with open(file.path, "rb") as stream:
            while block := stream.read(BLOCK):
                hasher.update(block)
    except OSError as error:
        msg = f"the file {file.path!r:.200} cannot be read: {error.strerror}"
        raise UsageError(msg) from error
    file.check()
    return Digest(hasher.hexdigest())


def local_path(uri: str) -> str:
    """Return the local path of a ``file://`` URI.

    Raises:
        UsageError: it names another machine, or is not absolute.

    """
    parts = urllib.parse.urlsplit(uri)
    if parts.netloc not in {"", "localhost"}:
        msg = f"a file:// URI has three slashes and an absolute path; this one names the machine {parts.netloc!r}"
        raise UsageError(msg, place=uri)
    return urllib.request.url2pathname(parts.path)


def _ask_server(uri: str) -> tuple[str, int | None]:
    request = urllib.request.Request(uri, method="HEAD")  # noqa: S310 - http and https alone come here
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310 - as above
            etag, length = answer.headers.get("ETag"), answer.headers.get("Content-Length")
    except (OSError, ValueError) as error:
        _hang_up(error)
        msg = f"the server does not answer ({error}): give checksum=False to record the URI alone"
        raise StorageError(msg, place=uri) from error
    if etag is None:
        msg = "the server gives no ETag: give checksum='SHA-256:…', or checksum=False to record the URI alone"
        raise UsageError(msg, place=uri)
    return etag.strip('"'), int(length) if length and re.fullmatch(r"\d{1,15}", length) else None


def _hang_up(error: Exception) -> None:
    """Close the connection that an answer of the kind 404 holds: such an error is the answer itself."""
    if isinstance(error, urllib.error.HTTPError):
        error.close()


def open_reference(entry: Entry) -> BinaryIO:
    """Open the content that a reference names; what is read still has to be checked (REF-3).

    Raises:
        NotFoundError: it is gone.
        UnsupportedError: its scheme is not read here.
        StorageError: the server does not answer.
        DigestMismatchError: the server has another state of it.

    """
    reference = entry.reference
    if reference is None:
        msg = f"{entry.path!r} is no reference"
        raise UsageError(msg)
    scheme = urllib.parse.urlsplit(reference.uri).scheme
    try:
        if scheme == "file":
            return open(local_path(reference.uri), "rb")
        if scheme in _ASKABLE:
            answer = urllib.request.urlopen(reference.uri, timeout=TIMEOUT)  # noqa: S310 - http and https alone
            etag = (answer.headers.get("ETag") or "").strip('"')
            if reference.etag is not None and etag != reference.etag:
                answer.close()
                msg = f"expected the state {reference.etag!r}, found {etag!r}: it changed since it was referenced"
                raise DigestMismatchError(msg, place=reference.uri)
            return answer
    except FileNotFoundError:
        msg = f"the file that {entry.path!r} refers to is gone"
        raise NotFoundError(msg, place=reference.uri) from None
    except (OSError, ValueError) as error:
        _hang_up(error)
        msg = f"what {entry.path!r} refers to cannot be read: {error}"
        raise StorageError(msg, place=reference.uri) from error
    msg = f"{entry.path!r} refers to {scheme}://, which is not read here; allow_missing_references=True leaves it out"
    raise UnsupportedError(msg, place=reference.uri)
