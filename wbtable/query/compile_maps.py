"""What compares by something else than the engine does: dicts of any keys, whatever their order (EXPR-9), and media."""

from __future__ import annotations

from wbtable.format.types import ColumnType, ListType, MapType, MediaType, StructType, has_media
from wbtable.query.duck_types import quoted, struct_names


def has_maps(found: ColumnType) -> bool:
    """Whether values hold dicts of any keys that compare by their content."""
    if isinstance(found, MediaType):
        return False
    return isinstance(found, MapType) or any(has_maps(child) for child in found.children())


def in_key_order(text: str, found: ColumnType, depth: int = 0, *, digests: bool = False) -> str:
    """Return the same value, of the same type, with the keys of each dict in order: equal values are the same.

    With `digests` media become their digests, and the type is another.
    """
    if not _differs(found, digests=digests):
        return text
    name = f"m{depth}"
    if isinstance(found, MediaType):
        return f"struct_extract_at(struct_extract_at({text}, 1), 5)"
    if isinstance(found, MapType):
        entries = f"map_entries({text})"
        if _differs(found.item, digests=digests):
            value = in_key_order(f"{name}.value", found.item, depth + 1, digests=digests)
            entries = f"list_transform({entries}, lambda {name}: struct_pack(key := {name}.key, value := {value}))"
        return f"map_from_entries(list_sort({entries}))"
    if isinstance(found, ListType):
        return f"list_transform({text}, lambda {name}: {in_key_order(name, found.item, depth + 1, digests=digests)})"
    if not isinstance(found, StructType):
        return text
    parts = []
    for at, stored in enumerate(struct_names(found)):
        value = f"struct_extract_at({text}, {at + 1})"
        known = at < len(found.fields)
        inner = in_key_order(value, found.fields[at].type, depth, digests=digests) if known else value
        parts.append(f"{quoted(stored)} := {inner}")
    return f"(CASE WHEN {text} IS NOT NULL THEN struct_pack({', '.join(parts)}) END)"


def comparable(text: str, found: ColumnType) -> str:
    """Return what is equal where values are: dicts with their keys in order, and digests in the place of media."""
    return in_key_order(text, found, digests=True)


def _differs(found: ColumnType, *, digests: bool) -> bool:
    return has_maps(found) or (digests and has_media(found))
