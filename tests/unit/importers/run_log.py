"""Writes logs of runs as W&B's client does, for tests of what no client writes any more: damage, resumes, malice."""

from __future__ import annotations

import json
import struct
import zlib
from typing import TYPE_CHECKING, Any

from wbtable.importers.wandb_proto import KINDS, MESSAGES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

BLOCK = 32_768
START = {"seconds": 1_700_000_000, "nanos": 500_000_000}


def varint(value: int) -> bytes:
    """Return an integer as protobuf writes it."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def encode(message: str, value: dict[str, Any]) -> bytes:
    """Return a message of the kinds that the importer knows."""
    numbers = {field.name: (number, field) for number, field in MESSAGES[message].items()}
    out = b""
    for name, found in value.items():
        number, field = numbers[name]
        for item in found if field.repeated else [found]:
            if field.kind == "int":
                out += varint(number << 3) + varint(item)
                continue
            data = item.encode() if field.kind == "text" else encode(field.kind, item)
            out += varint(number << 3 | 2) + varint(len(data)) + data
    return out


def record(kind: str, value: dict[str, Any]) -> bytes:
    """Return one record of a log."""
    if kind in {field.name for field in MESSAGES["Record"].values()}:
        return encode("Record", {kind: value})
    number = next(number for number, name in KINDS.items() if name == kind)
    return varint(number << 3 | 2) + varint(0)


def frame(records: Iterable[bytes]) -> bytes:
    """Return a log of records, in LevelDB's framing."""
    out = bytearray(struct.pack("<4sHB", b":W&B", 0xBEE1, 0))
    for data in records:
        rest, first = data, True
        while True:
            room = BLOCK - len(out) % BLOCK
            if room < 7:
                out += bytes(room)
                room = BLOCK
            part, rest = rest[: room - 7], rest[room - 7 :]
            kind = (1 if first else 4) if not rest else (2 if first else 3)
            out += struct.pack("<IHB", zlib.crc32(part, zlib.crc32(bytes([kind]))), len(part), kind) + part
            first = False
            if not rest:
                break
    return bytes(out)


def items(values: dict[str, Any]) -> list[dict[str, Any]]:
    """Return values as the items of a history, summary or settings record."""
    return [{"nested_key": key.split("/"), "value_json": json.dumps(value)} for key, value in values.items()]


def history(step: int, **values: Any) -> bytes:
    """Return a row of history."""
    facts = {"_step": step, "_timestamp": 1_700_000_001.25 + step, "_runtime": 1.0 + step}
    return record("history", {"item": items({**values, **facts}), "step": {"num": step}})


def run(run_id: str = "abc123", **more: Any) -> bytes:
    """Return the record of a run."""
    facts = {"run_id": run_id, "project": "digits", "display_name": "baseline", "start_time": START, **more}
    return record("run", facts)


def write(folder: Path, records: Iterable[bytes], run_id: str = "abc123") -> Path:
    """Write the folder of an offline run; return its log."""
    (folder / "files").mkdir(parents=True, exist_ok=True)
    file = folder / f"run-{run_id}.wandb"
    file.write_bytes(frame(records))
    return file
