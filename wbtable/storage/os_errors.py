"""Operating system errors, said in wbtable's words."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from wbtable.errors import DeniedError, DiskFullError, NotFoundError, StorageError, UsageError, WbtableError

if TYPE_CHECKING:
    from types import TracebackType

_FULL = {errno.ENOSPC, errno.EDQUOT}
_NUL = "embedded null"
_DENIED = {errno.EACCES, errno.EPERM}


def explain(error: OSError, doing: str) -> WbtableError:
    """Return the error to raise for an operating system error.

    Args:
        error: what the system said.
        doing: what was being done, such as ``write objects/ab/… in /data/store``.

    """
    code = error.errno
    reason = error.strerror or str(error)
    if code in _FULL:
        what = "the disk is full" if code == errno.ENOSPC else "the disk quota is used up"
        return DiskFullError(f"could not {doing}: {what}; free some room and try again, nothing committed is affected")
    if code == errno.EROFS:
        return DeniedError(f"could not {doing}: the file system is read-only")
    if code in _DENIED:
        return DeniedError(f"could not {doing}: permission denied ({reason}); check who owns the folder")
    if code == errno.ENOTDIR:
        return NotFoundError(f"could not {doing}: what should be a folder of its path is a file")
    if code == errno.ENOENT:
        return NotFoundError(f"could not {doing}: it does not exist")
    if code == errno.EMFILE:
        return StorageError(f"could not {doing}: too many open files; raise the limit (ulimit -n)")
    return StorageError(f"could not {doing}: {reason}")


class explained:  # noqa: N801 - reads as a word; a generator takes five times as long, for each file of a commit
    """Raises wbtable's errors for the operating system's, within a block.

    Raises:
        StorageError: the system refused; DiskFullError and DeniedError where it said so.
        NotFoundError: a file does not exist.
        UsageError: no file can have the name.

    """

    __slots__ = ("_doing",)

    def __init__(self, doing: str) -> None:
        """Say what is being done, such as ``write objects/ab/… in /data/store``."""
        self._doing = doing

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Explain what the system refused."""
        if isinstance(error, OSError) and not isinstance(error, WbtableError):
            raise explain(error, self._doing) from error
        if isinstance(error, UnicodeEncodeError) or (isinstance(error, ValueError) and _NUL in str(error)):
            msg = f"could not {self._doing}: {error}"
            raise UsageError(msg) from None
