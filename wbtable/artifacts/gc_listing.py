"""What a listing of `projects/` shows, sorted by what it means for a collection (spec: 10c-collection, GC-3, GC-5)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from wbtable.errors import UnsupportedError
from wbtable.format import layout

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wbtable.storage.backend import Backend
    from wbtable.storage.key_info import KeyInfo

VERSIONS: Final = "versions"
_FACTS: Final = frozenset({"tags", "descriptions", "lineage"})
_RUN_LOGS: Final = frozenset({"attempts", "used", "logged"})
_STATE = re.compile(r"[0-9a-f]{32}\.json")
_NUMBERED = re.compile(r"([0-9]{20})\.(json|parquet)")

Artifact = tuple[str, str]
"""Project and artifact, as they stand in keys."""


@dataclass(slots=True, kw_only=True)
class RunKeys:
    """The files of one run that may refer to objects."""

    finishes: set[int] = field(default_factory=set)
    segments: set[int] = field(default_factory=set)
    summary: KeyInfo | None = None


@dataclass(slots=True, kw_only=True)
class Listing:
    """What there is below `projects/`.

    Attributes:
        versions: the numbers of each artifact, with the times of their records.
        deletions: the newest number of each deletion log, and when it was written.
        ttl: the newest number of each log of times to live.
        aliases: the newest number of each alias.
        documents: the files of the logs of views and reports.
        runs: the files of each run, by its prefix.

    """

    versions: dict[Artifact, dict[int, float]] = field(default_factory=dict)
    deletions: dict[tuple[Artifact, int], tuple[int, float]] = field(default_factory=dict)
    ttl: dict[tuple[Artifact, int], int] = field(default_factory=dict)
    aliases: dict[tuple[Artifact, str], int] = field(default_factory=dict)
    documents: set[str] = field(default_factory=set)
    runs: dict[str, RunKeys] = field(default_factory=dict)


def log_of(artifact: Artifact, kind: str, number: int | None = None) -> str:
    """Return a log of an artifact, or of one of its versions."""
    log = f"projects/{artifact[0]}/artifacts/{artifact[1]}/{kind}"
    return log if number is None else f"{log}/{number:020d}"


def name_of(artifact: Artifact, number: int) -> str:
    """Return ``project/name:vN``."""
    return f"{layout.unescape(artifact[0])}/{layout.unescape(artifact[1])}:v{number}"


def read_listing(backend: Backend) -> Listing:
    """List `projects/`, and probe for versions that the listing does not show yet (LOG-3).

    Raises:
        UnsupportedError: there is a folder that this version does not know.

    """
    found = sort_keys(backend.scan("projects"))
    for artifact, numbers in found.versions.items():
        following = max(numbers) + 1
        while (when := backend.modified(layout.log_key(log_of(artifact, VERSIONS), following))) is not None:
            numbers[following] = when
            following += 1
    return found


def sort_keys(keys: Iterable[KeyInfo]) -> Listing:
    """Sort keys by what they mean.

    Raises:
        UnsupportedError: a key has no meaning that this version knows, so that it may be a root.

    """
    found = Listing()
    for info in keys:
        parts = info.key.split("/")
        if any(part.startswith(".") for part in parts) or parts[-1] == "hint":
            # No name begins with a dot: such files are the disk's own. Hints are no roots.
            continue
        kind = parts[2] if len(parts) > 4 else ""
        known = False
        if kind == "artifacts":
            known = _take_artifact(found, info, parts)
        elif kind == "runs":
            known = _take_run(found, info, parts)
        elif kind in {"views", "reports"} and len(parts) == 5 and _number(parts[4], "json") is not None:
            found.documents.add(info.key)
            known = True
        elif kind == "states" and len(parts) == 5 and _STATE.fullmatch(parts[4]) is not None:
            # What a panel looked like (VIEW-11) leads nowhere.
            known = True
        if not known:
            raise UnsupportedError(
                f"{info.key} is nothing that this version knows, and may refer to objects: nothing is deleted;"
                " upgrade wbtable, or remove what does not belong there"
            )
    return found


def _take_artifact(found: Listing, info: KeyInfo, parts: list[str]) -> bool:
    artifact, kind = (parts[1], parts[3]), parts[4]
    number = _number(parts[-1], "json")
    if number is None:
        return False
    if kind == VERSIONS and len(parts) == 6:
        found.versions.setdefault(artifact, {})[number] = info.modified
        return True
    if len(parts) != 7:
        return False
    if kind == "aliases":
        alias = (artifact, parts[5])
        found.aliases[alias] = max(number, found.aliases.get(alias, -1))
        return True
    if kind in _FACTS:
        return True
    if kind not in {"deletions", "ttl"} or not parts[5].isdigit():
        return False
    version = (artifact, int(parts[5]))
    if kind == "ttl":
        found.ttl[version] = max(number, found.ttl.get(version, -1))
    elif number > found.deletions.get(version, (-1, 0.0))[0]:
        found.deletions[version] = (number, info.modified)
    return True


def _take_run(found: Listing, info: KeyInfo, parts: list[str]) -> bool:
    run = found.runs.setdefault("/".join(parts[:4]), RunKeys())
    if len(parts) == 5:
        if parts[4] == "summary.json":
            run.summary = info
        return parts[4] == "summary.json"
    if len(parts) != 6:
        return False
    if parts[4] == "history":
        number = _number(parts[5], "parquet")
        if number is not None:
            run.segments.add(number)
        return number is not None
    number = _number(parts[5], "json")
    if number is not None and parts[4] == "finishes":
        run.finishes.add(number)
        return True
    return number is not None and parts[4] in _RUN_LOGS


def _number(name: str, suffix: str) -> int | None:
    match = _NUMBERED.fullmatch(name)
    return int(match[1]) if match is not None and match[2] == suffix else None
