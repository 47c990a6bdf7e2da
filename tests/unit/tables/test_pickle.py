"""Tables and what is made of them go to other processes, as loaders of data send them."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

import wbtable
from tests.unit.tables.cases import png
from wbtable.tables import parts, spill
from wbtable.tables.open import open_table

if TYPE_CHECKING:
    from pathlib import Path


def _again(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


def _table() -> wbtable.Table:
    table = wbtable.Table(columns=["n", "image", "text"], dtype={"image": wbtable.Image})
    table.add_data(1, wbtable.Image(png(0), caption="first"), "a")
    table.add_data(2, None, None)
    table.add_data(3, png(1), "c")
    return table


def _take_part(table: wbtable.Table, out: Any) -> None:
    out.put([bytes(view) if view is not None else None for view in table.iter_blobs("image")])


@pytest.mark.parametrize("kind", ["memory", "stored"])
def test_a_process_that_begins_anew_reads_them(tmp_path: Path, kind: str) -> None:
    table = _table()
    if kind == "stored":
        table.write(str(tmp_path))
        table = open_table(tmp_path)
    context = multiprocessing.get_context("spawn")
    out = context.Queue()
    process = context.Process(target=_take_part, args=(table, out))
    process.start()
    try:
        assert out.get(timeout=120) == [png(0), None, png(1)]
    finally:
        process.join(120)
    assert process.exitcode == 0


def test_a_stored_table_takes_its_place_along_and_no_row(tmp_path: Path) -> None:
    wbtable.Table.from_arrow(pa.table({"n": range(200_000)})).write(str(tmp_path))
    table = open_table(tmp_path)
    assert len(table) == len(table.to_arrow())
    data = pickle.dumps(table)
    assert len(data) < 10_000
    assert pickle.loads(data) == table


def test_what_was_declared_goes_along() -> None:
    table = wbtable.Table(columns=["n", "m"], dtype={"n": int}, optional=[False, True], log_mode="MUTABLE")
    table.add_data(1, "x")
    table.set_pk("n")
    again = _again(table)
    assert (again, again.log_mode, again.primary_key, again.schema) == (table, "MUTABLE", "n", table.schema)
    for one in (table, again):
        with pytest.raises(wbtable.TypeMismatchError, match='column "n", row 1'):
            one.add_data("text", "y")
        with pytest.raises(wbtable.TypeMismatchError, match='column "n", row 1'):
            one.add_data(None, "y")
    again.add_data(2, "y")
    assert (len(table), len(again)) == (1, 2)


def test_links_go_with_their_tables() -> None:
    """A table may link to rows of its own."""
    people = wbtable.Table(columns=["name"], data=[["a"], ["b"]])
    pets = wbtable.Table(columns=["pet", "owner"])
    pets.add_data("x", people.index_ref(1))
    again = _again(pets)
    assert again == pets
    assert again.snapshot().links[0][1] == people
    link = _again(people.index_ref(1))
    assert link == 1
    assert link.table == people


@pytest.mark.parametrize("memory", [1, 1 << 30])
def test_what_waits_in_temporary_files(monkeypatch: pytest.MonkeyPatch, memory: int) -> None:
    """Rows and blobs in files of this process go along; beyond a bound they wait in such files again."""
    for name, module in (("MAX_MEMORY", spill), ("MAX_BORROWED", spill), ("MAX_MEMORY", parts)):
        monkeypatch.setattr(module, name, memory)
    images = [png(i) for i in range(5)]
    table = wbtable.Table.from_arrow(pa.table({"n": range(5), "image": images}), dtype={"image": wbtable.Image})
    table.add_data(5, wbtable.Image(png(9)))
    table.add_column("more", [wbtable.Image(png(i + 20)) for i in range(6)])
    before = len(table)
    again = _again(table)
    assert len(table) == before
    assert again == table
    assert [bytes(view or b"") for view in again.iter_blobs("image")] == [*images, png(9)]
    assert [bytes(view or b"") for view in again.iter_blobs("more")] == [png(i + 20) for i in range(6)]


def test_files_of_the_user_are_read(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    path.write_bytes(png(3))
    table = wbtable.Table(columns=["image"], data=[[wbtable.Image(str(path))]])
    data = pickle.dumps(table)
    path.unlink()
    assert [bytes(view or b"") for view in pickle.loads(data).iter_blobs("image")] == [png(3)]


def test_what_is_made_of_tables(tmp_path: Path) -> None:
    table = _table()
    table.write(str(tmp_path))
    stored = open_table(tmp_path)
    other = wbtable.Table(columns=["n", "text"], data=[[1, "a"], [3, "changed"], [4, "new"]])
    view = stored.view(filter="n > 1", derive={"twice": "n * 2"}, sort="n desc")
    joined = wbtable.JoinedTable(stored, other, "n", how="inner")
    for made in (view, view.where("n < 3"), stored.view(group="text"), view.view(filter="twice = 6"), joined):
        assert _again(made).to_arrow().equals(made.to_arrow())
    growing = table.view(filter="n > 1")
    table.add_data(9, None, "later")
    assert _again(growing).to_arrow().equals(growing.to_arrow()), "the rows are those of the view's making"
    compared = wbtable.compare([table, other], key="n")
    assert _again(compared).counts == compared.counts
    assert _again(compared).to_arrow().equals(compared.to_arrow())
    both = wbtable.PartitionedTable([stored, other])
    assert _again(both).to_arrow().equals(both.to_arrow())
    extended = wbtable.Table(columns=["n", "0.text", "1.text"])
    extended.extend(joined.view(columns=["n", "0.text", "1.text"]))
    assert _again(extended) == extended


def test_copies_grow_apart() -> None:
    table = _table()
    for make in (copy.copy, copy.deepcopy):
        other = make(table)
        other.add_data(4, png(7), "d")
        other.add_column("more", list("wxyz"))
        assert (len(table), table.columns) == (3, ["n", "image", "text"])
        assert [bytes(view) if view else None for view in other.iter_blobs("image")] == [png(0), None, png(1), png(7)]
