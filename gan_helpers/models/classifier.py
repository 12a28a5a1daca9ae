"""A small convolutional classifier. Trained on digits or clothes, it is the feature network of the chapters on them."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from ..core import checks, sampling
from ..core.curves import Panel
from ..core.system import check_examples, generate
from ..data.images import ImageDataset
from .learner import Learner, check_logits
from .recipe import Recipe

FEATURES = 64


@checks.sizes()
def build_classifier(image_shape: tuple[int, int, int] = (28, 28, 1), classes: int = 10) -> keras.Model:
    """Images in [−1, 1] → logits.

    The layer named ``"features"`` (64 numbers, no activation) is what Fréchet distance, precision, recall and
    coverage look at.

    Args:
        image_shape: (height, width, channels).
        classes: how many logits.

    Returns:
        A model from float32 (n, *image_shape) to float32 (n, classes).
    """
    return keras.Sequential(
        [
            layers.Input(image_shape),
            layers.Conv2D(32, 5, strides=2, padding="same", activation="relu"),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(FEATURES, name="features"),
            layers.ReLU(),
            layers.Dropout(0.3),
            layers.Dense(classes, name="logits"),
        ],
        name="classifier",
    )


class Classifier(Learner):
    """A network that names the class of an image, trained on labelled images that are shifted by up to two pixels.

    Its source is a pair of arrays, ``(images, labels)``. Called on images it answers with logits.

    Args:
        network: from :func:`build_classifier`.
        seed: chooses the batches and the shifts.
    """

    reports = ("loss", "accuracy")

    def __init__(self, network: keras.Model, seed: int = 0):
        check_logits("network", network, None)
        super().__init__(seed, network.input_shape[1:])
        self.network = network

    def networks(self):
        """The one network."""
        return {"classifier": self.network}

    def check_source(self, number, source):
        """Images, and a label for each: an int from 0 to the number of classes − 1. (Of a second source, images.)"""
        if number == 0:
            check_labelled(source, self.network.output_shape[-1])
        super().check_source(number, source)

    def losses_of(self, step, images, labels):
        """The cross-entropy, and how often the likeliest class is the right one."""
        logits = self.network(random_shift(images, self.seed, step), training=True)
        loss, accuracy = cross_entropy(logits, labels)
        return {"loss": loss, "accuracy": accuracy}

    def panels(self):
        """Loss and accuracy."""
        return [Panel("loss", {"loss": "loss"}), Panel("accuracy, shifted images", {"accuracy": "accuracy"})]

    def call(self, images, training=False):
        """The logits of images in [−1, 1]: float32 (n, *image_shape) → float32 (n, classes)."""
        return self.answering_network(images, training=training)

    def shipped(self):
        """The network that answers."""
        return {"classifier": self.answering_network}

    @property
    def answering_network(self) -> keras.Model:
        """The network whose answers count: the one that is trained, or a steadier one that a subclass makes of it."""
        return self.network

    def accuracy(self, images: np.ndarray, labels: np.ndarray) -> float:
        """The share of ``images`` (in [−1, 1]) whose likeliest class is the one that ``labels`` names."""
        return share_right(self.answering_network, images, labels)


def cross_entropy(logits: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The mean of −log of the labels' probabilities, and how often the likeliest class is the right one.

    Args:
        logits: float (n, classes).
        labels: ints, shape (n,).
    """
    labels = tf.cast(labels, tf.int64)
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
    right = tf.argmax(logits, axis=1) == labels
    return loss, tf.reduce_mean(tf.cast(right, tf.float32))


def share_right(network: keras.Model, images: np.ndarray, labels: np.ndarray) -> float:
    """The share of ``images`` whose largest logit is that of the class that ``labels`` names.

    Raises:
        ValueError: they are not what the network learns from, or there is not a label for each of them.
    """
    check_examples(images, network.input_shape[1:], "images")
    labels = checks.labels(labels, network.output_shape[-1], len(images))
    return float((generate(network, images).argmax(axis=1) == labels).mean())


def check_labelled(source, classes: int) -> None:
    """Raise a clear error unless ``source`` is a pair, examples and a label for each, an int from 0 to classes − 1."""
    if not (isinstance(source, tuple) and len(source) == 2):
        raise ValueError("labelled training data are a pair, (images, labels)")
    checks.labels(source[1], classes)


def random_shift(images: tf.Tensor, seed: int | sampling.Seed, step: tf.Tensor, pixels: int = 2) -> tf.Tensor:
    """Shift a whole batch by up to ``pixels`` in each direction, filling with −1 (black)."""
    height, width = images.shape[1:3]
    padded = tf.pad(images, [[0, 0], [pixels, pixels], [pixels, pixels], [0, 0]], constant_values=-1.0)
    corner = tf.random.stateless_uniform(
        (2,), sampling.step_seed(seed, step, "shift"), maxval=2 * pixels + 1, dtype=tf.int32
    )
    return padded[:, corner[0] : corner[0] + height, corner[1] : corner[1] + width]


def make_classifier(networks, learning_rate: float, jit_compile: bool, seed: int, steps: int) -> Classifier:
    """A classifier as its recipe has it, compiled, untrained: Adam, its rate falling to 0 along a cosine.

    Args:
        networks: the builder of the network.
        learning_rate: where the cosine starts.
        jit_compile: use XLA.
        seed: of batches and shifts.
        steps: where the cosine ends.
    """
    model = Classifier(networks(), seed)
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(keras.optimizers.Adam(rate), jit_compile=jit_compile)
    return model


def labelled_images(data: ImageDataset) -> tuple[tuple[np.ndarray, np.ndarray]]:
    """The classifier's source: training images and their labels."""
    return ((data.scaled(), data.train_labels),)


def score_accuracy(model: Classifier, data: ImageDataset, evaluator) -> dict[str, float]:
    """The share of test images that it names rightly; no evaluator is asked."""
    return {"test_accuracy": model.accuracy(data.scaled("test"), data.test_labels)}


RECIPE = Recipe(
    name="mnist_classifier",
    what="the judge of all digit chapters",
    make=make_classifier,
    settings=dict(networks=build_classifier, learning_rate=1e-3, jit_compile=False),
    steps=4680,
    score=score_accuracy,
    sources=labelled_images,
    every=60,
)

FASHION_RECIPE = replace(
    RECIPE, name="fashion_mnist_classifier", what="the judge of clothes", dataset="fashion_mnist", steps=3_900
)
