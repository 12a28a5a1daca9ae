"""Checks of what callers give: one line for an argument, one form of message.

Each returns the value, so that it can be checked where it is kept: ``self.lazy = checks.count("lazy", lazy)``.
"""

from __future__ import annotations

import math
import numbers

import numpy as np


def refuse(name: str, wanted: str, value) -> ValueError:
    """The error that names the argument, what was expected, and what came."""
    return ValueError(f"{name} must be {wanted}, got {value!r}")


def is_whole(value) -> bool:
    """Whether it is a whole number, of Python's or NumPy's; ``True`` is none."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def integer(name: str, value) -> int:
    """Any whole number."""
    if not is_whole(value):
        raise refuse(name, "a whole number", value)
    return int(value)


def count(name: str, value, least: int = 1) -> int:
    """A whole number, not smaller than ``least``."""
    if not is_whole(value) or value < least:
        raise refuse(name, f"a whole number of at least {least}", value)
    return int(value)


def number(name: str, value, wanted: str, fits) -> float:
    """A finite number for which ``fits`` is true."""
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not real or not math.isfinite(value) or not fits(value):
        raise refuse(name, wanted, value)
    return float(value)


def positive(name: str, value) -> float:
    """A finite number above 0."""
    return number(name, value, "a number above 0", lambda x: x > 0)


def not_negative(name: str, value) -> float:
    """A finite number, 0 or more."""
    return number(name, value, "0 or a number above it", lambda x: x >= 0)


def probability(name: str, value) -> float:
    """A number from 0 to 1."""
    return number(name, value, "a number from 0 to 1", lambda x: 0 <= x <= 1)


def memory(name: str, value) -> float:
    """What a running average keeps at each step: from 0 to below 1."""
    return number(name, value, "a number from 0 to below 1", lambda x: 0 <= x < 1)


def finite(name: str, values: np.ndarray) -> np.ndarray:
    """An array of numbers, none of which is NaN or infinite."""
    values = np.asarray(values)
    wrong = values.size - np.count_nonzero(np.isfinite(values))
    if wrong:
        raise ValueError(f"{name} must be finite numbers, got {wrong:,} of {values.size:,} that are NaN or infinite")
    return values


def same_shape(**arrays) -> None:
    """Raise unless all have one shape. Shapes that differ may fit all the same: one is then stretched without a word.

    Args:
        arrays: arrays or tensors by name. A side that is not known yet (``None``) may have any length.
    """
    shapes = [tuple(np.shape(array)) for array in arrays.values()]
    ranks = {len(shape) for shape in shapes}
    if len(ranks) > 1 or any(len({*sides} - {None}) > 1 for sides in zip(*shapes, strict=True)):
        raise ValueError(f"{', '.join(arrays)} must have one shape, got {', '.join(map(str, shapes))}")


def labels(values: np.ndarray, classes: int) -> np.ndarray:
    """One label for each example: an array of ints from 0 to ``classes`` − 1."""
    values = np.asarray(values)
    if values.ndim != 1 or values.dtype.kind not in "iu" or values.min() < 0 or values.max() >= classes:
        raise ValueError(
            f"labels must be ints from 0 to {classes - 1}, shape (n,); got {values.dtype} of shape {values.shape}, "
            f"from {values.min()} to {values.max()}"
        )
    return values
