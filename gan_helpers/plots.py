"""Pictures in one style. Every function returns a matplotlib ``Figure``; the last line of a cell shows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import matplotlib as mpl
import numpy as np
from IPython import get_ipython
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, StrMethodFormatter
from matplotlib_inline.backend_inline import set_matplotlib_formats
from scipy.special import expit, ndtri

from .curves import Curves, Panel, game_panels
from .datasets import to_uint8
from .toys import GaussianMixture

# Okabe & Ito's palette: told apart by every kind of colour vision.
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW, GREY = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#7F7F7F",
)  # fmt: skip
REAL, FAKE, GENERATOR, DISCRIMINATOR = BLUE, ORANGE, ORANGE, BLUE
D_COLOURS = LinearSegmentedColormap.from_list("D(x)", ["#F0AC4A", "white", "#74B5E4"])  # fake … undecided … real

STYLE = {
    "axes.prop_cycle": mpl.cycler(color=[BLUE, ORANGE, GREEN, RED, PURPLE, SKY, GREY]),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.labelsize": 10,
    "figure.dpi": 90,
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "grid.alpha": 0.3,
    "image.cmap": "gray",
    "image.interpolation": "nearest",
    "legend.frameon": False,
    "lines.linewidth": 1.6,
}


def use_style() -> None:
    """Make the course's style the default for everything drawn from now on."""
    mpl.rcParams.update(STYLE)
    shell = get_ipython()
    if hasattr(shell, "kernel"):  # matplotlib would do this at the first plt.figure(): too late for our Figures
        shell.run_line_magic("matplotlib", "inline")
        set_matplotlib_formats("retina")  # twice the pixels at the same size: today's screens show them


