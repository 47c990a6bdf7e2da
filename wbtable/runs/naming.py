"""What a logged table is called: pure rules (spec: 14-runs, RUN-10)."""

from __future__ import annotations

import hashlib
import re
from typing import Final

from wbtable.errors import UsageError
from wbtable.format.layout import MAX_NAME, check_name, escape
from wbtable.format.paths import check_path

MAX_ID: Final = 64
"""The most bytes of a run's id once escaped: names are made of it."""
_HASH_LENGTH: Final = 12
_AMBIGUOUS: Final = re.compile(r"%(?=[0-9a-f]{2})")


def check_run_id(run_id: object) -> str:
    """Return `run_id` if it can name a run.

    Raises:
        UsageError: it is no name, or is too long.

    """
    name = check_name(run_id, "run id")
    if len(escape(name)) > MAX_ID:
        msg = f"the run id {name!r:.80} is too long: at most {MAX_ID} bytes as written in a store"
        raise UsageError(msg)
    return name


def table_artifact(run_id: str, key: str) -> str:
    """Return the name of the artifact that holds the table logged under `key`: ``run-<id>-<key>`` (RUN-10).

    ``/`` and ``:`` become ``%2f`` and ``%3a``, and what a name cannot hold likewise; a name too long for a store is
    cut, and ends in 12 characters of its SHA-256. Different keys have different names.
    """
    text = _AMBIGUOUS.sub("%25", key).replace("/", "%2f").replace(":", "%3a")
    text = "".join(f"%{ord(char):02x}" if ord(char) < ord(" ") or ord(char) == 0x7F else char for char in text)
    if text != text.rstrip():
        text = text.rstrip() + "".join(f"%{byte:02x}" for byte in text[len(text.rstrip()) :].encode())
    name = f"run-{run_id}-{text}"
    if _fits(name):
        return name
    ending = "-" + hashlib.sha256(name.encode()).hexdigest()[:_HASH_LENGTH]
    while not _fits(name + ending):
        name = name[:-1].rstrip()
    return name + ending


def _fits(name: str) -> bool:
    try:
        return len(escape(name)) <= MAX_NAME and bool(check_name(name))
    except UsageError:
        return False


def table_entry(key: str) -> str:
    """Return the path, without its suffix, of the table in that artifact: the key, if it may be a path (RUN-10)."""
    try:
        return check_path(key + ".table.json").removesuffix(".table.json")
    except UsageError:
        return "table"
