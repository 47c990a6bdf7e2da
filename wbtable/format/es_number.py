"""Numbers as ECMAScript writes them (RFC 8785, section 3.2.2.3; spec: DOC-3, DOC-7)."""

from __future__ import annotations

import math

__all__ = ["es_number", "es_text"]


def es_number(value: float) -> str:
    """Return the text of a finite double as ECMAScript writes it.

    Raises:
        ValueError: it is NaN or infinite.

    """
    if not math.isfinite(value):
        msg = f"{value} is not JSON"
        raise ValueError(msg)
    return es_text(repr(value)) if value else "0"


def es_text(text: str) -> str:
    """Return what Python or numpy wrote of a finite float other than zero, as ECMAScript writes the same digits."""
    mantissa, _, exponent = text.partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    count = len(digits)
    # The bounds 21 and -6 are those of ECMAScript's Number::toString.
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    power = point - 1
    shown = digits if count == 1 else f"{digits[0]}.{digits[1:]}"
    return f"{sign}{shown}e{'+' if power >= 0 else '-'}{abs(power)}"
