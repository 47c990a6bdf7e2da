"""Photograph each page and state of the viewer.

    python -m tools.screenshots [--folder FOLDER] [NAME ...]

Names choose scenes by how they begin. Each is pictured in light and in dark, some in other windows and with forced
colours, too. What is shown is made anew each time, unless `--made` names a folder for it.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.page import harness
from tools.screenshots import of_media, of_stores, of_tables
from tools.screenshots.camera import photograph
from tools.screenshots.guide import take_pictures
from tools.screenshots.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

SCENES = [*of_tables.SCENES, *of_media.SCENES, *of_stores.SCENES]


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="scenes whose names begin so; none: all")
    parser.add_argument("--folder", type=Path, default=Path("screenshots"), help="where pictures go")
    parser.add_argument("--guide", action="store_true", help="take the guide's pictures alone, into docs/pictures")
    parser.add_argument("--made", type=Path, help="where the shown stores are made, and found by the next call")
    parser.add_argument("--list", action="store_true", help="print the names of the scenes")
    asked = parser.parse_args(arguments)
    scenes = [scene for scene in SCENES if not asked.names or scene.name.startswith(tuple(asked.names))]
    if asked.list or not scenes:
        print("\n".join(scene.name for scene in SCENES))
        return 0 if asked.list else 2
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        print("chromium is not on the PATH: make test-servers installs it", file=sys.stderr)
        return 1
    expect.set_options(timeout=harness.PATIENCE)
    begun, wrong, number = time.monotonic(), {}, 0
    with tempfile.TemporaryDirectory() as temporary:
        made = asked.made or Path(temporary)
        os.environ["WBTABLE_CACHE_DIR"] = str(made / "cache")
        with contextlib.closing(Stage(made)) as stage:
            if asked.guide:
                taken = take_pictures(stage, scenes, Path("docs/pictures"), chromium)
            else:
                taken = photograph(stage, scenes, asked.folder, chromium)
            for path, error in taken:
                number += 1
                print(path, flush=True)
                if error:
                    wrong[path] = error
    print(f"{number} pictures in {time.monotonic() - begun:.0f} s")
    for path, error in wrong.items():
        print(f"\n{path}: the scene did not show what it waits for\n{error}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
