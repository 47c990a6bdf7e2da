"""Train two classifiers on Fashion-MNIST, log what each predicts after every epoch, and compare the versions.

    python -m examples.fashion_mnist [--store FOLDER] [--epochs N]

Each epoch makes one version of an artifact: a table of the test images with guess, truth and ten scores. The images are
the same in all of them and are stored once.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import wbtable
from examples.perceptron import CLASSES, Bytes, Floats, Perceptron, Sample

PROJECT = "fashion-mnist"
KEY = "predictions"
VARIANTS = {"baseline": 64, "double": 128}
"""Artifact and the width of its model's hidden layer."""
LEARNING_RATE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """What one epoch came to.

    Attributes:
        version: the artifact's version that holds its predictions.
        accuracy: share of test images guessed right.
        stored: bytes that its commit added to the store.

    """

    version: str
    loss: float
    accuracy: float
    stored: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How two versions of predictions differ.

    Attributes:
        changed: ids of images whose guess changed.
        mistakes: for each class, how many of its images were guessed wrong, before and after.

    """

    changed: list[int]
    mistakes: dict[str, tuple[int, int]]


def bytes_in(folder: Path) -> int:
    """Return the size of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def predictions_table(images: Bytes, labels: Bytes, scores: Floats) -> wbtable.Table:
    """Return a table with a row for each image: id, image, guess, truth, score_0 to score_9."""
    columns = ["id", "image", "guess", "truth"]
    columns += [f"score_{digit}" for digit in range(len(CLASSES))]
    table = wbtable.Table(columns=columns)
    guesses = scores.argmax(axis=1)
    for row, (pixels, label) in enumerate(zip(images, labels, strict=True)):
        table.add_data(row, wbtable.Image(pixels), int(guesses[row]), int(label), *scores[row].tolist())
    return table


def train_and_log(store: wbtable.Store, folder: Path, variant: str, sample: Sample, epochs: int) -> list[Epoch]:
    """Train one variant in a run of its own; each epoch logs two scalars and one version of its predictions."""
    model = Perceptron(hidden=VARIANTS[variant], learning_rate=LEARNING_RATE)
    config = {"hidden": VARIANTS[variant], "learning_rate": LEARNING_RATE, "epochs": epochs}
    done = []
    with wbtable.init(project=PROJECT, name=f"train-{variant}", config=config, store=store) as run:
        for epoch in range(epochs):
            loss = model.train_epoch(sample.train_images, sample.train_labels)
            scores = model.predict(sample.test_images)
            accuracy = float((scores.argmax(axis=1) == sample.test_labels).mean())
            run.log({"loss": loss, "accuracy": accuracy})

            before = bytes_in(folder / "objects")
            artifact = wbtable.Artifact(variant, type="predictions", metadata={"epoch": epoch, "accuracy": accuracy})
            artifact.add(predictions_table(sample.test_images, sample.test_labels, scores), KEY)
            version = run.log_artifact(artifact)
            stored = bytes_in(folder / "objects") - before
            done.append(Epoch(version=version.version, loss=loss, accuracy=accuracy, stored=stored))
    return done


def compare(before: wbtable.Version, after: wbtable.Version) -> Comparison:
    """Compare two versions by the columns that this needs; no image is read."""
    columns = ["id", "guess", "truth"]
    left = before.get(KEY).to_arrow(columns=columns)
    right = after.get(KEY).to_arrow(columns=columns)
    if left["id"] != right["id"] or left["truth"] != right["truth"]:
        message = f"{before} and {after} are not about the same images"
        raise ValueError(message)
    truth, old, new = (np.asarray(column) for column in (left["truth"], left["guess"], right["guess"]))
    wrong_before, wrong_after = Counter(truth[old != truth].tolist()), Counter(truth[new != truth].tolist())
    return Comparison(
        changed=np.asarray(left["id"])[old != new].tolist(),
        mistakes={name: (wrong_before[label], wrong_after[label]) for label, name in enumerate(CLASSES)},
    )


def print_comparison(store: wbtable.Store, first: str, second: str) -> Comparison:
    """Print how two versions differ; names are like `baseline:v0`."""
    before, after = store.artifact(f"{PROJECT}/{first}"), store.artifact(f"{PROJECT}/{second}")
    found = compare(before, after)
    print(f"\n{first} against {second}: {len(found.changed)} of {len(before.get(KEY))} guesses differ")
    for table in before.diff(after).tables:
        print(f"  {table.path}: {table.rows[0]} rows, then {table.rows[1]}; same columns")
    print(f"  {'mistakes per class':<20}{first:>14}{second:>14}")
    for name, (old, new) in found.mistakes.items():
        print(f"  {name:<20}{old:>14}{new:>14}")
    return found


def run(folder: Path, *, epochs: int = 5, train: int | None = None, test: int | None = None) -> dict[str, list[Epoch]]:
    """Train both variants, log their predictions to the store in `folder`, print what came of it."""
    store = open_store(folder)
    sample = Sample.load(train=train, test=test)
    done = {}
    for variant, hidden in VARIANTS.items():
        print(f"\n{variant}: {hidden} hidden units, {len(sample.train_images)} images to train on")
        start = time.perf_counter()
        done[variant] = train_and_log(store, folder, variant, sample, epochs)
        for epoch in done[variant]:
            print(
                f"  {PROJECT}/{variant}:{epoch.version}  loss {epoch.loss:.3f}  accuracy {epoch.accuracy:.1%}"
                f"  stored {epoch.stored / 1e3:,.0f} kB"
            )
        print(f"  {time.perf_counter() - start:.1f} s")
    # Versions are numbered on, if the store has some from earlier: so they are named here by what this run made.
    first, last = done["baseline"][0].version, done["baseline"][-1].version
    print_comparison(store, f"baseline:{first}", f"baseline:{last}")
    print_comparison(store, f"baseline:{last}", f"double:{done['double'][-1].version}")
    return done


def open_store(folder: Path) -> wbtable.Store:
    """Return the store in a folder, made if there is none."""
    return wbtable.Store(folder) if (folder / "wbtable.json").exists() else wbtable.create_store(folder)


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, default=Path(".wbtable-demo"), help="folder of the store")
    parser.add_argument("--epochs", type=int, default=5)
    arguments = parser.parse_args()
    run(arguments.store, epochs=arguments.epochs)


if __name__ == "__main__":
    main()
