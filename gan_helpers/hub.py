"""Generators as TensorFlow's SavedModels, the form in which models are published on TensorFlow Hub.

The published progressive GAN, ``https://tfhub.dev/google/progan-128/1``, answers to ``signatures["default"]`` with
pictures in [0, 1]. So does what :func:`export` writes: code for the one works with the other.
"""

from __future__ import annotations

from pathlib import Path

import keras
import tensorflow as tf

from .data.manifest import DataError
from .scores.networks import patience

PROGAN_128 = "https://tfhub.dev/google/progan-128/1"


class Published(tf.Module):
    """A generator with the published one's signature.

    Args:
        generator: noise (n, latent_dim) → pictures in [−1, 1].
    """

    def __init__(self, generator: keras.Model):
        super().__init__()
        self.generator = generator
        noise = tf.TensorSpec((None, generator.input_shape[-1]), tf.float32, name="noise")
        self.signature = tf.function(self.pictures, input_signature=[noise])

    def pictures(self, noise: tf.Tensor) -> dict[str, tf.Tensor]:
        """Float32 (n, latent_dim) → float32 (n, height, width, channels) in [0, 1]."""
        images = self.generator(noise, training=False)
        return {"default": tf.clip_by_value((images + 1) / 2, 0.0, 1.0)}


def export(generator: keras.Model, folder: str | Path) -> None:
    """Write ``generator`` as a SavedModel, which runs without its Python code.

    Args:
        generator: noise (n, latent_dim) → pictures in [−1, 1].
        folder: is made, or its SavedModel is replaced.
    """
    module = Published(generator)
    tf.saved_model.save(module, str(folder), signatures={"default": module.signature})


def load(handle: str | Path):
    """A SavedModel from a folder or from TensorFlow Hub; its pictures are ``.signatures["default"](noise)["default"]``.

    Args:
        handle: a folder, or an address such as :data:`PROGAN_128`. An address needs a network and the package
            ``tensorflow_hub``, which keeps what it has downloaded.

    Raises:
        DataError: there is no such folder, the package is missing, or the address could not be reached.
    """
    if Path(handle).is_dir():
        return tf.saved_model.load(str(handle))
    if "://" not in str(handle):
        raise DataError(f"there is no folder {handle}; hub.export(generator, folder) writes one")
    try:
        import tensorflow_hub
    except ImportError:
        raise DataError(
            f"{handle} is on TensorFlow Hub, and the package that\nfetches from there is not installed: "
            "pip install tensorflow-hub. A folder that hub.export\nwrote needs neither."
        ) from None
    try:
        with patience(seconds=20):
            return tensorflow_hub.load(str(handle))
    except Exception as error:
        raise DataError(
            f"{handle} is not on this machine and could not be downloaded ({error}). "
            "Run this once with a network connection, or load a folder that hub.export wrote."
        ) from None
