"""The reference of expressions, made of the table of functions (EXPR-8): ``python -m wbtable.query.reference``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from wbtable.query.function import GROUPS
from wbtable.query.functions import FUNCTIONS

if TYPE_CHECKING:
    from wbtable.query.function import Function

__all__ = ["PLACE", "reference"]

PLACE: Final = Path(__file__).resolve().parents[2] / "docs" / "expressions.md"
"""Where the reference stands in the repository."""

_HEAD: Final = """\
# Expressions

Filters, derived columns, cells and sort keys are expressions: `guess != truth and score > 0.9`. This page is made
of the
table of functions by `python -m wbtable.query.reference`; what everything means to the letter is in
[the specification](../spec/15-expressions.md).

## Columns and values

| written | is |
|---|---|
| `guess`, `` `a b` ``, `row["a b"]` | a column; keywords, and names that are no words, in backquotes |
| `a.b`, `a["b"]` | a field of a dict, a fact of media: `image.width`, `audio.duration`, `image.digest` |
| `a[0]`, `a[-1]` | the first and the last element of a list; null where there is none |
| `0.guess`, `1.guess`, `*.guess` | the column of a side of a comparison or join, and of any side |
| `1`, `0.5`, `"text"`, `'text'`, `r"\\d"`, `true`, `null` | values; `r` before a text leaves backslashes alone |
| `[1, 2]`, `{"a": 1}` | a list, a dict |
| `date("2024-01-31")`, `float("nan")`, `digest("SHA-256:…")` | other values |

## Operators, loosest first

| operator | gives |
|---|---|
| `or`, `and`, `not` | true, false, or null where it cannot be known |
| `==` (also `=`), `!=` (also `<>`) | whether two values are equal; NaN equals NaN |
| `<`, `<=`, `>`, `>=`, `a between b and c` | the order of numbers, text, times; false with NaN |
| `a in [b, c]`, `a in list`, `list contains a` | whether a list has an element |
| `text contains "part"`, `text like "a%_"` | whether a text has a part, a form: `%` any text, `_` a character |
| `a is null`, `a is not null` | whether there is a value |
| `+`, `-` | sums; texts and lists one behind the other; times and durations |
| `*`, `/`, `%` | `/` gives float64; `%` has the sign of what it divides by |
| `-a`, `**` | the opposite; powers, in float64 |

`not` may stand before `in`, `between`, `like` and `contains`. Comparisons do not chain: write `a < b and b < c`.
Dividing by zero, results that do not fit, and values that do not convert give null, and are counted.
"""


def reference() -> str:
    """Return the text of the reference."""
    parts = [_HEAD]
    for group in GROUPS:
        parts.append(f"\n## {group}\n\n| function | gives | example |\n|---|---|---|\n")
        parts += [_row(function) for function in FUNCTIONS.values() if function.group == group]
    return "".join(parts)


def _row(function: Function) -> str:
    written, result = (_cell(text) for text in function.example)
    return f"| `{_cell(function.signature)}` | {_cell(function.doc)} | `{written}`: {result} |\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PLACE.write_text(reference(), "utf-8")
