"""Text into tokens (EXPR-1, EXPR-2)."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NoReturn

from wbtable.query.expression_error import ExpressionError

if TYPE_CHECKING:
    from wbtable.query.expression_error import Span

MAX_TEXT: Final = 10_000
"""The most bytes of an expression (EXPR-2)."""

KEYWORDS: Final = frozenset(
    ["and", "between", "contains", "false", "in", "is", "like", "not", "null", "or", "row", "true"]
)
"""Words that are no names unless they stand in backquotes."""

_OTHER_WORDS: Final = {"True": "true", "False": "false", "None": "null"}
_SYMBOLS: Final = "** == != <> <= >= + - * / % < > = ( ) [ ] { } , : .".split()
_SAME: Final = {"=": "==", "<>": "!="}
_ADVICE: Final = {
    "&&": "write and",
    "&": "write and",
    "||": "write or",
    "|": "write or",
    "!": "write not",
    ";": "an expression is one expression",
    "//": "write floor(a / b) for whole division; there are no comments",
    "/*": "there are no comments",
    "#": "there are no comments",
    "?": "write if(condition, a, b)",
    "=>": "write >=",
    "===": "write ==",
    "^": "write ** for powers",
    "$": "names need no sign before them",
    "@": "names need no sign before them",
    "\\": "a backslash stands in text only",
}
_LOOKALIKES: Final = {
    "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u00ab": '"', "\u00bb": '"', "\u2032": "'",
    "\u2033": '"', "\u2212": "-", "\u2013": "-", "\u2014": "-", "\u00d7": "*", "\u00f7": "/", "\u2260": "!=",
    "\u2264": "<=", "\u2265": ">=", "\u00b4": "`",
}  # fmt: skip
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "\\": "\\", "'": "'", '"': '"', "/": "/"}
_HEX: Final = {"x": 2, "u": 4, "U": 8}

_SPACE = re.compile(r"[ \t\r\n]+")
_SIDE = re.compile(r"((?:[0-9]+\.)+)(?=[^\W\d]|`)")
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WORD = re.compile(r"[^\W\d]\w*")
_OPERAND_ENDS: Final = frozenset(["name", "number", "string", ")", "]", "}", "true", "false", "null", "row"])
MAX_DIGITS: Final = 38
"""The most digits of an integer."""
_MAX_SIDE: Final = 3


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text.

    Attributes:
        kind: ``name``, ``number``, ``string``, ``side``, ``end``; of keywords and symbols, themselves.
        value: of a name its text, of a string its content, of a number its value, of a side its numbers or None.
        start, end: which characters it is.
        is_quoted: whether a name stood in backquotes.

    """

    kind: str
    value: object
    start: int
    end: int
    is_quoted: bool = False

    @property
    def span(self) -> Span:
        """Which characters it is."""
        return (self.start, self.end)


def tokens(text: str) -> list[Token]:
    """Return the tokens of an expression; the last is of kind ``end``.

    Raises:
        ExpressionError: a character begins no token, or the text is too long.

    """
    _check_text(text)
    lexer = _Lexer(text)
    while lexer.step():
        pass
    return lexer.found


def _check_text(text: str) -> None:
    if not isinstance(text, str):
        raise ExpressionError(f"expected an expression as text, found {type(text).__name__}", (0, 0))
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise ExpressionError(
            "half a surrogate pair is no character", (error.start, error.end), suggestion="leave it out"
        ) from None
    if size > MAX_TEXT:
        raise ExpressionError(
            f"expected at most {MAX_TEXT:,} bytes of text, found {size:,}",
            (min(MAX_TEXT, len(text) - 1), len(text)),
            suggestion="derive columns for parts of it",
        )


