"""What W&B's real client writes offline comes over: run, history, media, tables, artifacts, lineage."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import wbtable

if TYPE_CHECKING:
    from wbtable.importers.report import Report

SCRIPT = Path(__file__).parent / "wandb_script.py"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the script with the real client; return the folder that it wrote to."""
    root = tmp_path_factory.mktemp("wandb-client")
    folders = {"DIR": "runs", "DATA_DIR": "data", "CACHE_DIR": "cache", "CONFIG_DIR": "config"}
    for name in folders.values():
        (root / name).mkdir()
    keep = {key: value for key, value in os.environ.items() if not key.startswith("WANDB_")}
    settings = {f"WANDB_{key}": str(root / name) for key, name in folders.items()}
    more = {"WANDB_MODE": "offline", "WANDB_SILENT": "true", "WANDB_ERROR_REPORTING": "false"}
    command = [sys.executable, str(SCRIPT), str(root)]
    environment = {**keep, **settings, **more}
    done = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return root


@pytest.fixture(scope="module")
def imported(written: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[wbtable.Store, Report]:
    store = wbtable.create_store(tmp_path_factory.mktemp("imported") / "store")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WANDB_DATA_DIR", str(written / "data"))
        return store, wbtable.import_wandb([written / "runs"], store)


def test_nothing_is_lost(imported: tuple[wbtable.Store, Report]) -> None:
    _, report = imported
    assert report.ok, str(report)
    assert [str(item) for item in report.problems() if item.kind != "reference"] == []


def test_the_run_is_the_run(imported: tuple[wbtable.Store, Report]) -> None:
    store, _ = imported
    (run,) = store.runs("digits")
    assert (run.id, run.name, run.state) == ("real1", "baseline", "finished")
    assert run.config == {"lr": 0.1, "net": {"sizes": [1, 2]}}
    assert run.summary["final.score"] == 3
    assert run.summary["loss"] == pytest.approx(0.05)
    assert run.start.environment["python"] == ".".join(map(str, sys.version_info[:3]))


def test_the_history_has_every_value(imported: tuple[wbtable.Store, Report]) -> None:
    store, _ = imported
    (run,) = store.runs("digits")
    table = run.history()
    assert table["loss"].to_pylist()[:20] == [1 / (step + 1) for step in range(20)]
    assert table["val.acc"].to_pylist()[:20] == [step / 20 for step in range(20)]
    assert table["phase"].to_pylist()[7] == "p7"
    assert table["odd"].to_pylist()[20] == float("inf")
    assert np.isnan(table["nan"].to_pylist()[20])
    assert sum(table["counts"].to_pylist()[20]["counts"]) == 4
    photo = table["photo"].to_pylist()[21]
    assert (photo["width"], photo["height"], photo["caption"]) == (4, 4, "one")
    assert photo["boxes"][0]["style"] == "middle"
    assert photo["masks"][0]["layer"] == "m"
    assert len(table["photos"].to_pylist()[22]) == 2
    assert table["page"].to_pylist()[22]["file"]["content_type"] == "text/html"


def test_tables_have_their_media_and_arrays(imported: tuple[wbtable.Store, Report]) -> None:
    store, _ = imported
    (run,) = store.runs("digits")
    cell = json.loads(next(text for text in run.history()["val/preds"].to_pylist() if text))
    table: Any = store.artifact(cell["artifact"]).get(cell["path"])
    assert table.get_column("big") == [2**60 + i for i in range(5)]
    assert [vector.dtype for vector in table.get_column("vector")] == [np.dtype(np.float32)] * 5
    images = table.get_column("photo")
    tiny = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    np.testing.assert_array_equal(images[3].to_numpy(), tiny + 3)
    grown = [json.loads(text) for text in run.history()["growing"].to_pylist() if text]
    assert [len(store.artifact(one["artifact"]).get(one["path"])) for one in grown] == [1, 2, 3]


def test_artifacts_share_what_they_shared(imported: tuple[wbtable.Store, Report]) -> None:
    store, _ = imported
    data = store.artifact("digits/data:best")
    assert (data.type, data.description, data.metadata["rows"]) == ("dataset", "what there is", 5)
    assert data.logged_by() == "digits/real1"
    assert data.get("again").get_column("id") == list(range(5))
    assert data.get("words").get_column("word")[4] == "w4"
    assert data.get_entry("far").ref == "custom://somewhere/else"
    joined = store.artifact("digits/both").get("joined")
    assert [word for word in joined.get_column("1.word") if word] == ["four"]
    assert store.verify().ok


def test_again_adds_nothing(imported: tuple[wbtable.Store, Report], written: Path) -> None:
    store, _ = imported
    before = sorted(store.backend.list(""))
    again = wbtable.import_wandb([written / "runs"], store)
    assert {item.outcome for item in again.items} == {"present"}
    assert sorted(store.backend.list("")) == before


def test_without_the_staging_area_the_rest_comes_over_and_the_loss_is_told(written: Path, tmp_path: Path) -> None:
    store = wbtable.create_store(tmp_path / "store")
    report = wbtable.import_wandb([written / "runs"], store)
    assert not report.ok
    (run,) = store.runs("digits")
    assert run.history()["loss"].to_pylist()[:2] == [1.0, 0.5]
    cell = json.loads(next(text for text in run.history()["val/preds"].to_pylist() if text))
    assert store.artifact(cell["artifact"]).get(cell["path"]).get_column("id") == list(range(5))
    assert any("its artifact is gone" in str(item) for item in report.problems())
    failed = {item.kind for item in report.items if item.outcome == "failed"}
    assert failed == {"file", "table"}


def test_keys_and_links_lead_into_a_table_of_another_artifact(imported: tuple[wbtable.Store, Report]) -> None:
    """W&B only refers to a table that it has; links lead to one of their own artifact here."""
    store, _ = imported
    version = store.artifact("digits/linked")
    uses = version.get("uses")
    rows = [(word, int(row), int(other)) for _, (word, row, other) in uses.iterrows()]
    assert rows == [("w3", 3, 0), ("w1", 1, 2)]
    assert [str(uses.schema[name]) for name in ("row", "other")] == ["link", "link"]
    (key,) = uses.snapshot().foreign_keys
    assert (key.column, key.table_column) == ("word", "word")
    others = {item.path for item in version.files()} - {"uses.table.json"}
    words = store.artifact("digits/data").get("words").data
    assert [version.get(path).data for path in others] == [words] * len(others)
    assert version.verify().ok
