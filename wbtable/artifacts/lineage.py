"""What versions were made from and what was made of them, as a graph of versions and runs (LINEAGE-1, RUN-6)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from wbtable.artifacts import logs
from wbtable.artifacts.names import parse_name
from wbtable.errors import FormatError, NotFoundError, UsageError
from wbtable.format import layout
from wbtable.format.documents import parse
from wbtable.format.layout import log_key
from wbtable.format.run_keys import LOGGED, USED, lineage_log
from wbtable.format.run_record import RunLink
from wbtable.format.seal import check_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from wbtable.artifacts.store_files import StoreFiles
    from wbtable.format.version_record import VersionRecord

Direction = Literal["both", "up", "down"]
DIRECTIONS: Final = ("both", "up", "down")
VERSION: Final = "version"
RUN: Final = "run"
_MAX_LINK: Final = 1 << 20
_MERMAID: Final = {'"': "#quot;", "#": "#35;", "<": "#lt;", ">": "#gt;", "&": "#amp;", "`": "#96;", "\\": "#92;"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageNode:
    """A version or run.

    Attributes:
        id: ``project/name:vN`` of a version, ``project/id`` of a run.
        kind: ``version`` or ``run``.
        type: a version's artifact type; None if it is not known.
        deleted: whether it is not there any more.

    """

    id: str
    kind: str
    type: str | None = None
    deleted: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"id": self.id, "kind": self.kind, "type": self.type, "deleted": self.deleted}


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class LineageEdge:
    """One thing that led to another.

    Attributes:
        source: what came first.
        target: what came of it.
        how: ``used`` (a version by a run), ``logged`` (a version by a run), ``base`` (the version that a draft was
            made from), ``input`` (of a version that no run made).

    """

    source: str
    target: str
    how: str

    def to_json(self) -> dict[str, str]:
        """Return it as JSON."""
        return {"source": self.source, "target": self.target, "how": self.how}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """A graph of versions and runs; edges point from what was there first to what came of it.

    Attributes:
        root: the version that was asked for.
        nodes: versions and runs, the nearest to the root first.
        edges: what led to what, sorted.
        cut: how many nodes have neighbours that were not followed, because of `depth`.

    """

    root: str
    nodes: tuple[LineageNode, ...]
    edges: tuple[LineageEdge, ...]
    cut: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the graph as JSON."""
        nodes, edges = [node.to_json() for node in self.nodes], [edge.to_json() for edge in self.edges]
        return {"root": self.root, "nodes": nodes, "edges": edges, "cut": self.cut}

    def to_mermaid(self) -> str:
        """Return the graph as text that Mermaid draws: versions as boxes, runs rounded, the root with a thick line."""
        numbers = {node.id: f"n{i}" for i, node in enumerate(self.nodes)}
        lines = ["flowchart LR"]
        for node in self.nodes:
            text = _escaped(node.id) + ("<br>deleted" if node.deleted else "")
            shape = f'(["{text}"])' if node.kind == RUN else f'["{text}"]'
            lines.append(f"    {numbers[node.id]}{shape}")
        lines += [f"    {numbers[edge.source]} -->|{edge.how}| {numbers[edge.target]}" for edge in self.edges]
        lines.append(f"    style {numbers[self.root]} stroke-width:3px")
        return "\n".join(lines) + "\n"

    def below(self) -> list[LineageNode]:
        """Return what came of the root, directly or not."""
        known, todo = {self.root}, [self.root]
        while todo:
            here = todo.pop()
            for edge in self.edges:
                if edge.source == here and edge.target not in known:
                    known.add(edge.target)
                    todo.append(edge.target)
        return [node for node in self.nodes if node.id in known and node.id != self.root]


def _escaped(text: str) -> str:
    return "".join(_MERMAID.get(char, char if char.isprintable() else "?") for char in text)


def lineage(store: StoreFiles, root: str, direction: str = "both", depth: int | None = None) -> Lineage:
    """Return what a version (``project/name:vN``) was made from and what was made of it; see `Version.lineage`.

    Raises:
        UsageError: `direction` or `depth` is none.

    """
    if direction not in DIRECTIONS:
        raise UsageError(f"expected direction as {', '.join(DIRECTIONS)}, found {direction!r:.40}")
    if depth is not None and (type(depth) is not int or depth < 0):
        raise UsageError(f"expected depth as a whole number of at least 0 or None, found {depth!r:.40}")
    walk = _Walk(store)
    ways = (True, False) if direction == "both" else (direction == "up",)
    cut = sum(walk.follow(root, is_up=is_up, depth=depth) for is_up in ways)
    return Lineage(root=root, nodes=tuple(walk.nodes.values()), edges=tuple(sorted(walk.edges)), cut=cut)


@dataclass(slots=True, kw_only=True)
class _Drafts:
    """Which versions of an artifact were drafted from which: of those from the number `unread` on."""

    unread: int
    made_from: dict[int | None, list[int]] = field(default_factory=dict)


