"""Small dense networks for points on a line or in the plane, such as those of ``data/mixtures.py`` (chapter 1)."""

from __future__ import annotations

import keras
from keras import layers

from ..core import checks


@checks.sizes()
def build_point_generator(data_dim: int = 2, latent_dim: int = 2, width: int = 64) -> keras.Sequential:
    """Noise (n, latent_dim) → points (n, data_dim), anywhere; both float32."""
    return keras.Sequential(
        [
            layers.Input((latent_dim,)),
            layers.Dense(width, activation="relu"),
            layers.Dense(width, activation="relu"),
            layers.Dense(data_dim),
        ],
        name="generator",
    )


@checks.sizes()
def build_point_discriminator(data_dim: int = 2, width: int = 64) -> keras.Sequential:
    """Points (n, data_dim) → logits (n, 1); the probability of "real" is their sigmoid."""
    return keras.Sequential(
        [
            layers.Input((data_dim,)),
            layers.Dense(width),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Dense(width),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Dense(1),
        ],
        name="discriminator",
    )
