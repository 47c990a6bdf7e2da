"""Classifiers of pixels in numpy alone: the class under whose normal distribution a pixel's features are likeliest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from examples.street_drawing import LABELS, Pixels

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from examples.street_drawing import Scene

_Floats: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def colour(image: Pixels) -> _Floats:
    """Return red, green and blue of each pixel: (pixels, 3)."""
    return image.reshape(-1, 3) / 255.0


def context(image: Pixels) -> _Floats:
    """Return what is around each pixel too: its colour, the mean of 9 x 9, its row, its distance from the middle."""
    height, width, _ = image.shape
    rows, columns = np.mgrid[0:height, 0:width]
    place = np.stack([rows / height, np.abs(columns / width - 0.5)], axis=-1)
    return np.concatenate([image / 255.0, _mean_around(image / 255.0, 4), place], axis=-1).reshape(height * width, -1)


def _mean_around(values: Any, reach: int) -> Any:
    """Return the mean of each square of 2 x reach + 1 pixels, by differences of running sums."""
    for axis in (0, 1):
        padded = np.pad(values, [(reach + 1, reach) if a == axis else (0, 0) for a in range(3)], mode="edge")
        sums = padded.cumsum(axis=axis)
        count = values.shape[axis]
        ends = np.arange(count) + 2 * reach + 1
        values = (sums.take(ends, axis) - sums.take(ends - 2 * reach - 1, axis)) / (2 * reach + 1)
    return values


class PixelClassifier:
    """Quadratic discriminant analysis: one normal distribution for each class, weighted by how frequent it is."""

    def __init__(self, features: Callable[[Pixels], _Floats]) -> None:
        """Look at pixels through `features`: an image in, (pixels, features) out."""
        self._features = features

    def train(self, scenes: Sequence[Scene]) -> None:
        """Fit the distributions to scenes and their ground truth."""
        features = np.concatenate([self._features(scene.image) for scene in scenes])
        truth = np.concatenate([scene.truth.ravel() for scene in scenes])
        self._means, self._spreads, self._offsets = [], [], []
        for kind in LABELS:
            mine = features[truth == kind]
            # A little of every direction, so that a class of few pixels has a distribution too.
            covariance = np.cov(mine, rowvar=False) + 1e-4 * np.eye(features.shape[1])
            self._means.append(mine.mean(axis=0))
            self._spreads.append(np.linalg.cholesky(np.linalg.inv(covariance)))
            self._offsets.append(np.log(len(mine) / len(truth)) - np.linalg.slogdet(covariance)[1] / 2)

    def predict(self, image: Pixels) -> Pixels:
        """Return the class of each pixel."""
        features = self._features(image)
        scores = [
            offset - (((features - mean) @ spread) ** 2).sum(axis=1) / 2
            for mean, spread, offset in zip(self._means, self._spreads, self._offsets, strict=True)
        ]
        return np.argmax(scores, axis=0).astype(np.uint8).reshape(image.shape[:2])
