"""Logical types that nest others (spec: 06-types)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

import pyarrow as pa

from wbtable.errors import FormatError
from wbtable.format.types_base import ColumnType, read_type
from wbtable.format.types_scalar import NUMBERS

if TYPE_CHECKING:
    from wbtable.format.documents import Reader

ABSENT: Final = "$absent"
"""The extra child of a struct that lists which keys its dict lacked (TYPE-7)."""

_DATETIME = re.compile(r"(datetime64|timedelta64)\[(s|ms|us|ns)\]")
_MAX_NDIM: Final = 32
_MAX_ELEMENTS: Final = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ListType(ColumnType):
    """Lists of values of one type.

    Attributes:
        item: the type of the elements, each of which may be null.

    """

    kind: ClassVar[str] = "list"
    item: ColumnType

    def arrow(self) -> pa.DataType:
        """Return the Arrow list."""
        return pa.list_(self.item.arrow())

    def params(self) -> dict[str, Any]:
        """Return the element type."""
        return {"item": self.item.to_json()}

    @classmethod
    def read(cls, fields: Reader) -> Self:
        """Read the element type."""
        return cls(item=read_type(fields.child("item")))

    def children(self) -> tuple[ColumnType, ...]:
        """Return the element type."""
        return (self.item,)

    def __str__(self) -> str:
        """Return ``list<int64>``."""
        return f"list<{self.item}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One key of a struct.

    Attributes:
        name: the key.
        type: the type of its values.

    """

    name: str
    type: ColumnType


@dataclass(frozen=True, slots=True, kw_only=True)
class StructType(ColumnType):
    """Dicts with text keys.

    Attributes:
        fields: the keys in order of first appearance.
        absent: whether some dict lacks a key; then, or where there is no key at all, a child ``$absent`` lists the keys
            that a dict lacks, so that a missing key is not None (TYPE-7).

    """

    kind: ClassVar[str] = "struct"
    fields: tuple[Field, ...]
    absent: bool = False

    def __post_init__(self) -> None:
        """Refuse two fields of one name."""
        names = [field.name for field in self.fields]
        if len(set(names)) != len(names) or ABSENT in names:
            msg = f"expected distinct field names other than {ABSENT}, found {names!r:.200}"
            raise FormatError(msg)

    @property
    def has_absent(self) -> bool:
        """Whether the physical struct has the child ``$absent``."""
        return self.absent or not self.fields

    def arrow(self) -> pa.DataType:
        """Return the Arrow struct."""
        children = [pa.field(field.name, field.type.arrow()) for field in self.fields]
        if self.has_absent:
            children.append(pa.field(ABSENT, pa.list_(pa.string())))
        return pa.struct(children)

    def params(self) -> dict[str, Any]:
        """Return the fields."""
        fields = [{"name": field.name, "type": field.type.to_json()} for field in self.fields]
        return {"fields": fields, **({"absent": True} if self.absent else {})}

    @classmethod
    def read(cls, fields: Reader) -> Self:
        """Read the fields."""
        found = tuple(
            Field(name=child.str("name"), type=read_type(child.child("type"))) for child in fields.children("fields")
        )
        return cls(fields=found, absent=fields.bool("absent"))

    def children(self) -> tuple[ColumnType, ...]:
        """Return the types of the fields."""
        return tuple(field.type for field in self.fields)

    def __str__(self) -> str:
        """Return ``struct<a: int64>``."""
        return f"struct<{', '.join(f'{field.name}: {field.type}' for field in self.fields)}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class MapType(ColumnType):
    """Dicts with keys of one type other than text, or too many to name.

    Attributes:
        key: the type of the keys, never null.
        item: the type of the values.

    """

    kind: ClassVar[str] = "map"
    key: ColumnType
    item: ColumnType

    def __post_init__(self) -> None:
        """Refuse keys of which every one would be null."""
        if self.key.kind == "null":
            msg = f"expected keys of a type that has values, found {self.key}"
            raise FormatError(msg)

    def arrow(self) -> pa.DataType:
        """Return the Arrow map."""
        return pa.map_(self.key.arrow(), self.item.arrow())

    def params(self) -> dict[str, Any]:
        """Return both types."""
        return {"key": self.key.to_json(), "item": self.item.to_json()}

    @classmethod
    def read(cls, fields: Reader) -> Self:
        """Read both types."""
        return cls(key=read_type(fields.child("key")), item=read_type(fields.child("item")))

    def children(self) -> tuple[ColumnType, ...]:
        """Return both types."""
        return (self.key, self.item)

    def __str__(self) -> str:
        """Return ``map<int64, string>``."""
        return f"map<{self.key}, {self.item}>"


