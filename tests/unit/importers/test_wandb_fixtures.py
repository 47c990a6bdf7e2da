"""Artifacts that W&B's client wrote come over with every value, once each; what cannot is named."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import http.server
import json
import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import wbtable
from wbtable.importers.wandb_files import MANIFEST
from wbtable.importers.wandb_manifest import read_entries

if TYPE_CHECKING:
    from wbtable.importers.report import Item, Report

FIXTURES = Path(__file__).parent / "fixtures"
NAMES = sorted(path.name for path in FIXTURES.iterdir() if path.is_dir())


@pytest.fixture
def store(tmp_path: Path) -> wbtable.Store:
    return wbtable.create_store(tmp_path / "store")


def load(store: wbtable.Store, name: str, table: str) -> Any:
    """Import a fixture; return one of its tables."""
    report = wbtable.import_wandb([FIXTURES / name], store)
    assert not report.unread
    return store.artifact(name).get(table)


def problems(report: Report) -> list[Item]:
    return list(report.problems())


@pytest.mark.parametrize("name", NAMES)
def test_each_fixture_comes_over_and_again_adds_nothing(store: wbtable.Store, name: str) -> None:
    first = wbtable.import_wandb([FIXTURES / name], store)
    assert first.ok, str(first)
    version = store.artifact(name)
    assert version.verify().ok
    again = wbtable.import_wandb([FIXTURES / name], store)
    assert [item.outcome for item in again.items] == ["present"]
    assert len(store.versions(name)) == 1


def test_one_path_needs_no_list(store: wbtable.Store) -> None:
    """It was taken for a list of names of one letter."""
    for path in (str(FIXTURES / "scalars"), FIXTURES / "scalars"):
        assert wbtable.import_wandb(path, store).ok


def test_a_folder_of_artifacts_is_walked(store: wbtable.Store) -> None:
    report = wbtable.import_wandb([FIXTURES], store, project="digits")
    assert report.counts()["imported"]["artifact"] == len(NAMES)
    assert {version.name for version in store.artifacts("digits")} == set(NAMES)


def test_one_path_may_stand_by_itself(store: wbtable.Store) -> None:
    for path in (FIXTURES / "scalars", str(FIXTURES / "scalars")):
        assert wbtable.import_wandb(path, store).ok
        assert len(store.versions("scalars")) == 1


def test_scalars_keep_all_digits(store: wbtable.Store) -> None:
    table = load(store, "scalars", "scalars")
    assert table.get_column("i") == [1, 2, 2**53 + 1]
    assert [str(value) for value in table.get_column("f")] == ["1.5", "-0.0", "1e+300"]
    assert table.get_column("s") == ["a", "é ☃", ""]
    assert table.get_column("b") == [True, False, True]
    assert table.get_column("mix_opt") == [1, None, 3]


def test_times_are_times(store: wbtable.Store) -> None:
    table = load(store, "timestamps", "timestamps")
    moment = dt.datetime(2024, 2, 29, 12, 30, 15, 123000, tzinfo=dt.UTC)
    assert table.get_column("dt_naive") == [moment, None]
    assert table.get_column("np_ns")[0] == moment.replace(microsecond=123457)
    assert load(store, "edge_pd_timestamp", "t").get_column("c") == [dt.datetime(2024, 1, 1, tzinfo=dt.UTC)]


def test_arrays_come_out_of_their_npz(store: wbtable.Store) -> None:
    table = load(store, "ndarrays", "ndarrays")
    assert table.get_column("mat")[1].shape == (2, 3)
    assert table.get_column("emb151", "numpy").dtype == np.float32
    assert table.get_column("f16")[0].dtype == np.float16
    assert len(table.get_column("emb150")[0]) == 150


def test_images_keep_bytes_boxes_masks_and_names_of_classes(store: wbtable.Store) -> None:
    image = load(store, "images", "images").data[0][3]
    layer = image.boxes["predictions"]
    assert layer["class_labels"] == {1: "cat", 2: "dog"}
    assert layer["box_data"][0]["scores"] == {"conf": 0.9, "iou": 0.5}
    assert layer["box_data"][1]["position"] == {"middle": [4, 3], "width": 2, "height": 2}
    assert image.masks["predictions"].class_labels == {0: "bg", 1: "cat"}
    written = json.loads((FIXTURES / "images" / "images.table.json").read_text())
    cell = written["data"][0][written["columns"].index("full")]
    assert hashlib.sha256(image.bytes).hexdigest() == cell["sha256"]
    assert image.caption == cell.get("caption")


@pytest.mark.parametrize(
    "name", ["edge_histogram", "edge_list_images", "edge_list_mixed", "edge_np_str", "edge_plotly"]
)
def test_what_w_and_b_cannot_read_back_is_recovered(store: wbtable.Store, name: str) -> None:
    (cell,) = load(store, name, "t").get_column("c")
    kinds = {
        "edge_histogram": wbtable.Histogram,
        "edge_list_images": list,
        "edge_list_mixed": list,
        "edge_np_str": str,
        "edge_plotly": wbtable.Plotly,
    }
    assert isinstance(cell, kinds[name])
    if name == "edge_list_images":
        assert [type(item) for item in cell] == [wbtable.Image, wbtable.Image]


def test_joins_and_parts_are_joins_and_parts(store: wbtable.Store) -> None:
    joined = load(store, "joined_obj", "j")
    assert isinstance(joined, wbtable.JoinedTable)
    assert joined.join_keys == (("id", "key"),)
    assert joined.get_column("1.pred") == [0.0, 0.5, 1.0]
    assert load(store, "joined_path", "j").get_column("1.b") == [3]
    whole = load(store, "partitioned", "whole")
    assert isinstance(whole, wbtable.PartitionedTable)
    assert whole.get_column("id") == [0, 1, 2, 3, 4, 5]


def test_columns_of_one_name_are_renamed_and_told(store: wbtable.Store) -> None:
    report = wbtable.import_wandb([FIXTURES / "dupcols"], store)
    assert store.artifact("dupcols").get("t").columns == ["a", "a_2"]
    (item,) = problems(report)
    assert (item.kind, item.outcome, item.target) == ("column", "changed", "a_2")


def test_class_ids_have_their_names(store: wbtable.Store) -> None:
    table = load(store, "typed", "typed")
    assert table.schema["label"] == wbtable.Classes({0: "neg", 1: "pos"}).get_type()
    assert table.get_column("union") == [1, "s"]


def test_references_stay_references_and_nothing_is_fetched(
    store: wbtable.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("the network was asked"))
    report = wbtable.import_wandb([FIXTURES / "refs_remote", FIXTURES / "edge_audio_ref_http"], store)
    assert report.ok
    uris = {item.path: item.ref for item in store.artifact("refs_remote").files()}
    assert uris["s3/x.png"] == "s3://bucket/x.png"
    assert uris["custom"] == "custom://foo/bar"
    table = store.artifact("edge_audio_ref_http").get("t")
    assert table.get_column("c") == [None]
    assert json.loads(table.get_column("c.wandb")[0])["_type"] == "audio-file"
    assert "media/audio/55682b1ffb1fad6a09a4/tone.wav" in store.artifact("edge_audio_ref_http")


def test_a_damaged_file_is_an_error_of_that_file_only(store: wbtable.Store, tmp_path: Path) -> None:
    folder = tmp_path / "images"
    shutil.copytree(FIXTURES / "images", folder)
    target = next((folder / "media" / "images").glob("9e844d*.png"))
    target.write_bytes(target.read_bytes()[:-1] + b"x")
    report = wbtable.import_wandb([folder], store)
    table = store.artifact("images").get("images")
    assert len(table) == 3
    lost = [name for name in table.columns if name.endswith(".wandb")]
    assert len(lost) == 1
    assert sum(text is not None for text in table.get_column(lost[0])) == 1
    failed = [item for item in report.items if item.outcome == "failed"]
    assert [item.error for item in failed] == ["digest-mismatch"]
    assert store.artifact("images").metadata["wandb"]["missing"] == [str(target.relative_to(folder))]


def test_what_was_missing_is_added_by_importing_again(store: wbtable.Store, tmp_path: Path) -> None:
    folder = tmp_path / "joined_path"
    shutil.copytree(FIXTURES / "joined_path", folder)
    (folder / "right.table.json").rename(tmp_path / "aside")
    first = wbtable.import_wandb([folder], store)
    assert not first.ok
    assert "left" in store.artifact("joined_path")
    assert "j" not in store.artifact("joined_path")
    (tmp_path / "aside").rename(folder / "right.table.json")
    assert wbtable.import_wandb([folder], store).ok
    assert store.artifact("joined_path").get("j").get_column("1.b") == [3]
    assert [item.outcome for item in wbtable.import_wandb([folder], store).items] == ["present"]


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", '{"_type": "table"}', '{"_type": "table", "columns": ["a"], "data": [[1, 2]]}', "[1]", "\x00" * 50),
        '{"_type": "table", "columns": ["a"], "data": {"a": [1]}}',
        '{"columns": ["a"], "data": "1"}',
    ],
)
def test_a_damaged_table_is_an_error_of_that_table_only(store: wbtable.Store, tmp_path: Path, text: str) -> None:
    folder = tmp_path / "two:v0"
    folder.mkdir()
    (folder / "bad.table.json").write_text(text)
    shutil.copy(FIXTURES / "scalars" / "scalars.table.json", folder)
    report = wbtable.import_wandb([folder], store)
    assert [item.source.rpartition(":")[2] for item in problems(report)] == ["bad.table.json"]
    assert len(store.artifact("two").get("scalars")) == 3


def test_versions_keep_their_order_and_their_names(store: wbtable.Store, tmp_path: Path) -> None:
    for number in (10, 2, 0):
        folder = tmp_path / f"set:v{number}"
        folder.mkdir()
        (folder / "t.table.json").write_text(json.dumps({"columns": ["n"], "data": [[number]]}))
    wbtable.import_wandb([tmp_path / "set:v10", tmp_path / "set:v0", tmp_path / "set:v2"], store)
    assert [version.get("t").get_column("n") for version in store.versions("set")] == [[0], [2], [10]]
    assert store.artifact("set:wandb-v10").version == "v2"


@pytest.mark.parametrize(
    "path", ["../../secret", "/etc/hostname", "a/../../secret", "a\x00b", "", "link", "x" * 5000, "con/../../secret"]
)
def test_a_hostile_path_reads_nothing_outside(store: wbtable.Store, tmp_path: Path, path: str) -> None:
    (tmp_path / "secret").write_text("secret")
    folder = tmp_path / "in" / "evil"
    folder.mkdir(parents=True)
    (folder / "link").symlink_to(tmp_path / "secret")
    digest = base64.b64encode(hashlib.md5(b"secret").digest()).decode()
    manifest = {"version": 1, "contents": {path: {"digest": digest, "size": 6}}}
    (folder / MANIFEST).write_text(json.dumps(manifest))
    report = wbtable.import_wandb([folder], store)
    assert [(item.kind, item.outcome) for item in problems(report)] == [("file", "failed")]
    assert store.artifact("evil").files() == []


def test_a_hostile_cell_reads_nothing_outside(store: wbtable.Store, tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(next((FIXTURES / "images").rglob("*.png")).read_bytes())
    file = tmp_path / "in" / "t.table.json"
    file.parent.mkdir()
    cells = [
        [{"_type": "image-file", "path": path}] for path in ("../secret.png", str(tmp_path / "secret.png"), 5, None)
    ]
    file.write_text(json.dumps({"columns": ["i"], "data": cells}))
    wbtable.import_wandb([file], store)
    table = store.artifact("t").get("t")
    assert table.get_column("i") == [None] * 4
    assert all(table.get_column("i.wandb"))


def test_infinity_and_odd_text_come_over(store: wbtable.Store, tmp_path: Path) -> None:
    file = tmp_path / "t.table.json"
    rows = '[Infinity, "\\ud800x", 1e999], [NaN, "ok", 2], [null, null, 18446744073709551616]'
    file.write_text(f'{{"columns": ["f", "s", 3], "data": [{rows}]}}')
    report = wbtable.import_wandb([file], store)
    table = store.artifact("t").get("t")
    first, second, third = table.get_column("f")
    assert (first, third) == (float("inf"), None)
    assert str(second) == "nan"
    assert table.get_column("s") == ["\\ud800x", "ok", None]
    assert table.get_column("3") == [float("inf"), 2, 2**64]
    assert {item.source.rpartition("#")[2] for item in problems(report)} == {"s", "3"}


def test_integers_that_no_double_holds_stay_exact_beside_floats(store: wbtable.Store, tmp_path: Path) -> None:
    file = tmp_path / "t.table.json"
    rows: list[list[Any]] = [[2**53 + 1, [2**53 + 1]]] + [[0.5, [0.5, 2**53 + 1]]] * 70_000
    file.write_text(json.dumps({"columns": ["n", "l"], "data": rows}))
    assert wbtable.import_wandb([file], store).ok
    assert store.artifact("t").get("t").data[:2] == rows[:2]


def test_types_that_change_far_down_widen_the_column(
    store: wbtable.Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wbtable.importers.json_stream.CHUNK", 1000)
    file = tmp_path / "t.table.json"
    rows: list[list[Any]] = [[i, None, [i]] for i in range(300)] + [["late", 1.5, {"a": 1}]]
    file.write_text(json.dumps({"columns": ["a", "b", "c"], "data": rows}))
    assert wbtable.import_wandb([file], store).ok
    assert store.artifact("t").get("t").data == rows


def test_legacy_names_of_types_are_known(store: wbtable.Store, tmp_path: Path) -> None:
    folder = tmp_path / "old:v0"
    shutil.copytree(FIXTURES / "images", folder)
    (folder / MANIFEST).unlink()
    file = folder / "images.table.json"
    found = json.loads(file.read_text())
    del found["log_mode"]
    text = json.dumps(found).replace('"wb_type": "image-file"', '"wb_type": "wandb.Image"')
    file.write_text(text)
    assert wbtable.import_wandb([folder], store).ok
    assert store.artifact("old").get("images").data[0][3].boxes["predictions"]["class_labels"] == {1: "cat", 2: "dog"}


def test_a_table_cut_by_w_and_b_is_told(store: wbtable.Store, tmp_path: Path) -> None:
    file = tmp_path / "t.table.json"
    file.write_text(json.dumps({"columns": ["n"], "data": [[i] for i in range(200_000)], "nrows": 200_001}))
    report = wbtable.import_wandb([file], store)
    text = " ".join(str(item) for item in problems(report))
    assert "says that it has 200,001 rows, and has 200,000" in text
    assert "cuts tables" in text


def test_wrong_arguments_say_what_is_right(store: wbtable.Store, tmp_path: Path) -> None:
    with pytest.raises(wbtable.NotFoundError, match="there is no"):
        wbtable.import_wandb([tmp_path / "nothing"], store)
    with pytest.raises(wbtable.NotFoundError, match="nothing of W&B"):
        wbtable.import_wandb([tmp_path / "store"], store)
    (tmp_path / "x.csv").write_text("a")
    with pytest.raises(wbtable.UsageError, match=r"\*\.table\.json"):
        wbtable.import_wandb([tmp_path / "x.csv"], store)
    with pytest.raises(wbtable.UsageError, match="one artifact"):
        wbtable.import_wandb([FIXTURES], store, name="x")


def test_a_source_that_is_no_artifact_is_unread_and_the_others_come_over(store: wbtable.Store, tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / MANIFEST).write_text("{")
    report = wbtable.import_wandb([tmp_path / "bad", FIXTURES / "scalars"], store)
    assert [item.source for item in report.unread] == [str(tmp_path / "bad")]
    assert len(store.artifact("scalars").get("scalars")) == 3


def test_an_entry_without_a_digest_is_refused() -> None:
    with pytest.raises(wbtable.FormatError, match=r"contents\['a'\]"):
        read_entries({"contents": {"a": {"size": 1}}}, "m")
    with pytest.raises(wbtable.FormatError, match="version 1"):
        read_entries({"version": 2, "contents": {}}, "m")


def test_keys_and_links_between_tables_stay_links(store: wbtable.Store, tmp_path: Path) -> None:
    folder = tmp_path / "keys:v0"
    folder.mkdir()

    def table(name: str, columns: list[str], rows: list[list[Any]], **types: Any) -> None:
        found = {"_type": "table", "columns": columns, "data": rows, "column_types": {"params": {"type_map": types}}}
        (folder / f"{name}.table.json").write_text(json.dumps(found))

    table("t1", ["id", "v"], [["a", 1], ["b", 2]], id={"wb_type": "primaryKey"})
    key = {"wb_type": "foreignKey", "params": {"table": "t1.table.json", "col_name": "id"}}
    table("t2", ["ref", "n"], [["a", 5], ["b", 6]], ref=key)
    link = {"wb_type": "foreignIndex", "params": {"table": "t1.table.json"}}
    table("t3", ["row", "n"], [[1, 5], [0, 6], [None, 7]], row=link)
    table("t4", ["row"], [[9]], row=link)
    table("t5", ["row"], [[0]], row={"wb_type": "foreignIndex", "params": {"table": "gone.table.json"}})
    report = wbtable.import_wandb([folder], store)
    version = store.artifact("keys")
    assert version.get("t1").primary_key == "id"
    (foreign,) = version.get("t2").snapshot().foreign_keys
    assert (foreign.column, foreign.table_column) == ("ref", "id")
    links = version.get("t3").get_column("row")
    assert [link if link is None else int(link) for link in links] == [1, 0, None]
    assert version.get("t3").schema["row"].kind == "link"
    assert version.get("t4").get_column("row") == [9]
    assert version.get("t5").get_column("row") == [0]
    assert {item.source.rpartition(":")[2] for item in problems(report)} == {"t4.table.json#row", "t5.table.json#row"}


def test_media_elsewhere_is_fetched_where_that_is_asked_for(store: wbtable.Store, tmp_path: Path) -> None:
    data = next((FIXTURES / "images" / "media" / "images").glob("6ced*.png")).read_bytes()

    class Server(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/a.png" else 404)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        base = f"http://127.0.0.1:{server.server_port}"
        folder = tmp_path / "far"
        folder.mkdir()
        cells = [[{"_type": "image-file", "path": name}] for name in ("media/a.png", "media/b.png")]
        text = json.dumps({"_type": "table", "columns": ["i"], "data": cells})
        (folder / "t.table.json").write_text(text)
        digest = base64.b64encode(hashlib.md5(text.encode()).digest()).decode()
        contents: dict[str, Any] = {"t.table.json": {"digest": digest, "size": len(text)}}
        for name in ("a.png", "b.png"):
            contents[f"media/{name}"] = {"digest": "etag", "ref": f"{base}/{name}"}
        (folder / MANIFEST).write_text(json.dumps({"version": 1, "contents": contents}))
        wbtable.import_wandb([folder], store, fetch=True)
        server.shutdown()
        thread.join()
    table = store.artifact("far").get("t")
    first, second = table.get_column("i")
    assert (first.bytes, second) == (data, None)
    assert table.get_column("i.wandb")[1] is not None
    assert store.artifact("far").get_entry("media/b.png").ref == f"{base}/b.png"
