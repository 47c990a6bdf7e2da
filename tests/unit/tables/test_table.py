"""The table as people use it (issue: tables; W&B's surface)."""

from __future__ import annotations

import datetime as dt
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import wbtable
from tests.unit.tables.cases import check_identical, png, wav
from wbtable.errors import NotFoundError, TypeMismatchError, UsageError
from wbtable.tables.open import open_table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Stored = "Callable[[wbtable.Table], wbtable.Table]"


@pytest.fixture(params=["memory", "files"])
def stored(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[wbtable.Table], wbtable.Table]:
    """Return what gives a table back as it is read from files, or as it is."""

    def through(table: wbtable.Table) -> wbtable.Table:
        if request.param == "memory":
            return table
        table.write(str(tmp_path))
        return open_table(tmp_path)

    return through


def _small() -> wbtable.Table:
    return wbtable.Table(columns=["id", "text"], data=[[1, "a"], [2, None], [3, "c"]])


def test_empty_tables(stored: Callable[[wbtable.Table], wbtable.Table]) -> None:
    table = stored(wbtable.Table(columns=["a", "b"], dtype={"a": int}))
    assert len(table) == 0
    assert table.data == []
    assert table.columns == ["a", "b"]
    assert [str(column.type) for column in table.schema] == ["int64", "null"]
    assert table.to_arrow().num_rows == 0
    assert table.to_pandas().shape == (0, 2)
    assert table == wbtable.Table(columns=["a", "b"], dtype={"a": int})


def test_tables_without_columns(stored: Callable[[wbtable.Table], wbtable.Table]) -> None:
    table = stored(wbtable.Table(columns=[]))
    assert (len(table), table.columns, table.data) == (0, [], [])
    table = wbtable.Table(columns=[])
    table.add_column("x", [1, 2])
    assert table.data == [[1], [2]]


def test_rows_without_columns(stored: Callable[[wbtable.Table], wbtable.Table]) -> None:
    table = wbtable.Table(columns=[])
    with pytest.raises(UsageError, match="row 0: expected 0 values, found 1"):
        table.add_data(1)
    with pytest.raises(UsageError, match="row 0: expected a table with columns, found none"):
        table.add_data()
    assert len(table) == 0


def test_add_column() -> None:
    table = _small()
    table.add_column("score", np.array([0.5, float("nan"), 1.5]))
    table.add_column("mixed", [None, [1], []])
    table.add_data(4, "d", 2, [2])
    check_identical(table.get_column("score"), [0.5, float("nan"), 1.5, 2.0])
    check_identical(table.get_column("mixed"), [None, [1], [], [2]])
    with pytest.raises(UsageError, match="there is a column 'score' already"):
        table.add_column("score", [1, 2, 3, 4])
    with pytest.raises(UsageError, match='column "x": expected 4 values, found 1'):
        table.add_column("x", [1])
    with pytest.raises(TypeMismatchError, match='column "x", row 1'):
        table.add_column("x", [1, "a", 2, 3])
    with pytest.raises(TypeMismatchError, match='column "x", row 2'):
        table.add_column("x", [1, 2, None, 3], optional=False)
    with pytest.raises(UsageError, match='column "x": expected a list'):
        table.add_column("x", 5)
    assert table.columns == ["id", "text", "score", "mixed"]
    table.add_column("x", (i for i in range(4)))
    table.add_column("images", [wbtable.Image(png(i)) for i in range(4)])
    assert table.data[3][5].bytes == png(3)


def test_add_column_to_a_stored_table(tmp_path: Path) -> None:
    _small().write(str(tmp_path))
    table = open_table(tmp_path)
    table.add_column("n", [1.5, 2.5, 3.5])
    table.add_data(4, "d", 4.5)
    assert table.data[2:] == [[3, "c", 3.5], [4, "d", 4.5]]
    table.write(str(tmp_path), "more")
    assert open_table(tmp_path / "more.table.json").data == table.data


def test_add_computed_columns() -> None:
    table = _small()
    seen: list[Any] = []

    def compute(index: int, row: dict[str, Any]) -> dict[str, Any]:
        seen.append((index, row))
        return {"double": row["id"] * 2} if index != 1 else {"late": "x", "double": None}

    table.add_computed_columns(compute)
    assert seen[1] == (1, {"id": 2, "text": None})
    assert table.columns == ["id", "text", "double", "late"]
    assert table.get_column("double") == [2, None, 6]
    assert table.get_column("late") == [None, "x", None]
    with pytest.raises(UsageError, match="row 0: expected a dict of new values, found int"):
        table.add_computed_columns(lambda *_: 5)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="there is a column 'id' already"):
        table.add_computed_columns(lambda *_: {"id": 1})
    assert table.columns == ["id", "text", "double", "late"]


