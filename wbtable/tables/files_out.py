"""Rows to files: Parquet, Feather, CSV, JSON Lines, and folders with the media as files; streamed."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import decimal
import json
import math
import mimetypes
import os
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from wbtable.errors import AlreadyExistsError, NotFoundError, UsageError
from wbtable.format.types import MapType, MediaType, TimeType, contains, has_media
from wbtable.storage.here import path_here
from wbtable.storage.os_errors import explained
from wbtable.tables.far_times import has_zone, instant
from wbtable.tables.view_files import key_text, time_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from wbtable.format.schema import Schema

METADATA: Final = "metadata.jsonl"
FILE_NAME: Final = "file_name"
"""The key of a row's media file in ``metadata.jsonl``; that of a column of another name than its kind ends in it."""
_TYPES = mimetypes.MimeTypes(filenames=())
_SUFFIXES: Final = {"image/jpeg": ".jpg", "audio/wav": ".wav", "audio/x-wav": ".wav", "text/html": ".html"}


class Rows(Protocol):
    """What can be written: tables, joined and partitioned tables, views."""

    @property
    def schema(self) -> Schema:
        """The columns and their logical types."""

    def iterrows(self) -> Iterator[tuple[int, list[Any]]]:
        """Yield the rows as Python values."""

    def scan(
        self, columns: Sequence[str] | None = None, *, batch_size: int = 65536, media: Any = "lazy"
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows as record batches."""

    def to_arrow(self, columns: Sequence[str] | None = None, media: Any = "lazy") -> pa.Table:
        """Return the rows at once."""


def write_parquet(
    rows: Rows,
    path: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Write a Parquet file; media columns hold structs with the encoded ``bytes`` beside the facts.

    Args:
        rows: what to write.
        path: the file; it is there only once it is whole.
        overwrite: whether a file of this name may be replaced.
        progress: is told how many rows were written, some at a time.

    Raises:
        AlreadyExistsError: there is such a file.
        NotFoundError: there is no such folder.
        FormatError: stored bytes are damaged; no file is left.

    """
    with _target(path, overwrite=overwrite) as temporary:
        _write_batches(rows, lambda schema: pq.ParquetWriter(temporary, schema, compression="zstd"), progress)


def write_feather(
    rows: Rows,
    path: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Write a Feather file (Arrow IPC, compressed with Zstandard); arguments and errors as `write_parquet`."""
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with _target(path, overwrite=overwrite) as temporary:
        _write_batches(rows, lambda schema: pa.ipc.new_file(str(temporary), schema, options=options), progress)


def _write_batches(rows: Rows, make: Callable[[pa.Schema], Any], progress: Callable[[int], None] | None) -> None:
    writer: Any = None
    try:
        for batch in rows.scan(media="bytes"):
            writer = writer or make(batch.schema)
            writer.write_batch(batch)
            if progress is not None:
                progress(batch.num_rows)
        if writer is None:  # no rows: the columns are still said
            writer = make(rows.to_arrow(media="bytes").schema)
    finally:
        if writer is not None:
            writer.close()


def write_csv(
    rows: Rows,
    path: str | os.PathLike[str],
    *,
    delimiter: str = ",",
    media_folder: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Write a CSV file with a header line, in UTF-8.

    None is an empty cell, empty text is ``""``, and so is None in a table of one column; lists, dicts, arrays are JSON.
    Media are the paths of files below `media_folder`, relative to the CSV's folder; without one they are their digests.

    Args:
        rows: what to write.
        path: the file; it is there only once it is whole.
        delimiter: what stands between cells.
        media_folder: where media are written as files; None writes none.
        overwrite: whether a file of this name may be replaced.
        progress: is told how many rows were written, some at a time.

    Raises:
        UsageError: the delimiter is not one character.
        AlreadyExistsError: there is such a file, or something in `media_folder`.
        FormatError: stored bytes are damaged.

    """
    if len(delimiter) != 1 or delimiter in '"\r\n':
        msg = f"expected one character as delimiter, found {delimiter!r:.20}"
        raise UsageError(msg)
    names = rows.schema.names
    with _target(path, overwrite=overwrite) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        media = _media_files(path, media_folder, rows.schema)
        file.write(delimiter.join(_cell(name, delimiter) for name in names) + "\n")
        for number, row in _counted(rows, progress):
            cells = (media.put(value, number, name) for name, value in zip(names, row, strict=True))
            line = delimiter.join(_cell(cell, delimiter) for cell in cells)
            file.write((line or '""') + "\n")  # a blank line is no row to most readers


def write_jsonl(
    rows: Rows,
    path: str | os.PathLike[str],
    *,
    media_folder: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Write a JSON Lines file: one object a line.

    NaN and infinities are written as Python does (``NaN``, ``Infinity``), times as ISO 8601, bytes as base64, arrays as
    lists. Media as in `write_csv`; arguments and errors too.
    """
    names = rows.schema.names
    with _target(path, overwrite=overwrite) as temporary, temporary.open("w", encoding="utf-8") as file:
        media = _media_files(path, media_folder, rows.schema)
        for number, row in _counted(rows, progress):
            found = {name: media.put(value, number, name) for name, value in zip(names, row, strict=True)}
            file.write(json.dumps(found, ensure_ascii=False, default=_json) + "\n")


def write_folder(rows: Rows, folder: str | os.PathLike[str], *, progress: Callable[[int], None] | None = None) -> None:
    """Write a folder: media as files, ``metadata.jsonl`` beside them; `read_folder` reads it back.

    A media column called as its kind (``image``) gives the key ``file_name``, another one (``photo``)
    ``photo_file_name``. Captions stand under ``<column>_caption`` where there are any.

    Args:
        rows: what to write.
        folder: a new or empty folder.
        progress: is told how many rows were written, some at a time.

    Raises:
        AlreadyExistsError: there is something in the folder.
        UsageError: two columns would have one key, or one would be taken for paths.
        FormatError: stored bytes are damaged.

    """
    root = path_here(folder)
    keys = {column.name: column.name for column in rows.schema}
    for column in rows.schema:
        if isinstance(column.type, MediaType):
            keys[column.name] = FILE_NAME if column.name == column.type.kind else f"{column.name}_{FILE_NAME}"
    captions = [f"{column.name}_caption" for column in rows.schema if isinstance(column.type, MediaType)]
    if len({*keys.values(), *captions}) != len(keys) + len(captions):
        msg = f"two columns would have one key in {METADATA}: {sorted([*keys.values(), *captions])!r:.200}"
        raise UsageError(msg)
    if keys.get(FILE_NAME) == FILE_NAME:
        msg = f"the column {FILE_NAME!r} would be taken for the paths of files in {METADATA}: give it another name"
        raise UsageError(msg)
    media = _MediaFiles(root, root, rows.schema)
    with _target(root / METADATA, overwrite=False) as temporary, temporary.open("w", encoding="utf-8") as file:
        for number, row in _counted(rows, progress):
            found: dict[str, Any] = {}
            for (name, key), value in zip(keys.items(), row, strict=True):
                found[key] = media.put(value, number, name)
                if getattr(value, "caption", None) is not None and _is_file(value):
                    found.setdefault(f"{name}_caption", value.caption)
            file.write(json.dumps(found, ensure_ascii=False, default=_json) + "\n")


def _counted(rows: Rows, progress: Callable[[int], None] | None) -> Iterator[tuple[int, list[Any]]]:
    zoned = [i for i, column in enumerate(rows.schema) if has_zone(column.type)]
    keyed = [i for i, column in enumerate(rows.schema) if contains(column.type, MapType)]
    fine = [i for i, column in enumerate(rows.schema) if column.type == TimeType(unit="ns")]
    times = _times(rows, [rows.schema.names[i] for i in fine])
    for number, (_, row) in enumerate(rows.iterrows()):
        if fine:
            for i, text in zip(fine, next(times), strict=True):
                row[i] = text
        for i in zoned:
            row[i] = instant(row[i])
        for i in keyed:
            row[i] = _with_text_keys(row[i])
        yield number, row
        if progress is not None:
            progress(1)


def _times(rows: Rows, names: list[str]) -> Iterator[tuple[str | None, ...]]:
    """Yield for each row its times of nanoseconds as text: Python's end at microseconds."""
    for batch in rows.scan(names, media="lazy"):
        yield from zip(*(time_texts(column).to_pylist() for column in batch.columns), strict=True)


def _with_text_keys(value: Any) -> Any:
    """Return nested values whose dicts have text as keys, as JSON has them."""
    if isinstance(value, dict):
        return {key_text(key): _with_text_keys(item) for key, item in value.items()}
    return [_with_text_keys(item) for item in value] if isinstance(value, list) else value


class _MediaFiles:
    """Writes media as files, or names them by digest."""

    def __init__(self, folder: Path | None, base: Path, schema: Schema) -> None:
        self._folder, self._base = folder, base
        self._nested = {column.name for column in schema if has_media(column.type)}
        taken: dict[str, str] = {}
        for name in schema.names:
            plain = "".join(c if c.isalnum() or c in "-_." else "_" for c in name).strip(".")[:60] or "media"
            while plain in taken.values():
                plain += "_"
            taken[name] = plain
        self._folders = taken
        if folder is not None:
            with explained(f"make {folder}"):
                folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()):
                msg = f"there is something in {str(folder)!r} already: choose a new or empty folder"
                raise AlreadyExistsError(msg)

    def put(self, value: Any, row: int, name: str, place: str = "") -> Any:
        """Return a value with the paths of files in place of media, however deep these lie."""
        if name not in self._nested:
            return value
        if isinstance(value, list):
            return [self.put(item, row, name, f"{place}-{i}") for i, item in enumerate(value)]
        if isinstance(value, dict):
            return {key: self.put(item, row, name, f"{place}-{i}") for i, (key, item) in enumerate(value.items())}
        if not _is_file(value):
            return value
        if self._folder is None:
            return str(value.digest)
        target = self._folder / self._folders[name] / f"{row:08d}{place}{_suffix(value)}"
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(value.bytes)
        return Path(os.path.relpath(target, self._base)).as_posix()


def _media_files(path: str | os.PathLike[str], folder: str | os.PathLike[str] | None, schema: Schema) -> _MediaFiles:
    return _MediaFiles(None if folder is None else path_here(folder), Path(path).parent, schema)


@contextlib.contextmanager
def _target(path: str | os.PathLike[str], *, overwrite: bool) -> Iterator[Path]:
    """Give a temporary file beside `path` that takes its name when the block ends without an error."""
    target = path_here(path)
    if target.exists() and not overwrite:
        msg = f"there is a file {str(target)!r} already: choose another name, or overwrite it"
        raise AlreadyExistsError(msg)
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:40]}-")
    except FileNotFoundError:
        msg = f"there is no folder {str(target.parent)!r}"
        raise NotFoundError(msg) from None
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _is_file(value: Any) -> bool:
    return hasattr(value, "content_type") and hasattr(value, "digest")


