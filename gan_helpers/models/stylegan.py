"""A small style-based GAN (chapter 6), after StyleGAN and its successor (Karras et al., 2019, arXiv:1812.04948; 2020,
arXiv:1912.04958). The discriminator is that of the progressive GAN, at its full side; nothing grows here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from ..augmentation import Augmented
from ..core import checks, sampling
from ..core.system import generate, latent_noise
from ..data import sets
from ..data.images import ImageDataset
from ..layers import EqualizedDense, ModulatedConv2D, PixelNormalization, StyledConv2D
from ..losses import NonSaturatingLoss, squared_slope
from .gan import GAN
from .progan import FIRST_SIDE, SLOPE, ProgressiveDiscriminator, channels, sides_up_to, upscale
from .recipe import Recipe

LATENTS_FOR_MEAN = 4_000  # whose styles are averaged for truncation


def mapping_network(latent_dim: int, depth: int) -> keras.Sequential:
    """Noise (n, latent_dim) → style (n, latent_dim). It learns at a hundredth of the others' rate.

    Args:
        latent_dim: numbers in a noise vector, and in a style.
        depth: how many layers.
    """
    network = keras.Sequential([layers.Input((latent_dim,)), PixelNormalization()], name="mapping")
    for _ in range(depth):
        network.add(EqualizedDense(latent_dim, rate=0.01))
        network.add(layers.LeakyReLU(negative_slope=SLOPE))
    return network


class SynthesisNetwork(keras.Model):
    """Styles → pictures. The picture starts from a learned constant; all that differs comes in through styles.

    Args:
        side: of the pictures, in pixels: 4 times a power of 2.
        style_dim: numbers in a style.
        base: see :func:`~gan_helpers.models.progan.channels`.
        most: see :func:`~gan_helpers.models.progan.channels`.

    Attributes:
        n_styles: how many convolutions take a style.

    Raises:
        ValueError: there are no such pictures.
    """

    def __init__(self, side: int, style_dim: int, base: int, most: int):
        super().__init__(name="synthesis")
        widths = [channels(side, base, most) for side in sides_up_to(side)]
        self.constant = self.add_weight(
            shape=(1, FIRST_SIDE, FIRST_SIDE, widths[0]), initializer="random_normal", name="constant"
        )
        self.n_styles = 2 * len(widths) - 1
        self.convolutions = [StyledConv2D(widths[(i + 1) // 2]) for i in range(self.n_styles)]
        self.to_rgb = [ModulatedConv2D(3, kernel_size=1, demodulate=False) for _ in widths]
        self([tf.zeros((1, style_dim))] * self.n_styles)  # makes all weights

    def call(self, styles: Sequence[tf.Tensor], noise: Callable | None = None) -> tf.Tensor:
        """Pictures, float (n, side, side, 3).

        Args:
            styles: one for each convolution, coarse to fine, float (n, style_dim).
            noise: (index of the convolution, shape) → noise of that shape; ``None`` for none.
        """
        x = tf.repeat(self.constant, styles[0].shape[0], axis=0)
        images = None
        for i, (convolution, style) in enumerate(zip(self.convolutions, styles, strict=True)):
            if i % 2 == 1:  # the first of a new side
                x = upscale(x)
            x = convolution(x, style, None if noise is None else noise(i, (*x.shape[:3], 1)))
            if i % 2 == 0:  # the last of its side: add what it has to say to the picture so far
                details = self.to_rgb[i // 2](x, style)
                images = details if images is None else upscale(images) + details
        return images


class StyleGenerator(keras.Model):
    """Noise → style → pictures.

    Args:
        side: of the pictures, in pixels: 4 times a power of 2.
        latent_dim: numbers in a noise vector, and in a style.
        base: see :func:`~gan_helpers.models.progan.channels`.
        most: see :func:`~gan_helpers.models.progan.channels`.
        depth: layers of the mapping network.

    Raises:
        ValueError: there are no such pictures.
    """

    @checks.sizes()
    def __init__(self, side: int = 64, latent_dim: int = 512, base: int = 16_384, most: int = 512, depth: int = 8):
        super().__init__(name="generator")
        self.settings = {"side": side, "latent_dim": latent_dim, "base": base, "most": most, "depth": depth}
        self.input_shape, self.output_shape = (None, latent_dim), (None, side, side, 3)
        self.mapping = mapping_network(latent_dim, depth)
        self.synthesis = SynthesisNetwork(side, latent_dim, base, most)
        self.built = True

    @property
    def n_styles(self) -> int:
        """How many convolutions take a style."""
        return self.synthesis.n_styles

    def call(self, latent, training: bool = False):
        """Float (n, latent_dim) → float (n, side, side, 3), with one style for all layers, and without noise.

        Args:
            latent: noise.
            training: makes no difference here.
        """
        return self.synthesis([self.mapping(latent)] * self.n_styles)

    def get_config(self):
        """All that is needed to make such a network again."""
        return dict(self.settings)


class StyleGAN(GAN):
    """The non-saturating game, with R1, style mixing and noise.

    Args:
        generator: a :class:`StyleGenerator`.
        discriminator: a :class:`~gan_helpers.models.progan.ProgressiveDiscriminator` of the same side.
        gamma: weight of R1, γ/2 · E ‖∇ a(x)‖² over real pictures.
        lazy: R1 is computed every so many steps, and then counts so many times as much.
        mixing: the share of steps in which a fake has two styles: one up to some layer, another from there on. So a
            layer cannot rely on what the style of another one is.
        game: ``seed`` and ``average``, as in :class:`~gan_helpers.models.game.AdversarialGame`.
    """

    def __init__(
        self,
        generator: StyleGenerator,
        discriminator: ProgressiveDiscriminator,
        gamma: float = 1.0,
        lazy: int = 8,
        mixing: float = 0.9,
        **game,
    ):
        super().__init__(generator, discriminator, NonSaturatingLoss(), **game)
        self.gamma, self.lazy = checks.not_negative("gamma", gamma), checks.count("lazy", lazy)
        self.mixing = checks.probability("mixing", mixing)

    def fakes(self, batch, step, player):
        """From two noise vectors per fake, mixed at a layer that is chosen anew in each step."""
        n, count = batch.shape[0], self.generator.n_styles
        one = self.generator.mapping(self.noise(n, step, player))
        other = self.generator.mapping(self.noise(n, step, f"{player}, second"))
        chance, place = tf.unstack(sampling.uniform((2,), self.seed, step, f"{player} mixing"))
        crossing = tf.where(chance < self.mixing, 1 + tf.floor(place * (count - 1)), count)
        styles = [tf.where(float(i) < crossing, one, other) for i in range(count)]
        return self.generator.synthesis(styles, noise=self.pixel_noise(step, player))

    def pixel_noise(self, step, player) -> Callable:
        """Noise for every layer of the generator."""
        return lambda i, shape: sampling.normal(shape, self.seed, step, f"{player} pixel noise {i}")

    def discriminator_loss(self, real, fake, step):
        """The game's, and now and then the price of the slope at real pictures."""
        loss, report = super().discriminator_loss(real, fake, step)
        price = tf.cond(
            step % self.lazy == 0,
            lambda: squared_slope(lambda x: self.discriminator(x, training=True), real) * self.lazy,
            lambda: tf.constant(0.0),
        )
        return loss + self.gamma / 2 * price, report | {"penalty": price}

    @property
    def reports(self):
        """As of every game, and the penalty before it is weighted."""
        return (*super().reports, "penalty")

    def identity(self):
        """As of every game, and its own settings."""
        return super().identity() | {"gamma": self.gamma, "lazy": self.lazy, "mixing": self.mixing}

    def styles(self, n: int, seed: int = 0, truncation: float = 1.0) -> tf.Tensor:
        """``n`` styles, float32 (n, latent_dim).

        Args:
            n: how many.
            seed: chooses them.
            truncation: below 1 they move towards the mean style: safer pictures, and less different ones.
        """
        mapping = self.sampler.mapping
        styles = mapping(latent_noise(n, self.latent_dim, seed))
        if truncation == 1:
            return styles
        mean = tf.reduce_mean(mapping(latent_noise(LATENTS_FOR_MEAN, self.latent_dim, 0)), axis=0)
        return mean + truncation * (styles - mean)

    def pictures(self, styles: Sequence[tf.Tensor], seed: int = 0) -> np.ndarray:
        """Pictures from one style for each layer, each float32 (n, latent_dim); in [−1, 1]."""

        def noise(i, shape):
            return tf.random.stateless_normal(shape, (seed, i))

        images = generate(lambda chosen, training: self.sampler.synthesis(tf.unstack(chosen, axis=1), noise=noise),
                          tf.stack(styles, axis=1), batch_size=100)  # fmt: skip
        return np.clip(images, -1, 1)

    def sample(self, n: int, seed: int = 0, truncation: float = 1.0) -> np.ndarray:
        """``n`` pictures, float32 in [−1, 1]; see :meth:`styles`."""
        return self.pictures([self.styles(n, seed, truncation)] * self.generator.n_styles, seed)


