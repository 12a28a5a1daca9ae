"""Attacks that follow no gradient: noise, which knows nothing of the model, and the square attack, which asks it."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from ..core import checks, sampling
from .arguments import checked, checked_images, checked_numbers, in_batches
from .ball import into_range, steepest
from .gradient import margin


def gaussian_noise(
    images: np.ndarray, epsilon: float, norm: str = "linf", seed: int = 0, numbers: np.ndarray | None = None
) -> np.ndarray:
    """What an attack has to be better than: noise of the same norm, which knows nothing of any model.

    Gaussian noise takes the place of the gradient: for ``"linf"`` each number of the image changes by ±ε, as in
    :func:`fgsm`; for ``"l2"`` the noise is scaled to the length ε. Where a number would leave [−1, 1] it changes the
    other way: noise that is cut off at black and white would be weaker than its norm says.

    Args:
        images: float in [−1, 1], shape (n, height, width, channels).
        epsilon: the norm, which is reached exactly as long as no number changes by more than 1.
        norm: ``"linf"`` or ``"l2"``.
        seed: chooses the noise.
        numbers: ints, shape (n,): on which number of image the noise depends; by default 0, 1, 2 …

    Returns:
        float32 images in [−1, 1], of the same shape.

    Raises:
        ValueError: an argument makes no sense.
    """
    images = checked_images(images)
    checks.not_negative("epsilon", epsilon)
    numbers = checked_numbers(numbers, len(images))
    noise = sampling.normal((numbers.max() + 1, *images.shape[1:]), seed, 0, "noise instead of an attack")
    change = epsilon * steepest(tf.gather(noise, numbers), norm)
    outside = tf.abs(images + change) > 1
    return into_range(images + tf.where(outside, -change, change)).numpy()


#: after which parts of all steps the squares of :func:`square_attack` have half the area that they had before
HALVINGS = np.array([10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000]) / 10_000


def square_attack(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    epsilon: float,
    steps: int = 1000,
    targeted: bool = False,
    first_share: float = 0.8,
    seed: int = 0,
    numbers: np.ndarray | None = None,
) -> np.ndarray:
    """The square attack in L∞: random search, without any gradient (Andriushchenko et al., 2020, arXiv:1912.00049).

    It begins with vertical stripes of ±ε. In each step it makes a random square of the perturbation +ε or −ε in each
    channel, and keeps this if the :func:`margin` has become smaller. The squares shrink with time. It looks at logits
    only: a model that merely hides its gradient is as open to it as any other.

    Args:
        model: images → logits (n, classes).
        images: float in [−1, 1], shape (n, height, width, channels).
        labels: ints, shape (n,): the right classes, or, if ``targeted``, those that the model is to see.
        epsilon: how far from the image it may go.
        steps: how often the model is asked about an image, at most. An image that fools it is left as it is.
        targeted: lead to the labels, not away from them.
        first_share: the part of the image that the first squares cover, from 0 to 1.
        seed: chooses stripes and squares.
        numbers: ints, shape (n,): on which number of image they depend; by default 0, 1, 2 …

    Returns:
        float32 images in [−1, 1], of the same shape.

    Raises:
        ValueError: an argument makes no sense.
    """
    images, labels = checked(model, images, labels, epsilon)
    numbers = checked_numbers(numbers, len(images))
    steps, share = checks.count("steps", steps), checks.probability("first_share", first_share)
    (height, width, channels), rows = images.shape[1:], numbers.max() + 1
    sides = square_sides(steps, height, width, share)

    def attack(images, labels, numbers):
        stripes = tf.gather(sampling.uniform((rows, 1, width, channels), seed, 0, "stripes"), numbers)
        perturbation = tf.broadcast_to(epsilon * tf.sign(stripes - 0.5), images.shape)
        margins = margins_of(model, images, perturbation, labels, targeted)
        for step in range(1, steps):
            if tf.reduce_all(margins < 0):
                break
            drawn = tf.gather(sampling.uniform((rows, 2 + channels), seed, step, "square"), numbers)
            tried = paint_square(perturbation, drawn, tf.constant(sides[step]), tf.constant(epsilon, tf.float32))
            new = margins_of(model, images, tried, labels, targeted)
            better = (new < margins) & (margins >= 0)
            perturbation = tf.where(better[:, tf.newaxis, tf.newaxis, tf.newaxis], tried, perturbation)
            margins = tf.where(better, new, margins)
        return (into_range(images + perturbation),)

    return in_batches(attack, images, labels, numbers)[0]


def square_sides(steps: int, height: int, width: int, first_share: float) -> np.ndarray:
    """The side of the square of each step, in pixels: ints, shape (steps,)."""
    halved = np.searchsorted(HALVINGS, np.arange(steps) / steps)
    sides = np.rint(np.sqrt(first_share / 2.0**halved * height * width)).astype(np.int32)
    return np.clip(sides, 1, min(height, width))


@tf.function(reduce_retracing=True)
def paint_square(perturbation, drawn, side, epsilon):
    """Make a square of each perturbation ±ε in each channel.

    Args:
        perturbation: float32, shape (n, height, width, channels).
        drawn: float32 from 0 to 1, shape (n, 2 + channels): where it lies, and which sign it has in which channel.
        side: of the square, an int scalar.
        epsilon: a float scalar.
    """

    def inside(length, place):
        """Which of so many pixels in a row belong to the square: bool (n, length)."""
        first = tf.floor(place * tf.cast(length - side + 1, tf.float32))
        after_first = tf.range(length, dtype=tf.float32) - first[:, tf.newaxis]
        return (after_first >= 0) & (after_first < tf.cast(side, tf.float32))

    _, height, width, _ = perturbation.shape
    rows, columns = inside(height, drawn[:, 0]), inside(width, drawn[:, 1])
    square = rows[:, :, tf.newaxis] & columns[:, tf.newaxis, :]
    colours = epsilon * tf.sign(drawn[:, tf.newaxis, tf.newaxis, 2:] - 0.5)
    return tf.where(square[..., tf.newaxis], colours, perturbation)


@tf.function(reduce_retracing=True)
def margins_of(model, images, perturbation, labels, targeted):
    """What the square attack makes small, shape (n,): below 0 for an image that fools the model."""
    margins = margin(model(into_range(images + perturbation), training=False), labels)
    return -margins if targeted else margins
