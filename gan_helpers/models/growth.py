"""When a growing game grows (chapter 6): which pictures it makes at which step, and how far the newest are faded in.

All of it is a function of the step, so that a resumed run needs to know nothing else.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from ..core import checks


class Stage(NamedTuple):
    """Pictures of one side: first faded in over so many steps, then trained for so many more."""

    side: int
    fade_steps: int
    steps: int


class Phase(NamedTuple):
    """One half of a stage: fading in, or faded in."""

    first: int
    steps: int
    side: int
    fades: bool

    def alpha(self, step: tf.Tensor | int) -> tf.Tensor | None:
        """How far the side is faded in at ``step``: from 0 upwards; ``None`` where it is faded in already."""
        return tf.cast(step - self.first, tf.float32) / self.steps if self.fades else None


class Growth:
    """Which pictures are made at which step.

    Args:
        stages: in order. The first needs no fade. After the last one, its pictures are made for ever.

    Attributes:
        phases: the same, as a list of :class:`Phase`.

    Raises:
        ValueError: the sides do not double from stage to stage, the first stage fades, no stage has steps, or a number
            makes no sense.
    """

    def __init__(self, *stages: Sequence[int]):
        for stage in stages:
            if len(stage) != len(Stage._fields):
                raise ValueError(f"a stage must be ({', '.join(Stage._fields)}), got {stage!r}")
            for name, number, least in zip(Stage._fields, stage, (4, 0, 0), strict=True):
                checks.count(f"a stage's {name}", number, least)
        self.stages = [Stage(*stage) for stage in stages]
        sides = [stage.side for stage in self.stages]
        if any(after != 2 * before for before, after in itertools.pairwise(sides)) or not sides:
            raise ValueError(f"each stage's side must be twice the one before, got {sides}")
        if self.stages[0].fade_steps:
            raise ValueError("the first stage has nothing to fade in from: its fade_steps must be 0")
        if not self.steps:
            raise ValueError(f"a stage must have steps, got {self}")
        self.phases, first = [], 0
        for side, *lengths in self.stages:
            for steps, fades in zip(lengths, (True, False), strict=True):
                if steps:
                    self.phases.append(Phase(first, steps, side, fades))
                    first += steps

    @property
    def steps(self) -> int:
        """Of all stages together."""
        return sum(stage.fade_steps + stage.steps for stage in self.stages)

    def number(self, step: int) -> int:
        """The index of the phase in which ``step`` falls."""
        return max(i for i, phase in enumerate(self.phases) if phase.first <= max(step, 0))

    def at(self, step: int) -> Phase:
        """The phase in which ``step`` falls."""
        return self.phases[self.number(step)]

    def __repr__(self) -> str:
        return f"Growth({', '.join(str(tuple(stage)) for stage in self.stages)})"
