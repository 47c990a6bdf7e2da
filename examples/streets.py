"""Log what two models see in street scenes, as masks beside the ground truth, and ask where they go wrong.

    python -m examples.streets [--store FOLDER] [--scenes N]

Scenes are drawn (examples/street_drawing.py). Model `colour` looks at a pixel's colour alone, model `context` also at
what is around it and where it is. Each logs a table: the image with both masks, and for every class the pixels that are
false positive and false negative.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import wbtable
from examples import pixel_classifier
from examples.fashion_mnist import open_store
from examples.pixel_classifier import PixelClassifier
from examples.street_drawing import LABELS, Pixels, Scene, scene

PROJECT = "street-scenes"
KEY = "scenes"
MODELS = {"colour": pixel_classifier.colour, "context": pixel_classifier.context}
"""Artifact and what its model looks at."""
TRAINING_FROM = 1000
"""The number of the first scene to train on, far from those that are logged."""
COLUMNS = [
    "scene",
    "image",
    "pixel_accuracy",
    *(f"{kind}_{name}" for name in LABELS.values() for kind in ("false_positive", "false_negative")),
]


def wrong_pixels(guess: Pixels, truth: Pixels) -> list[int]:
    """Return for each class, in order: how many pixels are said to be of it and are not, and the other way round."""
    counts = []
    for kind in LABELS:
        counts.append(int(((guess == kind) & (truth != kind)).sum()))
        counts.append(int(((guess != kind) & (truth == kind)).sum()))
    return counts


def scenes_table(scenes: list[Scene], guesses: list[Pixels]) -> wbtable.Table:
    """Return a table with a row for each scene: image with both masks, accuracy, wrong pixels by class."""
    table = wbtable.Table(columns=COLUMNS)
    for seen, guess in zip(scenes, guesses, strict=True):
        masks = {
            "ground_truth": {"mask_data": seen.truth, "class_labels": LABELS},
            "prediction": {"mask_data": guess, "class_labels": LABELS},
        }
        accuracy = float((guess == seen.truth).mean())
        table.add_data(seen.name, wbtable.Image(seen.image, masks=masks), accuracy, *wrong_pixels(guess, seen.truth))
    return table


def train_and_log(store: wbtable.Store, name: str, training: list[Scene], scenes: list[Scene]) -> wbtable.Version:
    """Train one model in a run of its own and log what it sees; return the version with its table."""
    config = {"looks_at": name, "scenes": len(training), "classes": list(LABELS.values())}
    with wbtable.init(project=PROJECT, name=f"train-{name}", config=config, store=store) as run:
        model = PixelClassifier(MODELS[name])
        model.train(training)
        guesses = [model.predict(seen.image) for seen in scenes]
        right = [(guess == seen.truth).mean() for guess, seen in zip(guesses, scenes, strict=True)]
        run.log({"pixel_accuracy": float(np.mean(right))})
        artifact = wbtable.Artifact(name, type="segmentation")
        artifact.add(scenes_table(scenes, guesses), KEY)
        return run.log_artifact(artifact)


def ask(store: wbtable.Store) -> None:
    """Print answers to what people ask of such tables."""
    seen = {name: store.artifact(f"{PROJECT}/{name}:latest").get(KEY) for name in MODELS}
    for name, table in seen.items():
        for kind in ("false_positive_sidewalk", "false_negative_car"):
            worst = table.view(sort=f"{kind} desc").window(0, 3, columns=["scene", kind]).to_pylist()
            found = ", ".join(f"{row['scene']} ({row[kind]:,})" for row in worst)
            print(f"  {name}: most {kind.replace('_', ' ')} pixels: {found}")
    # The same from the masks themselves, where nobody counted beforehand.
    missed = (
        'mask_pixels(image, "ground_truth", "car")'
        ' - mask_overlap(image, "ground_truth", "car", image, "prediction", "car")'
    )
    view = seen["context"].view(derive={"missed": missed}, sort="missed desc")
    assert view.window(0, 1)["missed"][0].as_py() == max(seen["context"].get_column("false_negative_car"))
    both = wbtable.compare(list(seen.values()), key="scene")
    first, second = seen
    for kind in ("false_positive_car", "false_negative_car"):
        better = both.view(filter=f"1.{kind} < 0.{kind}")
        print(f"  {second} has fewer {kind.replace('_', ' ')} pixels than {first}: {len(better)} of {len(both)} scenes")


def run(folder: Path, *, scenes: int = 16, training: int = 24) -> None:
    """Draw scenes, train both models, log what they see to the store in `folder`, ask it."""
    store = open_store(folder)
    drawn = [scene(number) for number in range(scenes)]
    to_train_on = [scene(TRAINING_FROM + number) for number in range(training)]
    for name in MODELS:
        version = train_and_log(store, name, to_train_on, drawn)
        print(f"  logged {version.qualified_name} ({version.size / 1e3:,.0f} kB)")
    ask(store)


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, default=Path(".wbtable-demo"), help="folder of the store")
    parser.add_argument("--scenes", type=int, default=16)
    arguments = parser.parse_args()
    run(arguments.store, scenes=arguments.scenes)


if __name__ == "__main__":
    main()
