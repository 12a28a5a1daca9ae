"""Feature networks that were trained on other pictures than the course's."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import keras
from keras import layers

from ..core import checks
from ..data.manifest import DataError

INCEPTION_SIZE = 299  # pixels a side that InceptionV3 was trained on


def load_inception(image_shape: tuple[int, int, int] = (28, 28, 1), weights: str | None = "imagenet") -> keras.Model:
    """Keras' InceptionV3 (Szegedy et al., 2015, arXiv:1512.00567) as a judge for :class:`~gan_helpers.Evaluator`.

    The layer ``"features"`` holds 2,048 numbers (the average pool), so a Fréchet distance needs at least 2,049 samples
    a side. The weights are Keras' own, not those of the network that published "FID" tables were computed with (Heusel
    et al., 2017): distances measured here cannot be compared with those tables.

    Args:
        image_shape: (height, width, channels) of the images, which are enlarged to 299 × 299; 1 channel is tripled.
        weights: ``"imagenet"`` downloads 96 MB once, over HTTPS, into Keras' cache, where Keras checks their
            digest. ``None``: random weights.

    Returns:
        A model from float32 (n, *image_shape) in [−1, 1] to the logits of ImageNet's 1,000 classes.

    Raises:
        ValueError: the images have neither 1 nor 3 channels.
        DataError: the weights are not on this machine and cannot be downloaded, or are damaged.
    """
    if checks.image_shape("image_shape", image_shape)[-1] not in (1, 3):
        raise ValueError(f"images must have 1 or 3 channels, got {image_shape[-1]}")
    try:
        with patience(seconds=20):
            network = keras.applications.InceptionV3(weights=weights, classifier_activation=None)
    except Exception as error:
        raise DataError(
            f"The weights of Keras' InceptionV3 (96 MB) are not on this machine and could not be downloaded ({error}). "
            "Run this once with a network connection (Keras keeps them for the next time), "
            "or stay with the course's own judge, gh.zoo.evaluator, which needs no network."
        ) from None
    images = layers.Input(image_shape)
    x = layers.Resizing(INCEPTION_SIZE, INCEPTION_SIZE)(images)
    if image_shape[-1] == 1:
        x = layers.Concatenate()([x, x, x])
    pooled = keras.Model(network.inputs, network.get_layer("avg_pool").output, name="trunk")(x)
    features = layers.Identity(name="features")(pooled)
    return keras.Model(images, network.get_layer("predictions")(features), name="inception_v3")


@contextlib.contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Give up on a network that does not answer for ``seconds``; by default Python would wait for minutes."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
