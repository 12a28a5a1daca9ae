"""Scores of pictures that were made for a class: do they show it, and are they as varied as its real ones?"""

from __future__ import annotations

import numpy as np

from ..core import checks
from .evaluator import Evaluator
from .metrics import precision_recall_coverage

Labelled = tuple[np.ndarray, np.ndarray]


def class_consistency(evaluator: Evaluator, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Of each class's images, the share in which the evaluator's classifier sees that class.

    Args:
        evaluator: its network is a classifier of the same classes.
        images: float32 in [−1, 1].
        labels: the classes that they should show: ints, shape (n,), with at least one image per class.

    Returns:
        Float64 (classes,), from 0 to 1.

    Raises:
        ValueError: a class has no image.
    """
    _, probabilities = evaluator.look_at(images)
    labels = every_class(labels, len(images), probabilities.shape[1], 1)
    right = probabilities.argmax(axis=1) == labels
    return np.array([right[labels == k].mean() for k in range(probabilities.shape[1])])


def scores_within_classes(evaluator: Evaluator, real: Labelled, fake: Labelled, n: int = 500) -> dict[str, np.ndarray]:
    """Precision, recall and coverage (chapter 3) of each class alone, among real images of that class alone.

    Args:
        evaluator: whose features decide what is near.
        real: the reference, images in [−1, 1] and their labels.
        fake: images in [−1, 1], and the classes that they should show.
        n: images per class and side, the first ones. The scores depend on it.

    Returns:
        ``precision``, ``recall`` and ``coverage``, each float64 (classes,).

    Raises:
        ValueError: a class has fewer than ``n`` images on one of the sides.
    """
    checks.count("n", n)
    classes = int(np.max(real[1])) + 1
    sides = []
    for images, labels in (real, fake):
        labels = every_class(labels, len(images), classes, n)
        first = [np.flatnonzero(labels == k)[:n] for k in range(classes)]
        sides.append(evaluator.look_at(images[np.concatenate(first)])[0].reshape(classes, n, -1))
    found = [precision_recall_coverage(*features) for features in zip(*sides, strict=True)]
    return {name: np.array([one[name] for one in found]) for name in ("precision", "recall", "coverage")}


def every_class(labels: np.ndarray, images: int, classes: int, n: int) -> np.ndarray:
    """A label for each of so many images; or a clear error, also if a class has fewer than ``n``."""
    labels = checks.labels(labels, classes, images)
    fewest = np.bincount(labels, minlength=classes)[:classes].min()
    if fewest < n:
        raise ValueError(f"each of the {classes} classes needs at least {n} image(s), one has {fewest}")
    return labels
