"""The rows of a report's panels as its file embeds them (spec: 18-reports, REPORT-7)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from wbtable.errors import WbtableError
from wbtable.format.view_spec import ColumnSetting, Named
from wbtable.query import ast
from wbtable.query.parser import parse
from wbtable.query.print import show, show_name
from wbtable.viewer.cells import encode
from wbtable.viewer.tasks import _group_cells, _physical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from wbtable.format.documents import Json
    from wbtable.format.report import TablePanel
    from wbtable.format.types import ColumnType
    from wbtable.format.view_spec import ViewSpec
    from wbtable.tables.view import View
    from wbtable.viewer.sources import Opener

MAX_WHOLE: Final = 20_000
"""The most rows of a table that is embedded whole, so that pills can be switched."""
MAX_GROUPS: Final = 5_000
_STEP: Final = 500
_MOST_COLUMNS: Final = 200
_OBJECTS: Final = 5
_SHOWN: Final = frozenset({"image", "audio", "video", "html", "object3d", "figure", "molecule"})
_BESIDE: Final = "the filter was applied before the file was made: the rows that it leaves out are not here"
_GROUPED: Final = "groups were made of the rows that pass: this cannot be switched in a file"


@dataclass(slots=True)
class Wanted:
    """A blob that a cell shows.

    Attributes:
        name: by what the file's cells name it.
        kind: what it is: ``mask``, or the kind of a column.
        reference: where its bytes are, as cells have it.

    """

    name: str
    kind: str
    reference: str

    @property
    def turn(self) -> int:
        """When it is taken: what weighs least first, so that as many cells as may be show something."""
        return 0 if self.kind in {"image", "mask"} else 2 if self.kind in {"audio", "video"} else 1


@dataclass(slots=True)
class Embedded:
    """What of a report goes into its file.

    Attributes:
        left: the bytes that there is room for.
        wanted: the blobs that cells show, in order, each once.
        others: how many objects are of kinds that nothing draws: they are named.
        cut: how many texts are shortened.

    """

    left: int
    wanted: dict[str, Wanted] = field(default_factory=dict)
    others: int = 0
    cut: int = 0

    def take(self, value: Any) -> Any:
        """Return a value of a cell as the file has it; the blobs that it shows are noted."""
        if isinstance(value, list):
            return [self.take(item) for item in value]
        if not isinstance(value, dict):
            return value
        if "cut" in value and "size" in value:
            self.cut += 1
            return value
        if "ref" in value and "kind" in value and "digest" in value:
            return self._media(value)
        return {key: self.take(item) for key, item in value.items()}

    def _media(self, value: Json) -> Json:
        out = {key: item for key, item in value.items() if key not in {"ref", "masks"}}
        kind, reference = str(value["kind"]), value["ref"]
        if reference is None:
            return out
        if kind not in _SHOWN or value.get("format") == "babylon":
            self.others += 1
            return out
        out["file"] = self._want(kind, reference)
        if value.get("masks"):
            out["masks"] = {
                layer: {**mask, "ref": None, "file": self._want("mask", mask["ref"])}
                for layer, mask in value["masks"].items()
                if mask["ref"] is not None
            }
        return out

    def _want(self, kind: str, reference: str) -> str:
        digest = reference.partition("?")[0]
        name = f"mask-{digest}" if kind == "mask" else digest
        self.wanted.setdefault(name, Wanted(name, kind, reference))
        return name


def conditions(text: str | None) -> list[str]:
    """Return the parts of a filter that ``and`` joins: each is a pill."""
    if text is None:
        return []
    try:
        node = parse(text)
    except WbtableError:
        return [text]
    if isinstance(node, ast.Logical) and node.operator == "and":
        return [show(part) for part in node.operands]
    return [text]


def panel_tables(opener: Opener, panel: TablePanel, embedded: Embedded, share: int) -> list[Json]:
    """Return the tables of a panel, one for each side; as many rows as fit into `share` bytes.

    Raises:
        WbtableError: what it shows is gone, or does not fit the view any more.

    """
    # How columns look is the page's business: those of groups name columns that no group has.
    views = opener.views(panel.view.with_(columns=None))
    out = []
    for number, view in enumerate(views):
        beside = [other for other in views if other is not view]
        made = _grouped(view, panel.view, embedded, share // len(views), beside) or _rows(
            opener, number, view, panel.view, embedded, share // len(views)
        )
        made["heading"] = f"Side {number}" if len(views) > 1 else None
        out.append(made)
    return out


def _rows(opener: Opener, side: int, view: View, spec: ViewSpec, embedded: Embedded, share: int) -> Json:
    on = conditions(spec.filter)
    off = _off(spec)
    whole = _whole(opener, side, view, spec, on + off) if on or off else None
    source = view if whole is None else whole
    bits = [] if whole is None else [f"{_PILL}{i}" for i in range(len(on) + len(off))]
    every = _shown(spec, list(view.rows.schema.names), {item.name for item in spec.derive})
    shown = every[:_MOST_COLUMNS]
    columns = [_column(view, setting, "row") for setting in shown]
    names = [setting.name for setting in shown]
    data: dict[str, list[Any]] = {name: [] for name in [*names, *bits]}
    total = len(source)
    rows = _fill(total, share, data, embedded, _reader(source, names, bits))
    made = {"columns": columns, "rows": rows, "noun": "rows", "data": {name: data[name] for name in names}}
    made["order"] = _order(spec, names)
    passing = len(view) if whole is not None else total
    return made | {
        "pills": [
            *(
                _pill("filter", text, on=True, bits=_bits(data, i), fixed=None if bits else _BESIDE)
                for i, text in enumerate(on)
            ),
            *(
                _pill("filter", text, on=False, bits=_bits(data, len(on) + i))
                for i, text in enumerate(off if bits else ())
            ),
        ],
        "notes": _notes(spec, rows, total, passing, view.plan.source.num_rows, len(names), len(every)),
    }


_PILL: Final = "\x00pill"


def _off(spec: ViewSpec) -> list[str]:
    """Return the conditions that were switched off: the page's own field, in which another program may put anything."""
    found = spec.extra.get("off")
    return [text for text in found if isinstance(text, str) and text.strip()] if isinstance(found, list | tuple) else []


