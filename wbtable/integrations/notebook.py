"""What notebooks show of tables, views, comparisons, versions and runs: HTML without scripts, cuts said."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from wbtable.artifacts.version_content import VersionContent
from wbtable.errors import WbtableError
from wbtable.format.readable_text import cut, size_text, text_of
from wbtable.format.types import NumberType
from wbtable.integrations.html import Pictures, beside, fields, note, page, table, text, title
from wbtable.runs.reading import RunInfo
from wbtable.runs.run import Run
from wbtable.runs.run_list import RunList
from wbtable.tables.compare import SideBySide
from wbtable.tables.compared import Comparison
from wbtable.tables.readable import Readable

if TYPE_CHECKING:
    from collections.abc import Mapping

ROWS: Final = 10
COLUMNS: Final = 20
ENTRIES: Final = 20
_KEYS: Final = 50


def draw(value: Any) -> str | None:
    """Return a value as HTML, None if it is none of those that are drawn.

    What cannot be read is said in the place of what would be shown: showing a value never raises.
    """
    for kind, drawer in _DRAWERS:
        if isinstance(value, kind):
            try:
                return page(*drawer(value))
            except (WbtableError, OSError) as error:
                return page(title(type(value).__name__), note(f"it cannot be shown: {error}"))
    return None


def _readable(found: Readable) -> list[str]:
    return _titled(type(found).__name__, found)


def _titled(name: str, found: Readable) -> list[str]:
    return [title(name, f"{found.num_rows:,} rows x {len(found.schema)} columns"), *_rows(found)]


def _rows(found: Readable) -> list[str]:
    """Return the first rows and columns, and what is not shown of them."""
    schema = found.schema
    columns = list(schema)[:COLUMNS]
    if not columns:
        return []
    pictures = Pictures()
    numbers = frozenset(i for i, column in enumerate(columns) if isinstance(column.type, NumberType))
    titles = [f"{text(column.name)}<br><small>{text(cut(str(column.type), 40))}</small>" for column in columns]
    rows = [[pictures.cell(value) for value in row[: len(columns)]] for _, row in islice(found.iterrows(), ROWS)]
    out = [table(titles, rows, numbers)]
    if found.num_rows > len(rows):
        out.append(note(f"{len(rows):,} of {found.num_rows:,} rows are shown"))
    if len(schema) > len(columns):
        names = ", ".join(schema.names[COLUMNS : COLUMNS + 10])
        more = ", …" if len(schema) > COLUMNS + 10 else ""
        out.append(note(f"{len(columns)} of {len(schema)} columns are shown; the others are {cut(names, 400)}{more}"))
    if pictures.refused:
        out.append(note(f"{pictures.refused} images are shown as text only"))
    return out


def _comparison(found: Comparison) -> list[str]:
    counts = found.counts
    facts = {name: f"{getattr(counts, name):,}" for name in ("added", "removed", "changed", "equal")}
    changes = [
        [text(change.name), change.status, "" if change.changed is None else f"{change.changed:,}"]
        for change in found.changes
        if change.status != "equal"
    ]
    parts = [title("Comparison", f"of {found.sides} tables on {', '.join(found.key)}"), fields(facts)]
    if changes:
        parts.append(table(["column", "status", "rows"], changes, frozenset([2])))
    return [*parts, *_rows(found)]


def _side_by_side(found: SideBySide) -> list[str]:
    return [beside("".join(_titled(f"side {number}", side)) for number, side in enumerate(found.sides))]


def _version(found: VersionContent) -> list[str]:
    facts = {
        "type": found.type,
        "aliases": getattr(found, "aliases", None),
        "tags": getattr(found, "tags", None),
        "description": found.description,
        "created": found.created_at,
        "run": found.record.run,
        "size": size_text(found.size),
        "digest": found.digest,
        "store": found.store.url,
    }
    entries = list(islice(found.contents, ENTRIES))
    rows = [[text(entry.path), text(size_text(entry.size)), text(entry.media_type or "")] for entry in entries]
    parts = [title(found.qualified_name), fields(facts), _values(found.metadata, "metadata")]
    if rows:
        parts.append(table(["path", "size", "content"], rows, frozenset([1])))
    if found.file_count > len(rows):
        parts.append(note(f"{len(rows)} of {found.file_count:,} entries are shown"))
    return parts


def _run_info(found: RunInfo) -> list[str]:
    facts = {
        "name": found.name if found.name != found.id else None,
        "started": found.created_at,
        "ended": found.finished_at,
        "exit code": found.exit_code,
        "steps": found.next_step,
        "tags": found.start.tags,
        "notes": found.start.notes,
        "logged": cut(", ".join(found.logged()), 400),
    }
    parts = [title(found.path, found.state), fields(facts)]
    return [*parts, _values(found.config, "config"), _values(found.summary, "summary")]


def _run(found: Run) -> list[str]:
    where = "disabled" if found.store is None else found.store.url
    facts = {"name": found.name if found.name != found.id else None, "store": where, "steps": found.step}
    parts = [title(found.path, "open" if found.is_open else "finished"), fields(facts)]
    return [*parts, _values(found.config, "config"), _values(found.summary, "summary")]


def _run_list(found: RunList) -> list[str]:
    shown = list(reversed(found))[:ROWS]
    rows = [
        [text(item) for item in (run.path, run.name, run.state, run.created_at, run.next_step, _line(run.summary))]
        for run in shown
    ]
    parts = [title(f"{len(found):,} runs")]
    if rows:
        parts.append(table(["run", "name", "state", "started", "steps", "summary"], rows, frozenset([4])))
    if len(found) > len(rows):
        parts.append(note(f"the newest {len(rows)} of {len(found):,} runs are shown"))
    return parts


def _values(values: Mapping[str, Any], heading: str) -> str:
    shown = {str(key): cut(text_of(value), 300) for key, value in islice(values.items(), _KEYS)}
    more = f"{heading}: {len(shown)} of {len(values):,} keys" if len(values) > len(shown) else heading
    return fields(shown, more)


def _line(values: Mapping[str, Any]) -> str:
    found = [f"{key}={text_of(value)}" for key, value in values.items() if isinstance(value, int | float | str)]
    return cut(" ".join(found), 100)


_DRAWERS: Final[tuple[tuple[type, Any], ...]] = (
    (Comparison, _comparison),
    (SideBySide, _side_by_side),
    (Readable, _readable),
    (VersionContent, _version),
    (RunInfo, _run_info),
    (Run, _run),
    (RunList, _run_list),
)
