"""Named views: logs whose entries are views with an id, a time and a check (spec: 16-views, VIEW-8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from wbtable.errors import FormatError
from wbtable.format.documents import Json, Reader
from wbtable.format.seal import FIELD, check_seal, sealed
from wbtable.format.version_record import check_commit_id, read_time, write_time
from wbtable.format.view_spec import ViewSpec

if TYPE_CHECKING:
    import datetime as dt

MAX_BYTES: Final = 1 << 20
"""The most bytes of an entry (VIEW-8)."""
_OWN: Final = ("id", "created_at", FIELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedView:
    """One entry of the log of a named view (VIEW-8).

    Attributes:
        id: random; tells this append from any other after a lost answer.
        created_at: when, by the writer's clock.
        view: the view.

    """

    id: str
    created_at: dt.datetime
    view: ViewSpec

    def __post_init__(self) -> None:
        """Refuse an id that is none, and a view without rows."""
        check_commit_id(self.id)
        source = self.view.source
        if source is None or any(place.url is not None for place in source.tables):
            msg = "expected a view with a source in the store: a named view says which rows it is of"
            raise FormatError(msg)

    def to_json(self) -> Json:
        """Return the JSON form."""
        return sealed({**self.view.to_json(), "id": self.id, "created_at": write_time(self.created_at)})

    @classmethod
    def from_json(cls, document: Json, place: str) -> Self:
        """Read the JSON form.

        Raises:
            FormatError: it is not as the specification says.
            DigestMismatchError: it is not as it was written.
            UnsupportedError: it needs a newer wbtable.

        """
        check_seal(document, place)
        fields = Reader(document, place)
        view = ViewSpec.from_json({key: value for key, value in document.items() if key not in _OWN}, place)
        return cls(
            id=fields.str("id"), created_at=read_time(fields.str("created_at"), f"{place}.created_at"), view=view
        )
