"""Column summaries as people and programs read them: from the manifest alone (spec: 08-fingerprints-and-summaries)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wbtable.cli.output import cut, printable, sparkline

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wbtable.format.types_base import ColumnType

TITLES: Final = ("COLUMN", "TYPE", "NULLS", "MIN", "MAX", "DISTINCT", "DISTRIBUTION")
_WIDTH: Final = 24


def column_facts(name: str, kind: ColumnType, summary: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what is known of a column."""
    return {
        "name": name,
        "type": str(kind),
        "kind": kind.to_json(),
        "summary": None if summary is None else dict(summary),
    }


def column_row(facts: Mapping[str, Any]) -> list[str]:
    """Return what is known of a column as the cells of a row under `TITLES`."""
    summary = facts["summary"] or {}
    return [
        facts["name"],
        facts["type"],
        _count(summary.get("nulls")),
        _value(summary.get("min")),
        _value(summary.get("max")),
        _distinct(summary),
        _distribution(summary),
    ]


def _count(value: Any) -> str:
    return "" if value is None else f"{int(value):,}"


def _value(value: Any) -> str:
    return "" if value is None else cut(printable(str(value)), _WIDTH)


def _distinct(summary: Mapping[str, Any]) -> str:
    found = summary.get("distinct")
    if isinstance(found, dict):
        return ("" if found.get("exact") else "~") + _count(found.get("count", found.get("estimate")))
    if found is None:
        return ""
    return ("~" if summary.get("approximate") else "") + _count(found)


def _distribution(summary: Mapping[str, Any]) -> str:
    histogram = summary.get("histogram")
    counts = histogram.get("counts") if isinstance(histogram, dict) else None
    if counts:
        return sparkline([int(count) for count in counts])
    top = summary.get("top") or []
    return cut(", ".join(f"{_value(item['value'])} ({_count(item['count'])})" for item in top[:3]), 2 * _WIDTH)
