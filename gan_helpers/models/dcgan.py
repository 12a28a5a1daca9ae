"""The convolutional pair of chapter 4, after DCGAN (Radford, Metz & Chintala, 2016, arXiv:1511.06434), for 28 × 28.

The game is that of chapter 3, :class:`~gan_helpers.models.gan.GAN`; only the networks are new. Both builders take what
the paper advises as an argument, so that each piece of advice can be left out and its effect seen.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf
from keras import layers

from ..core import checks
from ..losses import NonSaturatingLoss
from .game import make_game, score_samples
from .gan import GAN
from .recipe import Recipe


def small_normal() -> keras.initializers.Initializer:
    """First weights from N(0, 0.02²), as in the paper."""
    return keras.initializers.RandomNormal(stddev=0.02)


@checks.sizes()
def build_generator(
    latent_dim: int = 100, batch_norm: bool = True, initializer: Callable = small_normal
) -> keras.Sequential:
    """Noise (n, latent_dim) → images (n, 28, 28, 1) in [−1, 1]; both float32.

    Args:
        latent_dim: numbers a noise vector.
        batch_norm: normalise between the layers.
        initializer: makes the initializer of each layer's first weights.
    """
    model = keras.Sequential(
        [
            layers.Input((latent_dim,)),
            layers.Dense(7 * 7 * 256, kernel_initializer=initializer()),
            layers.Reshape((7, 7, 256)),
        ],
        name="generator",
    )
    for filters, strides in ((128, 2), (64, 1)):
        model.add(layers.Conv2DTranspose(filters, 3, strides=strides, padding="same", kernel_initializer=initializer()))
        if batch_norm:
            model.add(layers.BatchNormalization())
        model.add(layers.LeakyReLU(negative_slope=0.01))
    model.add(
        layers.Conv2DTranspose(
            1, 3, strides=2, padding="same", activation="tanh", kernel_initializer=initializer(), dtype="float32"
        )
    )
    return model


@checks.sizes()
def build_discriminator(
    batch_norm: bool = True, negative_slope: float = 0.01, initializer: Callable = small_normal
) -> keras.Sequential:
    """Images (n, 28, 28, 1) in [−1, 1] → logits (n, 1); the probability of "real" is their sigmoid.

    Args:
        batch_norm: normalise after all convolutions but the first, as the paper advises.
        negative_slope: of the LeakyReLU; 0 makes it a ReLU.
        initializer: as for :func:`build_generator`.
    """
    model = keras.Sequential([layers.Input((28, 28, 1))], name="discriminator")
    for i, filters in enumerate((32, 64, 128)):
        model.add(layers.Conv2D(filters, 3, strides=2, padding="same", kernel_initializer=initializer()))
        if batch_norm and i > 0:
            model.add(layers.BatchNormalization())
        model.add(layers.LeakyReLU(negative_slope=negative_slope))
    model.add(layers.Flatten())
    model.add(layers.Dense(1, kernel_initializer=initializer(), dtype="float32"))
    return model


class SharedFakesGAN(GAN):
    """The plain game at a lower price: both players learn from the same fakes, so each step makes them once.

    Where the generator is the larger network, as here, making the fakes twice is a good part of a step's cost.

    Raises:
        ValueError: ``d_steps`` is not 1: fakes can be shared by one step of each player only.
    """

    def __init__(self, *players, **game):
        super().__init__(*players, **game)
        if self.d_steps != 1:
            raise ValueError(f"fakes serve one step of each player: d_steps must be 1, got {self.d_steps}")

    def update(self, step, real):
        """The discriminator learns from the fakes; then the generator learns from the same ones."""
        with tf.GradientTape() as making:
            fake = self.fakes(real, step, "generator")
        d_report = self.discriminator_step(real, fake, step)
        with tf.GradientTape() as judging:
            judging.watch(fake)
            loss, g_report = self.generator_loss(fake, step)
        slope = judging.gradient(loss, fake)  # of J_G in every pixel: all that D tells G
        weights = self.generator.trainable_variables
        gradients = making.gradient(fake, weights, output_gradients=slope)  # the chain rule, from the fakes on
        self.generator_optimizer.apply(gradients, weights)
        return d_report | g_report


RECIPE = Recipe(
    name="dcgan_mnist",
    what="chapter 4: DCGAN, two convolutional networks",
    make=make_game,
    settings=dict(
        game=SharedFakesGAN,
        networks=(build_generator, build_discriminator),
        loss=NonSaturatingLoss(),
        latent_dim=100,
        d_learning_rate=4e-3,
        g_learning_rate=4e-3,
        beta_1=0.5,
        average=0.995,
        jit_compile=False,  # XLA on a CPU is bad at convolutions
    ),
    steps=4_000,
    score=score_samples,
)
