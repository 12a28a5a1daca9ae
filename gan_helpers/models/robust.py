"""Adversarial training (Madry et al., 2018, arXiv:1706.06083): a classifier that learns from attacks on itself.

Two players again, and one loss between them: min over the weights of E max over ‖δ‖ ≤ ε of the loss at x + δ. The
adversary has no weights. It begins anew at each batch, and PGD is how it looks for the largest loss.
"""

from __future__ import annotations

import functools

import keras
import tensorflow as tf
from keras import layers

from ..attacks import checked_norm, climb, into_range, pgd, random_in_ball, scaled_epsilon
from ..core import checks
from ..core.curves import Panel
from ..data.images import ImageDataset
from .classifier import Classifier, cross_entropy, labelled_images, random_shift
from .recipe import Recipe


@checks.sizes()
def build_small_classifier(width: int = 16, hidden: int = 100) -> keras.Sequential:
    """Digits in [−1, 1] → logits: two convolutions with stride 2, so small that attacks in every step are affordable.

    With the defaults it is the network of Wong, Rice & Kolter (2020, arXiv:2001.03994).

    Args:
        width: channels of the first convolution; the second has twice as many.
        hidden: numbers between the two dense layers.
    """
    return keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(width, 4, strides=2, padding="same", activation="relu"),
            layers.Conv2D(2 * width, 4, strides=2, padding="same", activation="relu"),
            layers.Flatten(),
            layers.Dense(hidden, activation="relu"),
            layers.Dense(10),
        ],
        name="small_classifier",
    )


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
        attack_steps: its steps. The paper has 40; each costs about as much as a training step without an attack. With
            none, images are only moved to a random point of the ball; with an ε of 0 nothing is left of the adversary.
        norm: ``"linf"`` or ``"l2"``.
        warm_up: so many training steps, over which ε and the step size grow to their full size. With a large ε from the
            start a network may go on answering the same to every image for a long time.
        shift: by how many pixels a batch is shifted at most, in each direction.
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
        shift: int = 2,
    ):
        super().__init__(network, seed)
        self.epsilon = checks.not_negative("epsilon", epsilon)
        self.attack_steps = checks.count("attack_steps", attack_steps, least=0)
        step_size = 2.5 * self.epsilon / max(self.attack_steps, 1) if step_size is None else step_size
        self.step_size = checks.not_negative("step_size", step_size)
        self.norm = checked_norm(norm)
        self.warm_up = checks.count("warm_up", warm_up, least=0)
        self.shift = checks.count("shift", shift, least=0)

    def identity(self):
        """As of every system, and the attack's settings."""
        names = ("epsilon", "step_size", "attack_steps", "norm", "warm_up", "shift")
        return super().identity() | {name: getattr(self, name) for name in names}

    def update(self, step, batch):
        """First the adversary changes the images; then the network takes a step on what it has made of them."""
        images, labels = batch
        images = tf.ensure_shape(random_shift(images, self.seed, step, self.shift), images.shape)
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


def make_robust(
    networks,
    learning_rate: float,
    attack_steps: int,
    warm_up: int,
    shift: int,
    jit_compile: bool,
    seed: int,
    steps: int,
) -> RobustClassifier:
    """A robust classifier as its recipe has it, compiled, untrained: Adam, its rate falling to 0 along a cosine.

    Args:
        networks: the builder of the network.
        learning_rate: where the cosine starts.
        attack_steps: of the adversary, whose ε is the paper's 0.3.
        warm_up: training steps until it has this ε.
        shift: pixels by which a batch is shifted at most.
        jit_compile: use XLA.
        seed: of batches, shifts and starts.
        steps: where the cosine ends.
    """
    model = RobustClassifier(networks(), seed, attack_steps=attack_steps, warm_up=warm_up, shift=shift)
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(keras.optimizers.Adam(rate), jit_compile=jit_compile)
    return model


def score_robustness(model: RobustClassifier, data: ImageDataset, evaluator) -> dict[str, float]:
    """The share of test images that it names rightly, and of the first 1,000 after PGD with 40 steps at ε = 0.3."""
    images, labels = data.scaled("test"), data.test_labels
    few, right = images[:1000], labels[:1000]
    epsilon = scaled_epsilon(0.3)
    attacked = pgd(model, few, right, epsilon, scaled_epsilon(0.01), steps=40)
    return {"test_accuracy": model.accuracy(images, labels), "pgd_40_accuracy": model.accuracy(attacked, right)}


RECIPE = Recipe(
    name="robust_mnist",
    what="a classifier that has learned from attacks on itself",
    make=make_robust,
    settings=dict(
        networks=functools.partial(build_small_classifier, width=32, hidden=128), learning_rate=2e-3, attack_steps=4,
        warm_up=500, shift=0, jit_compile=False,
    ),
    steps=3_000,
    score=score_robustness,
    sources=labelled_images,
    every=100,
)  # fmt: skip
