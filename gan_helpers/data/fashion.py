"""All of Fashion-MNIST, from wherever this machine can get it; an excerpt ships with the package."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from pathlib import Path

import numpy as np

from .download import downloads
from .images import ImageDataset, dataset_of
from .manifest import DataError, entry_of

FASHION_MNIST_SHA256 = {  # of the decompressed idx files
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}


def full_fashion_mnist() -> ImageDataset:
    """All 70,000 images; see :func:`gan_helpers.data.sets.fashion_mnist`."""
    entry = entry_of("fashion_mnist")
    folder = _fashion_folder()
    raw = {}
    for name, sha256 in FASHION_MNIST_SHA256.items():
        path = folder / f"{name}.gz"
        try:
            content = gzip.decompress(path.read_bytes())
        except (EOFError, OSError, zlib.error):
            content = b""
        if hashlib.sha256(content).hexdigest() != sha256:
            raise DataError(f"{path} is damaged. Delete it and call again to fetch it anew.")
        raw[name] = read_idx(content)
    arrays = {
        "train_images": raw["train-images-idx3-ubyte"],
        "train_labels": raw["train-labels-idx1-ubyte"],
        "test_images": raw["t10k-images-idx3-ubyte"],
        "test_labels": raw["t10k-labels-idx1-ubyte"],
    }
    return dataset_of("fashion_mnist_full", arrays, entry["class_names"], entry["licence"], str(folder))


def _fashion_folder() -> Path:
    """Where the four gzipped idx files lie; asks Keras to download them if they are nowhere yet."""
    cache = downloads() / "fashion-mnist"
    for folder in (Path("/usr/share/datasets/fashion-mnist"), cache):
        if all((folder / f"{name}.gz").exists() for name in FASHION_MNIST_SHA256):
            return folder
    import keras

    try:
        keras.datasets.fashion_mnist.load_data()
    except Exception as error:
        raise DataError(
            "The full Fashion-MNIST is not on this machine and could not be downloaded "
            f"({error}). Use fashion_mnist() for the 12,000 images that ship with the course, or, on "
            "Debian and Ubuntu, run `sudo apt install dataset-fashion-mnist`."
        ) from None
    return cache


def read_idx(content: bytes) -> np.ndarray:
    """Decode LeCun's idx format: magic (0, 0, 8 = uint8, rank), big-endian sizes, then the bytes."""
    rank = content[3]
    shape = np.frombuffer(content, ">i4", rank, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape)
