"""Let two text models, a small and a doubled one, complete the same prompts; log what they write, and compare.

    python -m examples.prompts [--store FOLDER]

The models count characters (examples/ngram.py): `small` looks back on 2, `doubled` on 4. They learn from this project's
own specification and licence.
"""

from __future__ import annotations

import argparse
import random
import re
from pathlib import Path

import wbtable
from examples.fashion_mnist import open_store
from examples.ngram import NGram

PROJECT = "text-models"
KEY = "completions"
MODELS = {"small": 2, "doubled": 4}
"""Artifact and the order of its model."""
PROMPTS = (
    "A version ",
    "A reader ",
    "The table ",
    "If a writer ",
    "You may ",
    "Each fragment ",
    "Licensor ",
    "Nothing ",
)
COLUMNS = ["prompt", "sample", "completion", "length", "bits_per_character"]
_ROOT = Path(__file__).parents[1]


def corpus() -> tuple[str, str]:
    """Return the text to learn from, and every twelfth paragraph, to test on."""
    pages = [_ROOT / "LICENSE", *sorted((_ROOT / "spec").glob("*.md"))]
    code = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
    text = "\n\n".join(code.sub("", page.read_text("utf-8")) for page in pages)
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n")]
    prose = [part for part in paragraphs if len(part) > 60 and "|" not in part]
    train = [part for place, part in enumerate(prose) if place % 12]
    return "\n".join(train), "\n".join(prose[::12])


def completions_table(model: NGram, samples: int) -> wbtable.Table:
    """Return a table with a row for each sample of each prompt."""
    table = wbtable.Table(columns=COLUMNS)
    for prompt in PROMPTS:
        for sample in range(samples):
            chance = random.Random(f"{prompt} {sample}")
            completion = model.complete(prompt, chance)
            bits = model.bits(prompt + completion, len(prompt))
            table.add_data(prompt.strip(), sample, completion, len(completion), bits)
    return table


def train_and_log(store: wbtable.Store, name: str, samples: int) -> wbtable.Version:
    """Train one model in a run of its own and log what it writes; return the version with its table."""
    train, test = corpus()
    config = {"order": MODELS[name], "characters": len(train)}
    with wbtable.init(project=PROJECT, name=f"train-{name}", config=config, store=store) as run:
        model = NGram(MODELS[name])
        model.train(train)
        run.log({"bits_per_character": model.bits(test), "parameters": model.parameters})
        artifact = wbtable.Artifact(name, type="completions", metadata=config)
        artifact.add(completions_table(model, samples), KEY)
        return run.log_artifact(artifact)


def ask(store: wbtable.Store) -> None:
    """Print the shortest completion of each prompt by each model."""
    written = [store.artifact(f"{PROJECT}/{name}:latest").get(KEY) for name in MODELS]
    both = wbtable.compare(written, mode="concat")
    view = both.view(group=["prompt", "_table"], cells={"shortest": "argmin(completion, len(completion))"})
    names = list(MODELS)
    for row in view.to_arrow().to_pylist():
        print(f"  {row['prompt']:<13} {names[row['_table']]:<8} {row['shortest']}")


def run(folder: Path, *, samples: int = 6) -> None:
    """Train both models, log what they write to the store in `folder`, ask it."""
    store = open_store(folder)
    for name in MODELS:
        version = train_and_log(store, name, samples)
        print(f"  logged {version.qualified_name} ({version.size / 1e3:,.0f} kB)")
    ask(store)


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, default=Path(".wbtable-demo"), help="folder of the store")
    parser.add_argument("--samples", type=int, default=6, help="completions of each prompt by each model")
    arguments = parser.parse_args()
    run(arguments.store, samples=arguments.samples)


if __name__ == "__main__":
    main()
