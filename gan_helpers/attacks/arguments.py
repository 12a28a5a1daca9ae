"""What every attack is given: images, labels, ε and numbers are checked here, and images are dealt out in batches."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from ..core import checks
from ..core.system import check_examples
from ..data.images import check_images
from .ball import checked_norm

BATCH = 100  # images that are attacked at a time


def in_batches(attack: Callable, *arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    """What ``attack`` gives for all rows of the arrays, though it sees :data:`BATCH` at a time.

    Args:
        attack: takes some rows of each array, and gives several tensors, with a row for each.
        arrays: equally long.
    """
    parts = []
    for i in range(0, len(arrays[0]), BATCH):
        rows = (tf.convert_to_tensor(array[i : i + BATCH]) for array in arrays)
        parts.append([np.asarray(part) for part in attack(*rows)])
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))


def checked(model, images, labels, epsilon, norm: str = "linf") -> tuple[np.ndarray, np.ndarray]:
    """Images as float32 and labels as int64; or a clear error, if an attack cannot begin with these arguments."""
    checks.not_negative("epsilon", epsilon)
    checked_norm(norm)
    images = checked_images(images)
    if hasattr(model, "input_shape"):
        check_examples(images, model.input_shape[1:], "images")
    classes = model(images[:1], training=False).shape[-1]
    return images, checks.labels(labels, classes, len(images)).astype(np.int64)


def checked_images(images) -> np.ndarray:
    """Images as float32 in [−1, 1]; or a clear error, if they are none."""
    check_images(images)
    return np.clip(np.asarray(images, np.float32), -1, 1)  # the check lets rounding pass


def checked_numbers(numbers, n: int) -> np.ndarray:
    """The numbers of ``n`` images; by default 0, 1, 2 …"""
    numbers = np.arange(n) if numbers is None else np.asarray(numbers)
    if numbers.shape != (n,) or numbers.dtype.kind not in "iu" or numbers.min() < 0:
        raise ValueError(f"numbers must be {n} ints, 0 or above, one for each image; got {numbers!r}")
    return numbers
