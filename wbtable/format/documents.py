"""Strict JSON in, canonical JSON out (spec: 03-store-layout, DOC-n).

Reading refuses what two readers could understand differently: duplicate keys, NaN, integers that a double
cannot hold, lone surrogates, deep nesting. Writing is canonical (RFC 8785), so that equal values give equal bytes.
"""

from __future__ import annotations

import json
import re
import threading
from itertools import chain
from typing import TYPE_CHECKING, Any, Never, TypeAlias, cast

import zstandard

from wbtable.errors import FormatError
from wbtable.format.es_number import es_number
from wbtable.format.exact_json import finite, unique_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

Json = dict[str, Any]
# `Reader` has methods called str, int, bool, list and object: within it the types need other names.
Text: TypeAlias = str
Integer: TypeAlias = int
Truth: TypeAlias = bool
Items: TypeAlias = list
Anything: TypeAlias = object

MAX_DEPTH = 64
MAX_DOCUMENT = 256 << 20
MAX_SAFE_INTEGER = 2**53 - 1


def parse(data: bytes, place: str, *, max_bytes: int = MAX_DOCUMENT) -> Json:
    """Return the object that the UTF-8 JSON text `data` holds (DOC-1, DOC-2).

    Raises:
        FormatError: it is no JSON object, or one that two readers could understand differently.

    """
    if len(data) > max_bytes:
        msg = f"expected a document of at most {max_bytes} bytes, found {len(data)}"
        raise FormatError(msg, place=place)
    _check_depth(data, place)
    try:
        text = data.decode("utf-8")
        value = json.loads(
            text,
            object_pairs_hook=unique_keys,
            parse_constant=_refuse_constant,
            parse_int=_safe_int,
            parse_float=finite,
        )
        # A lone surrogate can only have come from an escape; it has no UTF-8 form.
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeError as error:
        msg = f"expected UTF-8 text: {error}"
        raise FormatError(msg, place=place) from None
    except (ValueError, RecursionError) as error:
        raise FormatError(str(error), place=place) from None
    if not isinstance(value, dict):
        msg = f"expected a JSON object, found {type(value).__name__}"
        raise FormatError(msg, place=place)
    return cast("Json", value)


def _check_depth(data: bytes, place: str) -> None:
    """Refuse deep nesting before the recursive parser sees it (DOC-2)."""
    if data.count(b"[") + data.count(b"{") <= MAX_DEPTH:
        return
    # Whether the two kinds match is the parser's business: taken for one kind, each round removes one level of both.
    brackets = _STRINGS.sub(b"", data).translate(_ONE_KIND, delete=_NOT_BRACKETS)
    for _ in range(MAX_DEPTH):
        brackets = brackets.replace(b"[]", b"")
        if not brackets:
            return
    msg = f"expected balanced brackets and at most {MAX_DEPTH} levels of nesting"
    raise FormatError(msg, place=place)


_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_NOT_BRACKETS = bytes(b for b in range(256) if b not in b"[]{}")
_ONE_KIND = bytes.maketrans(b"{}", b"[]")


def _refuse_constant(name: str) -> Never:
    msg = f"{name} is not JSON"
    raise ValueError(msg)


def _safe_int(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > MAX_SAFE_INTEGER:
        msg = f"the integer {text:.40} is beyond 2^53 - 1; such values stand as strings"
        raise ValueError(msg)
    return int(text)


def canonical(value: object) -> bytes:
    """Return the canonical JSON of `value` (RFC 8785; DOC-3).

    Raises:
        FormatError: `value` holds something that JSON cannot: NaN, an integer beyond 2^53 - 1, a lone surrogate.

    """
    try:
        fast = _fast(value) if _is_simple(value) else None
        return _encode(value, 0).encode("utf-8") if fast is None else fast
    except (ValueError, TypeError) as error:
        msg = f"not representable in a document: {error}"
        raise FormatError(msg) from None


_text = json.encoder.encode_basestring
_FLAT = frozenset([str, bool, type(None), int])
_SIMPLE = _FLAT | {dict, list, tuple}
_SMALL = 10**15
_FEW_LEVELS = 16
_MOST_MEMBERS = 1 << 22
_KEYS = frozenset([str])
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, check_circular=False)