class _Lexer:
    __slots__ = ("found", "place", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.found: list[Token] = []

    def step(self) -> bool:
        space = _SPACE.match(self.text, self.place)
        if space:
            self.place = space.end()
        if self.place == len(self.text):
            self.add("end", None, self.place)
            return False
        char = self.text[self.place]
        if char in "\"'":
            self.string(self.place, raw=False)
        elif char == "r" and self.text[self.place + 1 : self.place + 2] in {'"', "'"}:
            self.string(self.place + 1, raw=True)
        elif char == "`":
            self.quoted_name()
        elif char.isascii() and char.isdigit():
            self.digits()
        elif char == "*" and self.text[self.place + 1 : self.place + 2] == "." and self.at_operand():
            self.add("side", None, self.place + 2)
        else:
            self.word_or_symbol()
        return True

    def add(self, kind: str, value: object, end: int, *, is_quoted: bool = False) -> None:
        self.found.append(Token(kind, value, self.place, end, is_quoted))
        self.place = end

    def at_operand(self) -> bool:
        return not self.found or self.found[-1].kind not in _OPERAND_ENDS

    def fail(self, message: str, end: int, suggestion: str | None = None) -> NoReturn:
        raise ExpressionError(message, (self.place, end), suggestion=suggestion)

    def digits(self) -> None:
        side = _SIDE.match(self.text, self.place)
        if side and self.at_operand():
            parts = side[1][:-1].split(".")
            if any(len(part) > _MAX_SIDE for part in parts):
                self.fail("expected the number of a side, 0 or a little more", side.end(), "write 0.name or 1.name")
            self.add("side", tuple(int(part) for part in parts), side.end())
            return
        match = _NUMBER.match(self.text, self.place)
        assert match is not None
        rest = self.text[match.end() : match.end() + 1]
        if rest == ".":
            self.fail("a number needs digits on both sides of its point", match.end() + 1, f"write {match[0]}.0")
        if rest and (rest.isalnum() or rest in "_`"):
            self.fail(
                f"expected an operator behind the number {match[0]:.40}", match.end() + 1, "write names in backquotes"
            )
        if match[1] or match[2]:
            number = float(match[0])
            if math.isinf(number):
                self.fail("the number does not fit in a double", match.end(), "the greatest is about 1.8e308")
            self.add("number", Decimal(match[0]) if number else Decimal("0.0"), match.end())
            return
        whole = match[0].lstrip("0") or "0"
        if len(whole) > MAX_DIGITS:
            self.fail(f"expected an integer of at most {MAX_DIGITS} digits", match.end(), "write .0 behind it")
        self.add("number", int(whole), match.end())

    def quoted_name(self) -> None:
        parts = []
        at = self.place + 1
        while True:
            end = self.text.find("`", at)
            if end < 0:
                self.fail("a name in backquotes has no end", len(self.text), "close it with a backquote")
            parts.append(self.text[at:end])
            if self.text[end + 1 : end + 2] != "`":
                break
            parts.append("`")
            at = end + 2
        self.add("name", "".join(parts), end + 1, is_quoted=True)

    def string(self, quote_at: int, *, raw: bool) -> None:
        quote, parts, at = self.text[quote_at], [], quote_at + 1
        while True:
            if at >= len(self.text):
                self.fail("a text has no end", len(self.text), f"close it with {quote}")
            char = self.text[at]
            if char == quote:
                break
            if char == "\\" and not raw:
                piece, at = self.escape(at)
                parts.append(piece)
                continue
            parts.append(char)
            at += 1
        self.add("string", "".join(parts), at + 1)

    def escape(self, at: int) -> tuple[str, int]:
        char = self.text[at + 1 : at + 2]
        if char in _ESCAPES and char:
            return _ESCAPES[char], at + 2
        if char in _HEX and char:
            digits = self.text[at + 2 : at + 2 + _HEX[char]]
            if len(digits) == _HEX[char] and re.fullmatch("[0-9a-fA-F]+", digits):
                point = int(digits, 16)
                if point <= 0x10FFFF and not 0xD800 <= point <= 0xDFFF:
                    return chr(point), at + 2 + _HEX[char]
        raise ExpressionError(
            f"\\{char} is no escape in text",
            (at, min(at + 2, len(self.text))),
            suggestion='write \\\\ for a backslash, or r"..." for text without escapes',
        )

    def word_or_symbol(self) -> None:
        word = _WORD.match(self.text, self.place)
        if word:
            text = _OTHER_WORDS.get(word[0], word[0])
            self.add(text if text in KEYWORDS else "name", text, word.end())
            return
        for length in (3, 2, 1):
            piece = self.text[self.place : self.place + length]
            if len(piece) == length and piece in _ADVICE:
                self.fail(f"{piece!r} is no operator here", self.place + length, _ADVICE[piece])
            if piece in _SYMBOLS:
                self.add(_SAME.get(piece, piece), piece, self.place + len(piece))
                return
        self.unknown()

    def unknown(self) -> NoReturn:
        char = self.text[self.place]
        plain = _LOOKALIKES.get(char) or unicodedata.normalize("NFKC", char)
        name = unicodedata.name(char, f"U+{ord(char):04X}")
        if plain != char and plain.isprintable() and plain.strip():
            self.fail(f"{char!r} ({name}) is no part of an expression", self.place + 1, f"write {plain}")
        self.fail(f"{char!r} ({name}) is no part of an expression", self.place + 1, "write it in text or in backquotes")
