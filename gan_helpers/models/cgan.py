"""Conditional GANs (chapter 8): both players are told a label (Mirza & Osindero, 2014, arXiv:1411.1784).

An example of such a game is a pair, a picture *and* a label. The generator makes a picture for the label that it is
given, and the discriminator judges pairs. In the plain game it never sees a real picture with a wrong label.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from ..core import checks, sampling
from ..core.system import generate, latent_noise
from ..data.images import ImageDataset
from ..losses import NonSaturatingLoss
from ..scores.classes import class_consistency
from . import sgan
from .classifier import check_labelled, labelled_images
from .game import make_game, score_samples
from .gan import GAN
from .recipe import Recipe


@checks.sizes()
def build_generator(latent_dim: int = 100, classes: int = 10) -> keras.Model:
    """[noise (n, latent_dim), labels (n,)] → images (n, 28, 28, 1) in [−1, 1]; chapter 7's, behind noise × embedding.

    Args:
        latent_dim: numbers a noise vector, and in the embedding of a label.
        classes: how many labels there are.
    """
    noise = layers.Input((latent_dim,), name="noise")
    label = layers.Input((), dtype="int32", name="label")
    start = keras.initializers.RandomNormal(stddev=1.0)  # keeps the noise as large as it is
    embedded = layers.Embedding(classes, latent_dim, start, name="embedding")(label)
    x = layers.Multiply()([noise, embedded])
    images = sgan.build_generator(latent_dim, width=32)(x)
    return keras.Model([noise, label], images, name="generator")


@checks.sizes()
def build_discriminator(classes: int = 10) -> keras.Model:
    """[images (n, 28, 28, 1), labels (n,)] → logits (n, 1). The embedding of the label is a second channel.

    Args:
        classes: how many labels there are.
    """
    image = layers.Input((28, 28, 1), name="image")
    label = layers.Input((), dtype="int32", name="label")
    embedded = layers.Embedding(classes, 28 * 28, name="embedding")(label)
    x = features(layers.Concatenate()([image, layers.Reshape((28, 28, 1))(embedded)]))
    return keras.Model([image, label], layers.Dense(1)(x), name="discriminator")


@checks.sizes()
def build_projection_discriminator(classes: int = 10) -> keras.Model:
    """[images (n, 28, 28, 1), labels (n,)] → logits (n, 1): those of the image, plus ⟨V_y, φ(x)⟩.

    The image is looked at without its label; the label has a vector V_y, and the product says how well the image's
    features φ(x) agree with it (Miyato & Koyama, 2018, arXiv:1802.05637).

    Args:
        classes: how many labels there are.
    """
    image = layers.Input((28, 28, 1), name="image")
    label = layers.Input((), dtype="int32", name="label")
    phi = features(image)
    direction = layers.Embedding(classes, phi.shape[-1], name="embedding")(label)
    logits = layers.Add()([layers.Dense(1)(phi), layers.Dot(axes=1)([direction, phi])])
    return keras.Model([image, label], logits, name="discriminator")


def features(x):
    """Three convolutions with stride 2, as in chapter 4, but not normalised: (n, 28, 28, channels) → (n, 2048)."""
    for filters in (32, 64, 128):
        x = layers.Conv2D(filters, 3, strides=2, padding="same")(x)
        x = layers.LeakyReLU(negative_slope=0.01)(x)
    return layers.Flatten()(x)


def check_asked(game, n, seed=0, labels=None) -> None:
    """Raise unless ``labels`` are those of ``n`` pictures, where any are given."""
    n, _ = checks.count("n", n, least=0), checks.count("seed", seed, least=0)
    if labels is not None:
        checks.labels(labels, game.classes, n)


def check_noise_and_vectors(game, noise, vectors) -> None:
    """Raise unless there is a vector for each noise vector, and all are finite numbers."""
    checks.same_shape(noise=checks.finite("noise", noise), vectors=checks.finite("vectors", vectors))


class ConditionalGAN(GAN):
    """The plain game, played with pairs of a picture and a label.

    Its source is a pair of arrays, ``(images, labels)``.

    Args:
        players: generator, [noise (n, latent_dim), labels (n,)] → images in [−1, 1], whose layer ``"embedding"`` makes
            vectors of labels, and whose layer ``"generator"`` makes images of noise × vector; discriminator, [images,
            labels] → logits (n, 1); an :class:`~gan_helpers.losses.AdversarialLoss`.
        game: ``seed``, ``average`` and ``d_steps``, as in :class:`~gan_helpers.models.game.AdversarialGame`.
    """

    def __init__(self, *players, **game):
        super().__init__(*players, **game)
        self.latent_dim = self.generator.input_shape[0][-1]
        self.classes = self.generator.get_layer("embedding").input_dim

    def check_source(self, number, source):
        """Images, and a label for each: an int from 0 to the number of classes − 1."""
        check_labelled(source, self.classes)
        super().check_source(number, source)

    def fakes(self, batch, step, player):
        """A picture for every label of the batch, with that label: pairs, as the real ones are."""
        _, labels = batch
        noise = self.noise(labels.shape[0], step, player)
        return self.generator([noise, labels], training=True), labels

    @checks.first(check_asked)
    def sample(self, n: int, seed: int = 0, labels: np.ndarray | None = None) -> np.ndarray:
        """``n`` pictures, float32 in [−1, 1].

        Args:
            n: how many.
            seed: chooses the noise, and the labels where none are given.
            labels: ints, shape (n,); by default each class is as likely as any other.
        """
        if labels is None:
            labels = np.random.default_rng(seed).integers(self.classes, size=n)
        noise = latent_noise(n, self.latent_dim, seed)
        return generate(self.sampler, (noise, np.asarray(labels)))

    @checks.first(lambda game, labels: checks.labels(labels, game.classes))
    def label_vectors(self, labels: np.ndarray) -> np.ndarray:
        """What the generator multiplies noise by for each of ``labels`` (ints, (n,)): float32 (n, latent_dim)."""
        return self.sampler.get_layer("embedding").get_weights()[0][np.asarray(labels)]

    @checks.first(check_noise_and_vectors)
    def pictures(self, noise: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        """Pictures for label vectors, also for such as lie between two labels; float32 in [−1, 1].

        Args:
            noise: float (n, latent_dim).
            vectors: from :meth:`label_vectors`, or mixtures of them.
        """
        behind_the_product = self.sampler.get_layer("generator")
        return generate(behind_the_product, (noise * vectors).astype(np.float32))


class MatchingAwareGAN(ConditionalGAN):
    """A conditional GAN whose discriminator is also shown real images with wrong labels, and has to reject these pairs.

    (Reed et al., 2016, arXiv:1605.05396, with descriptions in the place of labels.)
    """

    def discriminator_loss(self, real, fake, step):
        """Real pairs against fakes and against real images with wrong labels; each of the two counts one half."""
        images, labels = real
        mislabelled = images, self.wrong_labels(labels, step)
        real_logits, fake_logits, mislabelled_logits = (
            self.discriminator(kind, training=True) for kind in (real, fake, mislabelled)
        )
        against = self.adversarial_loss.discriminator
        loss = 0.5 * (against(real_logits, fake_logits) + against(real_logits, mislabelled_logits))
        return loss, {"d_loss": loss} | self.adversarial_loss.accuracies(real_logits, fake_logits)

    def wrong_labels(self, labels, step):
        """For each label another one, and all others are equally likely."""
        draw = sampling.uniform(labels.shape, self.seed, step, "wrong labels")
        shift = 1 + tf.cast((self.classes - 1) * draw, labels.dtype)  # from 1 to classes - 1
        return (labels + shift) % self.classes


def score_classes(game: ConditionalGAN, data: ImageDataset, evaluator: Callable) -> dict[str, float]:
    """Every score of samples of all classes; and the share that shows the class asked for, mean and worst class."""
    judge = evaluator(data.name)
    labels = np.arange(judge.samples) % game.classes
    consistency = class_consistency(judge, game.sample(len(labels), seed=1, labels=labels), labels)
    asked = {"consistency": float(consistency.mean()), "worst_consistency": float(consistency.min())}
    return score_samples(game, data, evaluator) | asked


RECIPE = Recipe(
    name="cgan_mnist",
    what="chapter 8: conditional GAN that is shown wrong pairs, too",
    make=make_game,
    settings=dict(
        game=MatchingAwareGAN,
        networks=(build_generator, build_discriminator),
        loss=NonSaturatingLoss(),
        latent_dim=100,
        d_learning_rate=4e-3,
        g_learning_rate=4e-3,
        beta_1=0.5,
        average=0.995,
        jit_compile=False,
        falling=True,
    ),
    steps=4_000,
    score=score_classes,
    sources=labelled_images,
)
