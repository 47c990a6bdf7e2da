"""What to do about damaged files: a copy mends an object; of files below `projects` each kind has a way out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from wbtable.errors import FormatError, UnsupportedError

if TYPE_CHECKING:
    from wbtable.errors import WbtableError

_RECORD: Final = re.compile(r"projects/([^/]+)/artifacts/([^/]+)/versions/(\d{20})\.json")
_RUN: Final = re.compile(r"projects/[^/]+/runs/[^/]+(?=/)")
_ALIAS: Final = re.compile(r"projects/([^/]+)/artifacts/([^/]+)/aliases/([^/]+)/\d{20}\.json")
_SAID: Final = re.compile(r"projects/([^/]+)/artifacts/([^/]+)/([^/]+)/(\d{20})/\d{20}\.json")
_ADVISED: Final = "put that file back"
_BACK: Final = f"{_ADVISED} from a copy of the store"


def what_to_do(error: WbtableError) -> str:
    """Return what to do about something that cannot be read, by where that is."""
    if isinstance(error, UnsupportedError):
        return "a newer wbtable reads it, or `wbtable verify` finds it damaged"
    place = error.place or ""
    record = _RECORD.match(place)
    if record is not None:
        return f"{_BACK}, or delete the version: wbtable rm {_name(record)}:v{int(record[3])}"
    run = _RUN.match(place)
    if run is not None:
        return f"{_BACK}, or remove the run: its folder {run[0]}"
    alias = _ALIAS.match(place)
    if alias is not None:
        return f"{_BACK}, or say anew what it means: wbtable alias {_name(alias)}:vN {_plain(alias[3])}"
    said = _SAID.match(place)
    if said is not None:
        version = f"{_name(said)}:v{int(said[4])}"
        others = {
            "deletions": f", or delete the version: wbtable rm {version}",
            "descriptions": f", or set the description of {version} anew in Python",
            "ttl": f", or set the ttl of {version} anew in Python",
        }
        return _BACK + others.get(said[3], "")
    if place.startswith("projects/"):
        return _BACK
    return "`wbtable verify` names all that is damaged, `wbtable repair --from STORE` mends it with good copies"


def with_advice(error: WbtableError) -> str:
    """Return the message of what cannot be read, with what to do."""
    message = str(error)
    return message if _ADVISED in message else f"{message}; {what_to_do(error)}"


def said(error: WbtableError) -> str:
    """Return the message of any error; of a damaged file that no copy of an object mends, with what to do."""
    is_file = isinstance(error, FormatError) and (error.place or "").startswith("projects/")
    return with_advice(error) if is_file else str(error)


def _name(found: re.Match[str]) -> str:
    return f"{_plain(found[1])}/{_plain(found[2])}"


def _plain(part: str) -> str:
    """Return a name as it is said; a part that is no name as it is."""
    from wbtable.format.layout import unescape

    try:
        return unescape(part)
    except FormatError:
        return part
