"""The semi-supervised GAN (chapter 7): a discriminator that is a classifier, too (Salimans et al., 2016,
arXiv:1606.03498; Odena, 2016, arXiv:1606.01583).

It answers with one logit ℓ for each class. With Z = Σ exp ℓ, the probability of "real" is Z / (Z + 1): a fake is one
more class, whose logit is always 0. So the discriminator needs no output of its own for it.
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from ..augmentation import warp
from ..core import checks
from ..core.curves import Panel
from .classifier import check_labelled, cross_entropy, share_right
from .gan import GAN


@checks.sizes()
def build_generator(latent_dim: int = 100, width: int = 16) -> keras.Sequential:
    """Noise (n, latent_dim) → images (n, 28, 28, 1) in [−1, 1]: a small one, at a fraction of the price of chapter 4's.

    Args:
        latent_dim: numbers per noise vector.
        width: channels between the two enlarging layers; there are twice as many before.
    """
    return keras.Sequential(
        [
            layers.Input((latent_dim,)),
            layers.Dense(7 * 7 * 2 * width),
            layers.Reshape((7, 7, 2 * width)),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2DTranspose(width, 4, strides=2, padding="same"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2DTranspose(1, 4, strides=2, padding="same", activation="tanh"),
        ],
        name="generator",
    )


@checks.sizes()
def build_discriminator(classes: int = 10) -> keras.Sequential:
    """Images (n, 28, 28, 1) in [−1, 1] → logits (n, classes). A classifier like any other, and not normalised.

    Args:
        classes: how many logits.
    """
    model = keras.Sequential([layers.Input((28, 28, 1))], name="discriminator")
    for filters, kernel_size in ((16, 5), (32, 3), (64, 3)):
        model.add(layers.Conv2D(filters, kernel_size, strides=2, padding="same"))
        model.add(layers.LeakyReLU(negative_slope=0.2))
    model.add(layers.Flatten(name="features"))
    model.add(layers.Dropout(0.2))
    model.add(layers.Dense(classes, name="logits"))
    return model


def real_logit(class_logits: tf.Tensor) -> tf.Tensor:
    """a = log Σ exp ℓ, so that σ(a) = Z / (Z + 1): float (n, classes) → (n, 1), finite for logits of any size."""
    return tf.reduce_logsumexp(class_logits, axis=1, keepdims=True)


class FewLabelsGAN(GAN):
    """What every game with few labels needs: two sources, warped images, and the classifier's curves and accuracy.

    Its two sources are a pair of arrays, ``(images, labels)``, and images without labels.

    Args:
        players: generator, noise (n, latent_dim) → images in [−1, 1]; discriminator, images → logits (n, classes);
            an :class:`~gan_helpers.losses.AdversarialLoss`, of the logits that :func:`real_logit` gives.
        warp: how strongly every real image is changed before the players see it; see
            :func:`gan_helpers.augmentation.warp`.
        game: ``seed``, ``average`` and ``d_steps``, as in :class:`~gan_helpers.models.game.AdversarialGame`.
    """

    n_sources = 2
    d_outputs = None

    def __init__(self, *players, warp: float = 0.0, **game):
        super().__init__(*players, **game)
        self.warp = checks.not_negative("warp", warp)

    def identity(self):
        """As of every game, and the warping."""
        return super().identity() | {"warp": self.warp}

    def check_source(self, number, source):
        """First the labelled images, each label an int from 0 to the number of classes − 1; then images alone."""
        if number == 0:
            check_labelled(source, self.discriminator.output_shape[-1])
        super().check_source(number, source)

    def warped(self, images, step, stream):
        """Images as the players see them at ``step``: the few labelled ones are never twice the same.

        The generator then learns to make warped digits, too.
        """
        return warp(images, self.seed, step, stream, self.warp)

    def fakes(self, batch, step, player):
        """As many as there are images without labels."""
        _, unlabelled = batch
        return super().fakes(unlabelled, step, player)

    @property
    def reports(self):
        """As of every game, and the classifier's loss and accuracy on its labelled batches."""
        return (*super().reports, "class_loss", "class_accuracy")

    def panels(self):
        """As of every game, and the classifier's two curves."""
        return [*super().panels(), Panel("classifier, labelled images", {"class_loss": "loss"})]

    def accuracy(self, images: np.ndarray, labels: np.ndarray) -> float:
        """The share of ``images`` (in [−1, 1]) whose likeliest class is their label."""
        return share_right(self.discriminator, images, labels)


class SemiSupervisedGAN(FewLabelsGAN):
    """The plain game with a classifier for a discriminator, which also learns from a few labelled images."""

    def discriminator_loss(self, real, fake, step):
        """To classify the labelled images, and to tell the unlabelled ones from fakes; what to report of both."""
        (images, labels), unlabelled = real
        labelled_logits = self.discriminator(self.warped(images, step, "labelled"), training=True)
        class_loss, accuracy = cross_entropy(labelled_logits, labels)
        unlabelled_logits = self.discriminator(self.warped(unlabelled, step, "unlabelled"), training=True)
        real_logits = real_logit(unlabelled_logits)
        fake_logits = real_logit(self.discriminator(fake, training=True))
        loss = self.adversarial_loss.discriminator(real_logits, fake_logits)
        report = {"d_loss": loss, "class_loss": class_loss, "class_accuracy": accuracy}
        total = class_loss + loss + self.unlabelled_loss(unlabelled, unlabelled_logits)
        return total, report | self.adversarial_loss.accuracies(real_logits, fake_logits)

    def unlabelled_loss(self, images, warped_logits):
        """What else images without labels teach, given the logits of the warped ones: here, nothing."""
        return 0.0

    def generator_loss(self, fake, step):
        """As of every game: that the discriminator takes the fakes for real, whichever class it finds in them."""
        loss = self.adversarial_loss.generator(real_logit(self.discriminator(fake, training=True)))
        return loss, {"g_loss": loss}


class FeatureMatchingGAN(SemiSupervisedGAN):
    """The generator only has to make the discriminator's mean features those of real images (Salimans et al., 2016).

    The discriminator's layer named ``"features"`` is the one that is matched.
    """

    def __init__(self, *players, **game):
        super().__init__(*players, **game)
        self.features = keras.Model(self.discriminator.inputs, self.discriminator.get_layer("features").output)

    def generator_step(self, real, step):
        """Move the mean features of fakes towards those of the unlabelled images; only the generator moves."""
        _, unlabelled = real
        seen = self.warped(unlabelled, step, "unlabelled")
        wanted = tf.reduce_mean(self.features(seen, training=True), axis=0)
        with tf.GradientTape() as tape:
            found = tf.reduce_mean(self.features(self.fakes(real, step, "generator"), training=True), axis=0)
            loss = tf.reduce_mean((found - wanted) ** 2)
        weights = self.generator.trainable_variables
        self.generator_optimizer.apply(tape.gradient(loss, weights), weights)
        return {"g_loss": loss}
