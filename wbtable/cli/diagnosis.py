"""What is right and wrong with this environment and a store; each finding says what to do."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Final

from wbtable.errors import NotFoundError, WbtableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wbtable.artifacts.store import Store
    from wbtable.cli.options import Options

OK: Final = "ok"
WARNING: Final = "warning"
PROBLEM: Final = "problem"

_NEEDED: Final = {
    "click": "click",
    "duckdb": "duckdb",
    "fsspec": "fsspec",
    "numpy": "numpy",
    "pillow": "PIL",
    "pyarrow": "pyarrow",
    "rich": "rich",
    "soundfile": "soundfile",
    "starlette": "starlette",
    "uvicorn": "uvicorn",
    "xxhash": "xxhash",
    "zstandard": "zstandard",
}
_EXTRAS: Final = {"s3": "s3fs", "gcs": "gcsfs", "azure": "adlfs", "video": "av"}
_SCHEMES: Final = {"s3": "s3", "gs": "gcs", "gcs": "gcs", "az": "azure", "abfs": "azure", "abfss": "azure"}
_LOW_SPACE: Final = 1 << 30
_SKEW: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        what: what it is.
        level: ``ok``, ``warning`` (it works, but) or ``problem``.
        said: what was found, and what to do about it.

    """

    what: str
    level: str
    said: str

    def to_json(self) -> dict[str, str]:
        """Return it as JSON."""
        return {"what": self.what, "level": self.level, "said": self.said}


def diagnose(options: Options) -> Iterator[Finding]:
    """Look at Python, packages, the cache, what waits here, and the store if there is one."""
    yield from _python()
    yield from _packages()
    yield from _cache()
    yield from _waiting()
    yield from _store(options)


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    fine = sys.version_info >= (3, 11)
    yield Finding(what="python", level=OK if fine else PROBLEM, said=version + ("" if fine else ": 3.11 is needed"))


def _packages() -> Iterator[Finding]:
    missing = [name for name, module in _NEEDED.items() if importlib.util.find_spec(module) is None]
    if missing:
        hint = f"missing: {', '.join(missing)}; pip install --force-reinstall wbtable"
        yield Finding(what="packages", level=PROBLEM, said=hint)
    else:
        shown = ", ".join(f"{name} {_version(name)}" for name in ("duckdb", "pyarrow", "numpy"))
        yield Finding(what="packages", level=OK, said=shown)
    found = [extra for extra, module in _EXTRAS.items() if importlib.util.find_spec(module) is not None]
    absent = [extra for extra in _EXTRAS if extra not in found]
    ending = f"; not installed: {', '.join(absent)} (pip install 'wbtable[{absent[0]}]')" if absent else ""
    yield Finding(what="extras", level=OK, said=(", ".join(found) or "none") + ending)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "of unknown version"


def _cache() -> Iterator[Finding]:
    from wbtable.cli.output import size_text
    from wbtable.storage.cache_folder import cache_root

    root = cache_root()
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=root):
            free = shutil.disk_usage(root).free
    except OSError as error:
        hint = "set WBTABLE_CACHE_DIR to a folder that can be written"
        yield Finding(what="cache", level=PROBLEM, said=f"{root} cannot be written ({error.strerror}): {hint}")
        return
    said = f"{root}, {size_text(free)} free"
    if free < _LOW_SPACE:
        yield Finding(what="cache", level=WARNING, said=f"{said}: runs spool here when a store fails; make room")
    else:
        yield Finding(what="cache", level=OK, said=said)


def _waiting() -> Iterator[Finding]:
    from wbtable.runs.sync import waiting

    folders = list(waiting())
    if folders:
        names = ", ".join(f"{path.parent.name}/{path.name}" for path in folders[:3])
        said = f"{len(folders)} runs left something here ({names}): `wbtable sync` sends it"
        yield Finding(what="waiting", level=WARNING, said=said)
    else:
        yield Finding(what="waiting", level=OK, said="nothing waits to be sent")


