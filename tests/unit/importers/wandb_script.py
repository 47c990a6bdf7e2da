"""What a user of W&B logs: run by the tests in a process of its own, offline, with W&B's real client."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import wandb

CLIENT: Any = wandb
TINY = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)


def main(folder: Path) -> None:
    """Log one run with a bit of everything."""
    run = wandb.init(
        project="digits", name="baseline", id="real1", config={"lr": 0.1, "net": {"sizes": [1, 2]}}, tags=["x"]
    )
    for step in range(20):
        run.log({"loss": 1 / (step + 1), "val": {"acc": step / 20}, "phase": f"p{step}"})
    run.log({"odd": float("inf"), "nan": float("nan"), "counts": wandb.Histogram([1, 2, 2, 3])})
    boxes: dict[str, dict[str, Any]] = {
        "p": {"box_data": [{"position": {"middle": [2, 2], "width": 1, "height": 1}, "domain": "pixel", "class_id": 1}]}
    }
    boxes["p"]["class_labels"] = {1: "cat"}
    masks = {"m": {"mask_data": np.zeros((4, 4), np.uint8), "class_labels": {0: "ground"}}}
    run.log({"photo": wandb.Image(TINY, caption="one", boxes=boxes, masks=masks)})
    run.log({"photos": [wandb.Image(TINY), wandb.Image(255 - TINY, caption="b")], "page": wandb.Html("<b>x</b>")})

    columns = ["id", "photo", "vector", "big", "when"]
    table = CLIENT.Table(columns=columns)
    for i in range(5):
        table.add_data(
            i, wandb.Image(TINY + i), np.arange(200, dtype=np.float32) + i, 2**60 + i, np.datetime64("2024-02-29")
        )
    run.log({"val/preds": table})
    growing = wandb.Table(columns=["n"], log_mode="INCREMENTAL")
    for i in range(3):
        growing.add_data(i)
        run.log({"growing": growing})

    (folder / "notes.txt").write_text("hello")
    data = wandb.Artifact("data", type="dataset", description="what there is", metadata={"rows": 5})
    data.add(table, "again")
    words = wandb.Table(columns=["id", "word"], data=[[i, f"w{i}"] for i in range(5)])
    words.set_pk("word")
    data.add(words, "words")
    data.add_file(str(folder / "notes.txt"))
    data.add_reference("custom://somewhere/else", name="far")
    run.log_artifact(data, aliases=["best"])
    both = wandb.Artifact("both", type="analysis")
    both.add(CLIENT.JoinedTable(table, wandb.Table(columns=["id", "word"], data=[[4, "four"]]), "id"), "joined")
    run.log_artifact(both)
    linked = wandb.Artifact("linked", type="analysis")
    rows = [["w3", words.index_ref(3), words.index_ref(0)], ["w1", words.index_ref(1), words.index_ref(2)]]
    uses = wandb.Table(columns=["word", "row", "other"], data=rows)
    uses.set_fk("word", words, "word")
    linked.add(uses, "uses")
    run.log_artifact(linked)
    run.summary["final"] = {"score": 3}
    run.finish(exit_code=0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
