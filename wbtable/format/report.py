"""Reports: logs whose entries hold Markdown and views, and keep what they show (spec: 18-reports, REPORT-n)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self

from wbtable.errors import FormatError
from wbtable.format.digest import Descriptor, Digest
from wbtable.format.documents import Json, Reader, build
from wbtable.format.features import FORMAT_VERSION, check_document, kept_fields
from wbtable.format.refs import by_digest, read_refs
from wbtable.format.saved_view import MAX_TITLE, check_source, check_words
from wbtable.format.seal import FIELD, check_seal, sealed
from wbtable.format.version_record import check_commit_id, read_time, write_time
from wbtable.format.view_spec import ViewSpec

if TYPE_CHECKING:
    import datetime as dt

KIND: Final = "wbtable.report"
MAX_BYTES: Final = 1 << 20
"""The most bytes of an entry (REPORT-1)."""
MAX_PANELS: Final = 200
"""The most panels (REPORT-2)."""
MAX_TEXT: Final = 200_000
"""The most characters of a panel's Markdown (REPORT-2)."""
MAX_ROWS: Final = 1_000
"""The most rows that a panel shows at once (REPORT-2)."""
IMAGES: Final = ("image/png", "image/jpeg", "image/gif", "image/webp")
"""What pictures in Markdown may be (REPORT-4)."""
_KNOWN: Final = frozenset(
    ["kind", "format", "features", "id", "created_at", "title", "description", "panels", "images", "refs", FIELD]
)
_PANEL_ID: Final = re.compile(r"[0-9a-z-]{1,32}")


def _check_panel_id(text: str) -> None:
    if not isinstance(text, str) or not _PANEL_ID.fullmatch(text):
        msg = f"expected a panel's id of 1 to 32 of a-z, 0-9 and -, found {text!r:.60}"
        raise FormatError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkdownPanel:
    """Text.

    Attributes:
        id: tells the report's panels apart.
        text: Markdown; what it may do is in REPORT-4.

    """

    id: str
    text: str

    def __post_init__(self) -> None:
        """Refuse what is too long."""
        _check_panel_id(self.id)
        if len(self.text) > MAX_TEXT:
            msg = f"expected Markdown of at most {MAX_TEXT} characters, found {len(self.text)}"
            raise FormatError(msg)

    def to_json(self) -> Json:
        """Return the JSON form."""
        return {"id": self.id, "kind": "markdown", "text": self.text}


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePanel:
    """A view of a table, which stays one: readers sort and filter in it.

    Attributes:
        id: tells the report's panels apart.
        view: the view; its places follow no alias.
        title: what is written above it; None: the table's name.
        rows: how many rows it shows at once; None: as the page likes.

    """

    id: str
    view: ViewSpec
    title: str | None = None
    rows: int | None = None

    def __post_init__(self) -> None:
        """Refuse views that others could not open, or that would change unseen (REPORT-3)."""
        _check_panel_id(self.id)
        check_source(self.view)
        if self.title is not None and len(self.title) > MAX_TITLE:
            msg = f"expected a title of at most {MAX_TITLE} characters, found {len(self.title)}"
            raise FormatError(msg)
        if self.rows is not None and (type(self.rows) is not int or not 1 <= self.rows <= MAX_ROWS):
            msg = f"expected rows from 1 to {MAX_ROWS}, found {self.rows!r:.20}"
            raise FormatError(msg)
        assert self.view.source is not None
        for place in self.view.source.tables:
            if not is_pinned(place.version):
                msg = f"expected a version like v3 or a digest in a report, found {place.version!r:.80}"
                raise FormatError(msg)

    def to_json(self) -> Json:
        """Return the JSON form."""
        out: Json = {"id": self.id, "kind": "table", "view": self.view.to_json()}
        if self.title is not None:
            out["title"] = self.title
        if self.rows is not None:
            out["rows"] = self.rows
        return out


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherPanel:
    """A panel of a kind that is unknown here: kept as it is, and shown as what it is (REPORT-2).

    Attributes:
        id: tells the report's panels apart.
        fields: all of it.

    """

    id: str
    fields: Json = field(hash=False)

    def to_json(self) -> Json:
        """Return the JSON form."""
        return dict(self.fields)


Panel = MarkdownPanel | TablePanel | OtherPanel


