"""The examples of the specification are what its JSON Schemas say, and what the code reads."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.architecture.repository import SCHEMAS, pages
from tests.conformance.schemas import schema_names, validator
from wbtable.format.documents import canonical
from wbtable.format.seal import sealed

if TYPE_CHECKING:
    from pathlib import Path

_EXAMPLE = re.compile(r"^<!-- schema: ([a-z-]+) -->\n```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Example(NamedTuple):
    page: str
    schema: str
    text: str


def _examples() -> list[Example]:
    return [
        Example(page.name, match[1], match[2])
        for page in pages()
        for match in _EXAMPLE.finditer(page.read_text("utf-8"))
    ]


EXAMPLES = _examples()


@pytest.mark.parametrize("name", schema_names())
def test_schemas_are_valid_schemas(name: str) -> None:
    made = validator(name, strict=False)
    made.check_schema(made.schema)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda found: f"{found.page}-{found.schema}")
def test_examples_are_valid(example: Example) -> None:
    validator(example.schema, strict=True).validate(json.loads(example.text))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda found: f"{found.page}-{found.schema}")
def test_examples_are_canonical(example: Example) -> None:
    # DOC-3; an example may be broken over lines, so its values are compared in canonical form.
    value = json.loads(example.text)
    if "\n" not in example.text.strip():
        assert canonical(value).decode() == example.text.strip()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda found: f"{found.page}-{found.schema}")
def test_examples_have_the_check_that_their_fields_give(example: Example) -> None:
    # DOC-8
    value = json.loads(example.text)
    assert "check" not in value or sealed(value) == value


def test_every_json_block_names_its_schema() -> None:
    unnamed = [
        page.name
        for page in pages()
        if len(re.findall(r"^```json$", page.read_text("utf-8"), re.MULTILINE))
        != sum(example.page == page.name for example in EXAMPLES)
    ]
    assert unnamed == []


def test_every_schema_has_an_example() -> None:
    # A fragment page holds 128 fragments, too many to show: test_written.py validates one.
    shown = {example.schema for example in EXAMPLES} | {"fragment-page"}
    assert [name for name in schema_names() if name not in shown] == []


def test_schemas_have_ids_that_match_their_files() -> None:
    def declared(path: Path) -> str:
        return str(json.loads(path.read_text("utf-8"))["$id"])

    assert {path.name: declared(path) for path in SCHEMAS.glob("*.json")} == {
        path.name: path.name for path in SCHEMAS.glob("*.json")
    }
