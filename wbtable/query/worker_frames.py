"""What a worker says to its parent: frames of a kind, a length and bytes (spec: none, both ends are this package)."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import wbtable.errors
from wbtable.errors import WbtableError

if TYPE_CHECKING:
    from typing import BinaryIO

READY: Final = b"R"
PROGRESS: Final = b"P"
ARROW: Final = b"A"
VALUE: Final = b"V"
ERROR: Final = b"E"
END: Final = b"D"
KINDS: Final = frozenset({READY, PROGRESS, ARROW, VALUE, ERROR, END})

_HEADER: Final = struct.Struct("<cQQ")


class Frame(NamedTuple):
    """One message of a worker.

    Attributes:
        kind: what it is: ready, progress, a piece of an Arrow stream, a JSON value, an error, the end of a task.
        task: the number of the task that it is about.
        data: its content.

    """

    kind: bytes
    task: int
    data: bytes

    def json(self) -> Any:
        """Return the content as JSON."""
        return json.loads(self.data)


def write_frame(sink: BinaryIO, kind: bytes, task: int, data: bytes | memoryview = b"") -> None:
    """Write a frame and flush it."""
    sink.write(_HEADER.pack(kind, task, len(data)))
    sink.write(data)
    sink.flush()


def read_frame(source: BinaryIO) -> Frame | None:
    """Return the next frame, None at the end of the pipe or where it holds no frame."""
    header = source.read(_HEADER.size)
    if len(header) != _HEADER.size:
        return None
    kind, task, size = _HEADER.unpack(header)
    if kind not in KINDS:
        return None
    data = source.read(size)
    return Frame(kind, task, data) if len(data) == size else None


def error_to_json(error: BaseException) -> dict[str, Any]:
    """Return an error as JSON: its class by name, its message, and the plain attributes that it has beside."""
    kept = {
        name: value
        for name, value in vars(error).items()
        if isinstance(value, str | int | float | list | tuple | None.__class__)
    }
    return {"module": type(error).__module__, "class": type(error).__name__, "message": str(error), "kept": kept}


def error_from_json(value: dict[str, Any]) -> Exception:
    """Return the error again: one of ours as its class, with what it carried; any other as a `WbtableError`."""
    kind: Any = None
    module = str(value["module"])
    if module.startswith("wbtable."):
        import importlib

        kind = getattr(importlib.import_module(module), str(value["class"]), None)
    if not (isinstance(kind, type) and issubclass(kind, WbtableError)):
        return wbtable.errors.WbtableError(f"a worker failed: {value['class']}: {value['message']}")
    # Its own initialiser may take other arguments; what it set is set again.
    error: Exception = kind.__new__(kind, value["message"])
    error.args = (value["message"],)
    for name, item in value["kept"].items():
        setattr(error, name, tuple(item) if isinstance(item, list) else item)
    return error