def _suffix(value: Any) -> str:
    form = getattr(value, "format", None)
    if value.kind in {"molecule", "object3d"} and form is not None:
        return f".{form}"
    content_type = value.content_type
    return _SUFFIXES.get(content_type) or _TYPES.guess_extension(content_type) or ".bin"


def _cell(value: Any, delimiter: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        text = value
    elif isinstance(value, list | dict | np.ndarray) or hasattr(value, "to_cell"):
        text = json.dumps(value, ensure_ascii=False, default=_json)
    else:
        found = _json(value)
        text = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False, default=_json)
    if not text or any(sign in text for sign in (delimiter, '"', "\n", "\r")) or text != text.strip():
        return '"' + text.replace('"', '""') + '"'
    return text


def _json(value: Any) -> Any:
    """Return what JSON has for a value that it does not know."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    if isinstance(value, np.timedelta64):
        return float(value / np.timedelta64(1, "s"))
    if isinstance(value, np.datetime64):  # its item is a number where the year is beyond 9999
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, complex):
        return [value.real, value.imag]
    if isinstance(value, decimal.Decimal | uuid.UUID):
        return str(value)
    if isinstance(value, np.generic):
        found = value.item()
        return str(value) if isinstance(found, float) and not math.isfinite(found) else found
    if hasattr(value, "to_cell"):
        return value.to_cell()
    return str(value)