def test_cast() -> None:
    table = _small()
    table.cast("id", float)
    check_identical(table.get_column("id"), [1.0, 2.0, 3.0])
    table.add_data(4, "d")
    check_identical(table.get_column("id"), [1.0, 2.0, 3.0, 4.0])
    with pytest.raises(TypeMismatchError, match='column "text"'):
        table.cast("text", int)
    with pytest.raises(TypeMismatchError, match='column "text"'):
        table.cast("text", str, optional=False)
    with pytest.raises(NotFoundError, match="none"):
        table.cast("none", str)
    assert table.get_column("text") == ["a", None, "c", "d"]
    table.cast("id", object)
    check_identical(table.get_column("id"), [1.0, 2.0, 3.0, 4.0])
    table.add_data("five", "e")
    assert table.get_column("id")[4] == "five"


def test_cast_to_narrower() -> None:
    table = wbtable.Table(columns=["x", "y"], data=[[1, 0.1], [300, 0.5]])
    with pytest.raises(TypeMismatchError, match='column "x", row 1'):
        table.cast("x", "int8")
    table.cast("x", "int16")
    assert str(table.schema["x"]) == "int16"
    assert table.get_column("x") == [1, 300]


@pytest.mark.parametrize(
    ("values", "dtype", "wrong"),
    [
        ([1.0, -0.5, 0.1], "float32", 2),
        ([1.0, float("inf"), 1e300], "float32", 2),
        ([2.0, None, 1.5], int, 2),
        ([2.0, float("nan")], int, 1),
        ([-(2.0**63), 2.0**63], int, 1),
        ([1, 2**53 + 1], float, 1),
        ([1, 2**24 + 1], "float32", 1),
        ([2.0, 300.0], "int8", 1),
    ],
)
def test_cast_of_floats_is_exact(values: list[Any], dtype: Any, wrong: int) -> None:
    """What converts exactly does; else nothing is changed, and the message names the row."""
    table = wbtable.Table(columns=["x"], data=[[value] for value in values])
    with pytest.raises(TypeMismatchError, match=f'column "x", row {wrong}: .*exactly'):
        table.cast("x", dtype)
    check_identical(table.get_column("x"), values)
    table = wbtable.Table(columns=["x"], data=[[value] for value in values[:wrong]])
    table.cast("x", dtype)
    assert table.get_column("x") == values[:wrong]


def test_positions_that_are_no_numbers() -> None:
    table = wbtable.Table(columns=["x"], data=[[1], [2]])
    for wrong in (None, "1", 1.5):
        with pytest.raises(UsageError, match="expected a number of rows"):
            table.head(wrong)  # type: ignore[arg-type]
        with pytest.raises(UsageError, match="expected a row from 0 to 1"):
            table.index_ref(wrong)  # type: ignore[arg-type]
    assert table.head(np.int64(1)).num_rows == 1  # type: ignore[arg-type]


def test_cast_to_classes_and_images() -> None:
    classes = wbtable.Classes([{"id": 0, "name": "cat"}, {"id": 1, "name": "dog"}])
    table = wbtable.Table(columns=["label", "file"], data=[[0, png()], [1, None]])
    table.cast("label", classes.get_type())
    table.cast("file", wbtable.Image)
    assert table.schema["label"].kind == "classes"
    assert table.data[0][1].bytes == png()
    with pytest.raises(TypeMismatchError, match=r'column "label", row 2: .*class ids'):
        table.add_data(5, None)
    table.add_data(1, png(1))
    assert table.get_column("label") == [0, 1, 1]


def test_get_column(stored: Callable[[wbtable.Table], wbtable.Table]) -> None:
    table = stored(wbtable.Table(columns=["i", "a", "s"], data=[[1, np.zeros((2, 2)), "x"], [2, np.ones((2, 2)), "y"]]))
    whole = table.get_column("a", convert_to="numpy")
    assert isinstance(whole, np.ndarray)
    assert whole.shape == (2, 2, 2)
    numbers = table.get_column("i", convert_to="numpy")
    assert isinstance(numbers, np.ndarray)
    assert numbers.dtype == np.int64
    assert table.get_column("s") == ["x", "y"]
    with pytest.raises(NotFoundError, match="nothing"):
        table.get_column("nothing")
    with pytest.raises(UsageError, match="convert_to"):
        table.get_column("i", convert_to="list")