def _store(options: Options) -> Iterator[Finding]:
    from wbtable.artifacts.store import default_url

    url = options.store_url or default_url()
    extra = _SCHEMES.get(url.partition("://")[0]) if "://" in url else None
    if extra is not None and importlib.util.find_spec(_EXTRAS[extra]) is None:
        said = f"{url} needs an extra: pip install 'wbtable[{extra}]'"
        yield Finding(what="store", level=PROBLEM, said=said)
        return
    try:
        store = options.store()
    except NotFoundError:
        level = PROBLEM if options.store_url or os.environ.get("WBTABLE_STORE") else WARNING
        yield Finding(what="store", level=level, said=f"there is none at {url}: `wbtable init` makes one")
        return
    except (WbtableError, OSError) as error:
        yield Finding(what="store", level=PROBLEM, said=f"{url} cannot be opened: {error}")
        return
    yield Finding(what="store", level=OK, said=store.url)
    if store.header.unsafe_single_writer:
        said = "this place lets two writers make the same key: only one process may write at a time"
        yield Finding(what="writers", level=WARNING, said=said)
    yield from _access(store)
    yield from _space(store)
    yield from _runs(store)


def _access(store: Store) -> Iterator[Finding]:
    """Read, write and delete, and compare the clocks; what is written is removed again."""
    import secrets

    key = f"leases/doctor-{secrets.token_hex(8)}.probe"
    try:
        projects = store.projects()
        yield Finding(what="reading", level=OK, said=f"{len(projects)} projects")
    except (WbtableError, OSError) as error:
        yield Finding(what="reading", level=PROBLEM, said=f"listing failed: {error}")
        return
    try:
        store.backend.create(key, b"wbtable doctor")
    except (WbtableError, OSError) as error:
        yield Finding(what="writing", level=WARNING, said=f"only reading is possible: {error}")
        return
    yield Finding(what="writing", level=OK, said="a file was created")
    modified = store.backend.modified(key)
    try:
        store.backend.delete([key])
    except (WbtableError, OSError) as error:
        said = f"what collectors and repairs need is denied: {error}; {key} was left"
        yield Finding(what="deleting", level=WARNING, said=said)
    skew = 0.0 if modified is None else abs(time.time() - modified)
    if skew > _SKEW:
        said = f"this machine's differs from the store's by {skew:,.0f} s: runs elsewhere may seem crashed; set it"
        yield Finding(what="clock", level=WARNING, said=said)


def _space(store: Store) -> Iterator[Finding]:
    from wbtable.cli.output import size_text

    root: Path | None = store.backend.local_path("")
    if root is None:
        return
    free = shutil.disk_usage(root).free
    said = f"{size_text(free)} free" + (": make room" if free < _LOW_SPACE else "")
    yield Finding(what="space", level=OK if free >= _LOW_SPACE else WARNING, said=said)


def _runs(store: Store) -> Iterator[Finding]:
    from wbtable.runs.reading import RunInfo, run_ids

    crashed, damaged, count = [], [], 0
    for project in store.projects():
        for run_id in run_ids(store, project):
            count += 1
            try:
                if RunInfo(store, project, run_id).state == "crashed":
                    crashed.append(f"{project}/{run_id}")
            except NotFoundError:
                continue
            except (WbtableError, OSError) as error:
                damaged.append(f"{project}/{run_id}: {error}")
    if damaged:
        said = f"{len(damaged)} of {count} cannot be read, such as {damaged[0]}; `wbtable verify` says more"
        yield Finding(what="runs", level=PROBLEM, said=said)
    elif crashed:
        said = f"{len(crashed)} of {count} crashed, such as {crashed[-1]}: what they logged can be read"
        yield Finding(what="runs", level=OK, said=f'{said}; init(id=..., resume="must") goes on')
    else:
        yield Finding(what="runs", level=OK, said=f"{count}")
