"""Import 200,000 rows of W&B's JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from benchmarks.case import Bar, Case, Scale, Side, timed
from benchmarks.scalar_data import predictions

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 200_000
COLUMNS = 10


def _prepare(data: Path, scale: Scale) -> None:
    """Write the table as W&B's `Artifact.add` does."""
    batch = predictions(scale.of(ROWS, 20_000))
    table: Any = batch.select(batch.schema.names[:COLUMNS])
    columns = table.schema.names
    kinds = {name: "string" if str(table.schema.field(name).type) == "string" else "number" for name in columns}
    types = {
        name: {"wb_type": "union", "params": {"allowed_types": [{"wb_type": "none"}, {"wb_type": kind}]}}
        for name, kind in kinds.items()
    }
    rows = [list(row) for row in zip(*(table.column(name).to_pylist() for name in columns), strict=True)]
    document = {
        "_type": "table",
        "column_types": {"wb_type": "typedDict", "params": {"type_map": types}},
        "columns": columns,
        "data": rows,
        "log_mode": "IMMUTABLE",
        "ncols": len(columns),
        "nrows": len(rows),
    }
    (data / "t.table.json").write_text(json.dumps(document, sort_keys=True), encoding="utf-8")


def _ours(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import wbtable

    warm = work / "warm.table.json"
    warm.write_text('{"_type": "table", "columns": ["a"], "data": [[1]]}', encoding="utf-8")
    store = wbtable.create_store(work / "store")
    wbtable.import_wandb([warm], store)
    with timed() as watch:
        wbtable.import_wandb([data / "t.table.json"], store)
    return {"seconds": watch.seconds, "rows": len(store.artifact("t").get("t"))}


def _wandb(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import wandb

    class Nothing:
        """An artifact without further files."""

    reader: Any = wandb.Table
    with timed() as watch:
        document = json.loads((data / "t.table.json").read_text("utf-8"))
        table = reader.from_json(document, Nothing())
    return {"seconds": watch.seconds, "rows": len(table.data)}


CASE = Case(
    name="import-wandb",
    work="import 200 k rows x 10 columns of W&B's JSON",
    data="wandb-json",
    prepare=_prepare,
    sides=(
        Side("wbtable", _ours, "import_wandb of the file into a store: parsed, encoded, hashed and fsynced"),
        Side("wandb", _wandb, "json.loads and Table.from_json: read into memory, nothing written", rounds=1),
    ),
    bars=(Bar(what="wandb reading it", ours=("wbtable", "seconds"), peer=("wandb", "seconds"), at_least=20),),
)