def _whole(opener: Opener, side: int, view: View, spec: ViewSpec, texts: list[str]) -> View | None:
    """Return the view without its filter, with a column for each condition; None where it must stay applied."""
    if view.plan.source.num_rows > MAX_WHOLE or spec.window is not None:
        return None
    try:
        extra = tuple(Named(name=f"{_PILL}{i}", expression=text) for i, text in enumerate(texts))
        loose = spec.with_(filter=None, derive=(*spec.derive, *extra), columns=None)
        return opener.views(loose)[side]
    except WbtableError:
        return None


def _reader(view: View, names: list[str], bits: list[str]) -> Callable[[int, int], dict[str, list[Any]]]:
    schema = view.rows.schema

    def read(offset: int, count: int) -> dict[str, list[Any]]:
        table = _physical(view, offset, count, [*names, *bits])
        out = {name: encode(table.column(i), schema[name]) for i, name in enumerate(names)}
        for i, name in enumerate(bits):
            out[name] = table.column(len(names) + i).to_pylist()
        return out

    return read


def _fill(
    total: int,
    share: int,
    data: dict[str, list[Any]],
    embedded: Embedded,
    read: Callable[[int, int], dict[str, list[Any]]],
) -> int:
    """Read rows into `data` until all are there or the share is used; return how many."""
    rows = 0
    limit = min(share, embedded.left)
    used = 0
    for offset in _steps(total):
        found = read(offset, _STEP)
        count = min(_STEP, total - offset)
        sizes = [0] * count
        for values in found.values():
            for i, value in enumerate(values):
                sizes[i] += len(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")) + 1
        fits = 0
        while fits < count and used + sizes[fits] <= limit:
            used += sizes[fits]
            fits += 1
        for name, values in found.items():
            data[name] += [embedded.take(value) for value in values[:fits]]
        rows += fits
        if fits < count:
            break
    embedded.left -= used
    return rows


def _steps(total: int) -> Iterator[int]:
    return iter(range(0, total, _STEP))


def _bits(data: dict[str, list[Any]], at: int) -> str | None:
    values = data.get(f"{_PILL}{at}")
    # A condition that is null is not true (VIEW-3).
    return None if values is None else "".join("1" if value is True else "0" for value in values)


def _pill(kind: str, text: str, *, on: bool, bits: str | None = None, fixed: str | None = None) -> Json:
    return {"key": f"{kind} {text}", "kind": kind, "text": text, "on": on, "bits": bits, "fixed": fixed}


def _grouped(view: View, spec: ViewSpec, embedded: Embedded, share: int, beside: Sequence[View]) -> Json | None:
    """Return the groups of a view, None if it has none."""
    plan = view.plan
    if not plan.is_grouped:
        return None
    own = view.rows.schema.names
    inside = [name for name in plan.columns if name not in own and name not in spec.group]
    every = _shown(spec, [*own, *inside], set(own))
    shown = every[:_MOST_COLUMNS]
    names = [setting.name for setting in shown]
    roles = dict.fromkeys(inside, "group") | {"count": "count"}
    columns = [_column(view, setting, roles.get(setting.name, "key")) for setting in shown]
    data: dict[str, list[Any]] = {name: [] for name in names}
    total = len(view)
    asked_own = [name for name in names if name in own]
    asked_inside = [name for name in names if name in inside]

    def read(offset: int, count: int) -> dict[str, list[Any]]:
        out: dict[str, list[Any]] = {}
        if asked_own:
            table = _physical(view, offset, count, asked_own)
            out |= {name: encode(table.column(i), view.rows.schema[name]) for i, name in enumerate(asked_own)}
        if asked_inside:
            found = view.group_cells(offset, count, asked_inside, size=_OBJECTS, beside=beside)
            out |= {name: _group_cells(cells, plan.columns[name].type) for name, cells in found.items()}
        return out

    rows = _fill(min(total, MAX_GROUPS), share, data, embedded, read)
    notes = _notes(spec, rows, total, total, total, len(names), len(every))
    return {
        "columns": columns,
        "rows": rows,
        "noun": "groups",
        "data": data,
        "order": _order(spec, asked_own),
        "pills": [
            *(_pill("filter", text, on=True, fixed=_GROUPED) for text in conditions(spec.filter)),
            *(_pill("group", text, on=True, fixed=_GROUPED) for text in spec.group),
        ],
        "notes": notes,
    }


def _shown(spec: ViewSpec, names: list[str], always: set[str]) -> list[ColumnSetting]:
    """Return the columns that show, in order: those that the view lists, and what it computes beside them.

    Args:
        spec: the view.
        names: all that there are.
        always: those that show where the view does not list them: what it derives, keys, counts, cells.

    """
    if spec.columns is None:
        return [ColumnSetting(name=name) for name in names]
    out = [setting for setting in spec.columns if setting.name in names]
    known = {setting.name for setting in out}
    for i, name in enumerate(names):
        if name in known or name not in always:
            continue
        # A new column stands behind the one before it.
        before = next((other for other in reversed(names[:i]) if other in known), None)
        at = 0 if before is None else next(j for j, setting in enumerate(out) if setting.name == before) + 1
        out.insert(at, ColumnSetting(name=name))
        known.add(name)
    return [setting for setting in out if setting.visible]


def _order(spec: ViewSpec, names: list[str]) -> Json | None:
    """Return the column by which rows are sorted, None if it is none of those that show."""
    first = spec.sort[0] if spec.sort else None
    found = {show_name(name): name for name in names} | {name: name for name in names}
    if first is None or first.expression not in found or first.nulls != "last":
        return None
    return {"column": found[first.expression], "order": first.order}


def _column(view: View, setting: ColumnSetting, role: str) -> Json:
    schema = view.rows.schema
    found: ColumnType = schema[setting.name] if setting.name in schema.names else view.plan.columns[setting.name].type
    digits = setting.settings.get("digits")
    return {
        "name": setting.name,
        "label": setting.label,
        "kind": found.kind,
        "type": str(found),
        "role": role,
        "digits": digits if type(digits) is int and 0 <= digits <= 20 else None,
        "display": setting.display,
        "overlays": setting.settings.get("overlays") is not False,
        "params": found.params(),
    }


def _notes(spec: ViewSpec, rows: int, total: int, passing: int, of: int, columns: int, all_columns: int) -> list[str]:
    out = []
    noun = "groups" if spec.group else "rows"
    if rows < total:
        out.append(f"Only the first {rows:,} of {total:,} {noun} are in this file: sorting and filters see no others.")
    elif passing < of and not spec.group and total == passing:
        did = "passed the filter" if spec.window is None else "are in the view"
        out.append(f"{passing:,} of the table's {of:,} rows {did}.")
    if columns < all_columns:
        out.append(f"Only {columns:,} of {all_columns:,} columns are in this file.")
    return out
