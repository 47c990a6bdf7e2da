"""Paths that some disks take for the same, for they differ in case or normal form only (spec: 10-artifacts, DOWN-6)."""

from __future__ import annotations

import os
import tempfile
import unicodedata
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wbtable.errors import UsageError
from wbtable.storage.os_errors import explained

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SHOWN: Final = 3


def check_apart(folder: Path, paths: Sequence[str]) -> None:
    """Refuse paths that the disk of a directory takes for the same: one file would replace the other (DOWN-6).

    Args:
        folder: a directory that is there.
        paths: relative paths that are to be files below it.

    Raises:
        UsageError: two paths would be one file.
        StorageError: the disk cannot be tried.

    """
    same = [(one, other) for one, other in _alike(paths) if _is_one(folder, one, other)]
    if same:
        shown = ", ".join(f"{one!r} and {other!r}" for one, other in same[:_SHOWN])
        more = f" and {len(same) - _SHOWN} more pairs" if len(same) > _SHOWN else ""
        raise UsageError(
            f"the disk takes different paths of the version for the same file: {shown}{more};"
            " write to a disk that tells them apart, or only a part of the version: path_prefix",
            place=str(folder),
        )


def _alike(paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield neighbours among the paths that differ in case or normal form only."""
    folded: dict[str, list[str]] = {}
    for path in dict.fromkeys(paths):
        folded.setdefault(_fold(path), []).append(path)
    for group in folded.values():
        yield from pairwise(group)


def _fold(path: str) -> str:
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())


def _is_one(folder: Path, one: str, other: str) -> bool:
    """Whether the disk has one name for two paths; tried part by part, in a directory that is removed again."""
    with (
        explained(f"see whether the disk of {folder} tells {one!r} and {other!r} apart"),
        tempfile.TemporaryDirectory(prefix=".wbtable-", dir=folder) as trial,
    ):
        for mine, yours in zip(one.split("/"), other.split("/"), strict=True):
            if mine != yours:
                Path(trial, mine).touch()
                if not os.path.lexists(Path(trial, yours)):
                    return False
                Path(trial, mine).unlink()
    return True
