"""The file that a report becomes: its policy, its rows and pills, what fits into it, what is left out."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import wbtable
from wbtable.artifacts.saved import new_id
from wbtable.errors import NotFoundError
from wbtable.format.report import MarkdownPanel, Report, TablePanel
from wbtable.format.view_source import TablePlace, ViewSource
from wbtable.format.view_spec import ColumnSetting, Named, Sort, ViewSpec, Window
from wbtable.viewer import report_html, report_rows, report_task

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.artifacts.store import Store
    from wbtable.format.report import Panel

HOSTILE = "</script><script>alert(1)</script>\u2028<!--"
PLACE = TablePlace(project="p", artifact="things", version="v0", path="things.table.json")
SOURCE = ViewSource(kind="table", tables=(PLACE,))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    made = wbtable.create_store(tmp_path_factory.mktemp("report") / "store")
    rng = np.random.default_rng(1)
    table = wbtable.Table(columns=["id", "word", "score", "image", "sound"], optional=True)
    for i in range(40):
        image = wbtable.Image((rng.random((24, 24)) * 255).astype("uint8"), caption=HOSTILE if i == 0 else None)
        sound = wbtable.Audio(np.sin(np.arange(800) / 10).astype("float32"), sample_rate=8000)
        score = None if i % 7 == 3 else i / 10
        table.add_data(i, HOSTILE if i == 1 else f"word {i % 4}", score, image, sound)
    draft = wbtable.Artifact("things", type="dataset")
    draft.add(table, "things")
    made.commit(draft, project="p")
    return made


def _made(store: Store, tmp_path: Path, *panels: Panel, title: str = "Report") -> tuple[File, list[str]]:
    report = Report(id=new_id(), created_at=dt.datetime.now(dt.UTC), panels=panels, title=title)
    name = new_id()
    store.save_report(report, name, "p")
    notes = report_task.export_report(store, "p", name, tmp_path / "report.html")
    return File((tmp_path / "report.html").read_text("utf-8")), notes


def _panel(id: str = "t", **changes: Any) -> TablePanel:
    return TablePanel(id=id, view=ViewSpec(source=SOURCE).with_(**changes), title="Things")


class File(HTMLParser):
    """The parts of a file, as a browser takes them apart."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = text
        self.tags: list[str] = []
        self.policy = ""
        self.code = ""
        self.style = ""
        self.data: dict[str, Any] = {}
        self.blobs: dict[str, bytes] = {}
        self.title = ""
        self._inside: tuple[str, dict[str, str | None]] = ("", {})
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        self._inside = (tag, found)
        assert not {"onclick", "onerror", "style", "src", "href"} & found.keys()
        if found.get("http-equiv") == "Content-Security-Policy":
            self.policy = str(found["content"])

    def handle_endtag(self, tag: str) -> None:
        self._inside = ("", {})

    def handle_data(self, data: str) -> None:
        tag, attributes = self._inside
        kind = attributes.get("type")
        if tag == "script" and kind == "application/json":
            self.data = json.loads(data)
        elif tag == "script" and kind == "text/plain":
            self.blobs[str(attributes["id"])] = base64.b64decode(data)
        elif tag == "script":
            assert kind == "module"
            self.code += data
        elif tag == "style":
            self.style += data
        elif tag == "title":
            self.title += data

    def table(self, panel: int = 0) -> Any:
        return self.data["panels"][panel]["tables"][0]


def test_the_file_allows_its_one_script_and_style_by_their_bytes(store: Store, tmp_path: Path) -> None:
    """REPORT-6: nothing else is run, loaded or asked for."""
    file, notes = _made(store, tmp_path, MarkdownPanel(id="m", text=HOSTILE), _panel(), title=f"A {HOSTILE[:20]} B")
    assert notes == []
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (file.code, file.style)]
    assert f"script-src 'sha256-{digests[0]}';" in file.policy
    assert f"style-src 'sha256-{digests[1]}';" in file.policy
    assert file.policy.startswith("default-src 'none'; ")
    assert not re.search("unsafe|https?:|\\*", file.policy)
    assert file.tags.count("script") == 2 + len(file.blobs)
    assert {"iframe", "img", "link", "object", "audio"}.isdisjoint(file.tags)
    assert file.title.startswith("A </script>")
    assert file.data["panels"][0]["text"] == HOSTILE
    assert file.table(1)["data"]["word"][1] == HOSTILE
    assert "\u2028" not in file.text


