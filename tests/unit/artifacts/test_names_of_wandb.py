"""Names of W&B's artifact that ours lacks: missing, with a word on what to use."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Any

import pytest

from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.foreign import OF_AN_ARTIFACT
from wbtable.artifacts.version import Version
from wbtable.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from wbtable.artifacts.store import Store

    Make = Callable[..., Artifact]

NAMES = """
add add_dir add_file add_reference aliases checkout collection commit_hash created_at delete description digest
digest_algorithm distributed_id download entity file file_count files finalize get get_added_local_path_name
get_entry get_path history_step id incremental is_draft is_link json_encode link linked_artifacts linked_at
logged_by manifest metadata name new_draft new_file project qualified_name remove save size source_artifact
source_collection source_entity source_name source_project source_qualified_name source_version state tags ttl
type unlink updated_at url use_as used_by verify version wait
""".split()
"""What the artifact of W&B's client 0.31.0 has in public."""


def said(holder: Any, name: str) -> str:
    """Return the message for an attribute that is not there."""
    assert not hasattr(holder, name)
    with pytest.raises(AttributeError) as caught:
        getattr(holder, name)
    assert (caught.value.name, caught.value.obj) == (name, holder)
    return str(caught.value)


def test_whatever_wandb_has_is_there_or_says_what_to_use(store: Store, draft_of: Make) -> None:
    draft = draft_of()
    lacking = [name for name in NAMES if not hasattr(draft, name)]
    assert {"save", "aliases"} < set(lacking)
    assert "run.log_artifact(draft)" in said(draft, "save")
    for name in lacking:
        assert f"not logged yet has no attribute {name!r}: " in said(draft, name)
    version = store.commit(draft_of("other"))
    lacking = [name for name in NAMES if not hasattr(version, name)]
    assert {"finalize", "add_file", "source_name"} < set(lacking)
    for name in lacking:
        assert f"'Version' object has no attribute {name!r}: " in said(version, name)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("finalize", "run.log_artifact(draft) and store.commit(draft)"),
        ("link", "add_aliases()"),
        ("id", "qualified_name"),
        ("entity", "project"),
        ("manifest", "files()"),
        ("source_name", "qualified_name"),
    ],
)
def test_names_say_what_to_use(store: Store, draft_of: Make, name: str, hint: str) -> None:
    draft = draft_of()
    assert hint in said(draft, name)
    version = store.commit(draft)
    assert hint in said(version, name)
    with pytest.raises(AttributeError, match="'Version' object"):
        getattr(draft, name)


def test_hints_are_for_names_that_are_not_there() -> None:
    assert [name for name in OF_AN_ARTIFACT if hasattr(Version, name) or hasattr(Artifact, name)] == []
    assert [name for name in OF_AN_ARTIFACT if name not in NAMES] == []


def test_other_names_and_copies_are_as_before(store: Store, draft_of: Make) -> None:
    version = store.commit(draft_of())
    assert said(version, "other") == "'Version' object has no attribute 'other'"
    assert said(version, "_other").endswith("'_other'")
    assert said(draft_of(), "other").endswith("has no attribute 'other'")
    for again in (copy.copy(version), copy.deepcopy(version), pickle.loads(pickle.dumps(version))):
        assert again == version
        assert [item.path for item in again.files()] == ["a.txt"]


def test_a_property_that_fails_says_how(store: Store, draft_of: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    version = store.commit(draft_of())
    monkeypatch.setattr(Version, "size", property(lambda self: self.contents.no_such_thing))
    with pytest.raises(AttributeError, match="no_such_thing"):
        _ = version.size


def test_aliases_and_tags_are_changed_as_lists(store: Store, draft_of: Make) -> None:  # LOG-2
    draft = draft_of()
    with pytest.raises(UsageError, match=r"log_artifact\(draft, aliases=...\)"):
        draft.aliases = ["x"]
    version = store.commit(draft)
    version.aliases.append("best")
    version.aliases += ["a", "b"]
    version.aliases.remove("a")
    version.tags.extend(["one", "two"])
    version.tags.pop()
    version.save()
    again = store.artifact("data:best")
    assert (again.aliases, again.tags) == (["latest", "b", "best"], ["one"])
    draft.aliases, draft.tags = ["c"], []
    assert (again.aliases, again.tags) == (["latest", "c"], [])
    again.aliases[-1] = "d"
    again.aliases.insert(0, "e")
    assert sorted(version.aliases) == ["d", "e", "latest"]
    names = version.aliases
    with pytest.raises(UsageError, match="must not contain"):
        names.append("a/b")
    with pytest.raises(UsageError, match="expected a list of"):
        names += "abc"
    with pytest.raises(UsageError, match="expected a list of"):
        version.tags = "abc"
    del names[names.index("e")]
    assert names == version.aliases == ["latest", "d"]
    for copied in (copy.copy(names), pickle.loads(pickle.dumps(names))):
        copied.append("other")
    names.clear()
    assert version.aliases == ["latest"]


def test_metadata_that_would_not_be_saved_is_said(store: Store, draft_of: Make) -> None:
    version = store.commit(draft_of(metadata={"a": {"b": float("nan")}}))
    assert version.metadata.keys() == {"a"}
    version.save()
    version.metadata["a"]["c"] = 1
    assert version.metadata.keys() == {"a"}
    with pytest.raises(UsageError, match="new_draft"):
        version.save()
    with pytest.raises(UsageError, match="new_draft"):
        version.metadata = {}