def tile(images: np.ndarray, columns: int, gap: int = 2) -> np.ndarray:
    """Lay images out in one big picture.

    Args:
        images: uint8, or float in [−1, 1]; shape (n, height, width, 1 or 3).
        columns: images a row.
        gap: pixels of white between them.

    Returns:
        uint8, shape (H, W, 3).
    """
    images = np.asarray(images)
    if images.dtype != np.uint8:
        images = to_uint8(images)
    n, height, width, channels = images.shape
    if channels == 1:
        images = np.repeat(images, 3, axis=-1)
    rows = -(-n // columns)
    canvas = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, 3), 255, np.uint8)
    for i, image in enumerate(images):
        top, left = (i // columns) * (height + gap), (i % columns) * (width + gap)
        canvas[top : top + height, left : left + width] = image
    return canvas


def show_tiles(axes: Axes, images: np.ndarray, columns: int, title: str = "") -> None:
    """Draw :func:`tile` into ``axes``, without ticks."""
    axes.imshow(tile(images, columns))
    axes.set_axis_off()
    axes.set_title(title)


def image_grid(images: np.ndarray, columns: int = 10, title: str = "", scale: float = 0.55) -> Figure:
    """A grid of images.

    Args:
        images: as in :func:`tile`.
        columns: images a row.
        title: a line above.
        scale: inches an image.
    """
    rows = -(-len(images) // columns)
    figure = Figure(figsize=(columns * scale, rows * scale + 0.3 * bool(title)))
    show_tiles(figure.subplots(), images, columns, title)
    return figure


def compare_grids(sets: dict[str, np.ndarray], columns: int = 8, scale: float = 0.42) -> Figure:
    """Several grids side by side, each with its name above; ``sets`` maps name → images."""
    rows = max(-(-len(images) // columns) for images in sets.values())
    figure = Figure(figsize=(len(sets) * (columns * scale + 0.2), rows * scale + 0.4))
    for axes, (name, images) in zip(figure.subplots(1, len(sets), squeeze=False)[0], sets.items(), strict=True):
        show_tiles(axes, images, columns, name)
    return figure


def samples_over_time(snapshots: dict[int, np.ndarray], scale: float = 0.5) -> Figure:
    """One row a snapshot (step → images), each column the same noise: watch one vector's picture change."""
    per_row = len(next(iter(snapshots.values())))
    figure = Figure(figsize=(per_row * scale + 0.8, len(snapshots) * scale))
    for axes, (step, images) in zip(
        figure.subplots(len(snapshots), 1, squeeze=False)[:, 0], snapshots.items(), strict=True
    ):
        axes.imshow(tile(images, per_row))
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        axes.grid(False)
        axes.set_ylabel(f"{step:,}", rotation=0, ha="right", va="center")
    figure.supylabel("step", fontsize=10)
    return figure


# ----------------------------------------------------------------------------- games on a line and in the plane


def two_players() -> Figure:
    """The diagram of the game: who sees what, and what each learns from."""
    figure = Figure(figsize=(7.6, 2.5))
    axes = figure.subplots()
    axes.set(xlim=(0, 15.2), ylim=(-0.7, 4.4))
    axes.set_axis_off()
    boxes = {
        "noise $z$": (1.0, 1.1, "white"),
        "generator $G$": (4.3, 1.1, FAKE),
        "fake $G(z)$": (7.8, 1.1, "white"),
        "data $x$": (7.8, 3.7, "white"),
        "discriminator $D$": (11.6, 2.4, REAL),
    }
    for name, (x, y, color) in boxes.items():
        style = {"boxstyle": "round,pad=0.6", "facecolor": to_rgba(color, 0.35), "edgecolor": GREY}
        axes.text(x, y, name, ha="center", va="center", fontsize=11, bbox=style)

    def arrow(start, end, **line):
        axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": "black"} | line)

    for start, end in (
        ((2.0, 1.1), (2.8, 1.1)),
        ((5.9, 1.1), (6.6, 1.1)),
        ((9.0, 1.3), (9.9, 2.0)),
        ((8.8, 3.5), (9.9, 2.9)),
    ):
        arrow(start, end)
    arrow((13.4, 2.4), (14.1, 2.4))
    axes.text(14.2, 2.4, "real?", va="center", fontsize=11)
    learns = {"linestyle": "--", "color": GREY}
    arrow((14.6, 2.8), (11.8, 3.0), connectionstyle="arc3,rad=0.5", **learns)
    arrow((11.6, 1.8), (4.3, 0.5), connectionstyle="arc3,rad=-0.3", **learns)
    axes.text(13.2, 4.0, "$D$ learns", ha="center", color=GREY)
    axes.text(9.6, -0.6, "$G$ learns, through $D$", ha="center", color=GREY)
    return figure


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


# ------------------------------------------------------------------------------------------ learning curves


COLOURS = {
    "d_loss": DISCRIMINATOR,
    "g_loss": GENERATOR,
    "real_accuracy": REAL,
    "fake_accuracy": FAKE,
    "frechet_distance": GREEN,
}


def draw_panel(axes: Axes, curves: Curves, panel: Panel) -> None:
    """Draw the curves of one panel, as far as they were recorded, and its guides as dashed lines."""
    colours = {}
    for name, label in panel.curves.items():
        (line,) = axes.plot(*curves[name], marker=panel.marker, color=COLOURS.get(name), label=label)
        colours[name] = line.get_color()
    for name, level in panel.guides.items():
        axes.axhline(level, color=colours.get(name, GREY), linestyle="--", linewidth=1)
    if panel.log:
        log_axis(axes)
    axes.set(ylim=panel.limits)
    axes.set_title(panel.title)
    if len(panel.curves) > 1:
        legend_above(axes)


def quality_panel(floor: float | None = None) -> Panel:
    """Fréchet distance over time; dashed: its floor, what real held-out images score."""
    title = "Fréchet distance, lower is better" + (" (dashed: real images)" if floor is not None else "")
    return Panel(title, {"frechet_distance": ""}, {} if floor is None else {"floor": floor}, log=True, marker=".")


def legend_above(axes: Axes) -> None:
    """A legend on the title's line, at the right, where it hides no curve."""
    axes.legend(loc="lower right", bbox_to_anchor=(1, 0.97), ncols=2, fontsize=8, borderaxespad=0)


def log_axis(axes: Axes) -> None:
    """A logarithmic vertical axis with plain numbers at 1, 2 and 5 times each power of ten."""
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
    axes.yaxis.set_minor_formatter("")


def draw_panels(axes: Sequence[Axes], curves: Curves, panels: Sequence[Panel]) -> None:
    """One panel into each of ``axes``."""
    for panel_axes, panel in zip(axes, panels, strict=True):
        draw_panel(panel_axes, curves, panel)


def learning_curves(
    curves: Curves, equilibrium: tuple[float, float] | None = None, floor: float | None = None
) -> Figure:
    """Losses of a game, accuracies and quality, as far as they were recorded, over the steps.

    Args:
        curves: of a game.
        equilibrium: the two losses when the discriminator can only guess.
        floor: what real held-out images score.
    """
    panels = game_panels(curves.names(), equilibrium)
    panels += [quality_panel(floor)] if "frechet_distance" in curves else []
    figure = Figure(figsize=(5 * len(panels), 3))
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    draw_panels(axes, curves, panels)
    for panel_axes in axes:
        panel_axes.set_xlabel("step")
    return figure


def compare_curves(
    runs: dict[str, Curves | Sequence[Curves]],
    name: str,
    ylabel: str,
    log: bool = False,
    floor: float | None = None,
) -> Figure:
    """One series of several runs. A list of runs (several seeds) is drawn as its mean and its full range.

    Args:
        runs: label → curves, or → curves of several seeds recorded at the same steps.
        name: which series.
        ylabel: what it means.
        log: logarithmic vertical axis.
        floor: the best value there can be, drawn as a dashed line.
    """
    figure = Figure(figsize=(7, 3.4))
    axes = figure.subplots()
    for label, seeds in runs.items():
        seeds = [seeds] if isinstance(seeds, Curves) else list(seeds)
        steps = seeds[0][name][0]
        values = np.stack([curves[name][1] for curves in seeds])
        (line,) = axes.plot(steps, values.mean(axis=0), marker=".", label=label)
        if len(seeds) > 1:
            axes.fill_between(steps, values.min(axis=0), values.max(axis=0), color=line.get_color(), alpha=0.2)
    axes.set(xlabel="step", ylabel=ylabel)
    if log:
        log_axis(axes)
    if floor is not None:
        axes.axhline(floor, color=GREY, linestyle="--", linewidth=1, label="floor: real images")
    axes.legend()
    return figure


# ----------------------------------------------------------------------------------------- a plane of codes

TEN_COLOURS = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW, GREY, "#000000", "#882255")  # ten classes need two more


def draw_codes(axes: Axes, codes: np.ndarray, labels: np.ndarray, class_names: Sequence[str]) -> None:
    """Two-dimensional codes as dots coloured by class, with each class's name where its median lies and in a legend."""
    for label, name in enumerate(class_names):
        mine, color = codes[labels == label], TEN_COLOURS[label % 10]
        if len(mine):
            axes.plot(*mine.T, ".", markersize=4, alpha=0.5, color=color, markeredgewidth=0, label=name)
            axes.text(
                *np.median(mine, axis=0), name, ha="center", va="center", fontweight="bold", fontsize=9, clip_on=True,
                bbox={"boxstyle": "circle,pad=0.15", "facecolor": "white", "edgecolor": color, "alpha": 0.8},
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


def manifold_grid(decode: Callable[[np.ndarray], np.ndarray], side: int = 15, scale: float = 0.4) -> Figure:
    """What a decoder makes of a two-dimensional Gaussian latent space, each picture standing for an equal share of it.

    Rows and columns are the Gaussian's quantiles: dense in the middle, where most of the samples come from.

    Args:
        decode: codes (n, 2) → images in [−1, 1].
        side: pictures a row.
        scale: inches a picture.
    """
    quantiles = ndtri((np.arange(side) + 0.5) / side)
    z2, z1 = np.meshgrid(quantiles[::-1], quantiles, indexing="ij")  # z₂ grows upwards
    figure = Figure(figsize=(side * scale, side * scale))
    axes = figure.subplots()
    picture = tile(decode(np.stack([z1.ravel(), z2.ravel()], axis=1).astype(np.float32)), side, gap=0)
    axes.imshow(picture)
    cell = picture.shape[0] / side
    ticks = range(0, side, max(1, (side - 1) // 4))
    axes.set_xticks([(i + 0.5) * cell for i in ticks], [f"{quantiles[i]:.1f}" for i in ticks])
    axes.set_yticks([(i + 0.5) * cell for i in ticks], [f"{quantiles[::-1][i]:.1f}" for i in ticks])
    axes.set(xlabel="$z_1$", ylabel="$z_2$")
    axes.grid(False)
    return figure