def test_get_dataframe(stored: Callable[[wbtable.Table], wbtable.Table]) -> None:
    frame = stored(_small()).get_dataframe()
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.columns) == ["id", "text"]
    assert frame["id"].tolist() == [1, 2, 3]
    assert frame["text"].isna().tolist() == [False, True, False]


def test_iterrows(stored: Callable[[wbtable.Table], wbtable.Table]) -> None:
    table = stored(_small())
    found = list(table.iterrows())
    assert [index for index, _ in found] == [0, 1, 2]
    assert [row for _, row in found] == [[1, "a"], [2, None], [3, "c"]]
    other = wbtable.Table(columns=["row"], data=[[found[2][0]], [found[0][0]]])
    assert other.get_column("row") == [2, 0]
    assert other.schema["row"].kind == "link"


def test_equality() -> None:
    nan = float("nan")
    table = wbtable.Table(columns=["a", "b"], data=[[1, nan], [2, None]])
    assert table == wbtable.Table(columns=["a", "b"], data=[[1, nan], [2, None]])
    assert table == wbtable.Table(columns=["a", "b"], data=[[1.0, nan], [2.0, None]])
    assert table != wbtable.Table(columns=["a", "b"], data=[[1, None], [2, nan]])
    assert table != wbtable.Table(columns=["a", "c"], data=[[1, nan], [2, None]])
    assert table != wbtable.Table(columns=["a", "b"], data=[[1, nan]])
    assert table != wbtable.Table(columns=["b", "a"], data=[[1, nan], [2, None]])
    assert table != 5
    with pytest.raises(TypeError):
        hash(table)
    images = wbtable.Table(columns=["i"], data=[[wbtable.Image(png())]])
    assert images == wbtable.Table(columns=["i"], data=[[wbtable.Image(io.BytesIO(png()))]])
    assert images != wbtable.Table(columns=["i"], data=[[wbtable.Image(png(1))]])
    assert images != wbtable.Table(columns=["i"], data=[[wbtable.Image(png(), caption="c")]])


def test_reads_between_rows() -> None:
    """Rows added after a read are in the next one, and a snapshot stays as it was."""
    table = wbtable.Table(columns=["a"])
    snapshots = []
    for i in range(50):
        table.add_data(i)
        assert table.get_column("a")[-1] == i
        snapshots.append(table.snapshot())
    assert [one.num_rows for one in snapshots] == list(range(1, 51))
    assert snapshots[3].source.take(np.array([3])).to_pylist() == [{"a": 3}]
    table.add_column("b", [0] * 50)
    assert snapshots[-1].schema.names == ["a"]


def test_data_is_a_copy() -> None:
    table = _small()
    table.data[0][0] = 99
    table.data.append([9, "z"])
    assert table.get_column("id") == [1, 2, 3]


@pytest.mark.parametrize("mode", ["IMMUTABLE", "MUTABLE", "INCREMENTAL"])
def test_log_modes(tmp_path: Path, mode: Any) -> None:
    table = wbtable.Table(columns=["a"], data=[[1]], log_mode=mode)
    table.write(str(tmp_path))
    assert open_table(tmp_path).log_mode == mode
    with pytest.raises(UsageError, match="log_mode"):
        wbtable.Table(columns=["a"], log_mode="SOMETIMES")  # type: ignore[arg-type]


def test_no_log_mode_is_the_usual_one() -> None:
    assert wbtable.Table(columns=["a"], log_mode=None).log_mode == "IMMUTABLE"


def test_incremental_tables_only_grow() -> None:
    table = wbtable.Table(columns=["a"], data=[[1]], log_mode="INCREMENTAL")
    with pytest.raises(UsageError, match="only grows"):
        table.add_column("b", [1])
    with pytest.raises(UsageError, match="only grows"):
        table.add_computed_columns(lambda *_: {"b": 1})


