"""Trained models that ship with the course, and the recipes that made them.

    >>> gan, card = load("gan_mnist")          # at once, from the package
    >>> gan, scores = train("gan_mnist")       # anew, with the same numbers

A recipe holds every hyperparameter of its system and stands beside it. Chapters read them from here, so chapter and
weights agree.
Weights ship as float16, each with a card: seed, steps, seconds, scores, SHA-256.
"""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from .core import checks
from .core.watchers import Stopwatch
from .data import sets
from .data.files import write_atomically
from .data.manifest import ASSETS, SEAL, DataError, read_weights, seal_of
from .models import cgan, classifier, cyclegan, dcgan, gan, progan, robust, stylegan, vae
from .models.recipe import Recipe
from .scores.efficientnet import COLOUR_SIDE, load_efficientnet
from .scores.evaluator import Evaluator, KernelEvaluator

WEIGHTS = ASSETS / "weights"


class Trained(NamedTuple):
    """A model, and its card: plain values that say how it was made and how good it is."""

    model: keras.Model
    card: dict


SYSTEMS = (classifier, gan, dcgan, vae, progan, stylegan, cgan, cyclegan, robust)
RECIPES = {plan.name: plan for plan in (*(system.RECIPE for system in SYSTEMS), classifier.FASHION_RECIPE)}


def recipe(name: str, seed: int | None = None) -> Recipe:
    """The recipe called ``name``.

    Args:
        name: of a system.
        seed: of another run by the same recipe; by default the recipe's own.

    Raises:
        KeyError: there is none; the message lists those there are.
    """
    if name not in RECIPES:
        raise KeyError(f"no recipe named {name!r}; there are: {', '.join(RECIPES)}")
    return RECIPES[name] if seed is None else replace(RECIPES[name], seed=checks.integer("seed", seed))


def file_name(plan: Recipe) -> str:
    """What a run's files are called: the recipe's name, and the seed where it is not the recipe's own."""
    return plan.name if plan.seed == RECIPES[plan.name].seed else f"{plan.name}-{plan.seed}"


def train(
    name: str,
    callbacks: Iterable[keras.callbacks.Callback] = (),
    checkpoint: str | Path | None = None,
    seed: int | None = None,
) -> Trained:
    """Train the system called ``name`` by its recipe; return it with its (unsaved) card.

    Args:
        name: of a recipe.
        callbacks: what watches.
        checkpoint: a file to save to while training, and to go on from where it exists; see ``System.train``.
        seed: by default the recipe's own.

    Raises:
        KeyError: there is no such recipe.
    """
    plan = recipe(name, seed)
    keras.utils.set_random_seed(plan.seed)  # the first weights
    model, data = plan.build(), sets.load(plan.dataset)
    model.train(
        *plan.sources(data),
        steps=plan.steps,
        batch_size=plan.batch_size,
        every=min(plan.every, plan.steps),
        callbacks=[Stopwatch(), *callbacks],
        checkpoint=checkpoint,
    )
    networks = model.shipped()
    rounded = {key: value.astype(np.float16) for key, value in weights_of(networks).items()}
    set_weights(networks, rounded)  # score what a reader will load, rounding included
    scores = plan.score(model, data, evaluator)
    made = {
        "seconds": round(model.curves.last("seconds"), 1),  # those before an interruption included
        "scores": {key: round(value, 4) for key, value in scores.items()},
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }
    return Trained(model, {"what": plan.what} | plan.values() | made)


def train_apart(name: str, folder: str | Path, seed: int | None = None, threads: int | None = None) -> Trained:
    """Train in a process of its own, and load what it saved: for many runs, side by side or one after the other.

    Args:
        name: of a recipe.
        folder: where it saves weights, card and, while it trains, its checkpoint. A run that was killed goes on from
            there; one that is done is only loaded.
        seed: by default the recipe's own.
        threads: how many processor threads it may use; by default all. The last bits of a result can depend on it.

    Raises:
        KeyError: there is no such recipe.
        RuntimeError: the process failed; the message has the end of what it said.
    """
    plan, folder = recipe(name, seed), Path(folder)
    stem = file_name(plan)
    command = [sys.executable, "-m", "gan_helpers", "train", name, "--seed", str(plan.seed), "--folder", str(folder)]
    command += ["--checkpoint", str(folder / f"{stem}.checkpoint.npz")]
    command += [] if threads is None else ["--threads", str(threads)]
    if not (folder / f"{stem}.json").exists():
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"training {stem} failed: " + "\n".join(done.stderr.splitlines()[-8:]))
    return load(name, folder, seed)


