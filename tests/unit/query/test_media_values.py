"""Media compare by digest wherever they stand, and groups of them have values (EXPR-6, VIEW-3, VIEW-6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import wbtable
from tests.unit.tables.reading import stored
from wbtable.errors import UsageError
from wbtable.query import group_rows
from wbtable.query.bars import PageCells

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.tables.table import Table


def picture(shade: int, caption: str, width: int = 3) -> wbtable.Image:
    return wbtable.Image(np.full((2, width, 3), shade, np.uint8), caption=caption)


@pytest.fixture(params=["memory", "stored"])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Table:
    """Give rows that show two pictures in turn, each under a caption of its own."""
    made = wbtable.Table(columns=["id", "image", "several", "named"])
    for number in range(6):
        shade = number % 2
        pictures = [picture(shade, f"b{number}"), picture(9, "other")]
        made.add_data(number, picture(shade, f"a{number}"), pictures, {"one": picture(shade, f"c{number}")})
    return made if request.param == "memory" else stored(made, tmp_path / "stored")


def test_media_in_lists_and_dicts_compare_by_digest(table: Table) -> None:
    always = (
        *("several contains image", "image in several", "image in [several[0]]", "[image] == [several[0]]"),
        *('named == {"one": image}', "several contains image.digest"),
    )
    for text in always:
        assert len(table.view(filter=text)) == 6, text
        assert len(table.view(filter=f"not ({text})")) == 0, text
    digest = table.view(derive={"d": "several[1].digest"}).to_arrow()["d"][0].as_py()
    assert len(table.view(filter=f'several contains digest("{digest}")')) == 6
    assert len(table.view(filter=f'several contains digest("SHA-256:{"0" * 64}")')) == 0
    cells = {name: f"distinct({name})" for name in ("image", "several", "named")}
    found = table.view(group="true", cells=cells).to_arrow().select(list(cells)).to_pylist()
    assert found == [{"image": 2, "several": 2, "named": 2}]


@pytest.mark.parametrize("key", ["image", "several", "named", "[image]"])
def test_groups_of_them_are_told_apart_by_digest(table: Table, key: str) -> None:
    groups = table.view(group=key)
    assert groups.to_arrow()["count"].to_pylist() == [3, 3]
    plain = table.to_arrow(["several", "named"])
    if key in plain.column_names:
        firsts = [value in plain[key].to_pylist()[:2] for value in groups.to_arrow()[key].to_pylist()]
        assert firsts == [True, True]
    page = groups.group_cells(columns=["named"])["named"]
    assert isinstance(page, PageCells)
    assert page.counts == (3, 3)
    assert [groups.expand(number).to_arrow()["id"].to_pylist() for number in (0, 1)] in (
        [[0, 2, 4], [1, 3, 5]],
        [[1, 3, 5], [0, 2, 4]],
    )


def test_lists_and_dicts_of_media_are_equal_to_those_of_digests(table: Table) -> None:
    """EXPR-6: media compare with text, in lists and dicts too."""
    one, other = (cell["file"]["checksum"] for cell in table.to_arrow(["several"])["several"][0].as_py())
    for text in (f'several == ["{one}", digest("{other}")]', f'{{"one": "{one}"}} == named', f'[image] == ["{one}"]'):
        assert table.view(filter=text).to_arrow()["id"].to_pylist() == [0, 2, 4], text
    assert len(table.view(filter=f'several in [["{one}"], ["{other}", null]]')) == 0
    for text in ('several == "x"', "several == [1]", 'named == {"two": "x"}'):
        with pytest.raises(UsageError, match="does not compare"):
            table.view(filter=text)


def test_lists_of_media_are_made_unique_by_digest(table: Table) -> None:
    """EXPR-6: captions, and where blobs lie, tell nothing apart; of equal ones the first stays."""
    made = table.view(
        derive={
            "found": "unique(several + [image, null] + several)",
            "ordered": "sort([image, several[1], null, several[0]])",
            "dicts": "unique([named, named])",
        }
    ).to_arrow(["found", "ordered", "dicts"])
    for number, row in enumerate(made.to_pylist()):
        found = sorted(row["found"], key=lambda cell: cell["file"]["checksum"])
        assert found == row["found"]
        assert sorted(cell["caption"] for cell in found) == [f"b{number}", "other"]
        digests = [cell and cell["file"]["checksum"] for cell in row["ordered"]]
        assert digests == [*sorted(filter(None, digests)), None]
        assert len(row["dicts"]) == 1


@pytest.mark.parametrize("at_once", [4096, 0])
def test_expressions_over_groups_see_the_first_media(
    table: Table, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_rows, "_AT_ONCE", at_once)
    monkeypatch.setattr(group_rows, "SMALL", at_once)
    cells = {"width": "image.width", "caption": "image.caption", "own": "image", "both": "[image, first(image)]"}
    view = table.view(group="image", cells=cells, having="image.height < 5", sort="image.caption desc")
    assert view.warnings() == ()
    found = view.window(0, 2)
    assert found["caption"].to_pylist() == ["a1", "a0"]
    assert found["width"].to_pylist() == [3, 3]
    assert found["own"].to_pylist() == found["image"].to_pylist()
    assert [len(both) for both in found["both"].to_pylist()] == [2, 2]
    assert [row[1][4].image.size for row in view.iterrows()] == [(3, 2), (3, 2)]
    inverse = table.view(group="image", cells={"x": "1 / (image.width - 3)"})
    assert [(one.kind, one.count, one.unit) for one in inverse.warnings()] == [("division by zero", 2, "groups")]
