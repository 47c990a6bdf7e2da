"""Dicts of any keys in SQL: equal whatever the order of their keys (EXPR-9), which the engine heeds."""

from __future__ import annotations

from wbtable.format.types import ColumnType, ListType, MapType, MediaType, StructType
from wbtable.query.duck_types import quoted, struct_names


def has_maps(found: ColumnType) -> bool:
    """Whether values hold dicts of any keys that compare by their content."""
    if isinstance(found, MediaType):
        return False
    return isinstance(found, MapType) or any(has_maps(child) for child in found.children())


def in_key_order(text: str, found: ColumnType, depth: int = 0) -> str:
    """Return the same value, of the same type, with the keys of each dict in order: equal values are the same."""
    if not has_maps(found):
        return text
    name = f"m{depth}"
    if isinstance(found, MapType):
        entries = f"map_entries({text})"
        if has_maps(found.item):
            value = in_key_order(f"{name}.value", found.item, depth + 1)
            entries = f"list_transform({entries}, lambda {name}: struct_pack(key := {name}.key, value := {value}))"
        return f"map_from_entries(list_sort({entries}))"
    if isinstance(found, ListType):
        return f"list_transform({text}, lambda {name}: {in_key_order(name, found.item, depth + 1)})"
    if not isinstance(found, StructType):
        return text
    parts = []
    for at, stored in enumerate(struct_names(found)):
        value = f"struct_extract_at({text}, {at + 1})"
        inner = in_key_order(value, found.fields[at].type, depth) if at < len(found.fields) else value
        parts.append(f"{quoted(stored)} := {inner}")
    return f"(CASE WHEN {text} IS NOT NULL THEN struct_pack({', '.join(parts)}) END)"