def _media() -> dict[str, list[Any]]:
    boxes: Any = {
        "predictions": {
            "box_data": [
                {
                    "position": {"minX": 0.1, "maxX": 0.5, "minY": 0.2, "maxY": 0.9},
                    "class_id": 1,
                    "box_caption": "cat .9",
                    "scores": {"conf": 0.9, "iou": 0.5},
                },
                {"position": {"middle": [2, 2], "width": 2, "height": 1}, "domain": "pixel", "class_id": 2},
            ],
            "class_labels": {1: "cat", 2: "dog"},
        }
    }
    masks: Any = {"truth": {"mask_data": np.eye(4, 5, dtype=np.uint8), "class_labels": {0: "no", 1: "yes"}}}
    return {
        "image": [wbtable.Image(png(), caption="c"), None, wbtable.Image(np.zeros((3, 2), np.uint8))],
        "overlays": [wbtable.Image(png(), boxes=boxes, masks=masks), wbtable.Image(png(1)), None],
        "images": [[wbtable.Image(png(1)), None, wbtable.Image(png(2))], [], None],
        "in_dict": [{"front": wbtable.Image(png(3)), "n": 1}, {"n": 2}, None],
        "audio": [wbtable.Audio(io.BytesIO(wav())), None, wbtable.Audio(np.zeros(10), sample_rate=8000)],
        "html": [wbtable.Html("<p>x</p>"), None, wbtable.Html("<p>y</p>")],
        "histogram": [wbtable.Histogram([1, 2, 3, 3]), None, wbtable.Histogram(np_histogram=([1, 2], [0, 1, 2]))],
        "points": [wbtable.Object3D(np.zeros((4, 3))), None, wbtable.Object3D(np.ones((2, 6)))],
        "molecule": [wbtable.Molecule(io.StringIO("HEADER x\nEND\n"), file_type="pdb"), None, None],
    }


@pytest.mark.parametrize("name", list(_media()))
def test_media_come_back(stored: Callable[[wbtable.Table], wbtable.Table], name: str) -> None:
    """FILE-1, FILE-3: cells are equal in facts and content; W&B cannot read half of these back."""
    values = _media()[name]
    table = stored(wbtable.Table(columns=["x"], data=[[value] for value in values]))
    for found, expected in zip(table.get_column("x"), values, strict=True):
        assert found == expected
        assert type(found) is type(expected)
    assert table == wbtable.Table(columns=["x"], data=[[value] for value in values])


def test_overlays_come_back(stored: Callable[[wbtable.Table], wbtable.Table]) -> None:
    table = stored(wbtable.Table(columns=["x"], data=[[value] for value in _media()["overlays"]]))
    image = table.data[0][0]
    first, second = image.boxes["predictions"]["box_data"]
    assert first["scores"] == {"conf": 0.9, "iou": 0.5}
    assert first["position"] == {"minX": 0.1, "maxX": 0.5, "minY": 0.2, "maxY": 0.9}
    assert second["domain"] == "pixel"
    assert second["position"]["middle"] == [2, 2]
    assert image.boxes["predictions"]["class_labels"] == {1: "cat", 2: "dog"}
    mask = image.masks["truth"]
    assert (mask.to_numpy() == np.eye(4, 5, dtype=np.uint8)).all()
    assert table.schema["x"].to_json()["mask_labels"] == {"truth": {"0": "no", "1": "yes"}}


def test_plotly_cells(stored: Callable[[wbtable.Table], wbtable.Table]) -> None:
    figure = {"data": [{"type": "bar", "y": [1, 2]}], "layout": {}}
    table = stored(wbtable.Table(columns=["x"], data=[[wbtable.Plotly(figure)], [None]]))
    assert table.schema["x"].kind == "figure"
    assert table.data[0][0] == wbtable.Plotly(figure)


def test_pictures_need_no_wrapping(stored: Callable[[wbtable.Table], wbtable.Table]) -> None:
    from PIL import Image as Pillow

    picture = Pillow.open(io.BytesIO(png()))
    table = stored(wbtable.Table(columns=["x"], data=[[picture]]))
    assert table.schema["x"].kind == "image"
    assert (table.data[0][0].to_numpy() == np.asarray(picture)).all()


def test_what_readers_of_w_and_b_lose() -> None:
    """Each of these raises, changes its value or cannot be read back there."""
    row: list[Any] = [
        *(1 + 2j, dt.timedelta(1), dt.time(1), b"\xff", float("nan"), {"x": None}, [1, None], np.array(["a", "bc"])),
        dt.date(2024, 1, 1),
    ]
    table = wbtable.Table(columns=list("abcdefghi"), data=[row])
    table.add_data(None, None, None, None, None, {"x": 1, "y": 2}, ["no"] and [2], np.array(["d"]), None)
    check_identical(table.data[0][:5], row[:5])
    check_identical(table.data[0][5:], [{"x": None}, [1, None], np.array(["a", "bc"]), dt.date(2024, 1, 1)])
    check_identical(table.data[1][5:6], [{"x": 1, "y": 2}])


def test_repr_shows_the_first_rows() -> None:
    text = repr(_small())
    assert text.splitlines()[0] == "Table: 3 rows x 2 columns"
    assert "text" in text
