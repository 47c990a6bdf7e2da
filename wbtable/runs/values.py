"""What ``log`` accepts: any nesting of any scalars, media and tables -> flat keys and plain values. Pure rules."""

from __future__ import annotations

import enum
import functools
import json
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, cast

from wbtable.errors import WbtableError
from wbtable.format.run_history import RESERVED, Cell, to_text
from wbtable.format.tagged import key_text, of_member, untag, utf8_text
from wbtable.format.types import AnyType, ListType, NullType, unify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wbtable.format.types import ColumnType

PLAIN: Final = frozenset({float, int, bool, str})
"""The types whose values are recorded as they are."""

MAX_KEY: Final = 1024
_MAX_DEPTH: Final = 32
_NEVER_MEDIA: Final = frozenset({"numpy", "builtins", "datetime", "decimal", "enum", "uuid"})
_ANY: Final = AnyType()


class Prepared:
    """The values of one call of ``log``, taken.

    Attributes:
        scalars: flat key -> plain scalar or cell without blobs: recorded within the second.
        media: flat key -> cell whose FILE groups hold payloads: put into the store first.
        tables: flat key -> table: committed as artifacts first.
        problems: one text for each value that could not be taken.

    """

    __slots__ = ("media", "problems", "scalars", "tables")

    def __init__(self) -> None:
        """Start with nothing."""
        self.scalars: dict[str, Any] = {}
        self.media: dict[str, Cell] = {}
        self.tables: dict[str, Any] = {}
        self.problems: list[str] = []

    def __bool__(self) -> bool:
        """Whether anything was taken."""
        return bool(self.scalars or self.media or self.tables)


def prepare(data: Mapping[Any, Any]) -> Prepared:
    """Take the values of a call of ``log``; later changes of `data` do not matter.

    A value that cannot be stored becomes a problem, which names its key; the others are taken all the same.
    """
    out = Prepared()
    for key, value in _flatten(data, "", 0):
        fault = key_fault(key)
        if fault is None:
            try:
                _take(key, value, out)
            except WbtableError as error:
                fault = str(error)
            except Exception as error:  # noqa: BLE001 - an object of any library may raise anything when it is read
                fault = f"{type(error).__name__}: {error}"
        if fault is not None:
            out.problems.append(f"{key!r:.120} was not logged: {fault}")
    return out


