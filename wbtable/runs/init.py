"""``init``: start a run, or go on with one (spec: 14-runs, RUN-1)."""

from __future__ import annotations

import atexit
import concurrent.futures.thread  # noqa: F401 - its exit callback has to be registered before ours
import os
import shlex
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from wbtable.artifacts.store import resolve_store
from wbtable.errors import AlreadyExistsError, ConflictError, NotFoundError, UsageError
from wbtable.format.layout import check_name
from wbtable.format.run_record import RunFinish, RunStart, RunSummary
from wbtable.format.tagged import utf8_text
from wbtable.runs import exits
from wbtable.runs import globals as current
from wbtable.runs.console import say, warn_once
from wbtable.runs.exits import exit_code
from wbtable.runs.files import RunFiles, now
from wbtable.runs.identity import environment, new_id, state_of, this_process
from wbtable.runs.naming import check_run_id
from wbtable.runs.run import Run
from wbtable.runs.settings import as_mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wbtable.artifacts.store import Store

DEFAULT_PROJECT: Final = "uncategorized"
MODES: Final = ("online", "offline", "shared", "disabled")
RESUMES: Final = ("never", "allow", "must", "auto")
REINITS: Final = ("default", "finish_previous", "return_previous", "create_new")

_MEANINGLESS: Final = frozenset(
    {
        "allow_val_change",
        "anonymous",
        "dir",
        "entity",
        "force",
        "fork_from",
        "magic",
        "monitor_gym",
        "resume_from",
        "save_code",
        "settings",
        "sync_tensorboard",
        "tensorboard",
    }
)


def init(
    project: str | None = None,
    name: str | None = None,
    id: str | None = None,
    config: Any = None,
    store: Store | str | os.PathLike[str] | None = None,
    resume: bool | str | None = None,
    tags: Iterable[str] = (),
    notes: str | None = None,
    group: str | None = None,
    job_type: str | None = None,
    mode: str | None = None,
    reinit: bool | str | None = None,
    **accepted: Any,
) -> Run:
    """Start a run and make it the current one.

    Prints one line on stderr: the run, the store, and how to look further. The run that is open is finished first,
    unless an argument makes no sense. At exit the run is finished.

    Args:
        project: the project; ``uncategorized`` by default.
        name: what people call the run; its id by default.
        id: the run's id, unique in its project; random by default.
        config: settings: a dict, an argparse.Namespace or a dataclass.
        store: a store or its URL; by default `WBTABLE_STORE`, else the nearest ``.wbtable/`` in this folder or above,
            else ``./.wbtable``, made if absent.
        resume: whether a run of this id may exist: ``never`` (the default), ``allow``, ``must``; True and ``auto``
            are ``allow``.
        tags: labels.
        notes: free text.
        group: what it belongs to.
        job_type: what part it plays there.
        mode: ``disabled`` writes nothing; ``shared`` joins the run of this `id` if it is running: its rows become part
            of that run, which the process that started it ends; ``online`` and ``offline`` both write to the store.
        reinit: ``return_previous`` returns the open run; ``create_new`` leaves it open; else it is finished.
        accepted: W&B's further arguments: ``config_include_keys`` or ``config_exclude_keys`` say which of `config`
            is kept; those without meaning here are warned of once.

    Raises:
        UsageError: a name or argument is not usable.
        AlreadyExistsError: there is a run of this id, and `resume` does not allow it.
        ConflictError: the run to resume is running.
        NotFoundError: `store` does not exist, or with ``resume="must"`` the run.
        StorageError: the store does not take it, or its folder vanished.

    """
    keys = _Keys(accepted.pop("config_include_keys", None), accepted.pop("config_exclude_keys", None))
    _check_accepted(accepted)
    how = _choice("reinit", _reinit(reinit), REINITS)
    open_run = current.current()
    if open_run is not None and how == "return_previous":
        return open_run
    start = RunStart(
        project=check_name(DEFAULT_PROJECT if project is None else project, "project"),
        id=new_id() if id is None else check_run_id(id),
        attempt=0,
        created_at=now(),
        name="",
        process=this_process(),
        config=_settings(keys.of(as_mapping(config, "config"))),
        tags=_tags(tags),
        notes=_text("notes", notes),
        group=_text("group", group),
        job_type=_text("job_type", job_type),
        environment=environment(),
    )
    start = _with(start, name=_text("name", name) or start.id)
    chosen = _choice("mode", mode or os.environ.get("WBTABLE_MODE"), MODES)
    how_to_resume = "shared" if chosen == "shared" and id is not None else _resume(resume)
    where = None if chosen == "disabled" else resolve_store(store, create=True)
    # Not before what was asked for is known to make sense: a slip must not end the run that is open.
    if open_run is not None and how != "create_new":
        open_run.finish()
        start = _with(start, created_at=now())
    if where is None:
        run = Run(start, None, finished=current.forget, read_from=store)
    else:
        run = _begin(start, where, how_to_resume, is_new=id is None)
        _announce(run)
    current.remember(run)
    _finish_at_exit()
    exits.forget()
    exits.watch(lambda: current.current() is not None)
    return run


