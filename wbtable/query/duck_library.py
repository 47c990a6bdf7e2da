"""Loading DuckDB, so that each of its threads has memory of its own."""

from __future__ import annotations

import os
import sys
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from wbtable.storage.workers import CORES

if TYPE_CHECKING:
    from types import ModuleType

_VARIABLE: Final = "DUCKDB_JE_MALLOC_CONF"
_ARENAS: Final = f"narenas:{4 * CORES}"
"""What its allocator takes by itself. DuckDB says one a core: then threads of every second instance share theirs with
the thread that asks, and on two cores a query takes a quarter longer."""
_guard = Lock()


def duck() -> Any:
    """Return the module. Where nobody has loaded it or set its variable, the allocator is told of more threads."""
    found: ModuleType | None = sys.modules.get("duckdb")
    if found is not None:
        return found
    with _guard:
        told = "_duckdb" in sys.modules or _VARIABLE in os.environ
        if not told:
            os.environ[_VARIABLE] = _ARENAS  # read while the library is loaded
        try:
            import duckdb
        finally:
            if not told:
                os.environ.pop(_VARIABLE, None)
    return duckdb
