"""What the oracle's tests do not ask: aggregates, masks, mixed cells, zones, cautions, completion."""

from __future__ import annotations

import math
import random
import statistics
from io import BytesIO
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from PIL import Image as Pillow

from tests.oracle.tables import COLUMNS, as_relation, make_rows
from wbtable.errors import FormatError
from wbtable.format.types import (
    AnyType,
    ColumnType,
    DecimalType,
    ImageType,
    MapType,
    NumberType,
    StringType,
    TimestampType,
)
from wbtable.query import text_distance
from wbtable.query.check import check_text
from wbtable.query.compile import compile_expression
from wbtable.query.complete import complete
from wbtable.query.mask_functions import MaskFunctions
from wbtable.query.parser import parse
from wbtable.query.terms import ColumnUse, Scope

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TEXT = StringType()


def ask(connection: duckdb.DuckDBPyConnection, text: str, columns: Mapping[str, ColumnType]) -> list[Any]:
    """Return the values of an expression over the table t, whose columns are c0, c1, … and pos."""
    positions = {name: at for at, name in enumerate(columns)}

    def column(use: ColumnUse) -> str:
        return f"t.c{positions[use.name]}"

    made = compile_expression(check_text(text, Scope(columns=columns)), column)
    return [row[0] for row in connection.execute(f"SELECT {made.text} FROM t ORDER BY pos").fetchall()]


def table(rows: Sequence[Sequence[Any]], types: Sequence[str]) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(f"CREATE TABLE t ({', '.join(f'c{i} {found}' for i, found in enumerate(types))}, pos BIGINT)")
    for at, row in enumerate(rows):
        connection.execute(f"INSERT INTO t VALUES ({', '.join('?' * (len(row) + 1))})", [*row, at])
    return connection


# Aggregates -------------------------------------------------------------------------------------------------------


def known(values: list[Any]) -> list[Any]:
    return [value for value in values if value is not None and not (isinstance(value, float) and math.isnan(value))]


def quantile(values: list[float], share: float) -> float | None:
    if not values:
        return None
    place = (len(values) - 1) * share
    low, high = sorted(values)[math.floor(place)], sorted(values)[math.ceil(place)]
    return low if low == high else low + (high - low) * (place - math.floor(place))


def mean(values: list[Any]) -> float | None:
    return statistics.fmean(values) if values else None


def total(values: list[Any]) -> Any:
    if not values:
        return None
    if isinstance(values[0], float):
        return math.nan if {math.inf, -math.inf} <= set(values) else math.fsum(values)
    found = sum(values)
    return found if -(2**63) <= found < 2**63 else None


def deviation(values: list[float]) -> float | None:
    return None if not values or any(abs(value) > 1e150 for value in values) else statistics.pstdev(values)


def extreme(rows: list[dict[str, Any]], value: str, by: str, sign: int) -> Any:
    ranked = [row for row in rows if known([row[by]])]
    return None if not ranked else (min if sign > 0 else max)(ranked, key=lambda row: row[by])[value]


def close(found: Any, expected: Any, part: list[dict[str, Any]]) -> bool:
    """Whether two values are the same, but for the last digits of the numbers that a sum of floats was made of."""
    if not isinstance(expected, float) or found is None:
        return bool(found == expected)
    if not math.isfinite(expected):
        return found == expected or (math.isnan(expected) and math.isnan(found))
    finite = [
        abs(row[name]) for row in part for name in ("", "a b") if row[name] is not None and math.isfinite(row[name])
    ]
    return math.isclose(found, expected, rel_tol=1e-9, abs_tol=max(finite, default=0) * 4e-16)


