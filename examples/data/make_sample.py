"""Make `fashion-mnist-sample.npz` from Debian's package dataset-fashion-mnist.

    apt-get install -y dataset-fashion-mnist
    python -m examples.data.make_sample

The result is the same on every run: the first images of each of the two sets, in their order.
"""

from __future__ import annotations

import argparse
import gzip
from pathlib import Path

import numpy as np

INSTALLED = Path("/usr/share/datasets/fashion-mnist")
SAMPLE = Path(__file__).with_name("fashion-mnist-sample.npz")
TRAIN_IMAGES = 5_000
TEST_IMAGES = 2_000
_UNSIGNED_BYTE = 8


def read_idx(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Read one gzipped IDX file of unsigned bytes (the format MNIST introduced).

    Raises:
        ValueError: the file is not such a file, or its length is not what its header says.

    """
    content = gzip.decompress(path.read_bytes())
    if content[:3] != bytes((0, 0, _UNSIGNED_BYTE)):
        message = f"{path}: expected an IDX file of unsigned bytes, found header {content[:4].hex()}"
        raise ValueError(message)
    dimensions = content[3]
    shape = np.frombuffer(content, ">u4", dimensions, 4)
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions)
    return values.reshape(tuple(int(length) for length in shape))


def make_sample(source: Path, target: Path) -> None:
    """Write the sample of the data set in folder `source` to the file `target`."""
    np.savez_compressed(
        target,
        train_images=read_idx(source / "train-images-idx3-ubyte.gz")[:TRAIN_IMAGES],
        train_labels=read_idx(source / "train-labels-idx1-ubyte.gz")[:TRAIN_IMAGES],
        test_images=read_idx(source / "t10k-images-idx3-ubyte.gz")[:TEST_IMAGES],
        test_labels=read_idx(source / "t10k-labels-idx1-ubyte.gz")[:TEST_IMAGES],
    )


def main() -> None:
    """Read the command line and make the sample."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, default=INSTALLED, help="folder of the four .gz files")
    parser.add_argument("--target", type=Path, default=SAMPLE, help="file to write")
    arguments = parser.parse_args()
    make_sample(arguments.source, arguments.target)
    print(f"{arguments.target}: {arguments.target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
