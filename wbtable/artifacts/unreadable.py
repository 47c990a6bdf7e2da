"""What cannot be read, and beside which lists go on where whoever asks for one wants to be told of it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from wbtable.errors import FormatError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wbtable.errors import WbtableError

    OnUnreadable = Callable[[str, WbtableError], None]
    """Is told what a list leaves out, such as ``project/name:vN`` or ``run project/id``, and why."""

UNREADABLE: Final = (FormatError, UnsupportedError)


@contextlib.contextmanager
def beside(what: str, on_unreadable: OnUnreadable | None) -> Iterator[None]:
    """Go on behind the block where something in it cannot be read, once that is told.

    Raises:
        FormatError: something is damaged, and there is nobody to tell.
        UnsupportedError: something needs a newer wbtable, and there is nobody to tell.

    """
    try:
        yield
    except UNREADABLE as error:
        if on_unreadable is None:
            raise
        on_unreadable(what, error)
