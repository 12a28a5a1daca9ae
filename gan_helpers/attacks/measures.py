"""How well attacks do: the accuracy that they leave, and the smallest ε that fools a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import keras
import numpy as np

from ..core.system import generate
from .arguments import BATCH


def likeliest(model: Callable, images: np.ndarray) -> np.ndarray:
    """The class with the largest logit, for each image: int64, shape (n,)."""
    return generate(model, images, batch_size=BATCH).argmax(axis=1)


def accuracy_against(
    model: keras.Model, images: np.ndarray, labels: np.ndarray, attack: Callable, epsilons: Iterable[float]
) -> np.ndarray:
    """How often the model is right on attacked images, for each ε.

    Args:
        model: images → logits (n, classes).
        images: float in [−1, 1], shape (n, height, width, channels).
        labels: the right classes, ints, shape (n,).
        attack: called with (model, images, labels, ε); gives images.
        epsilons: those to be tried.

    Returns:
        Float, one number from 0 to 1 for each ε.
    """
    attacked = (attack(model, images, labels, epsilon) for epsilon in epsilons)
    return np.array([(likeliest(model, those) == labels).mean() for those in attacked])


def minimal_epsilon(
    model: keras.Model, images: np.ndarray, labels: np.ndarray, attack: Callable, epsilons: Iterable[float]
) -> np.ndarray:
    """The smallest of the given ε with which the attack makes the model err, for each image.

    The arguments are those of :func:`accuracy_against`. With 0 among the ε, that is the answer for images that are
    named wrongly as they are.

    Returns:
        Float, shape (n,); infinite where none is enough.
    """
    smallest = np.full(len(images), np.inf)
    for epsilon in sorted(epsilons, reverse=True):
        wrong = likeliest(model, attack(model, images, labels, epsilon)) != labels
        smallest[wrong] = epsilon
    return smallest
