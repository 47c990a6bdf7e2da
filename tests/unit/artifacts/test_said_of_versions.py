"""What a draft says beside its content: kept as it was, read as it was, refused where it could not be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from wbtable.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from wbtable.artifacts.draft import Artifact
    from wbtable.artifacts.store import Store

    Make = Callable[..., Artifact]


def test_metadata_changed_deep_inside_makes_a_new_version(store: Store, draft_of: Make) -> None:  # COMMIT-3
    version = store.commit(draft_of(metadata={"model": {"layers": [1, 2]}}))
    draft = version.new_draft()
    draft.metadata["model"]["layers"].append(3)
    newer = store.commit(draft)
    assert newer.version == "v1"
    assert store.artifact("data:v1").metadata == {"model": {"layers": [1, 2, 3]}}
    assert version.metadata == store.artifact("data:v0").metadata == {"model": {"layers": [1, 2]}}


def test_metadata_is_taken_when_it_is_committed(store: Store, draft_of: Make) -> None:
    given: dict[str, Any] = {"model": {"lr": 1}}
    version = store.commit(draft_of(metadata=given))
    given["model"]["lr"] = 2
    version.metadata["model"]["lr"] = 3
    assert version.metadata == {"model": {"lr": 1}}


def test_what_is_set_on_a_draft_is_checked_when_it_is_committed(store: Store, draft_of: Make) -> None:  # NAME-2
    draft = draft_of()
    draft.type = ""
    with pytest.raises(UsageError, match="type"):
        store.commit(draft)
    draft.type = "dataset"
    draft.metadata = [1]  # type: ignore[assignment]
    with pytest.raises(UsageError, match="metadata"):
        store.commit(draft)
    draft.metadata, draft.description = None, 5  # type: ignore[assignment]
    store.commit(draft)
    found = store.artifact("data")
    assert (found.metadata, found.description) == ({}, "5")
    assert store.verify().ok


def test_tags_are_a_list_of_texts(store: Store, draft_of: Make) -> None:  # NAME-4
    version = store.commit(draft_of(), tags=["a", "b"])
    with pytest.raises(UsageError, match="5"):
        version.add_tags(["a", 5])  # type: ignore[list-item]
    with pytest.raises(UsageError, match="list"):
        version.remove_tags("a")
    assert version.tags == ["a", "b"]


def test_no_alias_looks_like_a_digest(store: Store, draft_of: Make) -> None:  # NAME-2
    version = store.commit(draft_of())
    for alias in ("0" * 64, version.digest.removeprefix("SHA-256:")):
        with pytest.raises(UsageError, match="digest"):
            version.add_aliases([alias])
    version.append_aliases(["0" * 64])  # as an older writer might
    version.remove_aliases(["0" * 64])
    assert version.aliases == ["latest"]


def test_versions_are_compared_by_name(store: Store, draft_of: Make) -> None:
    first = store.commit(draft_of())
    store.commit(draft_of(files={"b.txt": "b"}))
    for other in ("latest", "v1", "data:v1", "uncategorized/data"):
        assert first.diff(other).added == ["b.txt"]
    with pytest.raises(UsageError, match="artifact's name"):
        first.diff(None)  # type: ignore[arg-type]


def test_a_draft_that_left_metadata_alone_does_not_undo_anothers(store: Store, draft_of: Make) -> None:  # COMMIT-3
    base = store.commit(draft_of(metadata={"n": float("nan")}, description="first"))
    theirs, ours, same = base.new_draft(), base.new_draft(), base.new_draft()
    theirs.metadata["epochs"], theirs.description = 5, "second"
    store.commit(theirs)
    with ours.new_file("b.txt") as file:
        file.write("b")
    ours.description = "third"
    newest = store.commit(ours)
    assert (newest.version, newest.description, newest.metadata["epochs"]) == ("v2", "third", 5)
    assert store.commit(same) == newest


def test_a_draft_that_was_logged_says_what_its_version_says(store: Store, draft_of: Make) -> None:  # LOG-2
    draft = draft_of(description="first", metadata={"a": 1})
    version = store.commit(draft)
    draft.description = "second"
    assert draft.description == version.description == store.artifact("data").description == "second"
    for name, value in (("metadata", {"b": 2}), ("type", "model"), ("name", "other")):
        with pytest.raises(UsageError, match="new_draft"):
            setattr(draft, name, value)
    assert (draft.name, draft.type, draft.metadata) == ("data", "dataset", {"a": 1})


@pytest.mark.parametrize("wrong", [None, 5, "a"])
def test_what_is_no_list_of_names_is_said(store: Store, draft_of: Make, wrong: Any) -> None:  # NAME-2, NAME-4
    version = store.commit(draft_of())
    calls = (version.add_aliases, version.remove_aliases, version.add_tags, version.remove_tags)
    for call in calls:
        with pytest.raises(UsageError, match="expected a list of"):
            call(wrong)
