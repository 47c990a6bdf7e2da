"""The printed table: each bar, what was measured, whether it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks.case import Bar, Case

    Row = tuple[Case, Mapping[tuple[str, str], float], Mapping[str, str]]

HEAD = ("work", "bar", "value", "", "ours", "peer")


def _amount(figure: str, value: float | None) -> str:
    """Write a figure with its unit, which its name tells."""
    if value is None:
        return "-"
    if "bytes" in figure:
        return f"{value / 1e6:,.1f} MB"
    if "reads" in figure:
        return f"{value:,.0f}"
    return f"{value * 1e3:,.1f} ms" if value < 1 else f"{value:,.2f} s"


def _bound(bar: Bar) -> str:
    if bar.peer is None:
        return f"under {_amount(bar.ours[1], bar.at_most)}"
    if bar.at_most is not None:
        return f"<= {bar.at_most:g} of its"
    return f">= {bar.at_least:g} x" if bar.at_least is not None else ""


def _line(bar: Bar, figures: Mapping[tuple[str, str], float]) -> tuple[tuple[str, ...], bool]:
    value = bar.value(figures)
    ours = _amount(bar.ours[1], figures.get(bar.ours))
    peer = _amount(bar.peer[1], figures.get(bar.peer)) if bar.peer else ""
    if value is None:
        return (bar.what, _bound(bar), "-", "FAILED", ours, peer), False
    if bar.peer is None:
        shown = _amount(bar.ours[1], value)
    else:
        shown = f"{value:.2f} x" if bar.at_most is None else f"{value:.4f}"
    good = bar.holds(value)
    verdict = ("ok" if good else "MISS") if _bound(bar) else ""
    return (bar.what, _bound(bar), shown, verdict, ours, peer), good


def _lines(rows: Sequence[Row]) -> Iterator[tuple[tuple[str, ...], bool]]:
    for case, figures, failed in rows:
        if not figures and not failed:
            yield (f"{case.work}: not measured yet", "", "-", "", "", ""), False
            continue
        for place, bar in enumerate(case.bars):
            (what, *rest), good = _line(bar, figures)
            yield (f"{case.work}: {what}" if place == 0 else f"  {what}", *rest), good


def table(rows: Sequence[Row]) -> tuple[str, bool]:
    """Return the table as text, and whether every bar holds."""
    lines = list(_lines(rows))
    cells = [HEAD, *(line for line, _ in lines)]
    widths = [max(len(cell[column]) for cell in cells) for column in range(len(HEAD))]
    text = ["  ".join(value.ljust(width) for value, width in zip(cell, widths, strict=True)).rstrip() for cell in cells]
    text.insert(1, "  ".join("-" * width for width in widths))
    text.append("")
    for case, _, failed in rows:
        text.extend(f"{case.name}, {side.name}: {side.does}" for side in case.sides)
        text.extend(f"{case.name}, {side} FAILED: {error.splitlines()[-1]}" for side, error in failed.items() if error)
    return "\n".join(text), all(good for _, good in lines)


def markdown(rows: Sequence[Row], versions: str) -> str:
    """Return the table as Markdown, with what each side does below."""
    out = ["| work | bar | value | | ours | peer |", "|---|---|---|---|---|---|"]
    out.extend("| " + " | ".join(cells) + " |" for cells, _ in _lines(rows))
    out.extend(["", versions, ""])
    out.extend(f"- {case.name}, {side.name}: {side.does}" for case, _, _ in rows for side in case.sides)
    return "\n".join(out) + "\n"
