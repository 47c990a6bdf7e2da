"""The examples do what they print, on less data."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from click.testing import CliRunner

import wbtable
from examples import demo, fashion_mnist, songs
from examples.data.make_sample import read_idx
from examples.melodies import INSTRUMENTS, RATE
from examples.perceptron import CLASSES, Perceptron, Sample
from tests.architecture.repository import ROOT
from wbtable.cli import cli

if TYPE_CHECKING:
    from pathlib import Path

EPOCHS, TEST, SONGS = 2, 60, 3


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return the store that the demo made, and what it printed."""
    folder = tmp_path_factory.mktemp("demo") / "store"
    sizes = ["--epochs", str(EPOCHS), "--train", "1000", "--test", str(TEST), "--songs", str(SONGS)]
    command = [sys.executable, "-m", "examples.demo", "--store", str(folder), *sizes]
    environment = {**os.environ, "WBTABLE_CACHE_DIR": str(folder.parent / "cache")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


@pytest.fixture(scope="module")
def store(made: tuple[Path, str]) -> wbtable.Store:
    return wbtable.Store(made[0])


def test_each_epoch_is_a_version_that_holds_images_guesses_truth_and_scores(store: wbtable.Store) -> None:
    sample = Sample.load(test=TEST)
    for variant in fashion_mnist.VARIANTS:
        versions = store.versions(f"fashion-mnist/{variant}")
        assert [version.version for version in versions] == [f"v{epoch}" for epoch in range(EPOCHS)]
        for version in versions:
            table = version.get("predictions")
            assert table.columns == ["id", "image", "guess", "truth", *(f"score_{digit}" for digit in range(10))]
            assert table.get_column("id") == list(range(TEST))
            assert table.get_column("truth") == sample.test_labels.tolist()
            scores = np.array([table.get_column(f"score_{digit}") for digit in range(10)])
            assert scores.argmax(axis=0).tolist() == table.get_column("guess")
            np.testing.assert_allclose(scores.sum(axis=0), 1, rtol=1e-5)
            right = np.mean(np.array(table.get_column("guess")) == sample.test_labels)
            assert version.metadata["accuracy"] == pytest.approx(right)
            for row, (_, values) in zip(range(5), table.iterrows(), strict=False):
                np.testing.assert_array_equal(values[1].to_numpy().squeeze(), sample.test_images[row])


def test_images_are_stored_once(made: tuple[Path, str], store: wbtable.Store) -> None:
    packs = {
        cell["file"]["uri"]
        for variant in fashion_mnist.VARIANTS
        for version in store.versions(f"fashion-mnist/{variant}")
        for cell in version.get("predictions").to_arrow(columns=["image"])["image"].to_pylist()
    }
    assert len(packs) == 1
    assert f"The {TEST} test images are the same in each epoch and are stored once" in made[1]


def test_the_comparison_counts_what_changed(store: wbtable.Store) -> None:
    before, after = store.versions("fashion-mnist/baseline")
    found = fashion_mnist.compare(before, after)
    old, new, truth = (
        before.get("predictions").get_column("guess"),
        after.get("predictions").get_column("guess"),
        after.get("predictions").get_column("truth"),
    )
    assert found.changed == [row for row in range(TEST) if old[row] != new[row]]
    assert set(found.mistakes) == set(CLASSES)
    assert sum(wrong for wrong, _ in found.mistakes.values()) == sum(a != b for a, b in zip(old, truth, strict=True))
    assert sum(wrong for _, wrong in found.mistakes.values()) == sum(a != b for a, b in zip(new, truth, strict=True))


def test_comparing_versions_about_other_images_is_refused(tmp_path: Path) -> None:
    store = wbtable.create_store(tmp_path / "store")
    versions = []
    for rows in ([[0, 1, 1]], [[1, 1, 1]]):
        draft = wbtable.Artifact("p", type="predictions")
        draft.add(wbtable.Table(columns=["id", "guess", "truth"], data=rows), "predictions")
        versions.append(store.commit(draft))
    with pytest.raises(ValueError, match="not about the same images"):
        fashion_mnist.compare(*versions)


def test_the_join_pairs_songs_with_their_synthesised_versions(store: wbtable.Store) -> None:
    version = store.artifact("songs/synth_summary:latest")
    assert version.parents() == ["songs/original_songs:v0", "songs/synth_songs:v0"]
    joined = version.get("synth_explore")
    rows = [dict(zip(joined.columns, values, strict=True)) for _, values in joined.iterrows()]
    pairs = [(row["song_id"], row["1.instrument"]) for row in rows]
    instruments = list(INSTRUMENTS)
    assert pairs == [(f"song_0{n}", name) for n in range(SONGS - 1) for name in instruments] + [("song_02", None)]
    for row in rows[:-1]:
        assert row["0.audio"].duration == row["1.audio"].duration
        assert row["0.audio"].sample_rate == row["1.audio"].sample_rate == RATE
    assert rows[-1]["1.audio"] is None
    # Nothing was copied: the artifact is its two documents.
    assert version.size < 5_000


def test_what_it_says_to_look_at_exists(made: tuple[Path, str]) -> None:
    folder, printed = made
    assert f"store: {folder.resolve()}" in printed
    for words in demo.ways_to_look(folder.resolve()):
        assert " ".join(words[1:]) in printed
        done = CliRunner().invoke(cli, words[1:], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        assert done.output.strip()
    lines = printed.splitlines()
    code = "\n".join(line.strip() for line in lines[lines.index("or in Python:") + 1 :])
    exec(compile(code.replace("baseline:v4", f"baseline:v{EPOCHS - 1}"), "printed", "exec"), {})


def test_a_second_run_goes_on_in_the_same_store(made: tuple[Path, str], capsys: pytest.CaptureFixture[str]) -> None:
    songs.run(made[0], songs=SONGS)
    assert "songs/original_songs:v0" in capsys.readouterr().out


@pytest.mark.parametrize("variant", fashion_mnist.VARIANTS)
def test_the_classifier_learns(variant: str) -> None:
    sample = Sample.load()
    model = Perceptron(hidden=fashion_mnist.VARIANTS[variant], learning_rate=fashion_mnist.LEARNING_RATE)
    losses = [model.train_epoch(sample.train_images, sample.train_labels) for _ in range(5)]
    assert losses == sorted(losses, reverse=True)
    assert (model.predict(sample.test_images).argmax(axis=1) == sample.test_labels).mean() > 0.8


def test_the_sample_is_what_its_page_says() -> None:
    sample = Sample.load()
    assert sample.train_images.shape == (5_000, 28, 28)
    assert sample.test_images.shape == (2_000, 28, 28)
    assert set(sample.test_labels.tolist()) == set(range(10))
    assert "MIT License" in (ROOT / "examples" / "data" / "LICENSE").read_text()


def test_a_file_that_is_no_idx_file_is_refused(tmp_path: Path) -> None:
    import gzip

    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(b"\x00\x00\x0d\x01\x00\x00\x00\x00"))
    with pytest.raises(ValueError, match="expected an IDX file of unsigned bytes"):
        read_idx(path)