def _announce(run: Run) -> None:
    """Say on one line which run it is, where, and how to look further."""
    if run.store is not None:
        verb = "resumed run" if run.resumed else "run"
        look = shlex.join(["wbtable", "--store", run.store.url, "show", run.path])
        say(f"{verb} {run.path} in {run.store.url} (look: {look})")


def _begin(start: RunStart, store: Store, resume: str, *, is_new: bool) -> Run:
    """Create the start record: of a new run, or of a further attempt (RUN-1)."""
    store.check_there()
    while True:
        files = RunFiles(store.backend, start.project, start.id)
        last = None if resume == "never" and not is_new else files.newest_attempt()
        if last is None:
            if resume == "must":
                which = "no run without an id" if is_new else f"no run {start.project}/{start.id}"
                msg = f"there is {which} to resume in {store.url!r}{': give id=' if is_new else ''}"
                raise NotFoundError(msg)
            try:
                files.start(start)
            except AlreadyExistsError:
                if is_new:
                    fresh = new_id()
                    start = _with(start, id=fresh, name=fresh if start.name == start.id else start.name)
                    continue
                if resume != "never":
                    continue
                msg = (
                    f"there is a run {start.project}/{start.id} already in {store.url!r}:"
                    ' give another id, or resume="allow" to go on with it'
                )
                raise AlreadyExistsError(msg) from None
            return Run(start, store, finished=current.forget)
        if is_new:
            start = _with(start, id=new_id())
            continue
        return _resumed(start, store, files, last, shared=resume == "shared")


def _resumed(start: RunStart, store: Store, files: RunFiles, last: RunStart, *, shared: bool) -> Run:
    """Start a further attempt: config, summary and steps go on where the last one left them."""
    summary, ended = files.summary(), files.finished(last.attempt)
    if state_of(last, summary, ended, now()) == "running":
        if shared:
            return Run(last, store, summary, finished=current.forget, joined=True)
        where = f"process {last.process.pid} on {last.process.host}"
        msg = f"the run {start.project}/{start.id} is running ({where}): only a run that ended can be resumed"
        raise ConflictError(msg)
    known: RunFinish | RunSummary | None = ended or summary
    before = dict(last.config) if known is None else dict(known.config)
    again = _with(
        start,
        attempt=last.attempt + 1,
        config={**before, **start.config},
        name=last.name if start.name == start.id else start.name,
        tags=tuple(dict.fromkeys([*last.tags, *start.tags])),
        notes=start.notes or last.notes,
        group=start.group or last.group,
        job_type=start.job_type or last.job_type,
    )
    try:
        files.start(again)
    except AlreadyExistsError:
        msg = f"the run {start.project}/{start.id} was resumed by another process at the same time"
        raise ConflictError(msg) from None
    state = RunSummary(
        attempt=again.attempt,
        updated_at=again.created_at,
        next_step=_next_step(files, known),
        config=again.config,
        summary={} if known is None else known.summary,
    )
    files.write_summary(state)
    run = Run(again, store, state, finished=current.forget)
    if shared:
        # The others may have ended before this process began: its rows belong to the same steps.
        run._intake.least = 0  # noqa: SLF001 - one room
    return run


