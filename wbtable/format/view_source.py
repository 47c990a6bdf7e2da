"""Where the rows of a view come from (spec: 16-views, VIEW-2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from wbtable.errors import FormatError
from wbtable.format.digest import ARTIFACT, TABLE, Descriptor
from wbtable.format.paths import check_path

if TYPE_CHECKING:
    from wbtable.format.documents import Json, Reader

MODES: Final = ("join", "concat", "side_by_side")
COMPARE_HOWS: Final = ("outer", "inner")
MAX_SIDES: Final = 8
_KINDS: Final = ("table", "compare", "union")


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePlace:
    """One table, joined or partitioned table.

    Attributes:
        project: the artifact's project.
        artifact: the artifact's name.
        version: ``v3``, an alias, or a manifest's digest; a link has a version or digest, so that it never changes.
        path: the table's logical path in it.
        url: instead of those four: a table, or a file, outside of the store.
        table: what keeps the rows whatever becomes of the version: the table manifest, or the artifact manifest that
            leads to the tables of a joined or partitioned table (VIEW-9).

    """

    project: str | None = None
    artifact: str | None = None
    version: str | None = None
    path: str | None = None
    url: str | None = None
    table: Descriptor | None = None

    def __post_init__(self) -> None:
        """Refuse what names no table."""
        inside = (self.project, self.artifact, self.version, self.path)
        if (self.url is not None) == any(inside) or (self.url is None and not all(inside)) or self.url == "":
            msg = "expected either url, or project, artifact, version and path"
            raise FormatError(msg)
        if self.path is not None:
            check_path(self.path)
        if self.table is not None and (self.url is not None or self.table.media_type not in (TABLE, ARTIFACT)):
            msg = f"expected the manifest of a table or an artifact of the store, found {self.table.media_type!r:.80}"
            raise FormatError(msg)

    def to_json(self) -> Json:
        """Return the JSON form."""
        if self.url is not None:
            return {"url": self.url}
        out: Json = {
            "project": self.project,
            "artifact": self.artifact,
            "version": self.version,
            "path": self.path,
        }
        if self.table is not None:
            out["table"] = self.table.to_json()
        return out

    @classmethod
    def read(cls, fields: Reader) -> Self:
        """Read the JSON form."""
        kept = fields.fields.get("table")
        return cls(
            **{name: fields.opt_str(name) for name in ("project", "artifact", "version", "path", "url")},
            table=None if kept is None else Descriptor.from_json(kept, f"{fields.place}.table"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewSource:
    """The rows that a view is of.

    Attributes:
        kind: ``table``; ``compare``: 2 to 8 tables side against side; ``union``: the tables of one key over runs.
        tables: the table, or the sides of a comparison.
        key: of a comparison joined on keys: pairs by these columns.
        mode: of a comparison: join, concat or side_by_side.
        how: of a comparison joined on keys: outer or inner.
        project: of a union: the runs' project.
        run_key: of a union: the key under which the tables were logged.
        runs: of a union: the runs' ids, in order; none: all of the project.

    """

    kind: str
    tables: tuple[TablePlace, ...] = ()
    key: tuple[str, ...] = ()
    mode: str = "join"
    how: str = "outer"
    project: str | None = None
    run_key: str | None = None
    runs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what names no rows."""
        counts = {"table": (1, 1), "compare": (2, MAX_SIDES), "union": (0, 0)}
        if self.kind not in _KINDS:
            msg = f"expected kind as one of {', '.join(_KINDS)}, found {self.kind!r:.40}"
            raise FormatError(msg)
        least, most = counts[self.kind]
        if not least <= len(self.tables) <= most:
            msg = f"expected {least} to {most} tables in a source of kind {self.kind}, found {len(self.tables)}"
            raise FormatError(msg)
        if self.mode not in MODES or self.how not in COMPARE_HOWS:
            msg = f"expected mode in {MODES} and how in {COMPARE_HOWS}, found {self.mode!r:.40} and {self.how!r:.40}"
            raise FormatError(msg)
        if self.kind == "union" and not (self.project and self.run_key):
            msg = "expected project and run_key in a source of kind union"
            raise FormatError(msg)

    def to_json(self) -> Json:
        """Return the JSON form."""
        if self.kind == "union":
            return {"kind": "union", "project": self.project, "run_key": self.run_key, "runs": list(self.runs)}
        tables = [table.to_json() for table in self.tables]
        if self.kind == "table":
            return {"kind": "table", "tables": tables}
        return {"kind": "compare", "tables": tables, "key": list(self.key), "mode": self.mode, "how": self.how}

    @classmethod
    def read(cls, fields: Reader) -> Self:
        """Read the JSON form.

        Raises:
            FormatError: a field is missing or impossible.

        """
        return cls(
            kind=fields.str("kind"),
            tables=tuple(TablePlace.read(child) for child in fields.children("tables", optional=True)),
            key=texts(fields, "key"),
            mode=fields.opt_str("mode") or "join",
            how=fields.opt_str("how") or "outer",
            project=fields.opt_str("project"),
            run_key=fields.opt_str("run_key"),
            runs=texts(fields, "runs"),
        )


def texts(fields: Reader, key: str) -> tuple[str, ...]:
    """Return a list of texts that may be absent."""
    found = fields.list(key, optional=True)
    if not all(isinstance(item, str) for item in found):
        fields.fail(key, "a list of texts")
    return tuple(found)
