"""Layers that Keras does not have, each with the paper it comes from."""

from __future__ import annotations

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
