"""Adversarial training (Madry et al., 2018, arXiv:1706.06083): a classifier that learns from attacks on itself.

Two players again, and one loss between them: min over the weights of E max over ‖δ‖ ≤ ε of the loss at x + δ. The
adversary has no weights. It begins anew at each batch, and PGD is how it looks for the largest loss.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from ..attacks import checked_norm, climb, into_range, random_in_ball, scaled_epsilon
from ..core import checks
from ..core.curves import Panel
from .classifier import Classifier, cross_entropy, random_shift


class RobustClassifier(Classifier):
    """A classifier that sees each training image only after an attack on it.

    Its source is a pair of arrays, ``(images, labels)``. Images are first shifted, as those of every
    :class:`~gan_helpers.models.classifier.Classifier`; then :func:`gan_helpers.attacks.pgd` with a random start
    attacks them, with the weights of that step.

    Args:
        network: images in [−1, 1] → logits (n, classes).
        seed: chooses batches, shifts and starts.
        epsilon: how far the attack may go; on images in [−1, 1], so that 0.6 is the paper's 0.3 for MNIST.
        step_size: how far one step of it goes. By default 2.5 ε / ``attack_steps``: far enough to come from anywhere in
            the ball to its edge.
        attack_steps: its steps. The paper has 40; each costs about as much as a training step without an attack.
        norm: ``"linf"`` or ``"l2"``.
        warm_up: so many training steps, over which ε and the step size grow to their full size. With a large ε from the
            start a network may go on answering the same to every image for a long time.
    """

    def __init__(
        self,
        network: keras.Model,
        seed: int = 0,
        epsilon: float = scaled_epsilon(0.3),
        step_size: float | None = None,
        attack_steps: int = 10,
        norm: str = "linf",
        warm_up: int = 0,
    ):
        super().__init__(network, seed)
        self.epsilon = checks.not_negative("epsilon", epsilon)
        self.attack_steps = checks.count("attack_steps", attack_steps)
        step_size = 2.5 * self.epsilon / self.attack_steps if step_size is None else step_size
        self.step_size = checks.not_negative("step_size", step_size)
        self.norm = checked_norm(norm)
        self.warm_up = checks.count("warm_up", warm_up, least=0)

    def identity(self):
        """As of every system, and the attack's settings."""
        names = ("epsilon", "step_size", "attack_steps", "norm", "warm_up")
        return super().identity() | {name: getattr(self, name) for name in names}

    def update(self, step, batch):
        """First the adversary changes the images; then the network takes a step on what it has made of them."""
        images, labels = batch
        images = tf.ensure_shape(random_shift(images, self.seed, step), images.shape)
        return super().update(step, (self.attacked(images, labels, step), labels))

    def attacked(self, images: tf.Tensor, labels: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        """The batch after an attack on the network as it is at ``step``.

        Args:
            images: float32 in [−1, 1], shape (n, *image_shape); n must be known.
            labels: ints, shape (n,).
            step: of the training; an int64 scalar.

        Returns:
            float32 images in [−1, 1], of the same shape.
        """
        grown = self.grown(step)
        epsilon, step_size = grown * self.epsilon, grown * self.step_size
        noise = random_in_ball(images.shape, epsilon, self.norm, self.seed, step, "start of an attack")
        starts, steps = into_range(images + noise), tf.constant(self.attack_steps)
        labels = tf.cast(labels, tf.int64)
        return climb(self.network, images, labels, starts, epsilon, step_size, steps, self.norm, False)

    def grown(self, step: tf.Tensor) -> tf.Tensor:
        """The part of their full size that ε and the step size have at ``step``: a float from 0 to 1."""
        if not self.warm_up:
            return tf.ones(())
        return tf.minimum(tf.cast(step, tf.float32) / self.warm_up, 1.0)

    def losses_of(self, step, images, labels):
        """The cross-entropy of attacked images, and how often the likeliest class is the right one."""
        loss, accuracy = cross_entropy(self.network(images, training=True), labels)
        return {"loss": loss, "accuracy": accuracy}

    def panels(self):
        """Loss and accuracy."""
        return [Panel("loss", {"loss": "loss"}), Panel("accuracy, attacked images", {"accuracy": "accuracy"})]
