"""What the summary holds of a metric beside its last value: the least, the greatest, the mean, the best (RUN-5)."""

from __future__ import annotations

import fnmatch
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from wbtable.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS: Final = ("min", "max", "mean", "best", "last", "first", "none", "copy")
GOALS: Final = ("minimize", "maximize")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What is kept of the metrics of a name.

    Attributes:
        name: the key, or a pattern with ``*``.
        kinds: which of `KINDS` are kept.
        goal: ``minimize`` or ``maximize``: what is best.
        kept: those of them that stand beside the last value.
        replaces: whether it counts though it says nothing of the summary.

    """

    name: str
    kinds: frozenset[str]
    goal: str = "minimize"
    kept: tuple[str, ...] = ()
    replaces: bool = False

    @classmethod
    def of(cls, name: object, summary: object, goal: object, *, overwrite: bool | None = None) -> Rule:
        """Return the rule that the arguments of ``define_metric`` say.

        Raises:
            UsageError: one of them is none.

        """
        if not isinstance(name, str) or not name:
            msg = f"expected the name of a metric, found {name!r:.60}"
            raise UsageError(msg)
        texts = [] if summary is None else str(summary).replace(" ", "").split(",")
        odd = [text for text in texts if text not in KINDS]
        if odd:
            msg = f"expected summary of {', '.join(KINDS)}, found {odd[0]!r:.40}"
            raise UsageError(msg)
        if goal not in {None, *GOALS}:
            msg = f"expected goal as minimize or maximize, found {goal!r:.40}"
            raise UsageError(msg)
        kept = tuple(kind for kind in KINDS if kind in texts and kind not in {"none", "last", "copy"})
        return cls(
            name=name,
            kinds=frozenset(texts),
            goal="minimize" if goal is None else str(goal),
            kept=kept,
            replaces=bool(overwrite),
        )

    def fits(self, key: str) -> bool:
        """Whether it is for a key."""
        return self.name == key or fnmatch.fnmatchcase(key, self.name)


@dataclass(slots=True)
class SummaryRules:
    """The rules of one run, and what they have come to. Not for several threads.

    Attributes:
        rules: the rules; of two for a name the later one counts, and one for a name before those for patterns.

    """

    rules: list[Rule] = field(default_factory=list)
    _of: dict[str, Rule | None] = field(default_factory=dict)
    _mean: dict[str, tuple[float, int]] = field(default_factory=dict)

    def add(self, rule: Rule, sums: Mapping[str, tuple[float, int]] | None = None) -> None:
        """Add a rule, for values that come from now on.

        Args:
            rule: the rule; one that says nothing of the summary, such as of an axis, leaves others as they are.
            sums: sum and count of what was logged before the run was resumed, by key.

        """
        for key, (total, count) in (sums or {}).items():
            self._mean.setdefault(key, (total, count))
        if rule.kinds or rule.replaces:
            self.rules.append(rule)
            self._of.clear()

    def apply(self, values: Mapping[str, Any], latest: dict[str, Any], before: Mapping[str, Any]) -> None:
        """Bring a summary up to date with logged values.

        Args:
            values: what was logged.
            latest: the last value of each key; it has those of `values` already.
            before: what the summary held when the run was resumed.

        """
        known = self._of
        for key, value in values.items():
            rule = known[key] if key in known else self._find(key)
            if rule is None:
                continue
            if type(value) in {int, float} and not math.isnan(value):
                self._keep(key, value, rule, latest, before)
            if "none" in rule.kinds:
                latest.pop(key, None)

    def _find(self, key: str) -> Rule | None:
        if key not in self._of:
            later_first = self.rules[::-1]
            named = [rule for rule in later_first if rule.name == key]
            self._of[key] = next((rule for rule in (*named, *later_first) if rule.fits(key)), None)
        return self._of[key]

    def _keep(self, key: str, value: Any, rule: Rule, latest: dict[str, Any], before: Mapping[str, Any]) -> None:
        for kind in rule.kept:
            name = f"{key}.{kind}"
            known = latest.get(name, before.get(name))
            if kind == "mean":
                total, count = self._mean.get(key, (0.0, 0))
                self._mean[key] = total + value, count + 1
                latest[name] = (total + value) / (count + 1)
                continue
            least = kind == "min" or (kind == "best" and rule.goal == "minimize")
            if type(known) not in {int, float}:
                latest[name] = value
            elif kind == "first":
                latest[name] = known
            else:
                latest[name] = min(known, value) if least else max(known, value)
