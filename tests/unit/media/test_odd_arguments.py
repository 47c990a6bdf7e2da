"""Arguments of media that are wrong in plausible ways: errors of the call, and nothing that only fails when stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import wbtable
from wbtable.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

PIXELS = np.zeros((2, 2), np.uint8)
HALF = "\ud800"
BOX = {"position": {"minX": 0, "maxX": 1, "minY": 0, "maxY": 1}}


def _boxed(layer: str = "a", labels: Any = None, **box: Any) -> wbtable.Image:
    return wbtable.Image(PIXELS, boxes={layer: {"box_data": [{**BOX, **box}], "class_labels": labels or {1: "x"}}})


@pytest.mark.parametrize(
    "make",
    [
        lambda: wbtable.Image(PIXELS, caption=HALF),
        lambda: wbtable.Audio(np.zeros(9), 8000, caption=HALF),
        lambda: _boxed(box_caption=HALF),
        lambda: _boxed(layer=HALF),
        lambda: _boxed(scores={HALF: 1.0}),
        lambda: _boxed(labels={1: HALF}),
        lambda: wbtable.Image(PIXELS, masks={"m": {"mask_data": PIXELS, "class_labels": {0: HALF}}}),
        lambda: wbtable.Classes([{"id": 1, "name": HALF}]),
        lambda: wbtable.Html(HALF),
    ],
)
def test_text_without_utf8(make: Callable[[], object]) -> None:
    """Refused when it is given: a table that took it could not be encoded."""
    with pytest.raises(UsageError, match="has no UTF-8 form: surrogates not allowed at 0"):
        make()


def test_numbers_that_are_none() -> None:
    """The errors name the argument."""
    for grouping in ("a", 1.5, 2**70):
        with pytest.raises(UsageError, match="grouping: expected an integer"):
            wbtable.Image(PIXELS, grouping=grouping)  # type: ignore[arg-type]
    assert wbtable.Image(PIXELS, grouping=np.int32(3)).grouping == 3  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="expected fps of more than 0"):
        wbtable.Video(np.zeros((2, 3, 4, 4), np.uint8), fps="fast")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="class_set: expected a list of classes, found int"):
        wbtable.Classes(5)  # type: ignore[arg-type]


def test_sound_with_channels_first() -> None:
    """Samples as torch has them are not taken for thousands of channels."""
    with pytest.raises(UsageError, match=r"found shape \(2, 800\): transpose it"):
        wbtable.Audio(np.zeros((2, 800)), 8000)
