"""What is in the store, as the page lists it (ENDPOINTS.md, "The store"). What is damaged is listed as such."""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from wbtable.artifacts.reading import file_cell
from wbtable.artifacts.tables import DOCUMENTS
from wbtable.artifacts.version import Version
from wbtable.errors import FormatError, WbtableError
from wbtable.format.types import type_from_json
from wbtable.runs.reading import run_ids
from wbtable.tables.view_files import plain
from wbtable.viewer.cells import reference
from wbtable.viewer.reports import report_names
from wbtable.viewer.saved import view_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wbtable.artifacts.contents import Contents
    from wbtable.artifacts.store import Store
    from wbtable.format.documents import Json
    from wbtable.format.entry import Entry

MAX_FILES: Final = 1_000
"""The most files of a window."""
MAX_VERSIONS: Final = 1_000
"""The most versions, or artifacts, of a window."""
MAX_SEARCHED: Final = 100_000
"""After so many files no more tables are looked for in a version."""
MAX_NODES: Final = 500
"""The most versions and runs of a lineage."""
_MOST_TEXT: Final = 500


def projects(store: Store) -> list[Json]:
    """Return the projects, with how much is in each."""
    return [
        {
            "name": name,
            "artifacts": len(store.artifact_names(name)),
            "runs": len(run_ids(store, name)),
            "views": view_names(store, name),
            "reports": report_names(store, name),
        }
        for name in store.projects()
    ]


def head(version: Version, aliases: dict[str, int] | None = None, newest: int | None = None) -> Json:
    """Return what lists show of a version; what of it cannot be read is said in `error`.

    Args:
        version: the version.
        aliases: those of the artifact, if they are known already.
        newest: the number of its newest version that is not deleted, if that is known.

    """
    found: Json = {
        "project": version.project,
        "artifact": version.name,
        "version": version.version,
        "name": version.qualified_name,
        "type": version.type,
        "created_at": version.created_at.isoformat(),
        "logged_by": version.logged_by(),
        "aliases": [],
        "tags": [],
        "size": None,
        "files": None,
    }
    try:
        if aliases is None or newest is None:
            found["aliases"] = list(version.aliases)
        else:
            named = sorted(alias for alias, number in aliases.items() if number == version.number)
            found["aliases"] = [*(["latest"] if version.number == newest else []), *named]
        found["tags"] = list(version.tags)
        found["size"], found["files"] = version.size, version.file_count
    except (WbtableError, OSError) as error:
        found["error"] = str(error)[:_MOST_TEXT]
    return found


def _unread(project: str, artifact: str, version: str | None, error: Exception) -> Json:
    """Return what stands for a version whose record cannot be read."""
    return {
        "project": project,
        "artifact": artifact,
        "version": version,
        "name": f"{project}/{artifact}" + ("" if version is None else f":{version}"),
        "type": None,
        "created_at": None,
        "logged_by": None,
        "aliases": [],
        "tags": [],
        "size": None,
        "files": None,
        "error": str(error)[:_MOST_TEXT],
    }


def _newest(store: Store, project: str, name: str) -> Json | None:
    """Return the head of an artifact's newest version; None if all were deleted."""
    try:
        record = store.records(project, name).head()[1]
        return None if record is None else head(Version(store, record))
    except (WbtableError, OSError) as error:
        return _unread(project, name, None, error)


class ArtifactTypes:
    """Which type each artifact is of: read once, for the versions of an artifact have one type."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._guard = threading.Lock()
        self._types: dict[tuple[str, str], str] = {}

    def of(self, store: Store, project: str, name: str) -> str | None:
        """Return an artifact's type, None if it cannot be read, nothing (empty) if all its versions were deleted."""
        known = self._types.get((project, name))
        if known is not None:
            return known
        try:
            record = store.records(project, name).head()[1]
        except (WbtableError, OSError):
            return None
        if record is None:
            return ""
        with self._guard:
            self._types[project, name] = record.type
        return record.type

    def counts(self, store: Store, project: str) -> list[Json]:
        """Return the types of a project's artifacts, the most frequent first; null: of those that cannot be read."""
        found = Counter(self.of(store, project, name) for name in store.artifact_names(project))
        del found[""]
        return [{"type": name, "artifacts": count} for name, count in found.most_common()]


