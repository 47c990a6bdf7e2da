"""What an import did, item by item."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

Outcome = Literal["imported", "present", "changed", "kept", "skipped", "failed"]
OUTCOMES: Final = {
    "imported": "came over",
    "present": "was here already",
    "changed": "came over in another form",
    "kept": "could not be read as what it is, and was kept as it was",
    "skipped": "is about W&B's client, not of its user, and was left out",
    "failed": "could not come over",
}
"""Each outcome of an item, and how it is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that was to be imported.

    Attributes:
        kind: what it is: ``artifact``, ``table``, ``column``, ``media``, ``file``, ``reference``, ``run``, ``history``.
        source: where it stood.
        outcome: what became of it, see `OUTCOMES`.
        target: what it is called here, or None.
        detail: why, or None.
        error: the code of the error behind it, or None.

    """

    kind: str
    source: str
    outcome: Outcome
    target: str | None = None
    detail: str | None = None
    error: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return what is known, as JSON."""
        found = {name: getattr(self, name) for name in ("kind", "source", "outcome", "target", "detail", "error")}
        return {name: value for name, value in found.items() if value is not None}

    def __str__(self) -> str:
        """Return one line."""
        target = f" -> {self.target}" if self.target else ""
        detail = f": {self.detail}" if self.detail else ""
        return f"{self.kind} {self.source}{target} {OUTCOMES[self.outcome]}{detail}"


@dataclass(slots=True)
class Report:
    """What an import did; grows while it runs.

    Attributes:
        items: everything, in order.
        unread: the sources that could not be read at all.

    """

    items: list[Item] = field(default_factory=list)
    unread: list[Item] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether every item came over, or was here."""
        return not self.unread and all(item.outcome != "failed" for item in self.items)

    def add(
        self,
        kind: str,
        source: str,
        outcome: Outcome,
        detail: str | None = None,
        *,
        target: str | None = None,
        error: Exception | None = None,
    ) -> None:
        """Note one item."""
        code = None if error is None else str(getattr(error, "code", "storage"))
        self.items.append(
            Item(kind=kind, source=source, outcome=outcome, target=target, detail=detail or _text(error), error=code)
        )

    def add_unread(self, source: str, error: Exception) -> None:
        """Note a source that could not be read at all."""
        item = Item(
            kind="source", source=source, outcome="failed", detail=_text(error), error=getattr(error, "code", "storage")
        )
        self.unread.append(item)
        self.items.append(item)

    def problems(self) -> Iterator[Item]:
        """Yield the items that did not come over as they were."""
        yield from (item for item in self.items if item.outcome in {"changed", "kept", "failed"})

    def counts(self) -> dict[str, Counter[str]]:
        """Return for each outcome how many items of each kind had it."""
        out: dict[str, Counter[str]] = {}
        for item in self.items:
            out.setdefault(item.outcome, Counter())[item.kind] += 1
        return out

    def to_json(self) -> dict[str, Any]:
        """Return the whole report as JSON."""
        return {
            "ok": self.ok,
            "counts": {outcome: dict(found) for outcome, found in self.counts().items()},
            "items": [item.to_json() for item in self.items],
        }

    def __str__(self) -> str:
        """Return what came over in one line, and one line for each item that did not as it was."""
        parts = [
            f"{', '.join(f'{count} {kind}' for kind, count in sorted(found.items()))} {OUTCOMES[outcome]}"
            for outcome, found in self.counts().items()
        ]
        return "\n".join(["; ".join(parts) or "there was nothing to import", *map(str, self.problems())])


def _text(error: Exception | None) -> str | None:
    return None if error is None else " ".join(str(error).split())[:1000]
