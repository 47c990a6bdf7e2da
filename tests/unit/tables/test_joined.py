"""Joined tables: every pair as SQL gives, in a defined order, with nothing read that was not asked for."""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.tables.reading import pictures, stored
from wbtable.errors import ConflictError, FormatError, UnsupportedError, UsageError
from wbtable.format.digest import JOINED, PACK, TABLE, Descriptor, Digest
from wbtable.format.documents import canonical, parse
from wbtable.format.joined_table import JoinedTableDocument, TableReference, VersionName
from wbtable.tables import join_index, paired
from wbtable.tables.joined import JoinedTable, key_pairs
from wbtable.tables.same import same_values
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from wbtable.tables.joined import How
    from wbtable.tables.readable import Readable

HOWS: tuple[How, ...] = ("outer", "inner", "left", "right")


def table(columns: str, *rows: Sequence[Any]) -> Table:
    """Return a table whose columns have one letter each."""
    return Table(columns=list(columns), data=[list(row) for row in rows])


def rows_of(joined_table: Readable) -> list[list[Any]]:
    """Return the rows."""
    return [row for _, row in joined_table.iterrows()]


def oracle(left: list[list[Any]], right: list[list[Any]], keys: int, how: str) -> list[list[Any]]:
    """Join rows that begin with their keys, in the plainest way (JOIN-4, JOIN-6)."""

    def meet(a: list[Any], b: list[Any]) -> bool:
        pairs = list(zip(a[:keys], b[:keys], strict=True))
        return all(x is not None and y is not None and same_values(x, y) for x, y in pairs)

    out = []
    met = set()
    for a in left:
        partners = [i for i, b in enumerate(right) if meet(a, b)]
        met.update(partners)
        out += [[*a, *right[i][keys:]] for i in partners]
        if not partners and how in {"outer", "left"}:
            out.append([*a, *[None] * (len(right[0]) - keys)])
    if how in {"outer", "right"}:
        out += [[*b[:keys], *[None] * (len(left[0]) - keys), *b[keys:]] for i, b in enumerate(right) if i not in met]
    return out


_KEYS = st.one_of(st.none(), st.integers(-3, 3))
_TEXTS = st.one_of(st.none(), st.sampled_from(["", "a", "1:a", "aa", "1"]))
_FLOATS = st.one_of(st.none(), st.sampled_from([0.0, -0.0, 1.0, float("nan"), float("inf"), 0.5]))


# JOIN-4: every pair of rows whose keys are equal. JOIN-6: the order of the rows.
@given(data=st.data(), how=st.sampled_from(HOWS), kind=st.sampled_from(["int", "text", "float", "both"]))
@settings(max_examples=120, deadline=None)
def test_a_join_gives_what_the_plainest_join_gives(data: st.DataObject, how: How, kind: str) -> None:
    one = {"int": _KEYS, "text": _TEXTS, "float": _FLOATS}.get(kind)
    keys = 1 if one is not None else 2
    key = st.tuples(one) if one is not None else st.tuples(_TEXTS, _TEXTS)
    sides: list[list[list[Any]]] = []
    for _ in range(2):
        found = data.draw(st.lists(key, min_size=1, max_size=12))
        # A typed first column: what holds only None has no type to compare.
        sides.append([[*cells, i] for i, cells in enumerate(found)])
    names = [f"k{i}" for i in range(keys)]
    made = [
        Table(columns=[*names, column], data=rows, dtype=_dtypes(kind, keys))
        for rows, column in zip(sides, ("x", "y"), strict=True)
    ]
    on: Any = "k0" if keys == 1 else [(name, name) for name in names]
    expected = oracle(sides[0], sides[1], keys, how)
    join = JoinedTable(made[0], made[1], on, how)
    assert same_values(rows_of(join), expected)
    assert len(join) == len(expected)
    assert join.columns == [*names, "0.x", "1.y"]
    picks = data.draw(st.lists(st.integers(0, len(expected) - 1), max_size=6)) if expected else []
    taken = join.take(picks, ["1.y", "0.x"])
    assert taken["1.y"].to_pylist() == [expected[i][-1] for i in picks]
    assert taken["0.x"].to_pylist() == [expected[i][-2] for i in picks]


