"""Layers that Keras does not have, each with the paper it comes from."""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from .core import checks


class Sampling(keras.layers.Layer):
    """The reparameterisation trick, z = μ + σ ε (Kingma & Welling, 2014, arXiv:1312.6114).

    The randomness ε comes in from outside. So z is a sample of N(μ, σ²), and yet a smooth function of μ and σ, through
    which gradients flow.
    """

    def call(self, mean: tf.Tensor, log_variance: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
        """Three float tensors of one shape, the last of standard normal numbers; returns the same shape.

        Raises:
            ValueError: the shapes differ.
        """
        checks.same_shape(mean=mean, log_variance=log_variance, noise=noise)
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
        rate: the layer's own learning rate, relative to the optimizer's.
        first_bias: what the biases are at first.
        equalized: ``False`` keeps the weights as they are used, to see what the idea is good for.
    """

    def __init__(
        self,
        units: int,
        gain: float = math.sqrt(2),
        rate: float = 1.0,
        first_bias: float = 0.0,
        equalized: bool = True,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.units, self.equalized = checks.count("units", units), equalized
        self.gain, self.rate = checks.positive("gain", gain), checks.positive("rate", rate)
        self.first_bias = checks.number("first_bias", first_bias, "a finite number", lambda x: True)

    def build(self, input_shape):
        """Make the weights, (inputs, units) from N(0, 1), and biases: both divided by the rate that multiplies them."""
        inputs, stored = input_shape[-1], keras.initializers.Constant(self.first_bias / self.rate)
        size = self.gain / math.sqrt(inputs)
        deviation, self.scale = (1.0, size) if self.equalized else (size, 1.0)
        self.kernel = self.add_weight(
            shape=(inputs, self.units), initializer=random_normal(deviation / self.rate), name="kernel"
        )
        self.bias = self.add_weight(shape=(self.units,), initializer=stored, name="bias")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Float (n, inputs) → float (n, units)."""
        return x @ (self.kernel * self.scale * self.rate) + self.bias * self.rate

    def get_config(self):
        """All that is needed to make such a layer again."""
        names = ("units", "gain", "rate", "first_bias", "equalized")
        return super().get_config() | {name: getattr(self, name) for name in names}


class EqualizedConv2D(keras.layers.Layer):
    """A convolution with an equalised learning rate; see :class:`EqualizedDense`. The picture keeps its size.

    Args:
        filters: channels that come out.
        kernel_size: pixels a side.
        gain: √2 before a rectifier, 1 before no nonlinearity.
        equalized: see :class:`EqualizedDense`.
    """

    @checks.sizes(filters=1)
    def __init__(
        self, filters: int, kernel_size: int = 3, gain: float = math.sqrt(2), equalized: bool = True, **kwargs
    ):  # fmt: skip
        super().__init__(**kwargs)
        self.filters, self.kernel_size = filters, kernel_size
        self.gain, self.equalized = gain, equalized

    def build(self, input_shape):
        """Make the weights: (kernel_size, kernel_size, channels, filters) from N(0, 1), and biases of 0."""
        shape = (self.kernel_size, self.kernel_size, input_shape[-1], self.filters)
        size = self.gain / math.sqrt(math.prod(shape[:3]))
        deviation, self.scale = (1.0, size) if self.equalized else (size, 1.0)
        self.kernel = self.add_weight(shape=shape, initializer=random_normal(deviation), name="kernel")
        self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Float (n, height, width, channels) → float (n, height, width, filters)."""
        return tf.nn.conv2d(x, self.kernel * self.scale, strides=1, padding="SAME") + self.bias

    def get_config(self):
        """All that is needed to make such a layer again."""
        names = ("filters", "kernel_size", "gain", "equalized")
        return super().get_config() | {name: getattr(self, name) for name in names}


def random_normal(deviation: float = 1.0) -> keras.initializers.Initializer:
    """First weights from a normal distribution with mean 0."""
    checks.not_negative("deviation", deviation)
    return keras.initializers.RandomNormal(stddev=deviation)


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

    @checks.sizes()
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


# ---------------------------------------------------------------------------------- those of the CycleGANs (chapter 9)


class NeighbourDifferences(keras.layers.Layer):
    """Put beside each pixel how it differs from the one to its left and the one above, much enlarged.

    From pixel to pixel, a soft shade changes a picture by about a hundredth of its range, and an edge by some tens of
    hundredths. So the answers of a convolution with small weights are mostly about edges. Here the differences are
    tanh(gain · difference): faint ones become ``gain`` times as large, and those of edges no larger than 1. At the left
    and at the upper border there is no neighbour, and the difference is 0.

    Args:
        gain: by how much a faint difference is enlarged.
    """

    @checks.first(lambda layer, gain, **kwargs: checks.positive("gain", gain))
    def __init__(self, gain: float, **kwargs):
        super().__init__(**kwargs)
        self.gain = gain

    def call(self, images: tf.Tensor) -> tf.Tensor:
        """Float (n, height, width, channels) → (n, height, width, 3 · channels): images, left and upper differences."""
        left = tf.concat([images[:, :, :1], images[:, :, :-1]], axis=2)
        above = tf.concat([images[:, :1], images[:, :-1]], axis=1)
        differences = [tf.tanh(self.gain * (images - neighbour)) for neighbour in (left, above)]
        return tf.concat([images, *differences], axis=-1)

    def compute_output_shape(self, input_shape):
        """Three times as many channels."""
        return (*input_shape[:-1], 3 * input_shape[-1])

    def get_config(self):
        """All that is needed to make such a layer again."""
        return super().get_config() | {"gain": self.gain}


class ConditionalInstanceNormalization(keras.layers.Layer):
    """Give every channel of every image mean 0 and variance 1; then a factor and a bias that follow from a code.

    y = (1 + γ(z)) · (x − μ) / σ + β(z), where γ and β are learned linear functions of the code z, μ and σ are the mean
    and the standard deviation of one channel of one image (Dumoulin et al., 2017, arXiv:1610.07629, with a code in the
    place of a label). So the code turns whole channels up and down.
    """

    def build(self, x_shape, code_shape):
        """Make γ and β, one dense layer for both: (code_dim,) → (2 · channels,)."""
        self.factors_and_biases = keras.layers.Dense(2 * x_shape[-1])
        self.factors_and_biases.build(code_shape)

    def call(self, x: tf.Tensor, code: tf.Tensor) -> tf.Tensor:
        """Float (n, height, width, channels) and (n, code_dim) → the shape of the first."""
        mean, variance = tf.nn.moments(x, axes=[1, 2], keepdims=True)
        both = self.factors_and_biases(code)[:, tf.newaxis, tf.newaxis]
        factor, bias = tf.split(both, 2, axis=-1)
        return (1 + factor) * (x - mean) * tf.math.rsqrt(variance + 1e-5) + bias


# ------------------------------------------------------------------------------------- those of the style-based GAN


class ModulatedConv2D(keras.layers.Layer):
    """A convolution whose input channels a style makes stronger or weaker (Karras et al., 2020, arXiv:1912.04958).

    The style becomes one factor for each channel that goes in. With ``demodulate`` each channel that comes out is then
    divided by the size that its kernel has after this, so that a style changes the mix of channels, and not how large
    the numbers are. (This replaced AdaIN, with which the first StyleGAN, arXiv:1812.04948, did the same.)

    Args:
        filters: channels that come out.
        kernel_size: pixels a side.
        demodulate: whether to divide.
    """

    @checks.sizes(filters=1)
    def __init__(self, filters: int, kernel_size: int = 3, demodulate: bool = True, **kwargs):
        super().__init__(**kwargs)
        self.filters, self.kernel_size, self.demodulate = filters, kernel_size, demodulate

    def build(self, x_shape, style_shape):
        """Make the weights, equalised, and the layer from styles to factors, which scatter around 1."""
        channels = x_shape[-1]
        shape = (self.kernel_size, self.kernel_size, channels, self.filters)
        self.factors = EqualizedDense(channels, gain=1.0, first_bias=1.0)
        self.factors.build(style_shape)
        self.kernel = self.add_weight(shape=shape, initializer=random_normal(), name="kernel")
        self.scale = 1 / math.sqrt(math.prod(shape[:3]))

    def call(self, x: tf.Tensor, style: tf.Tensor) -> tf.Tensor:
        """Float (n, height, width, channels) and (n, style_dim) → float (n, height, width, filters)."""
        factors, kernel = self.factors(style), self.kernel * self.scale
        x = tf.nn.conv2d(x * factors[:, tf.newaxis, tf.newaxis], kernel, strides=1, padding="SAME")
        if self.demodulate:
            squares = factors**2 @ tf.reduce_sum(kernel**2, axis=(0, 1))  # of every output's kernel, modulated
            x *= tf.math.rsqrt(squares + 1e-8)[:, tf.newaxis, tf.newaxis]
        return x

    def get_config(self):
        """All that is needed to make such a layer again."""
        own = {"filters": self.filters, "kernel_size": self.kernel_size, "demodulate": self.demodulate}
        return super().get_config() | own


class StyledConv2D(keras.layers.Layer):
    """A modulated convolution, noise of a learned strength at every pixel, biases, and a LeakyReLU.

    Args:
        filters: channels that come out.
    """

    def __init__(self, filters: int, **kwargs):
        super().__init__(**kwargs)
        self.filters = checks.count("filters", filters)
        self.convolution = ModulatedConv2D(filters)

    def build(self, x_shape, style_shape, noise_shape=None):
        """Make the weights; noise has no strength at first."""
        self.convolution.build(x_shape, style_shape)
        self.strength = self.add_weight(shape=(), initializer="zeros", name="strength")
        self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")

    def call(self, x: tf.Tensor, style: tf.Tensor, noise: tf.Tensor | None = None) -> tf.Tensor:
        """Float (n, height, width, channels), (n, style_dim) and (n, height, width, 1), or no noise."""
        x = self.convolution(x, style) + self.bias
        if noise is not None:
            x += self.strength * noise
        return math.sqrt(2) * tf.nn.leaky_relu(x, 0.2)

    def get_config(self):
        """All that is needed to make such a layer again."""
        return super().get_config() | {"filters": self.filters}
