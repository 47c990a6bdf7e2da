"""Arrays of numbers to arrays of pixels: the stated normalisation (MEDIA-7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from wbtable.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Normalize = bool | tuple[float, float]
_SLACK = 1e-3
"""How far floats may stand outside their range, as resampling leaves them; they are clipped to it."""


def is_tensor(value: object) -> bool:
    """Whether this is a PyTorch tensor; torch is not imported to find out."""
    return type(value).__module__.partition(".")[0] == "torch" and hasattr(value, "detach")


def array_of(value: object) -> NDArray[Any] | None:
    """Return a copy of an array or tensor as numpy, None of anything else.

    The copy is what makes the value the one of the moment of the call, when the caller's buffer is re-used.
    """
    if isinstance(value, np.ndarray):
        return np.array(value)
    if is_tensor(value):
        tensor = cast("Any", value).detach().cpu()
        if str(tensor.dtype) == "torch.bfloat16":  # numpy has no such type.
            tensor = tensor.float()
        return np.array(tensor.numpy())
    if hasattr(value, "__array__"):
        return np.array(cast("Any", value))
    return None


def to_uint8(array: NDArray[Any], normalize: Normalize = True) -> NDArray[np.uint8]:
    """Return pixels of 0..255.

    uint8 stays; booleans become 0 and 255; other integers must lie in 0..255. Floats, all of the array together:
    within 0..1 they are scaled by 255; within -1..1, ``(x + 1) / 2`` is; within 0..255 and beyond 2 they are rounded.

    Args:
        array: numbers of any shape.
        normalize: False rounds floats of 0..255 whatever their range; a pair ``(low, high)`` maps that range, of
            floats and of integers other than uint8, to 0..255 and clips what is outside.

    Raises:
        UsageError: the numbers are complex, not finite, or in none of those ranges.

    """
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype.kind not in "iuf":
        raise UsageError(f"expected pixels as integers, booleans or floats, found dtype {array.dtype}")
    low, high = float(array.min()), float(array.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise UsageError("expected finite pixels, found NaN or infinity")
    if not isinstance(normalize, bool | np.bool_):
        return _scale(array, *_pair(normalize))
    if array.dtype.kind in "iu" or not normalize:
        if low < 0 or high > 255:
            raise UsageError(f"expected pixels of 0..255, found {low:g}..{high:g} ({array.dtype})")
        return np.rint(array).astype(np.uint8)
    return _scale(array, *_float_range(low, high))


def _pair(normalize: object) -> tuple[float, float]:
    try:
        low, high = map(float, cast("Any", normalize))
    except (TypeError, ValueError):
        raise UsageError(f"expected normalize as True, False or (low, high), found {normalize!r:.80}") from None
    return low, high


def _float_range(low: float, high: float) -> tuple[float, float]:
    if high <= 1 + _SLACK and low >= -_SLACK:
        return 0.0, 1.0
    if high <= 1 + _SLACK and low >= -1 - _SLACK:
        return -1.0, 1.0
    if low >= 0 and 2 < high <= 255:
        return 0.0, 255.0
    raise UsageError(
        f"expected float pixels of 0..1, -1..1 or 0..255, found {low:g}..{high:g}: "
        "scale them, or say the range with normalize=(low, high)"
    )


def _scale(array: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise UsageError(f"expected normalize=(low, high) with low < high, found ({low}, {high})")
    unit = (array.astype(np.float64) - low) / (high - low)
    return np.rint(np.clip(unit, 0, 1) * 255).astype(np.uint8)


def array_of_list(value: object) -> NDArray[Any]:
    """Return nested lists as an array.

    Raises:
        UsageError: they are of different lengths.

    """
    try:
        return np.asarray(cast("Any", value))
    except ValueError:
        raise UsageError("expected lists of one length, found some of different lengths") from None


def without_leading_ones(array: NDArray[Any]) -> NDArray[Any]:
    """Return an image array without sides of 1 that stand before H x W, as batches and channels-first arrays have."""
    while array.ndim > 2 and array.shape[0] == 1 and not (array.ndim == 3 and array.shape[2] in {1, 3, 4}):
        array = array[0]
    return array


def to_pixels(array: NDArray[Any], normalize: Normalize = True) -> NDArray[np.uint8 | np.uint16]:
    """Return an image array as H x W or H x W x (3 or 4), of uint8, or uint16 for greyscale beyond 255.

    Args:
        array: H x W, or H x W x C with 1, 3 or 4 channels.
        normalize: as for :func:`to_uint8`.

    Raises:
        UsageError: another shape, or numbers that :func:`to_uint8` refuses.

    """
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim not in {2, 3} or (array.ndim == 3 and array.shape[2] not in {3, 4}):
        hint = ""
        if array.ndim == 3 and array.shape[0] in {1, 3, 4}:
            hint = ": channels come last, np.moveaxis(array, 0, -1) puts them there"
        raise UsageError(f"expected an image of H x W or H x W x (1, 3 or 4), found shape {array.shape}{hint}")
    if array.size == 0:
        raise UsageError(f"expected an image of at least 1 x 1 pixels, found shape {array.shape}")
    if array.ndim == 2 and array.dtype.kind in "iu" and array.dtype.itemsize > 1 and isinstance(normalize, bool):
        low, high = int(array.min()), int(array.max())
        if low >= 0 and 255 < high <= 65535:
            return array.astype(np.uint16)
    return to_uint8(array, normalize)
