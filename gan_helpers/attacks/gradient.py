"""Attacks that follow the gradient of the loss with respect to the image: FGSM and PGD."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from ..core import checks
from .arguments import checked, checked_numbers, in_batches
from .ball import into_ball, into_range, random_in_ball, steepest

# ------------------------------------------------------------------------------------------- what attacks look at


def cross_entropies(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """−log p(label) for each image: float (n, classes) and ints (n,) → float (n,)."""
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


def gradient_of_loss(model: Callable, images: tf.Tensor, labels: tf.Tensor, loss=cross_entropies) -> tf.Tensor:
    """∇ of the loss with respect to the image: float32, of the images' shape.

    Each image has a gradient of its own, which does not depend on the others. It is 0 where the model is flat.

    Args:
        model: images → logits (n, classes).
        images: float32, shape (n, height, width, channels).
        labels: ints, shape (n,).
        loss: logits and labels → float (n,).
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(images)
        losses = loss(model(images, training=False), labels)
    return tape.gradient(losses, images, unconnected_gradients="zero")


def margin(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """By how much the label's logit exceeds the largest other one (Carlini & Wagner, 2017, arXiv:1608.04644).

    Below 0 the image is named otherwise. Unlike a cross-entropy it does not flatten out where the model is sure.

    Args:
        logits: float (n, classes).
        labels: ints, shape (n,).

    Returns:
        Float, shape (n,).
    """
    own = tf.one_hot(labels, logits.shape[-1], on_value=True, off_value=False)
    label = tf.reduce_max(tf.where(own, logits, -np.inf), axis=1)
    other = tf.reduce_max(tf.where(own, -np.inf, logits), axis=1)
    return label - other


# ---------------------------------------------------------------------------------- attacks that follow the gradient


def fgsm(
    model: keras.Model, images: np.ndarray, labels: np.ndarray, epsilon: float, targeted: bool = False
) -> np.ndarray:
    """The fast gradient sign method, x + ε sign ∇loss (Goodfellow, Shlens & Szegedy, 2015, arXiv:1412.6572).

    One step to the corner of the L∞ ball where the loss would be largest if it were linear.

    Args:
        model: images → logits (n, classes).
        images: float in [−1, 1], shape (n, height, width, channels).
        labels: ints, shape (n,): the right classes, or, if ``targeted``, those that the model is to see.
        epsilon: by how much each number changes; 0.6 is the 0.3 of papers with pixels from 0 to 1.
        targeted: lead to the labels, not away from them.

    Returns:
        float32 images in [−1, 1], of the same shape.

    Raises:
        ValueError: images, labels or ``epsilon`` make no sense.
    """
    images, labels = checked(model, images, labels, epsilon)

    def attack(images, labels):
        return (sign_step(model, images, labels, tf.constant(epsilon, tf.float32), targeted),)

    return in_batches(attack, images, labels)[0]


@tf.function(reduce_retracing=True)
def sign_step(model, images, labels, epsilon, targeted):
    """The one step of :func:`fgsm`."""
    uphill = -1.0 if targeted else 1.0
    return into_range(images + uphill * epsilon * tf.sign(gradient_of_loss(model, images, labels)))


def pgd(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    epsilon: float,
    step_size: float,
    steps: int,
    norm: str = "linf",
    random_start: bool = True,
    restarts: int = 1,
    targeted: bool = False,
    seed: int = 0,
    numbers: np.ndarray | None = None,
    loss: Callable = cross_entropies,
) -> np.ndarray:
    """Projected gradient descent: many small steps, each followed by a way back into the ball.

    (Madry et al., 2018, arXiv:1706.06083.) Without a random start and with ``norm="linf"`` this is the iterated FGSM
    (Kurakin, Goodfellow & Bengio, 2017, arXiv:1607.02533).

    An image that one attempt has fooled the model with is kept; the others are tried again from another start, as often
    as ``restarts`` says. Of an image that never fools the model, the attempt with the largest loss is returned.

    Args:
        model: images → logits (n, classes).
        images: float in [−1, 1], shape (n, height, width, channels).
        labels: ints, shape (n,): the right classes, or, if ``targeted``, those that the model is to see.
        epsilon: how far from the image it may go.
        step_size: how far one step goes, in the same norm.
        steps: of one attempt.
        norm: ``"linf"`` or ``"l2"``.
        random_start: begin anywhere in the ball, and not at the image.
        restarts: how many attempts; without a random start they would all be the same.
        targeted: lead to the labels, not away from them.
        seed: chooses the starts.
        numbers: ints, shape (n,): on which number of image the start depends; by default 0, 1, 2 …
        loss: what it makes large, or small if ``targeted``: logits and labels → float (n,).

    Returns:
        float32 images in [−1, 1], of the same shape.

    Raises:
        ValueError: an argument makes no sense.
    """
    images, labels = checked(model, images, labels, epsilon, norm)
    numbers = checked_numbers(numbers, len(images))
    step_size, steps = checks.not_negative("step_size", step_size), checks.count("steps", steps)
    if checks.count("restarts", restarts) > 1 and not random_start:
        raise checks.refuse("restarts", "1 without a random start", restarts)
    if not callable(loss):
        raise checks.refuse("loss", "a function of logits and labels", loss)

    def attempt(images, labels, starts):
        sizes = tf.constant([epsilon, step_size], tf.float32)
        ends = climb(model, images, labels, starts, *tf.unstack(sizes), tf.constant(steps), norm, targeted, loss)
        return ends, *outcome(model, ends, labels, targeted, loss)

    found, largest = images.copy(), np.full(len(images), -np.inf)
    left = np.arange(len(images))  # those that have not fooled the model yet
    for restart in range(restarts):
        starts = images[left]
        if random_start:
            rows = (numbers.max() + 1, *images.shape[1:])
            noise = random_in_ball(rows, epsilon, norm, seed, restart, "start of an attack")
            starts = into_range(starts + tf.gather(noise, numbers[left])).numpy()
        ends, fooled, losses = in_batches(attempt, images[left], labels[left], starts)
        better = fooled | (losses > largest[left])
        found[left[better]], largest[left[better]] = ends[better], losses[better]
        left = left[~fooled]
        if not left.size:
            break
    return found


@tf.function(reduce_retracing=True)
def climb(model, images, labels, starts, epsilon, step_size, steps, norm, targeted, loss=cross_entropies):
    """``steps`` steps of :func:`pgd`, from ``starts``."""
    ends = starts
    for _ in tf.range(steps):
        ends = pgd_step(model, images, labels, ends, epsilon, step_size, norm, targeted, loss)
    return ends


def pgd_step(model, images, labels, perturbed, epsilon, step_size, norm, targeted=False, loss=cross_entropies):
    """One step uphill (downhill, if targeted), and back: first into the ball around the images, then into [−1, 1]."""
    uphill = -1.0 if targeted else 1.0
    step = uphill * step_size * steepest(gradient_of_loss(model, perturbed, labels, loss), norm)
    return into_range(images + into_ball(perturbed + step - images, epsilon, norm))


@tf.function(reduce_retracing=True)
def outcome(model, perturbed, labels, targeted, loss):
    """Whether each image fools the model: bool (n,); and what the attack has made large: float (n,)."""
    logits = model(perturbed, training=False)
    named, losses = tf.argmax(logits, axis=1) == labels, loss(logits, labels)
    return (named, -losses) if targeted else (~named, losses)
