"""What notebooks show: whole values as HTML, with nothing in it that runs, everything escaped, cuts said."""

from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image as Pillow

import wbtable
from wbtable.integrations import html as pieces
from wbtable.integrations.notebook import draw
from wbtable.media.image import Image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\x1b[31m"
VOID = {"img", "br"}


class Checker(HTMLParser):
    """Refuses what could run or load something, and tags that are not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.images: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in {"style", "div", "table", "thead", "tbody", "tr", "th", "td", "b", "small", "caption"} | VOID
        for name, value in attrs:
            assert name in {"class", "src", "alt", "title"}, name
            if name == "src":
                assert value is not None
                assert re.match(r"data:image/(png|jpeg|gif|webp);base64,", value)
                self.images.append(value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def shown(value: Any) -> tuple[str, Checker]:
    text = value._repr_html_()
    assert isinstance(text, str)
    checker = Checker()
    checker.feed(text)
    checker.close()
    assert not checker.open
    assert "prefers-color-scheme" in text
    return text, checker


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[wbtable.Store]:
    monkeypatch.setenv("WBTABLE_CACHE_DIR", str(tmp_path / "cache"))
    yield wbtable.create_store(tmp_path / "store")
    if wbtable.run is not None:
        wbtable.finish()


def pixels(uri: str) -> Any:
    return Pillow.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))


def test_tables_show_rows_thumbnails_and_what_is_cut() -> None:
    table = wbtable.Table(columns=["id", "image", "text"])
    for i in range(25):
        table.add_data(i, Image(np.full((200, 400, 3), i * 10, np.uint8), caption=EVIL), EVIL)
    text, checker = shown(table)
    assert "25 rows x 3 columns" in text
    assert "10 of 25 rows are shown" in text
    assert len(checker.images) == 10
    picture = pixels(checker.images[9])
    assert picture.size == (72, 36)
    assert abs(int(np.asarray(picture.convert("L"))[10, 10]) - 90) < 3
    assert "&lt;script&gt;" in text


def test_many_columns_are_cut_and_named() -> None:
    table = wbtable.Table(columns=[f"c{i}{EVIL}" for i in range(24)], data=[list(range(24))])
    text, _ = shown(table)
    assert "20 of 24 columns are shown; the others are c20" in text
    assert shown(wbtable.Table(columns=[]))[0].count("<table>") == 0


def test_small_images_are_shown_as_they_are_stored() -> None:
    image = Image(np.zeros((4, 4), np.uint8))
    _, checker = shown(wbtable.Table(columns=["image"], data=[[image]]))
    assert base64.b64decode(checker.images[0].partition(",")[2]) == image.bytes


@pytest.mark.parametrize(
    "array",
    [
        np.linspace(0, 60_000, 6400).reshape(80, 80).astype(np.uint16),
        np.full((90, 90, 4), 128, np.uint8),
        np.zeros((300, 2), np.uint8),
    ],
)
def test_odd_pixels_have_thumbnails(array: Any) -> None:
    _, checker = shown(wbtable.Table(columns=["image"], data=[[Image(array)]]))
    assert max(pixels(checker.images[0]).size) == 72


def test_so_many_thumbnails_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "MAX_PICTURES", 3)
    table = wbtable.Table(columns=["image"], data=[[Image(np.zeros((4, 4), np.uint8))] for _ in range(5)])
    text, checker = shown(table)
    assert len(checker.images) == 3
    assert "2 images are shown as text only" in text


def commit(store: wbtable.Store, shift: int) -> wbtable.Version:
    draft = wbtable.Artifact("eval", type="dataset", metadata={"note": EVIL}, description=EVIL)
    rows = [[i, Image(np.full((100, 100), i, np.uint8)), i * shift] for i in range(6)]
    draft.add(wbtable.Table(columns=["id", "image", "score"], data=rows), "t")
    for i in range(25):
        with draft.new_file(f"{i:02d} <b>.txt") as file:
            file.write(str(i))
    return store.commit(draft, project="p", aliases=[] if shift == 1 else ["best"])


def test_versions_views_and_comparisons(store: wbtable.Store) -> None:
    first, second = commit(store, 1), commit(store, 2)
    text, _ = shown(second)
    assert "p/eval:v1" in text
    assert "latest, best" in text
    assert "20 of 26 entries are shown" in text
    assert "&lt;b&gt;" in text
    text, checker = shown(second.get("t").view(filter="id > 2"))
    assert "3 rows" in text
    assert len(checker.images) == 3
    text, _ = shown(first.compare(second, path="t", key="id"))
    assert re.search(r"changed</th><td>5<", text)
    assert "<td>score</td><td>changed</td><td class=n>5</td>" in text
    text, checker = shown(wbtable.compare([first.get("t"), second.get("t")], mode="side_by_side"))
    assert text.index("side 0") < text.index("<table>") < text.index("side 1") < text.rindex("<table>")
    assert len(checker.images) == 12


def test_damaged_media_are_said_beside_the_others(store: wbtable.Store, tmp_path: Path) -> None:
    version = commit(store, 1)
    (pack,) = (
        path for path in (tmp_path / "store" / "objects").rglob("*") if path.is_file() and b"PNG" in path.read_bytes()
    )
    pack.chmod(0o644)
    pack.write_bytes(bytes(byte ^ 255 for byte in pack.read_bytes()))
    text, checker = shown(wbtable.Store(store.url).artifact(version.qualified_name).get("t"))
    assert not checker.images
    assert "image 100x100 png" in text
    assert "SHA-256" in text or "digest" in text


def test_runs(store: wbtable.Store) -> None:
    with wbtable.init(project="p", id="one", config={"lr": 0.1, EVIL: EVIL}, store=store, notes=EVIL) as run:
        run.log({"loss": 0.5})
        text, _ = shown(run)
        assert "open" in text
    assert "finished" in shown(run)[0]
    (info,) = store.runs("p")
    text, _ = shown(info)
    assert "p/one</b> finished" in text
    assert "<th>lr</th><td>0.1</td>" in text
    text, _ = shown(store.runs("p"))
    assert "loss=0.5" in text
    assert shown(store.runs("none"))[0].count("<table>") == 0


def test_what_cannot_be_read_is_said_and_nothing_raises(store: wbtable.Store, tmp_path: Path) -> None:
    version = commit(store, 1)
    for path in (tmp_path / "store" / "objects").rglob("*"):
        if path.is_file():
            path.unlink()
    text, _ = shown(wbtable.Store(store.url).artifact(version.qualified_name))
    assert "it cannot be shown" in text


def test_other_values_are_not_drawn() -> None:
    assert draw(3) is None
