"""Arguments that W&B's artifacts take: checked, also where they change nothing here."""

from __future__ import annotations

from typing import Final

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


def check_all_files(start: object) -> None:
    """Refuse to begin a list of files anywhere but at its beginning.

    Raises:
        UsageError: it is to begin elsewhere.

    """
    if start is not None:
        msg = f"files() returns all files at once, and takes no start, found {start!r:.80}: take a slice of the list"
        raise UsageError(msg)
