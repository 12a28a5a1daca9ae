"""The progressive GAN (chapter 6): both players grow from 4 × 4 pixels upwards (Karras et al., 2018, arXiv:1710.10196).

All stages are built at the start. Which of them are used, and how far the newest is faded in, follows from the step: so
a checkpoint has one shape, and a run that was killed in the middle of a fade goes on to the same bits.
"""

from __future__ import annotations

import warnings

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from ..augmentation import Augmented
from ..core import checks, sampling
from ..core.system import generate, latent_noise
from ..layers import EqualizedConv2D, EqualizedDense, MinibatchStdDev, PixelNormalization
from ..losses import WassersteinLoss, gradient_penalty
from .game import score_samples
from .gan import GAN
from .growth import Growth, Phase
from .recipe import Recipe

SLOPE = 0.2  # of the LeakyReLUs
FIRST_SIDE = 4  # pixels


# -------------------------------------------------------------------------------------------------- networks


def channels(side: int, base: int = 16_384, most: int = 512) -> int:
    """How many channels there are where a picture has ``side`` × ``side`` pixels; by default as in the paper.

    Args:
        side: in pixels.
        base: channels times side, at large sides.
        most: channels at small sides.
    """
    return min(base // side, most)


def sides_up_to(side: int) -> list[int]:
    """4, 8, 16 … ``side``.

    Raises:
        ValueError: ``side`` is not 4 times a power of 2.
    """
    checks.count("side", side)
    sides = [FIRST_SIDE]
    while sides[-1] < side:
        sides.append(2 * sides[-1])
    if sides[-1] != side:
        raise ValueError(f"side must be 4, 8, 16, 32 and so on, got {side}")
    return sides


def upscale(images: tf.Tensor) -> tf.Tensor:
    """Twice the side: every pixel becomes a square of four. Float (n, h, w, c) → (n, 2h, 2w, c)."""
    return tf.repeat(tf.repeat(images, 2, axis=1), 2, axis=2)


def downscale(images: tf.Tensor) -> tf.Tensor:
    """Half the side: every square of four pixels becomes its mean. Float (n, 2h, 2w, c) → (n, h, w, c)."""
    return tf.nn.avg_pool2d(images, 2, 2, "VALID")


def fade(old: tf.Tensor, new: tf.Tensor, alpha: tf.Tensor | float) -> tf.Tensor:
    """(1 − α) · old + α · new: exactly the old at α = 0, exactly the new at α = 1."""
    return (1 - alpha) * old + alpha * new


def conv(width: int, kernel_size: int = 3, normalise: bool = False, equalized: bool = True) -> list[keras.Layer]:
    """A convolution with its nonlinearity; in the generator with pixel normalisation."""
    made = [EqualizedConv2D(width, kernel_size, equalized=equalized), layers.LeakyReLU(negative_slope=SLOPE)]
    return [*made, PixelNormalization()] if normalise else made


def first_block(latent_dim: int, width: int, normalise: bool = True, equalized: bool = True) -> keras.Sequential:
    """Normalised noise → 4 × 4 pixels of ``width`` channels: where the generator begins."""
    size, gain = FIRST_SIDE * FIRST_SIDE * width, 2**0.5 / 4  # a quarter of the usual gain, as in the paper's code
    return keras.Sequential(
        [
            layers.Input((latent_dim,)),
            EqualizedDense(size, gain, equalized=equalized),
            layers.Reshape((FIRST_SIDE, FIRST_SIDE, width)),
            layers.LeakyReLU(negative_slope=SLOPE),
            *([PixelNormalization()] if normalise else []),
            *conv(width, normalise=normalise, equalized=equalized),
        ]
    )


def growing_block(side: int, before: int, width: int, **how) -> keras.Sequential:
    """``before`` channels of half the side → ``width`` channels of ``side`` × ``side`` pixels."""
    return keras.Sequential(
        [
            layers.Input((side // 2, side // 2, before)),
            layers.UpSampling2D(),
            *conv(width, **how),
            *conv(width, **how),
        ]
    )


def shrinking_block(side: int, width: int, after: int, **how) -> keras.Sequential:
    """``width`` channels of ``side`` × ``side`` pixels → ``after`` channels of half the side."""
    return keras.Sequential(
        [layers.Input((side, side, width)), *conv(width, **how), *conv(after, **how), layers.AveragePooling2D(2)]
    )


def last_block(width: int, group_size: int, equalized: bool) -> keras.Sequential:
    """4 × 4 pixels of ``width`` channels → the logit: where the discriminator ends."""
    return keras.Sequential(
        [
            layers.Input((FIRST_SIDE, FIRST_SIDE, width)),
            *([MinibatchStdDev(group_size)] if group_size else []),
            *conv(width, equalized=equalized),
            layers.Flatten(),
            EqualizedDense(width, equalized=equalized),
            layers.LeakyReLU(negative_slope=SLOPE),
            EqualizedDense(1, gain=1.0, equalized=equalized),
        ]
    )


def to_rgb(side: int, width: int, equalized: bool) -> keras.Sequential:
    """``width`` channels → three colours; linear."""
    return keras.Sequential(
        [layers.Input((side, side, width)), EqualizedConv2D(3, kernel_size=1, gain=1.0, equalized=equalized)]
    )


def from_rgb(side: int, width: int, equalized: bool) -> keras.Sequential:
    """Three colours → ``width`` channels."""
    return keras.Sequential([layers.Input((side, side, 3)), *conv(width, kernel_size=1, equalized=equalized)])


class ProgressiveGenerator(keras.Model):
    """Noise → pictures of 4 × 4 pixels, or of any later side up to ``side``. The last layer is linear, as in the paper.

    Args:
        side: of the largest pictures, in pixels: 4 times a power of 2.
        latent_dim: numbers in a noise vector; it is normalised to length √latent_dim first.
        base: see :func:`channels`.
        most: see :func:`channels`.
        normalise: ``False`` leaves out pixel normalisation.
        equalized: ``False`` leaves out the equalised learning rate.

    Raises:
        ValueError: there are no such pictures.
    """

    @checks.sizes()
    def __init__(
        self,
        side: int = 64,
        latent_dim: int = 512,
        base: int = 16_384,
        most: int = 512,
        normalise: bool = True,
        equalized: bool = True,
    ):
        super().__init__(name="generator")
        how = {"normalise": normalise, "equalized": equalized}
        self.settings = {"side": side, "latent_dim": latent_dim, "base": base, "most": most} | how
        self.input_shape, self.output_shape = (None, latent_dim), (None, side, side, 3)
        self.sides = sides_up_to(side)
        widths = [channels(side, base, most) for side in self.sides]
        self.normalise = PixelNormalization()
        self.blocks = [first_block(latent_dim, widths[0], **how)]
        for side, before, width in zip(self.sides[1:], widths, widths[1:], strict=False):
            self.blocks.append(growing_block(side, before, width, **how))
        self.to_rgb = [to_rgb(*size, equalized) for size in zip(self.sides, widths, strict=True)]
        self.built = True

    def call(self, latent, side: int | None = None, alpha=None, training: bool = False):
        """Float (n, latent_dim) → float (n, side, side, 3).

        Args:
            latent: noise.
            side: of the pictures; by default the largest.
            alpha: from 0 to 1: how far this side is faded in over the one before; ``None``: all the way.
            training: makes no difference here.
        """
        stage = self.sides.index(side or self.sides[-1])
        x = self.normalise(latent)
        for block in self.blocks[: stage + 1]:
            before, x = x, block(x)
        images = self.to_rgb[stage](x)
        if alpha is None:
            return images
        return fade(upscale(self.to_rgb[stage - 1](before)), images, alpha)

    def get_config(self):
        """All that is needed to make such a network again."""
        return dict(self.settings)


class ProgressiveDiscriminator(keras.Model):
    """Pictures of 4 × 4 pixels, or of any later side up to ``side`` → logits (n, 1): the generator's mirror image.

    Args:
        side: of the largest pictures.
        base: see :func:`channels`.
        most: see :func:`channels`.
        group_size: of :class:`~gan_helpers.layers.MinibatchStdDev`; 0 leaves that layer out.
        grows: ``False`` makes only what pictures of the full side need.
        equalized: ``False`` leaves out the equalised learning rate.

    Raises:
        ValueError: there are no such pictures.
    """

    @checks.sizes(group_size=0)
    def __init__(
        self,
        side: int = 64,
        base: int = 16_384,
        most: int = 512,
        group_size: int = 4,
        grows: bool = True,
        equalized: bool = True,
    ):
        super().__init__(name="discriminator")
        self.settings = {"side": side, "base": base, "most": most, "group_size": group_size}
        self.settings |= {"grows": grows, "equalized": equalized}
        self.input_shape, self.output_shape = (None, side, side, 3), (None, 1)
        self.sides = sides_up_to(side)
        widths = [channels(side, base, most) for side in self.sides]
        self.blocks = [last_block(widths[0], group_size, equalized)]
        for side, after, width in zip(self.sides[1:], widths, widths[1:], strict=False):
            self.blocks.append(shrinking_block(side, width, after, equalized=equalized))
        kept = self.sides if grows else self.sides[-1:]
        self.from_rgb = {s: from_rgb(s, channels(s, base, most), equalized) for s in kept}
        self.built = True

    def call(self, images, alpha=None, training: bool = False):
        """Float (n, side, side, 3) → float (n, 1); the side says which layers are used.

        Args:
            images: of any side that the generator makes.
            alpha: from 0 to 1: how far this side is faded in; ``None``: all the way.
            training: makes no difference here.
        """
        side = images.shape[1]
        stage = self.sides.index(side)
        x = self.from_rgb[side](images)
        if stage > 0:
            x = self.blocks[stage](x)
        if alpha is not None:
            x = fade(self.from_rgb[side // 2](downscale(images)), x, alpha)
        for block in reversed(self.blocks[1:stage]):
            x = block(x)
        return self.blocks[0](x)

    def get_config(self):
        """All that is needed to make such a network again."""
        return dict(self.settings)


# -------------------------------------------------------------------------------------------------- the game


class GrowingGame(GAN):
    """What a game needs to grow: which stage it is in, real pictures of the present side, and samples.

    Args:
        generator: a :class:`ProgressiveGenerator`.
        discriminator: a :class:`ProgressiveDiscriminator`.
        growth: when it grows.
        penalty: weight of the gradient penalty.
        drift: weight of E a(x)² over real pictures, which keeps the critic's answers near 0: the Wasserstein loss does
            not mind where they are.
        game: ``seed`` and ``average``, as in :class:`~gan_helpers.models.game.AdversarialGame`.
    """

    def __init__(
        self,
        generator: ProgressiveGenerator,
        discriminator: ProgressiveDiscriminator,
        growth: Growth,
        penalty: float = 10.0,
        drift: float = 1e-3,
        **game,
    ):
        super().__init__(generator, discriminator, WassersteinLoss(), **game)
        if not isinstance(growth, Growth) or growth.stages[-1].side > generator.sides[-1]:
            raise ValueError(f"growth must be a Growth up to a side of at most {generator.sides[-1]}, got {growth!r}")
        self.growth = growth
        self.penalty, self.drift = checks.not_negative("penalty", penalty), checks.not_negative("drift", drift)

    def phase(self, step):
        """The number of the phase of growth."""
        return self.growth.number(step)

    def now(self, step) -> Phase:
        """The phase of the step that is being traced; where none is, the one of step number ``step``."""
        return self.growth.at(int(step)) if self.current_phase is None else self.growth.phases[self.current_phase]

    def update(self, step, real):
        """One iteration, on pictures of the present side; layers of other sides stay as they are."""
        phase = self.now(step)
        with warnings.catch_warnings():  # Keras wonders at weights that have no gradient
            warnings.filterwarnings("ignore", message="Gradients do not exist")
            return super().update(step, self.shrunk(real, phase.side, phase.alpha(step)))

    def shrunk(self, images: tf.Tensor, side: int, alpha=None) -> tf.Tensor:
        """Real pictures as a generator of this side could make them; while it fades in, they sharpen with it."""
        while images.shape[1] > side:
            images = downscale(images)
        return images if alpha is None else fade(upscale(downscale(images)), images, alpha)

    @property
    def reports(self):
        """As of every game, and the penalty before it is weighted."""
        return (*super().reports, "penalty")

    def identity(self):
        """As of every game, and the growth, the penalty's and the drift's weights."""
        return super().identity() | {"growth": repr(self.growth), "penalty": self.penalty, "drift": self.drift}

    def sample(self, n: int, seed: int = 0) -> np.ndarray:
        """``n`` pictures as they are at the present step, enlarged to the full side: float32 in [−1, 1]."""
        phase = self.growth.at(self.steps_done - 1)
        how = {"side": phase.side, "alpha": phase.alpha(self.steps_done - 1)}
        noise = latent_noise(n, self.latent_dim, seed)
        images = generate(lambda z, training: self.sampler(z, **how, training=training), noise, batch_size=100)
        times = self.example_shape[0] // phase.side
        return np.clip(images, -1, 1).repeat(times, axis=1).repeat(times, axis=2)


class ProGAN(GrowingGame):
    """The growing game with the loss of WGAN-GP and the small drift term of the paper's appendix A.1."""

    def fakes(self, batch, step, player):
        """Pictures of the present side."""
        noise, phase = self.noise(batch.shape[0], step, player), self.now(step)
        return self.generator(noise, side=phase.side, alpha=phase.alpha(step), training=True)

    def critic(self, images, step):
        """The discriminator's answers, float (n, 1)."""
        return self.discriminator(images, alpha=self.now(step).alpha(step), training=True)

    def discriminator_loss(self, real, fake, step):
        """The Wasserstein loss, with the price of the critic's slope and of its drift."""
        real_logits, fake_logits = self.critic(real, step), self.critic(fake, step)
        loss = self.adversarial_loss.discriminator(real_logits, fake_logits)
        mix = sampling.uniform((real.shape[0],), self.seed, step, "penalty")
        price = gradient_penalty(lambda x: self.critic(x, step), real, fake, mix)
        drift = tf.reduce_mean(real_logits**2)
        return loss + self.penalty * price + self.drift * drift, {"d_loss": loss, "penalty": price}

    def generator_loss(self, fake, step):
        """The critic's answer to fakes, negated."""
        loss = self.adversarial_loss.generator(self.critic(fake, step))
        return loss, {"g_loss": loss}


class AugmentedProGAN(Augmented, ProGAN):
    """The same, with a discriminator that sees every picture only after a random change."""


# -------------------------------------------------------------------------------------------------- the recipe


def make_progan(
    growth: Growth,
    latent_dim: int,
    base: int,
    most: int,
    learning_rate: float,
    average: float,
    policy: tuple[str, ...],
    seed: int,
    steps: int,
) -> ProGAN:
    """A progressive GAN as its recipe has it, compiled, untrained: Adam for both players, with the paper's β.

    Args:
        growth: when it grows; its last side is the side of the pictures.
        latent_dim: numbers in a noise vector.
        base: see :func:`channels`.
        most: see :func:`channels`.
        learning_rate: of both players.
        average: see :class:`~gan_helpers.models.game.AdversarialGame`.
        policy: of :class:`~gan_helpers.augmentation.Augmented`.
        seed: of batches and noise.
        steps: not used: the growth says how long each stage takes.
    """
    side = growth.stages[-1].side
    networks = ProgressiveGenerator(side, latent_dim, base, most), ProgressiveDiscriminator(side, base, most)
    model = AugmentedProGAN(*networks, growth, policy=policy, seed=seed, average=average)
    model.compile(*(keras.optimizers.Adam(learning_rate, beta_1=0.0, beta_2=0.99) for _ in range(2)))
    return model


GROWTH = Growth((4, 0, 500), (8, 600, 900), (16, 900, 1600), (32, 1200, 3300), (64, 1500, 6500))
RECIPE = Recipe(
    name="progan_people",
    what="chapter 6: a progressive GAN, faces and people in colour",
    make=make_progan,
    settings=dict(
        growth=GROWTH,
        latent_dim=64,
        base=1024,
        most=128,
        learning_rate=4e-3,
        average=0.999,
        policy=("translation", "cutout"),
    ),
    steps=GROWTH.steps,
    score=score_samples,
    dataset="emoji_people",
    batch_size=16,
)
