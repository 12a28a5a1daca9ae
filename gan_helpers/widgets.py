"""Explorers with sliders, each with a static twin that draws the same thing for readers of the saved page."""

from __future__ import annotations

import ipywidgets
import keras
import numpy as np
from IPython.display import display
from matplotlib.figure import Figure

from . import plots
from .models.game import generate, latent_noise


def latent_plane(latent_dim: int, seed: int, a, b) -> np.ndarray:
    """Points z₀ + a·u + b·v of a plane through latent space.

    Args:
        latent_dim: numbers a latent vector.
        seed: chooses z₀ (a Gaussian sample) and u, v (orthogonal, of length 1).
        a: steps along u, any shape.
        b: steps along v, the same shape.

    Returns:
        float32, shape (number of steps, latent_dim).
    """
    start, *pair = latent_noise(3, latent_dim, seed)
    directions, _ = np.linalg.qr(np.stack(pair, axis=1))
    steps = np.stack([np.ravel(a), np.ravel(b)], axis=1)
    return (start + steps @ directions.T).astype(np.float32)


def latent_explorer(generator: keras.Model, reach: float = 6.0) -> None:
    """Sliders that walk over a plane of latent space; see :func:`latent_map` for its static twin.

    Args:
        generator: noise (n, latent_dim) → images in [−1, 1].
        reach: how far the sliders go. A Gaussian vector has a length of about √latent_dim; far outside, the
            generator was never trained.
    """

    def show(seed=0, a=0.0, b=0.0):
        point = latent_plane(generator.input_shape[-1], seed, a, b)
        display(plots.image_grid(generate(generator, point), columns=1, scale=2.2))

    step = ipywidgets.FloatSlider(min=-reach, max=reach, step=reach / 20)
    seed = ipywidgets.IntSlider(min=0, max=99, description="start (seed)")
    ipywidgets.interact(show, seed=seed, a=step, b=ipywidgets.FloatSlider(min=-reach, max=reach, step=reach / 20))


def latent_map(generator: keras.Model, seed: int = 0, reach: float = 6.0, side: int = 9) -> Figure:
    """The plane that :func:`latent_explorer` walks over, as a grid: a from left to right, b from top to bottom."""
    b, a = np.meshgrid(np.linspace(-reach, reach, side), np.linspace(-reach, reach, side), indexing="ij")
    images = generate(generator, latent_plane(generator.input_shape[-1], seed, a, b))
    return plots.image_grid(images, columns=side, title=f"→ a and ↓ b, from −{reach:g} to {reach:g}")
