"""What W&B's JSON says of a column: its type's name and parameters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LEGACY: Final = {
    "dictionary": "typedDict",
    "object": "pythonObject",
    "wandb.Image": "image-file",
    "wandb.Classes_id": "classesId",
    "wandb.Table": "table",
    "wandb.TablePrimaryKey": "primaryKey",
    "wandb.TableForeignKey": "foreignKey",
    "wandb.TableForeignIndex": "foreignIndex",
}
_MAX_DEPTH: Final = 32


@dataclass(frozen=True, slots=True)
class WandbType:
    """The type that W&B gave a column.

    Attributes:
        kind: its name, today's one where it had another; ``union`` for several; ``unknown`` where nothing is said.
        params: its parameters.

    """

    kind: str = "unknown"
    params: dict[str, Any] = field(default_factory=dict)


def wandb_type(value: Any, depth: int = 0) -> WandbType:
    """Return what a ``column_types`` entry says; None beside one other type is left out, anything odd is unknown."""
    if not isinstance(value, dict) or depth > _MAX_DEPTH:
        return WandbType()
    kind, params = value.get("wb_type"), value.get("params")
    params = params if isinstance(params, dict) else {}
    if kind == "union":
        allowed = params.get("allowed_types")
        found = [wandb_type(item, depth + 1) for item in allowed] if isinstance(allowed, list) else []
        some = [item for item in found if item.kind != "none"]
        return some[0] if len(some) == 1 else WandbType("union", params)
    if not isinstance(kind, str):
        return WandbType()
    name = _LEGACY.get(kind, kind)
    if name == "list" and isinstance(params.get("element_type"), dict):
        element = wandb_type(params["element_type"], depth + 1)
        if element.kind.endswith("-file"):  # the names of classes stand there
            return WandbType("list", element.params)
    return WandbType(name, params)


def field_params(params: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return the parameters of the type of a dict's field, where those of the dict's type say them."""
    fields = params.get("type_map")
    return wandb_type(fields.get(key)).params if isinstance(fields, dict) else {}


def item_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of the type of a list's items, where those of the list's type say them."""
    return wandb_type(params.get("element_type")).params


def column_types(value: Any, columns: Sequence[Any]) -> list[WandbType]:
    """Return the type of each column, in their order."""
    params = value.get("params") if isinstance(value, dict) else None
    types = params.get("type_map") if isinstance(params, dict) else None
    found = types if isinstance(types, dict) else {}
    return [wandb_type(found.get(str(name))) for name in columns]


def distinct(names: Sequence[Any]) -> list[str]:
    """Return column names as distinct texts: a name that comes again gets a number (``a``, ``a_2``).

    What no name may have (TABLE-2), half of a surrogate pair or a NUL, is written with a backslash.
    """
    texts = [str(name).encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00") for name in names]
    taken = set(texts)
    out: list[str] = []
    for text in texts:
        name, number = text, 1
        while name in out:
            number += 1
            candidate = f"{text}_{number}"
            name = candidate if candidate not in taken else name
        out.append(name)
    return out
