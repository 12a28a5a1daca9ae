"""The ball in which an attack may look: its two norms, the way back into it, points in it."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from ..core import checks, sampling

NORMS = ("linf", "l2")


def scaled_epsilon(epsilon: float) -> float:
    """ε for pixels from 0 to 1, as papers tell it → ε for images from −1 to 1: twice as much, in either norm."""
    return 2 * epsilon


def checked_norm(norm: str) -> str:
    """The name of a norm; or a clear error."""
    if norm not in NORMS:
        raise checks.refuse("norm", " or ".join(map(repr, NORMS)), norm)
    return norm


def lengths(x: tf.Tensor) -> tf.Tensor:
    """The Euclidean length of each example: float32 (n, …) → float32 (n, 1, …).

    It is computed in float64: the squares of very small gradients would be 0 in float32.
    """
    axes = list(range(1, len(x.shape)))
    squares = tf.reduce_sum(tf.cast(x, tf.float64) ** 2, axes, keepdims=True)
    return tf.cast(tf.sqrt(squares), tf.float32)


def into_ball(perturbation: tf.Tensor, epsilon: float | tf.Tensor, norm: str) -> tf.Tensor:
    """The nearest perturbation whose norm is at most ε; one that is small enough stays as it is.

    Args:
        perturbation: float32, shape (n, …).
        epsilon: the largest norm.
        norm: ``"linf"``, for which each number is cut off by itself, or ``"l2"``, for which all shrink by one factor.

    Raises:
        ValueError: there is no such norm.
    """
    if checked_norm(norm) == "linf":
        return tf.clip_by_value(perturbation, -epsilon, epsilon)
    return perturbation * tf.minimum(tf.math.divide_no_nan(epsilon, lengths(perturbation)), 1.0)


def into_range(images: tf.Tensor) -> tf.Tensor:
    """Cut off what leaves [−1, 1]. No pixel moves away from where it was before the attack, so the norm only falls."""
    return tf.clip_by_value(images, -1.0, 1.0)


def steepest(gradient: tf.Tensor, norm: str) -> tf.Tensor:
    """Of all perturbations of norm 1 the one along which the loss rises most, if its gradient stays as it is.

    Args:
        gradient: of the loss, float32, shape (n, …).
        norm: for ``"linf"`` it is the gradient's sign, for ``"l2"`` the gradient divided by its length.

    Returns:
        Of the same shape; 0 for an example where the gradient is 0.

    Raises:
        ValueError: there is no such norm.
    """
    if checked_norm(norm) == "linf":
        return tf.sign(gradient)
    return tf.math.divide_no_nan(gradient, lengths(gradient))


def random_in_ball(shape, epsilon: float | tf.Tensor, norm: str, seed, step, stream: str) -> tf.Tensor:
    """Perturbations from the uniform distribution within the ball of radius ε.

    Args:
        shape: (n, …).
        epsilon: the radius.
        norm: ``"linf"`` or ``"l2"``.
        seed: with ``step`` and ``stream`` it chooses them; see :func:`gan_helpers.core.sampling.step_seed`. The first
            rows of n and of 2n perturbations are the same.
        step: an int, or an integer scalar.
        stream: what they are for.
    """
    numbers = sampling.uniform(shape, seed, step, stream)
    if checked_norm(norm) == "linf":
        return epsilon * (2 * numbers - 1)
    direction = steepest(sampling.normal(shape, seed, step, f"{stream}, direction"), norm)
    dimensions = int(np.prod(shape[1:]))
    one_each = sampling.uniform((shape[0], *[1] * (len(shape) - 1)), seed, step, f"{stream}, radius")
    return epsilon * one_each ** (1 / dimensions) * direction  # the volume within radius r grows like r^dimensions
