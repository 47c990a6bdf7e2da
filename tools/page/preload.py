"""Writes into the page which modules the browser fetches at once: all that its first one imports, however deep.

    python tools/page/preload.py            writes index.html
    python tools/page/preload.py --check    says whether it is as it would be written

What is imported by `import()` comes when it is needed, and is not listed.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

STATIC = Path(__file__).resolve().parents[2] / "wbtable/viewer/static"
FIRST = "js/app.js"
_IMPORT = re.compile(r'^(?:import|export)\b[^;"]*?(?:from\s+)?"(\.[^"]+)";', re.MULTILINE)
_LINES = re.compile(r'(?:<link rel="modulepreload"[^>]*>\n)+')


def imported() -> list[str]:
    """Return the modules that the first one needs, itself aside, in the order in which a browser would find them."""
    found, todo = [FIRST], [FIRST]
    for name in todo:
        path = STATIC / name
        for asked in _IMPORT.findall(path.read_text("utf-8")):
            other = (path.parent / asked).resolve().relative_to(STATIC).as_posix()
            if other not in found:
                found.append(other)
                todo.append(other)
    return found[1:]


def written() -> str:
    """Return the page with the modules that are to be fetched at once."""
    shell = (STATIC / "index.html").read_text("utf-8")
    lines = "".join(f'<link rel="modulepreload" href="/static/{name}">\n' for name in imported())
    return _LINES.sub(lambda _: lines, shell, count=1)


def main() -> int:
    """Write the page, or compare it."""
    if "--check" in sys.argv:
        return 0 if written() == (STATIC / "index.html").read_text("utf-8") else 1
    (STATIC / "index.html").write_text(written(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
