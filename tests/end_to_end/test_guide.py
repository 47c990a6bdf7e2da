"""The code of W&B's guide to Tables runs as printed under `import wbtable as wandb`, its printed slips mended.

The text of each snippet stands here as the guide has it, blanks at line ends aside. `MENDED` lists what is mended: an
undefined `my_data`, a row of four values for fourteen columns, a missing comma.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image as PillowImage

import wbtable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FROM_ARRAY = """
# assume a model has returned predictions on four images
# with the following fields available:
# - the image id
# - the image pixels, wrapped in a wandb.Image()
# - the model's predicted label
# - the ground truth label
my_mnist_data = [
  [0, wandb.Image("img_0.jpg"), 0, 0],
  [1, wandb.Image("img_1.jpg"), 8, 0],
  [2, wandb.Image("img_2.jpg"), 7, 1],
  [3, wandb.Image("img_3.jpg"), 1, 1]
]

# create a wandb.Table() with corresponding columns
columns=["id", "image", "guess", "truth"]
test_table = wandb.Table(data=my_data, columns=columns)
"""

INCREMENTALLY = r"""
# create a Table with the same columns as above,
# plus confidence scores for all labels
columns=["id", "image", "guess", "truth"]
for digit in range(10):
    columns.append("score_" + str(digit))
test_table = wandb.Table(columns=columns)

# run inference on every image, assuming my_model returns the
# predicted label, and the ground truth labels are available
for img_id, img in enumerate(mnist_test_data):
    true_label = mnist_test_data_labels[img_id]
    guess_label = my_model.predict(img)
    test_table.add_data(img_id, wandb.Image(img), \
                         guess_label, true_label)
"""

WITH_RUN_LOG = """
run = wandb.init(project="my_project")
test_table = wandb.Table(data=data, columns=columns)
run.log({"my_test_key" : test_table})
"""

WITH_ARTIFACT = """
run = wandb.init(project="my_project")
# create a wandb Artifact for each meaningful step
test_predictions = wandb.Artifact("mnist_test_preds",
                                  type="predictions")

# [build up your predictions data as above]
test_table = wandb.Table(data=data, columns=columns)
test_predictions.add(test_table, "my_test_key")
run.log_artifact(test_predictions)
"""

JOIN = """
run = wandb.init(project="my_project")

# fetch original songs table
orig_songs = run.use_artifact('original_songs:latest')
orig_table = orig_songs.get("original_samples")

# fetch synthesized songs table
synth_songs = run.use_artifact('synth_songs:latest')
synth_table = synth_songs.get("synth_samples")

# join tables on "song_id"
join_table = wandb.JoinedTable(orig_table, synth_table "song_id")
join_at = wandb.Artifact("synth_summary", "analysis")