def _is_simple(value: object) -> bool:
    """Whether a document holds only texts, small numbers, booleans, objects and lists, as nearly all do.

    One level of nesting after the other: to ask for each object of a long list takes longer than to write it.
    """
    level: list[Any] = [value]
    for _ in range(_FEW_LEVELS):
        kinds = set(map(type, level))
        if not kinds <= _SIMPLE:
            return False
        if int in kinds:
            numbers = [item for item in level if type(item) is int]
            if min(numbers) <= -_SMALL or max(numbers) >= _SMALL:
                return False
        if kinds <= _FLAT:
            return True
        inner: list[Any] = []
        members = 0
        if dict in kinds:
            objects = [item for item in level if type(item) is dict]
            if not _KEYS.issuperset(map(type, chain.from_iterable(objects))):
                return False
            members = sum(map(len, objects))
            inner += [item.values() for item in objects]
        if list in kinds or tuple in kinds:
            lists = [item for item in level if type(item) is list or type(item) is tuple]
            members += sum(map(len, lists))
            inner += lists
        # What holds itself several times would have more members on each level.
        if members > _MOST_MEMBERS:
            return False
        level = [*chain.from_iterable(inner)]
    return False


def _fast(value: object) -> bytes | None:
    """Return the canonical JSON of a simple document, as the standard library's encoder writes it.

    None if it cannot be told that it writes as RFC 8785 does: keys beyond ASCII are sorted in another way there.
    """
    text = _ENCODER.encode(value)
    return text.encode() if text.isascii() else None


def _encode(value: object, depth: int) -> str:
    kind = type(value)
    if kind is str:
        return _text(cast("str", value))
    if value is None or kind is bool:
        return _CONSTANTS[cast("bool | None", value)]
    if kind is int:
        if abs(cast("int", value)) > MAX_SAFE_INTEGER:
            msg = f"the integer {value} is beyond 2^53 - 1"
            raise ValueError(msg)
        return str(value)
    if depth >= MAX_DEPTH and isinstance(value, (dict, list, tuple)):
        msg = f"more than {MAX_DEPTH} levels of nesting"
        raise ValueError(msg)
    if isinstance(value, dict):
        keys = cast("dict[str, object]", value)
        order = sorted(keys) if all(map(_is_plain, keys)) else sorted(keys, key=_utf16)
        return "{" + ",".join([f"{_text(key)}:{_encode(keys[key], depth + 1)}" for key in order]) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join([_encode(item, depth + 1) for item in value]) + "]"
    if isinstance(value, float):
        text = es_number(value)
        if len(text) > 15 and text.lstrip("-").isdigit() and abs(value) > MAX_SAFE_INTEGER:
            msg = f"the number {text} would read as an integer beyond 2^53 - 1"
            raise ValueError(msg)
        return text
    if isinstance(value, str):
        return _text(str(value))
    return _refuse(value)


_CONSTANTS = {None: "null", True: "true", False: "false"}


def _is_plain(key: object) -> bool:
    """Whether UTF-16 order and code point order agree on `key` for sure."""
    return isinstance(key, str) and key.isascii()


def _utf16(key: str) -> bytes:
    if not isinstance(key, str):
        msg = f"expected text as a key, found {key!r:.80}"
        raise TypeError(msg)
    return key.encode("utf-16-be", "surrogatepass")


def _refuse(value: object) -> Never:
    msg = f"a {type(value).__name__} is not JSON"
    raise TypeError(msg)


_LONG_DOCUMENT = 1 << 13
_LEVEL = 3
_LEVEL_OF_LONG = 1
"""A long document is mostly digests: level 3 takes twice the time, and is hardly ever smaller."""


def compress(data: bytes) -> bytes:
    """Return `data` as one zstd frame that declares its size (DOC-4)."""
    return _compressor(_LEVEL if len(data) < _LONG_DOCUMENT else _LEVEL_OF_LONG).compress(data)


_of_thread = threading.local()


def _compressor(level: int) -> zstandard.ZstdCompressor:
    """Return this thread's of a level: to make one takes longer than to compress a short document."""
    kept: dict[int, zstandard.ZstdCompressor] | None = getattr(_of_thread, "compressors", None)
    if kept is None:
        kept = _of_thread.compressors = {}
    if level not in kept:
        kept[level] = zstandard.ZstdCompressor(level=level, write_content_size=True)
    return kept[level]


def _decompressor() -> zstandard.ZstdDecompressor:
    """Return this thread's: one serves one thread at a time, and thousands of documents are read in a row."""
    found: zstandard.ZstdDecompressor | None = getattr(_of_thread, "decompressor", None)
    if found is None:
        found = _of_thread.decompressor = zstandard.ZstdDecompressor()
    return found


