"""Tables, media and joins in artifacts, and what a draft says of itself."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pytest

import wbtable
from wbtable.artifacts.draft import Artifact
from wbtable.errors import (
    NotFoundError,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from wbtable.artifacts.store import Store

    Make = Callable[..., Artifact]


def table(*values: int) -> wbtable.Table:
    return wbtable.Table(columns=["x"], data=[[value] for value in values])


def image(level: int = 0) -> wbtable.Image:
    return wbtable.Image(np.full((4, 5, 3), level, np.uint8), caption="c")


# Objects.


def test_objects_come_back(store: Store) -> None:  # ART-7, ART-9
    draft = Artifact("a")
    source = table(1, 2)
    draft["t"] = source
    draft.add(image(), "pic")
    draft.add(image(9), "other.png")
    draft.add(wbtable.Histogram([1, 2, 3]), "h")
    draft.add(wbtable.Html("<b>x</b>"), "page")
    source.add_data(3)  # changes nothing: the draft has what the table was
    assert draft["t"] is source
    assert [item.path for item in draft.files()] == [
        "h.histogram.json",
        "other.png",
        "page.html",
        "pic.png",
        "t.table.json",
    ]
    version = store.commit(draft)
    assert version["t"].get_column("x") == [1, 2]
    assert version["t.table.json"].get_column("x") == [1, 2]
    pic = version["pic"]
    assert (pic.width, pic.height, pic.caption, pic.bytes) == (5, 4, "c", image().bytes)
    assert version["h"] == wbtable.Histogram([1, 2, 3])
    assert version["page"].bytes == wbtable.Html("<b>x</b>").bytes
    assert version.get("none") is None
    assert version.verify().ok


def test_masks_are_kept(store: Store) -> None:  # ART-5, ART-9
    masked = wbtable.Image(
        np.zeros((4, 4, 3), np.uint8),
        masks={"p": {"mask_data": np.eye(4, dtype=np.uint8), "class_labels": {1: "one"}}},
    )
    draft = Artifact("a")
    draft.add(masked, "m")
    version = store.commit(draft)
    assert version["m"] == masked
    assert version.verify().ok


def test_captions_are_content(store: Store) -> None:  # ART-9
    versions = []
    for caption in ("a", "b", "b"):
        draft = Artifact("x")
        draft.add(wbtable.Image(np.zeros((2, 2, 3), np.uint8), caption=caption), "i")
        versions.append(store.commit(draft).version)
    assert versions == ["v0", "v1", "v1"]


def test_what_is_no_object_is_refused() -> None:
    with pytest.raises(UsageError, match="add_file"):
        Artifact("a").add({"a": 1}, "x")


def test_pointed_to_tables_go_along(store: Store) -> None:  # ART-7, TABLE-8, LINK-1
    other = wbtable.Table(columns=["id"], data=[[1], [2]])
    keyed = wbtable.Table(columns=["k"], data=[[1]])
    keyed.set_fk("k", other, "id")
    alone, both = Artifact("alone"), Artifact("both")
    alone.add(keyed, "keyed")
    both.add(keyed, "keyed")
    both.add(other, "others")
    found = store.commit(alone)
    assert [item.path for item in found.files()] == ["keyed.linked.table.json", "keyed.table.json"]
    assert [item.path for item in store.commit(both).files()] == ["keyed.table.json", "others.table.json"]
    assert store.artifact("both")["keyed"].snapshot().foreign_keys[0].table == "others.table.json"
    linking = wbtable.Table(columns=["row"], data=[[other.index_ref(1)]])
    draft = Artifact("links")
    draft.add(linking, "l")
    assert [item.path for item in store.commit(draft).files()] == ["l.linked.table.json", "l.table.json"]


def test_foreign_keys_name_tables_of_the_artifact(store: Store) -> None:  # TABLE-8
    keyed = wbtable.Table(columns=["k"], data=[[1]])
    keyed.set_fk("k", "others.table.json", "id")
    draft = Artifact("keys")
    draft.add(keyed, "keyed")
    with pytest.raises(NotFoundError, match=r'column "k" names the table .others.*does not have: add it too'):
        store.commit(draft)
    draft.add(table(1), "others")
    with pytest.raises(NotFoundError, match="has no column 'id', but"):
        store.commit(draft)
    keyed.set_fk("k", "others", "x")
    draft.add(keyed, "keyed", overwrite=True)
    with pytest.raises(NotFoundError, match=r"name 'others\.table\.json'"):
        store.commit(draft)
    keyed.set_fk("k", "others.table.json", "x")
    draft.add(keyed, "keyed", overwrite=True)
    version = store.commit(draft)
    # What was stored may go elsewhere, and may lose what it pointed to: a key without a match is allowed.
    alone, fewer = Artifact("elsewhere"), version.new_draft()
    alone.add(version["keyed"], "keyed")
    fewer.remove("others")
    for committed in (store.commit(alone), store.commit(fewer)):
        assert committed["keyed"].snapshot().foreign_keys[0].table == "others.table.json"


def test_a_table_that_a_join_names_is_not_removed(store: Store) -> None:  # JOIN-2
    left, right = table(1, 2), table(2)
    draft = Artifact("join")
    draft.add(left, "left")
    draft.add(right, "right")
    draft.add(wbtable.JoinedTable(left, right, "x"), "j")
    draft.add(wbtable.PartitionedTable([left, right]), "p")
    first = store.commit(draft)
    removed = "which the draft removes: keep that table"
    for name in ("right", "left"):
        changed = first.new_draft()
        changed.remove(name)
        with pytest.raises(NotFoundError, match=rf"j\.joined-table\.json: .*'{name}\.table\.json', {removed}"):
            store.commit(changed)
        changed.remove("j")
        with pytest.raises(NotFoundError, match=rf"p\.partitioned-table\.json: .* {removed}"):
            store.commit(changed)
    replaced = first.new_draft()
    replaced.add(table(5), "left", overwrite=True)
    assert len(store.commit(replaced)["p"]) == 2
    fewer = store.artifact("join").new_draft()
    for name in ("left", "j", "p"):
        fewer.remove(name)
    assert [item.path for item in store.commit(fewer).files()] == ["right.table.json"]


def test_joins_are_recorded_and_not_made(store: Store) -> None:
    left, right = table(1, 2), wbtable.Table(columns=["x", "y"], data=[[2, "b"]])
    digests = set()
    for _ in range(2):
        draft = Artifact("join")
        draft.add(left, "left")
        draft.add(wbtable.JoinedTable(left, right, "x"), "j")
        digests.add(store.commit(draft).digest)
    assert len(digests) == 1
    version = store.artifact("join")
    assert [i.path for i in version.files()] == ["j.1.table.json", "j.joined-table.json", "left.table.json"]
    assert version["j"].to_arrow().num_rows == 2
    elsewhere = Artifact("elsewhere")
    elsewhere.add(wbtable.JoinedTable(version["left"], version["j.1"], "x", how="inner"), "j")
    found = store.commit(elsewhere)
    assert [item.path for item in found.files()] == ["j.joined-table.json"]
    version.delete()
    assert found["j"].to_arrow().num_rows == 1
    assert found.verify().ok


def test_joins_need_their_tables(store: Store) -> None:
    draft = Artifact("join")
    draft.add(wbtable.JoinedTable("a.table.json", "b.table.json", "x"), "j")
    with pytest.raises(NotFoundError, match=r"a\.table\.json"):
        store.commit(draft)
    draft.add(table(1), "a")
    draft.add(table(1), "b")
    assert store.commit(draft)["j"].to_arrow().num_rows == 1


def test_partitions_read_as_one(store: Store) -> None:
    draft = Artifact("parts")
    draft.add(table(1), "parts/0")
    draft.add(table(2, 3), "parts/1")
    draft.add(wbtable.PartitionedTable("parts"), "all")
    assert store.commit(draft)["all"].to_arrow()["x"].to_pylist() == [1, 2, 3]


# What a draft says.


def test_digest_and_size_are_known_before(store: Store, draft_of: Make) -> None:  # ART-6
    draft = draft_of()
    draft.add(table(1), "t")
    digest, size = draft.digest, draft.size
    version = store.commit(draft)
    assert (version.digest, version.size) == (digest, size)
    assert (draft.digest, draft.size, draft.version) == (digest, size, "v0")


def test_a_logged_draft_reads_as_its_version(store: Store, draft_of: Make) -> None:
    draft = draft_of()
    with pytest.raises(UsageError, match="not logged"):
        draft.wait()
    with pytest.raises(AttributeError, match="not logged"):
        _ = draft.aliases
    version = store.commit(draft)
    assert draft.wait() == version
    assert (draft.state, draft.is_draft(), draft.aliases) == ("committed", False, ["latest"])
    assert draft["a.txt"].read() == b"a"
    with pytest.raises(UsageError, match="new_draft"):
        draft.remove("a.txt")
    assert store.commit(draft, aliases=["x"]) == version
    assert version.aliases == ["latest", "x"]


def test_ttl(store: Store, draft_of: Make) -> None:
    draft = draft_of()
    for wrong in (dt.timedelta(0), dt.timedelta(seconds=-1), 7):
        with pytest.raises(UsageError, match="timedelta"):
            draft.ttl = wrong  # type: ignore[assignment]
    draft.ttl = dt.timedelta(days=2)
    version = store.commit(draft)
    assert version.ttl == dt.timedelta(days=2)
    assert version.new_draft().ttl is None
    version.ttl = None
    assert version.ttl is None
