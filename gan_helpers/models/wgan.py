"""Wasserstein GANs (chapter 5): a critic whose slope is limited, by clipping its weights or by a penalty."""

from __future__ import annotations

import keras
import tensorflow as tf

from ..core import checks, sampling
from ..losses import WassersteinLoss, gradient_penalty
from .gan import GAN


class WGAN(GAN):
    """WGAN with weight clipping (Arjovsky, Chintala & Bottou, 2017, arXiv:1701.07875).

    Args:
        generator: noise (n, latent_dim) → fakes.
        critic: examples → one number (n, 1), no probability; −d_loss estimates the earth mover's distance, up to a
            factor that the clipping leaves open.
        n_critic: critic updates to each one of the generator.
        clip: after each update the critic's weights are clipped to [−clip, clip].
        game: ``seed`` and ``average``, as in :class:`~gan_helpers.models.game.AdversarialGame`.
    """

    def __init__(self, generator: keras.Model, critic: keras.Model, n_critic: int = 5, clip: float = 0.01, **game):
        super().__init__(generator, critic, WassersteinLoss(), d_steps=checks.count("n_critic", n_critic), **game)
        self.clip = clip

    def discriminator_step(self, real, fake, step):
        """Raise the critic's answer on real examples and lower it on fakes; then clip."""
        report = super().discriminator_step(real, fake, step)
        for weight in self.discriminator.trainable_variables:
            sampling.assign(weight, tf.clip_by_value(weight, -self.clip, self.clip))
        return report

    def identity(self):
        """As of every game, and the clipping."""
        return super().identity() | {"clip": self.clip}


class WGANGP(GAN):
    """WGAN with gradient penalty (Gulrajani et al., 2017, arXiv:1704.00028).

    The critic must not use batch normalisation: the penalty asks for the slope at each example by itself, and batch
    normalisation makes an answer depend on the whole batch.

    Args:
        generator: noise (n, latent_dim) → fakes.
        critic: examples → one number (n, 1).
        n_critic: critic updates to each one of the generator.
        penalty: weight of the gradient penalty.
        game: ``seed`` and ``average``, as in :class:`~gan_helpers.models.game.AdversarialGame`.
    """

    def __init__(self, generator: keras.Model, critic: keras.Model, n_critic: int = 5, penalty: float = 10.0, **game):
        super().__init__(generator, critic, WassersteinLoss(), d_steps=checks.count("n_critic", n_critic), **game)
        self.penalty = penalty

    @property
    def reports(self):
        """As of every game, and the penalty before it is weighted."""
        return (*super().reports, "penalty")

    def discriminator_loss(self, real, fake, step):
        """As in the plain game, with the price of the critic's slope; ``d_loss`` is reported without that price."""
        loss, report = super().discriminator_loss(real, fake, step)
        mix = sampling.uniform((real.shape[0],), self.seed, step, "penalty")
        price = gradient_penalty(lambda x: self.discriminator(x, training=True), real, fake, mix)
        return loss + self.penalty * price, report | {"penalty": price}

    def identity(self):
        """As of every game, and the penalty's weight."""
        return super().identity() | {"penalty": self.penalty}
