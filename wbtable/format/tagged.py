"""Any Python value as canonical JSON, and back exactly (spec: 06-types, ANY-n).

Used for cells of mixed columns and for what users attach: metadata, config, summaries. A value that JSON has
stands as itself; one that it lacks, or would change, is an object with the two keys ``$type`` and ``value``.
"""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import enum
import math
import uuid
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

from wbtable.errors import FormatError, TypeMismatchError
from wbtable.format.documents import MAX_SAFE_INTEGER

if TYPE_CHECKING:
    from collections.abc import Callable

TYPE, VALUE = "$type", "value"


MAX_LEVELS: Final = 60
"""Levels of lists and objects in a tagged value: the document that it stands in adds some, and may have 64 (DOC-2)."""


def tag(value: object, place: str = "value", level: int = 0) -> Any:
    """Return the tagged JSON form of `value` (ANY-1).

    numpy scalars and arrays, enums and anything with ``item()`` or ``tolist()`` become the Python values
    that they hold; tuples and sets become lists.

    Args:
        value: the value.
        place: where it stands, for messages.
        level: in how many levels of the 60 that there may be it stands already.

    Raises:
        TypeMismatchError: it holds something that has no form, such as a function, or nests too deep (ANY-2); the
            message names its path.

    """
    if value is None or type(value) is bool:
        return value
    if type(value) is str:
        return utf8_text(value, place)
    if type(value) is int:
        return value if abs(value) <= MAX_SAFE_INTEGER else {TYPE: "int", VALUE: _int_text(value, place)}
    if isinstance(value, float) and type(value) is float:
        if math.isfinite(value) and not value.is_integer():
            return value
        return {TYPE: "float", VALUE: float_text(value)}
    if isinstance(value, dict):
        inner = _deeper(level, place, 1 + (TYPE in value))
        out = {_key(key, place): tag(item, f"{place}.{key}", inner) for key, item in value.items()}
        if len(out) != len(value):
            msg = f"expected keys that differ as text, found {list(value)!r:.80}"
            raise TypeMismatchError(msg, place=place)
        return {TYPE: "dict", VALUE: out} if TYPE in out else out
    if isinstance(value, (list, tuple)):
        inner = _deeper(level, place, 1)
        return [tag(item, f"{place}[{i}]", inner) for i, item in enumerate(value)]
    if isinstance(value, (set, frozenset)):
        inner = _deeper(level, place, 1)
        return [tag(item, place, inner) for item in sorted(value, key=repr)]
    return _tag_object(value, place, level)


def _deeper(level: int, place: str, by: int) -> int:
    if level + by > MAX_LEVELS:
        msg = f"expected at most {MAX_LEVELS} levels of lists and dicts, found more, or a value that holds itself"
        raise TypeMismatchError(msg, place=f"{place:.80}")
    return level + by


def utf8_text(text: str, place: str | None = None) -> str:
    """Return text that has a UTF-8 form, as all that is stored must have.

    Raises:
        TypeMismatchError: it holds half of a surrogate pair.

    """
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            msg = f"the text {text!r:.80} has no UTF-8 form: {error.reason} at {error.start}"
            raise TypeMismatchError(msg, place=place) from None
    return text


def _tag_object(value: object, place: str, level: int) -> Any:
    if _is_pandas_null(value):  # before times: pandas' NaT is a datetime
        return None
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    if kind in {"m", "M"}:
        return _tag_numpy_time(value, kind, place)
    if isinstance(value, enum.Enum):
        return tag(of_member(value), place, level)
    if getattr(value, "nanosecond", 0) or getattr(value, "nanoseconds", 0):  # pandas' Timestamp and Timedelta
        _refuse_nanoseconds(value, place)
    if (isinstance(value, dt.date) and not dt.MINYEAR <= value.year <= dt.MAXYEAR) or (
        isinstance(value, dt.timedelta) and not dt.timedelta.min <= value <= dt.timedelta.max
    ):  # of pandas, whose times go farther than Python's
        _refuse_nanoseconds(value, place)
    known = _tag_known(value)
    if known is not None:
        return known
    if hasattr(value, "__fspath__"):
        return tag(value.__fspath__(), place, level)
    if isinstance(value, str):  # subclasses, such as numpy.str_
        return utf8_text(str.__str__(value), place)
    if isinstance(value, (int, float)):
        return tag(int(value) if isinstance(value, int) else float(value), place)
    for name in ("item", "tolist"):
        method = getattr(value, name, None)
        if callable(method) and (name == "tolist" or getattr(value, "shape", None) in {(), None}):
            found = method()
            # numpy.longdouble gives itself.
            return tag(float(cast("Any", found)) if type(found) is type(value) else found, place, level)
    raise _no_form(value, place)


