"""Import a file of W&B's in a process of its own, which says how much memory of its own it took at most.

python -m tests.faults.importing STORE PATH NAME
"""

from __future__ import annotations

import json
import resource
import sys
import threading
import time
from pathlib import Path

import wbtable
from wbtable.artifacts import progress


def own_memory() -> int:
    """Return the bytes that this process has for itself; pages of a mapped file are the system's to take back."""
    try:
        lines = Path("/proc/self/status").read_text("ascii").splitlines()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS, in bytes; it counts mapped pages too
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("RssAnon:"))


def main() -> None:
    """Import, and print what it took."""
    store, path, name = sys.argv[1:]
    progress.DELAY = 0.0  # type: ignore[misc]
    found = [own_memory()]
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            found.append(own_memory())

    thread = threading.Thread(target=watch)
    thread.start()
    started = time.perf_counter()
    report = wbtable.import_wandb([path], store, project="p", name=name)
    seconds = time.perf_counter() - started
    done.set()
    thread.join()
    assert report.ok, str(report)
    print(json.dumps({"before": found[0], "most": max(found), "seconds": seconds}))  # noqa: T201 - what the parent reads


if __name__ == "__main__":
    main()
