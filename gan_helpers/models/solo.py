"""A discriminator that learns alone: what can it find out about fakes that stay as they are? (chapter 5)"""

from __future__ import annotations

import keras
import tensorflow as tf

from ..core import checks, sampling
from ..losses import AdversarialLoss, gradient_penalty
from .game import check_penalty
from .learner import Learner, check_logits


class LoneDiscriminator(Learner):
    """A discriminator or critic against a fixed set of fakes; trained on two sources, real examples and fakes.

    Args:
        discriminator: examples → logits (n, 1).
        loss: what it minimises.
        penalty: weight of the gradient penalty (Gulrajani et al., 2017, arXiv:1704.00028).
        clip: if given, weights are clipped to [−clip, clip] after each update.
        seed: chooses batches.

    Raises:
        ValueError: ``penalty`` is below 0, or ``clip`` not above it, or the discriminator does not fit.
    """

    reports = ("loss", "d_loss")
    n_sources = 2

    def __init__(
        self,
        discriminator: keras.Model,
        loss: AdversarialLoss,
        penalty: float = 0.0,
        clip: float | None = None,
        seed: int = 0,
    ):
        check_logits("discriminator", discriminator, 1)
        super().__init__(seed, discriminator.input_shape[1:])
        self.discriminator, self.adversarial_loss = discriminator, checks.of_kind("loss", loss, AdversarialLoss)
        self.penalty = check_penalty("penalty", penalty, discriminator)
        self.clip = clip if clip is None else checks.positive("clip", clip)

    def networks(self):
        """The discriminator."""
        return {"discriminator": self.discriminator}

    def losses_of(self, step, real, fake):
        """The loss, with and (``d_loss``) without the price of the slope."""
        d_loss = self.value(real, fake)
        if not self.penalty:
            return {"loss": d_loss, "d_loss": d_loss}
        mix = sampling.uniform((real.shape[0],), self.seed, step, "penalty")
        price = gradient_penalty(self.discriminator, real, fake, mix)
        return {"loss": d_loss + self.penalty * price, "d_loss": d_loss}

    def value(self, real, fake) -> tf.Tensor:
        """The discriminator's loss on any examples."""
        return self.adversarial_loss.discriminator(self.discriminator(real), self.discriminator(fake))

    def update(self, step, *batches):
        """One gradient step, and clipping."""
        report = super().update(step, *batches)
        if self.clip is not None:
            for weight in self.weights_of("learner"):
                sampling.assign(weight, tf.clip_by_value(weight, -self.clip, self.clip))
        return report

    def identity(self):
        """As of every system, and the loss and its limits on the slope."""
        return super().identity() | {"loss": repr(self.adversarial_loss), "penalty": self.penalty, "clip": self.clip}
