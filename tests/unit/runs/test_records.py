from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest

from tests.conformance.schemas import validator
from wbtable.errors import FormatError, UnsupportedError, UsageError
from wbtable.format import run_keys
from wbtable.format.digest import BLOB, HISTORY, Descriptor, Digest
from wbtable.format.documents import canonical, parse
from wbtable.format.run_record import Process, RunFinish, RunLink, RunStart, RunSummary
from wbtable.runs.identity import environment, lives, state_of, this_process

NOW = dt.datetime(2026, 11, 24, 10, tzinfo=dt.UTC)
HISTORY_REF = Descriptor(media_type=HISTORY, digest=Digest.of(b"h"), size=1)
START = RunStart(
    project="p",
    id="r",
    attempt=0,
    created_at=NOW,
    name="r",
    process=Process(host="h", pid=1),
    config={"lr": 0.1, "nan": float("inf"), "$type": 1},
    tags=("a",),
)
SUMMARY = RunSummary(attempt=0, updated_at=NOW, next_step=7, config={"a": [1]}, summary={"loss": 2.0})
FINISH = RunFinish(
    attempt=0, finished_at=NOW, exit_code=3, next_step=7, segments=2, history=HISTORY_REF, refs=(HISTORY_REF,)
)
LINK = RunLink(how="used", version="p/n:v0", created_at=NOW, key="k")


@pytest.mark.parametrize(
    ("record", "schema"),
    [(START, "run"), (SUMMARY, "run-summary"), (FINISH, "run-finish"), (LINK, "run-link")],
)
def test_records_come_back_and_are_as_the_schemas_say(record: Any, schema: str) -> None:
    # RUN-1, RUN-2, RUN-5, RUN-6
    data = canonical(record.to_json())
    value = parse(data, "record")
    validator(schema, strict=True).validate(value)
    assert type(record).from_json(value) == record


@pytest.mark.parametrize("record", [START, SUMMARY, FINISH, LINK])
def test_unknown_fields_are_kept_and_unknown_features_refused(record: Any) -> None:
    value = record.to_json() | {"later": 1}
    assert type(record).from_json(value).to_json()["later"] == 1
    value["features"] = {"reader": ["new"], "writer": []}
    with pytest.raises(UnsupportedError):
        type(record).from_json(value)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"attempt": -1}, "attempt"),
        ({"name": 3}, "name"),
        ({"created_at": "now"}, "created_at"),
        ({"tags": [1]}, "tags"),
    ],
)
def test_errors_name_the_field(change: dict[str, Any], where: str) -> None:
    with pytest.raises(FormatError, match=where):
        RunStart.from_json(START.to_json() | change)


def test_impossible_values_are_refused() -> None:
    with pytest.raises(FormatError):
        dataclasses.replace(FINISH, history=Descriptor(media_type=BLOB, digest=Digest.of(b""), size=0))
    with pytest.raises(FormatError, match="refs"):  # DOC-6
        RunFinish.from_json(FINISH.to_json() | {"refs": []})
    with pytest.raises(FormatError):
        RunLink(how="used", version="no version", created_at=NOW)
    with pytest.raises(UsageError):
        dataclasses.replace(START, project="a/b")


def test_keys() -> None:
    # RUN-1, RUN-2, RUN-3, RUN-5, RUN-6
    assert START.key == "projects/p/runs/r/attempts/00000000000000000000.json"
    assert run_keys.segment_key("p", "r", 12) == "projects/p/runs/r/history/00000000000000000012.parquet"
    assert run_keys.segment_number(run_keys.segment_key("p", "r", 12)) == 12
    assert run_keys.segment_number("x.parquet") is None
    assert run_keys.summary_key("p", "r") == "projects/p/runs/r/summary.json"
    assert run_keys.lineage_log("p", "r", "used") == "projects/p/runs/r/used"


def test_state_of_an_attempt() -> None:
    # RUN-2, RUN-7
    here = dataclasses.replace(START, process=this_process())
    elsewhere = dataclasses.replace(START, process=Process(host="another", pid=1))
    gone = dataclasses.replace(here, process=dataclasses.replace(this_process(), pid=2**22 + 1))
    other = dataclasses.replace(here, process=dataclasses.replace(this_process(), started=this_process().started + "1"))
    soon, late = NOW + dt.timedelta(seconds=10), NOW + dt.timedelta(seconds=400)
    assert state_of(here, None, FINISH, late) == "failed"
    assert state_of(here, None, dataclasses.replace(FINISH, exit_code=0), late) == "finished"
    assert state_of(here, None, None, late) == "running"
    assert state_of(gone, None, None, soon) == "crashed"
    assert state_of(elsewhere, None, None, soon) == "running"
    assert state_of(elsewhere, None, None, late) == "crashed"
    assert state_of(elsewhere, dataclasses.replace(SUMMARY, updated_at=late), None, late) == "running"
    if this_process().started:
        assert state_of(other, None, None, soon) == "crashed"
    assert lives(elsewhere.process) is None


def test_no_environment_variables_are_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    # RUN-8
    monkeypatch.setenv("SECRET_TOKEN", "hunter2-hunter2")
    assert "hunter2" not in repr(environment())
    assert set(environment()) <= {
        *("python", "platform", "command", "directory", "user", "packages"),
        *("git_commit", "git_branch", "git_remote", "git_dirty"),
    }