def is_pinned(version: str | None) -> bool:
    """Whether a place's version names one version for ever, and is no alias."""
    return version is not None and re.fullmatch(r"v[0-9]{1,16}|SHA-256:[0-9a-f]{64}", version) is not None


def read_panel(fields: Reader) -> Panel:
    """Read a panel.

    Raises:
        FormatError: it is not as the specification says.

    """
    kind, place = fields.str("kind"), fields.place
    made: Panel
    if kind == "markdown":
        made = build(lambda: MarkdownPanel(id=fields.str("id"), text=fields.str("text")), place)
    elif kind == "table":
        view = ViewSpec.from_json(fields.object("view"), f"{place}.view")
        made = build(
            lambda: TablePanel(
                id=fields.str("id"), view=view, title=fields.opt_str("title"), rows=fields.opt_int("rows")
            ),
            place,
        )
    else:
        _check_panel_id(fields.str("id"))
        made = OtherPanel(id=fields.str("id"), fields=fields.fields)
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One entry of the log of a report (REPORT-1).

    Attributes:
        id: random; tells this append from any other after a lost answer.
        created_at: when, by the writer's clock.
        panels: what it shows, in order.
        title: what people call it; None: as the log is named.
        description: what it is about.
        images: the pictures that Markdown names by digest (REPORT-4).
        kept: the other objects that it keeps: those of panels that are unknown here.
        extra: fields of newer writers, kept.

    """

    id: str
    created_at: dt.datetime
    panels: tuple[Panel, ...] = ()
    title: str | None = None
    description: str | None = None
    images: tuple[Descriptor, ...] = ()
    kept: tuple[Descriptor, ...] = ()
    extra: Json = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """Refuse what has no meaning."""
        check_commit_id(self.id)
        check_words(self.title, self.description)
        if len(self.panels) > MAX_PANELS:
            msg = f"expected at most {MAX_PANELS} panels, found {len(self.panels)}"
            raise FormatError(msg)
        ids = [panel.id for panel in self.panels]
        if len(set(ids)) != len(ids):
            twice = next(found for found in ids if ids.count(found) > 1)
            msg = f"expected each panel's id once, found {twice!r:.40} more than once"
            raise FormatError(msg)
        for image in self.images:
            if image.media_type not in IMAGES:
                msg = f"expected a picture as one of {', '.join(IMAGES)}, found {image.media_type!r:.80}"
                raise FormatError(msg)

    @property
    def refs(self) -> tuple[Descriptor, ...]:
        """The objects that it keeps: what its views show, and its pictures."""
        found: dict[Digest, Descriptor] = {ref.digest: ref for ref in (*self.kept, *self.images)}
        for panel in self.panels:
            if isinstance(panel, TablePanel):
                found |= {ref.digest: ref for ref in panel.view.refs}
        return by_digest(found)

    def to_json(self) -> Json:
        """Return the JSON form."""
        out: Json = {
            "features": {"reader": [], "writer": []},
            **self.extra,
            "kind": KIND,
            "format": FORMAT_VERSION,
            "id": self.id,
            "created_at": write_time(self.created_at),
            "panels": [panel.to_json() for panel in self.panels],
            "refs": [ref.to_json() for ref in self.refs],
        }
        for name in ("title", "description"):
            if getattr(self, name) is not None:
                out[name] = getattr(self, name)
        if self.images:
            out["images"] = [image.to_json() for image in self.images]
        return sealed(out)

    @classmethod
    def from_json(cls, document: Json, place: str) -> Self:
        """Read the JSON form.

        Raises:
            FormatError: it is not as the specification says.
            DigestMismatchError: it is not as it was written.
            UnsupportedError: it needs a newer wbtable.

        """
        check_document(document, KIND, place)
        check_seal(document, place)
        fields = Reader(document, place)
        images = [
            Descriptor.from_json(item, f"{place}.images[{i}]")
            for i, item in enumerate(fields.list("images", optional=True))
        ]
        refs = read_refs(fields)
        made: Self = build(
            lambda: cls(
                id=fields.str("id"),
                created_at=read_time(fields.str("created_at"), f"{place}.created_at"),
                panels=tuple(read_panel(child) for child in fields.children("panels")),
                title=fields.opt_str("title"),
                description=fields.opt_str("description"),
                images=tuple(images),
                kept=refs,
                extra=kept_fields(fields, _KNOWN),
            ),
            place,
        )
        if made.refs != refs:
            fields.fail("refs", "each object that panels and images name (DOC-6)")
        return made
