"""What every kind of media has in common: cheap to make, encoded when it becomes a cell, read when it is used."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, cast

from wbtable.errors import FormatError, UsageError
from wbtable.format.digest import BLOB, Digest
from wbtable.format.file_cell import cell_digest
from wbtable.format.tagged import plain_text, utf8_text
from wbtable.media import limits
from wbtable.media.payload import Payload

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from wbtable.format.types import ColumnType

Data = bytes  # `bytes` is the name of a property below.


class BlobReader(Protocol):
    """Where the bytes behind stored cells come from."""

    def read(self, file: Mapping[str, object]) -> bytes:
        """Return the bytes that a FILE group names, digest-checked."""

    def read_many(self, files: Sequence[Mapping[str, object]]) -> list[bytes]:
        """Return the bytes of many FILE groups, in their order."""


class Media(ABC):
    """A value of a media column.

    Made by the user it holds what was given; made by :meth:`from_cell` it holds a stored cell and reads
    bytes only when they are asked for. Two are equal if they are of one class, with equal facts and content.
    """

    __slots__ = ()

    kind: ClassVar[str]

    @abstractmethod
    def column_type(self) -> ColumnType:
        """Return the logical type of a column of values like this one; cheap."""

    @abstractmethod
    def to_cell(self) -> dict[str, object]:
        """Return the physical struct of the column's type, every ``file`` slot holding a :class:`Payload`.

        Raises:
            UsageError: the value cannot be kept; the message says why, the caller adds column and row.

        """

    @classmethod
    @abstractmethod
    def from_cell(cls, cell: Mapping[str, Any], blobs: BlobReader, column_type: ColumnType) -> Self:
        """Return a value that shows a stored cell; nothing is read yet.

        Args:
            cell: the physical struct as a mapping; a ``file`` slot holds the fields of the FILE group.
            blobs: where its bytes are.
            column_type: the column's logical type, which holds class labels.

        Raises:
            FormatError: the cell has not the shape of this kind.

        """


class FileMedia(Media):
    """Media whose content is one blob, with facts beside it (MEDIA-1)."""

    __slots__ = ("_blobs", "_cell", "_facts", "_payload", "caption")

    facts: ClassVar[tuple[str, ...]] = ()
    """The names of the facts that :meth:`_measure` finds, in the order of the physical struct."""

    caption: str | None
    _payload: Payload | None
    _facts: dict[str, Any] | None
    _cell: Mapping[str, Any] | None
    _blobs: BlobReader | None

    def _start(self, payload: Payload | None, caption: object) -> None:
        self.caption = caption_of(caption)
        self._payload = payload
        self._facts = None
        self._cell = None
        self._blobs = None

    # What a kind adds ---------------------------------------------------------------------------------

    def _encode(self) -> Payload:
        """Encode what was given; called once, and only when it was not encoded already."""
        msg = f"{type(self).__name__} holds nothing"
        raise UsageError(msg)

    @abstractmethod
    def _measure(self, payload: Payload) -> tuple[str, dict[str, Any]]:
        """Return content type and facts of a payload; FormatError if it is not this kind of media."""

    # Writing ------------------------------------------------------------------------------------------

    def _resolve(self) -> tuple[Payload, dict[str, Any]]:
        """Return the encoded content and its facts, found once (MEDIA-2)."""
        if self._cell is not None:
            file = self._cell["file"]
            # Not `of_bytes`: a document may be empty.
            return Payload(self.bytes, str(file.get("content_type") or BLOB)), self._stored_facts()
        payload = self._payload if self._payload is not None else self._encode()
        if self._facts is None:
            try:
                content_type, facts = self._measure(payload)
            except FormatError as error:
                # Nothing is stored yet: the value that was given is wrong, not a store.
                name = f" {str(payload.path)!r}" if payload.path is not None else ""
                msg = f"{self.kind}{name} cannot be used: {error}"
                raise UsageError(msg) from error
            self._facts = facts
            payload = payload.typed(content_type)
        self._payload = payload
        return payload, self._facts

    def _stored_facts(self) -> dict[str, Any]:
        cell = cast("Mapping[str, Any]", self._cell)
        return {name: cell.get(name) for name in self.facts}

    def _fact(self, name: str) -> Any:
        return self._cell.get(name) if self._cell is not None else self._resolve()[1].get(name)

    def to_cell(self) -> dict[str, object]:
        """Return the physical struct, the blob as a payload in ``file`` (MEDIA-1).

        Raises:
            UsageError: what was given is not this kind of media, is damaged, or is over a limit.

        """
        payload, facts = self._resolve()
        return {"file": payload, **facts, "caption": self.caption}

    # Reading ------------------------------------------------------------------------------------------

    @classmethod
    def from_cell(cls, cell: Mapping[str, Any], blobs: BlobReader, column_type: ColumnType) -> Self:
        """Return a value that shows a stored cell; nothing is read yet (MEDIA-4)."""
        file = cell.get("file")
        if not hasattr(file, "get"):
            msg = f"expected a FILE group in a cell of kind {cls.kind}, found {file!r:.80}"
            raise FormatError(msg)
        value = cls.__new__(cls)
        value._restore(cell, blobs, column_type)  # noqa: SLF001  (a constructor of its own class)
        return value

    def _restore(self, cell: Mapping[str, Any], blobs: BlobReader, column_type: ColumnType) -> None:
        """Become the value that shows a stored cell; a kind with more state extends it."""
        del column_type
        self._start(None, cell.get("caption"))
        self._cell = cell
        self._blobs = blobs

    @property
    def bytes(self) -> Data:
        """The encoded bytes, exactly as they were given or stored.

        Raises:
            FormatError: stored bytes are damaged.
            UsageError: what was given cannot be encoded or read.

        """
        if self._cell is None or self._blobs is None:
            return self._resolve()[0].read()
        size = self._cell["file"].get("size")
        limits.check_bytes(size if isinstance(size, int) else 0)
        return self._blobs.read(self._cell["file"])

    @property
    def content_type(self) -> str:
        """The media type of :attr:`bytes`."""
        if self._cell is not None:
            return str(self._cell["file"].get("content_type") or BLOB)
        return self._resolve()[0].content_type

    @property
    def size(self) -> int:
        """The number of encoded bytes; read if another writer's cell does not say it."""
        if self._cell is not None:
            size = self._cell["file"].get("size")
            return int(size) if size is not None else len(self.bytes)  # absent: all behind the offset (PACK-8)
        return self._resolve()[0].size

    @property
    def digest(self) -> Digest:
        """The digest of :attr:`bytes`: the stored one, else computed."""
        return cell_digest(self._cell["file"]) if self._cell is not None else Digest.of(self.bytes)

    @property
    def path(self) -> Path | None:
        """The local file that was given, if one was."""
        return self._payload.path if self._payload is not None else None

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the encoded bytes to a file, and return its path.

        Raises:
            UsageError: the file cannot be written.

        """
        target, data = Path(path), self.bytes
        try:
            target.write_bytes(data)
        except OSError as error:
            msg = f"{str(target)!r} cannot be written: {error.strerror}"
            raise UsageError(msg) from error
        return target

    def _same(self, other: Self) -> bool:
        """Whether everything but the encoded bytes is equal."""
        return self.caption == other.caption

    def __eq__(self, other: object) -> bool:
        """Whether the other is of the same class, with the same facts and the same encoded bytes."""
        if type(other) is not type(self):
            return NotImplemented
        return self is other or (self._same(other) and self.digest == other.digest)

    def __hash__(self) -> int:
        """Return a hash of the content."""
        return hash((type(self).__name__, self.digest))

    def _describe(self) -> str:
        """Return the facts that the repr shows; reads and encodes nothing."""
        facts = self._stored_facts() if self._cell is not None else self._facts
        return ", ".join(f"{k}={v!r}" for k, v in (facts or {}).items() if v is not None)

    def __repr__(self) -> str:
        """Return the class with what is known of the value; nothing is read or encoded for it."""
        parts = [self._describe()]
        if self._cell is not None:
            size = self._cell["file"].get("size")
            parts += [self.content_type, *([] if size is None else [f"{size:,} bytes"])]
        elif self._payload is not None:
            known = self._payload.content_type != BLOB
            parts += [*([self._payload.content_type] if known else []), f"{self._payload.size:,} bytes"]
            parts += [repr(str(self._payload.path))] if self._payload.path is not None else []
        else:
            parts.append("not encoded yet")
        if self.caption is not None:
            parts.append(f"caption={self.caption!r:.60}")
        return f"{type(self).__name__}({', '.join(p for p in parts if p)})"


def caption_of(caption: object) -> str | None:
    """Return a caption as text.

    Raises:
        UsageError: it is neither text nor a number, or has no UTF-8 form.

    """
    if caption is None:
        return None
    if isinstance(caption, str | int | float) or type(caption).__module__ == "numpy":
        return utf8_text(plain_text(caption), "caption")
    msg = f"expected text as caption, found {type(caption).__name__}"
    raise UsageError(msg)
