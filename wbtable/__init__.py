"""wbtable: tables and artifacts for machine learning, on any storage, at any size, offline.

``import wbtable as wandb`` runs code that logs W&B Tables and artifacts. Names are imported when they are first used.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wbtable.artifacts.draft import Artifact
    from wbtable.artifacts.store import Store, create_store
    from wbtable.artifacts.version import Version
    from wbtable.errors import (
        AlreadyExistsError,
        CancelledError,
        CommitStateUnknownError,
        ConflictError,
        DeniedError,
        DigestMismatchError,
        DiskFullError,
        FormatError,
        LimitError,
        MissingExtraError,
        NotFoundError,
        StorageError,
        TypeMismatchError,
        UnsupportedError,
        UsageError,
        WbtableError,
    )
    from wbtable.importers.folder import read_folder
    from wbtable.importers.wandb import import_wandb
    from wbtable.media import Audio, Classes, Histogram, Html, Image, Molecule, Object3D, Plotly, Video, box3d
    from wbtable.runs.foreign import Settings, login
    from wbtable.runs.init import init
    from wbtable.runs.run import Run
    from wbtable.tables.compare import compare
    from wbtable.tables.files import read_csv, read_feather, read_jsonl, read_parquet
    from wbtable.tables.joined import JoinedTable
    from wbtable.tables.open import open_table
    from wbtable.tables.partitioned import PartitionedTable
    from wbtable.tables.standalone import TableWriter
    from wbtable.tables.table import Table
    from wbtable.viewer.show import view

    run: Run | None
    config: Any
    summary: Any
    log: Any
    log_artifact: Any
    use_artifact: Any
    finish: Any
    define_metric: Any
    watch: Any
    unwatch: Any

__version__ = "0.1.0"

_ERRORS = (
    "AlreadyExistsError CancelledError CommitStateUnknownError ConflictError DeniedError DigestMismatchError "
    "DiskFullError FormatError LimitError MissingExtraError NotFoundError StorageError TypeMismatchError "
    "UnsupportedError UsageError WbtableError"
)
_MEDIA = "Audio Classes Histogram Html Image Molecule Object3D Plotly Video box3d"
_HOMES = {
    **dict.fromkeys(_ERRORS.split(), "wbtable.errors"),
    **dict.fromkeys(_MEDIA.split(), "wbtable.media"),
    "Artifact": "wbtable.artifacts.draft",
    "Store": "wbtable.runs",
    "create_store": "wbtable.runs",
    "Version": "wbtable.artifacts.version",
    "Run": "wbtable.runs.run",
    "Settings": "wbtable.runs.foreign",
    "login": "wbtable.runs.foreign",
    "import_wandb": "wbtable.importers.wandb",
    "init": "wbtable.runs.init",
    "JoinedTable": "wbtable.tables.joined",
    "PartitionedTable": "wbtable.tables.partitioned",
    "Table": "wbtable.tables.table",
    "TableWriter": "wbtable.tables.standalone",
    "compare": "wbtable.tables.compare",
    "open_table": "wbtable.tables.open",
    "read_csv": "wbtable.tables.files",
    "read_feather": "wbtable.tables.files",
    "read_folder": "wbtable.importers.folder",
    "read_jsonl": "wbtable.tables.files",
    "read_parquet": "wbtable.tables.files",
    "view": "wbtable.viewer.show",
}
_OF_THE_RUN = (
    *("run", "config", "summary", "log", "log_artifact", "use_artifact", "finish"),
    *("define_metric", "watch", "unwatch"),
)
"""The current run's; looked up at each use, because runs come and go."""

__all__ = [
    "AlreadyExistsError",
    "Artifact",
    "Audio",
    "CancelledError",
    "Classes",
    "CommitStateUnknownError",
    "ConflictError",
    "DeniedError",
    "DigestMismatchError",
    "DiskFullError",
    "FormatError",
    "Histogram",
    "Html",
    "Image",
    "JoinedTable",
    "LimitError",
    "MissingExtraError",
    "Molecule",
    "NotFoundError",
    "Object3D",
    "PartitionedTable",
    "Plotly",
    "Run",
    "Settings",
    "StorageError",
    "Store",
    "Table",
    "TableWriter",
    "TypeMismatchError",
    "UnsupportedError",
    "UsageError",
    "Version",
    "Video",
    "WbtableError",
    "box3d",
    "compare",
    "config",
    "create_store",
    "define_metric",
    "finish",
    "import_wandb",
    "init",
    "log",
    "log_artifact",
    "login",
    "open_table",
    "read_csv",
    "read_feather",
    "read_folder",
    "read_jsonl",
    "read_parquet",
    "run",
    "summary",
    "unwatch",
    "use_artifact",
    "view",
    "watch",
]


def __getattr__(name: str) -> Any:
    """Import a public name at its first use (PEP 562)."""
    home = _HOMES.get(name)
    if home is not None:
        found = getattr(importlib.import_module(home), name)
        globals()[name] = found
        _hand_down_the_drawer()
        return found
    if name in _OF_THE_RUN:
        return importlib.import_module("wbtable.runs.globals").get(name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    if not name.startswith("_"):
        hint = importlib.import_module("wbtable.runs.foreign").OF_THE_MODULE.get(name)
        msg = msg if hint is None else f"{msg}: {hint}"
    raise AttributeError(msg)


def _hand_down_the_drawer() -> None:
    """Let what is loaded show itself in notebooks; what draws it is imported when something is drawn."""
    showing = sys.modules.get("wbtable.format.showing")
    if showing is not None:
        showing.set_drawer(_draw)


def _draw(value: Any) -> str | None:
    found: str | None = importlib.import_module("wbtable.integrations.notebook").draw(value)
    return found


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
