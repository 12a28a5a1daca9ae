"""What every adversarial game of the course shares: two players, each with an optimizer of its own.

A game (``gan.py`` first) adds the two steps, and says what each player minimises.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from ..core import checks, sampling
from ..core.curves import game_panels
from ..core.system import System, copy_variables, generate, latent_noise
from ..data.images import ImageDataset
from ..losses import AdversarialLoss
from .learner import check_logits


def check_penalty(name: str, value, discriminator: keras.Model) -> float:
    """The weight of a penalty of the discriminator's slope: 0 or more, and it judges each example by itself."""
    if checks.not_negative(name, value) and normalises_batches(discriminator):
        raise ValueError(
            "the critic must have no batch normalisation, got one that has: the penalty asks for the slope at each "
            "example by itself, and batch normalisation makes an answer depend on the whole batch"
        )
    return float(value)


def normalises_batches(network: keras.Model) -> bool:
    """Whether there is batch normalisation among the layers of a network, or within one of them."""
    return any(
        isinstance(layer, keras.layers.BatchNormalization) or (hasattr(layer, "layers") and normalises_batches(layer))
        for layer in network.layers
    )


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
            over training (see :func:`follow_weights`). Players circle; the middle of the circle is a better place than
            any point on it (Yazıcı et al., 2019, arXiv:1806.04498).
        d_steps: updates of the discriminator to each one of the generator, each on a batch of its own.

    Raises:
        ValueError: the two networks do not fit together, or a number makes no sense.
    """

    #: how many numbers the discriminator answers with; ``None`` for any number
    d_outputs: int | None = 1
    checked_settings = System.checked_settings | {
        "clip": lambda game, value: checks.positive("clip", value),
        "penalty": lambda game, value: check_penalty("penalty", value, game.discriminator),
        "gamma": lambda game, value: check_penalty("gamma", value, game.discriminator),
    }

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        loss: AdversarialLoss,
        seed: int = 0,
        average: float | None = None,
        d_steps: int = 1,
    ):
        check_players(generator, discriminator, self.d_outputs)
        super().__init__(seed, generator.output_shape[1:])
        self.generator = generator
        self.discriminator = discriminator
        self.adversarial_loss = checks.of_kind("loss", loss, AdversarialLoss)
        self.average = average if average is None else checks.memory("average", average)
        self.averaged_generator = None  # made when training starts
        self.d_steps = self.batches_per_step = checks.count("d_steps", d_steps)
        self.latent_dim = generator.input_shape[-1]

    # ------------------------------------------------------------------------------------------- one step

    def update(self, step: tf.Tensor, *batches) -> dict[str, tf.Tensor]:
        """One iteration: first the discriminator, as often as it is due, then the generator."""
        real = batches if len(batches) > 1 else batches[0]
        for i, batch in enumerate(shares(real, self.d_steps)):
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

    # ---------------------------------------------------------------------------------------- for training

    def players(self):
        """The generator and the discriminator."""
        return {"generator": [self.generator], "discriminator": [self.discriminator]}

    def state(self):
        """The averaged generator, where there is one."""
        return {} if self.averaged_generator is None else {"averaged_generator": self.averaged_generator}

    def identity(self):
        """As of every system, and the loss, the averaging, and how often the discriminator moves."""
        own = {"loss": repr(self.adversarial_loss), "average": self.average, "d_steps": self.d_steps}
        return super().identity() | own

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
            ValueError: both players were given one optimizer, or XLA is to compile for several devices.
        """
        super().compile({"discriminator": discriminator_optimizer, "generator": generator_optimizer}, jit_compile)

    def before_training(self) -> None:
        """Make the averaged generator, which starts as a copy.

        Raises:
            ValueError: ``d_steps`` is no longer what the game was built with.
        """
        if self.d_steps != self.batches_per_step:
            raise ValueError(f"d_steps must stay {self.batches_per_step}, got {self.d_steps}: build the game anew")
        if self.average is not None and self.averaged_generator is None:
            self.averaged_generator = keras.models.clone_model(self.generator)
            copy_variables(self.generator, self.averaged_generator)

    def follow(self, step):
        """Move the averaged generator a little towards the present one; see :func:`follow_weights`."""
        if self.averaged_generator is not None:
            follow_weights(self.averaged_generator, self.generator, self.average, step)

    def restart(self, seed):
        """As of every system; the average begins at the new weights."""
        super().restart(seed)
        if self.averaged_generator is not None:
            copy_variables(self.generator, self.averaged_generator)

    @property
    def reports(self):
        """Both losses, and the discriminator's accuracies where its loss says what "right" is."""
        accuracies = () if self.adversarial_loss.boundary is None else ("real_accuracy", "fake_accuracy")
        return ("d_loss", "g_loss", *accuracies)

    def panels(self):
        """The two losses; how often the discriminator is right."""
        return game_panels(self.reports, self.adversarial_loss.at_equilibrium)

    # ----------------------------------------------------------------------------------------- afterwards

    def shipped(self):
        """Of the generator, the weights that samples come from; and the discriminator."""
        return {"generator": self.sampler, "discriminator": self.discriminator}

    @property
    def sampler(self) -> keras.Model:
        """The network that samples come from: the averaged generator where there is one, else the generator."""
        return self.averaged_generator or self.generator

    def sample(self, n: int, seed: int = 0) -> np.ndarray:
        """``n`` generated examples, float32, shape (n, *example_shape); one seed, one set."""
        return generate(self.sampler, latent_noise(n, self.latent_dim, seed))


