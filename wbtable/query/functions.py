"""All functions of expressions, in one table (EXPR-8); the reference in docs/expressions.md is made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wbtable.query.functions_aggregate import AGGREGATES
from wbtable.query.functions_choice import CHOICE
from wbtable.query.functions_convert import CONVERSION
from wbtable.query.functions_list import LISTS
from wbtable.query.functions_media import MEDIA
from wbtable.query.functions_number import NUMBERS
from wbtable.query.functions_regex import REGEXES
from wbtable.query.functions_text import TEXTS
from wbtable.query.functions_time import TIMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wbtable.query.function import Function

FUNCTIONS: Final[Mapping[str, Function]] = {
    function.name: function
    for function in (*AGGREGATES, *CHOICE, *CONVERSION, *NUMBERS, *TEXTS, *REGEXES, *LISTS, *TIMES, *MEDIA)
}

OTHER_NAMES: Final[Mapping[str, str]] = {
    "mean": "avg", "average": "avg", "std": "stddev", "var": "stddev(x) ** 2", "nunique": "distinct",
    "countdistinct": "distinct", "unique": "unique", "argmax": "argmax", "percentile": "quantile",
    "length": "len", "size": "len", "substr": "slice", "substring": "slice", "trim": "strip", "concat": "a + b",
    "ifnull": "coalesce", "nvl": "coalesce", "isnull": "a is null", "isnone": "a is null", "case": "if", "iff": "if",
    "where": "if", "pow": "a ** b", "power": "a ** b", "mod": "a % b", "ceiling": "ceil", "log": "ln",
    "regexpmatches": "matches", "regex": "matches", "search": "matches", "findall": "find_all", "like": "a like b",
    "startswith": "starts_with", "endswith": "ends_with", "isalpha": "is_alpha", "isalnum": "is_alnum",
    "isnumeric": "is_numeric", "editdistance": "levenshtein", "tostring": "str", "string": "str", "text": "str",
    "tonumber": "float", "number": "float", "double": "float", "integer": "int", "bigint": "int", "boolean": "bool",
    "totimestamp": "from_epoch", "datetime": "timestamp", "datetrunc": "round_to", "jointostr": "join_text",
    "dropna": "drop_nulls", "sorted": "sort", "pick": 'a["key"]', "cast": "int, float, str, bool, date or timestamp",
    "sha256": "digest", "hash": "digest", "row": 'row["name"]',
}  # fmt: skip
"""What functions are called elsewhere, without underscores: what to write here."""