def take_scalars(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the values of a call whose keys are known to be good, if all of them are scalars of known types."""
    out = {}
    for key, value in data.items():
        kind = type(value)
        if kind in PLAIN:
            if kind is str and not value.isascii():
                return None
            out[key] = value
            continue
        convert = _CONVERTERS.get(kind)
        if convert is None or convert is str:
            return None
        out[key] = convert(value)
    return out


def _flatten(data: Mapping[Any, Any], prefix: str, depth: int) -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        found = key_text(key)
        name = prefix + (str(key) if found is None else found)
        if isinstance(value, Mapping) and value and depth < _MAX_DEPTH:
            yield from _flatten(value, f"{name}.", depth + 1)
        else:
            yield name, value


@functools.lru_cache(maxsize=4096)
def key_fault(key: str) -> str | None:
    """Return what is wrong with a key, None if nothing is (RUN-3)."""
    if not key:
        return "the key is empty"
    if key in RESERVED:
        return "the key is reserved; give the step as log(..., step=...)"
    if len(key) > MAX_KEY:
        return f"the key is longer than {MAX_KEY} characters"
    if "\x00" in key:
        return "the key has a NUL character"
    try:
        key.encode("utf-8")
    except UnicodeEncodeError:
        return "the key is not Unicode text"
    return None


def _take(key: str, value: object, out: Prepared) -> None:
    kind = type(value)
    if kind in PLAIN:
        out.scalars[key] = _checked(value)
        return
    convert = _CONVERTERS.get(kind)
    if convert is not None:
        out.scalars[key] = _checked(convert(value))
        return
    if value is None:
        return
    table = value if is_table(value) else _table_of_frame(value)
    if table is not None:
        out.tables[key] = table
        return
    cell = _media(value)
    if cell is not None:
        _sort(key, cell, out)
        return
    scalar = to_scalar(value)
    if scalar is not None:
        out.scalars[key] = _checked(scalar)


def _checked(value: Any) -> Any:
    """Return a value; text without a UTF-8 form, which no history holds, is refused."""
    return utf8_text(value) if isinstance(value, str) else value


def _sort(key: str, cell: Cell, out: Prepared) -> None:
    if has_payload(cell.value):
        out.media[key] = cell
    else:
        out.scalars[key] = cell


def to_scalar(value: object) -> Any:
    """Return a value as a plain scalar where it is one, else as a cell of tagged JSON; None where it is null.

    Scalars of numpy, torch, jax and tensorflow, and arrays of one element, are known by their ``item`` or ``numpy``.

    Raises:
        TypeMismatchError: it has no stored form.

    """
    if type(value) in PLAIN:
        return value
    item = _item(value)
    if type(item) in PLAIN:
        if type(value).__module__ == "numpy" and not hasattr(value, "__len__"):
            _remember(type(value), type(item))
        return item
    if isinstance(value, enum.Enum):
        return to_scalar(of_member(value))
    for base in (int, float, str):
        if isinstance(value, base):
            return base(value)
    text = to_text(value if item is None else item)
    return None if text == "null" else Cell(_ANY, text)


def _item(value: object) -> Any:
    """Return the one element of a scalar or array of another library, None if `value` is no such thing."""
    read = getattr(value, "item", None)
    if callable(read):
        if _size(value) != 1:
            return None
        found = read()
        if type(found) is type(value):  # numpy.longdouble gives itself
            return float(cast("Any", found))
        if type(found) is int and str(getattr(value, "dtype", "")).endswith("64[ns]"):
            return value.astype(str(value.dtype).replace("ns", "us")).item()  # type: ignore[attr-defined]
        return found
    to_numpy = getattr(value, "numpy", None)
    return _item(to_numpy()) if callable(to_numpy) else None


def _size(value: object) -> int:
    numel = getattr(value, "numel", None)
    if callable(numel):
        return int(numel())
    size = getattr(value, "size", 1)
    return size if isinstance(size, int) else 1


def _remember(kind: type, plain: type) -> None:
    """Convert further scalars of a numpy type without looking at them; a call of the plain type beats ``item``."""
    _CONVERTERS[kind] = plain


_CONVERTERS: dict[type, Callable[[Any], Any]] = {}


def is_table(value: object) -> bool:
    """Whether a value is committed as an artifact of its own when it is logged."""
    if "wbtable.tables" not in sys.modules:
        return False
    return type(value).__module__.startswith("wbtable.tables")


def _table_of_frame(value: object) -> Any:
    """Return the table of a data frame of pandas or Polars, None if a value is something else."""
    kind = type(value)
    if kind.__name__ != "DataFrame" or kind.__module__.partition(".")[0] not in {"pandas", "polars"}:
        return None
    from wbtable.tables.table import Table

    return Table(dataframe=value)


def _media(value: object) -> Cell | None:
    if isinstance(value, (list, tuple)):
        if not value or type(value[0]) in PLAIN:
            return None
        cells = [_media(item) for item in value]
        found = [cell for cell in cells if cell is not None]
        if len(found) != len(cells):
            return None
        kind: ColumnType = NullType()
        for cell in found:
            kind = unify(kind, cell.type)
        return Cell(ListType(item=kind), [cell.value for cell in found])
    kind_module = type(value).__module__
    if kind_module in _NEVER_MEDIA and not isinstance(value, ModuleType):
        return None
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return None
    from wbtable.media.base import Media
    from wbtable.media.wrap import wrap

    media = value if isinstance(value, Media) else wrap(value)
    return None if media is None else Cell(media.column_type(), media.to_cell())


def has_payload(value: object) -> bool:
    """Whether a cell's value holds bytes that are not in the store yet."""
    return any(True for _ in payloads(value))


def payloads(value: object) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield where payloads stand in a cell's value: each a dict and the key in it."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "file" and item is not None and not isinstance(item, dict):
                yield value, key
            else:
                yield from payloads(item)
    elif isinstance(value, list):
        for item in value:
            yield from payloads(item)


def plain_value(value: Any) -> Any:
    """Return what a summary holds for a recorded value."""
    if not isinstance(value, Cell):
        return value
    if isinstance(value.type, AnyType):
        return untag(json.loads(value.value))
    return {"_type": value.type.kind, "value": value.value}
