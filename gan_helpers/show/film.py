"""Moving pictures that stay in the saved notebook: animated PNGs, which browsers, JupyterLab and GitHub all show."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence

import keras
import numpy as np
from IPython.display import Image as ShownImage
from IPython.display import display
from matplotlib.figure import Figure
from PIL import Image

from ..core import checks
from .pictures import few_colours

COLOURS = 32  # enough for plots, and a fraction of the bytes of full colour
SHARPNESS = 2  # pixels to each one that a page counts, as for still pictures
PAGE = 1000  # how wide a strip of stills is, in pixels that a page counts


def render(figure: Figure) -> Image.Image:
    """``figure`` as a picture of its pixels, :data:`SHARPNESS` times as many as its size on the page."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=SHARPNESS * figure.dpi)
    return Image.open(buffer).convert("RGB")


def animation(figures: Iterable[Figure], milliseconds: int = 120) -> ShownImage:
    """An endless animation of ``figures``, all of one size; the last one stays for a second and a half.

    Viewers that cannot animate PNGs show the last figure.

    Args:
        figures: the frames, in order.
        milliseconds: how long each is shown.

    Raises:
        ValueError: there are no figures, or their sizes differ.
    """
    return _animated_png([render(figure) for figure in figures], milliseconds)


def stills(frames: Sequence[Figure | Image.Image], count: int = 5, columns: int | None = None) -> ShownImage:
    """Some frames of a film side by side, for pages that cannot move: the first, the last, and some evenly between.

    Args:
        frames: figures, or the pictures that a :class:`Film` has kept, all of one size.
        count: how many to show at most.
        columns: how many in a row; by default all.
    """
    chosen = np.unique(np.linspace(0, len(frames) - 1, checks.count("count", count)).round().astype(int))
    pictures = [frame if isinstance(frame, Image.Image) else render(frame) for frame in (frames[i] for i in chosen)]
    columns = checks.count("columns", columns or len(pictures))
    width = SHARPNESS * PAGE // columns
    height = width * pictures[0].height // pictures[0].width
    sheet = Image.new("RGB", (width * columns, height * -(-len(pictures) // columns)), "white")
    for i, picture in enumerate(pictures):
        smaller = picture.resize((width, height), Image.Resampling.LANCZOS)
        sheet.paste(smaller, (i % columns * width, i // columns * height))
    return _still(sheet)


def _animated_png(frames: list[Image.Image], milliseconds: int) -> ShownImage:
    if len({frame.size for frame in frames}) != 1:
        raise ValueError(f"a film needs frames of one size, got the sizes {sorted({f.size for f in frames})}")
    palette = few_colours(frames[-1], COLOURS)  # one for all frames, so that they differ only where they changed
    frames = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    durations = [milliseconds] * (len(frames) - 1) + [1500]
    buffer = io.BytesIO()
    settings = {"save_all": True, "default_image": True, "loop": 0, "optimize": True}
    frames[-1].save(buffer, "PNG", append_images=frames, duration=durations, **settings)
    return _shown(buffer.getvalue(), frames[-1])


def _still(frame: Image.Image) -> ShownImage:
    buffer = io.BytesIO()
    frame.save(buffer, "PNG")
    return _shown(buffer.getvalue(), frame)


def _shown(png: bytes, frame: Image.Image) -> ShownImage:
    return ShownImage(png, format="png", width=frame.width // SHARPNESS, height=frame.height // SHARPNESS)


class Film(keras.callbacks.Callback):
    """Draw the model again and again while it trains: live under the cell, and in the end as an animation.

    Args:
        draw: model → figure, always of one size.
        every: steps between two frames; a frame is drawn at the end of the interval in which it falls due.
        milliseconds: how long the animation shows each frame.

    Attributes:
        frames: the pictures so far.
    """

    def __init__(self, draw: Callable[[keras.Model], Figure], every: int, milliseconds: int = 120):
        super().__init__()
        self.draw, self.every = draw, checks.count("every", every)
        self.milliseconds = checks.count("milliseconds", milliseconds)
        self.frames: list[Image.Image] = []

    def on_train_begin(self, logs=None):  # noqa: D102
        self.shoot()
        self.handle = display(_still(self.frames[-1]), display_id=True)

    def on_epoch_end(self, epoch, logs=None):  # noqa: D102
        if self.model.steps_done // self.every > self.shot_at // self.every:
            self.shoot()
            if self.handle is not None:  # display() gives no handle outside a notebook
                self.handle.update(_still(self.frames[-1]))

    def on_train_end(self, logs=None):  # noqa: D102
        if self.handle is not None:
            self.handle.update(_animated_png(self.frames, self.milliseconds))

    def shoot(self) -> None:
        """Draw the next frame."""
        self.frames.append(render(self.draw(self.model)))
        self.shot_at = self.model.steps_done
