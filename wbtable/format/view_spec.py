"""The document of a view: everything a person can do to a table (spec: 16-views, VIEW-n)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Self

from wbtable.errors import FormatError
from wbtable.format.documents import Json, Reader, build
from wbtable.format.features import FORMAT_VERSION, check_document, kept_fields
from wbtable.format.refs import by_digest
from wbtable.format.view_source import TablePlace, ViewSource, texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wbtable.format.digest import Descriptor

__all__ = ["ColumnSetting", "Named", "Sort", "TablePlace", "ViewSource", "ViewSpec", "Window"]

KIND: Final = "wbtable.view"
MAX_TEXT: Final = 10_000
"""The most characters of an expression (VIEW-4)."""
MAX_ITEMS: Final = 1_000
"""The most derived columns, cells, groups and sort keys (VIEW-4)."""
SIDES: Final = ("left", "right")
ORDERS: Final = ("asc", "desc")
NULLS: Final = ("first", "last")
_KNOWN: Final = frozenset(
    [
        *("kind", "format", "features", "source", "derive", "filter", "group", "cells", "having", "sort"),
        *("columns", "window", "refs"),
    ]
)


def _check_expression(text: str, what: str) -> None:
    if not isinstance(text, str) or not text.strip() or len(text) > MAX_TEXT:
        msg = f"expected an expression of 1 to {MAX_TEXT} characters as {what}, found {text!r:.60}"
        raise FormatError(msg)


def _one_of(value: str | None, allowed: Sequence[str], what: str) -> None:
    if value not in allowed:
        msg = f"expected {what} as one of {', '.join(allowed)}, found {value!r:.40}"
        raise FormatError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A column with an expression: derived for each row, or the cells of groups (VIEW-3).

    Attributes:
        name: the column; that of an existing one replaces it.
        expression: what its values are.
        side: of a new column: left or right of the column `beside`.
        beside: that column; None: at the end, or with ``left`` at the beginning.

    """

    name: str
    expression: str
    side: str = "right"
    beside: str | None = None

    def __post_init__(self) -> None:
        """Refuse expressions that are none."""
        _check_expression(self.expression, f"the expression of {self.name!r:.80}")
        _one_of(self.side, SIDES, "side")

    def to_json(self) -> Json:
        """Return the JSON form."""
        out: Json = {"name": self.name, "expression": self.expression}
        if self.side != "right":
            out["side"] = self.side
        if self.beside is not None:
            out["beside"] = self.beside
        return out

    @classmethod
    def read(cls, fields: Reader) -> Self:
        """Read the JSON form."""
        return cls(
            name=fields.str("name"),
            expression=fields.str("expression"),
            side=fields.opt_str("side") or "right",
            beside=fields.opt_str("beside"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """One key of an order (VIEW-5).

    Attributes:
        expression: what is compared.
        order: asc or desc.
        nulls: whether rows without a value come first or last.

    """

    expression: str
    order: str = "asc"
    nulls: str = "last"

    def __post_init__(self) -> None:
        """Refuse orders that are none."""
        _check_expression(self.expression, "a sort key")
        _one_of(self.order, ORDERS, "order")
        _one_of(self.nulls, NULLS, "nulls")

    def to_json(self) -> Json:
        """Return the JSON form."""
        out: Json = {"expression": self.expression}
        if self.order != "asc":
            out["order"] = self.order
        if self.nulls != "last":
            out["nulls"] = self.nulls
        return out

    @classmethod
    def read(cls, fields: Reader) -> Self:
        """Read the JSON form."""
        return cls(
            expression=fields.str("expression"),
            order=fields.opt_str("order") or "asc",
            nulls=fields.opt_str("nulls") or "last",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSetting:
    """How a column is shown (VIEW-6).

    Attributes:
        name: the column.
        visible: whether it is shown.
        width: in pixels; None: as the page likes.
        pin: left, right, or None: it scrolls.
        label: what is written above it; None: its name.
        display: how its cells are shown, such as ``number``, ``histogram``, ``image``; None: by its type.
        settings: of that display.

    """

    name: str
    visible: bool = True
    width: int | None = None
    pin: str | None = None
    label: str | None = None
    display: str | None = None
    settings: Json = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse pins and widths that are none."""
        if self.pin is not None:
            _one_of(self.pin, SIDES, "pin")
        if self.width is not None and (type(self.width) is not int or self.width < 1):
            msg = f"expected a width of at least 1, found {self.width!r:.20}"
            raise FormatError(msg)

    def to_json(self) -> Json:
        """Return the JSON form."""
        out: Json = {"name": self.name}
        if not self.visible:
            out["visible"] = False
        for key in ("width", "pin", "label", "display"):
            value = getattr(self, key)
            if value is not None:
                out[key] = value
        if self.settings:
            out["settings"] = self.settings
        return out

    @classmethod
    def read(cls, fields: Reader) -> Self:
        """Read the JSON form."""
        return cls(
            name=fields.str("name"),
            visible=fields.bool("visible", default=True),
            width=fields.opt_int("width"),
            pin=fields.opt_str("pin"),
            label=fields.opt_str("label"),
            display=fields.opt_str("display"),
            settings=fields.object("settings", optional=True),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Some consecutive rows of a view.

    Attributes:
        offset: the first one's number, from 0.
        count: how many.

    """

    offset: int = 0
    count: int

    def __post_init__(self) -> None:
        """Refuse negative numbers."""
        if type(self.offset) is not int or type(self.count) is not int or self.offset < 0 or self.count < 0:
            msg = f"expected offset and count from 0, found {self.offset!r:.20} and {self.count!r:.20}"
            raise FormatError(msg)

    def to_json(self) -> Json:
        """Return the JSON form."""
        return {"offset": self.offset, "count": self.count}

    @classmethod
    def read(cls, fields: Reader) -> Self:
        """Read the JSON form."""
        return cls(offset=fields.int("offset"), count=fields.int("count"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewSpec:
    """What is done to a table, in this order: derive, filter, group, cells and having, sort, columns, window (VIEW-3).

    Attributes:
        source: the rows; None where they are given beside the document.
        derive: new columns; each sees those before it.
        filter: keeps the rows for which it is true.
        group: makes groups of rows with equal values.
        cells: columns of groups.
        having: keeps the groups for which it is true.
        sort: the order; the row's position is its last key.
        columns: those shown, in order, with their settings; None: all.
        window: the rows wanted; None: all.
        extra: fields of newer writers, kept.

    """

    source: ViewSource | None = None
    derive: tuple[Named, ...] = ()
    filter: str | None = None
    group: tuple[str, ...] = ()
    cells: tuple[Named, ...] = ()
    having: str | None = None
    sort: tuple[Sort, ...] = ()
    columns: tuple[ColumnSetting, ...] | None = None
    window: Window | None = None
    extra: Json = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what has no meaning."""
        for name in ("filter", "having"):
            value = getattr(self, name)
            if value is not None:
                _check_expression(value, name)
        for text in self.group:
            _check_expression(text, "a group key")
        for name in ("derive", "group", "cells", "sort", "columns"):
            items = getattr(self, name) or ()
            if len(items) > MAX_ITEMS and name != "columns":
                msg = f"expected at most {MAX_ITEMS} items, found {len(items)}"
                raise FormatError(msg, place=f"view.{name}")
            names = [item.name for item in items] if name in {"derive", "cells", "columns"} else []
            if len(set(names)) != len(names):
                twice = next(found for found in names if names.count(found) > 1)
                msg = f"expected each name once, found {twice!r:.80} more than once"
                raise FormatError(msg, place=f"view.{name}")
        if not self.group and (self.cells or self.having is not None):
            msg = "cells and having are of groups: say by what to group"
            raise FormatError(msg, place="view")

    def inside(self, offset: int, count: int) -> tuple[int, int]:
        """Return where rows, or groups, that are numbered in the window are without it (VIEW-3)."""
        if self.window is None:
            return offset, count
        return offset + self.window.offset, max(0, min(count, self.window.count - offset))

    def with_(self, **changes: Any) -> Self:
        """Return the view with some fields changed."""
        return replace(self, **changes)

    @property
    def refs(self) -> tuple[Descriptor, ...]:
        """The objects that its places keep (VIEW-9)."""
        tables = () if self.source is None else self.source.tables
        return by_digest({place.table.digest: place.table for place in tables if place.table is not None})

    def to_json(self) -> Json:
        """Return the JSON form; what is not set is left out."""
        out: Json = {
            **self.extra,
            "kind": KIND,
            "format": FORMAT_VERSION,
            "features": {"reader": [], "writer": []},
            "refs": [ref.to_json() for ref in self.refs],
        }
        for name in ("derive", "cells", "sort"):
            items = getattr(self, name)
            if items:
                out[name] = [item.to_json() for item in items]
        for name in ("filter", "having"):
            if getattr(self, name) is not None:
                out[name] = getattr(self, name)
        if self.group:
            out["group"] = list(self.group)
        if self.columns is not None:
            out["columns"] = [column.to_json() for column in self.columns]
        for name in ("source", "window"):
            if getattr(self, name) is not None:
                out[name] = getattr(self, name).to_json()
        return out

    @classmethod
    def from_json(cls, value: Json, place: str = "view") -> Self:
        """Read the JSON form.

        Raises:
            FormatError: it is not as the specification says; the message names the field.
            UnsupportedError: it needs a newer version.

        """
        check_document(value, KIND, place)
        fields = Reader(value, place)
        columns = fields.fields.get("columns")
        made: Self = build(
            lambda: cls(
                source=ViewSource.read(fields.child("source")) if value.get("source") is not None else None,
                derive=tuple(Named.read(child) for child in fields.children("derive", optional=True)),
                filter=fields.opt_str("filter"),
                group=texts(fields, "group"),
                cells=tuple(Named.read(child) for child in fields.children("cells", optional=True)),
                having=fields.opt_str("having"),
                sort=tuple(Sort.read(child) for child in fields.children("sort", optional=True)),
                columns=None
                if columns is None
                else tuple(ColumnSetting.read(child) for child in fields.children("columns")),
                window=Window.read(fields.child("window")) if value.get("window") is not None else None,
                extra=kept_fields(fields, _KNOWN),
            ),
            place,
        )
        return made
