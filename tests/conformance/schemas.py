"""The JSON Schemas of the specification, ready to validate."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from tests.architecture.repository import SCHEMAS


@cache
def schema_names() -> tuple[str, ...]:
    """Return the names of the schemas, those of parts that others include (`_x.json`) left out."""
    return tuple(sorted(path.stem for path in SCHEMAS.glob("*.json") if not path.stem.startswith("_")))


def _close(schema: Any) -> Any:
    """Return the schema with every object closed that lists its properties.

    Readers accept fields that they do not know; what the specification shows and this library writes has none.
    """
    if isinstance(schema, list):
        return [_close(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _close(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        closed.setdefault("unevaluatedProperties", False)
    return closed


@cache
def validator(name: str, *, strict: bool) -> Draft202012Validator:
    """Return the validator of one schema; a strict one refuses fields that the schema does not list."""
    loaded = {path.name: json.loads(path.read_text("utf-8")) for path in SCHEMAS.glob("*.json")}
    if strict:
        loaded = {key: _close(schema) for key, schema in loaded.items()}
    registry: Registry[Any] = Registry().with_resources(
        [(key, Resource.from_contents(schema)) for key, schema in loaded.items()]
    )
    return Draft202012Validator(loaded[f"{name}.json"], registry=registry)