def _dtypes(kind: str, keys: int) -> list[Any]:
    return [{"int": int, "text": str, "float": float, "both": str}[kind]] * keys + [int]


@pytest.mark.parametrize("how", HOWS)
def test_blocks_and_chunks_change_nothing(how: How, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    left = pa.table({"k": rng.integers(0, 80, 400), "x": np.arange(400)})
    right = pa.table({"k": rng.integers(30, 110, 300), "y": [f"y{i}" for i in range(300)]})
    whole = JoinedTable(Table.from_arrow(left), Table.from_arrow(right), "k", how).to_arrow()
    monkeypatch.setattr(join_index, "_LEAST_BLOCK", 64)
    monkeypatch.setattr(join_index, "_LARGEST_BLOCK", 128)
    monkeypatch.setattr(paired, "CHUNK", 100)
    monkeypatch.setattr(paired, "HELD_BYTES", 0)
    cut = JoinedTable(Table.from_arrow(left), Table.from_arrow(right), "k", how)
    assert cut.to_arrow().equals(whole)
    assert pa.Table.from_batches(cut.scan(batch_size=33)).equals(whole)
    picks = rng.integers(0, whole.num_rows, 500)
    assert cut.take(picks).equals(whole.take(pa.array(picks)))
    plain = [[list(row.values()) for row in side.to_pylist()] for side in (left, right)]
    expected = oracle(plain[0], plain[1], 1, how)
    assert [list(row.values()) for row in whole.to_pylist()] == expected


def test_the_same_rows_as_duckdb() -> None:
    import duckdb

    rng = np.random.default_rng(2)
    left = pa.table({"k": rng.integers(0, 50, 400), "x": np.arange(400)})
    right = pa.table({"k": pc.cast(pa.array(rng.integers(0, 70, 300)), pa.int32()), "y": np.arange(300)})
    for how in HOWS:
        found = JoinedTable(Table.from_arrow(left), Table.from_arrow(right), "k", how).to_arrow()
        side = "full outer" if how == "outer" else how
        sql = f"select coalesce(l.k, r.k), x, y from left l {side} join right r on l.k = r.k"
        con = duckdb.connect()
        con.register("left", left)
        con.register("right", right)
        sql = sql.replace("from left l", 'from "left" l').replace("join right r", 'join "right" r')
        expected = con.sql(sql).fetchall()
        key = str
        assert sorted((tuple(row.values()) for row in found.to_pylist()), key=key) == sorted(expected, key=key)


# JOIN-5: equal whatever their types.
@pytest.mark.parametrize(
    ("left", "right", "pairs"),
    [
        ([1, 2, 2**53 + 1], [1.0, 2.5, float(2**53)], 1),
        ([2**63 - 1], [float(2**63)], 0),
        ([np.uint64(2**64 - 1)], [2**63 - 1], 0),
        ([np.uint64(5), np.uint64(2**64 - 1)], [5, 6], 1),
        ([2**70, 3], [3, 4], 1),
        ([decimal.Decimal("1.50"), decimal.Decimal(2)], [decimal.Decimal("1.5"), decimal.Decimal("2.000")], 2),
        ([decimal.Decimal("1" * 50 + ".50")], [decimal.Decimal("1" * 50 + ".5")], 1),
        ([dt.datetime(2024, 1, 1, tzinfo=dt.UTC)], [dt.datetime.fromisoformat("2024-01-01T02:00+02:00")], 1),
        ([np.datetime64(1, "s")], [np.datetime64(1_000_000_000, "ns")], 1),
        ([np.datetime64(1, "s")], [np.datetime64(1_000_000_001, "ns")], 0),
        ([dt.date(2024, 1, 1)], [dt.date(2024, 1, 1)], 1),
        ([dt.time(1)], [dt.time(1)], 1),
        ([b"\xff", b""], [b"", b"\xff"], 2),
        ([True], [True], 1),
        ([uuid.UUID(int=1)], [uuid.UUID(int=1)], 1),
        ([0.0, float("nan")], [-0.0, float("nan")], 2),
        ([np.float32(0.1)], [0.1], 0),
        ([None], [1], 0),
        ([None], [None], 0),
    ],
)
def test_keys_that_are_equal_meet(left: list[Any], right: list[Any], pairs: int) -> None:
    sides = [Table(columns=["k"], data=[[value] for value in values]) for values in (left, right)]
    assert len(JoinedTable(sides[0], sides[1], "k", "inner")) == pairs
    outer = JoinedTable(sides[0], sides[1], "k", "outer")
    assert len(outer) == len(left) + len(right) - pairs
    if {type(value) for value in (*left, *right)} == {int, float} and max(left) > 2**53:
        # The one column that both keys share cannot hold them exactly.
        with pytest.raises(ConflictError, match=r"beyond 2\^53"):
            rows_of(outer)
    else:
        assert len(rows_of(outer)) == len(outer)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ([1], ["1"]),
        ([True], [1]),
        ([dt.datetime(2024, 1, 1)], [dt.datetime(2024, 1, 1, tzinfo=dt.UTC)]),  # noqa: DTZ001
        ([[1]], [[1]]),
        ([{"a": 1}], [{"a": 1}]),
        ([np.zeros(2)], [np.zeros(2)]),
        ([1j], [1j]),
    ],
)
def test_keys_that_cannot_be_equal_are_refused_when_the_join_is_made(left: list[Any], right: list[Any]) -> None:
    sides = [Table(columns=["k"], data=[[value] for value in values]) for values in (left, right)]
    with pytest.raises(UsageError, match=r"cannot be (equal|joined)"):
        JoinedTable(sides[0], sides[1], "k")


