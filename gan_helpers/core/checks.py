"""Checks of what callers give: one line for an argument, one form of message.

Each returns the value, so that it can be checked where it is kept: ``self.lazy = checks.count("lazy", lazy)``.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import math
import numbers
import os
from collections.abc import Callable

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
    """A finite number that ``fits`` as a float, for that is what is kept."""
    kept = math.nan
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        with contextlib.suppress(OverflowError):  # a whole number may be larger than any float
            kept = float(value)
    if not math.isfinite(kept) or not fits(kept):
        raise refuse(name, wanted, value)
    return kept


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


def of_kind(name: str, value, kind: type):
    """An instance of a class, such as one of the losses."""
    if not isinstance(value, kind):
        raise refuse(name, f"a {kind.__name__}", value)
    return value


def image_shape(name: str, value) -> tuple[int, int, int]:
    """Height, width and channels, each a whole number of at least 1."""
    fits = isinstance(value, tuple | list) and len(value) == 3 and all(is_whole(side) and side > 0 for side in value)
    if not fits:
        raise refuse(name, "(height, width, channels), three whole numbers of at least 1", value)
    return tuple(map(int, value))


def file(name: str, value):
    """The name of a file, or ``None``."""
    if value is not None and not isinstance(value, str | os.PathLike):
        raise refuse(name, "the name of a file", value)
    return value


def array(name: str, wanted: str, values) -> np.ndarray:
    """What NumPy makes an array of."""
    try:
        return np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must be {wanted}, got rows of different lengths") from error


def finite(name: str, values: np.ndarray, dtype=None) -> np.ndarray:
    """An array of numbers, as ``dtype`` if one is given, none of which is NaN or infinite."""
    values = array(name, "finite numbers", values)
    if values.dtype.kind not in "biuf":
        raise ValueError(f"{name} must be finite numbers, got {values.dtype}")
    with np.errstate(over="ignore"):  # what becomes infinite is refused below
        values = values.astype(dtype or values.dtype, copy=False)
    wrong = values.size - np.count_nonzero(np.isfinite(values))
    if wrong:
        raise ValueError(f"{name} must be finite numbers, got {wrong:,} of {values.size:,} that are NaN or infinite")
    return values


def labels(values: np.ndarray, classes: int, n: int | None = None) -> np.ndarray:
    """One label for each of ``n`` examples, or of any number: an array of ints from 0 to ``classes`` − 1."""
    values = array("labels", f"ints from 0 to {classes - 1}", values)
    whole = values.dtype.kind in "iu" and values.size > 0
    fits = whole and values.min() >= 0 and values.max() < classes
    if not fits or values.ndim != 1 or n not in (None, len(values)):
        shape = "shape (n,)" if n is None else f"one for each of {n} image(s)"
        found = f", from {values.min()} to {values.max()}" if whole else ""
        raise ValueError(
            f"labels must be ints from 0 to {classes - 1}, {shape}; got {values.dtype} of shape {values.shape}{found}"
        )
    return values


def same_shape(**arrays) -> None:
    """Several arrays or tensors of one shape, by name: broadcasting would hide a mistake."""
    for name, values in arrays.items():
        if not hasattr(values, "shape"):
            raise refuse(name, "an array or a tensor", values)
    shapes = [tuple(array.shape) for array in arrays.values()]
    unequal = any(len(set(sides) - {None}) > 1 for sides in zip(*shapes, strict=False))
    if unequal or len(set(map(len, shapes))) > 1:
        found = ", ".join(f"{name} {shape}" for name, shape in zip(arrays, shapes, strict=True))
        raise ValueError(f"{' and '.join(arrays)} must have one shape, got {found}")


def first(check: Callable) -> Callable:
    """A decorator: ``check`` is called first, with the same arguments, and may refuse them.

    For what a notebook prints in full: there it stands without this line.
    """

    def decorate(function):
        @functools.wraps(function)
        def checked(*arguments, **named):
            check(*arguments, **named)
            return function(*arguments, **named)

        checked.__signature__ = inspect.signature(function)  # Keras asks layers for it, and looks through no wrapper
        return checked

    return decorate


def sizes(**least: int) -> Callable:
    """A decorator for what builds networks: each argument must be of the kind that its default is of.

    Whole numbers must be at least 1, fractions not negative, and shapes those of images. Nothing is asked of texts,
    functions, ``True`` and ``False``.

    Args:
        least: by name, for whole numbers that have no default, or may be smaller.
    """

    def decorate(build):
        signature = inspect.signature(build)
        defaults = {name: parameter.default for name, parameter in signature.parameters.items()}

        def check(*arguments, **named):
            for name, value in signature.bind(*arguments, **named).arguments.items():
                if name in least or is_whole(defaults[name]):
                    count(name, value, least.get(name, 1))
                elif isinstance(defaults[name], float):
                    not_negative(name, value)
                elif isinstance(defaults[name], tuple):
                    image_shape(name, value)

        return first(check)(build)

    return decorate
