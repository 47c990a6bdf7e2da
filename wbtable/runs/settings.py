"""A run's config and summary: mappings with attribute access that tell the run when they change."""

from __future__ import annotations

import argparse
import dataclasses
import enum
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any, Final

from wbtable.errors import TypeMismatchError, UsageError
from wbtable.format.tagged import key_text, tag, untag, utf8_text
from wbtable.runs.console import warn_once

_MAX_RANGE: Final = 1000


class Settings(MutableMapping[str, Any]):
    """Named values, read and set as items or attributes; they are taken as they are when they are set.

    Values are any that wbtable can store; tuples become lists, numpy scalars plain numbers. Of what cannot be stored
    functions and classes become their names, dataclasses dicts, and other objects their text if they have one of their
    own, such as a device of torch; that is warned of once.
    """

    __slots__ = ("_changed", "_values", "_what")

    def __init__(
        self,
        what: str,
        changed: Callable[[], None],
        values: Mapping[str, Any] | None = None,
        into: dict[str, Any] | None = None,
    ) -> None:
        """Start with values.

        Args:
            what: the name for messages: ``config`` or ``summary``.
            changed: is called after each change.
            values: the first values.
            into: holds the values; whoever else writes it, writes values that can be stored.

        """
        object.__setattr__(self, "_what", what)
        object.__setattr__(self, "_changed", changed)
        object.__setattr__(self, "_values", {} if into is None else into)
        for key, value in (values or {}).items():
            name = _name(key)
            self._values[name] = self._take(name, value)

    def _take(self, key: str, value: object) -> Any:
        utf8_text(key, f"a key of {self._what}")
        place = f"{self._what}.{key}"
        try:
            return untag(tag(value, place), place)
        except TypeMismatchError:
            try:
                told = _told(value)
            except RecursionError:
                msg = "the value nests too deep, or holds itself"
                raise TypeMismatchError(msg, place=place) from None
            found = untag(tag(told, place), place)
        warn_once(f"{place} holds what cannot be stored: it is kept as {found!r:.200}")
        return found

    def __getitem__(self, key: str) -> Any:
        """Return a value."""
        return self._values[key]

    def __setitem__(self, key: str, value: Any) -> None:
        """Set a value.

        Raises:
            TypeMismatchError: it cannot be stored.

        """
        if not isinstance(key, str | enum.Enum):
            msg = f"expected text as a key of {self._what}, found {type(key).__name__}"
            raise UsageError(msg)
        name = _name(key)
        self._values[name] = self._take(name, value)
        self._changed()

    def __delitem__(self, key: str) -> None:
        """Remove a value."""
        del self._values[key]
        self._changed()

    def __iter__(self) -> Iterator[str]:
        """Iterate over the keys."""
        return iter(list(self._values))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._values)

    def __reduce__(self) -> tuple[Any, ...]:
        """Go elsewhere, by a copy or a pickle, as values that are no run's any more."""
        return Settings, (self._what, _nobody, self.as_dict())

    def __copy__(self) -> Settings:
        """Return a copy whose changes are not the run's; `copy.deepcopy` does the same."""
        return Settings(self._what, _nobody, self._values)

    def __getattr__(self, name: str) -> Any:
        """Return a value."""
        if name.startswith("__") or name in Settings.__slots__:
            raise AttributeError(name)
        try:
            return self._values[name]
        except KeyError:
            msg = f"{self._what} has no {name!r}; there are {', '.join(self._values) or 'none'}"
            raise AttributeError(msg) from None

    def __setattr__(self, name: str, value: Any) -> None:
        """Set a value."""
        self[name] = value

    def __delattr__(self, name: str) -> None:
        """Remove a value."""
        try:
            del self[name]
        except KeyError:
            msg = f"{self._what} has no {name!r}"
            raise AttributeError(msg) from None

    def __repr__(self) -> str:
        """Show the values."""
        return f"{self._what}({self._values!r})"

    def update(self, *args: Any, allow_val_change: bool = True, **kwargs: Any) -> None:
        """Set several values; `allow_val_change` is accepted, values may always change."""
        del allow_val_change
        for given in args:
            for key, value in as_mapping(given, self._what).items():
                self[_name(key)] = value
        for key, value in kwargs.items():
            self[key] = value

    def setdefaults(self, values: Mapping[str, Any]) -> None:
        """Set those values that are not set yet."""
        for key, value in as_mapping(values, self._what).items():
            self.setdefault(_name(key), value)

    def as_dict(self) -> dict[str, Any]:
        """Return a copy that can be stored: what was set inside a value since it was taken is looked at now."""
        return {key: self._again(key, value) for key, value in list(self._values.items())}

    def _again(self, key: str, value: Any) -> Any:
        if not isinstance(value, dict | list):
            return value
        place = f"{self._what}.{key}"
        try:
            return untag(tag(value, place), place)
        except TypeMismatchError as error:
            warn_once(f"{error}: it is kept as text, or left out")
            return untag(tag(_kept(value), place), place)


def not_recorded(*, is_open: bool) -> str:
    """Return what is said of a change that comes after the run's end or, while it `is_open`, in another process."""
    if is_open:
        return "config or summary was changed in a process that did not start it, which is not recorded: log() it"
    return "config or summary was changed after its end, which is not recorded"


def _name(key: object) -> str:
    return key_text(key) or str(key)


def _nobody() -> None:
    """Tell nobody of a change."""


def _told(value: object) -> Any:
    """Return a value with what stands for it in the place of what cannot be stored; the rest stays."""
    if isinstance(value, Mapping):
        return {key: _told(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_told(item) for item in value]
    if isinstance(value, range) and len(value) <= _MAX_RANGE:
        return list(value)
    try:
        tag(value)
    except TypeMismatchError:
        return _told_alone(value)
    return value


def _kept(value: object) -> Any:
    """Return what of a value can be stored; in a list None stands for what cannot."""
    if isinstance(value, Mapping):
        pairs = ((_name(key), item, _kept(item)) for key, item in value.items())
        return {key: found for key, item, found in pairs if found is not None or item is None}
    if isinstance(value, list | tuple | set | frozenset):
        return [_kept(item) for item in value]
    found = _told(value)
    try:
        tag(found)
    except TypeMismatchError:
        return None
    return found


def _told_alone(value: object) -> Any:
    kind = type(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _told(getattr(value, field.name)) for field in dataclasses.fields(value)}
    name = getattr(value, "__qualname__", None)
    if callable(value) and isinstance(name, str):
        return f"{value.__module__}.{name}"
    # Tables, media and arrays are to be logged; times and text are refused for a reason of their own.
    refused = kind.__module__.startswith("wbtable.") or isinstance(value, str)
    refused |= any(hasattr(value, other) for other in ("shape", "isoformat", "__array__"))
    has_text = kind.__str__ is not object.__str__ or kind.__repr__ is not object.__repr__
    return str(value) if has_text and not refused else value


def as_mapping(value: object, what: str) -> Mapping[str, Any]:
    """Return settings given as a mapping, a namespace, a dataclass, or None.

    Raises:
        UsageError: it is none of these.

    """
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return value
    if isinstance(value, argparse.Namespace) or hasattr(value, "__dataclass_fields__"):
        names = vars(value) if hasattr(value, "__dict__") else value.__dataclass_fields__
        return {name: getattr(value, name) for name in names}
    if isinstance(value, (list, tuple)) and all(isinstance(item, (list, tuple)) and len(item) == 2 for item in value):
        return dict(value)
    msg = f"expected {what} as a dict, an argparse.Namespace or a dataclass, found {type(value).__name__}"
    raise UsageError(msg)
