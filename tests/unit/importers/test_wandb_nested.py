"""Media within the dicts and lists of a table of W&B's are media here, too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import wbtable

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.importers.report import Report

CELL = {"_type": "image-file", "path": "media/a.png", "format": "png"}
BOXES = {"p": [{"position": {"minX": 0, "maxX": 1, "minY": 0, "maxY": 1}, "class_id": 1}]}
LABELS = {"box_class_maps": {"wb_type": "const", "params": {"val": {"p": {"1": "cat"}}, "is_set": False}}}


def imported(tmp_path: Path, rows: list[list[Any]], kind: object = None) -> tuple[Any, Report]:
    """Return a table of one column, written as W&B does, and what its import said."""
    (tmp_path / "media").mkdir()
    wbtable.Image(np.zeros((2, 3), np.uint8)).save(tmp_path / "media" / "a.png")
    types = {"wb_type": "typedDict", "params": {"type_map": {"x": kind}}}
    document = {"_type": "table", "columns": ["x"], "data": rows, "nrows": len(rows), "column_types": types}
    (tmp_path / "t.table.json").write_text(json.dumps(document))
    store = wbtable.create_store(tmp_path / "store")
    report = wbtable.import_wandb(tmp_path / "t.table.json", store)
    return store.artifact("t").only_table(), report


def with_cells(value: Any) -> Any:
    """Return a value with W&B's cells in the place of its images."""
    if isinstance(value, dict):
        return {key: with_cells(item) for key, item in value.items()}
    if isinstance(value, list):
        return [with_cells(item) for item in value]
    return CELL if isinstance(value, wbtable.Image) else value


@pytest.mark.parametrize("value", [{"a": CELL, "n": 1}, {"n": {"a": CELL}}, [{"a": CELL}], {"a": [CELL, None]}])
def test_media_within_dicts_and_lists_are_media(tmp_path: Path, value: object) -> None:
    table, report = imported(tmp_path, [[value], [None]])
    assert list(report.problems()) == []
    first, second = table.get_column("x")
    assert second is None
    assert with_cells(first) == value


def test_boxes_within_a_dict_have_the_names_of_their_classes(tmp_path: Path) -> None:
    fields = {"a": {"wb_type": "image-file", "params": LABELS}}
    kind = {"wb_type": "typedDict", "params": {"type_map": fields}}
    table, _ = imported(tmp_path, [[{"a": {**CELL, "boxes": BOXES}}]], kind)
    assert table.get_column("x")[0]["a"].boxes["p"]["class_labels"] == {1: "cat"}


def test_a_dict_whose_media_are_missing_is_kept_as_it_was(tmp_path: Path) -> None:
    gone = {"a": {**CELL, "path": "media/gone.png"}}
    table, report = imported(tmp_path, [[{"a": CELL}], [gone]])
    assert [item.outcome for item in report.problems()] == ["kept"]
    assert table.get_column("x")[1] is None
    assert json.loads(table.get_column("x.wandb")[1]) == gone