def artifacts(
    store: Store, types: ArtifactTypes, project: str, kind: str, search: str, offset: int, count: int
) -> Json:
    """Return the newest version of some artifacts, by name.

    Args:
        store: the store.
        types: what is known of types.
        project: the project.
        kind: only of this type; empty for all.
        search: only those with this text in their names.
        offset: the first.
        count: how many.

    """
    text = search.casefold()
    names = [name for name in store.artifact_names(project) if text in name.casefold()]
    if kind:
        names = [name for name in names if types.of(store, project, name) == kind]
    picked = names[offset : offset + min(count, MAX_VERSIONS)]
    heads = (_newest(store, project, name) for name in picked)
    found = [one for one in heads if one is not None]
    # An artifact of which all was deleted still has a name: whether there are such further on is not looked up.
    return {"total": len(found) if len(picked) == len(names) else len(names), "artifacts": found}


def versions(store: Store, project: str, artifact: str, before: int | None, count: int) -> Json:
    """Return some versions of an artifact, the newest first.

    Args:
        store: the store.
        project: the project.
        artifact: the artifact's name.
        before: only those with lower numbers; None to begin with the newest.
        count: how many.

    Raises:
        NotFoundError: there is no such artifact; the message has names like it.

    """
    records = store.records(project, artifact)
    newest = records.newest()
    if newest < 0:
        raise store.missing(project, artifact)
    problem = None
    try:
        aliases = store.aliases(project, artifact)
    except (WbtableError, OSError) as error:
        aliases, problem = {}, str(error)[:_MOST_TEXT]
    alive = next((i for i in range(newest, -1, -1) if not _is_deleted(store, project, artifact, i)), -1)
    found: list[Json] = []
    number = newest if before is None else min(newest, before - 1)
    while number >= 0 and len(found) < min(count, MAX_VERSIONS):
        if not _is_deleted(store, project, artifact, number):
            try:
                found.append(head(Version(store, records.read(number)), aliases, alive))
            except (WbtableError, OSError) as error:
                found.append(_unread(project, artifact, f"v{number}", error))
        number -= 1
    return {
        "versions": found,
        "next": number + 1 if number >= 0 else None,
        "newest": newest,
        "aliases": {alias: f"v{value}" for alias, value in aliases.items()},
        **({} if problem is None else {"problem": problem}),
    }


def _is_deleted(store: Store, project: str, artifact: str, number: int) -> bool:
    try:
        return store.records(project, artifact).is_deleted(number)
    except (WbtableError, OSError):
        return False  # its record says what is wrong


def version(store: Store, project: str, artifact: str, name: str) -> Json:
    """Return everything about a version but its files."""
    found = store.artifact(f"{project}/{artifact}:{name}")
    out: Json = {**head(found), "digest": found.digest, "problems": []}
    parts: dict[str, tuple[Any, Callable[[], Any]]] = {
        "description": (None, lambda: found.description),
        "metadata": ({}, lambda: plain(found.metadata)),
        "used_by": ([], lambda: found.used_by()[:MAX_NODES]),
        "parents": ([], lambda: found.parents()[:MAX_NODES]),
        "loggers": ([], lambda: found.all_loggers()[:MAX_NODES]),
        "tables": ([], lambda: _tables(found.contents)),
    }
    for field, (empty, read) in parts.items():
        try:
            out[field] = read()
        except (WbtableError, OSError) as error:
            out[field] = empty
            out["problems"].append(f"{field}: {str(error)[:_MOST_TEXT]}")
    out["tables_searched"] = min(MAX_SEARCHED, out["files"] or 0)
    return out


def _tables(contents: Contents) -> list[str]:
    searched = itertools.islice(contents, MAX_SEARCHED)
    return [entry.path for entry in searched if _is_table(entry)]


def _is_table(entry: Entry) -> bool:
    return entry.media_type in DOCUMENTS and entry.reference is None


