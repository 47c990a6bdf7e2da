"""Digest, name, version -> key in a store (spec: 03-store-layout).

Pure functions. A key is a relative path with `/` between its parts; a name becomes one part of a key.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from wbtable.errors import FormatError, UsageError
from wbtable.format.digest import Digest, suffix_of

HEADER: Final = "wbtable.json"
OBJECTS: Final = "objects"
TEMPORARY: Final = "tmp"
LEASES: Final = "leases"
COLLECTIONS: Final = "gc"
TABLE_SUFFIX: Final = ".table.json"
"""How the manifest of a table that stands on its own ends (TABLE-9)."""
SUFFIXES: Final = ("", ".parquet", ".pack", ".json", ".json.zst")

MAX_NUMBER: Final = 2**53 - 1
"""The highest number of a log's file: it must stand in JSON as a number (LAYOUT-6)."""

MAX_NAME: Final = 200
"""The most bytes an escaped name may have, so that it and a suffix fit any disk's 255 (LAYOUT-5)."""

_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789._-")
_SIMPLE = re.compile(r"[a-z0-9_-](?:[a-z0-9._-]{0,198}[a-z0-9_-])?")
"""Names that are their own escaped form."""
_ESCAPED = re.compile(r"(?:[a-z0-9._-]|%[0-9a-f]{2})+")
_HEX_PAIR = re.compile(r"%([0-9a-f]{2})")
_OBJECT_KEY = re.compile(r"objects/([0-9a-f]{2})/([0-9a-f]{62})((?:\.[a-z]+)*)")
_LOG_KEY = re.compile(r"(.+)/([0-9]{20})\.json")
_NUMBERED = re.compile(r"v[0-9]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DOT = ord(".")


def escape(name: str) -> str:
    """Return `name` as one part of a key (LAYOUT-4).

    Different names have different escaped forms, on disks that ignore case too.

    Raises:
        UsageError: the name is empty, is not valid Unicode, or is too long once escaped.

    """
    if _SIMPLE.fullmatch(name):
        return name
    try:
        raw = name.encode("utf-8")
    except UnicodeEncodeError:
        msg = f"the name {name!r:.80} holds a lone surrogate, which has no UTF-8 form"
        raise UsageError(msg) from None
    if not raw:
        msg = "a name must not be empty"
        raise UsageError(msg)
    last = len(raw) - 1
    out = "".join(
        chr(byte) if byte in _PLAIN and not (byte == _DOT and i in (0, last)) else f"%{byte:02x}"
        for i, byte in enumerate(raw)
    )
    if len(out) > MAX_NAME:
        msg = (
            f"the name {name!r:.80} is too long: at most {MAX_NAME} bytes as written in a store, found {len(out)}"
            " (each character outside a-z, 0-9, '.', '_', '-' counts three bytes or more)"
        )
        raise UsageError(msg)
    return out


def unescape(part: str, place: str | None = None) -> str:
    """Return the name whose escaped form is `part` (LAYOUT-4).

    Raises:
        FormatError: no name has this escaped form.

    """
    if _SIMPLE.fullmatch(part):
        return part
    if _ESCAPED.fullmatch(part):
        try:
            name = _HEX_PAIR.sub(lambda m: chr(int(m[1], 16)), part).encode("latin-1").decode("utf-8")
            if escape(name) == part:
                return name
        except (UnicodeDecodeError, UsageError):
            pass
    msg = f"expected an escaped name, found {part!r:.120}"
    raise FormatError(msg, place=place)


def check_name(name: object, what: str = "name") -> str:
    """Return `name` if it can name a project, an artifact or a tag (LAYOUT-5).

    Args:
        name: the name to check.
        what: what it names, for the message.

    Raises:
        UsageError: it is empty, `.`, `..`, too long, or holds `/`, `:`, a control character, or blanks at an end.

    """
    if not isinstance(name, str):
        msg = f"expected the {what} as text, found {type(name).__name__}"
        raise UsageError(msg)
    name = str.__str__(name)  # of a member of an enum an f-string may have its class and name
    problem = None
    if not name:
        problem = "must not be empty"
    elif name in {".", ".."}:
        problem = "must not be '.' or '..', which mean folders to people and programs"
    elif "/" in name or ":" in name:
        problem = "must not contain '/' or ':'"
    elif _CONTROL.search(name):
        problem = "must not contain control characters"
    elif name != name.strip():
        problem = "must not begin or end with blanks"
    if problem:
        msg = f"the {what} {name!r:.80} {problem}"
        raise UsageError(msg)
    try:
        escape(name)
    except UsageError as error:
        raise UsageError(str(error), place=what) from None
    return name


def check_alias(alias: object) -> str:
    """Return `alias` if a version may be given it (LAYOUT-5).

    Raises:
        UsageError: it is no name, or is `latest` or `v<digits>`, which the store itself defines.

    """
    name = check_name(alias, "alias")
    if name == "latest" or _NUMBERED.fullmatch(name):
        msg = f"the alias {name!r} is reserved: 'latest' and 'v<number>' always name versions"
        raise UsageError(msg)
    return name


def object_key(digest: Digest, media_type: str) -> str:
    """Return the key of the object that `digest` names (LAYOUT-1, LAYOUT-2)."""
    return suffixed_key(digest, suffix_of(media_type))


def suffixed_key(digest: Digest, suffix: str) -> str:
    """Return the key of an object with this suffix (LAYOUT-1)."""
    return f"{OBJECTS}/{digest.hex[:2]}/{digest.hex[2:]}{suffix}"


def parse_object_key(key: str) -> tuple[Digest, str]:
    """Return the digest and the suffix in an object's key (LAYOUT-1).

    Raises:
        FormatError: it is not the key of an object.

    """
    match = _OBJECT_KEY.fullmatch(key)
    if match is None or match[3] not in SUFFIXES:
        msg = f"expected objects/<2 hex>/<62 hex> and a known suffix, found {key!r:.120}"
        raise FormatError(msg)
    return Digest(match[1] + match[2]), match[3]


def is_object_key(key: str) -> bool:
    """Whether a key is that of an object (LAYOUT-1)."""
    match = _OBJECT_KEY.fullmatch(key)
    return match is not None and match[3] in SUFFIXES


def log_key(log: str, number: int) -> str:
    """Return the key of file `number` of a log (LAYOUT-6).

    Raises:
        UsageError: the number is negative or beyond 2^53 - 1.

    """
    if not 0 <= number <= MAX_NUMBER:
        msg = f"expected a number from 0 to 2^53 - 1, found {number}"
        raise UsageError(msg)
    return f"{log}/{number:020d}.json"


def parse_log_key(key: str) -> tuple[str, int]:
    """Return the log and the number in the key of a log's file (LAYOUT-6).

    Raises:
        FormatError: it is not the key of a log's file.

    """
    match = _LOG_KEY.fullmatch(key)
    if match is None or int(match[2]) > MAX_NUMBER:
        msg = f"expected <log>/<20 digits>.json, found {key!r:.120}"
        raise FormatError(msg)
    return match[1], int(match[2])


def hint_key(log: str) -> str:
    """Return the key of a log's hint: where its newest number was last seen; it may be wrong (LAYOUT-7)."""
    return f"{log}/hint"


def project_prefix(project: str) -> str:
    """Return the folder of a project, without a `/` at its end."""
    return f"projects/{escape(check_name(project, 'project'))}"


def artifact_prefix(project: str, artifact: str) -> str:
    """Return the folder of an artifact, without a `/` at its end."""
    return f"{project_prefix(project)}/artifacts/{escape(check_name(artifact, 'artifact name'))}"


def versions_log(project: str, artifact: str) -> str:
    """Return the log of an artifact's versions: file n is the record of version n (LAYOUT-6)."""
    return f"{artifact_prefix(project, artifact)}/versions"


def alias_log(project: str, artifact: str, alias: str) -> str:
    """Return the log of one alias of an artifact (LAYOUT-6)."""
    return f"{artifact_prefix(project, artifact)}/aliases/{escape(check_alias(alias))}"


def version_log(project: str, artifact: str, kind: str, version: int) -> str:
    """Return the log of one kind of later facts about one version (LAYOUT-6).

    Args:
        project: the project's name.
        artifact: the artifact's name.
        kind: `tags`, `descriptions`, `ttl`, `deletions`, or another plural that 10-artifacts defines.
        version: the version's number.

    """
    return f"{artifact_prefix(project, artifact)}/{escape(kind)}/{version:020d}"


def view_log(project: str, view: str) -> str:
    """Return the log of a saved view (LAYOUT-6)."""
    return f"{project_prefix(project)}/views/{escape(check_name(view, 'view'))}"


def state_key(project: str, user: str, panel: str) -> str:
    """Return the key of what a panel looked like when a user left it (VIEW-11)."""
    name = hashlib.sha256(panel.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"{project_prefix(project)}/states/{escape(check_name(user, 'user'))}/{name}.json"


def report_log(project: str, report: str) -> str:
    """Return the log of a report (LAYOUT-6)."""
    return f"{project_prefix(project)}/reports/{escape(check_name(report, 'report'))}"


def run_prefix(project: str, run_id: str) -> str:
    """Return the folder of a run, without a `/` at its end."""
    return f"{project_prefix(project)}/runs/{escape(check_name(run_id, 'run id'))}"


def lease_key(lease: str) -> str:
    """Return the key of a writer's lease."""
    return f"{LEASES}/{escape(lease)}.json"


def ended_key(lease: str) -> str:
    """Return the key whose existence ends a lease."""
    return f"{LEASES}/{escape(lease)}.ended"


def collection_key(collection: str) -> str:
    """Return the key of a collector's record of doomed objects."""
    return f"{COLLECTIONS}/{escape(collection)}.json"