# JOIN-3: what a join key may look like.
def test_forms_of_the_key() -> None:
    assert key_pairs("a") == (("a", "a"),)
    assert key_pairs(["a", "b"]) == key_pairs(("a", "b")) == (("a", "b"),)
    assert key_pairs([("a", "a"), ("b", "c")]) == (("a", "a"), ("b", "c"))
    assert key_pairs([["a", "b"]]) == (("a", "b"),)
    for wrong in (["a"], ["a", "b", "c"], [], 3, None, [("a",)], [("a", 1)], [("a", "b"), ("a", "c")]):
        with pytest.raises(UsageError, match=r"join_key|each key column"):
            key_pairs(wrong)


def test_wrong_arguments_are_usage_errors() -> None:
    one, other = table("ab", [1, 2]), table("cb", [1, 2])
    with pytest.raises(UsageError, match=r"side 1 has no key column 'a'; it has \['c', 'b'\]"):
        JoinedTable(one, other, "a")
    with pytest.raises(UsageError, match="side 0 has no key column"):
        JoinedTable(one, other, ["x", "c"])
    with pytest.raises(UsageError, match="how as one of"):
        JoinedTable(one, other, "b", "cross")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="expected a table"):
        JoinedTable(one, 5, "b")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="expected a table"):
        JoinedTable(one, "other.csv", "b")
    clash = Table(columns=["0.a", "a"], data=[[1, 2]])
    with pytest.raises(UsageError, match=r"would be called '0\.a'"):
        JoinedTable(clash, Table(columns=["k"], data=[[1]]), ["0.a", "k"])


def test_names_of_columns_and_nested_joins() -> None:
    songs = Table(columns=["song_id", "title"], data=[[1, "a"], [2, "b"]])
    synth = Table(columns=["id", "title"], data=[[2, "B"], [3, "C"]])
    both = JoinedTable(songs, synth, ["song_id", "id"])
    assert both.columns == ["song_id", "0.title", "1.title"]
    assert rows_of(both) == [[1, "a", None], [2, "b", "B"], [3, None, "C"]]
    again = JoinedTable(both, songs, "song_id", "inner")
    assert again.columns == ["song_id", "0.0.title", "0.1.title", "1.title"]
    assert rows_of(again) == [[1, "a", None, "a"], [2, "b", "B", "b"]]
    assert both.to_pandas().shape == (3, 3)
    assert both.get_column("1.title") == [None, "B", "C"]
    assert repr(both).startswith("JoinedTable: 3 rows x 3 columns\nsong_id")


