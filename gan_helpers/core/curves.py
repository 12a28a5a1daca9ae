"""Learning curves: named series of (step, value), recorded while a model trains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Panel:
    """Curves that are drawn together; a system says which of its own belong so.

    Attributes:
        title: what a reader sees above.
        curves: name of a series → its label.
        guides: a series' name (or any other) → a level, drawn as a dashed line of that series' colour.
        limits: of the vertical axis; ``None`` fits it to the curves.
        log: whether the vertical axis is logarithmic.
        linear_to: if given, the vertical axis is linear up to here, in both directions, and logarithmic beyond: then a
            high peak does not flatten the rest.
        marker: Matplotlib's, at each value; for curves with few.
    """

    title: str
    curves: dict[str, str]
    guides: dict[str, float] = field(default_factory=dict)
    limits: tuple[float, float] | None = None
    log: bool = False
    linear_to: float | None = None
    marker: str | None = None


class Curves:
    """Named series of (step, value).

    >>> curves = Curves()
    >>> curves.add(100, d_loss=1.3, g_loss=0.8)
    >>> steps, values = curves["d_loss"]
    """

    def __init__(self):
        self._points: dict[str, list[tuple[int, float]]] = {}

    def add(self, step: int, **values: float) -> None:
        """Record ``values`` at ``step``."""
        for name, value in values.items():
            self._points.setdefault(name, []).append((int(step), float(value)))

    def __getitem__(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """The steps (int64) and values (float64) of one series; both empty where nothing was recorded yet."""
        points = self._points.get(name, [])
        return np.array([s for s, _ in points], np.int64), np.array([v for _, v in points], np.float64)

    def __contains__(self, name: str) -> bool:
        return name in self._points

    def names(self) -> list[str]:
        """The names of the series, in the order of their first record."""
        return list(self._points)

    def last(self, name: str) -> float:
        """The latest value of one series.

        Raises:
            KeyError: nothing was recorded under that name.
        """
        if name not in self._points:
            raise KeyError(f"no curve named {name!r}; there are: {', '.join(self._points) or 'none yet'}")
        return self._points[name][-1][1]

    def as_arrays(self) -> dict[str, np.ndarray]:
        """For saving: name → float64 array of shape (n, 2)."""
        return {name: np.array(points, np.float64) for name, points in self._points.items()}

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> Curves:
        """The inverse of :meth:`as_arrays`."""
        curves = cls()
        curves._points = {name: [(int(s), float(v)) for s, v in array] for name, array in arrays.items()}
        return curves


def game_panels(reports: Sequence[str], at_equilibrium: tuple[float, float] | None) -> list[Panel]:
    """How a game's curves are drawn.

    Args:
        reports: what its steps report.
        at_equilibrium: the two losses when the discriminator can only guess.
    """
    guides = dict(zip(("d_loss", "g_loss"), at_equilibrium or (), strict=False))
    title = "losses (dashed: guessing)" if guides else "losses"
    linear_to = 2 * max(guides.values()) if guides else None
    found = [Panel(title, {"d_loss": "discriminator", "g_loss": "generator"}, guides, linear_to=linear_to)]
    if "real_accuracy" in reports:
        found.append(
            Panel(
                "D's accuracy (dashed: guessing)",
                {"real_accuracy": "on real", "fake_accuracy": "on fake"},
                {"guessing": 0.5},
                limits=(-0.02, 1.02),
            )
        )
    return found
