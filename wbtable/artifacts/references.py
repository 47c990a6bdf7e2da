"""References: entries whose content stays outside the store (spec: 10-artifacts, REF-n)."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import stat
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, BinaryIO, Final, Self

from wbtable.artifacts.local_files import LocalFile, media_type_of, walk
from wbtable.artifacts.wandb_arguments import check_max_objects
from wbtable.errors import (
    DeniedError,
    DigestMismatchError,
    FormatError,
    NotFoundError,
    StorageError,
    UnsupportedError,
    UsageError,
    WbtableError,
)
from wbtable.format.digest import Digest
from wbtable.format.entry import Entry, Reference
from wbtable.storage.workers import run_all

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

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
    max_objects: int | None = None,
) -> Iterator[Entry]:
    """Yield the entries that a reference makes: one, or one for each file of a local directory.

    Args:
        uri: where the content is: ``file://``, ``http(s)://``, or any other scheme, which is recorded as it is.
        name: the logical path; of a directory, what goes before the files' paths.
        checksum: True asks the source (reads a local file, asks a web server for its ETag); False records the URI
            alone; text is the content's digest, ``SHA-256:<64 hex>``.
        etag: what the server calls this state of the content.
        size: the content's bytes.
        max_objects: the most files that a directory may give.

    Raises:
        UsageError: the URI is not absolute, its kind of source cannot be asked for a checksum, or another argument is
            none.
        NotFoundError: there is no such file, or the server has nothing there.
        DeniedError: the file may not be read, or the server refuses access.
        StorageError: the server does not answer.

    """
    try:
        yield from _entries_of(uri, name and name.rstrip("/"), checksum, etag, size, max_objects)
    except FormatError as error:
        raise UsageError(str(error), place=uri) from None


def _entries_of(
    uri: str, name: str | None, checksum: bool | str, etag: str | None, size: int | None, max_objects: int | None
) -> Iterator[Entry]:
    check_max_objects(max_objects)
    if etag is not None and not isinstance(etag, str):
        msg = f"expected etag as text, found {type(etag).__name__}"
        raise UsageError(msg, place=uri)
    try:
        parts = urllib.parse.urlsplit(uri)
    except ValueError as error:
        raise UsageError(f"the URI {uri!r:.120} is not understood: {error}", place="reference") from None
    if not parts.scheme or "://" not in uri:
        msg = f"expected a URI like s3://bucket/key or file:///folder/file, found {uri!r:.120}"
        raise UsageError(msg, place="reference")
    if parts.scheme == "file":
        if parts.query or parts.fragment:
            msg = "in a file:// URI '?' and '#' of a path are written %3F and %23, as Path.as_uri() does"
            raise UsageError(msg, place=uri)
        yield from _local(uri, name, checksum, max_objects)
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


def _local(uri: str, name: str | None, checksum: bool | str, max_objects: int | None) -> Iterator[Entry]:
    path = local_path(uri)
    if not os.path.isdir(path):
        base = name or os.path.basename(path)
        yield _local_entry(base, uri, LocalFile.of(path), checksum)
        return
    if isinstance(checksum, str):
        msg = "a directory has no checksum of its own"
        raise UsageError(msg, place=uri)
    found = list(walk(path))
    if max_objects is not None and len(found) > max_objects:
        # Before they are read.
        msg = f"expected at most {max_objects} objects, found {len(found)}"
        raise UsageError(msg, place=uri)
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
    except urllib.error.HTTPError as error:
        raise _refused(error, uri, ": give checksum=False to record the URI alone") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        msg = f"the server does not answer ({_said(error)}): give checksum=False to record the URI alone"
        raise StorageError(msg, place=uri) from error
    if etag is None:
        msg = "the server gives no ETag: give checksum='SHA-256:…', or checksum=False to record the URI alone"
        raise UsageError(msg, place=uri)
    return etag.strip('"'), int(length) if length and re.fullmatch(r"\d{1,15}", length) else None


def _refused(error: urllib.error.HTTPError, uri: str, advice: str = "") -> WbtableError:
    """Return what to raise for an answer such as 404; its connection is closed, for the error is the answer itself."""
    error.close()
    answer = f"{error.code} {error.reason}"
    if error.code in {404, 410}:
        return NotFoundError(f"the server has nothing there ({answer}){advice}", place=uri)
    if error.code in {401, 403}:
        return DeniedError(f"the server refuses access ({answer}){advice}", place=uri)
    return StorageError(f"the server answers {answer}{advice}", place=uri)


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__


class Source:
    """The bytes that a reference names, as they come; a context manager."""

    def __init__(self, stream: BinaryIO, entry: Entry, announced: int | None) -> None:
        """Read a stream, which has as many bytes as its server announced, if it did."""
        self._stream = stream
        self._entry = entry
        self._announced = announced
        self._found = 0

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the stream."""
        self._stream.close()

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, all that are left where no size is given; none at the end.

        Raises:
            StorageError: it cannot be read, or ends before it should.
            DigestMismatchError: it is longer than what was referenced.

        """
        place = "" if self._entry.reference is None else self._entry.reference.uri
        try:
            data = self._stream.read(size)
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, http.client.IncompleteRead) and self._announced is not None:  # since Python 3.15
                raise self._broke_off(self._found + len(error.partial)) from error
            msg = f"what {self._entry.path!r} refers to cannot be read: {error}"
            raise StorageError(msg, place=place) from error
        self._found += len(data)
        if self._entry.size is not None and self._found > self._entry.size:
            raise DigestMismatchError(f"expected {self._entry.size} bytes, found more: it changed", place=place)
        if self._announced is not None and self._found < self._announced and (size < 0 or not data):
            raise self._broke_off(self._found)
        return data

    def _broke_off(self, found: int) -> StorageError:
        msg = f"expected {self._announced} bytes, as the server announced, found {found}: it broke off"
        return StorageError(msg, place="" if self._entry.reference is None else self._entry.reference.uri)


def open_reference(entry: Entry) -> Source:
    """Open the content that a reference names; what is read still has to be checked (REF-3).

    Raises:
        NotFoundError: it is gone.
        DeniedError: it may not be read.
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
            path = local_path(reference.uri)
            if not stat.S_ISREG(os.stat(path).st_mode):
                msg = f"what {entry.path!r} refers to is no regular file"
                raise StorageError(msg, place=reference.uri)
            return Source(open(path, "rb"), entry, None)
        if scheme in _ASKABLE:
            answer = urllib.request.urlopen(reference.uri, timeout=TIMEOUT)  # noqa: S310 - http and https alone
            etag = (answer.headers.get("ETag") or "").strip('"')
            if reference.etag is not None and etag != reference.etag:
                answer.close()
                msg = f"expected the state {reference.etag!r}, found {etag!r}: it changed since it was referenced"
                raise DigestMismatchError(msg, place=reference.uri)
            return Source(answer, entry, answer.length)
    except WbtableError:
        raise
    except (FileNotFoundError, NotADirectoryError):
        msg = f"the file that {entry.path!r} refers to is gone"
        raise NotFoundError(msg, place=reference.uri) from None
    except PermissionError as error:
        msg = f"the file that {entry.path!r} refers to may not be read: {error.strerror}"
        raise DeniedError(msg, place=reference.uri) from error
    except urllib.error.HTTPError as error:
        raise _refused(error, reference.uri) from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        msg = f"what {entry.path!r} refers to cannot be read: {_said(error)}"
        raise StorageError(msg, place=reference.uri) from error
    msg = f"{entry.path!r} refers to {scheme}://, which is not read here; allow_missing_references=True leaves it out"
    raise UnsupportedError(msg, place=reference.uri)
