"""Stored bytes may be anything: parsers raise wbtable's own errors, in bounded time and memory."""

from __future__ import annotations

import json
import resource
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.faults.parsers import BY_KIND, Parser, build_parsers
from tests.faults.soak import sample
from wbtable.errors import WbtableError

if TYPE_CHECKING:
    from collections.abc import Callable

INPUTS = sample(60, 45_000)
"""For each parser, as bytes and, of documents, as values: a million of both in a soak."""

LONGEST = 5.0
"""Seconds that one input may take, on a machine that does other things too."""

MORE_MEMORY = 256 << 20
"""Bytes by which the process may grow over all inputs."""

HOSTILE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.sampled_from([0, -1, 1, 2**31, 2**32, 2**53 - 1, 2**53, 2**63 - 1, 2**63, 2**64, 10**400]),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["../../etc/passwd", "/etc/passwd", "..", "a\0b", "SHA-256:" + "0" * 64, "\ud800", "é" * 300, ""]),
    st.builds(
        lambda name, value: {"$type": name, "value": value},
        st.sampled_from(["int", "float", "bytes", "time", "timedelta", "decimal", "uuid", "complex", "dict", 5]),
        st.sampled_from([None, 0, 0.5, "", "x", "9" * 5000, [], [1, 2], {"a": 1}, ["x", "y"], True, "1e999999999"]),
    ),
    st.sampled_from([[], {}, [[]], {"": {}}, {"kind": "wbtable.table"}, ["x"] * 1000]),
)


@pytest.fixture(scope="module")
def parsers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Parser]:
    return build_parsers(tmp_path_factory.mktemp("samples"))


NAMES = (
    *(kind for kind in BY_KIND),
    *("sketch", "pack trailer", "zstd frame", "document", "history segment"),
    *("fragment page", "page of entries", "paged manifest"),
)


def test_every_parser_has_a_sample_that_it_reads(parsers: dict[str, Parser]) -> None:
    assert set(parsers) == set(NAMES)
    for name, parser in parsers.items():
        assert parser.samples, name
        for data in parser.samples:
            parser.parse(data)


def try_it(parse: Callable[[bytes], object], data: bytes) -> None:
    """Give bytes to a parser: it may read them or raise one of our errors, and soon."""
    start = time.perf_counter()
    try:
        parse(data)
    except WbtableError as error:
        str(error)
    assert time.perf_counter() - start < LONGEST


def peak() -> int:
    """Return the most memory that this process ever had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


@st.composite
def edits(draw: st.DrawFn) -> list[tuple[str, float, bytes]]:
    """Draw changes of bytes: what is done, where between 0 and 1, and with what."""
    kind = st.sampled_from(["flip", "set", "insert", "delete", "cut", "repeat", "zero"])
    part = st.one_of(
        st.binary(min_size=1, max_size=8), st.sampled_from([b"\xff" * 8, b"\0" * 8, b"[" * 80, b'"', b"}"])
    )
    one = st.tuples(kind, st.floats(0, 1), part)
    found: list[tuple[str, float, bytes]] = draw(st.lists(one, min_size=1, max_size=6))
    return found


def edited(data: bytes, changes: list[tuple[str, float, bytes]]) -> bytes:
    """Return bytes with changes made."""
    for kind, where, part in changes:
        at = min(int(where * len(data)), max(0, len(data) - 1))
        if kind == "flip" and data:
            data = data[:at] + bytes([data[at] ^ part[0]]) + data[at + 1 :]
        elif kind == "set":
            data = data[:at] + part + data[at + len(part) :]
        elif kind == "insert":
            data = data[:at] + part + data[at:]
        elif kind == "delete":
            data = data[:at] + data[at + 2 * part[0] :]
        elif kind == "cut":
            data = data[:at]
        elif kind == "repeat":
            data = data[: at + 64] + data[at:]
        elif kind == "zero":
            data = data[:at] + bytes(min(64, len(data) - at)) + data[at + 64 :]
    return data


@pytest.mark.parametrize("name", NAMES)
def test_bytes(parsers: dict[str, Parser], name: str) -> None:
    """DOC-1, DOC-2, DOC-4, PACK-3, PACK-4, PAGE-4: flipped, cut, repeated, made up."""
    parser = parsers[name]
    before = peak()

    @settings(max_examples=INPUTS, database=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def run(data: st.DataObject) -> None:
        origin = data.draw(st.sampled_from(parser.samples))
        try_it(parser.parse, edited(origin, data.draw(edits())))

    run()
    assert peak() - before < MORE_MEMORY


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of the values within a document, the first few of a long list."""
    if isinstance(value, dict):
        inner = [(*path, key) for key in value]
    elif isinstance(value, list):
        inner = [(*path, i) for i in range(min(3, len(value)))]
    else:
        return []
    found = list(inner)
    for one in inner:
        found += places(value[one[-1]], one)
    return found


def exchanged(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return a document with another value at a path; `DROP` removes it."""
    if not path:
        return value
    head, rest = path[0], path[1:]
    copy = dict(document) if isinstance(document, dict) else list(document)
    if not rest and value is DROP:
        del copy[head]
    else:
        copy[head] = exchanged(copy[head], rest, value)
    return copy


DROP = object()


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("wbtable.") or name.endswith("manifest")])
def test_values(parsers: dict[str, Parser], name: str) -> None:
    """DOC-1, COMMIT-0, ART-1, TABLE-3, LOG-2: well-formed documents, one to three values of which are wrong."""
    parser = parsers[name]
    before = peak()
    documents = [json.loads(data) for data in parser.samples]
    paths = [places(document) for document in documents]

    @settings(max_examples=INPUTS, database=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def run(data: st.DataObject) -> None:
        number = data.draw(st.integers(0, len(documents) - 1))
        document = documents[number]
        for _ in range(data.draw(st.integers(1, 3))):
            path = data.draw(st.sampled_from(paths[number]))
            value = data.draw(st.one_of(HOSTILE, st.just(DROP)))
            try:
                document = exchanged(document, path, value)
            except (KeyError, IndexError, TypeError):
                continue  # an earlier exchange took that place away
        try_it(parser.parse, json.dumps(document).encode("utf-8", "surrogatepass"))

    run()
    assert peak() - before < MORE_MEMORY
