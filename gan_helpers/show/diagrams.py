"""Diagrams of systems: networks and data as boxes, and arrows that say who gives what to whom."""

from __future__ import annotations

from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from .plots import GREY


class Diagram:
    """A drawing on a page of so many inches; every position is in inches from its lower left corner.

    >>> diagram = Diagram(4, 1)
    >>> noise = diagram.box("noise $z$", 0.8, 0.5)
    >>> generator = diagram.box("generator", 3, 0.5, colour=FAKE)
    >>> diagram.arrow(noise, generator)
    >>> diagram.figure

    Args:
        width: of the page.
        height: of the page.

    Attributes:
        figure: the Matplotlib figure.
    """

    def __init__(self, width: float, height: float):
        self.figure = Figure(figsize=(width, height), layout="none")
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, width), ylim=(0, height))
        self.axes.set_axis_off()

    def box(
        self, text: str, x: float, y: float, width: float = 1.4, height: float = 0.55, colour: str = "white"
    ) -> FancyBboxPatch:
        """A box with its middle at (x, y); returns it, for :meth:`arrow`.

        Args:
            text: what stands in it; may have several lines.
            x: of the middle.
            y: of the middle.
            width: of the box.
            height: of the box.
            colour: of the background, which is drawn lightly.
        """
        patch = FancyBboxPatch(
            (x - width / 2, y - height / 2), width, height,
            boxstyle="round,pad=0,rounding_size=0.1", facecolor=to_rgba(colour, 0.35), edgecolor=GREY,
        )  # fmt: skip
        self.axes.add_patch(patch)
        self.axes.text(x, y, text, ha="center", va="center", fontsize=10.5)
        return patch

    def arrow(
        self, start: FancyBboxPatch, end: FancyBboxPatch, text: str = "", bend: float = 0.0, learns: bool = False,
        shift: tuple[float, float] = (0.0, 0.12),
    ) -> None:  # fmt: skip
        """An arrow from one box to another.

        Args:
            start: a box.
            end: another box.
            text: what is written at its middle.
            bend: how far it bows to its right (or left, if negative), as a share of its length.
            learns: dashed and grey: what flows back when the network at its end learns.
            shift: of the text from the straight line's middle.
        """
        (x0, y0), (x1, y1) = (middle(patch) for patch in (start, end))
        colour, line = (GREY, "--") if learns else ("black", "-")
        self.axes.add_patch(
            FancyArrowPatch(
                (x0, y0), (x1, y1), patchA=start, patchB=end, shrinkA=1, shrinkB=1, color=colour, linestyle=line,
                arrowstyle="-|>", mutation_scale=11, connectionstyle=f"arc3,rad={bend}",
            )
        )  # fmt: skip
        across = (x0 + x1) / 2 + bend * (y1 - y0) / 2, (y0 + y1) / 2 - bend * (x1 - x0) / 2  # the bow's middle
        self.axes.text(across[0] + shift[0], across[1] + shift[1], text, ha="center", va="center", color=colour)


def middle(patch: FancyBboxPatch) -> tuple[float, float]:
    """The middle of a box."""
    return patch.get_x() + patch.get_width() / 2, patch.get_y() + patch.get_height() / 2