def test_the_key_column_holds_both_sides_values() -> None:
    left, right = table("kx", [1, "a"], [None, "n"]), table("ky", [1.0, "A"], [2.5, "B"])
    assert rows_of(JoinedTable(left, right, "k")) == [[1.0, "a", "A"], [None, "n", None], [2.5, None, "B"]]
    inner = JoinedTable(left, right, "k", "inner")
    assert inner.get_column("k") == [1]
    assert isinstance(rows_of(inner)[0][0], int)
    with pytest.raises(ConflictError, match=r'key "k".*2\^53'):
        rows_of(JoinedTable(table("kx", [2**53 + 1, "a"]), right, "k"))


def test_a_join_follows_its_tables_and_keeps_its_media_lazy(tmp_path: Path) -> None:
    left = table("kx", [1, "a"])
    found = JoinedTable(left, stored(pictures(6), tmp_path / "right"), ["k", "id"])
    assert len(found) == 6
    left.add_data(99, "new")
    assert len(found) == 7
    assert rows_of(found)[1] == [99, "new", None, None]
    image = rows_of(found)[0][2]
    assert (image.caption, image.to_numpy().shape) == ("c1", (4, 5, 3))
    bytes_read = found.to_arrow(["1.image"], media="bytes")["1.image"].to_pylist()
    assert bytes_read[0]["bytes"] == image.bytes
    both = JoinedTable(pictures(3, seed=50), stored(pictures(3), tmp_path / "other"), "id")
    pair = rows_of(both)[0]
    assert pair[1].bytes != pair[3].bytes
    assert both.take([0], media="bytes")["0.image"][0].as_py()["bytes"] == pair[1].bytes


# JOIN-7: only the columns asked for, and the keys, are read.
def test_one_column_reads_that_column_and_the_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    sides = [Table.from_arrow(pa.table({"k": [1, 2, 3], "x": ["a", "b", "c"], "y": [1, 2, 3]})) for _ in range(2)]
    asked: list[tuple[int, str]] = []
    for number, side in enumerate(sides):
        source = side._source()
        for name in ("batches", "take", "read_all"):
            original = getattr(type(source), name)

            def spy(self: Any, *args: Any, _original: Any = original, **options: Any) -> Any:
                columns = next((arg for arg in args if isinstance(arg, list)), None)
                asked.extend((sources.index(self), column) for column in columns or self.schema.names)
                return _original(self, *args, **options)

            if number == 0:
                monkeypatch.setattr(type(source), name, spy)
    sources = [side._source() for side in sides]
    monkeypatch.setattr(paired, "HELD_BYTES", 0)
    found = JoinedTable(sides[0], sides[1], "k")
    assert not asked
    assert len(found) == 3
    assert set(asked) == {(0, "k"), (1, "k")}
    assert found["1.x"].to_pylist() == ["a", "b", "c"]
    assert set(asked) == {(0, "k"), (1, "k"), (1, "x")}


def test_empty_sides() -> None:
    empty, full = Table(columns=["k", "x"], dtype=[int, str]), table("kx", [1, "a"])
    assert rows_of(JoinedTable(empty, full, "k")) == [[1, None, "a"]]
    assert rows_of(JoinedTable(full, empty, "k")) == [[1, "a", None]]
    assert rows_of(JoinedTable(empty, empty, "k")) == []
    assert JoinedTable(empty, empty, "k").to_arrow().num_rows == 0
    assert JoinedTable(full, full, "k").to_arrow([]).num_rows == 1
    assert rows_of(JoinedTable(Table(columns=["k"]), full, "k", "right")) == [[1, "a"]]


