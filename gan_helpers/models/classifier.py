"""A small convolutional classifier: the judge whose features and answers measure every generator of the course."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from .. import sampling

FEATURES = 64


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


def train_classifier(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    steps: int,
    batch_size: int = 128,
    learning_rate: float = 1e-3,
    seed: int = 0,
    verbose: int = 0,
) -> keras.Model:
    """Train with Adam, a cosine-decayed learning rate, and random shifts of up to two pixels.

    Args:
        model: from :func:`build_classifier`.
        images: float32 in [−1, 1], shape (n, height, width, channels).
        labels: int64, shape (n,).
        steps: how many batches.
        batch_size: examples a batch.
        learning_rate: where the cosine starts; it ends at 0.
        seed: chooses the order of the examples and their shifts.
        verbose: as in Keras' ``fit``.

    Returns:
        ``model``, trained in place.
    """
    data = sampling.batches(images, labels, batch_size=batch_size, stop=steps, seed=seed)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(
        keras.optimizers.Adam(schedule),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,
    )
    model.fit(data.map(lambda step, x, y: (random_shift(x, seed, step), y)), shuffle=False, verbose=verbose)
    return model


def random_shift(images: tf.Tensor, seed: int, step: tf.Tensor, pixels: int = 2) -> tf.Tensor:
    """Shift a whole batch by up to ``pixels`` in each direction, filling with −1 (black)."""
    height, width = images.shape[1:3]
    padded = tf.pad(images, [[0, 0], [pixels, pixels], [pixels, pixels], [0, 0]], constant_values=-1.0)
    corner = tf.random.stateless_uniform(
        (2,), sampling.step_seed(seed, step, "shift"), maxval=2 * pixels + 1, dtype=tf.int32
    )
    return padded[:, corner[0] : corner[0] + height, corner[1] : corner[1] + width]
