"""Joining ranges, and the map of blobs that were seen, against their definitions."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wbtable.storage.ranges import coalesce, cut
from wbtable.storage.seen import SeenBlobs, digests_of, first_of_equals
from wbtable.storage.workers import run_all

NOWHERE = (-1, -1, -1)
RANGES = st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 200), st.integers(0, 50)), max_size=30)
DATA = {"a": bytes(range(250)), "b": bytes(reversed(range(250)))}


@given(RANGES, st.integers(0, 40), st.integers(1, 300))
def test_joined_ranges_give_the_same_bytes(ranges: list[tuple[str, int, int]], gap: int, most: int) -> None:
    runs = coalesce(ranges, gap, most)
    read = [DATA[run.key][run.offset : run.offset + run.size] for run in runs]
    assert cut(ranges, runs, read) == [DATA[key][offset : offset + size] for key, offset, size in ranges]
    assert sorted(i for run in runs for i in run.members) == list(range(len(ranges)))
    assert all(run.size <= most or len(run.members) == 1 for run in runs)


def test_neighbours_are_joined() -> None:
    runs = coalesce([("a", 20, 10), ("a", 0, 10), ("a", 40, 10), ("b", 50, 10)], 10)
    assert [(run.key, run.offset, run.size) for run in runs] == [("a", 0, 50), ("b", 50, 10)]


@given(st.lists(st.lists(st.integers(0, 60), max_size=12), max_size=12), st.integers(1, 10))
def test_seen_blobs_agree_with_a_dict(batches: list[list[int]], recent: int) -> None:
    seen, model = SeenBlobs(recent), dict[bytes, tuple[int, int, int]]()
    for batch in batches:
        digests = [hashlib.sha256(bytes([i])).digest() for i in batch]
        found = seen.find(digests_of(digests)).tolist()
        assert found == [list(model.get(digest, NOWHERE)) for digest in digests]
        for i, digest in zip(batch, digests, strict=True):
            if digest not in model:
                model[digest] = (i, 2**40 + i, len(model))
                seen.add(digest, model[digest])
    assert len(seen) == len(model)


@pytest.mark.parametrize("count", [1, 255, 256, 5000])
def test_many_seen_blobs(count: int) -> None:
    digests = [hashlib.sha256(i.to_bytes(4, "little")).digest() for i in range(2 * count)]
    places = np.arange(3 * count, dtype=np.int64).reshape(-1, 3)
    seen = SeenBlobs()
    seen.add_many(digests_of(digests[:count]), places)
    found = seen.find(digests_of(digests))
    assert found.tolist() == [*places.tolist(), *[list(NOWHERE)] * count]
    assert len(seen) == count


def test_blobs_whose_digests_begin_alike() -> None:
    """Eight equal bytes are not a match."""
    seen = SeenBlobs(1)
    alike = [b"8bytes!!" + bytes([i]) * 24 for i in range(5)]
    for i, digest in enumerate(alike[:4]):
        seen.find(digests_of([]))
        seen.add(digest, (i, 0, 1))
    assert seen.find(digests_of(alike)).tolist() == [[0, 0, 1], [1, 0, 1], [2, 0, 1], [3, 0, 1], list(NOWHERE)]
    assert first_of_equals(digests_of([*alike, *alike[::-1]])).tolist() == [0, 1, 2, 3, 4, 4, 3, 2, 1, 0]


def test_the_first_error_is_raised() -> None:
    def fail(i: int) -> int:
        if i:
            raise ValueError(i)
        return i

    with pytest.raises(ValueError, match="1"):
        run_all(fail, [0, 1, 2])
