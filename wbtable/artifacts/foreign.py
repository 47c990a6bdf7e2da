"""Names of W&B's artifact that ours lacks: missing, with a word on what to use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_NONE: Final = "there is nothing like it here"
_STORED: Final = "run.log_artifact(draft) and store.commit(draft) store a draft, and a version is stored"
_LINKS: Final = "there are no links here: add_aliases() names a version, and store.copy_to() brings it to another store"
_ITSELF: Final = "there are no links here: what name, version, project and qualified_name say is of the artifact itself"
_CONTENT: Final = "files() lists what is in it, and get_entry(name) is one of them"
OF_AN_ARTIFACT: Final = {
    "finalize": _STORED,
    **dict.fromkeys(("link", "unlink", "linked_artifacts", "linked_at", "is_link"), _LINKS),
    **dict.fromkeys(("source_artifact", "source_collection", "source_name", "source_project"), _ITSELF),
    **dict.fromkeys(("source_qualified_name", "source_version"), _ITSELF),
    **dict.fromkeys(("entity", "source_entity"), "there are no accounts here; project is the project's name"),
    **dict.fromkeys(("manifest", "json_encode"), _CONTENT),
    **dict.fromkeys(("distributed_id", "history_step", "use_as"), _NONE),
    **dict.fromkeys(("commit_hash", "digest_algorithm"), "digest is the SHA-256 of what is in it"),
    "collection": "store.versions(name) lists the versions of an artifact",
    "file": "download(root) writes all files, and get_entry(name).download(root) one of them",
    "get_added_local_path_name": "add_file() returns the item, whose path is its name",
    "get_path": "it is get_entry(name)",
    "id": "qualified_name names a version in its store, and digest what is in it",
    "incremental": "what a new_draft() of a version adds goes behind what there is",
    "updated_at": "a version does not change; created_at says when it was made",
    "url": "qualified_name and store.url say where a version is",
}
"""Attributes of W&B's artifact that ours lacks as a draft and as a version, and what to do without."""

_CHANGES: Final = ("add", "add_dir", "add_file", "add_reference", "new_file", "remove")
_OF_A_VERSION: Final = {
    **OF_AN_ARTIFACT,
    **dict.fromkeys(_CHANGES, "a version does not change: change its new_draft(), and log that"),
}
_LOGGED: Final = (
    *("add_aliases", "add_tags", "aliases", "checkout", "created_at", "delete", "download", "file_count"),
    *("lineage", "logged_by", "new_draft", "project", "qualified_name", "remove_aliases", "remove_tags"),
    *("tags", "used_by", "verify", "version"),
)
_OF_A_DRAFT: Final = {
    **OF_AN_ARTIFACT,
    "save": _STORED,
    **dict.fromkeys(_LOGGED, "log it with run.log_artifact(draft) or store.commit(draft), after which it is there"),
}


def no_such(name: str, hints: Mapping[str, str], what: str) -> str:
    """Return the message for an attribute that something lacks, with what to use instead where that is known."""
    hint = hints.get(name)
    said = f"{what} has no attribute {name!r}"
    return said if hint is None else f"{said}: {hint}"


def not_in_a_draft(name: str) -> str:
    """Return the message for an attribute that a draft lacks."""
    return no_such(name, _OF_A_DRAFT, "an Artifact that was not logged yet")


class Foreign:
    """Says of what W&B's artifact has and a version lacks what to use instead."""

    if not TYPE_CHECKING:  # what a version lacks stays an error to type checkers

        def __getattr__(self, name: str) -> Any:
            """Raise: there is no such attribute; of W&B's it is said what to use instead."""
            if hasattr(type(self), name):
                # A property failed in this way, which would be hidden.
                return object.__getattribute__(self, name)
            raise AttributeError(no_such(name, _OF_A_VERSION, f"{type(self).__name__!r} object"), name=name, obj=self)
