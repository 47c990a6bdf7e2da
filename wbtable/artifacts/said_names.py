"""A version's aliases or tags as a list that, where it is changed, changes what is said of the version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from wbtable.artifacts.names import check_list

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class SaidNames(list[str]):
    """Names that are said of a version, as they were when they were read; W&B's programs change such lists.

    What is put into the list is said at once, and what is taken out is not said any more. Order means nothing.
    """

    __slots__ = ("_say",)

    def __init__(self, names: Iterable[str], say: Callable[[list[str], list[str]], None]) -> None:
        """Hold names.

        Args:
            names: the names.
            say: is called with the names that came and those that went, before they are in the list.

        """
        super().__init__(names)
        self._say = say

    def become(self, names: Iterable[str]) -> None:
        """Hold these names from now on.

        Raises:
            UsageError: one is none; nothing is changed.

        """
        wanted = list(names)
        come, gone = [name for name in wanted if name not in self], [name for name in self if name not in wanted]
        if come or gone:
            self._say(come, gone)
        super().__setitem__(slice(None), wanted)

    def _change(self, method: str, *args: Any) -> Any:
        wanted = list(self)
        found = getattr(wanted, method)(*args)
        self.become(wanted)
        return found

    def append(self, name: str, /) -> None:
        """Add a name."""
        self._change("append", name)

    def extend(self, names: Iterable[str], /) -> None:
        """Add names.

        Raises:
            UsageError: they are no list, or one is no name.

        """
        check_list(names, "names")
        self._change("extend", names)

    def insert(self, at: Any, name: str, /) -> None:
        """Add a name."""
        self._change("insert", at, name)

    def remove(self, name: str, /) -> None:
        """Take a name away."""
        self._change("remove", name)

    def pop(self, at: Any = -1, /) -> str:
        """Take a name away, and return it."""
        found: str = self._change("pop", at)
        return found

    def clear(self) -> None:
        """Take all names away."""
        self._change("clear")

    def __setitem__(self, at: Any, name: Any, /) -> None:
        """Put a name in the place of another."""
        self._change("__setitem__", at, name)

    def __delitem__(self, at: Any, /) -> None:
        """Take a name away."""
        self._change("__delitem__", at)

    def __iadd__(self, names: Iterable[str], /) -> Self:  # type: ignore[override,misc]  # of names alone
        """Add names."""
        self.extend(names)
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Go elsewhere, by a copy or a pickle, as a list that is no version's any more."""
        return list, (list(self),)
