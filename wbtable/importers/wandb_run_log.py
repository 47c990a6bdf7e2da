"""What a ``run-*.wandb`` says of its run, read in one pass; the history is read in a second one."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from wbtable.errors import FormatError
from wbtable.importers.wandb_log import read_records
from wbtable.importers.wandb_proto import decode, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_CLIENT_ONLY: Final = frozenset(
    {"empty", "files", "final", "footer", "header", "output", "output_logger", "preempting", "request", "telemetry"}
)
"""Kinds of records that say nothing of the user's: what files say is in the folder, output is ``output_raw`` again."""
_KEPT: Final = frozenset({"alert", "metric", "use_artifact"})
"""Kinds of records that are kept as JSON."""


@dataclass(slots=True, kw_only=True)
class RunLog:
    """What a run's log says.

    Attributes:
        file: the log.
        run: the run's record: id, project, names, tags.
        config: its settings at the end, W&B's own left out.
        own: what W&B's client wrote of itself into the settings.
        summary: its summary at the end, nested as it was given.
        environment: what the client found out about the machine.
        exit: its exit record, None if the run did not end or was killed.
        artifacts: its artifact records, in order.
        used: the records of artifacts that it used.
        kept: other records with something of the user's, as JSON.
        rows: how many rows its history has.
        samples: how many samples of system metrics there are.
        lines: whether the console's output is in the log.
        left_out: how many records of each kind say nothing of the user's.
        damage: what could not be read.

    """

    file: Path
    run: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    own: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, Any] = field(default_factory=dict)
    exit: dict[str, Any] | None = None
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    used: list[dict[str, Any]] = field(default_factory=list)
    kept: list[dict[str, Any]] = field(default_factory=list)
    rows: int = 0
    samples: int = 0
    lines: bool = False
    left_out: Counter[str] = field(default_factory=Counter)
    damage: list[str] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return self.file.parent

    @property
    def started(self) -> dt.datetime:
        """When the run started."""
        return time_of(self.run.get("start_time")) or dt.datetime.fromtimestamp(self.file.stat().st_mtime, dt.UTC)

    @property
    def key(self) -> str:
        """What tells this log from others of the same run: a run that was resumed has several."""
        start = self.run.get("start_time") or {}
        return f"{self.run.get('run_id')}/{start.get('seconds', 0)}.{start.get('nanos', 0):09d}"

    @classmethod
    def read(cls, file: Path) -> RunLog:
        """Read a log; what is damaged is left out and noted.

        Raises:
            FormatError: it is no log of W&B, or has no record of its run.

        """
        out = cls(file=file)
        for kind, data in records(file, out.damage.append):
            out._take(kind, data)
        if not isinstance(out.run.get("run_id"), str):
            damage = f" ({out.damage[0]})" if out.damage else ""
            msg = f"expected the record of a run, found none{damage}"
            raise FormatError(msg, place=str(file))
        return out

    def _take(self, kind: str, data: bytes) -> None:
        if kind in {"history", "stats", "output_raw"}:
            self.rows += kind == "history"
            self.samples += kind == "stats"
            self.lines |= kind == "output_raw"
            return
        if kind in _CLIENT_ONLY or kind.startswith("unknown"):
            self.left_out[kind] += 1
            return
        found = decode(data).get(kind, {})
        if kind == "run":
            self.run |= {key: value for key, value in found.items() if key not in {"config", "summary"}}
            self._update(self.config, found.get("config", {}))
            self._update(self.summary, found.get("summary", {}))
        elif kind in {"config", "summary"}:
            self._update(self.config if kind == "config" else self.summary, found)
        elif kind == "environment":
            self.environment |= found
        elif kind == "exit":
            self.exit = found
        elif kind == "artifact":
            self.artifacts.append(found)
        elif kind in _KEPT:
            self.kept.append({"kind": kind, **found})
            if kind == "use_artifact":
                self.used.append(found)
        else:
            self.left_out[kind] += 1

    def _update(self, target: dict[str, Any], found: dict[str, Any]) -> None:
        for item in found.get("update", []):
            path = item.get("nested_key") or [item.get("key", "")]
            value = parse_value(item, self.damage.append)
            if path[0] == "_wandb":
                if isinstance(value, dict) and len(path) == 1:
                    self.own |= value
                continue
            put(target, path, value)
        for item in found.get("remove", []):
            remove(target, item.get("nested_key") or [item.get("key", "")])


def records(file: Path, damaged: Callable[[str], None]) -> Iterator[tuple[str, bytes]]:
    """Yield kind and bytes of each record of a log; what is damaged is told and left out.

    Raises:
        FormatError: it is no log of W&B.

    """
    with file.open("rb") as stream:
        for number, data in enumerate(read_records(stream, str(file), damaged)):
            try:
                kind = kind_of(data)
                if kind not in _CLIENT_ONLY:
                    decode(data) if kind != "history" else None
            except FormatError as error:
                damaged(f"record {number}: {error}")
                continue
            yield kind, data


def parse_value(item: dict[str, Any], damaged: Callable[[str], None]) -> Any:
    """Return the value of an item; text that is no JSON is told, and kept as text."""
    text = item.get("value_json", "null")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        damaged(f"the value of {item.get('key') or item.get('nested_key')!r:.80} is no JSON ({error}); kept as text")
        return text


def put(target: dict[str, Any], path: list[str], value: Any) -> None:
    """Set a value in nested dicts; what stands in the way gives way."""
    for key in path[:-1]:
        inner = target.get(key)
        if not isinstance(inner, dict):
            inner = target[key] = {}
        target = inner
    target[path[-1]] = value


def remove(target: dict[str, Any], path: list[str]) -> None:
    """Remove a value from nested dicts, if it is there."""
    for key in path[:-1]:
        inner = target.get(key)
        if not isinstance(inner, dict):
            return
        target = inner
    target.pop(path[-1], None)


def time_of(value: Any) -> dt.datetime | None:
    """Return a protobuf timestamp as time; None if it is none, or beyond what times can be."""
    if isinstance(value, dict) and value.get("seconds"):
        with contextlib.suppress(OverflowError, ValueError, OSError):
            base = dt.datetime.fromtimestamp(value["seconds"], dt.UTC)
            return base + dt.timedelta(microseconds=value.get("nanos", 0) // 1000)
    return None
