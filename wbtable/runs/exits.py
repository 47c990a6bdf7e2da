"""How this process ends, as far as it can be told: the code given to ``sys.exit``, an exception, a signal (RUN-2)."""

from __future__ import annotations

import _sitebuiltins
import contextlib
import operator
import os
import signal
import sys
import threading
import types
from typing import TYPE_CHECKING, Any, Final, Never

from wbtable.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

_ENDING: Final = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""What asks a process to end: a scheduler, or a terminal that was closed."""

_exit: Callable[..., Never] = sys.exit
_state: dict[str, Any] = {"code": None, "by": None, "owner": 0}


class _Exit(SystemExit):
    """What ``sys.exit`` raises: while it is on its way, its code is that of the process."""

    def __init__(self, code: Any) -> None:
        super().__init__(code)
        _state.update(code=code, by=id(self))

    def __del__(self) -> None:
        """Forget the code if something of the program runs on: somebody caught it."""
        if _state["by"] == id(self) and sys._getframe().f_back is not None:  # noqa: SLF001 - nothing else tells
            forget()


def watch(is_running: Callable[[], bool]) -> None:
    """Notice from now on how the process ends; further calls do nothing.

    SIGTERM and SIGHUP then end it as ``sys.exit`` does, so that open runs are finished; but only if nobody else handles
    them, as ``nohup`` does, and only while a run is open.

    Args:
        is_running: says whether a run is open.

    """
    if _state["owner"] == os.getpid():
        return
    _state["owner"] = os.getpid()
    if sys.exit is not _noticed:
        globals()["_exit"] = sys.exit
        sys.exit = _noticed
        _sitebuiltins.Quitter.__call__ = _quit  # type: ignore[assignment, method-assign]
    if threading.current_thread() is not threading.main_thread():
        return
    with contextlib.suppress(ValueError, OSError, AttributeError):
        owner = os.getpid()

        def terminate(number: int, _frame: object) -> None:
            if os.getpid() != owner or not is_running():
                signal.signal(number, signal.SIG_DFL)
                os.kill(os.getpid(), number)
                return
            sys.exit(128 + number)  # as shells say it

        for number in _ENDING:
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, terminate)


def _noticed(code: Any = None, /) -> Never:
    """Exit as ``sys.exit`` does, and remember the code; another thread than the first ends alone, and no process."""
    if threading.current_thread() is not threading.main_thread():
        _exit(code)
    if not isinstance(_exit, types.BuiltinFunctionType) or isinstance(code, tuple | BaseException):
        # Somebody else's, or a code that Python takes apart: what is raised is not ours.
        _state.update(code=code, by=None)
        _exit(code)
    raise _Exit(code)


def _quit(_self: object, code: Any = None) -> Never:
    """Do what ``exit(3)`` and ``quit(3)`` do, by way of ``sys.exit``."""
    with contextlib.suppress(Exception):
        sys.stdin.close()
    sys.exit(code)


def exit_code() -> int:
    """Return the code with which this process ends, as far as it is known; 0 if nothing speaks against it."""
    if getattr(sys, "last_type", None) is not None and not hasattr(sys, "ps1"):
        return 1
    return _number(_state["code"])


def code_of(error: BaseException | None) -> int:
    """Return the code of a block that ended by an error; 0 if it ended by none."""
    if error is None:
        return 0
    return _number(error.code) if isinstance(error, SystemExit) else 1


def _number(code: object) -> int:
    if code is None:
        return 0
    return int(code) if isinstance(code, int) else 1


def checked(code: object) -> int:
    """Return an exit code that a run is to end with; None is 0.

    Raises:
        UsageError: it is no integer.

    """
    try:
        return 0 if code is None else operator.index(code)  # type: ignore[arg-type]
    except TypeError:
        msg = f"expected an integer or None as exit code, found {code!r:.60}"
        raise UsageError(msg) from None


def forget() -> None:
    """Forget a code that did not end the process: somebody caught it, or a new run starts."""
    _state.update(code=None, by=None)
