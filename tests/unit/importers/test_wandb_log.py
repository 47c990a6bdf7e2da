"""W&B's logs are read whatever is wrong with them: what is whole comes out, what is not is told."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.importers.run_log import BLOCK, encode, frame, history, record, run
from wbtable.errors import FormatError
from wbtable.importers import wandb_log
from wbtable.importers.wandb_log import read_records
from wbtable.importers.wandb_proto import KINDS, MESSAGES, decode, kind_of


def read(data: bytes) -> tuple[list[bytes], list[str]]:
    """Return the records in the bytes of a log, and what was damaged."""
    damage: list[str] = []
    return list(read_records(io.BytesIO(data), "run.wandb", damage.append)), damage


@given(st.lists(st.integers(0, 3 * BLOCK), max_size=12))
def test_records_of_any_length_come_back(sizes: list[int]) -> None:
    records = [bytes([i % 251]) * size for i, size in enumerate(sizes)]
    assert read(frame(records)) == (records, [])


@given(st.data())
def test_what_is_cut_off_is_told_and_the_rest_comes_out(data: Any) -> None:
    records = [bytes([i]) * size for i, size in enumerate([10, BLOCK, 5, 2 * BLOCK, 7])]
    whole = frame(records)
    cut = data.draw(st.integers(7, len(whole) - 1))
    found, damage = read(whole[:cut])
    assert found == records[: len(found)]
    assert damage or frame(found) == whole[:cut]


@given(st.data())
def test_a_changed_byte_costs_its_block_and_no_more(data: Any) -> None:
    records = [bytes([i % 251]) * 1000 for i in range(200)]
    whole = bytearray(frame(records))
    at = data.draw(st.integers(7, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    found, damage = read(bytes(whole))
    assert set(found) <= set(records)
    assert len(found) >= len(records) - BLOCK // 1000 - 2
    assert damage or len(found) == len(records)


@pytest.mark.parametrize("head", [b"", b":W&B", b"PAR1abc", b":W&B\xe1\xbe\x01", b":W&B\x00\x00\x00"])
def test_another_file_is_refused(head: bytes) -> None:
    with pytest.raises(FormatError, match=r"run\.wandb"):
        read(head)


def test_a_record_beyond_the_limit_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wandb_log, "MAX_RECORD", 2 * BLOCK)
    found, damage = read(frame([b"a", b"x" * 5 * BLOCK, b"b"]))
    assert found == [b"a", b"b"]
    assert "longer than" in damage[0]


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_an_error(data: bytes) -> None:
    with contextlib.suppress(FormatError):
        assert isinstance(kind_of(data), str)
        assert isinstance(decode(data), dict)


def test_fields_of_newer_clients_are_stepped_over() -> None:
    newer = b"\xfa\x3f\x03abc" + b"\xf9\x3f" + bytes(8) + b"\xfd\x3f" + bytes(4) + b"\xf8\x3f\x05"
    assert decode(newer + history(3, loss=0.5)) == decode(history(3, loss=0.5))
    assert kind_of(b"\x82\x01\x00" + run()) == "run"


def test_every_kind_is_known_by_its_number() -> None:
    for name in KINDS.values():
        assert kind_of(record(name, {})) == name


def test_negative_integers_and_long_text_come_back() -> None:
    value = {"exit_code": -9, "runtime": 2**31}
    assert decode(encode("Exit", value), "Exit") == value
    text = {"run_id": "é" * 10_000, "tags": ["a", ""]}
    assert decode(encode("Run", text), "Run") == text


def test_a_field_of_the_wrong_kind_is_named() -> None:
    wrong = encode("Update", {"update": []}) + b"\x10\x05"
    with pytest.raises(FormatError, match=r"Update\.remove"):
        decode(wrong, "Update")
    with pytest.raises(FormatError, match="UTF-8"):
        decode(b"\x0a\x01\xff", "Run")
    assert set(MESSAGES) >= {"Record", "Run", "History"}