# add table to artifact and log to W&B
join_at.add(join_table, "synth_explore")
run.log_artifact(join_at)
"""

MENDED = {
    FROM_ARRAY: ("data=my_data", "data=my_mnist_data"),
    INCREMENTALLY: ("guess_label, true_label)", "guess_label, true_label, *my_model.scores(img))"),
    JOIN: ('synth_table "song_id"', 'synth_table, "song_id"'),
}


def run_snippet(text: str, **names: Any) -> dict[str, Any]:
    """Run a snippet after `import wbtable as wandb`; return the names it leaves."""
    if text in MENDED:
        slip, mended = MENDED[text]
        assert text.count(slip) == 1
        text = text.replace(slip, mended)
    exec(compile("import wbtable as wandb\n" + text, "guide", "exec"), names)
    return names


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Work in an empty folder, without a network, in the store of that folder."""

    def refuse(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event in {"socket.connect", "socket.getaddrinfo"}:
            raise AssertionError(f"the network was asked: {arguments}")

    watching = True
    sys.addaudithook(refuse)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WBTABLE_STORE", raising=False)
    yield tmp_path
    wbtable.finish() if wbtable.run is not None else None
    watching = False


@pytest.fixture
def photos(folder: Path) -> list[bytes]:
    """Write img_0.jpg to img_3.jpg; return their bytes."""
    random = np.random.default_rng(0)
    for place in range(4):
        pixels = random.integers(0, 256, (28, 28), np.uint8)
        PillowImage.fromarray(pixels).save(folder / f"img_{place}.jpg")
    return [(folder / f"img_{place}.jpg").read_bytes() for place in range(4)]


class Model:
    """Guesses the digit that an image's mean stands for."""

    def predict(self, image: np.ndarray[Any, Any]) -> int:
        return int(image.mean()) % 10

    def scores(self, image: np.ndarray[Any, Any]) -> list[float]:
        return [0.91 if digit == self.predict(image) else 0.01 for digit in range(10)]


def stored() -> wbtable.Store:
    """Open the store that `init` made in this folder."""
    return wbtable.Store(".wbtable")


def test_from_an_existing_array(photos: list[bytes]) -> None:
    names = run_snippet(FROM_ARRAY)
    table = names["test_table"]
    assert table.columns == ["id", "image", "guess", "truth"]
    assert [[row[0], *row[2:]] for row in table.data] == [[0, 0, 0], [1, 8, 0], [2, 7, 1], [3, 1, 1]]
    table.write("here")
    back = wbtable.open_table("here")
    cells = back.to_arrow(media="bytes")["image"].to_pylist()
    assert [cell["bytes"] for cell in cells] == photos
    assert [(cell["width"], cell["height"]) for cell in cells] == [(28, 28)] * 4
    assert back.get_column("guess") == [0, 8, 7, 1]


def test_the_slip_of_an_undefined_name_is_pythons_error(photos: list[bytes]) -> None:
    with pytest.raises(NameError, match="my_data"):
        exec(compile("import wbtable as wandb\n" + FROM_ARRAY, "guide", "exec"), {})


def _incrementally() -> dict[str, Any]:
    random = np.random.default_rng(1)
    images = random.integers(0, 256, (20, 28, 28), np.uint8)
    labels = random.integers(0, 10, 20).tolist()
    return {"mnist_test_data": images, "mnist_test_data_labels": labels, "my_model": Model()}


def test_by_adding_data_incrementally() -> None:
    given = _incrementally()
    table = run_snippet(INCREMENTALLY, **given)["test_table"]
    assert table.columns == ["id", "image", "guess", "truth", *(f"score_{digit}" for digit in range(10))]
    table.write("here")
    back = wbtable.open_table("here")
    assert len(back) == 20
    for place, (_, row) in enumerate(back.iterrows()):
        image = given["mnist_test_data"][place]
        np.testing.assert_array_equal(row[1].to_numpy().squeeze(), image)
        scores = Model().scores(image)
        assert [row[0], *row[2:]] == [place, scores.index(0.91), given["mnist_test_data_labels"][place], *scores]


def test_the_slip_of_a_short_row_names_the_missing_columns_and_leaves_the_table_usable() -> None:
    names: dict[str, Any] = _incrementally()
    with pytest.raises(wbtable.UsageError, match="score_0"):
        exec(compile("import wbtable as wandb\n" + INCREMENTALLY, "guide", "exec"), names)
    table = names["test_table"]
    assert len(table) == 0
    table.add_data(0, wbtable.Image(names["mnist_test_data"][0]), 1, 2, *([0.1] * 10))
    assert len(table) == 1


def test_save_with_run_log(photos: list[bytes]) -> None:
    names = run_snippet(FROM_ARRAY)
    names = run_snippet(WITH_RUN_LOG, data=names["my_mnist_data"], columns=names["columns"])
    run = names["run"]
    assert run.project == "my_project"
    run.finish()
    version = stored().artifact(f"my_project/run-{run.id}-my_test_key:latest")
    assert (version.version, version.type) == ("v0", "run_table")
    assert version.logged_by() == f"my_project/{run.id}"
    table = version.get("my_test_key")
    assert table.get_column("guess") == [0, 8, 7, 1]
    assert [cell["bytes"] for cell in table.to_arrow(media="bytes")["image"].to_pylist()] == photos


def test_save_with_an_artifact(photos: list[bytes]) -> None:
    names = run_snippet(FROM_ARRAY)
    for epoch in range(3):
        data = [[*row[:2], (row[2] + epoch) % 10, row[3]] for row in names["my_mnist_data"]]
        run_snippet(WITH_ARTIFACT, data=data, columns=names["columns"])["run"].finish()
    versions = stored().versions("my_project/mnist_test_preds")
    assert [version.version for version in versions] == ["v0", "v1", "v2"]
    assert {version.type for version in versions} == {"predictions"}
    assert [version.get("my_test_key").get_column("guess") for version in versions] == [
        [0, 8, 7, 1],
        [1, 9, 8, 2],
        [2, 0, 9, 3],
    ]
    cells = [version.get("my_test_key.table.json").to_arrow()["image"].to_pylist() for version in versions]
    assert cells[0] == cells[1] == cells[2], "the same images are stored once"


def test_the_same_predictions_again_are_the_same_version(photos: list[bytes]) -> None:
    names = run_snippet(FROM_ARRAY)
    for _ in range(2):
        run_snippet(WITH_ARTIFACT, data=names["my_mnist_data"], columns=names["columns"])["run"].finish()
    assert [version.version for version in stored().versions("my_project/mnist_test_preds")] == ["v0"]


def _log_songs() -> None:
    tone = np.sin(np.arange(800) / 9).astype(np.float32)
    originals = wbtable.Table(
        columns=["song_id", "audio"],
        data=[[name, wbtable.Audio(tone, sample_rate=8000)] for name in ("whale", "wind", "sea")],
    )
    pairs = [("whale", "violin"), ("whale", "trumpet"), ("wind", "violin")]
    synthesised = wbtable.Table(
        columns=["song_id", "instrument", "audio"],
        data=[[song, name, wbtable.Audio(tone / 2, sample_rate=8000)] for song, name in pairs],
    )
    with wbtable.init(project="my_project") as run:
        for name, key, table in (
            ("original_songs", "original_samples", originals),
            ("synth_songs", "synth_samples", synthesised),
        ):
            artifact = wbtable.Artifact(name, type="songs")
            artifact.add(table, key)
            run.log_artifact(artifact)


def test_join_tables() -> None:
    _log_songs()
    names = run_snippet(JOIN)
    names["run"].finish()
    version = stored().artifact("my_project/synth_summary:latest")
    assert version.type == "analysis"
    assert version.parents() == ["my_project/original_songs:v0", "my_project/synth_songs:v0"]
    joined = version.get("synth_explore")
    found = [
        (song, instrument)
        for batch in joined.scan(columns=["song_id", "1.instrument"], batch_size=2)
        for song, instrument in zip(*(column.to_pylist() for column in batch.columns), strict=True)
    ]
    assert found == [("whale", "violin"), ("whale", "trumpet"), ("wind", "violin"), ("sea", None)]
    _, first = next(joined.iterrows())
    row = dict(zip(joined.columns, first, strict=True))
    assert row["0.audio"].sample_rate == row["1.audio"].sample_rate == 8000
    assert joined == names["join_table"]


def test_the_same_join_again_is_the_same_version() -> None:
    _log_songs()
    digests = []
    for _ in range(2):
        names = run_snippet(JOIN)
        names["run"].finish()
        digests.append(names["join_at"].digest)
    assert digests[0] == digests[1]
    assert len(stored().versions("my_project/synth_summary")) == 1


def test_the_slip_of_a_missing_comma_is_pythons_error() -> None:
    with pytest.raises(SyntaxError):
        compile(JOIN, "guide", "exec")