@pytest.mark.parametrize("seed", range(30))
def test_aggregates_agree_with_python(seed: int) -> None:
    """EXPR-7: nulls and NaN are skipped, the first of equals is taken, sums of whole numbers are exact."""
    rows = make_rows(random.Random(seed), 12)
    connection = duckdb.connect(config={"threads": 1})
    text_distance.register(connection)
    connection.register("t", as_relation(rows))
    positions = {name: at for at, name in enumerate(COLUMNS)}
    scope = Scope(columns={name: found for name, (_, found) in COLUMNS.items()}, groups=(parse("````"),))
    groups = {key: [row for row in rows if row["`"] is key] for key in (True, False, None)}
    floats = [("``", ""), ("`a b`", "a b")]
    cases: dict[str, Any] = {
        "count()": len,
        "count(guess)": lambda part: len(known([row["guess"] for row in part])),
        "sum(guess)": lambda part: total(known([row["guess"] for row in part])),
        "sum(Guess)": lambda part: total(known([row["Guess"] for row in part])),
        "avg(Guess > 0)": lambda part: mean([row["Guess"] > 0 for row in part if row["Guess"] is not None]),
        "min(filename)": lambda part: min(known([row["filename"] for row in part]), default=None),
        "max(guess)": lambda part: max(known([row["guess"] for row in part]), default=None),
        "distinct(filename)": lambda part: len(set(known([row["filename"] for row in part]))),
        "first(filename)": lambda part: part[0]["filename"],
        "argmin(filename, ``)": lambda part: extreme(part, "filename", "", 1),
        "argmax(guess, Guess)": lambda part: extreme(part, "guess", "Guess", -1),
        "sum(Guess) / count(Guess)": lambda part: mean(known([row["Guess"] for row in part])),
    }
    for written, name in floats:
        cases |= {
            f"sum({written})": lambda part, name=name: total(known([row[name] for row in part])),
            f"max({written})": lambda part, name=name: max(known([row[name] for row in part]), default=None),
            f"stddev({written})": lambda part, name=name: deviation(known([row[name] for row in part])),
            f"distinct({written})": lambda part, name=name: len(
                {value + 0.0 for value in known([row[name] for row in part])}
            ),
            f"median(abs({written}))": lambda part, name=name: quantile(
                [abs(v) for v in known([row[name] for row in part])], 0.5
            ),
            f"quantile({written} * 0 + len(filename), 0.3)": lambda part, name=name: quantile(
                known(
                    [row[name] * 0 + len(row["filename"]) for row in part if None not in (row[name], row["filename"])]
                ),
                0.3,
            ),
        }
    for text, oracle in cases.items():
        made = compile_expression(
            check_text(text, scope, aggregates=True),
            lambda use: f"t.c{positions[use.name]}",
            key_sql=["t.c6"].__getitem__,
        )
        found = dict(connection.execute(f"SELECT t.c6, {made.text} FROM t GROUP BY t.c6").fetchall())
        for key, part in groups.items():
            if part:
                assert close(found[key], oracle(part), part), (text, key, found[key], oracle(part), part)


def _first_column(use: ColumnUse) -> str:
    assert use.side is None
    return "t.c0"


def test_histogram_counts_like_numpy() -> None:
    values = np.concatenate([np.random.default_rng(1).normal(size=500), [0.0, 1.0, -1.0, 0.5, np.nan, np.inf, -np.inf]])
    connection = duckdb.connect(config={"threads": 1})
    connection.register("t", pa.table({"c0": values, "pos": range(len(values))}))
    edges = [-1, -0.5, 0, 0.5, 1]
    made = compile_expression(
        check_text(f"histogram(x, {edges})", Scope(columns={"x": NumberType(dtype="float64")}), aggregates=True),
        _first_column,
    )
    found = connection.execute(f"SELECT {made.text} FROM t").fetchone()
    assert found is not None
    assert found[0]["counts"] == np.histogram(values[np.isfinite(values)], edges)[0].tolist()
    assert found[0]["bins"] == edges


def test_cautions_count_what_became_null() -> None:
    """EXPR-10: division by zero and overflow are counted, with the characters that gave them."""
    connection = table([[1, 0], [2**63 - 1, 1], [None, 0], [5, 5]], ["BIGINT", "BIGINT"])
    columns = {"a": NumberType(dtype="int64"), "b": NumberType(dtype="int64")}
    for text, kind, span, count in (("1 + a / b", "division by zero", (4, 9), 1), ("a + b", "overflow", (0, 5), 1)):
        made = compile_expression(
            check_text(text, Scope(columns=columns)),
            lambda use: "t.c0" if use.name == "a" else "t.c1",
            counted=True,
        )
        caution = next(one for one in made.cautions if one.kind == kind)
        assert caution.span == span
        counted = connection.execute(f"SELECT count(*) FILTER ({caution.condition}) FROM t").fetchone()
        assert counted == (count,)


def test_decimals_maps_mixed_cells_and_zones() -> None:
    """EXPR-6, EXPR-9, EXPR-10."""
    columns: dict[str, ColumnType] = {
        "d": DecimalType(precision=10, scale=2),
        "m": MapType(key=TEXT, item=NumberType(dtype="float64")),
        "x": AnyType(),
        "z": TimestampType(zone="Europe/Berlin"),
        "o": TimestampType(zone="+05:30"),
    }
    rows: list[list[Any]] = [
        ["1.10", {"k": 1.5}, '"cat"', "2024-01-31T23:30:00+00:00", "2024-01-31T23:30:00+00:00"],
        ["2.00", {}, '{"$type":"float","value":"3"}', "2024-06-30T22:30:00+00:00", "2024-06-30T17:30:00+00:00"],
        [None, None, "7", None, None],
    ]
    types = ["DECIMAL(10, 2)", "MAP(VARCHAR, DOUBLE)", "VARCHAR", "TIMESTAMPTZ", "TIMESTAMPTZ"]
    connection = table(rows, types)
    assert ask(connection, "d == 1.1", columns) == [True, False, None]
    assert ask(connection, "d > 1.105", columns) == [False, True, None]
    assert ask(connection, "m.k", columns) == [1.5, None, None]
    assert ask(connection, 'm contains "k"', columns) == [True, False, None]
    assert ask(connection, "keys(m)", columns) == [["k"], [], None]
    assert ask(connection, 'x == "cat"', columns) == [True, False, False]
    assert ask(connection, "x == 7", columns) == [False, False, True]
    assert ask(connection, "float(x)", columns) == [None, 3.0, 7.0]
    assert ask(connection, "str(x)", columns)[0] == "cat"
    assert ask(connection, "month(z)", columns) == [2, 7, None]
    assert ask(connection, "hour(o)", columns) == [5, 23, None]
    assert ask(connection, 'str(round_to(z, "month"))', columns)[0] == "2024-01-31 23:00:00+00:00"
    assert ask(connection, 'z == "2024-02-01T00:30:00+01:00"', columns) == [True, False, None]
    assert ask(connection, 'relative(z, timestamp("2024-01-30T23:30:00+00:00"))', columns)[0] == "1.0 days"


