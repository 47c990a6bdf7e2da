"""Text beside media: captions, labels, names of layers."""

from __future__ import annotations

from wbtable.errors import UsageError


def plain_text(text: str, place: str | None = None) -> str:
    """Return text that has a UTF-8 form, as all that is stored must have.

    Raises:
        UsageError: it holds half of a surrogate pair.

    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        msg = f"expected text that UTF-8 can hold, found a lone surrogate at {error.start}"
        raise UsageError(msg, place=place) from None
    return text
