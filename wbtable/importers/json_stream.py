"""JSON files of any size with one long array in them, read in bounded memory at the speed of the standard library.

A chunk of the array is cut where ``], [`` stands, and is parsed with ``[`` before and ``]`` behind it. That it parses
proves that the cut was between two items: how far a text is parsed does not depend on what follows, so a ``]`` can end
the whole only where the array itself was open. Where a few cuts fail, brackets are counted instead.
"""

from __future__ import annotations

import json
import mmap
import re
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Self

from wbtable.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK: Final = 1 << 20
MAX_VALUE: Final = 256 << 20
"""The most bytes of one value beside the array, or of one item in it."""
_SPACE = re.compile(rb"[ \t\r\n]*")
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_SCALAR = re.compile(rb"[^\s,\]}]+")
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)
_CUT = re.compile(rb"\]([ \t\r\n]*,[ \t\r\n]*)\[")
_CUTS_TRIED: Final = 3
_TAIL: Final = 1 << 16
_DECODER = json.JSONDecoder()
_LET_GO: Final = 16 << 20
"""So many bytes behind the place that is read are let go of at once."""


class JsonObject:
    """One JSON object in a file, one member of which is a long array of arrays; a context manager.

    Attributes:
        place: the file's name, for messages.
        members: all members that were met so far but the array.

    """

    def __init__(self, file: BinaryIO, array: str, place: str) -> None:
        """Read the object up to the array.

        Args:
            file: a regular file.
            array: the name of the member that is the array.
            place: the file's name, for messages.

        Raises:
            FormatError: it is no JSON object.

        """
        self.place = place
        self.members: dict[str, Any] = {}
        self._array = array
        self._counting = False
        try:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (ValueError, OSError) as error:
            msg = f"expected a JSON object: {error}"
            raise FormatError(msg, place=place) from None
        try:
            self._at = self._expect(self._space(0), b"{", "a JSON object")
            self._start: int | None = self._read_members()
        except BaseException:
            self._map.close()
            raise

    def __enter__(self) -> Self:
        """Return the object."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file's map."""
        self._map.close()

    def finish(self) -> dict[str, Any]:
        """Return all members but the array, also those behind it, which is skimmed for them."""
        for _ in self.items():
            pass
        return self.members

    def items(self) -> Iterator[list[Any]]:
        """Yield the items of the array, in order, many at a time; may be called again.

        Raises:
            FormatError: the text is no JSON, or ends too early; the message has the byte.

        """
        if self._start is None:
            return
        at = self._space(self._expect(self._start, b"[", f"an array as {self._array!r}"))
        if self._map[at : at + 1] == b"]":
            self._at = at + 1
        else:
            held = 0
            while at >= 0:
                if self._map[at : at + 1] == b"]":
                    raise self._wrong(at, "an item behind the comma", "']'")
                found, at = self._some(at)
                yield found
                if at - held >= _LET_GO:
                    held = self._let_go(held, at)
        self._read_members()

    def _let_go(self, held: int, at: int) -> int:
        """Unmap the pages before a place from memory; return where those begin that are held.

        They count as memory of this process, though the system can take them back: of a file of 2 GB it would seem to
        need all.
        """
        stop = at - at % mmap.ALLOCATIONGRANULARITY
        if hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED, held, stop - held)
        return stop

    def _some(self, at: int) -> tuple[list[Any], int]:
        """Return the next items, and where those behind them begin, or -1 if there are none."""
        size = len(self._map)
        length = CHUNK
        while True:
            stop = min(at + length, size)
            chunk = self._map[at:stop]
            if stop == size:
                return self._last(at, chunk)
            cut = self._counted(chunk) if self._counting else self._tried(chunk)
            if cut is not None:
                found, used = cut
                return found, at + used
            ended = self._ended(at, chunk)
            if ended is not None:
                return ended, -1
            if not self._counting:
                self._counting = True
                continue
            length *= 4
            if length > MAX_VALUE:
                raise self._wrong(at, f"an item of {self._array!r} of at most {MAX_VALUE:,} bytes", "a longer one")

    def _tried(self, chunk: bytes) -> tuple[list[Any], int] | None:
        cuts = list(_CUT.finditer(chunk, max(0, len(chunk) - _TAIL)))
        for match in reversed(cuts[-_CUTS_TRIED:]):
            try:
                return _parse(b"[" + chunk[: match.start() + 1] + b"]"), match.end(1)
            except ValueError:
                continue
        return None

    def _counted(self, chunk: bytes) -> tuple[list[Any], int] | None:
        """Cut behind the last item that is whole, counting brackets."""
        depth = last = 0
        for match in _TOKEN.finditer(chunk):
            sign = match[0]
            if sign in {b"[", b"{"}:
                depth += 1
            elif sign in {b"]", b"}"}:
                depth -= 1
                if depth < 0:
                    break
                if depth == 0:
                    last = match.end()
        comma = _SPACE.match(chunk, last).end() if last else 0  # type: ignore[union-attr]
        if not last or chunk[comma : comma + 1] != b",":
            return None
        try:
            found = _parse(b"[" + chunk[:last] + b"]")
        except ValueError:
            return None
        return found, _SPACE.match(chunk, comma + 1).end()  # type: ignore[union-attr]

    def _ended(self, at: int, chunk: bytes) -> list[Any] | None:
        """Return the last items if the array ends in this chunk, and go behind it; else None."""
        # The chunk may end in the middle of a character; that is behind the array, if it ends here at all.
        text = "[" + chunk.decode("utf-8", "replace")
        try:
            found, end = _DECODER.raw_decode(text)
            used = len(text[1:end].encode("utf-8"))
            if chunk[:used].decode("utf-8") != text[1:end]:
                return None
        except (ValueError, RecursionError):
            return None
        self._at = at + used
        return list(found)

    def _last(self, at: int, chunk: bytes) -> tuple[list[Any], int]:
        try:
            text = "[" + chunk.decode("utf-8")
            found, end = _DECODER.raw_decode(text)
        except UnicodeDecodeError as error:
            raise self._wrong(at + error.start, "UTF-8 text", "other bytes") from None
        except (ValueError, RecursionError) as error:
            msg = f"byte {at}: expected JSON: {error}; the file may have been cut off"
            raise FormatError(msg, place=self.place) from None
        used = end - 1 if text.isascii() else len(text[1:end].encode("utf-8"))
        self._at = at + used
        return found, -1

    # The members beside the array.

    def _read_members(self) -> int | None:
        """Read members from here to the array, whose beginning is returned, or to the end of the object."""
        at = self._space(self._at)
        while True:
            sign = self._map[at : at + 1]
            if sign == b"}":
                rest = self._space(at + 1)
                if rest != len(self._map):
                    raise self._wrong(rest, "the end of the file", repr(self._map[rest : rest + 20]))
                self._at = at
                return None
            if sign == b",":
                at = self._space(at + 1)
            key, at = self._value(at)
            if not isinstance(key, str):
                raise self._wrong(at, "a name", type(key).__name__)
            at = self._space(self._expect(self._space(at), b":", "':'"))
            if key == self._array and self._map[at : at + 1] == b"[":
                return at
            self.members[key], at = self._value(at)
            at = self._space(at)

    def _value(self, at: int) -> tuple[Any, int]:
        end = self._end_of(at)
        if end - at > MAX_VALUE:
            raise self._wrong(at, f"at most {MAX_VALUE:,} bytes", f"{end - at:,}")
        try:
            return _parse(self._map[at:end]), end
        except (ValueError, RecursionError) as error:
            msg = f"byte {at}: expected JSON: {error}"
            raise FormatError(msg, place=self.place) from None

    def _end_of(self, at: int) -> int:
        sign = self._map[at : at + 1]
        if sign == b'"':
            match = _STRING.match(self._map, at)
        elif sign in {b"[", b"{"}:
            depth = 0
            for token in _TOKEN.finditer(self._map, at):
                depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(token[0], 0)
                if depth == 0:
                    return token.end()
            match = None
        else:
            match = _SCALAR.match(self._map, at)
        if match is None:
            raise self._wrong(at, "a JSON value", "the end of the file" if not sign else repr(self._map[at : at + 20]))
        return match.end()

    def _space(self, at: int) -> int:
        match = _SPACE.match(self._map, at)
        return at if match is None else match.end()

    def _expect(self, at: int, sign: bytes, what: str) -> int:
        if self._map[at : at + 1] != sign:
            raise self._wrong(at, what, repr(self._map[at : at + 20]))
        return at + 1

    def _wrong(self, at: int, expected: str, found: str) -> FormatError:
        return FormatError(f"byte {at}: expected {expected}, found {found}", place=self.place)


def _parse(data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8"))
    except RecursionError as error:
        msg = f"it nests too deep: {error}"
        raise ValueError(msg) from None
