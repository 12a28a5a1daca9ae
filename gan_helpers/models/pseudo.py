"""Pseudo-labels: learning from few labels without a second player (chapter 7).

The network names an image without a label. If it is sure, that name is taken for a label, and the network has to find
it again in the image moved to another place (Lee, 2013; Sohn et al., 2020, arXiv:2001.07685).
"""

from __future__ import annotations

import keras
import tensorflow as tf

from ..core import checks
from .classifier import Classifier, cross_entropy
from .sgan import shifted


class PseudoLabelClassifier(Classifier):
    """A classifier that learns from a few labels, and from those of its own answers that it is sure of.

    Its two sources are those of :class:`~gan_helpers.models.sgan.SemiSupervisedGAN`: a pair of arrays,
    ``(images, labels)``, and images without labels.

    Args:
        network: images in [−1, 1] → logits (n, classes).
        seed: chooses batches and shifts.
        shift: how far each image is moved at most, in pixels down or up, right or left.
        confidence: the probability from which on an answer is believed.
        weight: what the images without labels count; 0 leaves the plain classifier, which does not look at them.
    """

    n_sources = 2

    def __init__(
        self, network: keras.Model, seed: int = 0, shift: int = 0, confidence: float = 0.95, weight: float = 1.0
    ):
        super().__init__(network, seed)
        self.shift = checks.count("shift", shift, least=0)
        self.confidence = checks.probability("confidence", confidence)
        self.weight = checks.not_negative("weight", weight)

    def identity(self):
        """As of every system, and what is set here."""
        return super().identity() | {"shift": self.shift, "confidence": self.confidence, "weight": self.weight}

    def losses_of(self, step, images, labels, unlabelled):
        """The labels' cross-entropy, and ``weight`` times that of the believed answers."""
        images = shifted(images, self.shift, self.seed, step, "labelled")
        loss, accuracy = cross_entropy(self.network(images, training=True), labels)
        if self.weight:
            loss += self.weight * self.unlabelled_loss(unlabelled, step)
        return {"loss": loss, "accuracy": accuracy}

    def unlabelled_loss(self, unlabelled, step):
        """The cross-entropy of moved images, with the answers to the unmoved ones for labels: where they are sure."""
        answers = tf.nn.softmax(self.network(unlabelled, training=False))
        sure = tf.cast(tf.reduce_max(answers, axis=1) > self.confidence, tf.float32)
        moved = shifted(unlabelled, self.shift, self.seed, step, "unlabelled")
        logits = self.network(moved, training=True)
        names = tf.argmax(answers, axis=1)  # through which no gradient passes
        return tf.reduce_mean(sure * tf.nn.sparse_softmax_cross_entropy_with_logits(names, logits))
