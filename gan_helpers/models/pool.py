"""The pool of earlier fakes (chapter 9)."""

from __future__ import annotations

import keras
import tensorflow as tf

from ..core import checks, sampling


class ImagePool:
    """Fakes of earlier steps, to be shown again: the discriminator shall not forget them (Shrivastava et al., 2017,
    arXiv:1612.07828).

    The first images fill the pool. From then on a coin is tossed for each new one: either it is returned, or it takes
    the place of an old one, and that is returned.

    Args:
        capacity: how many images it holds; with 0 it gives back what it gets.
        image_shape: (height, width, channels).
        name: which random draws are its own, and what its variables are called.
    """

    def __init__(self, capacity: int, image_shape: tuple[int, int, int], name: str = "pool"):
        self.capacity, self.name = checks.count("capacity", capacity, least=0), name
        self.images = keras.Variable(tf.zeros((capacity, *image_shape)), trainable=False, name=f"{name}_images")
        self.count = keras.Variable(0, dtype="int32", trainable=False, name=f"{name}_count")

    @property
    def variables(self) -> list[keras.Variable]:
        """The images, float32 (capacity, height, width, channels), and how many of them are there, an int32."""
        return [self.images, self.count]

    def exchange(self, new: tf.Tensor, seed: int | sampling.Seed, step: tf.Tensor | int) -> tf.Tensor:
        """As many images as are given: new ones and old ones.

        Args:
            new: float32, shape (n, height, width, channels); n must be known.
            seed: of the run.
            step: of the training.
        """
        if not self.capacity:
            return new
        numbers = sampling.uniform((new.shape[0], 2), seed, step, self.name)
        return tf.stack([self.exchange_one(new[i], *tf.unstack(numbers[i])) for i in range(new.shape[0])])

    def exchange_one(self, new: tf.Tensor, coin: tf.Tensor, chance: tf.Tensor) -> tf.Tensor:
        """One image, (height, width, channels), for one; two numbers from 0 to 1 decide whether, and for which."""
        fills = self.count < self.capacity
        place = tf.where(fills, self.count, tf.cast(chance * self.capacity, tf.int32))
        old = self.images[place]
        returns_old = ~fills & (coin < 0.5)
        kept = tf.where(fills | returns_old, new, old)
        sampling.assign(self.images, tf.tensor_scatter_nd_update(self.images, [[place]], [kept]))
        sampling.assign(self.count, tf.minimum(self.count + 1, self.capacity))
        return tf.where(returns_old, old, new)

    def empty(self) -> None:
        """Forget all images."""
        self.images.assign(tf.zeros_like(self.images))
        self.count.assign(0)