@dataclass(slots=True)
class _Walk:
    store: StoreFiles
    nodes: dict[str, LineageNode] = field(default_factory=dict)
    edges: set[LineageEdge] = field(default_factory=set)
    _records: dict[str, VersionRecord | None] = field(default_factory=dict)
    _links: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    _drafts: dict[tuple[str, str], _Drafts] = field(default_factory=dict)

    def follow(self, root: str, *, is_up: bool, depth: int | None) -> int:
        """Walk from the root to all above or below it; return at how many nodes the depth ended the walk."""
        self._add(root)
        seen, cut = {root}, 0
        todo = deque([(root, 0)])
        while todo:
            here, far = todo.popleft()
            found = list(self._above(here) if is_up else self._below(here))
            if depth is not None and far >= depth:
                cut += any(edge not in self.edges for edge in found)
                continue
            for edge in found:
                self.edges.add(edge)
                other = edge.source if is_up else edge.target
                if other not in seen:
                    seen.add(other)
                    self._add(other)
                    todo.append((other, far + 1))
        return cut

    def _above(self, node: str) -> Iterator[LineageEdge]:
        if not _is_version(node):
            yield from _edges(self._of_run(node, USED), (node,), USED)
            return
        record = self._record(node)
        if record is None:
            return
        if record.base is not None:
            yield LineageEdge(source=f"{record.project}/{record.name}:v{record.base}", target=node, how="base")
        later = [run for run, how, _ in said_later(self.store, record) if how == LOGGED]
        loggers = dict.fromkeys([*([] if record.run is None else [record.run]), *later])
        yield from _edges(loggers, (node,), LOGGED)
        if not loggers:
            yield from _edges(record.inputs, (node,), "input")

    def _below(self, node: str) -> Iterator[LineageEdge]:
        if not _is_version(node):
            yield from _edges((node,), self._of_run(node, LOGGED), LOGGED)
            return
        record = self._record(node)
        if record is None:
            return
        runs = dict.fromkeys(run for run, how, _ in said_later(self.store, record) if how == USED)
        yield from _edges((node,), runs, USED)
        for number in self._drafted_from(record):
            yield LineageEdge(source=node, target=f"{record.project}/{record.name}:v{number}", how="base")

    def _drafted_from(self, record: VersionRecord) -> list[int]:
        """Return the numbers of the versions whose drafts were made from one; no record is read twice for that."""
        records = self.store.records(record.project, record.name)
        found = self._drafts.setdefault((record.project, record.name), _Drafts(unread=records.newest() + 1))
        for number in range(record.version + 1, found.unread):
            found.made_from.setdefault(records.read(number).base, []).append(number)
        found.unread = min(found.unread, record.version + 1)
        return sorted(found.made_from.get(record.version, []))

    def _add(self, node: str) -> None:
        if node in self.nodes:
            return
        if not _is_version(node):
            self.nodes[node] = LineageNode(id=node, kind=RUN)
            return
        record = self._record(node)
        if record is None:
            self.nodes[node] = LineageNode(id=node, kind=VERSION, deleted=True)
            return
        gone = self.store.records(record.project, record.name).is_deleted(record.version)
        self.nodes[node] = LineageNode(id=node, kind=VERSION, type=record.type, deleted=gone)

    def _record(self, node: str) -> VersionRecord | None:
        """Return the record of a version, deleted or not; None where it is gone."""
        if node not in self._records:
            name = parse_name(node)
            assert name.project is not None
            assert name.version is not None
            try:
                self._records[node] = self.store.records(name.project, name.name).read(name.version)
            except NotFoundError:
                self._records[node] = None
        return self._records[node]

    def _of_run(self, run: str, how: str) -> list[str]:
        if (run, how) not in self._links:
            self._links[run, how] = list(dict.fromkeys(run_links(self.store, run, how)))
        return self._links[run, how]


def said_later(store: StoreFiles, record: VersionRecord) -> list[tuple[str, str, list[str]]]:
    """Return what a version's lineage log says: run, ``used`` or ``logged``, and the run's inputs (LINEAGE-1)."""
    log = layout.version_log(record.project, record.name, "lineage", record.version)
    found = logs.entries(store.backend, log, "lineage")
    return [(entry.value["run"], entry.value["how"], entry.value.get("inputs", [])) for entry in found]


def run_links(store: StoreFiles, run: str, how: str) -> Iterator[str]:
    """Yield the versions that a run (``project/id``) used or logged, the first first (RUN-6)."""
    project, _, run_id = run.partition("/")
    log = lineage_log(project, run_id, how)
    number = 0
    while True:
        key = log_key(log, number)
        try:
            data = store.backend.get(key)
        except NotFoundError:
            return
        try:
            link = RunLink.from_json(parse(data, key, max_bytes=_MAX_LINK), key)
            check_bytes(data, key)
            yield link.version
        except FormatError as error:
            raise FormatError(f"the lineage of the run {run} is damaged: {error}", place=key) from None
        number += 1


def _is_version(node: str) -> bool:
    return ":" in node.partition("/")[2]


def _edges(sources: Iterable[str], targets: Iterable[str], how: str) -> Iterator[LineageEdge]:
    targets = list(targets)
    for source in sources:
        for target in targets:
            yield LineageEdge(source=source, target=target, how=how)
