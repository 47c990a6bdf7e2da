"""Run folders come over whole, once, in spite of damage, malice, resumes and interruptions (RUN-1 to RUN-11)."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

import wbtable
from tests.unit.importers.run_log import frame, history, items, record, run, write
from wbtable.importers import wandb_history
from wbtable.runs.files import RunFiles

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.importers.report import Report

EXIT = record("exit", {"exit_code": 0, "runtime": 60})


@pytest.fixture
def store(tmp_path: Path) -> wbtable.Store:
    return wbtable.create_store(tmp_path / "store")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "wandb" / "offline-run-20231114_221320-abc123"


def only(store: wbtable.Store, project: str = "digits") -> Any:
    (found,) = store.runs(project)
    return found


def failed(report: Report) -> list[str]:
    return [str(item) for item in report.items if item.outcome == "failed"]


def artifact(path: str, content: bytes, local: Path, **more: Any) -> bytes:
    """Return the record of an artifact of one file, which is staged at `local`."""
    local.parent.mkdir(parents=True, exist_ok=True)
    local.write_bytes(content)
    digest = base64.b64encode(hashlib.md5(content).digest()).decode()
    entry = {"path": path, "digest": digest, "size": len(content), "local_path": str(local)}
    facts = {"name": "data", "type": "dataset", "client_id": "c1", "manifest": {"contents": [entry]}, **more}
    return record("artifact", facts)


def test_a_run_comes_over_with_all_that_is_said_of_it(store: wbtable.Store, folder: Path) -> None:
    records = [
        run(tags=["a", "b"], notes="n", run_group="g", job_type="train", host="lab", sweep_id="s1"),
        record(
            "environment", {"python": "CPython 3.11.7", "program": "train.py", "args": ["--lr", "1"], "os": "Linux"}
        ),
        record("config", {"update": items({"lr": 0.1, "model": {"depth": 3}, "_wandb": {"cli_version": "0.31.0"}})}),
        *(history(i, loss=1 / (i + 1), **{"val/acc": i}) for i in range(5)),
        history(5, worst=float("inf"), none=None, text="é", many=[1, 2]),
        record("summary", {"update": items({"loss": 0.2, "best": 3, "_runtime": 4})}),
        record("summary", {"update": items({"gone": 1})}),
        record("summary", {"remove": [{"key": "gone"}]}),
        record("telemetry", {}),
        EXIT,
    ]
    report = wbtable.import_wandb([write(folder, records)], store)
    assert report.ok, str(report)
    found = only(store)
    assert (found.id, found.name, found.state, found.exit_code) == ("abc123", "baseline", "finished", 0)
    start = found.start
    assert (start.tags, start.notes, start.group, start.job_type) == (("a", "b"), "n", "g", "train")
    assert found.config == {"lr": 0.1, "model": {"depth": 3}}
    assert found.summary == {"loss": 0.2, "best": 3}
    facts = found.start.environment
    assert (facts["python"], facts["command"], facts["host"]) == ("3.11.7", "train.py --lr 1", "lab")
    assert facts["wandb_version"] == "0.31.0"
    table = found.history()
    assert table["loss"].to_pylist() == [1, 0.5, 1 / 3, 0.25, 0.2, None]
    assert table["val.acc"].to_pylist() == [0, 1, 2, 3, 4, None]
    assert table["worst"].to_pylist()[5] == float("inf")
    assert table["text"].to_pylist()[5] == "é"
    assert table["_step"].to_pylist() == [0, 1, 2, 3, 4, 5]
    assert table["_timestamp"].to_pylist()[0].timestamp() == 1_700_000_001.25
    assert table["_runtime"].to_pylist()[1] == pytest.approx(1.75)


def test_imported_again_nothing_is_added(store: wbtable.Store, folder: Path, tmp_path: Path) -> None:
    staged = artifact("a.txt", b"hello", tmp_path / "wandb" / "staged")
    log = write(folder, [run(), staged, history(0, x=1), EXIT])
    assert wbtable.import_wandb([folder.parent], store).ok
    before = sorted(store.backend.list(""))
    again = wbtable.import_wandb([log], store)
    assert [(item.kind, item.outcome) for item in again.items] == [("run", "present")]
    assert sorted(store.backend.list("")) == before


def test_an_interrupted_import_goes_on_where_it_was(
    store: wbtable.Store, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wandb_history, "MAX_ROWS", 10)
    staged = artifact("a.txt", b"hello", tmp_path / "wandb" / "staged")
    log = write(folder, [run(), staged, *(history(i, x=i) for i in range(95)), EXIT])
    create = type(store.backend).create
    for stop in (0, 1, 2, 3, 4, 3, 1):
        left = [stop]

        def interrupt(self: Any, key: str, data: Any, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt
            create(self, key, data)

        with monkeypatch.context() as patch:
            patch.setattr(type(store.backend), "create", interrupt)
            with pytest.raises(KeyboardInterrupt):
                wbtable.import_wandb([log], store)
    assert wbtable.import_wandb([log], store).ok
    found = only(store)
    assert found.state == "finished"
    assert found.history()["x"].to_pylist() == list(range(95))
    assert len(list(RunFiles(store.backend, "digits", "abc123").segments())) == 10
    assert len(store.versions("digits/data")) == 1
    assert [link.version for link in RunFiles(store.backend, "digits", "abc123").links("logged")] == ["digits/data:v0"]


def test_a_run_that_was_resumed_is_one_run_of_two_attempts(store: wbtable.Store, tmp_path: Path) -> None:
    later = {"seconds": 1_700_001_000, "nanos": 0}
    write(tmp_path / "w" / "offline-run-2", [run(start_time=later, resumed=1), history(2, x=2), EXIT])
    write(tmp_path / "w" / "offline-run-1", [run(), history(0, x=0), history(1, x=1), record("exit", {"exit_code": 1})])
    assert wbtable.import_wandb([tmp_path / "w"], store).ok
    found = only(store)
    assert found.start.attempt == 1
    assert found.history()["x"].to_pylist() == [0, 1, 2]
    again = wbtable.import_wandb([tmp_path / "w"], store)
    assert {item.outcome for item in again.items} == {"present"}


def test_a_run_of_another_origin_is_left_alone(store: wbtable.Store, folder: Path) -> None:
    wbtable.init(project="digits", id="abc123", store=store).finish()
    log = write(folder, [run(), EXIT])
    report = wbtable.import_wandb([log], store)
    assert "another run of this id" in failed(report)[0]
    assert only(store).start.environment.get("imported_from") is None
    assert wbtable.import_wandb([log], store, project="elsewhere").ok


def test_a_run_without_an_exit_record_is_told(store: wbtable.Store, folder: Path) -> None:
    report = wbtable.import_wandb([write(folder, [run(), history(0, x=1)])], store)
    assert only(store).state == "failed"
    assert only(store).exit_code == 255
    assert any("no exit record" in str(item) for item in report.problems())


def test_a_cut_or_damaged_log_gives_what_is_whole(store: wbtable.Store, folder: Path) -> None:
    log = write(folder, [run(), *(history(i, x=i, text="x" * 500) for i in range(500)), EXIT])
    data = bytearray(log.read_bytes())
    data[100_000] ^= 0xFF
    log.write_bytes(bytes(data[:-300]))
    report = wbtable.import_wandb([log], store)
    assert not report.unread
    steps = only(store).history()["_step"].to_pylist()
    assert 350 < len(steps) < 500
    assert only(store).history()["x"].to_pylist() == steps
    assert any("checksum" in line for line in failed(report))
    assert any("cut off" in line or "ends in the middle" in line for line in failed(report))


@pytest.mark.parametrize("data", [b"", b"nonsense", frame([]), frame([b"\xff\xff"]), frame([history(0, x=1)])])
def test_a_log_without_a_run_is_unread(store: wbtable.Store, folder: Path, data: bytes) -> None:
    log = write(folder, [])
    log.write_bytes(data)
    report = wbtable.import_wandb([log], store)
    assert len(report.unread) == 1
    assert store.projects() == []


@pytest.mark.parametrize("run_id", ["../../x", "a/b", "", " ", "x" * 500, "a:b"])
def test_a_hostile_id_is_refused(store: wbtable.Store, folder: Path, run_id: str) -> None:
    report = wbtable.import_wandb([write(folder, [run(run_id), EXIT])], store)
    assert len(report.unread) == 1


def test_a_record_cannot_name_files_of_others(store: wbtable.Store, folder: Path, tmp_path: Path) -> None:
    secret = artifact("a.txt", b"secret", tmp_path / "private" / "secret")
    log = write(folder, [run(), secret, EXIT])
    report = wbtable.import_wandb([log], store)
    assert "--files-from" in failed(report)[0]
    assert store.artifact("digits/data").files() == []
    assert wbtable.import_wandb([log], store, project="mine", files_from=[tmp_path / "private"]).ok
    assert "a.txt" in store.artifact("mine/data")


def test_links_of_saved_files_cost_no_other_file_and_come_over_once_they_may_be_read(
    store: wbtable.Store, folder: Path, tmp_path: Path
) -> None:
    """W&B's `save` puts links into the run's folder, to wherever the files are."""
    log = write(folder, [run(), EXIT])
    outside = tmp_path / "work"
    outside.mkdir()
    (outside / "model.pt").write_bytes(b"weights")
    (folder / "files" / "sub").mkdir(parents=True)
    (folder / "files" / "output.log").write_text("said")
    (folder / "files" / "sub" / "model.pt").symlink_to(outside / "model.pt")
    (folder / "files" / "gone.pt").symlink_to(outside / "gone.pt")
    first, second = failed(wbtable.import_wandb([log], store))
    assert "gone.pt" in first
    assert str(outside / "model.pt") in second
    assert "--files-from" in second
    name = "digits/run-abc123-files"
    assert [item.path for item in store.artifact(name).files()] == ["output.log"]

    again = wbtable.import_wandb([log], store, files_from=[outside])
    assert "gone.pt" in "".join(failed(again))
    version = store.artifact(name)
    assert [item.path for item in version.files()] == ["output.log", "sub/model.pt"]
    assert version.get_entry("sub/model.pt").read() == b"weights"
    assert len(wbtable.import_wandb([log], store, files_from=[outside]).items) == 2
    assert store.artifact(name) == version


def test_files_are_found_in_the_staging_area_and_the_cache(
    store: wbtable.Store, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("WANDB_CACHE_DIR", str(tmp_path / "cache"))
    moved = artifact("a.txt", b"one", tmp_path / "data" / "artifacts" / "staging" / "t1")
    (tmp_path / "elsewhere").mkdir()
    content = b"two"
    cached = tmp_path / "elsewhere" / "t2"
    second = artifact("b.txt", content, cached, name="more", client_id="c2")
    digest = hashlib.md5(content).hexdigest()
    home = tmp_path / "cache" / "artifacts" / "obj" / "md5" / digest[:2] / digest[2:]
    home.parent.mkdir(parents=True)
    cached.rename(home)
    assert wbtable.import_wandb([write(folder, [run(), moved, second, EXIT])], store).ok
    assert "a.txt" in store.artifact("digits/data")
    assert "b.txt" in store.artifact("digits/more")


def test_an_artifact_logged_twice_is_one_version_and_its_aliases_move(
    store: wbtable.Store, folder: Path, tmp_path: Path
) -> None:
    staging = tmp_path / "wandb"
    records = [
        artifact("a.txt", b"one", staging / "1", aliases=["latest", "best", "v7"], metadata='{"k": 1}', tags=["t one"]),
        artifact("a.txt", b"two", staging / "2", aliases=["latest"], client_id="c2", description="d"),
        artifact("a.txt", b"one", staging / "3", aliases=["latest"], client_id="c3", metadata='{"k": 1}'),
    ]
    report = wbtable.import_wandb([write(folder, [run(), *records, EXIT])], store)
    versions = store.versions("digits/data")
    assert [version.version for version in versions] == ["v0", "v1"]
    assert versions[0].aliases == ["best"]
    assert versions[0].tags == ["t one"]
    assert versions[0].metadata["k"] == 1
    assert versions[1].description == "d"
    assert versions[0].logged_by() == "digits/abc123"
    assert any("v7" in line for line in failed(report))


def test_tables_of_the_history_are_the_versions_they_became(store: wbtable.Store, folder: Path, tmp_path: Path) -> None:
    staging = tmp_path / "wandb"
    text = json.dumps({"_type": "table", "columns": ["a"], "data": [[1], [2]], "nrows": 2}).encode()
    table = artifact("val/preds.table.json", text, staging / "1", name="run-abc123-valpreds-x", type="run_table")
    cell = {"_type": "table-file", "nrows": 2, "artifact_path": "wandb-client-artifact://c1/val/preds.table.json"}
    log = write(folder, [run(), table, history(0, **{"val/preds": cell}), EXIT])
    assert wbtable.import_wandb([log], store).ok
    version = store.artifact("digits/run-abc123-val%2fpreds:v0")
    assert version.get("val/preds").get_column("a") == [1, 2]
    (value,) = only(store).history()["val.preds"].to_pylist()
    assert json.loads(value) == {
        "_type": "table",
        "artifact": "digits/run-abc123-val%2fpreds:v0",
        "path": "val/preds.table.json",
        "rows": 2,
    }


def test_increments_grow_one_table(store: wbtable.Store, folder: Path, tmp_path: Path) -> None:
    records = []
    for number, name in enumerate(["None", "1", "2"]):
        text = json.dumps({"_type": "table", "columns": ["a"], "data": [[number]], "log_mode": "INCREMENTAL"}).encode()
        path = f"{name}-170000000{number}.inc.table.json"
        facts = {"name": "run-abc123-incr-inc", "type": "wandb-run-incremental-table", "client_id": f"c{number}"}
        records.append(artifact(path, text, tmp_path / "wandb" / f"s{number}", **facts))
        uri = f"wandb-client-artifact://c{number}/{path}"
        cell = {"_type": "incremental-table-file", "nrows": number + 1, "artifact_path": uri}
        records.append(history(number, inc=cell))
    assert wbtable.import_wandb([write(folder, [run(), *records, EXIT])], store).ok
    versions = store.versions("digits/run-abc123-inc")
    assert [version.get("inc").get_column("a") for version in versions] == [[0], [0, 1], [0, 1, 2]]
    assert versions[2].get("inc").log_mode == "INCREMENTAL"
    values = [json.loads(text) for text in only(store).history()["inc"].to_pylist()]
    assert [value["increment"] for value in values] == [[0, 1], [1, 2], [2, 3]]
    assert [value["artifact"][-2:] for value in values] == ["v0", "v1", "v2"]


def test_a_table_whose_artifact_is_gone_comes_from_the_cut_copy(store: wbtable.Store, folder: Path) -> None:
    name = "media/table/t_0_abc.table.json"
    cell = {"_type": "table-file", "nrows": 20_000, "path": name, "artifact_path": "wandb-client-artifact://gone/t"}
    log = write(folder, [run(), history(0, t=cell), EXIT])
    file = folder / "files" / name
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"columns": ["i", "img"], "data": [[1, "Image"]]}))
    report = wbtable.import_wandb([log], store)
    assert store.artifact("digits/run-abc123-t").get("t").data == [[1, "Image"]]
    assert any("1 of 20000" in str(item) for item in report.problems())


def test_values_that_cannot_be_read_stay_as_json(store: wbtable.Store, folder: Path) -> None:
    missing = {"_type": "image-file", "path": "media/images/no.png"}
    strange = {"_type": "graph-file", "path": "media/graph/g.json"}
    log = write(
        folder, [run(), history(0, img=missing, graph=strange, out={"_type": "image-file", "path": "../x"}), EXIT]
    )
    report = wbtable.import_wandb([log], store)
    table = only(store).history()
    assert json.loads(table["img"].to_pylist()[0]) == missing
    assert json.loads(table["graph"].to_pylist()[0]) == strange
    assert {item.source.rpartition("#")[2] for item in report.problems()} == {"img", "graph", "out"}


def test_files_output_and_other_records_are_kept(store: wbtable.Store, folder: Path) -> None:
    log = write(
        folder,
        [
            run(),
            record("output_raw", {"line": "hello\n"}),
            record("metric", {"name": "loss", "summary": {"min": 1}}),
            record("alert", {"title": "t", "text": "x"}),
            record("use_artifact", {"name": "me/digits/data:v3", "type": "dataset"}),
            record("stats", {"timestamp": {"seconds": 5}, "item": [{"key": "cpu", "value_json": "1"}]}),
            EXIT,
        ],
    )
    (folder / "files" / "requirements.txt").write_text("numpy")
    report = wbtable.import_wandb([log], store)
    version = store.artifact("digits/run-abc123-files")
    root = version.download(folder.parent / "out")
    assert (root / "output.log").read_text() == "hello\n"
    assert (root / "requirements.txt").read_text() == "numpy"
    kinds = [json.loads(line)["kind"] for line in (root / "wandb-records.jsonl").read_text().splitlines()]
    assert kinds == ["metric", "alert", "use_artifact"]
    samples = store.artifact("digits/run-abc123-system-metrics").get("system-metrics")
    assert samples.get_column("cpu") == [1.0]
    assert any("used me/digits/data:v3" in str(item) for item in report.problems())
    assert [link.version for link in RunFiles(store.backend, "digits", "abc123").links("logged")] != []


def test_used_artifacts_are_linked_where_they_are(store: wbtable.Store, tmp_path: Path) -> None:
    made = artifact("a.txt", b"x", tmp_path / "w" / "s")
    write(tmp_path / "w" / "run-1", [run("first"), made, EXIT], "first")
    later = {"seconds": 1_800_000_000}
    used = record("use_artifact", {"name": "me/digits/data:v0"})
    write(tmp_path / "w" / "run-2", [run("second", start_time=later), used, EXIT], "second")
    assert wbtable.import_wandb([tmp_path / "w"], store).ok
    assert store.artifact("digits/data").used_by() == ["digits/second"]


def test_a_damaged_record_does_not_end_the_import(store: wbtable.Store, folder: Path) -> None:
    nameless = record("artifact", {"type": "dataset"})
    odd = record("history", {"item": [{"nested_key": ["x"], "value_json": "{not json"}]})
    log = write(folder, [run(), nameless, b"\x12\x05\x0a", odd, history(1, x=2), EXIT])
    report = wbtable.import_wandb([log], store)
    assert only(store).history().num_rows == 2
    assert len(failed(report)) >= 2
