"""The first GAN of the course (chapter 3): two small dense networks (Goodfellow et al., 2014, arXiv:1406.2661)."""

from __future__ import annotations

import keras
import tensorflow as tf
from keras import layers

from ..core import checks
from ..losses import NonSaturatingLoss
from .game import AdversarialGame, make_game, score_samples
from .recipe import Recipe


@checks.sizes()
def build_generator(latent_dim: int = 100) -> keras.Sequential:
    """Noise (n, latent_dim) → images (n, 28, 28, 1) in [−1, 1]; both float32."""
    return keras.Sequential(
        [
            layers.Input((latent_dim,)),
            layers.Dense(128),
            layers.LeakyReLU(negative_slope=0.01),
            layers.Dense(28 * 28, activation="tanh"),
            layers.Reshape((28, 28, 1)),
        ],
        name="generator",
    )


def build_discriminator() -> keras.Sequential:
    """Images (n, 28, 28, 1) in [−1, 1] → logits (n, 1); the probability of "real" is their sigmoid."""
    return keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Flatten(),
            layers.Dense(128),
            layers.LeakyReLU(negative_slope=0.01),
            layers.Dense(1),
        ],
        name="discriminator",
    )


class GAN(AdversarialGame):
    """The plain game: the discriminator takes a step, then the generator, each on fresh fakes.

    A variant overrides what is new in it: :meth:`discriminator_loss` to add a penalty, :meth:`fakes` for a condition.
    """

    def discriminator_step(self, real, fake, step):
        """Raise D(x) on real examples and lower it on fakes; the generator has only supplied the fakes."""
        with tf.GradientTape() as tape:
            loss, report = self.discriminator_loss(real, fake, step)
        weights = self.discriminator.trainable_variables
        self.discriminator_optimizer.apply(tape.gradient(loss, weights), weights)
        return report

    def generator_step(self, real, step):
        """Raise D(G(z)): the gradient passes through the discriminator, but only the generator moves."""
        with tf.GradientTape() as tape:
            fake = self.fakes(real, step, "generator")
            loss, report = self.generator_loss(fake, step)
        weights = self.generator.trainable_variables
        self.generator_optimizer.apply(tape.gradient(loss, weights), weights)
        return report

    def discriminator_loss(self, real, fake, step):
        """What the discriminator minimises, and what to report of it."""
        real_logits = self.discriminator(real, training=True)
        fake_logits = self.discriminator(fake, training=True)
        loss = self.adversarial_loss.discriminator(real_logits, fake_logits)
        return loss, {"d_loss": loss} | self.adversarial_loss.accuracies(real_logits, fake_logits)

    def generator_loss(self, fake, step):
        """What the generator minimises, and what to report of it."""
        loss = self.adversarial_loss.generator(self.discriminator(fake, training=True))
        return loss, {"g_loss": loss}


RECIPE = Recipe(
    name="gan_mnist",
    what="chapter 3: the first GAN, two dense networks",
    make=make_game,
    settings=dict(
        game=GAN,
        networks=(build_generator, build_discriminator),
        loss=NonSaturatingLoss(),
        latent_dim=100,
        d_learning_rate=2e-3,
        g_learning_rate=2e-3,
        beta_1=0.0,
        average=0.999,
        jit_compile=True,
    ),
    steps=30_000,
    score=score_samples,
)
