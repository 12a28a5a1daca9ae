"""One compiled game, played many times: for experiments over seeds (chapter 5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..core.curves import Curves
from ..core.watchers import Looks, Stopwatch
from .game import AdversarialGame


@dataclass
class Run:
    """What is kept of a run.

    Attributes:
        game: which was played; its weights are those of the last run that was played with it.
        seed: of first weights, batches and noise.
        curves: what was recorded.
        looks: what was looked at before the first step and after each interval.
        seconds: of training.
    """

    game: AdversarialGame
    seed: int
    curves: Curves
    looks: list
    seconds: float


def play(
    game: AdversarialGame,
    seed: int,
    data: np.ndarray,
    steps: int,
    batch_size: int,
    every: int,
    look: Callable[[AdversarialGame], object] | None = None,
    head_start: Callable[[AdversarialGame], None] | None = None,
) -> Run:
    """Play a compiled game from the beginning, with first weights, batches and noise of ``seed``.

    Args:
        game: compiled; nothing is compiled again.
        seed: see :meth:`~gan_helpers.core.system.System.restart`.
        data: as for ``game.train``.
        steps: as for ``game.train``.
        batch_size: as for ``game.train``.
        every: as for ``game.train``.
        look: what to keep of the game before the first step and after each interval.
        head_start: called with the game before it is trained.
    """
    game.restart(seed)
    if head_start is not None:
        head_start(game)
    clock, watch = Stopwatch(), Looks(look)
    watching = [clock] if look is None else [clock, watch]
    curves = game.train(data, steps=steps, batch_size=batch_size, every=every, callbacks=watching)
    return Run(game, seed, curves, watch.seen, clock.seconds)
