"""Arguments that W&B's artifacts take: checked, also where they change nothing here."""

from __future__ import annotations

import os
from numbers import Real
from typing import Any, Final

from wbtable.artifacts.names import check_list, name_text
from wbtable.errors import UsageError

MUTABLE: Final = "mutable"
POLICIES: Final = (MUTABLE, "immutable")
ALGORITHMS: Final = ("MD5", "XXH128")


def check_policy(policy: object) -> bool:
    """Return whether a file may change behind the draft's back, so that it has to be copied at once.

    Raises:
        UsageError: it is no policy.

    """
    if policy not in (None, *POLICIES):
        msg = f"expected a policy of {' or '.join(map(repr, POLICIES))}, found {policy!r:.40}"
        raise UsageError(msg)
    return policy == MUTABLE


def check_making(*, name: str, incremental: object, storage_region: object, digest_algorithm: object) -> None:
    """Refuse how an artifact cannot be made.

    Raises:
        UsageError: it is to be incremental or in a region, or named by digests of an unknown kind.

    """
    if incremental:
        msg = (
            f"incremental=True has no counterpart: begin with what there is, as store.artifact({name!r}).new_draft(),"
            " add to that, and log it"
        )
        raise UsageError(msg)
    if storage_region is not None:
        msg = f"storage_region={storage_region!r:.40} cannot be had: an artifact is where its store is"
        raise UsageError(msg)
    if digest_algorithm not in ALGORITHMS:
        msg = f"expected a digest_algorithm of {' or '.join(map(repr, ALGORITHMS))}, found {digest_algorithm!r:.40}"
        raise UsageError(msg)


def files_asked(names: Any, start: object) -> list[str] | None:
    """Return the names of the files that are asked for, of which one may be given alone; None for all.

    Raises:
        UsageError: they are no names, or the list is to begin anywhere but at its beginning.

    """
    if start is not None:
        msg = f"files() returns all files at once, and takes no start, found {start!r:.80}: take a slice of the list"
        raise UsageError(msg)
    if names is None:
        return None
    if isinstance(names, str | os.PathLike):
        return [name_text(names)]
    check_list(names, "names")
    return list(names)


def check_max_objects(count: object) -> None:
    """Refuse what bounds no number of files.

    Raises:
        UsageError: it is no number.

    """
    if count is not None and (isinstance(count, bool) or not isinstance(count, Real)):
        msg = f"expected max_objects as a number, found {count!r:.80}"
        raise UsageError(msg)
