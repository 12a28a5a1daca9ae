"""Random changes of pictures through which gradients pass, for discriminators that would learn few pictures by heart.

Zhao et al. (2020, arXiv:2006.10738) show the discriminator real and fake pictures only after such a change. It can then
not recognise its training pictures, and, because the generator learns through the same changes, these do not leak into
what it makes.
"""

from __future__ import annotations

import math

import tensorflow as tf

from .core import checks, sampling

POLICY = ("colour", "translation", "cutout")


def augment(images: tf.Tensor, seed, step: tf.Tensor | int, stream: str, policy: tuple[str, ...] = POLICY) -> tf.Tensor:
    """``images``, each changed at random in the ways that ``policy`` names, one after the other.

    Args:
        images: float32 in [−1, 1], shape (n, height, width, channels); n must be known.
        seed: of the run.
        step: of the training.
        stream: what the draw is for; see :func:`gan_helpers.core.sampling.step_seed`.
        policy: some of ``"colour"``, ``"translation"``, ``"cutout"``. An empty one gives the pictures back.

    Returns:
        Of the same shape; colours may leave [−1, 1].

    Raises:
        ValueError: there is no such change, or the images are none.
    """
    check_batch(images)
    for name in checked_policy(policy):
        numbers = sampling.uniform((images.shape[0], 3), seed, step, f"{stream}, {name}")
        images = CHANGES[name](images, numbers)
    return images


def check_batch(images) -> None:
    """Raise unless it is a tensor or an array with the four axes of a batch of images."""
    found = getattr(images, "shape", images)
    if not hasattr(images, "shape") or len(found) != 4:
        raise ValueError(f"images must have shape (n, height, width, channels), got {found}")


def checked_policy(policy: tuple[str, ...]) -> tuple[str, ...]:
    """``policy``, if it is a sequence of names of changes; else a ``ValueError``."""
    if not isinstance(policy, tuple | list):
        raise ValueError(f"policy must be a tuple of names, got {policy!r}")
    for name in policy:
        if name not in CHANGES:
            raise ValueError(f"policy must name some of {', '.join(CHANGES)}, got {name!r}")
    return tuple(policy)


def change_colour(images: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    """Brightness by up to ±0.5; saturation times 0 to 2; contrast times ½ to 1½.

    Args:
        images: float32, shape (n, height, width, channels).
        numbers: float32 from 0 to 1, shape (n, 3), that decide how much.
    """
    brightness, saturation, contrast = (tf.reshape(numbers[:, i], (-1, 1, 1, 1)) for i in range(3))
    images += brightness - 0.5
    grey = tf.reduce_mean(images, axis=3, keepdims=True)
    images = grey + 2 * saturation * (images - grey)
    mean = tf.reduce_mean(images, axis=(1, 2, 3), keepdims=True)
    return mean + (0.5 + contrast) * (images - mean)


def translate(images: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    """Shift by whole pixels, each way by up to an eighth of the side (at least one). What is uncovered becomes 0."""
    height, width = images.shape[1:3]
    reach = max(round(height / 8), 1), max(round(width / 8), 1)
    down, right = (tf.cast(tf.floor(numbers[:, i] * (2 * reach[i] + 1)), tf.int32) for i in range(2))
    padded = tf.pad(images, [[0, 0], [reach[0]] * 2, [reach[1]] * 2, [0, 0]])
    rows = tf.range(height) + down[:, tf.newaxis]
    columns = tf.range(width) + right[:, tf.newaxis]
    return tf.gather(tf.gather(padded, rows, axis=1, batch_dims=1), columns, axis=2, batch_dims=1)


def cut_out(images: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    """Make a square of half the side 0 (grey), its middle anywhere in the picture."""
    height, width = images.shape[1:3]

    def far(length, middle):
        """Whether each of so many pixels lies outside the cut, for each picture."""
        pixels = tf.range(length, dtype=tf.float32) + 0.5
        return tf.abs(pixels - middle[:, tf.newaxis] * length) > length / 4

    rows, columns = far(height, numbers[:, 0]), far(width, numbers[:, 1])
    kept = rows[:, :, tf.newaxis] | columns[:, tf.newaxis, :]
    return images * tf.cast(kept, images.dtype)[..., tf.newaxis]


CHANGES = {"colour": change_colour, "translation": translate, "cutout": cut_out}


def warp(
    images: tf.Tensor, seed, step: tf.Tensor | int, stream: str, strength: float = 1.0, fill: float = -1.0
) -> tf.Tensor:
    """Each picture turned, stretched and moved a little, by its own random amounts: a digit stays what it is.

    With ``strength`` 1 by up to 15° either way, by up to 15 % in height and in width, and by up to 2 pixels down or up,
    right or left. No gradient passes: this is for real pictures.

    Args:
        images: float32, shape (n, height, width, channels); n must be known.
        seed: of the run.
        step: of the training.
        stream: what the draw is for; see :func:`gan_helpers.core.sampling.step_seed`.
        strength: multiplies all amounts; 0 gives the pictures back.
        fill: what comes in from outside; −1 is black.

    Raises:
        ValueError: the images are none, or ``strength`` is negative.
    """
    check_batch(images)
    if not checks.not_negative("strength", strength):
        return images
    height, width = images.shape[1:3]
    numbers = strength * (2 * sampling.uniform((images.shape[0], 5), seed, step, f"warp, {stream}") - 1)
    angle, tall, wide, down, right = tf.unstack(numbers, axis=1)
    cos, sin = tf.cos(math.radians(15) * angle), tf.sin(math.radians(15) * angle)
    tall, wide = tf.exp(math.log(1.15) * tall), tf.exp(math.log(1.15) * wide)
    # pixel (x, y) of the result comes from A (x, y) + b; b keeps the middle where it is, and then moves it
    a, b, c, d = cos * wide, -sin * tall, sin * wide, cos * tall
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    from_x = middle_x - a * middle_x - b * middle_y + 2 * right
    from_y = middle_y - c * middle_x - d * middle_y + 2 * down
    zero = tf.zeros_like(angle)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.stack([a, b, from_x, c, d, from_y, zero, zero], axis=1),
        output_shape=tf.constant([height, width]),
        fill_value=fill,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )


class Augmented:
    """Mixed into a game, before the game: its discriminator sees every picture only after :func:`augment`.

    >>> class AugmentedGAN(Augmented, GAN):
    ...     pass

    Args:
        arguments: the game's.
        policy: which changes; see :func:`augment`.
        settings: the game's.
    """

    def __init__(self, *arguments, policy: tuple[str, ...] = POLICY, **settings):
        super().__init__(*arguments, **settings)
        self.policy = checked_policy(policy)

    def fakes(self, batch, step, player):
        """Fakes as the discriminator will see them."""
        return augment(super().fakes(batch, step, player), self.seed, step, f"{player} fakes", self.policy)

    def discriminator_loss(self, real, fake, step):
        """As of the game, on real pictures that are changed as the fakes are."""
        return super().discriminator_loss(augment(real, self.seed, step, "real", self.policy), fake, step)

    def identity(self):
        """As of the game, and the changes."""
        return super().identity() | {"policy": ", ".join(self.policy)}