# Masks ------------------------------------------------------------------------------------------------------------


class Blobs:
    """Masks in memory, and how often they were read."""

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        self.data = {}
        self.reads: list[str] = []
        for name, array in arrays.items():
            buffer = BytesIO()
            Pillow.fromarray(array.astype(np.uint8)).save(buffer, "png")
            self.data[name] = buffer.getvalue()

    def read(self, file: Mapping[str, object]) -> bytes:
        self.reads.append(str(file["checksum"]))
        return self.data[str(file["checksum"])]

    def read_many(self, files: Sequence[Mapping[str, object]]) -> list[bytes]:
        return [self.read(file) for file in files]


IMAGE = ImageType(masks=True, mask_labels=(("truth", ((1, "car"), (2, "road"))),))


def images(*layers: dict[str, str] | None) -> duckdb.DuckDBPyConnection:
    def file(name: str) -> dict[str, Any]:
        return {"uri": None, "offset": 0, "size": 1, "content_type": "image/png", "checksum": name}

    cells = [
        None
        if found is None
        else {"file": file("i"), "masks": [{"layer": layer, "file": file(name)} for layer, name in found.items()]}
        for found in layers
    ]
    connection = duckdb.connect(config={"threads": 1})
    connection.register(
        "t", pa.table({"c0": pa.array(cells, IMAGE.arrow()), "pos": pa.array(range(len(cells)), pa.int64())})
    )
    return connection


def test_masks_are_counted_once_each() -> None:
    """EXPR-13."""
    source = np.random.default_rng(2)
    a, b = source.integers(0, 3, (8, 12)), source.integers(0, 3, (8, 12))
    small = source.integers(0, 3, (4, 6))
    blobs = Blobs({"a": a, "b": b, "small": small})
    connection = images({"truth": "a", "guess": "b"}, {"truth": "a", "guess": "small"}, {"truth": "a"}, None)
    MaskFunctions(blobs).register(connection)
    columns = {"image": IMAGE}
    assert check_text('mask_pixels(image, "truth", "car")', Scope(columns=columns)).needs_masks
    assert ask(connection, 'mask_pixels(image, "truth", "car")', columns) == [*[int((a == 1).sum())] * 3, None]
    assert ask(connection, 'mask_pixels(image, "truth", 2)', columns) == [*[int((a == 2).sum())] * 3, None]
    assert blobs.reads == ["a"]
    large = small.repeat(2, axis=0).repeat(2, axis=1)
    overlap = ask(connection, 'mask_overlap(image, "truth", "road", image, "guess", 1)', columns)
    assert overlap == [int(((a == 2) & (b == 1)).sum()), int(((a == 2) & (large == 1)).sum()), None, None]


def test_a_damaged_mask_is_an_error_that_names_it() -> None:
    blobs = Blobs({"a": np.zeros((2, 2))})
    blobs.data["a"] = blobs.data["a"][:40]
    functions = MaskFunctions(blobs)
    file = pa.array([{"checksum": "a", "uri": None}])
    with pytest.raises(FormatError, match="mask a"):
        functions.pixels(file, pa.array([1]))


# Completion -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "first", "absent"),
    [
        ("gu", ("guess", "column"), "score"),
        ("score ", ("==", "operator"), "like"),
        ("guess l", ("like", "operator"), "<"),
        ('guess == "c', ('"cat"', "value"), '"dog"'),
        ("guess == ", ('"cat"', "value"), "=="),
        ("image.w", ("width", "field"), "height"),
        ("0.", ("only", "column"), "score"),
        ("start", ("starts_with(", "function"), "count("),
        ("flag a", ("and", "operator"), "+"),
        ("`odd", ("`odd name`", "column"), "guess"),
        ("if(flag, ", ("guess", "column"), "and"),
    ],
)
def test_completion(text: str, first: tuple[str, str], absent: str) -> None:
    """EXPR-14."""
    from wbtable.format.types import BooleanType

    columns: dict[str, ColumnType] = {
        "guess": TEXT,
        "score": NumberType(dtype="float32"),
        "image": ImageType(),
        "flag": BooleanType(),
        "odd name": TEXT,
    }
    scope = Scope(columns=columns, sides=({"only": TEXT},) if text == "0." else ())
    found = complete(text, len(text), scope, {"guess": ["cat", "dog"]})
    assert (found[0].text, found[0].kind) == first
    if absent != '"dog"' or '"' in text:
        assert absent not in [one.text for one in found]
    assert all(text[one.start : one.end] == text[found[0].start :] for one in found)