def decompress(frame: bytes, size: int, place: str) -> bytes:
    """Return the content of a zstd frame, which must be `size` bytes long (DOC-4).

    Raises:
        FormatError: it is no frame, or holds another number of bytes; never more than `size` bytes are made.

    """
    try:
        declared = zstandard.frame_content_size(frame)
        if declared != size:
            msg = f"expected a zstd frame of {size} bytes, found one that declares {declared}"
            raise FormatError(msg, place=place)
        out = _decompressor().decompress(frame, max_output_size=size, allow_extra_data=False)
    except zstandard.ZstdError as error:
        msg = f"expected a zstd frame: {error}"
        raise FormatError(msg, place=place) from None
    if len(out) != size:
        msg = f"expected {size} bytes, found {len(out)}"
        raise FormatError(msg, place=place)
    return out


class Reader:
    """Reads the fields of one JSON object; each error names the field's path.

    Attributes:
        fields: the object that is read.
        place: where it stands, such as ``table manifest, tail[3]``.

    """

    __slots__ = ("fields", "place")

    def __init__(self, value: Anything, place: Text) -> None:
        """Start reading `value`.

        Raises:
            FormatError: it is no JSON object.

        """
        self.fields: Json = _expect(value, dict, "an object", place)
        self.place = place

    def fail(self, key: Text, expected: Text) -> Never:
        """Raise the error for a field that is not as expected.

        Raises:
            FormatError: always.

        """
        found = f"{self.fields[key]!r:.80}" if key in self.fields else "nothing"
        msg = f"expected {expected}, found {found}"
        raise FormatError(msg, place=f"{self.place}.{key}")

    def str(self, key: Text) -> Text:
        """Return a text field."""
        value = self.fields.get(key)
        return value if isinstance(value, str) else self.fail(key, "text")

    def opt_str(self, key: Text) -> Text | None:
        """Return a text field that may be null or absent."""
        return None if self.fields.get(key) is None else self.str(key)

    def int(self, key: Text, *, least: Integer = 0) -> Integer:
        """Return an integer field of at least `least`."""
        value = self.fields.get(key)
        if type(value) is not int or value < least:
            self.fail(key, f"an integer of at least {least}")
        return value

    def opt_int(self, key: Text) -> Integer | None:
        """Return an integer field that may be null or absent."""
        return None if self.fields.get(key) is None else self.int(key)

    def bool(self, key: Text, *, default: Truth = False) -> Truth:
        """Return a boolean field, `default` if it is absent."""
        value = self.fields.get(key, default)
        return value if isinstance(value, bool) else self.fail(key, "true or false")

    def list(self, key: Text, *, optional: Truth = False) -> Items[Any]:
        """Return a list field; with `optional`, the empty list if it is null or absent."""
        value = self.fields.get(key)
        if value is None and optional:
            return []
        return value if isinstance(value, list) else self.fail(key, "a list")

    def object(self, key: Text, *, optional: Truth = False) -> Json:
        """Return an object field as a dict; with `optional`, the empty one if it is null or absent."""
        value = self.fields.get(key)
        if value is None and optional:
            return {}
        return value if isinstance(value, dict) else self.fail(key, "an object")

    def child(self, key: Text) -> Reader:
        """Return a reader of an object field."""
        return Reader(self.object(key), f"{self.place}.{key}")

    def children(self, key: Text, *, optional: Truth = False) -> Items[Reader]:
        """Return a reader for each object of a list field."""
        items = self.list(key, optional=optional)
        return [Reader(item, f"{self.place}.{key}[{i}]") for i, item in enumerate(items)]

    def extra(self, known: Collection[Text]) -> Json:
        """Return the fields that are not `known`: they are kept and written again (DOC-5)."""
        return {key: value for key, value in self.fields.items() if key not in known}


def _expect(value: object, kind: type, what: str, place: str) -> Any:
    if not isinstance(value, kind):
        msg = f"expected {what}, found {type(value).__name__}"
        raise FormatError(msg, place=place)
    return value


def build(make: Callable[[], Any], place: str) -> Any:
    """Call `make`; if it refuses a value, say where the value stood."""
    try:
        return make()
    except FormatError as error:
        if error.place is not None:
            raise
        raise FormatError(str(error), place=place) from None
