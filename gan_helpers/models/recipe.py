"""What a recipe is. Each stands beside its system, such as ``RECIPE`` in ``models/gan.py``; ``zoo.py`` follows them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

from ..data.images import ImageDataset
from ..losses import AdversarialLoss


def scaled_images(data: ImageDataset) -> tuple:
    """The sources of a system that learns from training images alone: one, the images in [−1, 1]."""
    return (data.scaled(),)


@dataclass(frozen=True, eq=False)
class Recipe:
    """How one system is made, trained and scored.

    The settings can be read as if they were attributes, such as ``recipe.beta_1``.

    Attributes:
        name: of the system, and of its files.
        what: a line for people; it may be reworded without the weights becoming another recipe's.
        make: called with ``seed``, ``steps`` and all of ``settings``: gives the system, compiled and untrained.
        settings: everything else that decides what the weights become: numbers, and what has a name of its own, such as
            a class of games, the networks' builders, a loss.
        steps: how long to train.
        score: called with the trained system, its data set and :func:`gan_helpers.zoo.evaluator`: name → number.
        dataset: the data set's name.
        sources: what of it the system is trained on.
        batch_size: examples a batch.
        seed: chooses first weights, batches and noise.
        every: steps between two looks. This alone decides nothing.
    """

    name: str
    what: str
    make: Callable
    settings: dict
    steps: int
    score: Callable[..., dict[str, float]]
    dataset: str = "mnist"
    sources: Callable[[ImageDataset], tuple] = scaled_images
    batch_size: int = 128
    seed: int = 0
    every: int = 100

    def __getattr__(self, name: str):
        settings = self.__dict__.get("settings", {})
        if name in settings:
            return settings[name]
        raise AttributeError(f"a recipe has no {name!r}; its settings are {', '.join(settings)}")

    def values(self) -> dict:
        """All that decides what the weights become, as plain values: two recipes are the same if these are."""
        own = {key: getattr(self, key) for key in ("name", "dataset", "steps", "batch_size", "seed")}
        own |= {"make": plain(self.make), "sources": plain(self.sources)}
        return own | {key: plain(value) for key, value in self.settings.items()}

    def build(self):
        """The system, compiled and untrained."""
        return self.make(seed=self.seed, steps=self.steps, **self.settings)


def plain(value):
    """``value`` as a card can hold it: a class or a function by its name, a loss by what it prints."""
    if isinstance(value, tuple):
        return ", ".join(map(plain, value))
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, functools.partial):
        return f"{plain(value.func)}({', '.join(f'{key}={plain(v)}' for key, v in value.keywords.items())})"
    if isinstance(value, AdversarialLoss):
        return repr(value)
    if callable(value):
        return f"{value.__module__.rpartition('.')[2]}.{value.__name__}"
    return value if value is None or isinstance(value, (bool, int, float, str)) else repr(value)
