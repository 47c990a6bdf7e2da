"""When to ask again after an error that may pass: backoff with jitter, within a budget of time."""

from __future__ import annotations

import os
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from wbtable.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")

VARIABLE: Final = "WBTABLE_RETRY_SECONDS"
_FIRST_CONTACT: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How long to wait before each further attempt, and when to give up. Pure.

    Attributes:
        first: the longest pause before the second attempt, in seconds.
        factor: by which each pause is longer than the one before.
        most: the longest pause, in seconds.
        budget: no attempt begins later than this after the first began, in seconds; 0 for one attempt.

    """

    first: float = 0.1
    factor: float = 2.0
    most: float = 8.0
    budget: float = 60.0

    def __post_init__(self) -> None:
        """Refuse a policy that would never end or never wait."""
        if not (0 < self.first <= self.most and self.factor >= 1 and 0 <= self.budget < float("inf")):
            raise UsageError(f"expected 0 < first <= most, factor >= 1 and a finite budget, found {self}")

    def pause(self, attempt: int, spent: float, luck: float) -> float | None:
        """Return how long to wait after an attempt failed, None to give up.

        Args:
            attempt: the number of the attempt that failed, from 0.
            spent: the seconds since the first attempt began.
            luck: from 0 to 1; spreads clients that failed together over half of the pause.

        """
        # Bounded before the power is taken: the hundredth attempt must not overflow.
        grown = self.most if attempt >= 64 else min(self.most, self.first * self.factor**attempt)
        length = grown * (0.5 + luck / 2)
        return length if spent + length <= self.budget else None


def policy_from_environment() -> RetryPolicy:
    """Return the policy with the budget that `WBTABLE_RETRY_SECONDS` says, if it says one.

    Raises:
        UsageError: it is no number of seconds.

    """
    text = os.environ.get(VARIABLE)
    if text is None:
        return RetryPolicy()
    try:
        return RetryPolicy(budget=float(text))
    except (ValueError, UsageError):
        raise UsageError(f"expected a number of seconds in {VARIABLE}, found {text!r:.40}") from None


class Retrier:
    """Does things again as a policy says. Safe to use from several threads.

    Until the first success the budget is at most five seconds: a wrong address should be known soon.
    """

    def __init__(
        self,
        policy: RetryPolicy,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        luck: Callable[[], float] = random.random,
    ) -> None:
        """Follow a policy; clock, sleep and luck are the world's unless a test has its own."""
        self.policy = policy
        self._early = RetryPolicy(
            first=policy.first, factor=policy.factor, most=policy.most, budget=min(policy.budget, _FIRST_CONTACT)
        )
        self._clock, self._sleep, self._luck = clock, sleep, luck
        self._succeeded = False

    def call(self, action: Callable[[int], _T], is_transient: Callable[[Exception], bool]) -> _T:
        """Return what `action` returns; it is given the number of the attempt, from 0.

        What is raised last is raised here: an error that will not pass, or that did not in time. KeyboardInterrupt
        and its like are never held up.
        """
        started = self._clock()
        attempt = 0
        while True:
            try:
                result = action(attempt)
            except Exception as error:
                policy = self.policy if self._succeeded else self._early
                pause = policy.pause(attempt, self._clock() - started, self._luck())
                if pause is None or not is_transient(error):
                    raise
                self._sleep(pause)
                attempt += 1
            else:
                self._succeeded = True
                return result
