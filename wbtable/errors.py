"""Errors, sorted by what the caller can do about them.

Every error that wbtable raises on purpose is a :class:`WbtableError`. Its class says what to do next,
its ``code`` is stable across releases, and its message names the place, what was expected and what was found.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "AlreadyExistsError",
    "CancelledError",
    "CommitStateUnknownError",
    "ConflictError",
    "DeniedError",
    "DigestMismatchError",
    "DiskFullError",
    "FormatError",
    "LimitError",
    "MissingExtraError",
    "NotFoundError",
    "StorageError",
    "TypeMismatchError",
    "UnsupportedError",
    "UsageError",
    "WbtableError",
]


class WbtableError(Exception):
    """The root of all errors that wbtable raises on purpose.

    Attributes:
        code: a stable, machine-readable name of the error's class.
        place: where it happened (``column "guess", row 4711``), or None.

    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, place: str | None = None) -> None:
        """Make the error; `place` is put before the message."""
        super().__init__(f"{place}: {message}" if place else message)
        self.place = place


class UsageError(WbtableError, ValueError):
    """The call is wrong: fix the call."""

    code = "usage"


class TypeMismatchError(UsageError, TypeError):
    """A value has another type than its column: convert it, or declare the column's type."""

    code = "type-mismatch"


class MissingExtraError(UsageError, ImportError):
    """An optional package is not installed: the message has the command that installs it."""

    code = "missing-extra"


class NotFoundError(WbtableError, LookupError):
    """The named thing does not exist where it was looked for."""

    code = "not-found"


class LimitError(WbtableError):
    """It needs more time, memory or room than it may use: ask for less, or raise the limit that the message names."""

    code = "limit"


class CancelledError(WbtableError):
    """It was cancelled: nothing is wrong with it."""

    code = "cancelled"


class ConflictError(WbtableError):
    """Somebody else changed the same thing: read it again and retry."""

    code = "conflict"


class AlreadyExistsError(ConflictError):
    """The name is taken: choose another."""

    code = "already-exists"


class FormatError(WbtableError):
    """The stored bytes are not what the specification says."""

    code = "format"


class DigestMismatchError(FormatError):
    """The stored bytes are not those that their digest names."""

    code = "digest-mismatch"


class UnsupportedError(WbtableError):
    """The data needs a newer wbtable, or a feature that this one lacks: upgrade."""

    code = "unsupported"


class StorageError(WbtableError):
    """The storage backend failed; it may recover."""

    code = "storage"


class DeniedError(StorageError):
    """The storage backend refuses access: check permissions or credentials."""

    code = "denied"


class DiskFullError(StorageError):
    """There is no room left: free some, then retry; nothing that was committed is affected."""

    code = "disk-full"


class CommitStateUnknownError(StorageError):
    """It is not known whether a commit took effect: read the artifact's versions before retrying."""

    code = "commit-state-unknown"