def follow_weights(averaged: keras.Model, network: keras.Model, average: float, step: tf.Tensor) -> None:
    """Move ``averaged``, a copy of ``network`` whose weights are a running average, a little towards ``network``.

    With β for ``average``, the weights of n steps ago count βⁿ in the average, and those of before the first step
    count nothing: copy ← decay · copy + (1 − decay) · weights with decay = β (1 − βᵗ) / (1 − βᵗ⁺¹) after t earlier
    steps. This is Adam's correction of its bias towards the start (Kingma & Ba, 2015, arXiv:1412.6980): the first
    decay is 0, later ones approach β.

    Args:
        averaged: the copy.
        network: after this step.
        average: β, from 0 to below 1.
        step: t, an integer scalar.
    """
    earlier = tf.cast(step, tf.float32)
    decay = average * (1 - average**earlier) / (1 - average ** (earlier + 1))
    for mean, weight in zip(averaged.weights, network.weights, strict=True):
        sampling.assign(mean, decay * mean + (1 - decay) * weight)


def check_players(generator: keras.Model, discriminator: keras.Model, outputs: int | None) -> None:
    """Raise a clear error unless the discriminator is another network, takes what is made, and answers with logits."""
    if generator is discriminator:
        raise ValueError("the players must be two networks, got one network as generator and discriminator")
    made, taken = generator.output_shape[1:], first(discriminator.input_shape)[1:]
    if len(made) != len(taken) or any(
        None not in sides and len(set(sides)) > 1 for sides in zip(made, taken, strict=True)
    ):
        raise ValueError(f"the discriminator must take what the generator makes, {made}, but takes {taken}")
    check_logits("discriminator", discriminator, outputs)


def first(shapes):
    """The first of several shapes; or the only one."""
    return shapes[0] if isinstance(shapes[0], (tuple, list)) else shapes


def make_game(
    game: type[AdversarialGame],
    networks: tuple[Callable, Callable],
    loss: AdversarialLoss,
    latent_dim: int,
    d_learning_rate: float,
    g_learning_rate: float,
    beta_1: float,
    average: float | None,
    jit_compile: bool,
    seed: int,
    steps: int,
    falling: bool = False,
) -> AdversarialGame:
    """A game as recipes have it: Adam for both players. Compiled, untrained.

    Args:
        game: which kind.
        networks: the builders of generator and discriminator; the first is called with ``latent_dim``.
        loss: see :class:`AdversarialGame`.
        latent_dim: numbers a noise vector.
        d_learning_rate: the discriminator's, at the start.
        g_learning_rate: the generator's, at the start.
        beta_1: Adam's memory of the slope, for both.
        average: see :class:`AdversarialGame`.
        jit_compile: use XLA.
        seed: of batches and noise.
        steps: where falling rates end.
        falling: both rates fall to 0 along half a cosine.
    """
    build_generator, build_discriminator = networks
    d_rate, g_rate = (
        keras.optimizers.schedules.CosineDecay(rate, steps) if falling else rate
        for rate in (d_learning_rate, g_learning_rate)
    )
    model = game(build_generator(latent_dim), build_discriminator(), loss, seed=seed, average=average)
    model.compile(
        discriminator_optimizer=keras.optimizers.Adam(d_rate, beta_1),
        generator_optimizer=keras.optimizers.Adam(g_rate, beta_1),
        jit_compile=jit_compile,
    )
    return model


def score_samples(game: AdversarialGame, data: ImageDataset, evaluator: Callable) -> dict[str, float]:
    """Every score of the game's samples, against 10,000 training images."""
    return evaluator(data.name).score(game.sample)


def shares(batch, n: int) -> list:
    """``batch``, a tensor or tensors that belong together, in ``n`` equal parts, one after the other."""
    return [tf.nest.map_structure(lambda tensor, i=i: tf.split(tensor, n)[i], batch) for i in range(n)]