def _next_step(files: RunFiles, known: RunFinish | RunSummary | None) -> int:
    """Return the step after the last that is in the history.

    A crash may have lost the summary that says so, and rows of other processes may have higher steps.
    """
    from wbtable.format.run_history import STEP
    from wbtable.runs.reading import read_history

    steps = read_history(files, now(), [])[STEP]
    recorded = int(steps[-1].as_py()) + 1 if len(steps) else 0
    return max(recorded, 0 if known is None else known.next_step)


def _with(start: RunStart, **changes: Any) -> RunStart:
    from dataclasses import replace

    return replace(start, **changes)


def _resume(value: bool | str | None) -> str:
    if value is None or value is False:
        return "never"
    found = _choice("resume", "allow" if value is True else value, RESUMES)
    return "allow" if found == "auto" else found or "never"


def _reinit(value: bool | str | None) -> str | None:
    if isinstance(value, bool):
        return "finish_previous" if value else "return_previous"
    return value


def _choice(what: str, value: Any, known: tuple[str, ...]) -> str | None:
    if value is None or value in known:
        return value
    msg = f"expected {what} to be one of {', '.join(known)}, found {value!r:.60}"
    raise UsageError(msg)


def _text(what: str, value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return None if value is None else utf8_text(str.__str__(value), what)
    msg = f"expected {what} as text, found {type(value).__name__}"
    raise UsageError(msg)


def _tags(tags: Iterable[str] | None) -> tuple[str, ...]:
    if tags is not None and not isinstance(tags, Iterable):
        msg = f"expected tags as a list of text, found {type(tags).__name__}"
        raise UsageError(msg)
    found = (tags,) if isinstance(tags, str) else tuple(tags or ())
    return tuple(str(_text("a tag", item)) for item in dict.fromkeys(found))


def _settings(config: Mapping[str, Any]) -> dict[str, Any]:
    from wbtable.runs.settings import Settings

    return Settings("config", lambda: None, config).as_dict()


class _Keys:
    """Which of the settings are kept."""

    def __init__(self, include: Iterable[str] | None, exclude: Iterable[str] | None) -> None:
        if include is not None and exclude is not None:
            msg = "expected config_include_keys or config_exclude_keys, found both"
            raise UsageError(msg)
        if isinstance(include, str) or isinstance(exclude, str):
            msg = "expected a list of keys, found text"
            raise UsageError(msg)
        self._include = None if include is None else set(include)
        self._exclude = set(exclude or ())

    def of(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the settings that are kept."""
        return {
            key: value
            for key, value in config.items()
            if key not in self._exclude and (self._include is None or key in self._include)
        }


def _check_accepted(accepted: dict[str, Any]) -> None:
    for key, value in accepted.items():
        if key not in _MEANINGLESS:
            msg = f"init() has no argument {key!r}"
            raise UsageError(msg)
        if value is not None:
            warn_once(f"init({key}=...) has no meaning here and does nothing")


# Exit.

_registered = False


def _finish_at_exit() -> None:
    """Have open runs finished when the interpreter ends, while threads can still be used."""
    global _registered  # noqa: PLW0603 - once in a process
    if _registered:
        return
    _registered = True
    # Executors refuse work once their own callback has run; callbacks registered later run before it.
    # Commits need executors, so atexit alone, which comes after it, would be too late.
    register = getattr(threading, "_register_atexit", atexit.register)
    register(_at_exit)
    atexit.register(_at_exit)


def _at_exit() -> None:
    for _ in range(len(current._current)):  # noqa: SLF001 - one room
        run = current.current()
        if run is None:
            return
        run.finish(exit_code=exit_code())
