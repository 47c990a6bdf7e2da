"""The commands that keep a store in order: tag, rm, copy, verify, repair, du, gc."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wbtable.artifacts.store import Store, create_store
from wbtable.cli.app import CONFLICT, DAMAGED, FORMAT, NOT_FOUND, USAGE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.conftest import Shell


def test_rm_deletes_all_or_nothing(digits: Shell) -> None:
    """The first was gone, and not even said to be, where an alias of the second was in the way."""
    said = digits.run("rm", "digits/predictions:v1", "digits/predictions:v0")
    assert said.exit_code == CONFLICT
    assert "aliases name digits/predictions:v0 (best)" in said.stderr
    assert len(digits.store.versions("digits/predictions")) == 2
    twice = digits.json("rm", "digits/predictions:v1", "digits/predictions:latest")
    assert twice == {"deleted": ["digits/predictions:v1"]}


def test_what_is_empty_is_no_default(digits: Shell) -> None:
    """As a variable that is not set; the default store is another one."""
    for arguments in (("ls", "--store", ""), ("rm", "digits/predictions:v1", "--store", " ")):
        assert "--store is empty" in digits.fails(USAGE, *arguments)
    assert "it is empty" in digits.fails(USAGE, "ls", "--project", "")
    assert len(digits.store.versions("digits/predictions")) == 2


def test_a_project_is_no_artifact(digits: Shell) -> None:
    for command in ("show", "log", "verify"):
        assert "'digits' is a project" in digits.fails(NOT_FOUND, command, "digits")
    digits.fails(USAGE, "verify", "digits/predictions", "--download", "none")


def test_tag(digits: Shell) -> None:
    assert digits.ok("tag", "digits/predictions:v0") == "digits/predictions:v0  checked\n"
    assert digits.json("tag", "digits/predictions:v0", "for paper", "a")["tags"] == ["a", "checked", "for paper"]
    assert digits.ok("tag", "digits/predictions:v0", "a", "--delete").strip().endswith("checked, for paper")
    assert "labels to take away" in digits.fails(USAGE, "tag", "digits/predictions:v0", "-d")
    assert "a/b" in digits.fails(USAGE, "tag", "digits/predictions:v0", "a/b")
    missing = digits.fails(NOT_FOUND, "tag", "digits/predictions:v0", "checked", "b", "--delete")
    assert "has no label 'b'; it has 'checked', 'for paper'" in missing
    assert digits.json("tag", "digits/predictions:v0")["tags"] == ["checked", "for paper"]


def test_rm_deletes_versions(digits: Shell) -> None:
    assert "best" in digits.fails(CONFLICT, "rm", "digits/predictions:v0")
    assert digits.ok("rm", "digits/predictions:v1") == "deleted digits/predictions:v1\n"
    assert "was deleted" in digits.fails(NOT_FOUND, "show", "digits/predictions:v1")
    assert digits.json("rm", "predictions:best", "-p", "digits", "--aliases") == {"deleted": ["digits/predictions:v0"]}


def test_rm_deletes_what_cannot_be_read(digits: Shell) -> None:
    """A damaged record kept the whole store from being collected, and nothing deleted its version."""
    record = digits.store.backend.local_path("projects/digits/artifacts/predictions/versions/" + "0" * 20 + ".json")
    assert record is not None
    record.chmod(0o644)
    record.write_bytes(record.read_bytes().replace(b"epoch", b"epocx"))
    digits.fails(FORMAT, "gc", "--grace", "0")
    digits.fails(FORMAT, "rm", "digits/predictions:best", "--aliases")
    refused = digits.run("rm", "digits/predictions:v0")
    assert (refused.exit_code, "(best)" in refused.stderr) == (CONFLICT, True)
    planned = digits.json("rm", "digits/predictions:v0", "--dry-run")
    assert planned["dependents"][-1] == "digits/predictions:v0 cannot be read: what depends on it is not known"
    assert digits.json("rm", "digits/predictions:v0", "--aliases") == {"deleted": ["digits/predictions:v0"]}
    assert [found["version"] for found in digits.json("log", "digits/predictions")] == ["v1"]
    assert digits.store.aliases("digits", "predictions") == {}
    digits.ok("gc", "--grace", "0", "--delete")
    assert digits.run("verify", "digits/predictions").exit_code == 0


def test_rm_deletes_artifacts_only_when_told(digits: Shell) -> None:
    assert "--all-versions" in digits.fails(USAGE, "rm", "digits/predictions")
    digits.fails(CONFLICT, "rm", "digits/predictions", "--all-versions")
    assert len(digits.store.versions("digits/predictions")) == 2
    found = digits.json("rm", "digits/predictions", "--all-versions", "--aliases")
    assert found == {"deleted": ["digits/predictions:v0", "digits/predictions:v1"]}
    digits.fails(NOT_FOUND, "rm", "digits/none", "--all-versions")


def test_gc_only_says_what_would_go(digits: Shell) -> None:
    digits.ok("rm", "digits/predictions:v1")
    before = set(digits.store.backend.list("objects"))
    text = digits.ok("gc", "--grace", "0s")
    assert "nothing was deleted" in text
    assert [line.split()[0] for line in text.splitlines()[1:4]] == ["live", "dead", "reclaimable"]
    assert set(digits.store.backend.list("objects")) == before
    found = digits.json("gc", "--grace", "0")
    assert (found["dry_run"], found["deleted_objects"]) == (True, 0)
    assert found["reclaimable_objects"] > 0
    assert digits.json("gc")["reclaimable_objects"] == 0
    text = digits.ok("gc", "--grace", "0h", "--delete")
    assert "deleted" in text
    assert len(set(digits.store.backend.list("objects"))) == len(before) - found["reclaimable_objects"]
    assert digits.store.verify().ok


@pytest.mark.parametrize("grace", ["1x", "-1h", "week"])
def test_gc_wants_a_time(digits: Shell, grace: str) -> None:
    assert "90m" in digits.fails(USAGE, "gc", "--grace", grace)


@pytest.mark.parametrize("grace", ["99999999999d", "800000d"])
def test_gc_wants_a_time_that_there_is(digits: Shell, grace: str) -> None:
    assert "at most 36,525 days" in digits.fails(USAGE, "gc", "--grace", grace)


def test_du(digits: Shell) -> None:
    lines = digits.ok("du").splitlines()
    assert lines[0].split() == ["NAME", "VERSIONS", "SIZE", "ALONE"]
    assert lines[1].split()[:2] == ["digits/predictions", "2"]
    assert "0 B are of no version" in lines[-1]
    found = digits.json("du", "digits")
    assert found["unused"] is None
    assert found["shares"][0]["bytes"] == found["bytes"]


def test_copy(digits: Shell, tmp_path: Path) -> None:
    target = tmp_path / "other"
    assert "no store" in digits.fails(NOT_FOUND, "copy", target, "digits/predictions:best")
    assert digits.ok("copy", target, "digits/predictions:best", "--create").startswith("copied digits/predictions:v0\n")
    assert Store(target).artifact("digits/predictions:best").verify().ok
    found = digits.json("copy", target, "-p", "digits")
    assert (found["versions"], found["there"]) == (["digits/predictions:v1"], 1)
    assert digits.json("copy", target)["objects"] == 0


def test_verify_goes_on_from_notes(digits: Shell, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    assert digits.json("verify", "--resume", notes)["ok"]
    assert len(notes.read_text().splitlines()) > 5
    assert digits.json("verify", "--resume", notes)["runs"] == 0
    digits.fails(USAGE, "verify", "digits/predictions", "--resume", notes)


def test_repair(digits: Shell, tmp_path: Path) -> None:
    other = create_store(tmp_path / "other")
    digits.store.copy_to(other)
    pack = next(key for key in digits.store.backend.list("objects") if key.endswith(".pack"))
    digits.store.backend.delete([pack])
    empty = create_store(tmp_path / "empty")
    failed = digits.run("repair", "--from", empty.url)
    assert failed.exit_code == DAMAGED
    assert "0 mended, 1 left" in failed.stdout
    found = digits.json("repair", "--from", empty.url, "--from", other.url)
    assert found == {"ok": True, "mended": {pack: other.url}, "left": {}}
    assert digits.store.verify().ok
    digits.fails(NOT_FOUND, "repair", "--from", tmp_path / "none")