class AugmentedStyleGAN(Augmented, StyleGAN):
    """The same, with a discriminator that sees every picture only after a random change."""


# -------------------------------------------------------------------------------------------------- the recipe


def make_stylegan(
    side: int,
    latent_dim: int,
    base: int,
    most: int,
    depth: int,
    gamma: float,
    learning_rate: float,
    average: float,
    policy: tuple[str, ...],
    seed: int,
    steps: int,
) -> StyleGAN:
    """A StyleGAN as its recipe has it, compiled, untrained: Adam for both players, with the paper's β.

    Args:
        side: of the pictures, in pixels.
        latent_dim: numbers in a noise vector, and in a style.
        base: see :func:`~gan_helpers.models.progan.channels`.
        most: see :func:`~gan_helpers.models.progan.channels`.
        depth: layers of the mapping network.
        gamma: weight of R1.
        learning_rate: of both players.
        average: see :class:`~gan_helpers.models.game.AdversarialGame`.
        policy: of :class:`~gan_helpers.augmentation.Augmented`.
        seed: of batches and noise.
        steps: not used.
    """
    generator = StyleGenerator(side, latent_dim, base, most, depth)
    discriminator = ProgressiveDiscriminator(side, base, most, grows=False)
    model = AugmentedStyleGAN(generator, discriminator, gamma=gamma, policy=policy, seed=seed, average=average)
    model.compile(*(keras.optimizers.Adam(learning_rate, beta_1=0.0, beta_2=0.99) for _ in range(2)))
    return model


SIDE = 32  # pixels: at 64 it needs more steps than an hour has


def small_images(data: ImageDataset) -> tuple:
    """The training images at the recipe's side, in [−1, 1]."""
    return (sets.load(data.name, SIDE).scaled(),)


def score_small(game: StyleGAN, data: ImageDataset, evaluator: Callable) -> dict[str, float]:
    """Every score of the game's samples, against training images of its side."""
    return evaluator(data.name, size=SIDE).score(game.sample)


RECIPE = Recipe(
    name="stylegan_people",
    what="chapter 6: a small StyleGAN, faces and people in colour",
    make=make_stylegan,
    settings=dict(
        side=SIDE,
        latent_dim=64,
        base=1024,
        most=128,
        depth=4,
        gamma=0.1,
        learning_rate=4e-3,
        average=0.999,
        policy=("translation", "cutout"),
    ),
    steps=10_000,
    score=score_small,
    dataset="emoji_people",
    sources=small_images,
    batch_size=16,
)
