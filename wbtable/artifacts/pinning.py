"""What saved views and reports show is pinned, and kept: places become versions and tables (spec: VIEW-9)."""

from __future__ import annotations

import contextlib
import functools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from wbtable.artifacts.gc_mark import Marker, ref_of
from wbtable.artifacts.lease import Lease
from wbtable.artifacts.names import parse_name
from wbtable.artifacts.tables import TableOrigin, load_manifest
from wbtable.artifacts.version import Version
from wbtable.errors import NotFoundError, UsageError
from wbtable.format.digest import TABLE
from wbtable.format.report import is_pinned
from wbtable.format.view_source import TablePlace, ViewSource
from wbtable.format.view_spec import ViewSpec
from wbtable.tables.open import table_of
from wbtable.tables.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from wbtable.artifacts.store_files import StoreFiles
    from wbtable.format.digest import Descriptor
    from wbtable.format.version_record import VersionRecord


def pinned(store: StoreFiles, place: TablePlace, *, aliases: bool = False) -> TablePlace:
    """Return a place with what keeps its rows (VIEW-9).

    Args:
        store: the store.
        place: a place in it.
        aliases: whether an alias becomes the version that it names now; else its place stays as it is, and keeps
            nothing: it shows what is there.

    Raises:
        NotFoundError: there is no such version, and nothing that keeps its rows; or no such table in it.

    """
    if place.url is not None:
        raise UsageError(
            f"the view names {place.url!r:.200}, which is outside of the store: log it, then save the view"
        )
    if not aliases and not is_pinned(place.version):
        return replace(place, table=None)
    try:
        version = Version(store, _record(store, place))
    except NotFoundError:
        if place.table is None or not is_pinned(place.version):
            raise
        return place
    assert place.path is not None
    found = version.find_descriptor(place.path)
    if found is None:
        raise NotFoundError(f"there is no table {place.path!r:.200} in {version.qualified_name}")
    named = place if is_pinned(place.version) else replace(place, version=version.version)
    # A joined or partitioned table names its parts by their paths: the manifest leads to them.
    return replace(named, table=found if found.media_type == TABLE else version.record.manifest)


def pinned_view(store: StoreFiles, spec: ViewSpec, *, aliases: bool = False) -> ViewSpec:
    """Return a view whose places are pinned; see `pinned`.

    Raises:
        NotFoundError: a table is not there.
        UsageError: the view names no rows, or rows outside of the store.

    """
    if spec.source is None:
        raise UsageError("the view does not say which rows it is of: it has no source")
    tables = tuple(pinned(store, place, aliases=aliases) for place in spec.source.tables)
    return spec.with_(source=replace(spec.source, tables=tables))


@contextlib.contextmanager
def kept(store: StoreFiles, refs: Iterable[Descriptor], views: Iterable[ViewSpec] = ()) -> Iterator[None]:
    """Record what is to be referred to while it is, unless versions keep it anyway (LEASE-6).

    Args:
        store: the store.
        refs: the objects.
        views: those of which they are; what a version that is there leads to needs no lease.

    Raises:
        NotFoundError: an object is not there any more.
        ConflictError: a collection deletes one of them, or ended the lease.

    """
    held = {
        place.table
        for view in views
        for place in (view.source.tables if view.source is not None else ())
        if place.table is not None and _is_there(store, place)
    }
    loose = [ref for ref in refs if ref not in held]
    if not loose:
        yield
        return
    marker = Marker(store.backend)
    with Lease(store.backend) as lease:
        lease.record([ref_of(ref).key for ref in loose])
        marker.mark([ref_of(ref) for ref in loose])
        lease.record(marker.live)
        for key in marker.live:
            if store.backend.size(key) is None:
                raise NotFoundError("what the view shows was deleted, and is no more", place=key)
        lease.check()
        yield


def _is_there(store: StoreFiles, place: TablePlace) -> bool:
    try:
        _record(store, place)
    except NotFoundError:
        return False
    return True


def _record(store: StoreFiles, place: TablePlace) -> VersionRecord:
    assert place.project is not None
    return store.find_record(parse_name(f"{place.project}/{place.artifact}:{place.version}"), place.project)


def open_place(store: StoreFiles, place: TablePlace) -> tuple[str, Callable[[], Any]]:
    """Return what names the content of a place, and what opens its table; a version that is gone may be kept (VIEW-9).

    Raises:
        NotFoundError: there is no such table.

    """
    assert place.path is not None
    try:
        record = _record(store, place)
    except NotFoundError:
        if place.table is None:
            raise
        if place.table.media_type == TABLE:
            return str(place.table.digest), functools.partial(_open_kept, store, place)
        record = _deleted(store, place)
    return record.commit_id, functools.partial(Version(store, record).get, place.path)


def _open_kept(store: StoreFiles, place: TablePlace) -> Any:
    assert place.table is not None
    return table_of(store.objects, load_manifest(store.objects, place.table, str(place.path)))


def _deleted(store: StoreFiles, place: TablePlace) -> VersionRecord:
    """Return the record of a version that was deleted: records stay, and this one's manifest is kept."""
    assert place.project is not None
    assert place.artifact is not None
    records = store.records(place.project, place.artifact)
    for number in range(records.newest(), -1, -1):
        record = records.read(number)
        if place.table is not None and record.manifest == place.table:
            return record
    raise NotFoundError(f"there is no version of {place.project}/{place.artifact} with the manifest {place.table}")


def spec_of(view: object, source: object = None) -> ViewSpec:
    """Return the document of a view with its rows named: those of a table of a version, or as `source` says.

    Args:
        view: a view, a document of one, or a table itself.
        source: where the rows are, if the view does not know.

    Raises:
        UsageError: it is no view, or of rows that are in no version.

    """
    base: object
    if isinstance(view, View):
        spec, base = view.spec, view.base
    elif isinstance(view, ViewSpec):
        spec, base = view, None
    elif isinstance(view, dict):
        spec, base = ViewSpec.from_json(view), None
    else:
        spec, base = ViewSpec(), view
    if source is not None:
        found = source if isinstance(source, ViewSource) else read_source(source)
        return spec.with_(source=found)
    if spec.source is not None:
        return spec
    origin = TableOrigin.of(base)
    where = getattr(base, "stored_at", None) or (None if origin is None else (origin.version, origin.path))
    if where is None:
        raise UsageError(
            "the rows of this view are in no version: log the table first and view store.artifact(...).get(...), or "
            "say with source= where they are"
        )
    version, path = where
    place = TablePlace(project=version.project, artifact=version.name, version=f"v{version.number}", path=path)
    return spec.with_(source=ViewSource(kind="table", tables=(place,)))


def read_source(value: Any) -> ViewSource:
    """Return a source from its JSON form.

    Raises:
        FormatError: it is none.

    """
    from wbtable.format.documents import Reader

    return ViewSource.read(Reader(value, "source"))
