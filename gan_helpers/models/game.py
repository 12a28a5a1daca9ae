"""What every adversarial game of the course shares: two players, their optimizers, and reproducible training.

A system (``gan.py`` first) adds the two steps; it says nothing about loops, records, checkpoints or seeds.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from .. import sampling, training
from ..curves import Curves
from ..datasets import check_images
from ..losses import AdversarialLoss


class AdversarialGame(keras.Model):
    """A generator and a discriminator, each with a loss and an optimizer of its own.

    Subclasses implement :meth:`discriminator_step` and :meth:`generator_step`. Training is a pure function of
    (seed, step): the batch and the noise of a step depend on nothing else.

    Args:
        generator: noise (n, latent_dim) → images in [−1, 1].
        discriminator: images → logits (n, 1).
        loss: an :class:`~gan_helpers.losses.AdversarialLoss`.
        seed: chooses batches and noise (not the initial weights; those follow ``keras.utils.set_random_seed``).
        average: if given, say 0.999, samples come from a copy of the generator whose weights are a running average
            over training: after each step, copy ← average · copy + (1 − average) · weights. Players circle; the
            middle of the circle is a better place than any point on it (Yazıcı et al., 2019, arXiv:1806.04498).
    """

    #: what the two steps report, averaged over each interval and kept in ``curves``
    reports = ("d_loss", "g_loss", "real_accuracy", "fake_accuracy")

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        loss: AdversarialLoss,
        seed: int = 0,
        average: float | None = None,
    ):
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator
        self.adversarial_loss = loss
        self.seed = seed
        self.average = average
        self.averaged_generator = None  # made when training starts
        self.latent_dim = generator.input_shape[-1]
        self.image_shape = generator.output_shape[1:]
        self.curves = Curves()
        self.steps_done = 0
        self._means = {name: keras.metrics.Mean(name) for name in self.reports}
        self.built = True

    # ------------------------------------------------------------------------------------------- one step

    def discriminator_step(self, real: tf.Tensor, step: tf.Tensor) -> dict[str, tf.Tensor]:
        """Update the discriminator, and nothing else; return what to report."""
        raise NotImplementedError

    def generator_step(self, batch_size: int, step: tf.Tensor) -> dict[str, tf.Tensor]:
        """Update the generator, and nothing else; return what to report."""
        raise NotImplementedError

    def noise(self, batch_size: int, step: tf.Tensor | int, player: str) -> tf.Tensor:
        """Gaussian noise (batch_size, latent_dim) for ``player`` at ``step``: the same whenever asked again."""
        return sampling.normal((batch_size, self.latent_dim), self.seed, step, f"{player} noise")

    def train_step(self, data: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """One iteration: first the discriminator, then the generator. ``data`` is (step, real images)."""
        step, real = data
        report = self.discriminator_step(real, step)
        report |= self.generator_step(real.shape[0], step)
        self.update_average()
        for name, mean in self._means.items():
            mean.update_state(report[name])
        return {name: mean.result() for name, mean in self._means.items()}

    def update_average(self) -> None:
        """Move the averaged generator a little towards the present one."""
        if self.averaged_generator is not None:
            for mean, weight in zip(self.averaged_generator.variables, self.generator.variables, strict=True):
                mean.assign(self.average * mean + (1 - self.average) * weight)

    # ------------------------------------------------------------------------------------------- training

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

    def train(
        self,
        images: np.ndarray,
        *,
        steps: int,
        batch_size: int = 128,
        every: int = 100,
        callbacks: Iterable[keras.callbacks.Callback] = (),
        checkpoint: str | Path | None = None,
    ) -> Curves:
        """Train until step ``steps``.

        Called again with a larger number it goes on where it stopped; with a smaller one it does nothing.

        Args:
            images: real images, float32 in [−1, 1], shape (n, height, width, channels).
            steps: the step to stop at, a multiple of ``every``.
            batch_size: real images a step, and fake ones too.
            every: the interval in steps. One call of the compiled graph makes them all (so more are faster); then
                the averages go into ``curves``, callbacks are called, and an interrupt is heard.
            callbacks: Keras callbacks; an "epoch" is an interval.
            checkpoint: a file to save to while training; where it already exists, training resumes from it and
                ends with the very bits an uninterrupted run would have.

        Returns:
            ``self.curves``.

        Raises:
            ValueError: the images do not fit, or ``steps`` is no multiple of ``every``.
            NotANumberError: a loss is no longer a number.
            CheckpointError: the checkpoint belongs to another run, or is damaged.
        """
        check_images(images[:1000])
        if images.shape[1:] != self.image_shape:
            raise ValueError(f"the generator makes images of shape {self.image_shape}, got {images.shape[1:]}")
        every = min(every, steps)
        if steps % every or self.steps_done % every:
            raise ValueError(f"steps ({steps}, {self.steps_done} of them done) must be multiples of every ({every})")
        if self.steps_per_execution != every:
            self.steps_per_execution, self.train_function = every, None  # Keras traces its graph anew
        if self.average is not None and self.averaged_generator is None:
            self.averaged_generator = keras.models.clone_model(self.generator)
            self.averaged_generator.set_weights(self.generator.get_weights())
        watchers = [training.NaNGuard(), training.RecordCurves(every), *callbacks]
        if checkpoint is not None:
            settings = {"batch_size": batch_size}
            training.resume(self, checkpoint, settings)
            watchers.append(training.Checkpoint(checkpoint, settings))
        if self.steps_done < steps:
            data = sampling.batches(images, batch_size=batch_size, start=self.steps_done, stop=steps, seed=self.seed)
            self.fit(
                data,
                initial_epoch=self.steps_done // every,
                epochs=steps // every,
                steps_per_epoch=every,
                shuffle=False,
                verbose=0,
                callbacks=watchers,
            )
        return self.curves

    # ----------------------------------------------------------------------------------------- afterwards

    @property
    def sampler(self) -> keras.Model:
        """The network that samples come from: the averaged generator where there is one, else the generator."""
        return self.averaged_generator or self.generator

    def sample(self, n: int, seed: int = 0) -> np.ndarray:
        """``n`` generated images, float32 in [−1, 1], shape (n, height, width, channels); one seed, one set."""
        return generate(self.sampler, latent_noise(n, self.latent_dim, seed))

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The running means that Keras resets at the start of every interval."""
        return list(self._means.values())


def latent_noise(n: int, latent_dim: int, seed: int = 0) -> np.ndarray:
    """``n`` Gaussian latent vectors, float32, shape (n, latent_dim)."""
    return np.random.default_rng(seed).standard_normal((n, latent_dim), dtype=np.float32)


def generate(generator: keras.Model, noise: np.ndarray, batch_size: int = 500) -> np.ndarray:
    """Run ``generator`` in inference mode over all of ``noise``, in batches."""
    parts = [generator(noise[i : i + batch_size], training=False) for i in range(0, len(noise), batch_size)]
    return np.concatenate([np.asarray(part) for part in parts])
