"""Column summaries as people and programs read them: from the manifest alone (spec: 08-fingerprints-and-summaries)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wbtable.cli.output import cut, printable, sparkline

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wbtable.format.types_base import ColumnType

TITLES: Final = ("COLUMN", "TYPE", "NULLS", "MIN", "MAX", "DISTINCT", "DISTRIBUTION")
_WIDTH: Final = 26
_TIMES: Final = frozenset({"timestamp", "date", "time"})


def column_facts(name: str, kind: ColumnType, summary: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what is known of a column."""
    known = None if summary is None else dict(summary)
    if known is not None and isinstance(found := known.get("distinct"), dict) and not found.get("exact"):
        # An estimate may pass the number of values (SUM-4), which is exact.
        values = known["count"] - known["nulls"] - known.get("nan", 0)
        known["distinct"] = found | {"count": min(found["count"], values)}
    return {"name": name, "type": str(kind), "kind": kind.to_json(), "summary": known}


def column_row(facts: Mapping[str, Any]) -> list[str]:
    """Return what is known of a column as the cells of a row under `TITLES`."""
    summary: Mapping[str, Any] = facts["summary"] or {}
    least, greatest = summary.get("min"), summary.get("max")
    if least is None and "shortest" in summary:
        least, greatest = f"{summary['shortest']:,} long", f"{summary['longest']:,} long"
    return [
        facts["name"],
        facts["type"],
        _count(summary.get("nulls")),
        _value(least, facts["kind"], was_cut=bool(summary.get("min_cut"))),
        _value(greatest, facts["kind"], was_cut=bool(summary.get("max_cut"))),
        _distinct(summary.get("distinct")),
        _distribution(summary, facts["kind"]),
    ]


def _count(value: Any) -> str:
    return "" if value is None else f"{int(value):,}"


def _value(text: Any, kind: Mapping[str, Any], *, was_cut: bool = False) -> str:
    if text is None:
        return ""
    shown = _time(str(text), kind) if kind["kind"] in _TIMES else str(text)
    return cut(printable(shown) + ("…" if was_cut else ""), _WIDTH)


def _time(text: str, kind: Mapping[str, Any]) -> str:
    """Return a date or time, which a summary holds as the integer that stores it, as people write it."""
    import pyarrow as pa

    from wbtable.format.types import type_from_json

    arrow = type_from_json(kind, "column").arrow()
    try:
        stored = pa.scalar(int(text), pa.int64())
        return str((stored.cast(pa.int32()) if arrow.bit_width == 32 else stored).cast(arrow))
    except (pa.ArrowException, ValueError, OverflowError):
        return text


def _distinct(found: Any) -> str:
    if not isinstance(found, dict):
        return ""
    return ("" if found.get("exact") else "~") + _count(found.get("count"))


def _distribution(summary: Mapping[str, Any], kind: Mapping[str, Any]) -> str:
    counts = (summary.get("histogram") or {}).get("counts")
    if counts:
        special = [f"{_count(summary[name])} {name}" for name in ("nan",) if summary.get(name)]
        return " ".join([sparkline(counts), *special])
    top = summary.get("top") or []
    shown = [f"{_value(item['value'], kind, was_cut=bool(item.get('cut')))} ({_count(item['count'])})" for item in top]
    return ", ".join(shown[:3]) + (", …" if len(shown) > 3 else "")
