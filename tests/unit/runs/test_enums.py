"""Members of enums, wherever a value, a key or a name may stand: one rule (spec: 06-types, TYPE-10, ANY-1)."""

from __future__ import annotations

import decimal
import enum
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import wbtable
from wbtable.runs.init import init

if TYPE_CHECKING:
    from wbtable.artifacts.store import Store

# As ``class Split(str, Enum)`` and its like: `str` and f-strings have class and name of a member.
_make: Any = enum.Enum
Split = _make("Split", {"TRAIN": "train"}, type=str)
Level = _make("Level", {"LOW": 1}, type=int)
Rate = _make("Rate", {"HALF": 0.5}, type=float)
Exact = _make("Exact", {"HALF": "0.5"}, type=decimal.Decimal)


class Order(enum.IntEnum):
    FIRST = 1


class Kind(enum.StrEnum):
    TEST = "test"


class Colour(enum.Enum):
    RED = "r"


class Right(enum.Flag):
    READ = 1
    WRITE = 2


MEMBERS: list[tuple[Any, object]] = [
    (Split.TRAIN, "train"),
    (Level.LOW, 1),
    (Rate.HALF, 0.5),
    (Exact.HALF, decimal.Decimal("0.5")),
    (Order.FIRST, 1),
    (Kind.TEST, "test"),
    (Colour.RED, "RED"),
    (Right.READ | Right.WRITE, "READ|WRITE"),
    (Right(0), "Right(0)"),
]


@pytest.mark.parametrize(("member", "plain"), MEMBERS, ids=[str(plain) for _, plain in MEMBERS])
def test_members_are_the_text_or_number_that_they_are_else_their_name(store: Store, member: Any, plain: Any) -> None:
    """As cells, keys, names of columns, settings and what is logged; never another type in one place than the next."""
    twice = [[plain], [plain]]
    assert wbtable.Table(columns=["x"], data=[[member], [plain]]).data == twice
    for dtype in (type(member), Any):
        assert wbtable.Table(columns=["x"], data=[[member], [plain]], dtype={"x": dtype}).data == twice
    frame = pd.DataFrame({"x": pd.Series([member, member], dtype=object)})
    assert wbtable.Table(dataframe=frame).data == twice
    assert wbtable.Table(dataframe=frame.astype("category")).data == twice
    assert wbtable.Table(columns=["x"], data=[[{"a": [member]}]]).data == [[{"a": [plain]}]]
    assert wbtable.Table(columns=["x"], data=[[{member: 1}]]).data == [[{plain: 1}]]
    assert wbtable.Table(columns=[member], data=[[1]]).columns == [str(plain)]
    assert wbtable.Table(dataframe=pd.DataFrame({member: [1]})).columns == [str(plain)]
    with init(project="p", store=store, config={"c": [member], member: {member: member}}) as run:
        run.log({"x": member, member: 2, "l": [member], "n": {member: member}})
        run.summary["s"] = member
        run.config[member] = run.config[str(plain)]
    (ended,) = store.runs("p")
    assert ended.config == {"c": [plain], str(plain): {str(plain): plain}}
    assert ended.summary == {"x": plain, str(plain): 2, "l": [plain], f"n.{plain}": plain, "s": plain}


def test_names_that_are_members_of_enums_are_their_text(store: Store) -> None:
    """A project called as a member was ``Split.TRAIN`` in the store, where nobody found it."""
    name = Split.TRAIN
    box = {"position": {"minX": 0, "maxX": 1, "minY": 0, "maxY": 1}, "class_id": 1, "box_caption": name}
    image = wbtable.Image(
        np.zeros((2, 2), np.uint8),
        caption=name,
        boxes={name: {"box_data": [{**box, "scores": {name: 1}}], "class_labels": {1: name}}},
        classes=wbtable.Classes([{"id": 1, "name": name}]),
    )
    with init(project=name, id=name, name=name, notes=name, group=name, tags=[name], store=store) as run:
        artifact = wbtable.Artifact(name, type=name, description=name)
        artifact.add(wbtable.Table(columns=["i"], data=[[image]]), name)
        artifact.add(wbtable.Table(columns=["i"], data=[[1]]), Colour.RED)  # type: ignore[arg-type]  # told by its name
        run.log_artifact(artifact, aliases=[name], tags=[name])
    (ended,) = store.runs(name)
    assert repr(ended) == "<RunInfo train/train finished>"
    start = ended.start
    assert (start.project, start.id, start.name, start.notes, start.group) == ("train",) * 5
    assert start.tags == ("train",)
    version = store.artifact("train/train:train")
    assert (version.type, version.description, version.tags) == ("train", "train", ["train"])
    assert sorted(entry.path for entry in version.files()) == ["RED.table.json", "train.table.json"]
    (stored,) = version.get(name).get_column("i")
    assert stored.caption == "train"
    (found,) = stored.boxes["train"]["box_data"]
    assert (found["box_caption"], found["scores"]) == ("train", {"train": 1})
