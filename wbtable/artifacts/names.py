"""Names of artifacts and of their versions: pure rules (spec: 10-artifacts, NAME-n)."""

from __future__ import annotations

import datetime as dt
import difflib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from wbtable.errors import FormatError, UsageError
from wbtable.format.digest import Digest
from wbtable.format.layout import check_alias, check_name
from wbtable.format.tagged import plain_text, tag, untag, utf8_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEFAULT_PROJECT: Final = "uncategorized"
RUN_TABLE: Final = "run_table"
"""The type of what a run logs by itself: one table (RUN-10)."""
LATEST: Final = "latest"
_VERSION = re.compile(r"v(0|[1-9][0-9]{0,14})")
_TAG = re.compile(r"[-\w]+( +[-\w]+)*")
MAX_TAG: Final = 200
_MOST_COMPARED: Final = 10_000
"""So many names are compared with one that is not there: a message must not take minutes."""
SHOWN: Final = 5
"""How many names a message has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionName:
    """What ``project/name:x`` says (NAME-1).

    Attributes:
        project: the project's name; None if the text had none.
        name: the artifact's name.
        version: the number, for ``v<digits>``.
        digest: the artifact digest, for ``SHA-256:<64 hex>`` or 64 hexadecimal characters.
        alias: an alias; ``latest`` if the text had nothing behind the name.

    """

    project: str | None
    name: str
    version: int | None = None
    digest: Digest | None = None
    alias: str | None = None


def parse_name(text: str) -> VersionName:
    """Read ``[project/]name[:alias|vN|digest]``; the project ends at the first ``/``, the name at the first ``:``.

    Raises:
        UsageError: it is not of this form.

    """
    if not isinstance(text, str):
        msg = f"expected an artifact's name like project/name:latest, found {type(text).__name__}"
        raise UsageError(msg)
    head, slash, rest = text.partition("/")
    if slash and ":" in head:
        slash, rest = "", text
    project = check_name(head, "project") if slash else None
    name, colon, which = (rest if slash else text).partition(":")
    check_name(name, "artifact name")
    if not colon:
        return VersionName(project=project, name=name, alias=LATEST)
    version = parse_version(which)
    if version is not None:
        return VersionName(project=project, name=name, version=version)
    digest = _parse_digest(which)
    if digest is not None:
        return VersionName(project=project, name=name, digest=digest)
    alias = which if which == LATEST else check_alias(which)
    return VersionName(project=project, name=name, alias=alias)


def parse_version(text: str) -> int | None:
    """Return the number in ``v<digits>``; None if the text is something else."""
    match = _VERSION.fullmatch(text)
    return None if match is None else int(match[1])


def _parse_digest(text: str) -> Digest | None:
    try:
        return Digest(text) if re.fullmatch(r"[0-9a-f]{64}", text) else Digest.parse(text)
    except FormatError:
        return None


def check_aliases(aliases: Iterable[str], *, new: bool = True) -> tuple[str, ...]:
    """Return aliases that may be given to a version; ``latest`` is left out, for it always is the newest (NAME-3).

    Args:
        aliases: the aliases.
        new: whether they are to be given: one that is read as a digest would never be found (NAME-2).

    Raises:
        UsageError: one is reserved or no name.

    """
    check_list(aliases, "aliases")
    found = tuple(dict.fromkeys(check_alias(alias) for alias in aliases if alias != LATEST))
    for alias in found:
        if new and _parse_digest(alias) is not None:
            msg = f"the alias {alias!r} is reserved: 64 hexadecimal characters always are a version's digest"
            raise UsageError(msg)
    return found


def check_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Return the tags, sorted, each once (NAME-4).

    Raises:
        UsageError: one is not words of letters, digits, ``_`` and ``-``, separated by blanks.

    """
    check_list(tags, "tags")
    found = [str.__str__(one) if isinstance(one, str) else one for one in tags]
    for one in found:
        if not isinstance(one, str) or len(one) > MAX_TAG or not _TAG.fullmatch(one):
            msg = f"a tag is words of letters, digits, '_' and '-', separated by blanks: {one!r:.80} is not"
            raise UsageError(msg)
    return tuple(sorted(set(found)))


def check_list(names: object, what: str) -> None:
    """Refuse what is no list of names; a text is none, for it would be one of letters.

    Raises:
        UsageError: it is none.

    """
    if isinstance(names, str) or not isinstance(names, Iterable):
        found = f"the text {names!r:.60}" if isinstance(names, str) else type(names).__name__
        raise UsageError(f"expected a list of {what}, found {found}")


def check_type(kind: object) -> str:
    """Return an artifact's type (NAME-2).

    Raises:
        UsageError: it is no name.

    """
    return check_name(kind, "artifact type")


def check_description(text: object) -> str | None:
    """Return a description as text; None for none.

    Raises:
        UsageError: it has no UTF-8 form.

    """
    return None if text is None else utf8_text(plain_text(text), "description")


def stored_metadata(values: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return metadata as it will be read once it is stored: nothing of it is the caller's any more.

    Raises:
        UsageError: it is no mapping, or holds what cannot be stored.

    """
    if values is not None and not hasattr(values, "keys"):
        raise UsageError(f"expected metadata as a dict, found {values!r:.80}")
    found: dict[str, Any] = untag(tag(dict(values or {}), "metadata"), "metadata")
    return found


def name_text(name: str | os.PathLike[str]) -> str:
    """Return the name of an entry, given as text or as a path.

    Raises:
        UsageError: it is neither.

    """
    text = os.fspath(name) if isinstance(name, str | os.PathLike) else name
    if not isinstance(text, str):
        raise UsageError(f"expected a name as text, found {type(name).__name__}")
    return str.__str__(text)


def entry_name(name: object) -> str:
    """Return the name that an entry is to have, given as text, as a path or by a number.

    Raises:
        UsageError: it is None, which would be a name like others.

    """
    if name is None:
        raise UsageError("expected a name, found None")
    return plain_text(name)


def near(name: str, known: Iterable[str]) -> str:
    """Return an ending for a message that lists names like `name`; empty if there are none."""
    found = difflib.get_close_matches(name, list(islice(known, _MOST_COMPARED)), n=3, cutoff=0.6)
    return f"; did you mean {', '.join(repr(item) for item in found)}?" if found else ""


def near_or_all(name: str, known: Sequence[str]) -> str:
    """Return an ending for a message that lists names like `name`, or where there are none the first of all names."""
    if near(name, known) or not known:
        return near(name, known)
    shown = [repr(item) for item in known[:SHOWN]]
    more = f" and {len(known) - SHOWN:,} more" if len(known) > SHOWN else ""
    return f"; there is {', '.join(shown)}{more}"


def ttl_seconds(value: dt.timedelta | None) -> int | None:
    """Return a time to live in whole seconds.

    Raises:
        UsageError: it is no timedelta, or not positive.

    """
    if value is None:
        return None
    if not isinstance(value, dt.timedelta) or value < dt.timedelta(seconds=1):
        raise UsageError(f"expected a timedelta of a second or more, or None, found {value!r:.60}")
    return value // dt.timedelta(seconds=1)
