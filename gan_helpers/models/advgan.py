"""AdvGAN (Xiao et al., 2018, arXiv:1801.02610): a generator that learns to make adversarial examples.

An attack such as PGD asks the classifier for its gradient again and again, for every image anew. This generator asks
while it is trained. After that it makes a perturbation in one pass, and needs the classifier no more.
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from ..attacks import checked_images, into_range, margin, scaled_epsilon
from ..core import checkpoints, checks
from ..core.curves import Panel
from ..core.system import generate
from .classifier import check_labelled
from .gan import GAN


@checks.sizes()
def build_perturber(image_shape: tuple[int, int, int] = (28, 28, 1), width: int = 32) -> keras.Sequential:
    """Images (n, *image_shape) in [−1, 1] → numbers of any size and of the same shape, of which AdvGAN takes the tanh.

    Args:
        image_shape: (height, width, channels); height and width are multiples of 4.
        width: channels after the first layer; there are twice as many in the middle.
    """
    return keras.Sequential(
        [
            layers.Input(image_shape),
            layers.Conv2D(width, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2D(2 * width, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2D(2 * width, 3, padding="same", activation="relu"),
            layers.Conv2DTranspose(width, 4, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(image_shape[-1], 4, strides=2, padding="same"),
        ],
        name="generator",
    )


class AdvGAN(GAN):
    """The plain game with images in place of noise: a fake is an image, changed so that a classifier errs.

    A fake is x + ε tanh G(x), cut off at −1 and 1: its L∞ distance from the image is at most ε, whatever the generator
    answers. (The paper's third loss, which keeps perturbations small, is therefore not needed.) The discriminator tells
    changed images from those that are as they were. The classifier has a loss to be fooled, but learns nothing.

    Its source is a pair of arrays, ``(images, labels)``.

    Args:
        players: generator, images in [−1, 1] → numbers of the same shape; discriminator, images → logits (n, 1); an
            :class:`~gan_helpers.losses.AdversarialLoss`.
        classifier: the model to fool, images → logits (n, classes). Its weights never move.
        epsilon: the largest change of any number; on images in [−1, 1], so that 0.6 is the paper's 0.3 for MNIST.
        attack_weight: what the classifier's answer counts against the discriminator's.
        confidence: κ. The generator is content when a wrong class's logit exceeds the right one's by so much.
        game: ``seed``, ``average`` and ``d_steps``, as in :class:`~gan_helpers.models.game.AdversarialGame`.

    Raises:
        ValueError: the networks do not fit together, or a number makes no sense.
    """

    def __init__(
        self,
        *players,
        classifier: keras.Model,
        epsilon: float = scaled_epsilon(0.3),
        attack_weight: float = 1.0,
        confidence: float = 0.0,
        **game,
    ):
        super().__init__(*players, **game)
        taken = self.generator.input_shape[1:]
        if taken != self.example_shape:
            raise ValueError(f"the generator must answer in the shape of its images, {taken}; got {self.example_shape}")
        self.classifier = classifier
        self.epsilon = checks.not_negative("epsilon", epsilon)
        self.attack_weight = checks.not_negative("attack_weight", attack_weight)
        self.confidence = checks.not_negative("confidence", confidence)
        self._seen = None  # the images that it was last trained on; no step depends on them

    def identity(self):
        """As of every game, and the attack's settings; and which classifier it attacks."""
        return super().identity() | {
            "epsilon": self.epsilon,
            "attack_weight": self.attack_weight,
            "confidence": self.confidence,
            "classifier": checkpoints.digest([tuple(self.classifier.get_weights())]),
        }

    def check_source(self, number, source):
        """Images, and a label for each: an int from 0 to the number of the classifier's classes − 1."""
        classes = self.classifier(tf.zeros((1, *self.example_shape)), training=False).shape[-1]
        check_labelled(source, classes)
        super().check_source(number, source)
        self._seen = source[0]

    # ------------------------------------------------------------------------------------------- one step

    def fakes(self, batch, step, player):
        """The batch's images, changed; and their labels, which tell what they are to be taken for no more."""
        images, labels = batch
        return self.changed(self.generator, images, training=True), labels

    def changed(self, generator: keras.Model, images: tf.Tensor, training: bool) -> tf.Tensor:
        """x + ε tanh G(x), cut off at −1 and 1: float32, of the images' shape.

        The gradient passes as if nothing were cut off. Else a generator that has begun to darken a black background
        would hear nothing more from there: what it does to these pixels changes no image.
        """
        changed = images + self.epsilon * tf.tanh(generator(images, training=training))
        return tf.grad_pass_through(into_range)(changed)

    def discriminator_loss(self, real, fake, step):
        """As of every game; it does not see the labels."""
        (images, _), (changed, _) = real, fake
        return super().discriminator_loss(images, changed, step)

    def generator_loss(self, fake, step):
        """To pass for unchanged images, and to fool the classifier."""
        changed, labels = fake
        loss, report = super().generator_loss(changed, step)
        attack_loss, fooled = self.attack_loss(self.classifier(changed, training=False), labels)
        return loss + self.attack_weight * attack_loss, report | {"attack_loss": attack_loss, "fooled": fooled}

    def attack_loss(self, logits: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The mean of max(margin, −κ) (Carlini & Wagner, 2017, arXiv:1608.04644), and the share that is named wrongly.

        Args:
            logits: the classifier's answers to changed images, float (n, classes).
            labels: the right classes, ints, shape (n,).
        """
        margins = margin(logits, labels)
        fooled = tf.reduce_mean(tf.cast(margins < 0, tf.float32))
        return tf.reduce_mean(tf.maximum(margins, -self.confidence)), fooled

    # ---------------------------------------------------------------------------------------- to be watched

    @property
    def reports(self):
        """As of every game, and how far the classifier is fooled."""
        return (*super().reports, "attack_loss", "fooled")

    def panels(self):
        """As of every game, and the classifier's two curves."""
        attack = Panel("the classifier's margin", {"attack_loss": "margin, at least −κ"})
        return [*super().panels(), attack, Panel("success", {"fooled": "share that is named wrongly"})]

    def preview(self, n, seed=0):
        """``n`` changed images, of those that it was last trained on; ``None`` before the first training."""
        return None if self._seen is None else self.sample(n, seed)

    # ----------------------------------------------------------------------------------------- afterwards

    def perturb(self, images: np.ndarray) -> np.ndarray:
        """Adversarial examples, in one pass: float32 in [−1, 1], at most ε away from the images given.

        Args:
            images: float in [−1, 1], shape (n, height, width, channels).

        Raises:
            ValueError: they are no such images.
        """
        return generate(lambda batch, training: self.changed(self.sampler, batch, training), checked_images(images))

    def sample(self, n: int, seed: int = 0) -> np.ndarray:
        """``n`` changed images, of those that it was last trained on; float32 in [−1, 1].

        Args:
            n: how many.
            seed: chooses the images.

        Raises:
            ValueError: it has not been trained.
        """
        if self._seen is None:
            raise ValueError("AdvGAN makes its samples of the images that it was trained on: call train(…) first")
        n, seed = checks.count("n", n, least=0), checks.count("seed", seed, least=0)
        chosen = np.random.default_rng(seed).integers(len(self._seen), size=n)
        return self.perturb(np.asarray(self._seen)[chosen])
