"""Runs writers and collectors step by step: each waits before every call of storage until it is told to go on.

Every order of calls is one schedule, a list of turns; the same list gives the same order again.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.stateful.fake import FakeBackend

_PATIENCE = 60.0


class Actor:
    """One program, which runs in a thread of its own, from one call of storage to the next.

    Attributes:
        calls: how many calls it made.
        error: what it ended with, if it failed.

    """

    def __init__(self, backend: FakeBackend, act: Callable[[Any], None]) -> None:
        self.calls = 0
        self.error: BaseException | None = None
        self.log: list[tuple[str, str]] = []
        self._go = threading.Semaphore(0)
        self._stopped = threading.Semaphore(0)
        self._ended = False
        self._backend = SteppedBackend(backend, self)
        self._thread = threading.Thread(target=self._run, args=(act,), daemon=True)
        self._thread.start()
        self._wait()

    @property
    def is_done(self) -> bool:
        """Whether it ended."""
        return self._ended

    def step(self) -> None:
        """Let it make its next call, and run on to the one after."""
        self._go.release()
        self._wait()

    def pause(self, name: str, key: str) -> None:
        """Wait for the next turn; called in the actor's thread."""
        self.calls += 1
        self.log.append((name, key))
        self._stopped.release()
        self._go.acquire()

    def _wait(self) -> None:
        assert self._stopped.acquire(timeout=_PATIENCE), "an actor waits for something that no call of storage ends"

    def _run(self, act: Callable[[Any], None]) -> None:
        try:
            act(self._backend)
        except BaseException as error:  # noqa: BLE001 - looked at by the test
            self.error = error
        self._ended = True
        self._stopped.release()


class SteppedBackend:
    """A backend whose every call waits for its actor's turn."""

    def __init__(self, inner: FakeBackend, actor: Actor) -> None:
        self._inner = inner
        self._actor = actor
        self.url = inner.url
        self.unsafe_single_writer = False

    def local_path(self, key: str) -> None:
        return None

    def temporary(self) -> Any:
        return self._inner.temporary()

    def sync(self) -> None:
        """Nothing waits."""

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        actor = self._actor

        def call(*args: Any) -> Any:
            if name != "delete":
                actor.pause(name, str(args[0]) if args else "")
                return found(*args)
            # A deletion of many keys is not one step.
            for key in args[0]:
                actor.pause(name, key)
                found([key])
            return None

        return call


def play(actors: Sequence[Actor], schedule: Sequence[int]) -> list[int]:
    """Let actors take turns as a schedule says, then each to its end; return how many had the choice at each turn.

    Args:
        actors: who takes turns.
        schedule: for each turn a number; modulo how many actors are left, it says whose turn it is.

    """
    choices: list[int] = []
    for turn in schedule:
        left = [actor for actor in actors if not actor.is_done]
        if not left:
            break
        choices.append(len(left))
        left[turn % len(left)].step()
    turn = 0
    while left := [actor for actor in actors if not actor.is_done]:
        left[turn % len(left)].step()
        turn += 1
        assert turn < 100_000, "the actors do not come to an end"
    return choices


def play_preempted(actors: Sequence[Actor], order: Sequence[int], moments: Sequence[tuple[int, int]]) -> None:
    """Let actors run one after the other, but at some moments another go on.

    An actor that only waits for others gives way, so that no order ends in waiting.

    Args:
        actors: who takes turns.
        order: in which they run.
        moments: after how many calls in all another goes on, and how many places behind in the order it stands.

    """
    waiting = [actors[number] for number in order]
    switches = dict(moments)
    done = 0
    while waiting := [actor for actor in waiting if not actor.is_done]:
        if done in switches:
            by = switches.pop(done) % len(waiting)
            waiting = waiting[by:] + waiting[:by]
        actor = waiting[0]
        actor.step()
        done += 1
        if actor.log[-7:].count(("list", "gc")) > 2:
            # It asks again and again whether a collection has ended.
            actor.log.append(("yield", ""))
            waiting = waiting[1:] + waiting[:1]
        assert done < 10_000, "the actors do not come to an end"
