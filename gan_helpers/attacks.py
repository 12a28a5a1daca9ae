"""Adversarial examples: changes of an image, too small to matter to us, after which a classifier names it wrongly.

An attack looks for a perturbation δ with ‖δ‖ ≤ ε for which the classifier's loss at x + δ is large. The norm ‖·‖ says
what small means: ``"linf"``, the largest change of any number of the image, or ``"l2"``, the Euclidean length of all
changes together.

Images lie in [−1, 1], as everywhere in this course, and so ε is measured on that scale. Papers mostly measure it on
pixels from 0 to 1. There the range is half as long: their ε = 0.3 is 0.6 here; see :func:`scaled_epsilon`.

What all attacks have in common:

* ``model`` is a classifier: called on images, with ``training=False``, it answers with logits (n, classes).
* ``labels`` are the right classes, from which the attack leads away; or, for ``targeted`` attacks, wrong ones, to which
  it leads.
* They return float32 images of the same shape, in [−1, 1] and, up to rounding, at most ε away from those given.
* What is random depends on the seed and on the image's number: 0, 1, 2 … unless ``numbers`` tells others. So an image
  that is attacked alone, with ``numbers=[17]``, is changed as it was among others, where it was number 17.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import keras
import numpy as np
import tensorflow as tf

from .core import checks, sampling
from .core.system import generate
from .data.images import check_images

NORMS = ("linf", "l2")
BATCH = 100  # images that are attacked at a time


def scaled_epsilon(epsilon: float) -> float:
    """ε for pixels from 0 to 1, as papers tell it → ε for images from −1 to 1: twice as much, in either norm."""
    return 2 * epsilon


# ------------------------------------------------------------------------------------------ the ball and its edge


def lengths(x: tf.Tensor) -> tf.Tensor:
    """The Euclidean length of each example: float32 (n, …) → float32 (n, 1, …).

    It is computed in float64: the squares of very small slopes would be 0 in float32.
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


def steepest(slope: tf.Tensor, norm: str) -> tf.Tensor:
    """Of all perturbations of norm 1 the one along which the loss rises most, if its slope stays as it is.

    Args:
        slope: the loss's gradient, float32, shape (n, …).
        norm: for ``"linf"`` it is the slope's sign, for ``"l2"`` the slope divided by its length.

    Returns:
        Of the same shape; 0 for an example where the slope is 0.

    Raises:
        ValueError: there is no such norm.
    """
    if checked_norm(norm) == "linf":
        return tf.sign(slope)
    return tf.math.divide_no_nan(slope, lengths(slope))


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


# ------------------------------------------------------------------------------------------- what attacks look at


def slope_of_loss(model: Callable, images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """∇ of −log p(label | image), with respect to the image: float32, of the images' shape.

    Each image has a slope of its own, which does not depend on the others. It is 0 where the model has no slope.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(images)
        losses = cross_entropies(model(images, training=False), labels)
    return tape.gradient(losses, images, unconnected_gradients="zero")


def cross_entropies(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """−log p(label) for each image: float (n, classes) and ints (n,) → float (n,)."""
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


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


# ------------------------------------------------------------------------------------- attacks that follow the slope


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
    return into_range(images + uphill * epsilon * tf.sign(slope_of_loss(model, images, labels)))


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

    def attempt(images, labels, starts):
        sizes = tf.constant([epsilon, step_size], tf.float32)
        ends = climb(model, images, labels, starts, *tf.unstack(sizes), tf.constant(steps), norm, targeted)
        return ends, *outcome(model, ends, labels, targeted)

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
def climb(model, images, labels, starts, epsilon, step_size, steps, norm, targeted):
    """``steps`` steps of :func:`pgd`, from ``starts``."""
    ends = starts
    for _ in tf.range(steps):
        ends = pgd_step(model, images, labels, ends, epsilon, step_size, norm, targeted)
    return ends


def pgd_step(model, images, labels, perturbed, epsilon, step_size, norm, targeted=False):
    """One step uphill (downhill, if targeted), and back: first into the ball around the images, then into [−1, 1]."""
    uphill = -1.0 if targeted else 1.0
    step = uphill * step_size * steepest(slope_of_loss(model, perturbed, labels), norm)
    return into_range(images + into_ball(perturbed + step - images, epsilon, norm))


@tf.function(reduce_retracing=True)
def outcome(model, perturbed, labels, targeted):
    """Whether each image fools the model: bool (n,); and what the attack has made large: float (n,)."""
    logits = model(perturbed, training=False)
    named, losses = tf.argmax(logits, axis=1) == labels, cross_entropies(logits, labels)
    return (named, -losses) if targeted else (~named, losses)


# --------------------------------------------------------------------------------------- attacks that follow no slope


def gaussian_noise(
    images: np.ndarray, epsilon: float, norm: str = "linf", seed: int = 0, numbers: np.ndarray | None = None
) -> np.ndarray:
    """What an attack has to be better than: noise of the same norm, which knows nothing of any model.

    Gaussian noise takes the place of the slope: for ``"linf"`` each number of the image changes by ±ε, as in
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
    """The square attack in L∞: random search, without any slope (Andriushchenko et al., 2020, arXiv:1912.00049).

    It begins with vertical stripes of ±ε. In each step it makes a random square of the perturbation +ε or −ε in each
    channel, and keeps this if the :func:`margin` has become smaller. The squares shrink with time. It looks at logits
    only: a model that merely hides its slope is as open to it as any other.

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


# ------------------------------------------------------------------------------------------------- how well they do


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


# ------------------------------------------------------------------------------------------------ what is given


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
    if np.shape(labels) != (len(images),):
        raise ValueError(f"labels must be one for each of {len(images)} image(s), got the shape {np.shape(labels)}")
    classes = model(images[:1], training=False).shape[-1]
    return images, checks.labels(labels, classes).astype(np.int64)


def checked_images(images) -> np.ndarray:
    """Images as float32 in [−1, 1]; or a clear error, if they are none."""
    check_images(images)
    return np.clip(np.asarray(images, np.float32), -1, 1)  # the check lets rounding pass


def checked_norm(norm: str) -> str:
    """The name of a norm; or a clear error."""
    if norm not in NORMS:
        raise checks.refuse("norm", " or ".join(map(repr, NORMS)), norm)
    return norm


def checked_numbers(numbers, n: int) -> np.ndarray:
    """The numbers of ``n`` images; by default 0, 1, 2 …"""
    numbers = np.arange(n) if numbers is None else np.asarray(numbers)
    if numbers.shape != (n,) or numbers.dtype.kind not in "iu" or numbers.min() < 0:
        raise ValueError(f"numbers must be {n} ints, 0 or above, one for each image; got {numbers!r}")
    return numbers