def lineage(store: Store, project: str, artifact: str, name: str, direction: str, depth: int) -> Json:
    """Return the versions and runs around a version, as a graph.

    Raises:
        UsageError: `direction` is none.

    """
    found = store.artifact(f"{project}/{artifact}:{name}")
    try:
        graph = found.lineage(direction, min(depth, 10)).to_json()
    except (FormatError, OSError) as error:
        graph = {**_beside(found), "problem": str(error)[:_MOST_TEXT]}
    left_out = max(0, len(graph["nodes"]) - MAX_NODES)
    nodes = graph["nodes"][:MAX_NODES]
    known = {node["id"] for node in nodes}
    edges = [edge for edge in graph["edges"] if edge["source"] in known and edge["target"] in known]
    return {**graph, "nodes": nodes, "edges": edges, "left_out": left_out}


def _beside(version: Version) -> Json:
    """Return what a version itself says of what is next to it: for where something behind that is damaged."""
    root = version.qualified_name
    around: list[tuple[str, str, bool]] = []
    for how, read, is_above in (
        ("logged", version.all_loggers, True),
        ("used", version.used_by, False),
        ("input", version.parents, True),
    ):
        with contextlib.suppress(WbtableError, OSError):
            around += [(other, how, is_above) for other in read()]
    nodes = {root: {"id": root, "kind": "version", "type": version.type, "deleted": False}}
    for other, how, _ in around:
        nodes[other] = {"id": other, "kind": "version" if how == "input" else "run", "type": None, "deleted": False}
    edges = [
        {"source": other if is_above else root, "target": root if is_above else other, "how": how}
        for other, how, is_above in around
    ]
    return {"root": root, "nodes": list(nodes.values()), "edges": edges, "cut": 0}


def files(store: Store, project: str, artifact: str, name: str, offset: int, count: int, prefix: str) -> Json:
    """Return some files of a version."""
    contents = store.artifact(f"{project}/{artifact}:{name}").contents
    count = min(count, MAX_FILES)
    if prefix:
        found = list(contents.under(prefix))
        return {"total": len(found), "files": [_file(entry) for entry in found[offset : offset + count]]}
    picked = itertools.islice(_from(contents, offset), count)
    return {"total": len(contents), "files": [_file(entry) for entry in picked]}


def _from(contents: Contents, offset: int) -> Iterator[Entry]:
    """Yield entries from one on; pages before it are not read."""
    inline = contents.manifest.entries
    yield from inline[offset:]
    at = len(inline)
    for number, page in enumerate(contents.manifest.pages):
        if at + page.count > offset:
            yield from itertools.islice(contents.page(number), max(0, offset - at), None)
        at += page.count


def _file(entry: Entry) -> Json:
    shown: Json | None = None
    is_blob = entry.reference is None and not _is_table(entry) and entry.digest is not None
    if is_blob:
        shown = {
            "kind": _media_kind(entry),
            "ref": reference(file_cell(entry)),
            "digest": str(entry.digest),
            "size": entry.size,
            "content_type": entry.media_type,
        }
    return {
        "path": entry.path,
        "size": entry.total_size if entry.data_size else entry.size,
        "digest": None if entry.digest is None else str(entry.digest),
        "media_type": entry.media_type,
        "reference": None if entry.reference is None else entry.reference.uri,
        "media": shown,
        "table": _is_table(entry),
    }


def _media_kind(entry: Entry) -> str:
    """Return the kind of a media value, ``file`` for any other file."""
    if entry.media is None:
        return "file"
    try:
        facts = json.loads(entry.media)
        return type_from_json(facts["type"], entry.path).kind
    except (ValueError, KeyError, TypeError, FormatError):
        return "file"


def recent(store: Store, project: str, count: int) -> Json:
    """Return the versions that were last made in a project; of many artifacts only some are looked at, and said so."""
    names = store.artifact_names(project)
    records = []
    for name in names[:MAX_NODES]:
        try:
            record = store.records(project, name).head()[1]
        except (WbtableError, OSError):
            continue  # listed as damaged where artifacts are listed
        if record is not None:
            records.append(record)
    records.sort(key=lambda record: record.created_at, reverse=True)
    return {
        "artifacts": [head(Version(store, record)) for record in records[:count]],
        "artifacts_searched": min(len(names), MAX_NODES),
    }


def check_project(store: Store, project: str) -> None:
    """Check that there is a project.

    Raises:
        NotFoundError: there is none; the message has names like it.

    """
    store.chosen_projects(project)
