"""A store on real servers: create, commit a table with images, read back, verify, two writers."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image as PillowImage

import wbtable
from tests.remote.meter import metered
from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.store import Store, create_store

if TYPE_CHECKING:
    from pathlib import Path

    from tests.remote.places import RemotePlace

ROWS = 120


def pictures(count: int, side: int = 16) -> list[wbtable.Image]:
    made = np.random.default_rng(7).integers(0, 256, (count, side, side, 3), dtype=np.uint8)
    out = []
    for pixels in made:
        data = io.BytesIO()
        PillowImage.fromarray(pixels).save(data, "png")
        out.append(wbtable.Image(data.getvalue()))
    return out


def filled(count: int = ROWS, start: int = 0) -> wbtable.Table:
    table = wbtable.Table(columns=["number", "image"])
    for i, picture in enumerate(pictures(count)):
        table.add_data(start + i, picture)
    return table


def draft_with(table: Any, path: str = "table") -> Artifact:
    draft = Artifact("pictures", type="dataset")
    draft.add(table, path)
    return draft


def test_a_table_with_images(place: RemotePlace, tmp_path: Path) -> None:
    """What is committed on a server reads back, verifies and downloads."""
    store = create_store(place.url("e2e"), **place.options)
    folder = tmp_path / "files"
    folder.mkdir()
    for i in range(30):
        (folder / f"{i} Ünï.txt").write_bytes(b"%d" % i * 100)
    draft = draft_with(filled())
    draft.add_dir(str(folder), "files")
    made = store.commit(draft, project="p", aliases=["best"])
    assert made.number == 0

    again = Store(store.url, **place.options)
    version = again.artifact("p/pictures:best")
    table = version.get("table")
    assert table.num_rows == ROWS
    rows = [row for _, row in table.iterrows()]
    assert [row[0] for row in rows] == list(range(ROWS))
    for row, picture in zip(rows, pictures(ROWS), strict=True):
        assert row[1].bytes == picture.bytes
    assert not again.verify().damaged
    target = version.download(str(tmp_path / "down"))
    assert (tmp_path / "down" / "files" / "7 Ünï.txt").read_bytes() == b"7" * 100
    assert str(target) == str(tmp_path / "down")


def test_two_writers(place: RemotePlace) -> None:
    """COMMIT-4: both of two writers that append at the same time survive, in versions that follow one another."""
    store = create_store(place.url("two"), **place.options)
    store.commit(draft_with(wbtable.Table(columns=["n"], data=[[0]])), project="p")

    def write(number: int) -> int:
        mine = Store(store.url, **place.options)
        draft = mine.artifact("p/pictures:v0").new_draft()
        table = draft.get("table")
        table.add_data(number)
        draft.add(table, "table", overwrite=True)
        return mine.commit(draft, project="p").number

    with ThreadPoolExecutor(2) as pool:
        numbers = sorted(pool.map(write, (1, 2)))
    assert numbers == [1, 2]
    final = Store(store.url, **place.options).artifact("p/pictures:latest").get("table")
    assert sorted(row[0] for _, row in final.iterrows()) == [0, 1, 2]


@pytest.mark.only("moto")
def test_round_trips_of_a_commit(place: RemotePlace) -> None:
    """COMMIT-2 to COMMIT-5: once the objects are up, three round trips follow one another, whatever the version.

    Step 1 takes its own: what the base has, the lease, a look for collections, packs, documents. Hint and aliases
    are not counted.
    """
    store = create_store(place.url("trips"), **place.options)
    store.commit(draft_with(wbtable.Table(columns=["n"], data=[[0]])), project="p")
    for number in (1, 2):
        draft = store.artifact("p/pictures:latest").new_draft()
        draft.metadata["epoch"] = number
        with draft.new_file("note.txt", "w") as file:
            file.write(f"epoch {number}")
        with metered() as meter:
            assert store.commit(draft, project="p").number == number
        counted = meter.without("/hint", "/aliases/")
        step_one = counted.without("/versions/", "/deletions/", ".ended")
        step_one.requests = [one for one in step_one.requests if one.what != "delete_object"]
        assert counted.rounds() - step_one.rounds() <= 3, counted.shown()


@pytest.mark.only("moto")
def test_round_trips_of_a_cold_read(place: RemotePlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """OPEN-1 to OPEN-4: rows with media, by a name, in eight round trips: nothing is known, the cache is empty.

    The store, the hint, the version, its manifest, the table's manifest, footers, pages, media.
    """
    store = create_store(place.url("cold"), **place.options)
    rows = wbtable.Table(columns=["id", "picture"], data=list(enumerate(pictures(ROWS))))
    store.commit(draft_with(rows), project="p")
    monkeypatch.setenv("WBTABLE_CACHE_DIR", str(tmp_path / "empty"))
    with metered(0.25) as meter:
        table = Store(store.url, **place.options).artifact("p/pictures").get("table")
        found = table.take([1, ROWS - 1], media="bytes")
    assert found.num_rows == 2
    assert meter.rounds() <= 8, meter.shown()
