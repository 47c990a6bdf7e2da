"""What a panel of a workspace looked like when a user left it (spec: 16-views, VIEW-11)."""

from __future__ import annotations

import datetime as dt
import getpass
from typing import TYPE_CHECKING, Final

from wbtable.errors import FormatError, NotFoundError, UnsupportedError, UsageError
from wbtable.format import documents, layout
from wbtable.format.seal import FIELD, check_seal, sealed
from wbtable.format.version_record import write_time
from wbtable.format.view_spec import ViewSpec

if TYPE_CHECKING:
    from wbtable.artifacts.store import Store
    from wbtable.format.documents import Json

MAX_STATE: Final = 1 << 20
_UNREADABLE: Final = (FormatError, NotFoundError, UnsupportedError, UsageError)
_OWN: Final = ("created_at", FIELD)


def user_name() -> str:
    """Return who uses this machine, as far as it says so."""
    try:
        found = getpass.getuser()
        layout.check_name(found, "user")
    except (OSError, KeyError, ImportError, FormatError, UsageError):
        return "somebody"
    return found


def read_state(store: Store, project: str, panel: str, user: str | None = None) -> Json | None:
    """Return the view that a panel showed, None if there is none that can be read."""
    key = layout.state_key(project, user or user_name(), panel)
    try:
        found = documents.parse(store.backend.get(key), key, max_bytes=MAX_STATE)
        check_seal(found, key)
        return ViewSpec.from_json({name: value for name, value in found.items() if name not in _OWN}, key).to_json()
    except _UNREADABLE:
        return None


def save_state(store: Store, project: str, panel: str, view: ViewSpec, user: str | None = None) -> None:
    """Keep the view that a panel shows; the last writer wins.

    Raises:
        UsageError: it is longer than a document of this kind may be.
        StorageError: the store does not take it.

    """
    now = write_time(dt.datetime.now(dt.UTC))
    data = documents.canonical(sealed({**view.with_(source=None).to_json(), "created_at": now}))
    if len(data) > MAX_STATE:
        raise UsageError(f"expected a view of at most {MAX_STATE} bytes, found {len(data)}")
    store.backend.replace(layout.state_key(project, user or user_name(), panel), data)
