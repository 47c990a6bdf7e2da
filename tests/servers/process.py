"""Servers as child processes on 127.0.0.1: started, waited for, stopped by their process ids."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

HOST = "127.0.0.1"


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket() as one:
        one.bind((HOST, 0))
        port: int = one.getsockname()[1]
        return port


class Processes:
    """Child processes of one server; each writes what it says to a file in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: list[subprocess.Popen[bytes]] = []

    def start(
        self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a process that is to go on running."""
        with (self.folder / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env={**os.environ, **(environment or {})}
            )
        self._running.append(child)
        return child

    def start_until(self, name: str, command: Sequence[str], ready: Callable[[], bool], seconds: float = 120) -> None:
        """Start a process, again if it ends, until it is ready.

        Raises:
            RuntimeError: it is not ready in time; the message has the end of its log.

        """
        end = time.monotonic() + seconds
        child = self.start(name, command)
        while not ready():
            if time.monotonic() > end:
                raise RuntimeError(f"the server did not start: {self._said()}")
            if child.poll() is not None:
                self._running.remove(child)
                child = self.start(name, command)
            time.sleep(0.2)

    def run_until(self, command: Sequence[str], tries: int = 10) -> str:
        """Run a command, again if it fails, until it succeeds; return what it printed.

        Raises:
            RuntimeError: it failed `tries` times.

        """
        for _ in range(tries - 1):
            with contextlib.suppress(RuntimeError):
                return self.run(command)
            time.sleep(0.2)
        return self.run(command)

    def run(self, command: Sequence[str], seconds: float = 60) -> str:
        """Run a command to its end; return what it printed."""
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, stdin=subprocess.DEVNULL)  # noqa: PLW1510
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def wait_for(self, ready: Callable[[], bool], seconds: float = 60) -> None:
        """Return once a server is ready.

        Raises:
            RuntimeError: it died, or is not ready in time; the message has the end of its log.

        """
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if any(child.poll() is not None for child in self._running):
                break
            if ready():
                return
            time.sleep(0.1)
        raise RuntimeError(f"the server did not start: {self._said()}")

    def stop(self) -> None:
        """End the processes, the last one first."""
        for child in reversed(self._running):
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(5)
            if child.poll() is None:
                child.kill()
                child.wait(5)
        self._running.clear()

    def _said(self) -> str:
        return "".join(log.read_text(errors="replace")[-2000:] for log in sorted(self.folder.glob("*.log")))


def answers(url: str) -> bool:
    """Whether a server answers at all, whatever it says."""
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except urllib.error.HTTPError as answer:
        answer.close()
        return True
    except OSError:
        return False