def _no_form(value: object, place: str) -> TypeMismatchError:
    msg = f"a value of type {type(value).__name__} cannot be stored"
    if type(value).__module__.startswith(("wbtable.media.", "wbtable.tables.", "wbtable.artifacts.")):
        msg += " among settings and metadata: log it with run.log, or add it to an artifact"
    return TypeMismatchError(msg, place=place)


def _int_text(value: int, place: str) -> str:
    if value.bit_length() > _MAX_INT_BITS:
        msg = f"expected an integer of less than {_MAX_INT_DIGITS} digits, found one of {value.bit_length():,} bits"
        raise TypeMismatchError(msg, place=place)
    return str(value)


def _tag_numpy_time(value: Any, kind: str, place: str) -> Any:
    """Return the form of numpy's times, which give nanoseconds and far years out as bare integers."""
    if value.shape:
        return [tag(item, f"{place}[{i}]") for i, item in enumerate(value)]
    scalar = value[()]
    if scalar != scalar:  # noqa: PLR0124 - NaT
        return None
    plain = scalar.item()
    if isinstance(plain, int):
        if kind == "m" and scalar.dtype.str.endswith(("8[Y]", "8[M]", "m8")):
            msg = f"{scalar.dtype} is no certain length of time; give it in days, seconds or less"
            raise TypeMismatchError(msg, place=place)
        try:
            exact = scalar.astype(f"{kind}8[us]")
        except OverflowError:  # since numpy 2.5; before, both would wrap alike
            _refuse_nanoseconds(value, place)
        plain = exact.item()
        if exact.astype(scalar.dtype) != scalar or isinstance(plain, int):
            _refuse_nanoseconds(value, place)
    return tag(plain, place)


def _refuse_nanoseconds(value: object, place: str) -> NoReturn:
    msg = f"{value} needs more than the microseconds, or the years, that a mixed value keeps"
    raise TypeMismatchError(msg, place=place)


