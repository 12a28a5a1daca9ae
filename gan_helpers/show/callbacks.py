"""Watching a system while it trains: a live dashboard, samples over time, quality, a progress bar.

Keras calls them once an interval (``every`` steps of ``train``), which Keras calls an epoch.
"""

from __future__ import annotations

import time

import keras
import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

from ..core import checks
from ..core.session import by_mode
from ..scores.evaluator import Evaluator
from . import plots


class QualityTracker(keras.callbacks.Callback):
    """Measure the distance to real pictures while training, into ``model.curves["frechet_distance"]``.

    For colour pictures it is ``"kernel_distance"``; see :func:`gan_helpers.zoo.evaluator`.

    The model must have ``sample(n)``, as every game and the VAE have.

    Args:
        evaluator: against what to measure.
        every: steps between two measurements.
        samples: how many images to generate; fewer are faster and give a larger distance. By default 2,000, and in
            smoke mode 200.
    """

    def __init__(self, evaluator: Evaluator, every: int = 1000, samples: int | None = None):
        super().__init__()
        self.evaluator, self.every = evaluator, checks.count("every", every)
        default = by_mode(smoke=200, laptop=2000, full=2000)
        self.samples = default if samples is None else checks.count("samples", samples)
        self._measured = 0

    def on_train_begin(self, logs=None):  # noqa: D102
        self._measured = self.model.steps_done // self.every

    def on_epoch_end(self, epoch, logs=None):  # noqa: D102
        due = self.model.steps_done // self.every
        if due > self._measured:
            self._measured = due
            name = self.evaluator.distance
            distance = getattr(self.evaluator, name)(self.model.sample(self.samples))
            self.model.curves.add(self.model.steps_done, **{name: distance})


class SampleGrids(keras.callbacks.Callback):
    """Keep the system's preview at chosen steps: what it makes of the same few noise vectors, if it is a game.

    The system must have something to show, as every game and the VAE have.

    Args:
        steps: when to look; step 0 is the untrained generator. A snapshot is taken at the end of the interval
            in which the step falls.
        n: how many pictures.
        seed: chooses them.

    Attributes:
        snapshots: step → float32 images in [−1, 1], shape (n, height, width, channels).
    """

    def __init__(self, steps: list[int], n: int = 12, seed: int = 0):
        super().__init__()
        self.due = sorted(checks.count("each of steps", step, least=0) for step in steps)
        self.n, self.seed = checks.count("n", n), checks.count("seed", seed, least=0)
        self.snapshots: dict[int, np.ndarray] = {}

    def on_train_begin(self, logs=None):  # noqa: D102
        self._look()

    def on_epoch_end(self, epoch, logs=None):  # noqa: D102
        self._look()

    def _look(self):
        passed = [step for step in self.due if step <= self.model.steps_done]
        if passed:
            self.due = self.due[len(passed) :]
            self.snapshots[self.model.steps_done] = self.model.preview(self.n, self.seed)

    def figure(self) -> Figure:
        """All snapshots, one row each."""
        return plots.samples_over_time(self.snapshots)


class Progress(keras.callbacks.Callback):
    """Counts steps and time; the base of everything that shows them."""

    def on_train_begin(self, logs=None):  # noqa: D102
        self.total = self.params["epochs"] * self.params["steps"]
        self.first = self.model.steps_done
        self.started = time.monotonic()

    def line(self) -> str:
        """E.g. ``"step 1,200 / 4,000 · 3.9 ms a step · 0:11 left"``."""
        done, elapsed = self.model.steps_done, time.monotonic() - self.started
        per_step = elapsed / max(done - self.first, 1)
        end = f"{clock((self.total - done) * per_step)} left" if done < self.total else f"took {clock(elapsed)}"
        return f"step {done:,} / {self.total:,} · {1000 * per_step:.1f} ms a step · {end}"


class ProgressBar(Progress):
    """A bar with ETA on the terminal."""

    def on_train_begin(self, logs=None):  # noqa: D102
        super().on_train_begin(logs)
        self.bar = tqdm(total=self.total, initial=self.first, unit="step")

    def on_epoch_end(self, epoch, logs=None):  # noqa: D102
        self.bar.update(self.model.steps_done - self.bar.n)
        self.bar.set_postfix({name: f"{value:.3g}" for name, value in (logs or {}).items()})

    def on_train_end(self, logs=None):  # noqa: D102
        self.bar.close()


class Dashboard(Progress):
    """A live picture under the cell: the system's preview, its curves, quality, progress.

    The system says what there is to draw: no samples for a plain autoencoder, no accuracies for a critic. Works in
    JupyterLab, Colab and under test runners; the last picture stays in the saved notebook. Outside a notebook it
    prints the progress line instead.

    Args:
        rows: rows and columns of the sample grid.
        seed: chooses the fixed noise.
        seconds: at least this long between two pictures.
        floor: a distance to mark as unreachable, e.g. that of real test images.
    """

    def __init__(self, rows: int = 6, seed: int = 0, seconds: float = 2.0, floor: float | None = None):
        super().__init__()
        self.rows, self.seed = checks.count("rows", rows), checks.count("seed", seed, least=0)
        self.seconds, self.floor = checks.not_negative("seconds", seconds), floor

    def on_train_begin(self, logs=None):  # noqa: D102
        super().on_train_begin(logs)
        from IPython.display import display

        self.handle = display(self.figure(), display_id=True)
        self.shown_at = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):  # noqa: D102
        if time.monotonic() - self.shown_at >= self.seconds:
            self.show()

    def on_train_end(self, logs=None):  # noqa: D102
        self.show()

    def show(self) -> None:
        """Bring the picture up to date."""
        if self.handle is None:  # display() gives no handle outside a notebook
            print(self.line())
        else:
            self.handle.update(self.figure())
        self.shown_at = time.monotonic()

    def figure(self) -> Figure:
        """The picture as it is now."""
        model = self.model
        figure = Figure(figsize=(10.5, 4.6))
        figure.suptitle(self.line(), x=0.01, ha="left", fontsize=9, color=plots.GREY)
        right, images = figure, model.preview(self.rows**2, self.seed)
        if images is not None:
            left, right = figure.subfigures(1, 2, width_ratios=(1, 1.25))
            plots.show_tiles(left.subplots(), images, self.rows)
        panels = model.panels()
        panels = [*panels, *plots.quality_panels(model.curves.names(), self.floor)]
        axes = right.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
        plots.draw_panels(axes, model.curves, panels)
        axes[-1].set(xlabel="step", xlim=(0, self.total))
        return figure


def clock(seconds: float) -> str:
    """Seconds as ``m:ss`` or ``h:mm:ss``."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
