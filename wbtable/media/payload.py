"""Encoded bytes on their way into a store: in memory, or in a file that must not change meanwhile (MEDIA-3)."""

from __future__ import annotations

import io
import os
import re
import stat as stat_flags
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar, cast

from wbtable.errors import FormatError, NotFoundError, UsageError
from wbtable.format.digest import BLOB
from wbtable.media import limits

if TYPE_CHECKING:
    from typing import Self

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


@dataclass(frozen=True, slots=True)
class Payload:
    """The encoded bytes of one blob.

    Attributes:
        data: the bytes, or the file that holds them.
        content_type: their media type.
        stat: of a file: size and modification time (ns) when it was added; reading checks them.

    """

    data: bytes | Path
    content_type: str = BLOB
    stat: tuple[int, int] | None = None

    @classmethod
    def of_file(cls, path: str | os.PathLike[str]) -> Self:
        """Take a regular file as it is now.

        Raises:
            NotFoundError: there is no such file.
            UsageError: it is not a regular file, is empty or too large, or may not be read.

        """
        where = Path(path)
        try:
            found = where.stat()
        except (FileNotFoundError, NotADirectoryError):
            msg = f"there is no file {os.fspath(path)!r}"
            raise NotFoundError(msg) from None
        except (OSError, ValueError) as error:
            msg = f"the file {os.fspath(path)!r} cannot be read: {error}"
            raise UsageError(msg) from error
        if not stat_flags.S_ISREG(found.st_mode):
            msg = f"expected a regular file, found something else at {os.fspath(path)!r}"
            raise UsageError(msg)
        return _checked(cls(where, BLOB, (found.st_size, found.st_mtime_ns)))

    @classmethod
    def of_bytes(cls, data: bytes | bytearray | memoryview, content_type: str = BLOB) -> Self:
        """Take bytes; a mutable buffer is copied."""
        return _checked(cls(bytes(data), content_type))

    @classmethod
    def of_text(cls, text: str, content_type: str) -> Self:
        """Take text, which may be empty: what is encoded never is, a document can be."""
        return _within_limits(cls(text.encode(), content_type))

    def _named(self) -> str:
        return f": {os.fspath(self.data)!r}" if isinstance(self.data, Path) else ""

    @property
    def size(self) -> int:
        """The number of bytes."""
        return self.stat[0] if self.stat is not None else len(cast("bytes", self.data))

    @property
    def path(self) -> Path | None:
        """The file that holds the bytes, if a file does."""
        return self.data if isinstance(self.data, Path) else None

    def typed(self, content_type: str) -> Payload:
        """Return the same bytes under another media type."""
        return self if content_type == self.content_type else replace(self, content_type=content_type)

    def open(self) -> BinaryIO:
        """Open the bytes for reading, a file only if it is still the one that was added.

        Raises:
            UsageError: it changed or cannot be read.

        """
        if not isinstance(self.data, Path):
            return io.BytesIO(self.data)
        try:
            stream = self.data.open("rb")
        except OSError as error:
            msg = f"the file cannot be read any more{self._named()}: {error.strerror}"
            raise UsageError(msg) from error
        try:
            self._check_unchanged(stream)
        except BaseException:
            stream.close()
            raise
        return stream

    def read(self) -> bytes:
        """Return the bytes.

        Raises:
            UsageError: the file changed since it was added, or cannot be read.

        """
        if not isinstance(self.data, Path):
            return self.data
        with self.open() as stream:
            # One more byte than expected, so that a file that grows is noticed and an endless one ends.
            data = stream.read(self.size + 1)
            self._check_unchanged(stream)
        if len(data) != self.size:
            self._changed()
        return data

    def _check_unchanged(self, stream: BinaryIO) -> None:
        found = os.fstat(stream.fileno())
        if self.stat is not None and (found.st_size, found.st_mtime_ns) != self.stat:
            self._changed()

    def _changed(self) -> None:
        msg = f"the file changed while it was being added{self._named()}"
        raise UsageError(msg)


_P = TypeVar("_P", bound=Payload)


def _checked(payload: _P) -> _P:
    if payload.size == 0:
        where = "no bytes" if payload.path is None else f"the empty file {str(payload.path)!r}"
        raise UsageError(f"expected encoded bytes, found {where}")
    return _within_limits(payload)


def _within_limits(payload: _P) -> _P:
    try:
        limits.check_bytes(payload.size)
    except FormatError as error:
        raise UsageError(str(error)) from None
    return payload


def payload_of(value: object, what: str) -> Payload | None:
    """Return the payload of a path, of bytes or of an open file; None of anything else.

    Args:
        value: a ``str`` is a path; an open file is read from its start, text as UTF-8.
        what: the kind of media, for messages.

    Raises:
        NotFoundError: the file does not exist.
        UsageError: the path is a URL, or the file is not usable.

    """
    if isinstance(value, str):
        if _URL.match(value):
            msg = f"{what} takes a local file, not a URL (found {value!r:.100}): download it, or use add_reference"
            raise UsageError(msg)
        return Payload.of_file(value)
    if isinstance(value, os.PathLike):
        return Payload.of_file(cast("os.PathLike[str]", value))
    if isinstance(value, bytes | bytearray | memoryview):
        return Payload.of_bytes(value)
    if isinstance(value, io.IOBase) or (hasattr(value, "read") and hasattr(value, "seek")):
        return _drain(value, what)
    return None


def _drain(stream: object, what: str) -> Payload:
    opened = cast("io.RawIOBase", stream)
    try:
        if opened.seekable():  # As W&B does: what was just written stands behind the position.
            opened.seek(0)
        data = opened.read(limits.MAX_BYTES + 1)
    except (OSError, ValueError, AttributeError) as error:
        msg = f"{what} could not read the open file: {error}"
        raise UsageError(msg) from error
    if isinstance(data, str):
        data = data.encode()
    if not isinstance(data, bytes | bytearray | memoryview):
        msg = f"{what} expected bytes or text from the open file, found {type(data).__name__}"
        raise UsageError(msg)
    return Payload.of_bytes(data)