def _tag_known(value: object) -> dict[str, Any] | None:
    """Return the tagged form of the standard library's values, None of others."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {TYPE: "bytes", VALUE: base64.b64encode(bytes(value)).decode("ascii")}
    if isinstance(value, dt.datetime):
        return {TYPE: "datetime", VALUE: value.isoformat()}
    if isinstance(value, dt.date):
        return {TYPE: "date", VALUE: value.isoformat()}
    if isinstance(value, dt.time):
        return {TYPE: "time", VALUE: value.isoformat()}
    if isinstance(value, dt.timedelta):
        return {TYPE: "timedelta", VALUE: str(value // dt.timedelta(microseconds=1))}
    if isinstance(value, decimal.Decimal):
        return {TYPE: "decimal", VALUE: str(value)}
    if isinstance(value, uuid.UUID):
        return {TYPE: "uuid", VALUE: str(value)}
    if isinstance(value, complex):
        return {TYPE: "complex", VALUE: [float_text(value.real), float_text(value.imag)]}
    return None


def _is_pandas_null(value: object) -> bool:
    kind = type(value)
    return kind.__name__ in {"NaTType", "NAType"} and kind.__module__.startswith("pandas")


_MEMBERS: Final[tuple[tuple[type, Callable[[Any], object]], ...]] = (
    (str, str.__str__),  # of a member of an enum `str` may give its class and name
    (int, int.__int__),
    (float, float.__float__),
    (complex, complex.__complex__),
    (decimal.Decimal, decimal.Decimal),
)


def of_member(member: enum.Enum) -> object:
    """Return as what a member of an enum is stored: just the text or number that it is, if it is one, else its name."""
    for base, plain in _MEMBERS:
        if isinstance(member, base):
            return plain(member)
    return member.name or str(member)  # a flag of which nothing is set has no name


def plain_text(value: object) -> str:
    """Return what ``str`` says of a value; of a member of an enum, of what it is stored as (`of_member`)."""
    return str(of_member(value) if isinstance(value, enum.Enum) else value)


def _key(key: object, place: str) -> str:
    found = key_text(key)
    if found is None:
        msg = f"a key of type {type(key).__name__} cannot be stored"
        raise TypeMismatchError(msg, place=place)
    return utf8_text(found, place)


def key_text(key: object) -> str | None:
    """Return the key of a dict as text, None if it has none; of members of enums see `of_member`."""
    if isinstance(key, enum.Enum):
        return plain_text(key)
    if isinstance(key, str):
        return str.__str__(key)
    if isinstance(key, int) and not isinstance(key, bool):
        return int.__repr__(key)
    if isinstance(key, (int, float)) or hasattr(key, "item"):
        return str(key)
    name = getattr(key, "name", None)
    return name if isinstance(name, str) else None


def float_text(value: float) -> str:
    """Return the shortest text that reads back as `value`: ``NaN``, ``-Infinity``, ``-0``, ``1``, ``1e-7``.

    Source: ECMAScript's Number::toString, with the sign of zero kept.
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "-0" if math.copysign(1.0, value) < 0 else "0"
    from wbtable.format.es_number import es_number

    return es_number(value)


def untag(value: object, place: str = "value") -> Any:
    """Return the Python value whose tagged JSON form is given (ANY-1).

    Raises:
        FormatError: a tag is unknown or its value is not as that tag says.

    """
    if isinstance(value, list):
        return [untag(item, f"{place}[{i}]") for i, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if TYPE not in value:
        return {key: untag(item, f"{place}.{key}") for key, item in value.items()}
    name, text = value[TYPE], value.get(VALUE)
    if name == "dict" and isinstance(text, dict):
        return {key: untag(item, f"{place}.{key}") for key, item in text.items()}
    make = _MAKERS.get(name) if isinstance(name, str) else None
    if make is None:
        msg = f"the tag {name!r:.80} is unknown"
        raise FormatError(msg, place=place)
    try:
        return make(text)
    except (ValueError, TypeError, ArithmeticError, AttributeError) as error:  # the last: uuid.UUID of a number
        msg = f"expected a {name}, found {text!r:.80}: {error}"
        raise FormatError(msg, place=place) from None


def _timedelta(text: object) -> dt.timedelta:
    return dt.timedelta(microseconds=int(cast("str", text)))


def _complex(parts: object) -> complex:
    real, imag = cast("list[str]", parts)
    return complex(float(real), float(imag))


_MAX_INT_DIGITS = 4000
_MAX_INT_BITS = int((_MAX_INT_DIGITS - 1) / math.log10(2))  # one less: a sign takes its place too


def _int(text: object) -> int:
    if not isinstance(text, str) or len(text) > _MAX_INT_DIGITS:
        msg = f"expected text of at most {_MAX_INT_DIGITS} digits"
        raise ValueError(msg)
    return int(text)


_MAKERS: dict[str, Callable[[Any], object]] = {
    "int": _int,
    "float": float,
    "bytes": lambda text: base64.b64decode(text, validate=True),
    "datetime": dt.datetime.fromisoformat,
    "date": dt.date.fromisoformat,
    "time": dt.time.fromisoformat,
    "timedelta": _timedelta,
    "decimal": decimal.Decimal,
    "uuid": uuid.UUID,
    "complex": _complex,
}
