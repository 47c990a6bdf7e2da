"""What a run used and made, said on both sides: in its own log and in the version's (spec: 14-runs, RUN-6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbtable.errors import WbtableError
from wbtable.format.run_keys import USED
from wbtable.format.run_record import RunLink
from wbtable.runs.console import warn, warn_once
from wbtable.runs.files import now

if TYPE_CHECKING:
    from wbtable.artifacts.store import Store
    from wbtable.artifacts.version import Version
    from wbtable.runs.files import RunFiles


def record_link(files: RunFiles, how: str, version: Version, key: str | None) -> None:
    """Record lineage (RUN-6); what cannot be recorded is warned of, for the version itself is committed.

    Args:
        files: the run's files.
        how: ``used`` or ``logged``.
        version: the version.
        key: what it was logged under, if it is a table.

    """
    name = version.qualified_name
    try:
        if how == USED:
            version.record_run(f"{files.project}/{files.id}", USED)
        files.add_link(RunLink(how=how, version=name, created_at=now(), key=key))
    except (WbtableError, OSError) as error:
        warn(f"run {files.id}: the lineage of {name} was not recorded: {error}")


def is_here(version: Version, store: Store | None, run_id: str) -> bool:
    """Whether a version is in a run's store, where its name means it (RUN-6); of others it is said that they are not.

    Args:
        version: the version.
        store: the store; None of a run that records nothing.
        run_id: the run's id, for the warning.

    """
    if store is None or store.is_same(version.store):
        return True
    where = f"{version.qualified_name} is in another store, {version.store.url!r}"
    warn_once(f"run {run_id}: {where}: that the run used it is not recorded")
    return False
