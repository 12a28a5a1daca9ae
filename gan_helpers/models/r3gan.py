"""Games whose discriminator pays for its slope at the examples themselves: R1, and R3GAN (chapter 5)."""

from __future__ import annotations

import keras
import tensorflow as tf

from ..core import checks
from ..losses import AdversarialLoss, RelativisticLoss, squared_slope
from .gan import GAN


class R1GAN(GAN):
    """The plain game, in which the discriminator also pays for its squared slope at real examples.

    This is the zero-centred penalty R1 of Mescheder, Geiger & Nowozin (2018, arXiv:1801.04406).

    Args:
        generator: noise (n, latent_dim) → fakes.
        discriminator: examples → logits (n, 1); without batch normalisation.
        loss: any :class:`~gan_helpers.losses.AdversarialLoss`.
        gamma: the penalty is γ/2 E ‖∇a(x)‖² over real x. 0 is the plain game.
        game: ``seed``, ``average`` and ``d_steps``, as in :class:`~gan_helpers.models.game.AdversarialGame`.
    """

    def __init__(
        self, generator: keras.Model, discriminator: keras.Model, loss: AdversarialLoss, gamma: float = 1.0, **game
    ):
        super().__init__(generator, discriminator, loss, **game)
        self.gamma = checks.not_negative("gamma", gamma)

    def discriminator_loss(self, real, fake, step):
        """As in the plain game, with the price of the slope; ``d_loss`` is reported without that price."""
        loss, report = super().discriminator_loss(real, fake, step)
        price = self.squared_slopes(real, fake)
        return loss + self.gamma / 2 * price, report | {"penalty": price}

    @property
    def reports(self):
        """As of every game, and the penalty before it is weighted."""
        return (*super().reports, "penalty")

    def squared_slopes(self, real, fake):
        """What is paid for: here at real examples only."""
        return squared_slope(lambda x: self.discriminator(x, training=True), real)

    def identity(self):
        """As of every game, and the penalty's weight."""
        return super().identity() | {"gamma": self.gamma}


class R3GAN(R1GAN):
    """Relativistic pairing with R1 and R2: the game of R3GAN (Huang et al., 2024, arXiv:2501.05441).

    Args:
        generator: noise (n, latent_dim) → fakes.
        discriminator: examples → one number (n, 1); only differences between its answers count.
        gamma: the penalty is γ/2 (E ‖∇a(x)‖² over real x + the same over fakes).
        game: as in :class:`R1GAN`.
    """

    def __init__(self, generator: keras.Model, discriminator: keras.Model, gamma: float = 1.0, **game):
        super().__init__(generator, discriminator, RelativisticLoss(), gamma, **game)

    def squared_slopes(self, real, fake):
        """At real examples (R1) and at fakes (R2)."""
        return super().squared_slopes(real, fake) + super().squared_slopes(fake, real)

    def generator_step(self, real, step):
        """Make each fake look more real than the real example that it is paired with."""
        with tf.GradientTape() as tape:
            fake_logits = self.discriminator(self.fakes(real, step, "generator"), training=True)
            real_logits = self.discriminator(real, training=True)
            loss = self.adversarial_loss.generator(fake_logits, real_logits)
        weights = self.generator.trainable_variables
        self.generator_optimizer.apply(tape.gradient(loss, weights), weights)
        return {"g_loss": loss}
