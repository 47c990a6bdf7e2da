"""What each kind of remote place needs beyond fsspec's common interface (spec: 03-store-layout, BACKEND-n).

fsspec promises little about exclusive creation, and a look at a key that is not there costs two requests with most of
its file systems. Here is what was found for each; a file system that is not known here can be read, and written to
where it has an exclusive creation of its own.
"""

from __future__ import annotations

import contextlib
import inspect
import os
from typing import TYPE_CHECKING, Any, Final

import fsspec
import fsspec.asyn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MARK: Final = "wbtable-create"
"""Under this name an object says which call created it, so that a lost answer can be told from a lost race."""

_BULK: Final = 1000
_LISTINGS: Final = 100


class Place:
    """A file system that fsspec knows and this module does not.

    Attributes:
        extra: the extra of this package that installs its file system, None if there is none.
        noun: what the first part of a URL is.
        tails: whether the end of a key can be read without knowing its length.
        how_to_sign_in: what to do where credentials are missing.

    """

    extra: str | None = None
    noun = "place"
    tails = False
    how_to_sign_in = "check the credentials in its storage options"

    def options(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options of the file system: listings and sizes must be those of now, other writers are at work."""
        return {"use_listings_cache": False, **given}

    def can_create(self, fs: Any) -> bool:
        """Whether `pipe_file` with ``mode="create"`` is the file system's own, not fsspec's look-then-write."""
        own = getattr(type(fs), "_pipe_file", None) or type(fs).pipe_file
        if getattr(own, "__module__", "").startswith(("fsspec.spec", "fsspec.asyn")):
            return False
        return "mode" in inspect.signature(own).parameters

    def create(self, fs: Any, path: str, data: bytes, mark: str) -> None:
        """Make a key that must not exist, by one conditional request."""
        fs.pipe_file(path, data, mode="create")

    def mark_of(self, fs: Any, path: str) -> str | None:
        """Return the mark that `create` left on a key, None if it cannot."""
        return None

    def info(self, fs: Any, path: str) -> dict[str, Any]:
        """Return `size` and what else is known of a key.

        Raises:
            FileNotFoundError: it does not exist.

        """
        found: dict[str, Any] = fs.info(path)
        if found.get("type", "file") != "file":
            raise FileNotFoundError(path)
        return found

    def find(self, fs: Any, path: str) -> dict[str, dict[str, Any]]:
        """Return what a listing says of each key below a folder."""
        return dict(fs.find(path, detail=True))

    def delete_many(self, fs: Any, paths: Sequence[str]) -> bool:
        """Delete keys by few requests; False if that is not possible here."""
        return False


class S3(Place):
    """Amazon S3 and what speaks its protocol, through s3fs.

    A single PUT with `If-None-Match` has one winner on S3, Ceph and moto; in parts it has several, so nothing is
    created in parts. What is longer than 100 MiB is put in parts, without a condition.
    """

    extra = "s3"
    noun = "bucket"
    tails = True
    how_to_sign_in = (
        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or storage options key= and secret=;"
        " anon=True reads a public bucket"
    )

    def options(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Leave repeating to the budget here and s3fs: botocore's own would multiply the time to the first answer."""
        config = {"retries": {"total_max_attempts": 1}, **dict(given.get("config_kwargs") or {})}
        return {**super().options(given), "config_kwargs": config}

    def can_create(self, fs: Any) -> bool:
        """Say yes: the probe finds out which servers ignore the condition."""
        return True

    def create(self, fs: Any, path: str, data: bytes, mark: str) -> None:
        """Send one PUT with `If-None-Match: *`."""
        fs.pipe_file(path, data, mode="create", chunksize=max(len(data), 50 << 20), Metadata={MARK: mark})

    def mark_of(self, fs: Any, path: str) -> str | None:
        """Return the mark in the object's metadata."""
        found = self._head(fs, path).get("Metadata") or {}
        return next((value for name, value in found.items() if name.lower() == MARK), None)

    def info(self, fs: Any, path: str) -> dict[str, Any]:
        """Send one HEAD; s3fs would list too where there is no key."""
        found = self._head(fs, path)
        return {**found, "size": found["ContentLength"]}

    def find(self, fs: Any, path: str) -> dict[str, dict[str, Any]]:
        """List the keys below a folder alone; s3fs would also ask whether an empty folder is a key."""
        listed = fsspec.asyn.sync(fs.loop, fs._lsdir, path, refresh=True, delimiter="")  # noqa: SLF001 - as said
        return {info["name"]: info for info in listed if info.get("type") == "file"}

    def delete_many(self, fs: Any, paths: Sequence[str]) -> bool:
        """Delete a thousand keys by a request; servers that want other checksums than botocore sends refuse it."""
        for at in range(0, len(paths), _BULK):
            try:
                fsspec.asyn.sync(fs.loop, fs._bulk_delete, list(paths[at : at + _BULK]))  # noqa: SLF001 - `rm` lists first
            except (OSError, AttributeError):
                return False
        return True

    @staticmethod
    def _head(fs: Any, path: str) -> dict[str, Any]:
        bucket, key, _ = fs.split_path(path)
        found: dict[str, Any] = fs.call_s3("head_object", Bucket=bucket, Key=key, **fs.req_kw)
        return found


class Gcs(Place):
    """Google Cloud Storage, through gcsfs: `ifGenerationMatch=0` has one winner."""

    extra = "gcs"
    noun = "bucket"
    tails = True
    how_to_sign_in = (
        "run `gcloud auth application-default login`, set GOOGLE_APPLICATION_CREDENTIALS, or the storage option token=;"
        ' token="anon" reads a public bucket'
    )

    def options(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Take `anon` as the other places do; keep gcsfs from asking an emulator over gRPC, which takes a minute."""
        options = super().options(given)
        if options.pop("anon", False):
            options.setdefault("token", "anon")
        if options.get("endpoint_url") or os.environ.get("STORAGE_EMULATOR_HOST"):
            os.environ.setdefault("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
        return options

    def can_create(self, fs: Any) -> bool:
        """Say yes."""
        return True

    def create(self, fs: Any, path: str, data: bytes, mark: str) -> None:
        """Send one simple upload with the precondition."""
        fs.pipe_file(path, data, mode="create", metadata={MARK: mark})

    def mark_of(self, fs: Any, path: str) -> str | None:
        """Return the mark in the object's metadata."""
        found: str | None = (self.info(fs, path).get("metadata") or {}).get(MARK)
        return found

    def info(self, fs: Any, path: str) -> dict[str, Any]:
        """Ask for the object alone; gcsfs would list too where there is none."""
        found: dict[str, Any] = fsspec.asyn.sync(fs.loop, fs._get_object, path)  # noqa: SLF001 - `info` lists
        return found


class Azure(Place):
    """Azure Blob Storage, through adlfs: `Put Blob` that may not overwrite has one winner."""

    extra = "azure"
    noun = "container"
    how_to_sign_in = (
        "set AZURE_STORAGE_CONNECTION_STRING, or AZURE_STORAGE_ACCOUNT_NAME with AZURE_STORAGE_ACCOUNT_KEY or"
        " AZURE_STORAGE_SAS_TOKEN; the storage option anon=False uses the credentials of this machine"
    )

    def can_create(self, fs: Any) -> bool:
        """Say yes."""
        return True

    def create(self, fs: Any, path: str, data: bytes, mark: str) -> None:
        """Send one `Put Blob`; adlfs keeps its metadata to itself, so the mark stands in the disposition."""
        from azure.storage.blob import ContentSettings

        settings = ContentSettings(content_type="application/octet-stream", content_disposition=_disposition(mark))
        fs.pipe_file(path, data, mode="create", content_settings=settings)

    def mark_of(self, fs: Any, path: str) -> str | None:
        """Return the mark in the blob's disposition."""
        found = getattr(self.info(fs, path).get("content_settings"), "content_disposition", None) or ""
        return str(found).partition('"')[2].rstrip('"') or None

    def info(self, fs: Any, path: str) -> dict[str, Any]:
        """Ask for the blob's properties alone; adlfs would list too where there is none."""
        return dict(fsspec.asyn.sync(fs.loop, _properties, fs, path))


class Memory(Place):
    """This process's memory, through fsspec."""

    def find(self, fs: Any, path: str) -> dict[str, dict[str, Any]]:
        """List again where another thread has made or deleted a key meanwhile."""
        for _ in range(_LISTINGS):
            with contextlib.suppress(RuntimeError):  # fsspec looks through a dict that others change
                return super().find(fs, path)
        return super().find(fs, path)


async def _properties(fs: Any, path: str) -> dict[str, Any]:
    container, blob, _ = fs.split_path(path)
    async with fs.service_client.get_blob_client(container, blob) as client:
        return {**await client.get_blob_properties()}


def _disposition(mark: str) -> str:
    return f'inline; filename="{mark}"'


_PLACES: Final[dict[str, type[Place]]] = {
    "memory": Memory, "s3": S3, "s3a": S3, "gs": Gcs, "gcs": Gcs, "az": Azure, "abfs": Azure, "abfss": Azure,
}  # fmt: skip


def place_of(scheme: str) -> Place:
    """Return what is known of a scheme."""
    return _PLACES.get(scheme, Place)()


def connect(place: Place, url: str, options: Mapping[str, Any]) -> tuple[Any, str]:
    """Return the file system of a URL and the path of the URL in it.

    What fsspec's own settings say (`~/.config/fsspec`, `FSSPEC_S3_…`) holds where the options say nothing.

    Raises:
        ImportError: its package is not installed.
        ValueError: the URL is not understood.

    """
    scheme, _, rest = url.partition("://")
    rest = rest.rstrip("/")
    if not rest and place.extra is not None:
        msg = f"it names no {place.noun}"
        raise ValueError(msg)
    given = {**fsspec.config.conf.get(scheme.lower(), {}), **options}
    fs, root = fsspec.core.url_to_fs(f"{scheme}://{rest}", **place.options(given))
    return fs, root


def open_file(fs: Any, path: str) -> Any:
    """Open a key for reading."""
    return fs.open(path, "rb")
