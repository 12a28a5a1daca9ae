"""Points on a line and in the plane: the small games of chapter 1, and latent spaces of two numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from scipy.special import expit, ndtri

from ..data.mixtures import GaussianMixture
from .plots import FAKE, GREEN, GREY, REAL, TEN_COLOURS, tile

LIGHT_ON_BLACK = ["white" if color == "#000000" else color for color in TEN_COLOURS]
D_COLOURS = LinearSegmentedColormap.from_list("D(x)", ["#F0AC4A", "white", "#74B5E4"])  # fake … undecided … real


def draw_line_game(
    axes: Axes, mixture: GaussianMixture, fakes: np.ndarray, discriminator: Callable, reach: float = 4.5
) -> None:
    """Data density, fakes and the discriminator's answer D(x), on the line from −reach to reach.

    Args:
        axes: where to draw.
        mixture: the data, on a line.
        fakes: generated points, shape (n, 1).
        discriminator: points (n, 1) → logits (n, 1).
        reach: how far to both sides.
    """
    x = np.linspace(-reach, reach, 300, dtype=np.float32)[:, np.newaxis]
    axes.fill_between(x[:, 0], mixture.density(x), color=REAL, alpha=0.25, label="data")
    each = 90 / (2 * reach * len(fakes))  # what one fake adds to its bin's density; those out of reach count as well
    weights = np.full(len(fakes), each)
    axes.hist(fakes[:, 0], bins=90, range=(-reach, reach), weights=weights, color=FAKE, alpha=0.6, label="fakes")
    axes.plot(x[:, 0], expit(np.asarray(discriminator(x))[:, 0]), color=GREEN, label="D(x)")
    axes.axhline(0.5, color=GREY, linestyle="--", linewidth=1)
    axes.set(xlim=(-reach, reach), ylim=(0, 1.05), xlabel="x", ylabel="density, and D(x)")


def draw_plane_game(
    axes: Axes, real: np.ndarray, fakes: np.ndarray, discriminator: Callable, reach: float = 3.0
) -> None:
    """Real points, fakes, and the discriminator's answer D(x) as the colour behind them.

    Args:
        axes: where to draw.
        real: shape (n, 2).
        fakes: shape (m, 2).
        discriminator: points (n, 2) → logits (n, 1).
        reach: the square shown goes from −reach to reach.
    """
    side = np.linspace(-reach, reach, 60, dtype=np.float32)
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    answer = expit(np.asarray(discriminator(grid))).reshape(len(side), len(side))
    axes.contourf(side, side, answer, levels=np.linspace(0, 1, 9), cmap=D_COLOURS)
    axes.scatter(*real.T, s=4, color=REAL, linewidths=0, label="data")
    axes.scatter(*fakes.T, s=4, color="black", linewidths=0, label="fakes")
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), xticks=[], yticks=[], aspect="equal")
    axes.grid(False)


def moved_apart(places: np.ndarray, least: float) -> np.ndarray:
    """``places``, shape (n, 2), moved so that no two are nearer to each other than ``least``, or hardly so."""
    places = places + 1e-3 * least * np.arange(len(places))[:, np.newaxis]  # two equal places differ, too
    for _ in range(200):
        gaps = places[:, np.newaxis] - places
        distance = np.linalg.norm(gaps, axis=-1, keepdims=True) + np.eye(len(places))[..., np.newaxis]
        missing = np.clip(least - distance, 0, None) * (1 - np.eye(len(places)))[..., np.newaxis]
        if not missing.any():
            break
        places = places + (missing * gaps / distance).sum(axis=1) / 2
    return places


def draw_codes(axes: Axes, codes: np.ndarray, labels: np.ndarray, class_names: Sequence[str]) -> None:
    """Two-dimensional codes as dots coloured by class, with each class's name where its median lies and in a legend.

    Where medians lie close together, the names move apart, and a line leads from each name to its median.
    """
    present = [label for label in range(len(class_names)) if (labels == label).any()]
    for label in present:
        style = {"color": TEN_COLOURS[label % 10], "markeredgewidth": 0, "label": class_names[label]}
        axes.plot(*codes[labels == label].T, ".", markersize=4, alpha=0.5, **style)
    medians = np.array([np.median(codes[labels == label], axis=0) for label in present])
    span = np.ptp(codes, axis=0) + 1e-9
    for label, median, place in zip(present, medians, moved_apart(medians / span, 0.07) * span, strict=True):
        color = TEN_COLOURS[label % 10]
        axes.annotate(
            class_names[label], median, place, ha="center", va="center", fontweight="bold", fontsize=9, clip_on=True,
            bbox={"boxstyle": "circle,pad=0.15", "facecolor": "white", "edgecolor": color, "alpha": 0.8},
            arrowprops={"arrowstyle": "-", "color": color},
        )  # fmt: skip
    axes.set(xlabel="$z_1$", ylabel="$z_2$")
    legend = axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), markerscale=3, handletextpad=0.1)
    for handle in legend.legend_handles:
        handle.set_alpha(1)


def latent_scatter(codes: np.ndarray, labels: np.ndarray, class_names: Sequence[str], title: str = "") -> Figure:
    """Where each example lies in a two-dimensional latent space.

    Args:
        codes: shape (n, 2).
        labels: ints, shape (n,): used for colour, and named in words as well.
        class_names: what each label means.
        title: a line above.
    """
    figure = Figure(figsize=(6.5, 5))
    axes = figure.subplots()
    draw_codes(axes, codes, labels, class_names)
    axes.set_title(title)
    return figure


def manifold_grid(
    decode: Callable[[np.ndarray], np.ndarray], side: int = 15, scale: float = 0.4,
    classify: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Figure:  # fmt: skip
    """What a decoder makes of a two-dimensional Gaussian latent space, each picture standing for an equal share of it.

    Rows and columns are the Gaussian's quantiles: dense in the middle, where most of the samples come from.

    Args:
        decode: codes (n, 2) → images in [−1, 1].
        side: pictures a row.
        scale: inches a picture.
        classify: images → labels, ints. If given, each picture's label stands in its lower left corner, in its colour.
    """
    quantiles = ndtri((np.arange(side) + 0.5) / side)
    z2, z1 = np.meshgrid(quantiles[::-1], quantiles, indexing="ij")  # z₂ grows upwards
    figure = Figure(figsize=(side * scale, side * scale))
    axes = figure.subplots()
    images = decode(np.stack([z1.ravel(), z2.ravel()], axis=1).astype(np.float32))
    picture = tile(images, side, gap=0)
    axes.imshow(picture)
    cell = picture.shape[0] / side
    lines = cell * np.arange(1, side) - 0.5  # between the pictures
    axes.hlines(lines, *axes.get_xlim(), color=GREY, linewidth=0.4)
    axes.vlines(lines, *axes.get_ylim(), color=GREY, linewidth=0.4)
    for i, label in enumerate([] if classify is None else classify(images)):
        corner = (i % side + 0.06) * cell, (i // side + 0.94) * cell
        axes.text(*corner, str(label), color=LIGHT_ON_BLACK[label % 10], fontsize=6.5, fontweight="bold", va="bottom")
    middles = cell * (np.arange(side) + 0.5) - 0.5
    axes.set_xticks(middles, [f"{z:.1f}" for z in quantiles], fontsize=8)
    axes.set_yticks(middles, [f"{z:.1f}" for z in quantiles[::-1]], fontsize=8)
    axes.set(xlabel="$z_1$", ylabel="$z_2$")
    axes.grid(False)
    return figure
