"""Lists go on beside what is damaged: they name it on stderr with what to do, and exit with 1."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import click
import pytest

from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.store import Store, create_store
from wbtable.cli.app import DAMAGED, FORMAT
from wbtable.cli.options import complete_artifacts
from wbtable.errors import FormatError
from wbtable.runs.init import init

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.conftest import Shell
    from wbtable.errors import WbtableError

LOG = "projects/digits/artifacts/predictions/versions/"
SHORT, FLIPPED = "short", "flipped"


def damage(store: Store, key: str, how: str = FLIPPED) -> None:
    """Cut a file off, or flip a bit of it."""
    path = store.backend.local_path(key)
    assert path is not None
    path.chmod(0o644)
    data = path.read_bytes()
    place = data.index(b'_at":"20') + len(b'_at":"')
    path.write_bytes(data[: len(data) // 2] if how == SHORT else data[:place] + b"3" + data[place + 1 :])


def record(number: int) -> str:
    return f"{LOG}{number:020d}.json"


@pytest.fixture
def more(digits: Shell) -> Shell:
    """Two artifacts, of which one has two versions, and two runs."""
    for name in ("one", "two"):
        with init(project="digits", id=name, store=digits.store) as run:
            run.log({"loss": 1})
    draft = Artifact("notes")
    with draft.new_file("notes.txt") as file:
        file.write("x")
    digits.store.commit(draft, project="digits")
    return digits


def listed(shell: Shell, *args: object) -> tuple[Any, str]:
    """Return what a command that leaves something out lists, and the one line that it says of that."""
    plain = shell.run(*args)
    result = shell.run(*args, "--json")
    assert (plain.exit_code, result.exit_code) == (DAMAGED, DAMAGED), result.output
    assert result.stderr.count("\n") == 1, result.stderr
    assert "Traceback" not in result.output
    return json.loads(result.stdout), result.stderr


@pytest.mark.parametrize("how", [SHORT, FLIPPED])
def test_ls_goes_on_beside_a_damaged_record(more: Shell, how: str) -> None:
    damage(more.store, record(1), how)
    found, said = listed(more, "ls")
    assert [artifact["name"] for artifact in found] == ["digits/notes"]
    assert said.startswith("wbtable: digits/predictions is left out, for it cannot be read: projects/")
    assert said.endswith("delete the version: wbtable rm digits/predictions:v1\n")
    more.ok("rm", "digits/predictions:v1")
    assert [artifact["version"] for artifact in more.json("ls")] == ["v0", "v0"]


@pytest.mark.parametrize("how", [SHORT, FLIPPED])
def test_log_goes_on_beside_a_damaged_record(more: Shell, how: str) -> None:
    damage(more.store, record(1), how)
    found, said = listed(more, "log", "digits/predictions")
    assert [(version["version"], version["aliases"]) for version in found] == [("v0", ["best"])]
    assert "digits/predictions:v1 is left out" in said


def test_log_goes_on_beside_a_damaged_manifest(more: Shell) -> None:
    key = more.store.objects.key(*_manifest(more.store))
    path = more.store.backend.local_path(key)
    assert path is not None
    path.chmod(0o644)
    path.write_bytes(b"x")
    found, said = listed(more, "log", "digits/predictions")
    assert [version["version"] for version in found] == ["v1"]
    assert "wbtable repair --from STORE" in said


def _manifest(store: Store) -> tuple[Any, str]:
    found = store.artifact("digits/predictions:v0").record.manifest
    return found.digest, found.media_type


def test_log_where_nothing_can_be_read(more: Shell) -> None:
    for number in range(2):
        damage(more.store, record(number))
    result = more.run("log", "digits/predictions")
    assert (result.exit_code, result.stderr.count("\n")) == (DAMAGED, 2)


def test_du_goes_on_beside_what_is_damaged(more: Shell) -> None:
    damage(more.store, record(0))
    found, said = listed(more, "du")
    assert [(share["name"], share["versions"]) for share in found["shares"]] == [
        ("digits (runs)", 2),
        ("digits/notes", 1),
        ("digits/predictions", 1),
    ]
    assert found["unused"] is None
    assert "digits/predictions:v0 is left out" in said


def test_copy_goes_on_beside_what_is_damaged(more: Shell, tmp_path: Path) -> None:
    damage(more.store, record(0))
    damage(more.store, _finish("one"))
    other = create_store(tmp_path / "other")
    result = more.run("copy", other.url, "--json")
    assert result.exit_code == DAMAGED
    found = json.loads(result.stdout)
    assert (found["versions"], found["runs"]) == (["digits/notes:v0"], ["digits/two"])
    assert [line.split(" is left out")[0] for line in result.stderr.splitlines()] == [
        "wbtable: digits/predictions",
        "wbtable: run digits/one",
    ]
    assert other.verify().ok
    assert "the bytes are damaged" in more.fails(FORMAT, "copy", other.url, "digits/predictions")
    more.ok("rm", "digits/predictions:v0", "--aliases")
    assert "copied digits/predictions:v1" in more.run("copy", other.url).stdout


def _finish(run: str) -> str:
    return f"projects/digits/runs/{run}/finishes/{0:020d}.json"


@pytest.mark.parametrize("how", [SHORT, FLIPPED])
def test_runs_goes_on_beside_a_damaged_run(more: Shell, how: str) -> None:
    damage(more.store, _finish("one"), how)
    for args in (["runs"], ["runs", "digits"], ["runs", "-w", "summary.loss > 0"]):
        found, said = listed(more, *args)
        assert [run["path"] for run in found] == ["digits/two"]
        assert said.startswith("wbtable: run digits/one is left out")
        assert said.endswith("its folder projects/digits/runs/one\n")


def test_a_version_is_shown_beside_a_damaged_newer_one(more: Shell) -> None:
    damage(more.store, record(1))
    assert more.json("show", "digits/predictions:v0")["aliases"] == ["best"]
    more.fails(FORMAT, "show", "digits/predictions:v1")
    more.fails(FORMAT, "show", "digits/predictions")


def test_lists_in_python_raise_unless_there_is_somebody_to_tell(more: Shell) -> None:
    store = more.store
    damage(store, record(1))
    damage(store, _finish("one"))
    told: list[tuple[str, WbtableError]] = []

    def tell(what: str, error: WbtableError) -> None:
        told.append((what, error))

    lists: list[Any] = [store.artifacts, lambda **to: store.versions("digits/predictions", **to), store.runs]
    for read in (*lists, store.usage):
        with pytest.raises(FormatError):
            read()
    assert [len(read(on_unreadable=tell)) for read in lists] == [1, 1, 1]
    assert [what for what, _ in told] == ["digits/predictions", "digits/predictions:v1", "run digits/one"]
    assert all(isinstance(error, FormatError) for _, error in told)


def test_completion_goes_on_beside_what_is_damaged(more: Shell) -> None:
    damage(more.store, record(1))
    for typed, found in (("", ["digits/notes"]), ("digits/predictions:v", ["digits/predictions:v0"])):
        context = click.Context(click.Command("show"))
        context.params["store_url"] = more.store.url
        assert complete_artifacts(context, click.Argument(["name"]), typed) == found


def test_what_needs_a_newer_wbtable_is_left_out(more: Shell) -> None:
    """Whether it does, or the damage hit the field that says so."""
    path = more.store.backend.local_path(record(1))
    assert path is not None
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b'"format":"0.1"', b'"format":"8.1"'))
    found, said = listed(more, "ls")
    assert [artifact["name"] for artifact in found] == ["digits/notes"]
    assert said.endswith("a newer wbtable reads it, or `wbtable verify` finds it damaged\n")


def test_rm_deletes_a_version_beside_a_damaged_newer_one(more: Shell) -> None:
    damage(more.store, record(1))
    planned = more.json("rm", "digits/predictions:v0", "--dry-run")["dependents"]
    assert planned[-1].startswith("digits/predictions:v0: what depends on it is not known, for projects/digits/")
    assert more.json("rm", "digits/predictions:v0", "--aliases") == {"deleted": ["digits/predictions:v0"]}


ALIASES = "projects/digits/artifacts/predictions/aliases/best/"


def test_log_leaves_a_damaged_alias_out_and_alias_mends_it(more: Shell) -> None:  # LOG-1
    damage(more.store, f"{ALIASES}{0:020d}.json")
    found, said = listed(more, "log", "digits/predictions")
    assert [(version["version"], version["aliases"]) for version in found] == [("v1", ["latest"]), ("v0", [])]
    assert said.startswith("wbtable: digits/predictions:best is left out")
    assert said.endswith("say anew what it means: wbtable alias digits/predictions:vN best\n")
    more.ok("alias", "digits/predictions:v0", "best")
    assert more.json("log", "digits/predictions")[1]["aliases"] == ["best"]
    more.ok("rm", "digits/predictions:v1")


@pytest.mark.parametrize("folder", ["deletions", "tags", "descriptions", "ttl"])
def test_errors_of_damaged_logs_say_what_leads_out(more: Shell, folder: str) -> None:
    version = more.store.artifact("digits/predictions:v1")
    version.description, version.ttl = "said later", dt.timedelta(days=9)
    version.delete()
    more.store.records("digits", "predictions").say_deleted(1, deleted=False)
    damage(
        more.store, f"projects/digits/artifacts/predictions/{folder}/{1:020d}/{int(folder == 'deletions'):020d}.json"
    )
    said = more.fails(FORMAT, "rm" if folder == "deletions" else "copy", *_arguments(more, folder))
    assert "put that file back from a copy of the store" in said
    assert ("wbtable rm digits/predictions:v1" in said) == (folder == "deletions")
    assert ("anew in Python" in said) == (folder in {"descriptions", "ttl"})
    more.ok("rm", "digits/predictions:v1")


def _arguments(shell: Shell, folder: str) -> list[str]:
    if folder == "deletions":
        return ["digits/predictions", "--all-versions", "--aliases"]
    return [create_store(shell.store.url + "-copy").url, "digits/predictions"]


def test_errors_of_a_damaged_record_say_what_leads_out(more: Shell, tmp_path: Path) -> None:
    damage(more.store, record(1))
    file = tmp_path / "new.txt"
    file.write_text("new")
    for args in (["get", "digits/predictions"], ["ls", "digits/predictions"], ["lineage", "digits/predictions:v0"]):
        assert more.fails(FORMAT, *args).endswith("delete the version: wbtable rm digits/predictions:v1\n")
    assert "nothing can be committed" in more.fails(FORMAT, "put", file, "--name", "digits/predictions")
    more.ok("rm", "digits/predictions:v1")
    said = more.fails(FORMAT, "gc")
    assert "a deleted version counts until the grace period has passed" in said
    assert "wbtable repair" not in said
    more.ok("gc", "--delete", "--grace", "0s")
