"""Pseudo-labels: learning from few labels without a second player, or with one (chapter 7).

The network's own answer about an image without a label serves as its label (Lee, 2013). It counts only if the network
is confident, and the network has to give it again for the image warped (Sohn et al., 2020, arXiv:2001.07685). A
steadier network can give the answers.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from ..augmentation import warp
from ..core import checks
from ..core.system import copy_variables
from .classifier import Classifier, cross_entropy
from .game import follow_weights
from .sgan import FeatureMatchingGAN


def pseudo_label_loss(answers: tf.Tensor, logits: tf.Tensor, confidence: float) -> tf.Tensor:
    """The cross-entropy of ``logits`` with the likeliest classes of ``answers``; 0 where these are not confident.

    Args:
        answers: logits of the images as they are, float (n, classes). No gradient passes through them.
        logits: of the same images, warped.
        confidence: the probability above which an answer is believed.

    Returns:
        A float scalar, the mean over all images: a single confident answer counts no more than it would among many.
    """
    probabilities = tf.nn.softmax(answers)
    confident = tf.cast(tf.reduce_max(probabilities, axis=1) > confidence, logits.dtype)
    pseudo_labels = tf.argmax(probabilities, axis=1)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(pseudo_labels, logits)
    return tf.reduce_mean(confident * losses)


class PseudoLabelClassifier(Classifier):
    """A classifier that learns from a few labels, and from its own confident answers.

    Its two sources are those of :class:`~gan_helpers.models.sgan.SemiSupervisedGAN`: a pair of arrays,
    ``(images, labels)``, and images without labels.

    Args:
        network: images in [−1, 1] → logits (n, classes).
        seed: chooses batches and warps.
        warp: how strongly each image is changed; see :func:`gan_helpers.augmentation.warp`.
        confidence: the probability above which an answer is believed.
        weight: what the images without labels count; 0 leaves the plain classifier, which does not look at them.
    """

    n_sources = 2

    def __init__(
        self, network: keras.Model, seed: int = 0, warp: float = 0.0, confidence: float = 0.95, weight: float = 1.0
    ):
        super().__init__(network, seed)
        self.warp = checks.not_negative("warp", warp)
        self.confidence = checks.probability("confidence", confidence)
        self.weight = checks.not_negative("weight", weight)

    def identity(self):
        """As of every system, and what is set here."""
        return super().identity() | {"warp": self.warp, "confidence": self.confidence, "weight": self.weight}

    def losses_of(self, step, images, labels, unlabelled):
        """The labels' cross-entropy, and ``weight`` times that of the believed answers."""
        images = warp(images, self.seed, step, "labelled", self.warp)
        loss, accuracy = cross_entropy(self.network(images, training=True), labels)
        if self.weight:
            loss += self.weight * self.unlabelled_loss(unlabelled, step)
        return {"loss": loss, "accuracy": accuracy}

    def unlabelled_loss(self, unlabelled, step):
        """To find in the warped images what it sees in the images as they are, where it is confident."""
        warped = warp(unlabelled, self.seed, step, "unlabelled", self.warp)
        answers = self.answering_network(unlabelled, training=False)
        return pseudo_label_loss(answers, self.network(warped, training=True), self.confidence)


class MeanTeacher(PseudoLabelClassifier):
    """Pseudo-labels from a steadier network: a running average of the weights gives them.

    (Tarvainen & Valpola, 2017, arXiv:1703.01780. They compare the probabilities of the two networks.) Afterwards, too,
    it is the average that answers.

    Args:
        network: images in [−1, 1] → logits (n, classes).
        average: how much of the average remains in each step; see :func:`gan_helpers.models.game.follow_weights`.
        settings: of :class:`PseudoLabelClassifier`.
    """

    def __init__(self, network: keras.Model, *arguments, average: float = 0.999, **settings):
        super().__init__(network, *arguments, **settings)
        self.average = checks.memory("average", average)
        self.teacher = keras.models.clone_model(network)
        copy_variables(network, self.teacher)

    def state(self):
        """The average."""
        return {"teacher": self.teacher}

    def identity(self):
        """As before, and how long the average remembers."""
        return super().identity() | {"average": self.average}

    def follow(self, step):
        """Move the average a little towards the weights."""
        follow_weights(self.teacher, self.network, self.average, step)

    def restart(self, seed):
        """As of every system; the average begins at the new weights."""
        super().restart(seed)
        copy_variables(self.network, self.teacher)

    @property
    def answering_network(self):
        """The average."""
        return self.teacher


class PseudoLabelGAN(FeatureMatchingGAN):
    """Both: the game with feature matching, whose discriminator learns from its own confident answers, too.

    (Wei et al., 2018, arXiv:1803.01541, add consistency to a semi-supervised GAN in another way.)

    Args:
        players: generator, discriminator and loss, as of :class:`~gan_helpers.models.sgan.SemiSupervisedGAN`.
        confidence: the probability above which an answer is believed.
        game: the game's other settings.
    """

    def __init__(self, *players, confidence: float = 0.95, **game):
        super().__init__(*players, **game)
        self.confidence = checks.probability("confidence", confidence)

    def identity(self):
        """As of the game, and the confidence."""
        return super().identity() | {"confidence": self.confidence}

    def unlabelled_loss(self, images, warped_logits):
        """To find in the warped images what the discriminator sees in the images as they are."""
        answers = self.discriminator(images, training=False)
        return pseudo_label_loss(answers, warped_logits, self.confidence)
