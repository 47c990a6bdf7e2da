"""How much memory another process has, where the system tells."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def resident_bytes(pid: int) -> int | None:
    """Return the bytes of memory that a process has now; None if it is gone or nobody says."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        pass
    try:
        command = ["ps", "-o", "rss=", "-p", str(pid)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=2)  # noqa: S603 - a number
        return int(done.stdout) << 10
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
