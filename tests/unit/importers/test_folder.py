"""Folders of media become tables with labels, splits or the facts of a metadata file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import wbtable
from wbtable.importers.report import Report
from wbtable.tables.files_out import write_folder

if TYPE_CHECKING:
    from pathlib import Path


def image(file: Path, shade: int = 0) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    wbtable.Image(np.full((2, 2, 3), shade, np.uint8)).save(file)
    return file


def test_folders_are_labels(tmp_path: Path) -> None:
    for name in ("cat/1.png", "cat/2.png", "dog/1.PNG", "dog/wild/3.png"):
        image(tmp_path / name)
    table = wbtable.read_folder(tmp_path)
    assert table.columns == ["image", "path", "label"]
    assert table.get_column("path") == ["cat/1.png", "cat/2.png", "dog/1.PNG", "dog/wild/3.png"]
    assert table.get_column("label") == ["cat", "cat", "dog", "dog/wild"]
    assert table.get_column("image")[0].bytes == (tmp_path / "cat" / "1.png").read_bytes()


def test_a_flat_folder_has_no_labels(tmp_path: Path) -> None:
    image(tmp_path / "1.png")
    assert wbtable.read_folder(tmp_path).columns == ["image", "path"]


def test_train_and_test_are_splits(tmp_path: Path) -> None:
    for name in ("train/cat/1.png", "test/dog/1.png"):
        image(tmp_path / name)
    table = wbtable.read_folder(tmp_path, label="animal")
    assert table.columns == ["image", "path", "split", "animal"]
    assert table.get_column("split") == ["test", "train"]
    assert table.get_column("animal") == ["dog", "cat"]


def test_sound_is_sound(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    tone = np.sin(np.arange(800) / 9).astype(np.float32)
    wbtable.Audio(tone, sample_rate=8000).save(tmp_path / "a" / "1.wav")
    table = wbtable.read_folder(tmp_path)
    assert table.columns == ["audio", "path", "label"]
    assert table.get_column("audio")[0].sample_rate == 8000


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_a_metadata_file_gives_the_columns(tmp_path: Path, suffix: str) -> None:
    image(tmp_path / "in" / "a.png")
    image(tmp_path / "in" / "b.png")
    image(tmp_path / "in" / "m.png", 9)
    rows: list[dict[str, Any]] = [
        {"file_name": "b.png", "age": 3, "name": "Bo", "mask_file_name": "m.png", "image_caption": "x"},
        {"file_name": "a.png", "age": None, "name": "007", "mask_file_name": None, "image_caption": None},
    ]
    file = tmp_path / "in" / f"metadata.{suffix}"
    if suffix == "jsonl":
        file.write_text("\n".join(map(json.dumps, rows)))
    else:
        lines = [",".join(rows[0]), *(",".join("" if v is None else str(v) for v in row.values()) for row in rows)]
        file.write_text("\n".join(lines))
    table = wbtable.read_folder(tmp_path)
    assert table.columns == ["image", "path", "mask", "age", "name"]
    assert table.get_column("path") == ["in/a.png", "in/b.png"]
    assert table.get_column("age") == [None, 3]
    assert table.get_column("name") == ["007", "Bo"]
    assert [mask and mask.bytes for mask in table.get_column("mask")] == [None, (tmp_path / "in/m.png").read_bytes()]
    assert table.get_column("image")[1].caption == "x"


def test_what_is_not_usable_is_named_and_the_rest_comes_over(tmp_path: Path) -> None:
    image(tmp_path / "a" / "1.png")
    (tmp_path / "a" / "2.png").write_bytes(b"no image")
    (tmp_path / "a" / "empty.png").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / ".hidden").write_text("x")
    report = Report()
    table = wbtable.read_folder(tmp_path, report=report)
    assert table.get_column("path") == ["a/1.png"]
    failed = sorted(item.source.rpartition(" ")[2] for item in report.items if item.outcome == "failed")
    assert failed == ["a/2.png", "a/empty.png", "notes.txt"]
    with pytest.raises(wbtable.UsageError, match=r"a/2\.png"):
        wbtable.read_folder(tmp_path)


def test_kinds_are_not_guessed(tmp_path: Path) -> None:
    image(tmp_path / "a.png")
    (tmp_path / "b.html").write_text("<b>x</b>")
    with pytest.raises(wbtable.UsageError, match="html, image"):
        wbtable.read_folder(tmp_path)
    report = Report()
    assert wbtable.read_folder(tmp_path, "html", report=report).get_column("path") == ["b.html"]
    assert [item.outcome for item in report.items] == ["failed", "imported"]
    with pytest.raises(wbtable.UsageError, match="kind of media"):
        wbtable.read_folder(tmp_path, "pictures")


def test_an_empty_or_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(wbtable.NotFoundError, match="no media"):
        wbtable.read_folder(tmp_path)
    with pytest.raises(wbtable.NotFoundError, match="no directory"):
        wbtable.read_folder(tmp_path / "no")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("{", "metadata file"),
        ("[]", "expected an object"),
        ('{"a": 1}', "file_name"),
        ('{"file_name": "a.png"}\n{"file_name": "a.png"}', "twice"),
    ],
)
def test_a_damaged_metadata_file_is_an_error(tmp_path: Path, text: str, match: str) -> None:
    image(tmp_path / "a.png")
    (tmp_path / "metadata.jsonl").write_text(text)
    with pytest.raises(wbtable.FormatError, match=match):
        wbtable.read_folder(tmp_path)


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd", "no.png", "link.png"])
def test_metadata_reads_nothing_outside(tmp_path: Path, name: str) -> None:
    image(tmp_path / "secret.png")
    image(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "metadata.jsonl").write_text(json.dumps({"file_name": name}))
    report = Report()
    assert len(wbtable.read_folder(tmp_path / "in", "image", report=report)) == 0
    assert any(item.outcome == "failed" for item in report.items)


def test_links_do_not_leave_the_folder(tmp_path: Path) -> None:
    image(tmp_path / "secret.png")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(wbtable.UsageError, match="leaves the directory"):
        wbtable.read_folder(tmp_path / "in")
    image(tmp_path / "in" / "a.png")
    report = Report()
    assert wbtable.read_folder(tmp_path / "in", report=report).get_column("path") == ["a.png"]
    assert [item.outcome for item in report.items] == ["failed", "imported"]


def test_names_that_clash_are_refused(tmp_path: Path) -> None:
    image(tmp_path / "a.png")
    (tmp_path / "metadata.jsonl").write_text(json.dumps({"file_name": "a.png", "path": 1}))
    with pytest.raises(wbtable.UsageError, match="'path'"):
        wbtable.read_folder(tmp_path)


def test_what_write_folder_makes_is_read_back(tmp_path: Path) -> None:
    """Columns of other names than their kind, and rows without a file: neither could be read."""
    pictures = [wbtable.Image(np.full((2, 3), i, np.uint8), caption=f"c{i}") for i in range(2)]
    rows: list[list[Any]] = [
        [None, 1, None],
        [pictures[0], 2, pictures[1]],
        [None, 3, None],
        [None, 4, pictures[0]],
        [pictures[1], 5, None],
    ]
    for names in (["photo", "n", "mask"], ["image", "n", "mask"]):
        table = wbtable.Table(columns=names, data=rows)
        write_folder(table, tmp_path / names[0])
        again = wbtable.read_folder(tmp_path / names[0])
        assert again.columns == [names[0], "path", "mask", "n"]
        for name in names:
            assert again.get_column(name) == table.get_column(name)
        assert [path is None for path in again.get_column("path")] == [row[0] is None for row in rows]
    with pytest.raises(wbtable.UsageError, match="taken for the paths"):
        write_folder(wbtable.Table(columns=["photo", "file_name"], data=[[pictures[0], "x"]]), tmp_path / "other")


@pytest.mark.parametrize(
    ("kind", "media"),
    [
        ("molecule", wbtable.Molecule(b"ATOM", file_type="pdb")),
        ("molecule", wbtable.Molecule(b"data_x", file_type="mmcif")),
        ("object3d", wbtable.Object3D(b"v 1 2 3", file_type="obj")),
        ("object3d", wbtable.Object3D(np.zeros((2, 3)))),
        ("html", wbtable.Html("<b>x</b>")),
        ("audio", wbtable.Audio(np.zeros(9), 8000)),
        ("video", wbtable.Video(np.zeros((2, 3, 4, 4), np.uint8), format="gif")),
    ],
)
def test_every_kind_is_read_back(kind: str, media: Any, tmp_path: Path) -> None:
    write_folder(wbtable.Table(columns=["x", "n"], data=[[media, 1]]), tmp_path / "out")
    assert wbtable.read_folder(tmp_path / "out", kind).get_column("x") == [media]


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["01234", "90210"], ["01234", "90210"]),  # one was text, the other a number
        (["1_0.5", "2"], ["1_0.5", "2"]),  # was 10.5
        (["1" * 5000, "2"], ["1" * 5000, "2"]),  # was infinite
        (["1e400", "2"], ["1e400", "2"]),
        (["\uff11.5", "2"], ["\uff11.5", "2"]),
        (["x", ""], ["x", None]),
        (["-5", "9007199254740993"], [-5, 9007199254740993]),
        (["-0", "1e5"], [-0.0, 100000.0]),
        (["inf", ""], [float("inf"), None]),
    ],
)
def test_a_column_of_metadata_is_numbers_or_text(texts: list[str], values: list[Any], tmp_path: Path) -> None:
    for name in "ab":
        image(tmp_path / f"{name}.png")
    rows = [f"{name}.png,{text},5.50" for name, text in zip("ab", texts, strict=True)]
    (tmp_path / "metadata.csv").write_text("\n".join(["file_name,x,image_caption", *rows]), "utf-8")
    table = wbtable.read_folder(tmp_path)
    assert table.get_column("x") == values
    assert table.get_column("image")[0].caption == "5.50"


def test_the_unnamed_column_that_pandas_writes(tmp_path: Path) -> None:
    image(tmp_path / "a.png")
    (tmp_path / "metadata.csv").write_text(",file_name,x\n0,a.png,1\n", "utf-8")
    table = wbtable.read_folder(tmp_path)
    assert (table.columns, [row[1:] for row in table.data]) == (["image", "path", "", "x"], [["a.png", 0, 1]])


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("metadata.csv", "file_name,x,x\na.png,1,2\n", r"line 1: expected distinct column names, found 'x'"),
        ("metadata.csv", "file_name,x\na.png,1,2\n", r"line 2: expected 2 cells, found 3"),
        ("metadata.jsonl", '{"file_name":"a.png","x":1,"x":2}\n', r"line 1: .*the key 'x' stands twice"),
    ],
)
def test_metadata_in_which_a_value_would_be_lost(name: str, text: str, message: str, tmp_path: Path) -> None:
    image(tmp_path / "a.png")
    (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(wbtable.FormatError, match=message):
        wbtable.read_folder(tmp_path)
