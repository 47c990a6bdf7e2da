"""The main job on real data, in under a minute: `make demo`, or `python -m examples.demo`.

Trains a classifier on Fashion-MNIST and logs its predictions after each epoch, compares the versions, then logs two
tables of songs and their join. Everything goes to one local store; nothing leaves the machine.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from examples import fashion_mnist
from examples.perceptron import Sample


def _program() -> str:
    """Return how the command line is called here: it need not be on the PATH."""
    beside = Path(sys.executable).with_name("wbtable")
    if shutil.which("wbtable") or not beside.exists():
        return "wbtable"
    return os.path.relpath(beside)


def ways_to_look(folder: Path) -> list[list[str]]:
    """Return commands that show what the demo made; a test runs each."""
    at = [_program(), "--store", str(folder)]
    return [
        [*at, "ls"],
        [*at, "show", "fashion-mnist/baseline:latest"],
        [*at, "head", "fashion-mnist/baseline:latest", "predictions"],
        [*at, "log", "fashion-mnist/baseline"],
        [*at, "head", "songs/synth_summary:latest", "synth_explore"],
        [*at, "verify"],
    ]


def more(folder: Path) -> list[list[str]]:
    """Return commands that run the other examples in the same store; a test runs each example."""
    python = os.path.relpath(sys.executable)
    return [[python, "-m", f"examples.{name}", "--store", str(folder)] for name in ("streets", "prompts", "grid_world")]


def _print_saving(folder: Path, epochs: list[fashion_mnist.Epoch], images: int) -> None:
    first, later = epochs[0].stored, [epoch.stored for epoch in epochs[1:]]
    if not later:
        return
    print(f"\nThe {images} test images are the same in each epoch and are stored once. Of {len(epochs)} versions of")
    print(f"baseline the first took {first / 1e3:,.0f} kB and each later one {max(later) / 1e3:,.0f} kB at most.")
    print(f"The store holds {fashion_mnist.bytes_in(folder) / 1e6:.1f} MB.")


def run(folder: Path, *, epochs: int = 5, train: int | None = None, test: int | None = None, number: int = 8) -> None:
    """Run both examples against the store in `folder`, then say what there is and how to look at it."""
    start = time.perf_counter()
    folder = folder.resolve()
    images = len(Sample.load(train=train, test=test).test_images)
    print("1. A classifier, trained on Fashion-MNIST; its predictions are a new version of a table after each epoch")
    print(f"   store: {folder}", flush=True)
    done = fashion_mnist.run(folder, epochs=epochs, train=train, test=test)
    print(
        "\n2. Songs and synthesised versions of them, joined on song_id; each step is a process of its own", flush=True
    )
    for step in ("originals", "synthesised", "join"):
        command = [sys.executable, "-m", "examples.songs", "--store", str(folder), "--songs", str(number)]
        subprocess.run([*command, "--step", step], check=True, cwd=Path(__file__).parents[1])  # noqa: S603 - our own
    _print_saving(folder, done["baseline"], images)
    print(
        f"\nDone in {time.perf_counter() - start:.0f} s. More for the same store, each in seconds: street scenes with"
    )
    print("masks of two models, prompts completed by two text models, films of a robot that learns:")
    for words in more(folder):
        print("  " + " ".join(words))
    print("To look at it in the browser:")
    print("  " + " ".join([_program(), "--store", str(folder), "view"]))
    print("To look further:")
    for words in ways_to_look(folder):
        print("  " + " ".join(words))
    print("or in Python:")
    print("  import wbtable")
    print(f"  store = wbtable.Store({str(folder)!r})")
    print('  store.artifact("fashion-mnist/baseline:v4").get("predictions").to_arrow(columns=["guess", "truth"])')


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, default=Path(".wbtable-demo"), help="folder of the store")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--train", type=int, help="images to train on (default: all 5,000)")
    parser.add_argument("--test", type=int, help="images to predict (default: all 2,000)")
    parser.add_argument("--songs", type=int, default=8)
    arguments = parser.parse_args()
    run(
        arguments.store,
        epochs=arguments.epochs,
        train=arguments.train,
        test=arguments.test,
        number=arguments.songs,
    )


if __name__ == "__main__":
    main()