def test_the_script_is_whole_and_carries_its_licence() -> None:
    """REPORT-6: every module that is imported is in it, once, and none is imported any more."""
    code = report_html.script(scenes=True)
    assert code.count("const m_three = ") == code.count("const m_model3d = ") == 1
    assert "import(" not in re.sub(r"const m_three.*?\n}\)\(\);", "", code, flags=re.DOTALL)
    code = report_html.script()
    assert "m_three" not in code
    assert not re.search(
        r"^\s*(import|export)\b", re.sub(r"const m_marked.*?\n}\)\(\);", "", code, flags=re.DOTALL), re.MULTILINE
    )
    assert code.count("const m_report_table = ") == code.count("const m_dom = ") == 1
    assert "MIT" in report_html.licence("marked")
    assert "three.js authors" in report_html.licence("marked", "three")
    assert "</script" not in code.lower()


def test_pills_have_the_answers_of_the_engine(store: Store, tmp_path: Path) -> None:
    """REPORT-7: of a table that is there whole each condition is a pill with a bit for each row; null is not true."""
    panel = _panel(filter='score > 1 and word != "word 2"', sort=(Sort(expression="id", order="desc"),))
    panel = TablePanel(id="t", view=panel.view.with_(extra={"off": ["id % 2 == 0", "no such thing ("]}))
    file, _ = _made(store, tmp_path, panel)
    table = file.table()
    # One condition that is wrong makes all of them fixed: better than a pill that lies.
    assert [pill["fixed"] is not None for pill in table["pills"]] == [True, True]
    panel = TablePanel(id="t", view=panel.view.with_(extra={"off": ["id % 2 == 0"]}))
    table = _made(store, tmp_path, panel)[0].table()
    assert table["rows"] == 40
    assert table["data"]["id"] == list(range(39, -1, -1))
    assert table["order"] == {"column": "id", "order": "desc"}
    assert [(pill["text"], pill["on"], pill["fixed"]) for pill in table["pills"]] == [
        ("score > 1", True, None),
        ('word != "word 2"', True, None),
        ("id % 2 == 0", False, None),
    ]
    rows = list(zip(table["data"]["id"], table["data"]["score"], table["data"]["word"], strict=True))
    assert table["pills"][0]["bits"] == "".join("1" if s is not None and s > 1 else "0" for _, s, _ in rows)
    assert table["pills"][1]["bits"] == "".join("0" if w == "word 2" else "1" for _, _, w in rows)
    assert table["pills"][2]["bits"] == "".join("1" if i % 2 == 0 else "0" for i, _, _ in rows)


