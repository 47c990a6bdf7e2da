"""Verifying named views and reports: their entries, and what they keep (spec: 10c-collection, VERIFY-4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wbtable.artifacts.named_log import log_names
from wbtable.artifacts.saved import report_log, view_log
from wbtable.artifacts.verify import Damage
from wbtable.errors import FormatError, NotFoundError, UnsupportedError
from wbtable.format.report import Report

if TYPE_CHECKING:
    from wbtable.artifacts.named_log import NamedLog
    from wbtable.artifacts.store_files import StoreFiles
    from wbtable.artifacts.verify import Verifier
    from wbtable.format.saved_view import SavedView

_FINDINGS: Final = (FormatError, NotFoundError, UnsupportedError)


def verify_documents(store: StoreFiles, project: str, verifier: Verifier) -> None:
    """Check every entry of every named view and report of a project, and all that they lead to."""
    for kind, what in (("views", "view"), ("reports", "report")):
        for name in log_names(store.backend, project, kind):
            where = f"{what} {project}/{name}"
            log = view_log(store, project, name) if what == "view" else report_log(store, project, name)
            for number in range(log.newest() + 1):
                _verify_entry(log, number, f"{where}, number {number}", verifier)


def _verify_entry(log: NamedLog[SavedView] | NamedLog[Report], number: int, where: str, verifier: Verifier) -> None:
    damaged = verifier.report.damaged
    try:
        _, entry = log.read(number)
    except _FINDINGS as error:
        damaged.append(Damage(where=where, problem=str(error)))
        return
    refs = entry.refs if isinstance(entry, Report) else entry.view.refs
    if not verifier.walk(refs, where):
        damaged.append(Damage(where=where, problem=next(filter(None, map(verifier.problem, refs)))))
