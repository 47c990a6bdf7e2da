"""The few messages of W&B's run files that hold facts, read from protobuf's wire format.

Only what is named in `MESSAGES` is decoded, by field number; everything else is stepped over, as protobuf asks of
readers, so that files of older and newer clients can be read.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from wbtable.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MAX_SHIFT: Final = 63
_MAX_DEPTH: Final = 32


class Field(NamedTuple):
    """One field of a message: its name, its kind (``text``, ``int`` or a message), and whether it repeats."""

    name: str
    kind: str
    repeated: bool = False


_TEXT, _INT = "text", "int"
_ITEM: Final = {
    1: Field("key", _TEXT),
    2: Field("nested_key", _TEXT, repeated=True),
    16: Field("value_json", _TEXT),
}

MESSAGES: Final[dict[str, dict[int, Field]]] = {
    "Record": {
        2: Field("history", "History"),
        3: Field("summary", "Update"),
        5: Field("config", "Update"),
        7: Field("stats", "Stats"),
        8: Field("artifact", "Artifact"),
        10: Field("alert", "Alert"),
        12: Field("metric", "Metric"),
        13: Field("output_raw", "Output"),
        17: Field("run", "Run"),
        18: Field("exit", "Exit"),
        25: Field("use_artifact", "UseArtifact"),
        26: Field("environment", "Environment"),
    },
    "History": {1: Field("item", "Item", repeated=True), 2: Field("step", "Step")},
    "Item": _ITEM,
    "Step": {1: Field("num", _INT)},
    "Update": {1: Field("update", "Item", repeated=True), 2: Field("remove", "Item", repeated=True)},
    "Stats": {2: Field("timestamp", "Timestamp"), 3: Field("item", "Item", repeated=True)},
    "Timestamp": {1: Field("seconds", _INT), 2: Field("nanos", _INT)},
    "Alert": {1: Field("title", _TEXT), 2: Field("text", _TEXT), 3: Field("level", _TEXT)},
    "Metric": {
        1: Field("name", _TEXT),
        2: Field("glob_name", _TEXT),
        4: Field("step_metric", _TEXT),
        7: Field("summary", "MetricSummary"),
        8: Field("goal", _INT),
    },
    "MetricSummary": {
        number: Field(name, _INT)
        for number, name in enumerate(("min", "max", "mean", "best", "last", "none", "copy", "first"), 1)
    },
    "Output": {2: Field("timestamp", "Timestamp"), 3: Field("line", _TEXT)},
    "Run": {
        1: Field("run_id", _TEXT),
        2: Field("entity", _TEXT),
        3: Field("project", _TEXT),
        4: Field("config", "Update"),
        5: Field("summary", "Update"),
        6: Field("run_group", _TEXT),
        7: Field("job_type", _TEXT),
        8: Field("display_name", _TEXT),
        9: Field("notes", _TEXT),
        10: Field("tags", _TEXT, repeated=True),
        12: Field("sweep_id", _TEXT),
        13: Field("host", _TEXT),
        14: Field("starting_step", _INT),
        17: Field("start_time", "Timestamp"),
        18: Field("resumed", _INT),
        21: Field("git", "Git"),
    },
    "Exit": {1: Field("exit_code", _INT), 2: Field("runtime", _INT)},
    "Git": {1: Field("remote_url", _TEXT), 2: Field("commit", _TEXT)},
    "UseArtifact": {1: Field("id", _TEXT), 2: Field("type", _TEXT), 3: Field("name", _TEXT)},
    "Environment": {
        1: Field("os", _TEXT),
        2: Field("python", _TEXT),
        5: Field("args", _TEXT, repeated=True),
        6: Field("program", _TEXT),
        9: Field("git", "Git"),
        12: Field("host", _TEXT),
        13: Field("username", _TEXT),
        14: Field("executable", _TEXT),
        18: Field("gpu_type", _TEXT),
        25: Field("cuda_version", _TEXT),
    },
    "Artifact": {
        1: Field("run_id", _TEXT),
        2: Field("project", _TEXT),
        4: Field("type", _TEXT),
        5: Field("name", _TEXT),
        6: Field("digest", _TEXT),
        7: Field("description", _TEXT),
        8: Field("metadata", _TEXT),
        11: Field("aliases", _TEXT, repeated=True),
        12: Field("manifest", "Manifest"),
        15: Field("client_id", _TEXT),
        16: Field("sequence_client_id", _TEXT),
        18: Field("ttl_duration_seconds", _INT),
        19: Field("tags", _TEXT, repeated=True),
        20: Field("digest_algorithm", _TEXT),
        100: Field("incremental", _INT),
    },
    "Manifest": {4: Field("contents", "Entry", repeated=True), 5: Field("manifest_file_path", _TEXT)},
    "Extra": {1: Field("key", _TEXT), 2: Field("value_json", _TEXT)},
    "Entry": {
        1: Field("path", _TEXT),
        2: Field("digest", _TEXT),
        3: Field("ref", _TEXT),
        4: Field("size", _INT),
        6: Field("local_path", _TEXT),
        16: Field("extra", "Extra", repeated=True),
    },
}

KINDS: Final = {
    2: "history", 3: "summary", 4: "output", 5: "config", 6: "files", 7: "stats", 8: "artifact", 9: "tbrecord",
    10: "alert", 11: "telemetry", 12: "metric", 13: "output_raw", 17: "run", 18: "exit", 20: "final",
    21: "header", 22: "footer", 23: "preempting", 24: "link_artifact", 25: "use_artifact", 26: "environment",
    27: "output_logger", 100: "request",
}  # fmt: skip
"""What a record can be, by field number of ``Record``."""


def kind_of(data: bytes) -> str:
    """Return what a record is, without decoding it; ``unknown`` for kinds that are not in `KINDS`.

    Raises:
        FormatError: the bytes are no message.

    """
    for number, _wire, _value in _fields(memoryview(data)):
        if number in KINDS:
            return KINDS[number]
        if number not in {1, 16, 19, 200}:
            return f"unknown ({number})"
    return "empty"


def decode(data: bytes | memoryview, message: str = "Record", depth: int = 0) -> dict[str, Any]:
    """Return the named fields of a message; those that are not set are not there.

    Raises:
        FormatError: the bytes are no such message.

    """
    if depth > _MAX_DEPTH:
        msg = "the message nests too deep"
        raise FormatError(msg)
    known = MESSAGES[message]
    out: dict[str, Any] = {}
    for number, wire, value in _fields(memoryview(data)):
        field = known.get(number)
        if field is None:
            continue
        found = _value(field, wire, value, f"{message}.{field.name}", depth)
        if field.repeated:
            out.setdefault(field.name, []).append(found)
        else:
            out[field.name] = found
    return out


def _value(field: Field, wire: int, value: int | memoryview, place: str, depth: int) -> Any:
    if field.kind == _INT:
        if isinstance(value, memoryview) or wire != _VARINT:
            msg = f"expected an integer, found wire type {wire}"
            raise FormatError(msg, place=place)
        return value - (1 << 64) if value >= 1 << 63 else value
    if not isinstance(value, memoryview):
        msg = f"expected bytes, found wire type {wire}"
        raise FormatError(msg, place=place)
    if field.kind == _TEXT:
        try:
            return str(value, "utf-8")
        except UnicodeDecodeError as error:
            msg = f"expected UTF-8 text: {error}"
            raise FormatError(msg, place=place) from None
    return decode(value, field.kind, depth + 1)


def _fields(data: memoryview) -> Iterator[tuple[int, int, int | memoryview]]:
    at, end = 0, len(data)
    while at < end:
        tag, at = _varint(data, at)
        wire = tag & 7
        value: int | memoryview
        if wire == _VARINT:
            value, at = _varint(data, at)
        elif wire == _BYTES:
            length, at = _varint(data, at)
            if length > end - at:
                msg = f"a field of {length} bytes goes beyond the end"
                raise FormatError(msg)
            value, at = data[at : at + length], at + length
        elif wire in {_FIXED64, _FIXED32}:
            size = 8 if wire == _FIXED64 else 4
            if size > end - at:
                msg = "a number goes beyond the end"
                raise FormatError(msg)
            value = struct.unpack_from("<Q" if size == 8 else "<I", data, at)[0]
            at += size
        else:
            msg = f"expected a wire type of protobuf, found {wire}"
            raise FormatError(msg)
        yield tag >> 3, wire, value


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > _MAX_SHIFT:
            msg = "an integer does not end"
            raise FormatError(msg)
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
