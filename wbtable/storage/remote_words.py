"""What remote file systems say, in wbtable's words: errors and times."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Protocol

from wbtable.errors import DeniedError, FormatError, NotFoundError, StorageError, UnsupportedError
from wbtable.storage.remote_errors import Meaning, answer_of, meaning_of, region_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wbtable.errors import WbtableError


_WRITING = ("create", "write")


class NamedPlace(Protocol):
    """The words of a kind of place."""

    noun: str
    how_to_sign_in: str


def explain_remote(error: Exception, *, what: str, key: str, url: str, place: NamedPlace) -> WbtableError:
    """Return the error to raise for one of a remote file system.

    Args:
        error: what the library raised.
        what: what was being done, such as ``write``.
        key: to which key.
        url: the root.
        place: the words of this kind of place.

    """
    scheme, _, rest = url.partition("://")
    root = rest.partition("/")[0]
    said = f"could not {what} {key}: {answer_of(error).code or type(error).__name__}: {error}"
    meaning = meaning_of(error)
    if meaning is Meaning.MISSING and what in _WRITING:
        # Some libraries say no more where there is no bucket.
        meaning = Meaning.NO_ROOT
    match meaning:
        case Meaning.MISSING:
            return NotFoundError(f"{key} does not exist", place=url)
        case Meaning.NO_ROOT:
            advice = f"there is no {place.noun} {root!r}, or not for this account: make it first, or check the name"
            return StorageError(f"{said}: {advice}", place=url)
        case Meaning.REGION:
            region = region_of(error)
            where, value = ("another region", "...") if region is None else (f"the region {region}", repr(region))
            advice = f"set AWS_DEFAULT_REGION={region or '...'}, or the storage option client_kwargs="
            return StorageError(
                f"{said}: the {place.noun} is in {where}: {advice}{{'region_name': {value}}}", place=url
            )
        case Meaning.NO_CREDENTIALS:
            return DeniedError(f"{said}: {place.how_to_sign_in}", place=url)
        case Meaning.DENIED:
            advice = (
                f"these credentials may not {what} here (a place that may not be listed answers so, too, for a key that"
                " does not exist)"
            )
            return DeniedError(f"{said}: {advice}", place=url)
        case Meaning.READ_ONLY:
            return DeniedError(f"{said}: {scheme}:// can be read from, not written to", place=url)
        case Meaning.RANGE:
            return FormatError(f"{said}: it is cut short", place=f"{key} in {url}")
        case _ if answer_of(error).code == "400":
            # An answer to HEAD has no body that could say why.
            advice = "the server gives no reason; it may be a wrong region (AWS_DEFAULT_REGION) or address"
            return StorageError(f"{said}: {advice}", place=url)
        case _:
            return StorageError(said, place=url)


def modified_of(info: Mapping[str, Any]) -> float:
    """Return the modification time in what a file system says of a file; each has its own word for it.

    Raises:
        UnsupportedError: it says none.

    """
    for name in ("LastModified", "last_modified", "updated", "mtime", "modified", "created"):
        found = info.get(name)
        if isinstance(found, str):
            found = dt.datetime.fromisoformat(found)
        if isinstance(found, dt.datetime):
            return (found if found.tzinfo is not None else found.replace(tzinfo=dt.UTC)).timestamp()
        if isinstance(found, (int, float)):
            return float(found)
    raise UnsupportedError(f"this file system does not say when {info.get('name')!r:.120} was last written")
