"""Run folders of W&B into runs of ours: artifacts first, then the history that refers to them (spec: 14-runs)."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any, Final

from wbtable.artifacts.commit import RunInfo, commit
from wbtable.artifacts.lease import Lease
from wbtable.artifacts.leased_objects import LeasedObjects
from wbtable.artifacts.names import DEFAULT_PROJECT
from wbtable.errors import ConflictError, WbtableError
from wbtable.format.layout import check_name
from wbtable.format.run_keys import LOGGED, USED
from wbtable.format.run_record import RunFinish, RunLink, RunStart
from wbtable.importers.wandb_artifact import INCREMENTAL, TABLE
from wbtable.importers.wandb_files import FolderFiles
from wbtable.importers.wandb_history import HistoryImport, flat_summary, time_from
from wbtable.importers.wandb_media import MediaReader
from wbtable.importers.wandb_places import Places
from wbtable.importers.wandb_records import artifact_of
from wbtable.importers.wandb_run_files import FILES, keep_files, keep_late_links, keep_samples, reduced_table
from wbtable.importers.wandb_run_log import RunLog
from wbtable.runs.compaction import compact
from wbtable.runs.files import RunFiles, now
from wbtable.runs.identity import this_process
from wbtable.runs.naming import check_run_id, table_artifact, table_entry

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.artifacts.draft import Artifact
    from wbtable.artifacts.version import Version
    from wbtable.importers.wandb_artifact import WandbArtifact
    from wbtable.importers.wandb_importer import Importer

LOG: Final = "wandb_log"
FIRST: Final = "wandb_first_segment"
NO_EXIT: Final = 255
"""The exit code of a run that has no exit record: it was killed, or still ran when it was imported."""
_INCREMENT = re.compile(r"(?:None|[0-9]{1,18})-[0-9]{1,18}\.(.+)\.table\.json", re.DOTALL)


def import_runs(importer: Importer, logs: list[Path]) -> None:
    """Import runs, the oldest first, all their artifacts known to each other."""
    found: list[RunImport] = []
    for file in logs:
        try:
            found.append(RunImport(importer, RunLog.read(file)))
        except (WbtableError, OSError) as error:
            importer.report.add_unread(str(file), error)
    for run in sorted(found, key=lambda run: (run.log.started, str(run.log.file))):
        try:
            run.write()
        except (WbtableError, OSError) as error:
            importer.report.add("run", str(run.log.file), "failed", error=error)


class RunImport:
    """Imports one log.

    Attributes:
        log: what it says.

    """

    def __init__(self, importer: Importer, log: RunLog) -> None:
        """Make the log's artifacts known to all others; nothing is written.

        Raises:
            UsageError: the run's id or project is no name.

        """
        self.log = log
        self._importer, self._report = importer, importer.report
        self._id = check_run_id(log.run["run_id"])
        self._project = check_name(importer.project or log.run.get("project") or DEFAULT_PROJECT, "project")
        self._place = str(log.file)
        self._places = places = Places(log.folder, importer.files_from)
        self._folder = FolderFiles(log.folder / "files")
        self._artifacts: list[WandbArtifact] = []
        for record in log.artifacts:
            try:
                artifact = artifact_of(record, self._place, places, importer.follow, self._report)
            except (WbtableError, OSError) as error:
                self._report.add("artifact", f"{self._place}/{record.get('name')}", "failed", error=error)
                continue
            importer.know(artifact)
            self._artifacts.append(artifact)
        self._files = RunFiles(importer.store.backend, self._project, self._id)
        self._rows_before: dict[str, int] = {}

    @property
    def path(self) -> str:
        """``project/id``."""
        return f"{self._project}/{self._id}"

    # The run.

    def write(self) -> None:
        """Write the run, or what of it is missing.

        Raises:
            ConflictError: the store has another run of this id.
            StorageError: the store fails.

        """
        start = self._start()
        if self._files.finished(start.attempt) is not None:
            for artifact in self._artifacts:
                self._importer.recall(artifact, self._project, self._name(artifact))
            self._report.add("run", self._place, "present", target=self.path)
            files = self._importer.newest(self._project, table_artifact(self._id, FILES))
            keep_late_links(self._id, self._folder, self._places.file, files, self._commit, self._report)
            return
        for what in self.log.damage:
            self._report.add("record", self._place, "failed", what)
        inputs = self._link_inputs()
        self._write_artifacts(RunInfo(project=self._project, id=self._id, inputs=inputs))
        history = HistoryImport(self.log, MediaReader(self._folder), self._table_cell, self._report)
        history.write(self._files, self._importer.store.objects, int(start.environment.get(FIRST, "0")))
        keep_samples(self.log, self._id, self._commit, self._report)
        keep_files(self.log, self._id, self._folder, self._places.file, self._commit, self._report)
        for kind, count in sorted(self.log.left_out.items()):
            self._report.add("record", self._place, "skipped", f"{count:,} of kind {kind}")
        self._finish(start, history)
        self._report.add("history", self._place, "imported", f"{history.rows:,} rows", target=self.path)
        self._report.add("run", self._place, "imported", target=self.path)

    def _start(self) -> RunStart:
        """Return the start record of this log: the one made when it was imported before, or a new one (RUN-1)."""
        last: RunStart | None = None
        for number in range(1 << 30):
            found = self._files.attempt(number)
            if found is None:
                break
            if found.environment.get(LOG) == self.log.key:
                return found
            last = found
        if last is not None and (LOG not in last.environment or self._files.finished(last.attempt) is None):
            msg = "there is another run of this id in the store: import into another project (--project)"
            raise ConflictError(msg, place=self.path)
        run = self.log.run
        first = sum(1 for _ in self._files.segments())
        record = RunStart(
            project=self._project,
            id=self._id,
            attempt=0 if last is None else last.attempt + 1,
            created_at=self.log.started,
            name=run.get("display_name") or self._id,
            process=this_process(),
            config=self.log.config,
            tags=tuple(run.get("tags", [])),
            notes=run.get("notes") or None,
            group=run.get("run_group") or None,
            job_type=run.get("job_type") or None,
            environment={**self._environment(), LOG: self.log.key, FIRST: str(first)},
        )
        self._files.start(record)
        return record

    def _environment(self) -> dict[str, str]:
        run, found = self.log.run, self.log.environment
        git = found.get("git") or run.get("git") or {}
        facts = {
            "imported_from": "wandb",
            "wandb_version": self.log.own.get("cli_version"),
            "wandb_entity": run.get("entity"),
            "wandb_sweep": run.get("sweep_id"),
            "python": str(found.get("python", "")).removeprefix("CPython ") or self.log.own.get("python_version"),
            "platform": found.get("os"),
            "command": " ".join([found.get("program", ""), *found.get("args", [])]).strip(),
            "executable": found.get("executable"),
            "host": found.get("host") or run.get("host"),
            "user": found.get("username"),
            "git_commit": git.get("commit"),
            "git_remote": git.get("remote_url"),
            "gpu": found.get("gpu_type"),
            "cuda": found.get("cuda_version"),
        }
        return {key: str(value)[:4096] for key, value in facts.items() if value}

    def _finish(self, start: RunStart, history: HistoryImport) -> None:
        """End the attempt (RUN-2)."""
        code = NO_EXIT if self.log.exit is None else self.log.exit.get("exit_code", 0)
        if self.log.exit is None:
            detail = f"it has no exit record: it was killed, or still runs; its exit code is {NO_EXIT} here"
            self._report.add("run", self._place, "changed", detail, target=self.path)
        ended = self.log.started
        if self.log.exit is not None and 0 <= self.log.exit.get("runtime", -1) < 1 << 31:
            ended += dt.timedelta(seconds=self.log.exit["runtime"])
        ended = max(ended, time_from(history.last_time))
        with Lease(self._importer.store.backend) as lease:
            objects = LeasedObjects(self._importer.store.objects, lease)
            made = compact(self._files, objects)
            objects.settle()
            self._files.finish(
                RunFinish(
                    attempt=start.attempt,
                    finished_at=ended,
                    exit_code=code,
                    next_step=history.next_step,
                    config=self.log.config,
                    summary=flat_summary(self.log.summary, history.last),
                    segments=made.segments,
                    history=made.history,
                    refs=made.refs,
                )
            )

    # Its artifacts.

    def _name(self, artifact: WandbArtifact) -> str:
        """Return the artifact's name here: of a logged table the one that tables of a run have (RUN-10)."""
        key = self._key(artifact)
        return artifact.name if key is None else table_artifact(self._id, key)

    def _key(self, artifact: WandbArtifact) -> str | None:
        """Return the key under which a run's table was logged; None of other artifacts."""
        tables = [path for path in artifact.files.entries if path.endswith(TABLE)]
        if artifact.type == INCREMENTAL and tables:
            match = _INCREMENT.fullmatch(tables[0])
            return None if match is None else match[1]
        if artifact.type != "run_table" or len(tables) != 1 or not artifact.name.startswith(f"run-{self._id}-"):
            return None
        return tables[0].removesuffix(TABLE)

    def _write_artifacts(self, info: RunInfo) -> None:
        linked = {link.version for link in self._files.links(LOGGED)}
        bases: dict[str, Version] = {}
        for artifact in self._artifacts:
            name = self._name(artifact)
            base = bases.get(name) if artifact.is_incremental else None
            version = self._importer.add_artifact(artifact, run=info, name=name, base=base)
            if version is None:
                continue
            bases[name] = version
            if version.qualified_name not in linked:
                linked.add(version.qualified_name)
                self._link(LOGGED, version, self._key(artifact))

    def _link(self, how: str, version: Version, key: str | None = None) -> None:
        """Record lineage on the run's side (RUN-6)."""
        self._files.add_link(RunLink(how=how, version=version.qualified_name, created_at=now(), key=key))

    def _commit(self, draft: Artifact) -> Version:
        version = commit(self._importer.store, draft, run=RunInfo(project=self._project, id=self._id))
        if version.qualified_name not in {link.version for link in self._files.links(LOGGED)}:
            self._link(LOGGED, version)
        return version

    def _link_inputs(self) -> tuple[str, ...]:
        """Record the versions that the run used, where they were imported too."""
        linked = [link.version for link in self._files.links(USED)]
        for record in self.log.used:
            name = str(record.get("name", "")).rpartition("/")[2]
            version = self._find(name)
            if version is None:
                detail = "it is not in the store, so that it is not linked; the record is in the run's files"
                self._report.add("lineage", f"{self._place}: used {record.get('name')}", "kept", detail)
            elif version.qualified_name not in linked:
                version.record_run(self.path, USED)
                self._link(USED, version)
                linked.append(version.qualified_name)
        return tuple(linked)

    def _find(self, name: str) -> Version | None:
        """Return the version that W&B called ``name:v3``."""
        base, _, which = name.partition(":")
        try:
            versions = self._importer.store.versions(base, project=self._project)
        except WbtableError:
            return None
        for version in reversed(versions):
            about = version.metadata.get("wandb")
            if isinstance(about, dict) and about.get("version", version.version) == which:
                return version
        return versions[-1] if versions and which in {"", "latest"} else None

    def _table_cell(self, key: str, value: dict[str, Any]) -> dict[str, Any] | None:
        """Return what the history says of a table (RUN-10, RUN-11)."""
        uri, rows = value.get("artifact_path"), value.get("nrows")
        found = self._importer.resolve(uri) if isinstance(uri, str) else None
        version, path = found or (None, "")
        if found is None or value.get("_type") == "incremental-table-file":
            path = table_entry(key) + TABLE
        if version is None or version.find(path) is None:
            version = reduced_table(key, value, self._id, self._folder, self._commit, self._report, self._place)
            path = table_entry(key) + TABLE
        if version is None:
            return None
        if isinstance(value.get("path"), str):
            self._folder.used.add(value["path"])
        out = {"_type": "table", "artifact": version.qualified_name, "path": path, "rows": rows}
        if value.get("_type") == "incremental-table-file" and type(rows) is int:
            before = self._rows_before.get(key, 0)
            self._rows_before[key] = rows
            out["increment"] = [before, rows]
        return out


__all__ = ["RunImport", "import_runs"]
