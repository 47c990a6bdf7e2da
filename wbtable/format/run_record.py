"""The records of a run: how it started, how it ended, what it used and made (spec: 14-runs, RUN-n).

All are small JSON documents under ``projects/<project>/runs/<id>/``. Only the summary is ever replaced.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from wbtable.errors import FormatError
from wbtable.format.digest import HISTORY, Descriptor
from wbtable.format.documents import Json, Reader, build
from wbtable.format.features import FORMAT_VERSION, check_document
from wbtable.format.layout import check_name, log_key
from wbtable.format.run_keys import LOGGED, USED, attempts_log
from wbtable.format.tagged import tag, untag
from wbtable.format.version_record import read_time, write_time

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

STATES: Final = ("running", "finished", "failed", "crashed")

_HEADER: Final = frozenset({"kind", "format", "features", "refs", "check"})
_VERSION = re.compile(r"[^/:]+/[^/:]+:v[0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """The process that runs an attempt: enough to tell on its machine whether it still lives (RUN-7).

    Attributes:
        host: the machine's name.
        pid: the process's number.
        started: a text that another process of the same number would not have; empty if the system has none.

    """

    host: str
    pid: int
    started: str = ""

    def to_json(self) -> Json:
        """Return the JSON form."""
        return {"host": self.host, "pid": self.pid, "started": self.started}

    @classmethod
    def read(cls, fields: Reader) -> Self:
        """Read the JSON form."""
        return cls(host=fields.str("host"), pid=fields.int("pid"), started=fields.opt_str("started") or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStart:
    """The immutable record that starts an attempt (RUN-1).

    Attributes:
        project: the project's name.
        id: the run's id, unique in its project.
        attempt: 0 at first, one more each time the run is resumed.
        created_at: when, by the writer's clock.
        name: what people call the run.
        config: the user's settings, as given.
        tags: the user's labels.
        notes: free text, or None.
        group: what it belongs to, or None.
        job_type: what part it plays there, or None.
        process: the process that runs it.
        environment: facts such as ``user``, ``python``, ``command``; never environment variables (RUN-8).
        extra: fields of newer writers, kept.

    """

    kind: ClassVar[str] = "wbtable.run"

    project: str
    id: str
    attempt: int
    created_at: dt.datetime
    name: str
    process: Process
    config: Mapping[str, Any] = field(default_factory=dict, hash=False)
    tags: tuple[str, ...] = ()
    notes: str | None = None
    group: str | None = None
    job_type: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict, hash=False)
    extra: Json = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """Refuse names that cannot be keys."""
        check_name(self.project, "project")
        check_name(self.id, "run id")
        _check_count(self.attempt, "attempt")

    @property
    def key(self) -> str:
        """The key under which it is created."""
        return log_key(attempts_log(self.project, self.id), self.attempt)

    def to_json(self) -> Json:
        """Return the JSON form (RUN-1)."""
        return {
            **self.extra,
            **_header(self.kind),
            "project": self.project,
            "id": self.id,
            "attempt": self.attempt,
            "created_at": write_time(self.created_at),
            "name": self.name,
            "config": _tagged(self.config, "config"),
            "tags": list(self.tags),
            "notes": self.notes,
            "group": self.group,
            "job_type": self.job_type,
            "process": self.process.to_json(),
            "environment": dict(self.environment),
            "refs": [],
        }

    @classmethod
    def from_json(cls, value: Json, place: str = "run") -> Self:
        """Read the JSON form.

        Raises:
            FormatError: a field is missing or impossible; the message names it.
            UnsupportedError: it needs a newer version.

        """
        check_document(value, cls.kind, place)
        fields = Reader(value, place)
        known = _HEADER | {"project", "id", "attempt", "created_at", "name", "config", "tags", "notes", "group"}
        return build(
            lambda: cls(
                project=fields.str("project"),
                id=fields.str("id"),
                attempt=fields.int("attempt"),
                created_at=read_time(fields.str("created_at"), f"{place}.created_at"),
                name=fields.str("name"),
                config=untag(fields.object("config"), f"{place}.config"),
                tags=_texts(fields, "tags"),
                notes=fields.opt_str("notes"),
                group=fields.opt_str("group"),
                job_type=fields.opt_str("job_type"),
                process=Process.read(fields.child("process")),
                environment={key: str(item) for key, item in fields.object("environment", optional=True).items()},
                extra=fields.extra(known | {"job_type", "process", "environment"}),
            ),
            place,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """What a run has come to so far; replaced by the run itself, so it may lag by a second (RUN-5).

    Attributes:
        attempt: the attempt that wrote it.
        updated_at: when, by the writer's clock: the sign of life of a run on another machine (RUN-7).
        next_step: the step that the next row would have.
        config: the settings with all updates.
        summary: the last value of each key, and what the user set.
        extra: fields of newer writers, kept.

    """

    kind: ClassVar[str] = "wbtable.run-summary"

    attempt: int
    updated_at: dt.datetime
    next_step: int
    config: Mapping[str, Any] = field(default_factory=dict, hash=False)
    summary: Mapping[str, Any] = field(default_factory=dict, hash=False)
    extra: Json = field(default_factory=dict, hash=False)

    def to_json(self) -> Json:
        """Return the JSON form (RUN-5)."""
        return {
            **self.extra,
            **_header(self.kind),
            "attempt": self.attempt,
            "updated_at": write_time(self.updated_at),
            "next_step": self.next_step,
            "config": _tagged(self.config, "config"),
            "summary": _tagged(self.summary, "summary"),
            "refs": [],
        }

    @classmethod
    def from_json(cls, value: Json, place: str = "run summary") -> Self:
        """Read the JSON form.

        Raises:
            FormatError: a field is missing or impossible; the message names it.
            UnsupportedError: it needs a newer version.

        """
        check_document(value, cls.kind, place)
        fields = Reader(value, place)
        return cls(
            attempt=fields.int("attempt"),
            updated_at=read_time(fields.str("updated_at"), f"{place}.updated_at"),
            next_step=fields.int("next_step"),
            config=untag(fields.object("config"), f"{place}.config"),
            summary=untag(fields.object("summary"), f"{place}.summary"),
            extra=fields.extra(_HEADER | {"attempt", "updated_at", "next_step", "config", "summary"}),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinish:
    """The immutable record that ends an attempt (RUN-2).

    Attributes:
        attempt: which one.
        finished_at: when, by the writer's clock.
        exit_code: 0 where all went well.
        next_step: the step after the last.
        config: the settings as they were at the end.
        summary: the summary as it was at the end.
        segments: how many history segments were there; the history object holds exactly those below this number.
        history: the segments' rows as one object (RUN-4); None if there is none.
        refs: every object that the history names, and the history itself.
        extra: fields of newer writers, kept.

    """

    kind: ClassVar[str] = "wbtable.run-finish"

    attempt: int
    finished_at: dt.datetime
    exit_code: int
    next_step: int
    config: Mapping[str, Any] = field(default_factory=dict, hash=False)
    summary: Mapping[str, Any] = field(default_factory=dict, hash=False)
    segments: int = 0
    history: Descriptor | None = None
    refs: tuple[Descriptor, ...] = ()
    extra: Json = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """Refuse a history that is none."""
        if self.history is not None and self.history.media_type != HISTORY:
            msg = f"expected the media type {HISTORY}, found {self.history.media_type}"
            raise FormatError(msg, place="run finish.history")

    @property
    def state(self) -> str:
        """The state in which the attempt ended."""
        return "finished" if self.exit_code == 0 else "failed"

    def to_json(self) -> Json:
        """Return the JSON form (RUN-2)."""
        return {
            **self.extra,
            **_header(self.kind),
            "attempt": self.attempt,
            "finished_at": write_time(self.finished_at),
            "exit_code": self.exit_code,
            "next_step": self.next_step,
            "config": _tagged(self.config, "config"),
            "summary": _tagged(self.summary, "summary"),
            "segments": self.segments,
            "history": None if self.history is None else self.history.to_json(),
            "refs": [ref.to_json() for ref in sort_refs(self.refs)],
        }

    @classmethod
    def from_json(cls, value: Json, place: str = "run finish") -> Self:
        """Read the JSON form.

        Raises:
            FormatError: a field is missing or impossible; the message names it.
            UnsupportedError: it needs a newer version.

        """
        check_document(value, cls.kind, place)
        fields = Reader(value, place)
        history = None
        if value.get("history") is not None:
            history = Descriptor.from_json(value["history"], f"{place}.history")
        refs = tuple(Descriptor.from_json(ref, f"{place}.refs[{i}]") for i, ref in enumerate(fields.list("refs")))
        if history is not None and history not in refs:
            fields.fail("refs", "the object that history names, too (DOC-6)")
        known = {"attempt", "finished_at", "exit_code", "next_step", "config", "summary", "segments", "history"}
        return cls(
            attempt=fields.int("attempt"),
            finished_at=read_time(fields.str("finished_at"), f"{place}.finished_at"),
            exit_code=fields.int("exit_code", least=-(2**31)),
            next_step=fields.int("next_step"),
            config=untag(fields.object("config"), f"{place}.config"),
            summary=untag(fields.object("summary"), f"{place}.summary"),
            segments=fields.int("segments"),
            history=history,
            refs=refs,
            extra=fields.extra(_HEADER | known),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLink:
    """One version that a run used or logged: an entry of its lineage logs, all of which count (RUN-6).

    Attributes:
        how: ``used`` or ``logged``.
        version: ``project/name:vN``.
        key: the key that it was logged under, or None.
        created_at: when, by the writer's clock.
        extra: fields of newer writers, kept.

    """

    kind: ClassVar[str] = "wbtable.run-link"

    how: str
    version: str
    created_at: dt.datetime
    key: str | None = None
    extra: Json = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """Refuse links that lead nowhere."""
        if self.how not in {USED, LOGGED}:
            msg = f"expected {USED} or {LOGGED}, found {self.how!r:.40}"
            raise FormatError(msg)
        if not _VERSION.fullmatch(self.version):
            msg = f"expected project/name:vN, found {self.version!r:.120}"
            raise FormatError(msg)

    def to_json(self) -> Json:
        """Return the JSON form (RUN-6)."""
        fields = {"how": self.how, "version": self.version, "key": self.key, "created_at": write_time(self.created_at)}
        return {**self.extra, **_header(self.kind), **fields, "refs": []}

    @classmethod
    def from_json(cls, value: Json, place: str = "run link") -> Self:
        """Read the JSON form.

        Raises:
            FormatError: a field is missing or impossible; the message names it.
            UnsupportedError: it needs a newer version.

        """
        check_document(value, cls.kind, place)
        fields = Reader(value, place)
        return build(
            lambda: cls(
                how=fields.str("how"),
                version=fields.str("version"),
                created_at=read_time(fields.str("created_at"), f"{place}.created_at"),
                key=fields.opt_str("key"),
                extra=fields.extra(_HEADER | {"how", "version", "key", "created_at"}),
            ),
            place,
        )


def sort_refs(refs: tuple[Descriptor, ...]) -> tuple[Descriptor, ...]:
    """Return each object once, in order of digest (DOC-6)."""
    found = {ref.digest: ref for ref in refs}
    return tuple(found[digest] for digest in sorted(found))


def _header(kind: str) -> Json:
    return {"kind": kind, "format": FORMAT_VERSION, "features": {"reader": [], "writer": []}}


def _tagged(values: Mapping[str, Any], place: str) -> Json:
    """Return values by key, each of which may have all the levels that a value may have (ANY-2)."""
    tagged: Json = tag(dict(values), place, -1)
    return tagged


def _texts(fields: Reader, key: str) -> tuple[str, ...]:
    items = fields.list(key, optional=True)
    if not all(isinstance(item, str) for item in items):
        fields.fail(key, "a list of texts")
    return tuple(items)


def _check_count(value: object, name: str) -> None:
    if type(value) is not int or value < 0:
        msg = f"expected an integer of at least 0, found {value!r:.40}"
        raise FormatError(msg, place=name)
