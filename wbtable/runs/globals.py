"""The current run, and the functions of the module that mean it: ``wbtable.log`` is ``wbtable.run.log``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wbtable.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Never

    from wbtable.runs.run import Run

NAMES = (
    *("run", "config", "summary", "log", "log_artifact", "use_artifact", "finish"),
    *("define_metric", "watch", "unwatch"),
)
"""The names that mean the current run."""

_current: list[Run] = []


def current() -> Run | None:
    """Return the current run, None if there is none."""
    return _current[-1] if _current else None


def remember(run: Run) -> None:
    """Make a run the current one."""
    _current.append(run)


def forget(run: Run) -> None:
    """Make a run the current one no more; the one before it, if that is open, takes its place."""
    if run in _current:
        _current.remove(run)


def get(name: str) -> Any:
    """Return what one of `NAMES` means now: the run or None; its member, or what says that there is no run."""
    found = current()
    if name == "run":
        return found
    if found is not None:
        return getattr(found, name)
    if name == "finish":
        return _nothing_to_finish
    return _NoRun(name) if name in {"config", "summary"} else _refuse(name)


def _nothing_to_finish(*_args: object, **_kwargs: object) -> None:
    """End no run: there is none, as after its end."""


def _refuse(name: str) -> Callable[..., Never]:
    def refuse(*_args: object, **_kwargs: object) -> Never:
        raise _no_run(name)

    refuse.__name__ = name
    refuse.__doc__ = "Raise: there is no run."
    return refuse


def _no_run(name: str) -> UsageError:
    return UsageError(f"there is no run, so wbtable.{name} cannot be used: call init() first")


class _NoRun:
    """Stands for the config or summary of a run that does not exist: every use raises."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        object.__setattr__(self, "_name", name)

    def __repr__(self) -> str:
        """Show what is missing."""
        return f"<no {self._name}: call init() first>"

    def _fail(self, *_args: object, **_kwargs: object) -> Never:
        raise _no_run(self._name)

    def __getattr__(self, name: str) -> Never:
        """Raise: there is no run."""
        if name.startswith("__"):
            raise AttributeError(name)
        raise _no_run(object.__getattribute__(self, "_name"))

    __setattr__ = __getitem__ = __setitem__ = __delitem__ = __iter__ = __len__ = __contains__ = _fail
