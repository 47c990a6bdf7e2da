"""Names of W&B that scripts have and that mean nothing here: accepted, or missing with a word on what to use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Never

from wbtable.artifacts.foreign import no_such
from wbtable.errors import UsageError
from wbtable.runs.console import warn_once

_NONE: Final = "there is nothing like it here"
_FILES: Final = "log files as an artifact, with run.log_artifact(path)"
_READ: Final = "Store(url).runs(project) and Store(url).artifact(name) read what was logged"
OF_THE_MODULE: Final = {
    **dict.fromkeys(("agent", "alert", "controller", "setup", "sweep", "teardown", "require"), _NONE),
    **dict.fromkeys(("save", "log_model", "use_model", "restore"), _FILES),
    **dict.fromkeys(("plot", "plot_table", "visualize"), "log the table, or a figure as Plotly(figure)"),
    **dict.fromkeys(("termerror", "termlog", "termwarn"), "use print or warnings"),
    "Api": _READ,
    "CommError": "failures of a store are StorageError",
    "Error": "all errors are WbtableError",
    "data_types": "its classes are in the module itself",
}
"""Names of W&B's module that this one lacks, and what to do without."""
OF_A_RUN: Final = {
    **dict.fromkeys(("alert", "log_code", "mark_preempting", "link_artifact", "link_model", "pin_config_keys"), _NONE),
    **dict.fromkeys(("save", "log_model", "use_model", "restore"), _FILES),
    **dict.fromkeys(("dir", "sync_dir"), "a run has no folder; " + _FILES),
    **dict.fromkeys(("url", "get_url", "project_url", "get_project_url"), "run.path and run.store.url say where it is"),
    **dict.fromkeys(("entity", "settings", "sweep_id", "sweep_url"), "there are no accounts, services and sweeps here"),
    "offline": "a run is written to its store, whatever the network",
    "project_name": "run.project is the project's name",
    "upsert_artifact": "log_artifact adds to an artifact that new_draft() made",
}
"""Attributes of W&B's run that ours lacks, and what to do without."""


_OF_THE_START: Final = frozenset({"name", "tags", "notes", "group", "job_type"})
"""What W&B's run lets one set at any time."""


class Settings:
    """W&B's settings of its client, for ``init(settings=...)``; none of them has a meaning here."""

    def __init__(self, *_args: Any, **values: Any) -> None:
        """Keep what is given."""
        self.__dict__.update(values)


def login(*_args: Any, **_kwargs: Any) -> bool:
    """Accept to log in, which is said once: there are no accounts here.

    Returns:
        True, as W&B does where it worked.

    """
    warn_once("login() has no meaning here and does nothing: a store needs no account of ours")
    return True


def without_entity(name: str) -> str:
    """Return the name of an artifact without an entity before its project, which is said once."""
    entity, slash, rest = name.partition("/")
    if not slash or rest.partition(":")[0].count("/") != 1 or ":" in entity:
        return name
    warn_once(f"the entity {entity!r:.80} of an artifact's name has no meaning here: {rest!r:.200} is used")
    return rest


class Accepting:
    """What does nothing here, for scripts that have it."""

    def watch(self, *_args: Any, **_kwargs: Any) -> None:
        """Accept a model to watch; gradients are not recorded, which is said once."""
        warn_once("watch() has no meaning here and does nothing")

    def unwatch(self, *_args: Any, **_kwargs: Any) -> None:
        """Accept a model to watch no more."""

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; what stands in the record of the start stays there as it was, which is said.

        Raises:
            UsageError: it is the config or the summary, which are changed and not replaced.

        """
        if name in {"config", "summary"} and name in self.__dict__:
            msg = f"run.{name} cannot be set: run.{name}.update(...) adds to it, and its clear() empties it"
            raise UsageError(msg)
        if name in _OF_THE_START and name in self.__dict__:
            warn_once(f"run.{name} was set after the run began, which is not recorded: give it to init({name}=...)")
        object.__setattr__(self, name, value)

    if not TYPE_CHECKING:  # what a run lacks stays an error to type checkers

        def __getattr__(self, name: str) -> Never:
            """Raise: there is no such attribute; of W&B's it is said what to use instead."""
            raise AttributeError(no_such(name, OF_A_RUN, f"{type(self).__name__!r} object"), name=name, obj=self)
