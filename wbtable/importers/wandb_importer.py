"""Artifacts of W&B into one store: once each, and known to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wbtable.artifacts.commit import commit
from wbtable.artifacts.names import DEFAULT_PROJECT, check_tags
from wbtable.errors import NotFoundError, UsageError, WbtableError
from wbtable.importers.report import Report
from wbtable.importers.wandb_artifact import INCREMENTAL, KEY, Builder, WandbArtifact, usable_aliases
from wbtable.importers.wandb_files import CLIENT, ArtifactFiles
from wbtable.importers.wandb_manifest import artifact_in, table_alone

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.artifacts.commit import RunInfo
    from wbtable.artifacts.store import Store
    from wbtable.artifacts.version import Version


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

    def close(self) -> None:
        """Remove what was fetched."""
        if self._downloads is not None:
            self._downloads.close()

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

    def newest(self, project: str, name: str) -> Version | None:
        """Return the newest version of an artifact, None if there is none."""
        try:
            return self.store.versions(name, project=project)[-1]
        except (NotFoundError, IndexError):
            return None

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
