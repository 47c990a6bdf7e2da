"""Text on its way into a table."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from wbtable.errors import TypeMismatchError
from wbtable.format.tagged import utf8_text


def check_text(text: str) -> None:
    """Accept text that has a UTF-8 form.

    Raises:
        TypeMismatchError: it holds half of a surrogate pair.

    """
    utf8_text(text)


def check_utf8(array: pa.Array, place: str) -> None:
    """Accept Arrow text, also nested, that is UTF-8, which nothing checked: of a file, or of another library.

    Raises:
        TypeMismatchError: it is not; the message names the row.

    """
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        _, _, data = array.buffers()
        if data is None or not data.size or _is_ascii(array, data):
            return
    try:
        array.validate(full=True)
    except pa.ArrowInvalid as error:
        msg = f"the text is no UTF-8: {error}"
        raise TypeMismatchError(msg, place=place) from None


def _is_ascii(array: pa.Array, data: pa.Buffer) -> bool:
    """Whether all bytes are ASCII, which takes a tenth of the time of looking at each text."""
    width = np.int64 if pa.types.is_large_string(array.type) else np.int32
    ends = np.frombuffer(array.buffers()[1], width)[array.offset : array.offset + len(array) + 1]
    if not len(ends):
        return True
    part = np.frombuffer(data, np.int8)[int(ends[0]) : int(ends[-1])]
    return not len(part) or bool(part.min() >= 0)
