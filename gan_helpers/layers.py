"""Layers that Keras does not have, each with the paper it comes from."""

from __future__ import annotations

import math

import keras
import tensorflow as tf


class Sampling(keras.layers.Layer):
    """The reparameterisation trick, z = μ + σ ε (Kingma & Welling, 2014, arXiv:1312.6114).

    The randomness ε comes in from outside. So z is a sample of N(μ, σ²), and yet a smooth function of μ and σ, through
    which gradients flow.
    """

    def call(self, mean: tf.Tensor, log_variance: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
        """Three float tensors of one shape, the last of standard normal numbers; returns the same shape."""
        return mean + tf.exp(0.5 * log_variance) * noise


# -------------------------------------------------------------------------- those of the progressive GAN (chapter 6)


class EqualizedDense(keras.layers.Layer):
    """A dense layer with an equalised learning rate (Karras et al., 2018, arXiv:1710.10196, section 4.1).

    The weights are kept as drawn from N(0, 1) and scaled each time they are used, to the size that He et al. (2015,
    arXiv:1502.01852) would give them at first: y = x · w · gain/√inputs + b. So all layers have weights of one size,
    and Adam, whose steps have about one size too, changes all of them at one relative speed.

    Args:
        units: numbers per example that come out.
        gain: √2 before a rectifier, 1 before no nonlinearity.
    """

    def __init__(self, units: int, gain: float = math.sqrt(2), **kwargs):
        super().__init__(**kwargs)
        self.units, self.gain = units, gain

    def build(self, input_shape):
        """Make the weights: (inputs, units) from N(0, 1), and biases of 0."""
        inputs = input_shape[-1]
        self.kernel = self.add_weight(shape=(inputs, self.units), initializer=standard_normal(), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")
        self.scale = self.gain / math.sqrt(inputs)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Float (n, inputs) → float (n, units)."""
        return x @ (self.kernel * self.scale) + self.bias

    def get_config(self):
        """All that is needed to make such a layer again."""
        return super().get_config() | {"units": self.units, "gain": self.gain}


class EqualizedConv2D(keras.layers.Layer):
    """A convolution with an equalised learning rate; see :class:`EqualizedDense`. The picture keeps its size.

    Args:
        filters: channels that come out.
        kernel_size: pixels a side.
        gain: √2 before a rectifier, 1 before no nonlinearity.
    """

    def __init__(self, filters: int, kernel_size: int = 3, gain: float = math.sqrt(2), **kwargs):
        super().__init__(**kwargs)
        self.filters, self.kernel_size, self.gain = filters, kernel_size, gain

    def build(self, input_shape):
        """Make the weights: (kernel_size, kernel_size, channels, filters) from N(0, 1), and biases of 0."""
        shape = (self.kernel_size, self.kernel_size, input_shape[-1], self.filters)
        self.kernel = self.add_weight(shape=shape, initializer=standard_normal(), name="kernel")
        self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")
        self.scale = self.gain / math.sqrt(math.prod(shape[:3]))

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Float (n, height, width, channels) → float (n, height, width, filters)."""
        return tf.nn.conv2d(x, self.kernel * self.scale, strides=1, padding="SAME") + self.bias

    def get_config(self):
        """All that is needed to make such a layer again."""
        own = {"filters": self.filters, "kernel_size": self.kernel_size, "gain": self.gain}
        return super().get_config() | own


def standard_normal() -> keras.initializers.Initializer:
    """First weights from N(0, 1)."""
    return keras.initializers.RandomNormal(stddev=1.0)


class PixelNormalization(keras.layers.Layer):
    """Give the channels of each pixel the second moment 1: x / √(mean over channels of x² + 10⁻⁸) (same paper, 4.2).

    So no pixel's numbers can grow without bounds as two players outbid each other. Nothing in it is learned.
    """

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Float (…, channels) → the same shape."""
        return x * tf.math.rsqrt(tf.reduce_mean(x**2, axis=-1, keepdims=True) + 1e-8)


class MinibatchStdDev(keras.layers.Layer):
    """Tell the discriminator how much the examples of a batch differ from each other (same paper, section 3).

    The batch is dealt out into groups. In each group the standard deviation of every number over the examples is
    computed; its mean over all numbers becomes one more channel, the same at every pixel of every example of the group.
    A generator that makes one picture again and again is caught by a channel of zeros.

    Args:
        group_size: examples per group. Where it does not divide the batch, the largest smaller number that does is
            taken.
    """

    def __init__(self, group_size: int = 4, **kwargs):
        super().__init__(**kwargs)
        self.group_size = group_size

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Float (n, height, width, channels) → float (n, height, width, channels + 1); n must be known."""
        n, height, width, channels = x.shape
        size = next(size for size in range(min(self.group_size, n), 0, -1) if n % size == 0)
        groups = tf.reshape(x, (size, n // size, height, width, channels))  # example i is in group i mod (n / size)
        deviation = tf.sqrt(tf.math.reduce_variance(groups, axis=0) + 1e-8)  # the root has no slope at 0
        one_per_group = tf.reduce_mean(deviation, axis=(1, 2, 3))
        channel = tf.reshape(tf.tile(one_per_group, [size]), (n, 1, 1, 1))
        return tf.concat([x, tf.broadcast_to(channel, (n, height, width, 1))], axis=-1)

    def compute_output_shape(self, input_shape):
        """One channel more; said here, because Keras asks before it knows n."""
        return (*input_shape[:-1], input_shape[-1] + 1)

    def get_config(self):
        """All that is needed to make such a layer again."""
        return super().get_config() | {"group_size": self.group_size}
