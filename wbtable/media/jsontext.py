"""Users' JSON inside media: point clouds, figures. Checked and bounded; written so that browsers read it."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from wbtable.errors import FormatError, UsageError
from wbtable.media import limits


def read_json(data: bytes | str, what: str) -> Any:
    """Parse JSON.

    Raises:
        FormatError: it is none, is nested too deep, or is over a limit.

    """
    limits.check_bytes(len(data))
    try:
        return json.loads(data, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise FormatError(f"the JSON of the {what} is damaged: {reason}") from None


def _constant(name: str) -> float:
    # Python and W&B write these words, though JSON has none of them.
    return {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}[name]


def write_json(value: object, what: str) -> bytes:
    """Return compact JSON in which NaN and infinities are null, and arrays and numpy scalars are plain.

    Raises:
        UsageError: something in it cannot be JSON.

    """
    try:
        return json.dumps(_plain(value), ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise UsageError(f"the {what} cannot become JSON: {reason}") from None


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return _plain(value.astype(str).tolist() if value.dtype.kind in "mM" else value.tolist())
    if isinstance(value, np.generic):
        return _plain(str(value) if value.dtype.kind in "mM" else value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value
