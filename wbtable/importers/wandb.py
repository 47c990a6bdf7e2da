"""``import_wandb``: what W&B wrote to this machine's disks, into a store. W&B itself is not needed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from wbtable.artifacts.commit import commit
from wbtable.artifacts.names import DEFAULT_PROJECT, check_tags
from wbtable.artifacts.store import resolve_store
from wbtable.errors import NotFoundError, UsageError, WbtableError
from wbtable.importers.report import Report
from wbtable.importers.wandb_artifact import INCREMENTAL, KEY, TABLE, Builder, WandbArtifact, usable_aliases
from wbtable.importers.wandb_files import CLIENT, MANIFEST, ArtifactFiles
from wbtable.importers.wandb_manifest import artifact_in, name_and_version, table_alone

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    from wbtable.artifacts.commit import RunInfo
    from wbtable.artifacts.store import Store
    from wbtable.artifacts.version import Version

RUN_SUFFIX: Final = ".wandb"
DEFAULT_TYPE: Final = "dataset"
_DEEPEST: Final = 6


def import_wandb(
    paths: Iterable[str | os.PathLike[str]],
    store: Store | str | os.PathLike[str] | None = None,
    *,
    project: str | None = None,
    name: str | None = None,
    type: str = DEFAULT_TYPE,
    files_from: Iterable[str | os.PathLike[str]] = (),
    fetch: bool = False,
) -> Report:
    """Import what W&B wrote: tables, artifacts and run folders, found by what they are.

    Import the same again, also after an interruption, and only what is missing is added.

    Args:
        paths: ``*.table.json`` files; folders of artifacts, with ``wandb_manifest.json`` or as downloaded; run folders
            (``offline-run-…``, ``run-…``) or their ``run-*.wandb``; or any folder above those, such as ``wandb/``.
        store: the store; None for the default one, which is made if it does not exist.
        project: the project; None for that of the runs, and ``uncategorized`` for what has none.
        name: the artifact's name, where just one artifact or table is imported; None for what its folder is called.
        type: the type of artifacts of which no file says it.
        files_from: further folders from which the files that run folders refer to may be read; those of W&B's own
            staging area and those beside the run are known.
        fetch: whether media that are only referred to by ``http(s)://`` are fetched; else they are kept as references.

    Returns:
        What came over and what did not, item by item.

    Raises:
        UsageError: an argument is wrong.
        NotFoundError: a path does not exist.
        StorageError: the store fails.

    """
    importer = Importer(
        resolve_store(store, create=True), project=project, kind=type, files_from=[Path(p) for p in files_from]
    )
    importer.fetch = fetch
    artifacts: list[Path] = []
    runs: list[Path] = []
    for given in paths:
        for found in _sources(Path(given)):
            (runs if found.suffix == RUN_SUFFIX else artifacts).append(found)
    if name is not None and (len(artifacts) != 1 or runs):
        msg = f"name= is for one artifact or table, found {len(artifacts)} of them and {len(runs)} runs"
        raise UsageError(msg)
    for path in sorted(artifacts, key=_in_order):
        importer.add_folder(path, name)
    importer.add_runs(runs)
    return importer.report


def _in_order(path: Path) -> tuple[str, int]:
    """Versions of one artifact one after another, so that they get the numbers that they had."""
    name, version = name_and_version(path.resolve().name)
    return str(path.parent / name), -1 if version is None else int(version[1:])


def _sources(path: Path, depth: int = 0) -> Iterator[Path]:
    """Yield the tables, artifact folders and run files that a path means.

    Raises:
        NotFoundError: there is nothing at the path, or nothing of W&B in it.
        UsageError: it is a file of another kind.

    """
    if not path.exists():
        msg = f"there is no {str(path)!r}"
        raise NotFoundError(msg)
    if path.is_file():
        if path.name.endswith((TABLE, RUN_SUFFIX)):
            yield path
            return
        if path.name == MANIFEST:
            yield path.parent
            return
        msg = f"expected a *.table.json, a run-*.wandb or a folder, found {str(path)!r}"
        raise UsageError(msg)
    found = list(_below(path, depth))
    if not found:
        msg = f"there is nothing of W&B in {str(path)!r}: no run-*.wandb, no {MANIFEST}, no *.table.json"
        raise NotFoundError(msg)
    yield from found


def _below(folder: Path, depth: int) -> Iterator[Path]:
    logs = sorted(folder.glob("*" + RUN_SUFFIX))
    if logs:
        yield from logs
        return
    if (folder / MANIFEST).is_file() or name_and_version(folder.name)[1] is not None or any(folder.glob("*" + TABLE)):
        yield folder
        return
    if depth < _DEEPEST:
        for inner in sorted(folder.iterdir()):
            if inner.is_dir() and not inner.is_symlink():
                yield from _below(inner, depth + 1)


class Importer:
    """Imports into one store; knows what it imported, so that references between artifacts are found.

    Attributes:
        store: the store.
        report: what was done so far.
        files_from: folders from which files may be read.
        fetch: whether http(s) references are fetched.

    """

    def __init__(self, store: Store, *, project: str | None, kind: str, files_from: list[Path]) -> None:
        """Start with nothing imported."""
        self.store = store
        self.report = Report()
        self.files_from = files_from
        self.fetch = False
        self.project = project
        self._kind = kind
        self._files: dict[str, ArtifactFiles] = {}
        self._versions: dict[str, Version] = {}
        self._downloads: Any = None

    # References between what is imported.

    def know(self, artifact: WandbArtifact) -> None:
        """Remember an artifact, so that others can refer to its files."""
        if artifact.client_id:
            self._files[artifact.client_id] = artifact.files

    def follow(self, uri: str) -> tuple[ArtifactFiles, str] | None:
        """Return the files and the path that a reference means."""
        if self.fetch and uri.startswith(("http://", "https://")):
            return self._fetched(uri)
        client, path = _split(uri)
        found = self._files.get(client)
        return None if found is None else (found, path)

    def resolve(self, uri: str) -> tuple[Version, str] | None:
        """Return the version here, and the path in it, that a reference means."""
        client, path = _split(uri)
        found = self._versions.get(client)
        return None if found is None else (found, path)

    def _fetched(self, uri: str) -> tuple[ArtifactFiles, str]:
        from wbtable.importers.fetching import Downloads

        if self._downloads is None:
            self._downloads = Downloads()
        files: ArtifactFiles = self._downloads.files(uri)
        return files, "content"

    # What is imported.

    def add_folder(self, path: Path, name: str | None) -> None:
        """Import an artifact's folder, or one table."""
        try:
            if path.is_file():
                artifact = table_alone(path, name, self._kind)
            else:
                artifact = artifact_in(path, self.report, self.follow, name, self._kind)
            if artifact.type == INCREMENTAL or "-incr-" in artifact.name:
                artifact.type = INCREMENTAL
        except (WbtableError, OSError) as error:
            self.report.add_unread(str(path), error)
            return
        self.add_artifact(artifact)

    def add_artifact(
        self,
        artifact: WandbArtifact,
        *,
        run: RunInfo | None = None,
        name: str | None = None,
        base: Version | None = None,
    ) -> Version | None:
        """Import an artifact, or find that it is here; return its version, None if it could not come over."""
        kind = "run_table" if artifact.type == INCREMENTAL else artifact.type
        called = name or artifact.name
        project = self.project or (run.project if run is not None else artifact.project) or DEFAULT_PROJECT
        try:
            found = self._present(project, called, artifact)
            missing = [] if found is None else _fact(found, "missing") or []
            if found is None or missing:
                builder = Builder(artifact, self.report, self.resolve, name=called, kind=kind, base=base)
                draft = builder.build()
                if found is None or builder.missing != missing:
                    facts = {"digest": artifact.digest, "version": artifact.version, "missing": builder.missing}
                    about = draft.metadata.setdefault(KEY, {})
                    if not isinstance(about, dict):
                        about = draft.metadata["wandb.import"] = {}
                    about |= {key: value for key, value in facts.items() if value}
                    return self._commit(artifact, draft, project, run)
            version = found
        except (WbtableError, OSError) as error:
            self.report.add("artifact", artifact.source, "failed", error=error)
            return None
        self.report.add("artifact", artifact.source, "present", target=version.qualified_name)
        if artifact.client_id:
            self._versions[artifact.client_id] = version
        return version

    def recall(self, artifact: WandbArtifact, project: str, name: str) -> Version | None:
        """Return the version that an artifact became before, and remember it for references; None if there is none."""
        version = self._present(project, name, artifact)
        if version is not None and artifact.client_id:
            self._versions[artifact.client_id] = version
        return version

    def _commit(self, artifact: WandbArtifact, draft: Any, project: str, run: RunInfo | None) -> Version:
        if artifact.ttl:
            import datetime as dt

            draft.ttl = dt.timedelta(seconds=artifact.ttl)
        aliases = usable_aliases(artifact.aliases, artifact.source, self.report)
        tags: list[str] = []
        for tag in artifact.tags:
            try:
                tags += check_tags([tag])
            except UsageError as error:
                self.report.add("tag", f"{artifact.source}:{tag}", "failed", error=error)
        version = commit(self.store, draft, project=project, run=run, aliases=aliases, tags=tags)
        if artifact.version is not None and artifact.version != version.version:
            alias = f"wandb-{artifact.version}"
            version.add_aliases([alias])
            detail = f"{artifact.version} is {version.version} here, with the alias {alias}"
            self.report.add("artifact", artifact.source, "changed", detail, target=version.qualified_name)
        else:
            self.report.add("artifact", artifact.source, "imported", target=version.qualified_name)
        if artifact.client_id:
            self._versions[artifact.client_id] = version
        return version

    def _present(self, project: str, name: str, artifact: WandbArtifact) -> Version | None:
        """Return the version that this artifact became when it was imported before."""
        try:
            versions = self.store.versions(name, project=project)
        except NotFoundError:
            return None
        for version in reversed(versions):
            if _fact(version, "digest") == artifact.digest and _fact(version, "version") == artifact.version:
                return version
        return None

    def add_runs(self, logs: list[Path]) -> None:
        """Import runs, the oldest first."""
        if logs:
            from wbtable.importers.wandb_run import import_runs

            import_runs(self, logs)


def _fact(version: Version, key: str) -> Any:
    metadata = version.metadata
    for name in (KEY, "wandb.import"):
        found = metadata.get(name)
        if isinstance(found, dict) and "digest" in found:
            return found.get(key)
    return None


def _split(uri: str) -> tuple[str, str]:
    """Return the client's id and the path in a reference; empty for other references."""
    if not uri.startswith(CLIENT):
        return "", ""
    client, _, path = uri.removeprefix(CLIENT).partition("/")
    return client.partition(":")[0], path
