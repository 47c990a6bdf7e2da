"""Logical types of single values (spec: 06-types)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

import pyarrow as pa

from wbtable.errors import FormatError, UsageError
from wbtable.format.paths import check_path
from wbtable.format.types_base import ColumnType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wbtable.format.documents import Reader

NUMBERS: Final[Mapping[str, pa.DataType]] = {
    "int8": pa.int8(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "uint8": pa.uint8(),
    "uint16": pa.uint16(),
    "uint32": pa.uint32(),
    "uint64": pa.uint64(),
    "float16": pa.float16(),
    "float32": pa.float32(),
    "float64": pa.float64(),
}
UNITS: Final = ("s", "ms", "us", "ns")
MAX_PRECISION: Final = 38
"""The most digits of a decimal128; longer decimals are stored as text."""
MAX_TEXT_PRECISION: Final = 1000
_ZONE = re.compile(r"[A-Za-z0-9_+\-:/]{1,64}")


def _check(ok: bool, expected: str, found: object) -> None:
    if not ok:
        msg = f"expected {expected}, found {found!r:.80}"
        raise FormatError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class NullType(ColumnType):
    """A column that has held only None so far."""

    kind: ClassVar[str] = "null"

    def arrow(self) -> pa.DataType:
        """Return Arrow's null type."""
        return pa.null()


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberType(ColumnType):
    """Numbers of one fixed width.

    Attributes:
        dtype: numpy's name of it, from int8 to float64.

    """

    kind: ClassVar[str] = "number"
    dtype: str

    def __post_init__(self) -> None:
        """Refuse unknown widths."""
        _check(self.dtype in NUMBERS, f"one of {', '.join(NUMBERS)}", self.dtype)

    @property
    def is_float(self) -> bool:
        """Whether the numbers are floating point."""
        return self.dtype.startswith("float")

    def arrow(self) -> pa.DataType:
        """Return the Arrow number type."""
        return NUMBERS[self.dtype]

    def params(self) -> dict[str, Any]:
        """Return the width."""
        return {"dtype": self.dtype}

    @classmethod
    def read(cls, fields: Reader) -> Self:
        """Read the width."""
        return cls(dtype=fields.str("dtype"))

    def __str__(self) -> str:
        """Return the width's name."""
        return self.dtype


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegerType(ColumnType):
    """Integers of up to 38 digits, for columns that pass 64 bits; stored as decimal128(38, 0)."""

    kind: ClassVar[str] = "integer"

    def arrow(self) -> pa.DataType:
        """Return decimal128(38, 0)."""
        return pa.decimal128(MAX_PRECISION, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BooleanType(ColumnType):
    """True and false."""

    kind: ClassVar[str] = "boolean"

    def arrow(self) -> pa.DataType:
        """Return Arrow's bool."""
        return pa.bool_()


@dataclass(frozen=True, slots=True, kw_only=True)
class StringType(ColumnType):
    """UTF-8 text."""

    kind: ClassVar[str] = "string"

    def arrow(self) -> pa.DataType:
        """Return Arrow's string."""
        return pa.string()


@dataclass(frozen=True, slots=True, kw_only=True)
class BinaryType(ColumnType):
    """Bytes."""

    kind: ClassVar[str] = "binary"

    def arrow(self) -> pa.DataType:
        """Return Arrow's binary."""
        return pa.binary()


@dataclass(frozen=True, slots=True, kw_only=True)
class UuidType(ColumnType):
    """UUIDs, stored as their lowercase text of 36 characters."""

    kind: ClassVar[str] = "uuid"

    def arrow(self) -> pa.DataType:
        """Return Arrow's string."""
        return pa.string()


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplexType(ColumnType):
    """Complex numbers, stored as two doubles."""

    kind: ClassVar[str] = "complex"

    def arrow(self) -> pa.DataType:
        """Return a struct of two doubles."""
        return pa.struct([("real", pa.float64()), ("imag", pa.float64())])


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestampType(ColumnType):
    """Points in time.

    Attributes:
        unit: s, ms, us or ns.
        zone: the IANA name or fixed offset in which they are shown; None: a naive wall clock.

    """

    kind: ClassVar[str] = "timestamp"
    unit: str = "us"
    zone: str | None = None

    def __post_init__(self) -> None:
        """Refuse unknown units and zones that are no names."""
        _check(self.unit in UNITS, f"one of {', '.join(UNITS)}", self.unit)
        _check(self.zone is None or bool(_ZONE.fullmatch(self.zone)), "a time zone's name", self.zone)

    def arrow(self) -> pa.DataType:
        """Return the Arrow timestamp."""
        return pa.timestamp(self.unit, tz=self.zone)

    def params(self) -> dict[str, Any]:
        """Return unit and zone."""
        return {"unit": self.unit, **({"zone": self.zone} if self.zone else {})}

    @classmethod
    def read(cls, fields: Reader) -> Self:
        """Read unit and zone."""
        return cls(unit=fields.str("unit"), zone=fields.opt_str("zone"))

    def __str__(self) -> str:
        """Return ``timestamp[us, UTC]``."""
        return f"timestamp[{self.unit}{', ' + self.zone if self.zone else ''}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class DateType(ColumnType):
    """Calendar days."""

    kind: ClassVar[str] = "date"

    def arrow(self) -> pa.DataType:
        """Return date32."""
        return pa.date32()


@dataclass(frozen=True, slots=True, kw_only=True)
class _UnitType(ColumnType):
    unit: str = "us"

    def __post_init__(self) -> None:
        """Refuse unknown units."""
        _check(self.unit in UNITS, f"one of {', '.join(UNITS)}", self.unit)

    def params(self) -> dict[str, Any]:
        """Return the unit."""
        return {"unit": self.unit}

    @classmethod
    def read(cls, fields: Reader) -> Self:
        """Read the unit."""
        return cls(unit=fields.str("unit"))

    def __str__(self) -> str:
        """Return ``time[us]``."""
        return f"{self.kind}[{self.unit}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeType(_UnitType):
    """Times of day; `unit` is s, ms, us or ns."""

    kind: ClassVar[str] = "time"

    def arrow(self) -> pa.DataType:
        """Return time32 or time64."""
        return pa.time32(self.unit) if self.unit in {"s", "ms"} else pa.time64(self.unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class DurationType(_UnitType):
    """Lengths of time; `unit` is s, ms, us or ns."""

    kind: ClassVar[str] = "duration"

    def arrow(self) -> pa.DataType:
        """Return the Arrow duration."""
        return pa.duration(self.unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecimalType(ColumnType):
    """Exact decimal numbers; beyond 38 digits they are stored as text.

    Attributes:
        precision: digits in all, 1 to 1000.
        scale: digits behind the point, 0 to `precision`.

    """

    kind: ClassVar[str] = "decimal"
    precision: int
    scale: int = 0

    def __post_init__(self) -> None:
        """Refuse impossible precisions."""
        _check(1 <= self.precision <= MAX_TEXT_PRECISION, f"1 to {MAX_TEXT_PRECISION} digits", self.precision)
        _check(0 <= self.scale <= self.precision, f"a scale from 0 to {self.precision}", self.scale)

    def arrow(self) -> pa.DataType:
        """Return decimal128, or string beyond 38 digits."""
        return pa.decimal128(self.precision, self.scale) if self.precision <= MAX_PRECISION else pa.string()

    def params(self) -> dict[str, Any]:
        """Return precision and scale."""
        return {"precision": self.precision, "scale": self.scale}

    @classmethod
    def read(cls, fields: Reader) -> Self:
        """Read precision and scale."""
        return cls(precision=fields.int("precision"), scale=fields.int("scale"))

    def __str__(self) -> str:
        """Return ``decimal(10, 2)``."""
        return f"decimal({self.precision}, {self.scale})"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyType(ColumnType):
    """Mixed values, each stored as tagged canonical JSON (ANY-1)."""

    kind: ClassVar[str] = "any"

    def arrow(self) -> pa.DataType:
        """Return Arrow's string."""
        return pa.string()


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkType(ColumnType):
    """Row positions in another table of the same artifact (LINK-1).

    Attributes:
        table: the path of that table in the artifact; empty until it is written beside it.

    """

    kind: ClassVar[str] = "link"
    table: str = ""

    def arrow(self) -> pa.DataType:
        """Return int64."""
        return pa.int64()

    def params(self) -> dict[str, Any]:
        """Return the table's path."""
        return {"table": self.table}

    @classmethod
    def read(cls, fields: Reader) -> Self:
        """Read the table's path."""
        table = fields.str("table")
        try:
            return cls(table=check_path(table) if table else "")
        except UsageError as error:
            raise FormatError(str(error)) from None