def element_type(dtype: str) -> pa.DataType:
    """Return the Arrow type in which the elements of an array of this dtype are stored (TYPE-8).

    Raises:
        FormatError: arrays of this dtype cannot be stored.

    """
    if dtype in NUMBERS:
        return NUMBERS[dtype]
    if dtype == "bool":
        return pa.bool_()
    if dtype == "str":
        return pa.string()
    if dtype == "bytes":
        return pa.binary()
    if dtype == "complex64":
        return pa.float32()
    if dtype == "complex128":
        return pa.float64()
    match = _DATETIME.fullmatch(dtype)
    if match is None:
        msg = f"arrays of dtype {dtype!r:.80} cannot be stored"
        raise FormatError(msg)
    return pa.timestamp(match[2]) if match[1] == "datetime64" else pa.duration(match[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class NdarrayType(ColumnType):
    """Arrays of numbers, booleans, text or times (TYPE-8).

    Attributes:
        dtype: numpy's name (``float32``, ``complex64``, ``datetime64[ns]``), ``str`` or ``bytes``; None: each cell has
            its own, and its bytes are stored in C order, little-endian.
        shape: the shape that all cells share; None: each cell has its own.

    """

    kind: ClassVar[str] = "ndarray"
    dtype: str | None
    shape: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        """Refuse impossible shapes and dtypes."""
        if self.dtype is not None:
            element_type(self.dtype)
        if self.shape is not None:
            size = 1
            for length in self.shape:
                if type(length) is not int or not 0 <= length <= _MAX_ELEMENTS:
                    msg = f"expected lengths from 0 to {_MAX_ELEMENTS}, found {self.shape!r:.80}"
                    raise FormatError(msg)
                size *= length
            if len(self.shape) > _MAX_NDIM or size > _MAX_ELEMENTS:
                msg = f"expected at most {_MAX_NDIM} dimensions and {_MAX_ELEMENTS} elements, found {self.shape!r:.80}"
                raise FormatError(msg)

    @property
    def is_tensor(self) -> bool:
        """Whether cells are fixed-size lists: of one shape, with a dimension, not empty, of plain elements."""
        return (
            self.shape is not None
            and self.dtype is not None
            and len(self.shape) > 0
            and 0 not in self.shape
            and (self.dtype in NUMBERS or self.dtype == "bool")
        )

    @property
    def size(self) -> int:
        """The number of elements of each cell of a tensor column."""
        size = 1
        for length in self.shape or ():
            size *= length
        return size

    def arrow(self) -> pa.DataType:
        """Return a fixed-size list for tensors, else a struct of shape and values."""
        if self.is_tensor:
            return pa.list_(element_type(self.dtype or ""), self.size)
        if self.dtype is None:
            return pa.struct([("dtype", pa.string()), ("shape", pa.list_(pa.int64())), ("data", pa.binary())])
        return pa.struct([("shape", pa.list_(pa.int64())), ("values", pa.list_(element_type(self.dtype)))])

    def params(self) -> dict[str, Any]:
        """Return dtype and shape."""
        out: dict[str, Any] = {} if self.dtype is None else {"dtype": self.dtype}
        if self.shape is not None:
            out["shape"] = list(self.shape)
        return out

    @classmethod
    def read(cls, fields: Reader) -> Self:
        """Read dtype and shape."""
        shape = fields.fields.get("shape")
        return cls(dtype=fields.opt_str("dtype"), shape=None if shape is None else tuple(fields.list("shape")))

    def __str__(self) -> str:
        """Return ``ndarray<float32, 28x28>``."""
        shape = "" if self.shape is None else ", " + ("x".join(map(str, self.shape)) or "0-d")
        return f"ndarray<{self.dtype or 'any'}{shape}>"