def save(trained: Trained, folder: Path = WEIGHTS) -> Path:
    """Write weights and card into ``folder``; return the weights' path.

    Raises:
        TypeError: the card holds what JSON cannot; the files are as they were.
    """
    buffer = io.BytesIO()
    weights = weights_of(trained.model.shipped())
    np.savez_compressed(buffer, **{key: value.astype(np.float16) for key, value in weights.items()})
    content = buffer.getvalue()
    path = Path(folder) / f"{file_name(recipe(trained.card['name'], trained.card['seed']))}.npz"
    card = trained.card | {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    card[SEAL] = seal_of(card)
    text = json.dumps(card, indent=2) + "\n"  # fails, if it fails, before anything is written
    write_atomically(path, lambda file: file.write(content))
    write_atomically(path.with_suffix(".json"), lambda file: file.write(text.encode()))
    return path


def load(name: str, folder: Path = WEIGHTS, seed: int | None = None) -> Trained:
    """The trained system called ``name``, ready to use, with its card.

    It counts as having made the recipe's steps; its optimizers are new.

    Args:
        name: of a recipe.
        folder: where its files are.
        seed: of the run; by default the recipe's own.

    Raises:
        KeyError: there is no such recipe.
        DataError: the weights are missing or damaged, or were made by another recipe than the present one.
    """
    plan = recipe(name, seed)
    card, content = read_weights(Path(folder) / f"{file_name(plan)}.json")
    changed = {key for key, value in plan.values().items() if card.get(key) != value}
    if changed:
        again = f"python -m gan_helpers train {name}"
        again += "" if seed is None else f" --seed {seed}"
        again += "" if folder == WEIGHTS else f" --folder {folder}"
        raise DataError(
            f"the weights {file_name(plan)}.npz were made by another recipe (it differs in: "
            f"{', '.join(sorted(changed))}). Make them anew: {again}"
        )
    model = plan.build()
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        weights = dict(file)
    check_fits(model.shipped(), weights, f"{file_name(plan)}.npz")
    set_weights(model.shipped(), weights)
    model.steps_done = plan.steps  # where these weights come from
    return Trained(model, card)


def weights_of(networks: dict[str, keras.Model]) -> dict[str, np.ndarray]:
    """All weights by a stable name, ``"generator/000"`` and so on."""
    return {f"{n}/{i:03d}": value for n, network in networks.items() for i, value in enumerate(network.get_weights())}


def set_weights(networks: dict[str, keras.Model], weights: dict[str, np.ndarray]) -> None:
    """The inverse of :func:`weights_of`."""
    for name, network in networks.items():
        keys = sorted(key for key in weights if key.startswith(f"{name}/"))
        network.set_weights([weights[key].astype(np.float32) for key in keys])


def check_fits(networks: dict[str, keras.Model], weights: dict[str, np.ndarray], file: str) -> None:
    """Raise a ``DataError`` unless ``weights``, from ``file``, are those of these networks by name and shape."""
    wanted = {key: value.shape for key, value in weights_of(networks).items()}
    if wanted != {key: value.shape for key, value in weights.items()}:
        raise DataError(f"{file} does not hold the weights of {', '.join(networks)}: names or shapes differ")


@lru_cache(maxsize=4)
def evaluator(dataset: str = "mnist", samples: int | None = None, size: int | None = None) -> Evaluator:
    """The shipped judge of ``dataset``: a classifier of digits or clothes, or EfficientNet-Lite0 for colour.

    Args:
        dataset: a data set's name.
        samples: how many training images it looks at, and how many generated ones: by default 10,000 of digits and
            clothes, and all there are of colour pictures.
        size: pixels a side of colour pictures, if not as they ship: 32, 16 … Distances of different sizes cannot be
            compared.

    Raises:
        ValueError: there is no such data set or size, or it has not so many training images.
        KeyError: no judge of this data set ships.
        DataError: the weights are missing or damaged.
    """
    data = sets.load(dataset, size)
    if data.image_shape[-1] == 3:
        network = load_efficientnet(data.image_shape, COLOUR_SIDE)
        # precision, recall and coverage depend on how many are compared: as many as are held out, to have a floor
        return KernelEvaluator(network, data.scaled(), samples, len(data.test_images), name=dataset)
    samples = 10_000 if samples is None else samples
    return Evaluator(load(f"{dataset}_classifier").model, data.scaled(), samples, name=dataset)
