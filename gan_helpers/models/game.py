"""What every adversarial game of the course shares: two players, each with an optimizer of its own.

A game (``gan.py`` first) adds the two steps, and says what each player minimises.
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from .. import sampling
from ..losses import AdversarialLoss
from .system import System


class AdversarialGame(System):
    """A generator and a discriminator, each with a loss and an optimizer of its own.

    Subclasses implement :meth:`discriminator_step` and :meth:`generator_step`. Training is a pure function of
    (seed, step): the batch and the noise of a step depend on nothing else.

    Args:
        generator: noise (n, latent_dim) → fakes (n, …): images in [−1, 1], or points.
        discriminator: real or fake examples → logits (n, 1).
        loss: an :class:`~gan_helpers.losses.AdversarialLoss`.
        seed: chooses batches and noise (not the initial weights; those follow ``keras.utils.set_random_seed``).
        average: if given, say 0.999, samples come from a copy of the generator whose weights are a running average
            over training: after each step, copy ← average · copy + (1 − average) · weights. Players circle; the
            middle of the circle is a better place than any point on it (Yazıcı et al., 2019, arXiv:1806.04498).
        d_steps: updates of the discriminator to each one of the generator, each on a batch of its own.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        loss: AdversarialLoss,
        seed: int = 0,
        average: float | None = None,
        d_steps: int = 1,
    ):
        super().__init__(seed, generator.output_shape[1:])
        self.generator = generator
        self.discriminator = discriminator
        self.adversarial_loss = loss
        self.average = average
        self.averaged_generator = None  # made when training starts
        self.d_steps = self.batches_per_step = d_steps
        self.latent_dim = generator.input_shape[-1]

    # ------------------------------------------------------------------------------------------- one step

    def update(self, step: tf.Tensor, real: tf.Tensor) -> dict[str, tf.Tensor]:
        """One iteration: first the discriminator, as often as it is due, then the generator."""
        for i, batch in enumerate(tf.split(real, self.d_steps)):
            turn = step * self.d_steps + i
            d_report = self.discriminator_step(batch, self.fakes(batch, turn, "discriminator"), turn)
        return d_report | self.generator_step(batch, step)

    def discriminator_step(self, real: tf.Tensor, fake: tf.Tensor, step: tf.Tensor) -> dict[str, tf.Tensor]:
        """Update the discriminator, and nothing else; return what to report."""
        raise NotImplementedError

    def generator_step(self, real: tf.Tensor, step: tf.Tensor) -> dict[str, tf.Tensor]:
        """Update the generator, and nothing else; return what to report. It makes as many fakes as ``real`` has."""
        raise NotImplementedError

    def fakes(self, batch: tf.Tensor, step: tf.Tensor | int, player: str) -> tf.Tensor:
        """As many fakes as ``batch`` has examples, from the noise that ``player`` gets at ``step``."""
        return self.generator(self.noise(batch.shape[0], step, player), training=True)

    def noise(self, batch_size: int, step: tf.Tensor | int, player: str) -> tf.Tensor:
        """Gaussian noise (batch_size, latent_dim) for ``player`` at ``step``: the same whenever asked again."""
        return sampling.normal((batch_size, self.latent_dim), self.seed, step, f"{player} noise")

    def train_step(self, data):
        """As of every system; then the averaged generator follows, whatever kind of game this is."""
        report = super().train_step(data)
        self.update_average()
        return report

    def update_average(self) -> None:
        """Move the averaged generator a little towards the present one."""
        if self.averaged_generator is not None:
            for mean, weight in zip(self.averaged_generator.variables, self.generator.variables, strict=True):
                mean.assign(self.average * mean + (1 - self.average) * weight)

    def before_training(self) -> None:
        """Make the averaged generator, which starts as a copy."""
        if self.average is not None and self.averaged_generator is None:
            self.averaged_generator = keras.models.clone_model(self.generator)
            self.averaged_generator.set_weights(self.generator.get_weights())

    # ---------------------------------------------------------------------------------------- for training

    def compile(
        self,
        discriminator_optimizer: keras.optimizers.Optimizer,
        generator_optimizer: keras.optimizers.Optimizer,
        jit_compile: bool = False,
    ) -> None:
        """Give each player its optimizer.

        Args:
            discriminator_optimizer: for the discriminator; not shared with the generator.
            generator_optimizer: for the generator.
            jit_compile: use XLA. On a CPU it helps dense networks and hurts convolutional ones badly.

        Raises:
            ValueError: both players were given one optimizer.
        """
        if discriminator_optimizer is generator_optimizer:
            raise ValueError("each player needs an optimizer of its own: Adam keeps averages for one set of weights")
        super().compile(jit_compile=jit_compile)
        self.discriminator_optimizer = discriminator_optimizer
        self.generator_optimizer = generator_optimizer
        discriminator_optimizer.build(self.discriminator.trainable_variables)
        generator_optimizer.build(self.generator.trainable_variables)

    @property
    def reports(self):
        """Both losses, and the discriminator's accuracies where its loss says what "right" is."""
        accuracies = () if self.adversarial_loss.boundary is None else ("real_accuracy", "fake_accuracy")
        return ("d_loss", "g_loss", *accuracies)

    def parts(self):
        """Both networks, the averaged generator where there is one, and both optimizers."""
        parts = {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "averaged_generator": self.averaged_generator,
            "generator_optimizer": self.generator_optimizer,
            "discriminator_optimizer": self.discriminator_optimizer,
        }
        return {name: part for name, part in parts.items() if part is not None}

    def identity(self):
        """Seed, loss, averaging, and how often the discriminator moves."""
        own = {"loss": repr(self.adversarial_loss), "average": self.average, "d_steps": self.d_steps}
        return super().identity() | own

    # ----------------------------------------------------------------------------------------- afterwards

    @property
    def sampler(self) -> keras.Model:
        """The network that samples come from: the averaged generator where there is one, else the generator."""
        return self.averaged_generator or self.generator

    def sample(self, n: int, seed: int = 0) -> np.ndarray:
        """``n`` generated examples, float32, shape (n, *example_shape); one seed, one set."""
        return generate(self.sampler, latent_noise(n, self.latent_dim, seed))


def latent_noise(n: int, latent_dim: int, seed: int = 0) -> np.ndarray:
    """``n`` Gaussian latent vectors, float32, shape (n, latent_dim)."""
    return np.random.default_rng(seed).standard_normal((n, latent_dim), dtype=np.float32)


def generate(generator: keras.Model, noise: np.ndarray, batch_size: int = 500) -> np.ndarray:
    """Run ``generator`` in inference mode over all of ``noise``, in batches."""
    parts = [generator(noise[i : i + batch_size], training=False) for i in range(0, len(noise), batch_size)]
    return np.concatenate([np.asarray(part) for part in parts])
