"""Downloads, checkouts and verification: whole files, checked, inside their directory."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pytest

import wbtable
from tests.unit.artifacts.faults import CrashError, FaultyBackend
from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.store import Store
from wbtable.errors import FormatError, NotFoundError, UsageError, WbtableError
from wbtable.format.documents import canonical
from wbtable.format.seal import sealed

if TYPE_CHECKING:
    from collections.abc import Callable

    from wbtable.artifacts.version import Version

    Make = Callable[..., Artifact]

BIG = bytes(range(256)) * (9 << 12)


@pytest.fixture
def version(store: Store) -> Version:
    draft = Artifact("data")
    for path, data in (("a.txt", b"a"), ("d/b.bin", b"b" * 5000), ("d/e/empty", b""), ("big", BIG)):
        with draft.new_file(path, "wb") as file:
            file.write(data)
    image = wbtable.Image(np.arange(75, dtype=np.uint8).reshape(5, 5, 3))
    draft.add(wbtable.Table(columns=["n", "image"], data=[[i, image] for i in range(10)]), "tables/t")
    draft.add(image, "pic")
    return store.commit(draft)


def tree(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_download_is_files(version: Version, tmp_path: Path) -> None:  # DOWN-1
    out = version.download(tmp_path / "out")
    assert (out / "a.txt").read_bytes() == b"a"
    assert (out / "d/b.bin").read_bytes() == b"b" * 5000
    assert (out / "d/e/empty").read_bytes() == b""
    assert (out / "big").read_bytes() == BIG
    assert (out / "pic.png").read_bytes()[:4] == b"\x89PNG"
    table = wbtable.open_table(out / "tables/t.table.json")
    assert table.get_column("n") == list(range(10))
    assert table.get_column("image")[3].bytes == version["pic"].bytes
    fragments = list((out / "objects").rglob("*.parquet"))
    counts = [duckdb.execute(f"select count(*) from '{path}'").fetchall() for path in fragments]
    assert [(10,)] in counts
    assert version.verify(out).ok


def test_downloads_go_on_where_they_stopped(version: Version, store: Store, tmp_path: Path) -> None:  # DOWN-2, DOWN-3
    whole = tree(version.download(tmp_path / "whole"))
    out = tmp_path / "out"
    for point in range(14):
        backend = FaultyBackend(store.backend, point, error=CrashError)
        backend.only = frozenset({"get", "get_range", "size", "get_tail"})
        with contextlib.suppress(CrashError):
            Store.on(backend).artifact("data").download(out)
        assert {
            path: data for path, data in (tree(out) if out.exists() else {}).items() if whole.get(path) != data
        } == {}
    version.download(out)
    assert tree(out) == whole


def test_right_files_are_left_and_wrong_ones_replaced(version: Version, tmp_path: Path) -> None:  # DOWN-3
    out = version.download(tmp_path / "out")
    right, wrong = out / "d/b.bin", out / "a.txt"
    kept = right.stat().st_ino
    wrong.write_bytes(b"X")
    pack = next((out / "objects").rglob("*.pack"))
    damaged = bytearray(pack.read_bytes())
    damaged[3] ^= 1
    pack.write_bytes(damaged)
    assert {Path(d.where).name for d in version.verify(out).damaged} == {"a.txt", pack.name}
    version.download(out)
    assert right.stat().st_ino == kept
    assert version.verify(out).ok


def test_parts_of_a_version(version: Version, tmp_path: Path) -> None:
    out = version.download(tmp_path / "out", path_prefix="d/")
    assert set(tree(out)) == {"d/b.bin", "d/e/empty"}
    assert version.get_entry("a.txt").download(tmp_path / "one").read_bytes() == b"a"
    assert len(wbtable.open_table(version.get_entry("tables/t").download(tmp_path / "two"))) == 10
    with pytest.raises(NotFoundError, match="none/"):
        version.download(tmp_path / "out", path_prefix="none/")


def test_an_item_is_downloaded_alone(store: Store, draft_of: Make, tmp_path: Path) -> None:
    version = store.commit(draft_of(files={"model": "m", "model.bin": "b", "models/a": "a"}))
    assert version["model"].download(tmp_path / "out") == tmp_path / "out" / "model"
    assert set(tree(tmp_path / "out")) == {"model"}
    assert set(tree(version.download(tmp_path / "two", path_prefix=Path("models")))) == {"models/a"}


def test_a_directory_where_a_file_belongs(version: Version, tmp_path: Path) -> None:
    (tmp_path / "out" / "a.txt").mkdir(parents=True)
    with pytest.raises(UsageError, match="in the way"):
        version.download(tmp_path / "out")
    assert (version.checkout(tmp_path / "out") / "a.txt").read_bytes() == b"a"
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="no directory"):
        version.verify(tmp_path / "file")


def test_the_default_directory(version: Version, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WBTABLE_ARTIFACT_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    assert version.download() == Path("artifacts/data:v0")
    monkeypatch.setenv("WBTABLE_ARTIFACT_DIR", str(tmp_path / "elsewhere"))
    assert version.download() == tmp_path / "elsewhere" / "data:v0"


def test_downloads_stay_below_their_directory(version: Version, tmp_path: Path) -> None:  # DOWN-4
    out, outside = tmp_path / "out", tmp_path / "outside"
    out.mkdir()
    outside.mkdir()
    (out / "d").symlink_to(outside)
    with pytest.raises(UsageError, match="in the way"):
        version.download(out)
    assert list(outside.iterdir()) == []
    (out / "d").unlink()
    (outside / "victim").write_bytes(b"mine")
    (out / "a.txt").symlink_to(outside / "victim")
    version.download(out)
    assert (outside / "victim").read_bytes() == b"mine"
    assert not (out / "a.txt").is_symlink()


def test_a_file_where_a_directory_belongs(version: Version, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "d").write_text("x")
    with pytest.raises(UsageError, match="in the way"):
        version.download(out)


def test_checkout_leaves_nothing_else(version: Version, tmp_path: Path) -> None:  # DOWN-5
    out = tmp_path / "out"
    (out / "x" / "y").mkdir(parents=True)
    (out / "x" / "y" / "extra").write_text("x")
    (out / "d").mkdir()
    (out / "d" / "more").write_text("x")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "kept").write_text("x")
    (out / "link").symlink_to(tmp_path / "outside")
    version.checkout(out)
    assert version.verify(out).ok
    assert not (out / "x").exists()
    assert (tmp_path / "outside" / "kept").exists()
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="no directory"):
        version.checkout(tmp_path / "file")
    later = version.new_draft()
    later.remove("d")
    later.remove("tables")
    store = version.store
    assert isinstance(store, Store)
    second = store.commit(later)
    second.checkout(out)
    assert set(tree(out)) == {"a.txt", "big", "pic.png"}


def test_checkout_spares_stores(version: Version, store: Store, tmp_path: Path) -> None:  # DOWN-5
    place = Path(store.backend.url)
    before = tree(place)
    (place.parent / "notes.txt").write_text("x")
    for folder in (place.parent, place, place / "objects", place / "projects" / "uncategorized"):
        with pytest.raises(UsageError, match="with it the store"):
            version.checkout(folder)
    assert tree(place) == before
    assert (place.parent / "notes.txt").exists()
    holder = Artifact("a-store")
    with holder.new_file("inner/wbtable.json") as file:
        file.write("{}")
    out = store.commit(holder).checkout(tmp_path / "apart")
    assert store.artifact("a-store").checkout(out) == out


def test_damaged_objects_are_not_given_out(version: Version, store: Store, tmp_path: Path) -> None:  # DOWN-2
    for key in list(store.backend.list("objects")):
        path = store.backend.local_path(key)
        assert path is not None
        data = path.read_bytes()
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(WbtableError):
        Store(store.url).artifact("data").download(tmp_path / "out")
    assert not (tmp_path / "out").exists() or tree(tmp_path / "out") == {}


@pytest.mark.parametrize("damaged", ["", ".pack", ".parquet"])
def test_what_is_damaged_never_has_its_name(
    version: Version, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damaged: str
) -> None:  # DOWN-2
    """Whoever kills the process leaves nothing under a name that was not checked."""
    for key in list(store.backend.list("objects")):
        path = store.backend.local_path(key)
        assert path is not None
        if path.suffix == damaged:
            data = path.read_bytes()
            path.write_bytes(bytes([data[0] ^ 1]) + data[1:])
    given: list[str] = []
    usual = os.replace

    def replace(source: str, target: Path) -> None:
        given.append(Path(target).suffix)
        usual(source, target)

    monkeypatch.setattr("wbtable.artifacts.download.os.replace", replace)
    out = tmp_path / "out"
    out.mkdir()
    kept = out / "big"
    kept.write_bytes(b"older")
    with pytest.raises(FormatError, match="damaged"):
        version.download(out, path_prefix="big" if not damaged else "tables/")
    assert damaged not in given
    assert kept.read_bytes() == b"older"
    assert not list(out.rglob("*.part"))


def test_extra_and_missing_files_are_reported(version: Version, tmp_path: Path) -> None:  # VERIFY-3
    out = version.download(tmp_path / "out")
    (out / "extra").write_text("x")
    (out / "a.txt").unlink()
    found = version.verify(out)
    assert [(Path(d.where).name, d.problem) for d in found.damaged] == [
        ("a.txt", "it is missing"),
        ("extra", "it is not in the version"),
    ]
    with pytest.raises(FormatError, match="missing"):
        found.raise_if_damaged()


def test_every_flipped_byte_is_found(version: Version, store: Store, tmp_path: Path) -> None:  # VERIFY-1
    rng = random.Random(7)
    keys = sorted(store.backend.list("objects"))
    assert {key.partition(".")[2] for key in keys} >= {"", "pack", "parquet", "json.zst"}
    for key in keys:
        path = store.backend.local_path(key)
        assert path is not None
        data = path.read_bytes()
        for _ in range(6):
            at = rng.randrange(len(data))
            path.write_bytes(data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :])
            assert not Store(store.url).artifact("data").verify().ok, (key, at)
        for size in {0, 1, len(data) // 2, len(data) - 1}:
            path.write_bytes(data[:size])
            assert not Store(store.url).artifact("data").verify().ok, (key, size)
        path.write_bytes(data + b"\0")
        assert not Store(store.url).artifact("data").verify().ok, key
        path.unlink()
        assert not Store(store.url).verify().ok, key
        path.write_bytes(data)
    assert Store(store.url).verify().ok


def test_a_report_names_what_is_damaged(version: Version, store: Store) -> None:  # VERIFY-1, VERIFY-2
    pack = next(key for key in store.backend.list("objects") if key.endswith(".pack"))
    path = store.backend.local_path(pack)
    assert path is not None
    data = path.read_bytes()
    path.write_bytes(b"X" + data[1:])
    report = version.verify()
    assert not report.ok
    assert any(pack in damage.where for damage in report.damaged)


def test_lying_manifests_are_found(version: Version, store: Store) -> None:  # VERIFY-2
    other = Artifact("other")
    with other.new_file("x") as file:
        file.write("x")
    lie = store.commit(other).record.manifest
    document = version.record.to_json()
    document["manifest"] = document["refs"][0] = lie.to_json()
    key = store.records(version.project, "data").key(0)
    store.backend.delete([key])
    store.backend.create(key, canonical(sealed(document)))
    report = store.verify()
    assert [damage.where for damage in report.damaged] == ["uncategorized/data:v0"]
    assert report.versions == 2


def test_a_store_can_be_copied_as_files(version: Version, store: Store, tmp_path: Path) -> None:
    shutil.copytree(store.url, tmp_path / "copy")
    assert Store(tmp_path / "copy").verify().ok
