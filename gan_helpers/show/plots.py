"""Pictures in one style. Every function returns a matplotlib ``Figure``; the last line of a cell shows it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, LogLocator, StrMethodFormatter

from ..core import checks
from ..core.curves import Curves, Panel, game_panels
from ..data.images import check_range, to_uint8

# Okabe & Ito's palette: told apart by every kind of colour vision.
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW, GREY = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#7F7F7F",
)  # fmt: skip
TEN_COLOURS = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW, GREY, "#000000", "#882255")  # ten classes need two more
REAL, FAKE, GENERATOR, DISCRIMINATOR = BLUE, ORANGE, ORANGE, BLUE
OVERSHOOT = 30  # a generator without tanh may go so far beyond black and white; more is another scale, such as 0 to 255


def tile(images: np.ndarray, columns: int, gap: int = 2) -> np.ndarray:
    """Lay images out in one big picture.

    Args:
        images: uint8, or float in [−1, 1]; shape (n, height, width, 1 or 3). Floats up to :data:`OVERSHOOT` beyond are
            clipped.
        columns: images a row.
        gap: pixels of white between them.

    Returns:
        uint8, shape (H, W, 3).

    Raises:
        ValueError: the images have another shape or type, or values on another scale, or ``columns`` or ``gap`` makes
            no sense.
    """
    images = np.asarray(images)
    if images.ndim != 4 or not len(images) or images.shape[-1] not in (1, 3):
        raise ValueError(f"images must have shape (n, height, width, 1 or 3), n at least 1; got {images.shape}")
    if images.dtype != np.uint8:
        check_range(images, beyond=OVERSHOOT)
        images = to_uint8(np.clip(images, -1, 1))
    checks.count("columns", columns)
    checks.count("gap", gap, least=0)
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
    rows = -(-len(images) // checks.count("columns", columns))
    figure = Figure(figsize=(columns * scale, rows * scale + 0.3 * bool(title)))
    show_tiles(figure.subplots(), images, columns, title)
    return figure


def compare_grids(
    sets: dict[str, np.ndarray], columns: int = 8, scale: float = 0.42, across: int | None = None
) -> Figure:
    """Several grids, each with its name above.

    Args:
        sets: name → images.
        columns: images per row of a grid.
        scale: inches per image.
        across: grids side by side; by default all of them.
    """
    across = checks.count("across", len(sets) if across is None else across)
    down = -(-len(sets) // across)
    rows = max(-(-len(images) // columns) for images in sets.values())
    figure = Figure(figsize=(across * (columns * scale + 0.2), down * (rows * scale + 0.4)))
    panels = figure.subplots(down, across, squeeze=False).ravel()
    for axes, (name, images) in zip(panels, sets.items(), strict=False):
        show_tiles(axes, images, columns, name)
    for axes in panels[len(sets) :]:
        axes.set_axis_off()
    return figure


def picture_rows(rows: dict[str, np.ndarray], scale: float = 0.55) -> Figure:
    """Images in rows, with the name of each row on its left.

    Args:
        rows: name → images as for :func:`image_grid`; equally many in each row.
        scale: inches per image.

    Raises:
        ValueError: the rows are not equally long.
    """
    lengths = {len(images) for images in rows.values()}
    if len(lengths) != 1:
        raise ValueError(f"all rows must have equally many images, got {', '.join(map(str, sorted(lengths)))}")
    figure = image_grid(np.concatenate(list(rows.values())), lengths.pop(), scale=scale)
    (axes,) = figure.axes
    apart = axes.get_ylim()[0] / len(rows)
    for i, name in enumerate(rows):
        axes.text(-4, (i + 0.5) * apart, name, ha="right", va="center")
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


# ------------------------------------------------------------------------------------------ learning curves


COLOURS = {
    "d_loss": DISCRIMINATOR,
    "g_loss": GENERATOR,
    "real_accuracy": REAL,
    "fake_accuracy": FAKE,
    "frechet_distance": GREEN,
    "kernel_distance": GREEN,
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
    elif panel.linear_to is not None:
        axes.set_yscale("symlog", linthresh=panel.linear_to, linscale=2)
        axes.yaxis.set_major_locator(FixedLocator([*range(int(panel.linear_to) + 1), 5, 20, 100]))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        if axes.dataLim.ymin >= 0:
            axes.set_ylim(bottom=0)
    axes.set(ylim=panel.limits)
    axes.set_title(panel.title)
    if len(panel.curves) > 1:
        legend_above(axes)


DISTANCES = {"frechet_distance": "Fréchet distance", "kernel_distance": "kernel distance"}


def quality_panels(recorded: Sequence[str], floor: float | None = None) -> list[Panel]:
    """Distances to real pictures over time, as far as they were recorded.

    Args:
        recorded: the names of all curves.
        floor: what real held-out images score, drawn dashed.
    """
    about = ", lower is better" + (" (dashed: real images)" if floor is not None else "")
    guides = {} if floor is None else {"floor": floor}
    return [
        Panel(title + about, {name: ""}, guides, log=True, marker=".")
        for name, title in DISTANCES.items()
        if name in recorded
    ]


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
    panels += quality_panels(curves.names(), floor)
    figure = Figure(figsize=(5 * len(panels), 3))
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    draw_panels(axes, curves, panels)
    for panel_axes in axes:
        panel_axes.set_xlabel("step")
    return figure


def check_alike(label: str, seeds: Sequence[Curves], name: str) -> None:
    """Raise a clear error unless all ``seeds`` recorded ``name``, and at the same steps."""
    for curves in seeds:
        if name not in curves.names():
            raise ValueError(f"{label!r} has no curve {name!r}; it has: {', '.join(curves.names())}")
        if not np.array_equal(curves[name][0], seeds[0][name][0]):
            raise ValueError(f"the seeds of {label!r} recorded {name!r} at different steps: they have no mean")


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

    Raises:
        ValueError: a run has no such series, or seeds were recorded at different steps.
    """
    figure = Figure(figsize=(7, 3.4))
    axes = figure.subplots()
    for label, seeds in runs.items():
        seeds = [seeds] if isinstance(seeds, Curves) else list(seeds)
        if not seeds:
            raise ValueError(f"{label!r} must have the curves of at least one seed, got none")
        check_alike(label, seeds, name)
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
