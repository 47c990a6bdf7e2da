"""Named views: logs whose entries are views with an id, a time and a check (spec: 16-views, VIEW-8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from wbtable.errors import FormatError
from wbtable.format.documents import Json, Reader
from wbtable.format.refs import read_refs
from wbtable.format.seal import FIELD, check_seal, sealed
from wbtable.format.version_record import check_commit_id, read_time, write_time
from wbtable.format.view_spec import ViewSpec

if TYPE_CHECKING:
    import datetime as dt

MAX_BYTES: Final = 1 << 20
"""The most bytes of an entry (VIEW-8)."""
MAX_TITLE: Final = 200
"""The most characters of a title (VIEW-8)."""
MAX_DESCRIPTION: Final = 10_000
"""The most characters of a description (VIEW-8)."""
_OWN: Final = ("id", "created_at", "title", "description", FIELD)


def check_words(title: str | None, description: str | None) -> None:
    """Refuse a title or a description that is longer than it may be, and a title that is empty.

    Raises:
        FormatError: it is.

    """
    if title is not None and not (title.strip() and len(title) <= MAX_TITLE and title.isprintable()):
        msg = f"expected a title of 1 to {MAX_TITLE} characters in one line, found {title!r:.60}"
        raise FormatError(msg)
    if description is not None and len(description) > MAX_DESCRIPTION:
        msg = f"expected a description of at most {MAX_DESCRIPTION} characters, found {len(description)}"
        raise FormatError(msg)


def check_source(view: ViewSpec) -> None:
    """Refuse a view that others could not open: without rows, or of rows outside of the store.

    Raises:
        FormatError: it is one.

    """
    source = view.source
    if source is None or any(place.url is not None for place in source.tables):
        msg = "expected a view with a source in the store: a named view says which rows it is of"
        raise FormatError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedView:
    """One entry of the log of a named view (VIEW-8).

    Attributes:
        id: random; tells this append from any other after a lost answer.
        created_at: when, by the writer's clock.
        view: the view.
        title: what people call it; None: as the log is named.
        description: what it is for.

    """

    id: str
    created_at: dt.datetime
    view: ViewSpec
    title: str | None = None
    description: str | None = None

    def __post_init__(self) -> None:
        """Refuse an id that is none, and a view without rows."""
        check_commit_id(self.id)
        check_words(self.title, self.description)
        check_source(self.view)

    def to_json(self) -> Json:
        """Return the JSON form."""
        words = {"title": self.title, "description": self.description}
        said = {key: value for key, value in words.items() if value is not None}
        return sealed({**self.view.to_json(), **said, "id": self.id, "created_at": write_time(self.created_at)})

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
        if not set(view.refs) <= set(read_refs(fields)):
            fields.fail("refs", "each object that the view's places name (DOC-6)")
        return cls(
            id=fields.str("id"),
            created_at=read_time(fields.str("created_at"), f"{place}.created_at"),
            view=view,
            title=fields.opt_str("title"),
            description=fields.opt_str("description"),
        )
