"""Text on its way into a table."""

from __future__ import annotations

from wbtable.errors import TypeMismatchError


def check_text(text: str) -> None:
    """Accept text that has a UTF-8 form.

    Raises:
        TypeMismatchError: it holds half of a surrogate pair.

    """
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            msg = f"the text {text!r:.80} has no UTF-8 form: {error.reason} at {error.start}"
            raise TypeMismatchError(msg) from None