def _document() -> JoinedTableDocument:
    far = TableReference(
        path="b.table.json",
        artifact=VersionName(project="p", name="songs", version=3),
        table=Descriptor(media_type=TABLE, digest=Digest("ab" * 32), size=100),
    )
    return JoinedTableDocument(sides=(TableReference(path="a.table.json"), far), keys=(("id", "key"),), how="left")


# JOIN-1, JOIN-2: the document names tables, keys and kind, and nothing of where or when it was made.
def test_the_document_comes_back_and_is_the_same_each_time() -> None:
    document = _document()
    data = canonical(document.to_json())
    assert JoinedTableDocument.from_json(parse(data, "x")) == document
    assert canonical(JoinedTableDocument.from_json(parse(data, "x")).to_json()) == data
    assert [ref["digest"] for ref in document.to_json()["refs"]] == [str(Digest("ab" * 32))]
    newer = {**document.to_json(), "note": {"x": 1}}
    assert JoinedTableDocument.from_json(newer).to_json()["note"] == {"x": 1}


def test_a_joined_table_is_recorded_and_opened_again() -> None:
    left, right = table("kx", [1, "a"]), table("ky", [1, "A"])
    names = {id(left): "l.table.json", id(right): "r.table.json"}
    made = [
        JoinedTable(left, right, "k", "inner").document(lambda side: TableReference(path=names[id(side)]))
        for _ in range(2)
    ]
    assert canonical(made[0].to_json()) == canonical(made[1].to_json())
    tables = {"l.table.json": left, "r.table.json": right}
    found = JoinedTable.from_document(made[0], lambda reference: tables[reference.path])
    assert rows_of(found) == [[1, "a", "A"]]
    assert found.how == "inner"
    assert found == JoinedTable(left, right, "k", "inner")
    assert found != JoinedTable(left, right, "k", "outer")
    assert found != 5


def test_tables_known_by_path_only() -> None:
    named = JoinedTable("a.table.json", "b.table.json", ["x", "y"])
    assert named.tables == ("a.table.json", "b.table.json")
    assert "a.table.json" in repr(named)
    with pytest.raises(UsageError, match="read the joined table from the version"):
        named.to_arrow()
    document = named.document(lambda side: TableReference(path=str(side)))
    assert document.keys == (("x", "y"),)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sides": []}, "two tables"),
        ({"sides": [{"path": "../x"}, {"path": "b"}]}, r"\.\."),
        ({"sides": [{"path": "a", "artifact": {"project": "p", "name": "n", "version": 1}}, {"path": "b"}]}, "table"),
        ({"sides": [{"path": "a"}, 5]}, "object"),
        ({"keys": []}, "key columns"),
        ({"keys": [["a"]]}, "pairs of column names"),
        ({"keys": [["a", "b"], ["a", "c"]]}, "twice"),
        ({"how": "cross"}, "outer, inner, left, right"),
        ({"refs": []}, "exactly the objects"),
        ({"kind": "wbtable.table"}, "kind"),
    ],
)
def test_documents_that_are_wrong_are_format_errors(change: dict[str, Any], message: str) -> None:
    with pytest.raises(FormatError, match=message):
        JoinedTableDocument.from_json({**_document().to_json(), **change})


def test_documents_from_the_future_are_unsupported() -> None:
    for change in ({"format": "9.0"}, {"features": {"reader": ["teleport"], "writer": []}}):
        with pytest.raises(UnsupportedError):
            JoinedTableDocument.from_json({**_document().to_json(), **change})


def test_references_name_tables() -> None:
    artifact = VersionName(project="p", name="n", version=0)
    pack = Descriptor(media_type=PACK, digest=Digest("0" * 64), size=1)
    with pytest.raises(FormatError, match="descriptor of a table"):
        TableReference(path="a", artifact=artifact, table=pack)
    nested = Descriptor(media_type=JOINED, digest=Digest("0" * 64), size=1)
    assert TableReference(path="a", artifact=artifact, table=nested).table == nested
    with pytest.raises(FormatError, match="project, name and version"):
        VersionName(project="", name="n", version=0)
