"""A small image classifier in numpy alone: one hidden layer, trained by minibatch gradient descent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

Floats: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
Bytes: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
Integers: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.int64]]

SAMPLE = Path(__file__).parent / "data" / "fashion-mnist-sample.npz"
CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Images and their labels: one set to train on, one to test on.

    Attributes:
        train_images: uint8, (n, 28, 28).
        train_labels: uint8, (n,), places in `CLASSES`.
        test_images: uint8, (m, 28, 28).
        test_labels: uint8, (m,).

    """

    train_images: Bytes
    train_labels: Bytes
    test_images: Bytes
    test_labels: Bytes

    @classmethod
    def load(cls, *, train: int | None = None, test: int | None = None) -> Sample:
        """Read the sample in `examples/data`; `train` and `test` keep that many images of each set."""
        with np.load(SAMPLE) as arrays:
            return cls(
                train_images=arrays["train_images"][:train],
                train_labels=arrays["train_labels"][:train],
                test_images=arrays["test_images"][:test],
                test_labels=arrays["test_labels"][:test],
            )


def _as_input(images: Bytes) -> Floats:
    """Give each image as one row of 784 values around zero."""
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255) - np.float32(0.3)


def _softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


class Perceptron:
    """A classifier: 784 pixels, one hidden layer of rectified units, ten scores.

    The same seed and data give the same weights on the same machine.
    """

    def __init__(self, *, hidden: int, learning_rate: float, seed: int = 0) -> None:
        """Start from small random weights."""
        self._random = np.random.default_rng(seed)
        self._rate = np.float32(learning_rate)
        self._weights1 = self._random.normal(0, np.sqrt(2 / 784), (784, hidden)).astype(np.float32)
        self._bias1 = np.zeros(hidden, np.float32)
        self._weights2 = self._random.normal(0, np.sqrt(2 / hidden), (hidden, 10)).astype(np.float32)
        self._bias2 = np.zeros(10, np.float32)

    def train_epoch(self, images: Bytes, labels: Bytes, *, batch: int = 32) -> float:
        """Go once over the images in random order, then slow down; give the mean cross entropy met on the way."""
        inputs = _as_input(images)
        total = 0.0
        order = self._random.permutation(len(inputs))
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            total += self._step(inputs[rows], labels[rows])
        self._rate *= np.float32(0.8)
        return total / len(order)

    def _step(self, inputs: Floats, labels: Bytes) -> float:
        """Follow the gradient of one batch; give the sum of its cross entropies."""
        hidden = np.maximum(inputs @ self._weights1 + self._bias1, 0)
        scores = _softmax(hidden @ self._weights2 + self._bias2)
        places = np.arange(len(labels))
        loss = float(-np.log(scores[places, labels] + np.float32(1e-12)).sum())
        slope2 = scores
        slope2[places, labels] -= 1
        slope2 *= self._rate / np.float32(len(labels))
        slope1 = (slope2 @ self._weights2.T) * (hidden > 0)
        self._weights2 -= hidden.T @ slope2
        self._bias2 -= slope2.sum(axis=0)
        self._weights1 -= inputs.T @ slope1
        self._bias1 -= slope1.sum(axis=0)
        return loss

    def predict(self, images: Bytes) -> Floats:
        """Give ten scores for each image; they sum to 1."""
        hidden = np.maximum(_as_input(images) @ self._weights1 + self._bias1, 0)
        return _softmax(hidden @ self._weights2 + self._bias2)
