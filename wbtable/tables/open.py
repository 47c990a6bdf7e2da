"""Opening tables that were written on their own, or downloaded (spec: 05-tables, TABLE-9)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, cast

from wbtable.errors import NotFoundError, UsageError
from wbtable.format.documents import parse
from wbtable.format.layout import TABLE_SUFFIX
from wbtable.format.table_manifest import TableManifest
from wbtable.storage.find import find_objects, manifests_in
from wbtable.storage.objects import ObjectStore
from wbtable.storage.open_backend import open_backend
from wbtable.storage.streams import open_stream
from wbtable.tables.keys import ForeignKeyTo
from wbtable.tables.reader import TableReader
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from wbtable.tables.snapshot import LogMode


def open_table(url: str | os.PathLike[str], **storage_options: object) -> Table:
    """Open a table that was written on its own; rows are read when they are asked for.

    Args:
        url: its ``<name>.table.json``, or the folder that holds just one.
        **storage_options: for fsspec.

    Raises:
        NotFoundError: there is no table, or its ``objects/`` is missing.
        UsageError: the folder holds several, or it is a file of another kind.
        FormatError: it is damaged.

    """
    if not isinstance(url, (str, os.PathLike)):
        msg = f"expected the path or URL of a table, found {type(url).__name__}"
        raise UsageError(msg)
    text = str(url)
    if not text.endswith(TABLE_SUFFIX) and Path(text).is_file():
        msg = f"expected a folder or a *{TABLE_SUFFIX}, found the file {text}: read_parquet and others read files"
        raise UsageError(msg)
    where = text if text.endswith(TABLE_SUFFIX) else _only(text, **storage_options)
    with open_stream(where, **storage_options) as file:
        data = file.read()
    manifest = TableManifest.from_json(parse(data, where), where)
    if not manifest.refs:  # no row was ever stored, so that there is no objects/ either
        backend = open_backend(where.rpartition("/")[0] or ".", **storage_options)
        return table_of(ObjectStore(backend), manifest)
    return table_of(find_objects(where, **storage_options), manifest)


def table_of(objects: ObjectStore, manifest: TableManifest, origin: object = None) -> Table:
    """Return the table of a manifest; rows are read when they are asked for."""
    return Table.from_source(
        TableReader(objects, manifest),
        log_mode=cast("LogMode", manifest.log_mode),
        primary_key=manifest.primary_key,
        foreign_keys=[
            ForeignKeyTo(column=key.column, table=key.table, table_column=key.table_column, is_stored=True)
            for key in manifest.foreign_keys
        ],
        origin=origin,
    )


def _only(folder: str, **storage_options: object) -> str:
    found = manifests_in(open_backend(folder, **storage_options))
    if not found:
        msg = f"there is no *{TABLE_SUFFIX} in {folder}"
        raise NotFoundError(msg)
    if len(found) > 1:
        names = ", ".join(found[:5])
        msg = f"there are several tables in {folder}: name one of {names}"
        raise UsageError(msg)
    return f"{folder.rstrip('/')}/{found[0]}"