def test_filters_of_large_tables_stay_applied_and_say_so(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REPORT-7."""
    monkeypatch.setattr(report_rows, "MAX_WHOLE", 10)
    table = _made(store, tmp_path, _panel(filter="score > 1"))[0].table()
    [pill] = table["pills"]
    assert (pill["bits"], "not here" in pill["fixed"]) == (None, True)
    assert all(score > 1 for score in table["data"]["score"])
    assert table["notes"] == [f"{table['rows']} of the table's 40 rows passed the filter."]


def test_columns_stand_as_the_view_has_them(store: Store, tmp_path: Path) -> None:
    """REPORT-7: those that are hidden are not in the file at all; those that are computed are."""
    columns = (
        ColumnSetting(name="score", label="How sure", settings={"digits": 2}),
        ColumnSetting(name="id"),
        ColumnSetting(name="word", visible=False),
    )
    derive = (Named(name="twice", expression="score * 2"),)
    file, _ = _made(store, tmp_path, _panel(columns=columns, derive=derive))
    shown = file.table()["columns"]
    assert [column["name"] for column in shown] == ["score", "twice", "id"]
    assert (shown[0]["label"], shown[0]["digits"]) == ("How sure", 2)
    assert "word 2" not in file.text
    assert file.blobs == {}


def test_groups_stay_groups(store: Store, tmp_path: Path) -> None:
    panel = _panel(group=("word",), cells=(Named(name="mean", expression="avg(score)"),), filter="id > 3")
    table = _made(store, tmp_path, panel)[0].table()
    assert table["noun"] == "groups"
    roles = {column["name"]: column["role"] for column in table["columns"]}
    assert (roles["word"], roles["count"], roles["image"]) == ("key", "count", "group")
    assert [pill["kind"] for pill in table["pills"]] == ["filter", "group"]
    assert all(pill["fixed"] for pill in table["pills"])
    assert sum(table["data"]["count"]) == 36
    assert table["data"]["score"][0]["bars"] == "histogram"


def test_what_does_not_fit_is_counted_and_said(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """REPORT-7: rows, then pictures, then sounds."""
    whole, _ = _made(store, tmp_path, _panel())
    assert len(whole.blobs) >= 41
    monkeypatch.setattr(report_task, "MAX_BYTES", 60_000)
    file, notes = _made(store, tmp_path, _panel())
    assert file.table()["rows"] == 40
    assert any(re.match(r"1 sounds? ", note) or "sounds are not in this file" in note for note in notes)
    monkeypatch.setattr(report_task, "MAX_BYTES", 8_000)
    file, notes = _made(store, tmp_path, _panel())
    rows = file.table()["rows"]
    assert 0 < rows < 40
    assert f"Only the first {rows} of 40 rows are in this file: sorting and filters see no others." in notes
    assert file.data["notes"] or file.table()["notes"]
    inside = len(json.dumps(file.table()["data"])) + sum(len(data) for data in file.blobs.values())
    assert inside < 16_000


def test_a_missing_blob_is_said_and_nothing_else_fails(store: Store, tmp_path: Path) -> None:
    packs = [key for key in store.backend.list("objects") if key.endswith(".pack")]
    kept = {key: store.backend.get(key) for key in packs}
    store.backend.delete(packs)
    try:
        file, notes = _made(store, tmp_path, _panel())
    finally:
        for key, data in kept.items():
            store.backend.put(key, data)
    assert file.table()["rows"] == 40
    assert any("missing from the store" in note for note in notes)


def test_as_many_columns_and_pills_as_a_view_may_have(store: Store, tmp_path: Path) -> None:
    many = tuple(Named(name=f"c{i}", expression=f"id + {i}") for i in range(1000))
    file, _ = _made(store, tmp_path, _panel(derive=many, filter="id > 3"))
    table = file.table()
    assert table["rows"] == 36
    assert "before the file was made" in table["pills"][0]["fixed"]
    assert "Only 200 of 1,005 columns are in this file." in table["notes"]


def test_columns_of_groups_are_counted_and_chosen_before_they_are_cut(store: Store, tmp_path: Path) -> None:
    many = tuple(Named(name=f"c{i}", expression=f"id + {i}") for i in range(300))
    file, _ = _made(store, tmp_path, _panel(derive=many, group=("word",)))
    assert "Only 200 of 306 columns are in this file." in file.table()["notes"]
    chosen = (ColumnSetting(name="c299"), ColumnSetting(name="count"), ColumnSetting(name="word"))
    file, _ = _made(store, tmp_path, _panel(derive=many, group=("word",), columns=chosen))
    assert [column["name"] for column in file.table()["columns"]] == ["c299", "count", "word"]
    assert not any("columns" in note for note in file.table()["notes"])


def test_a_window_of_rows_is_no_filter(store: Store, tmp_path: Path) -> None:
    file, _ = _made(store, tmp_path, _panel(window=Window(offset=0, count=10)))
    assert file.table()["notes"] == ["10 of the table's 40 rows are in the view."]


@pytest.mark.parametrize("off", [3, {"a": 1}, "id > 1", [["id"]], None])
def test_what_another_program_calls_off_is_no_pill(store: Store, tmp_path: Path, off: object) -> None:
    file, _ = _made(store, tmp_path, _panel(extra={"off": off}))
    assert (file.table()["rows"], file.table()["pills"]) == (40, [])


def test_panels_that_cannot_be_shown_say_so(store: Store, tmp_path: Path) -> None:
    file, notes = _made(store, tmp_path, _panel(filter="nothing > 1"), MarkdownPanel(id="m", text="after"))
    assert notes == [file.data["panels"][0]["text"]]
    assert file.data["panels"][0]["kind"] == "other"
    assert "nothing" in file.data["panels"][0]["text"]
    assert file.data["panels"][1]["text"] == "after"
    with pytest.raises(NotFoundError, match="no report"):
        report_task.export_report(store, "p", "none", tmp_path / "none.html")
    assert not (tmp_path / "none.html").exists()


def test_a_union_of_which_everything_is_gone_says_so(tmp_path: Path) -> None:
    """It said that no run had logged anything, and the notes that nothing was left out."""
    made = wbtable.create_store(tmp_path / "store")
    with wbtable.init(project="p", id="a", store=made) as run:
        run.log({"val": wbtable.Table(columns=["x"], data=[[1]])})
    union = ViewSource(kind="union", project="p", run_key="val", runs=("a",))
    panel = TablePanel(id="u", view=ViewSpec(source=union))
    assert _made(made, tmp_path, panel)[1] == []
    for version in made.versions("p/run-a-val"):
        version.delete()
    (note,) = _made(made, tmp_path, panel)[1]
    assert note.startswith("val: this view cannot be shown: 1 of 1 logged tables are gone")
