"""Trained models that ship with the course, and the recipes that made them.

    >>> gan, card = load("gan_mnist")          # at once, from the package
    >>> gan, scores = train("gan_mnist")       # anew, with the same numbers

A recipe holds every hyperparameter of its system. Chapters read them from here, so chapter and weights agree.
Weights ship as float16, each with a card: seed, steps, seconds, scores, SHA-256.
"""

from __future__ import annotations

import hashlib
import io
import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from . import callbacks as watchers
from . import datasets, losses
from .files import write_atomically
from .metrics import Evaluator
from .models import classifier, dcgan, gan, vae

WEIGHTS = datasets.ASSETS / "weights"


class Trained(NamedTuple):
    """A model, and its card: plain values that say how it was made and how good it is."""

    model: keras.Model
    card: dict


@dataclass(frozen=True)
class Recipe:
    """What all recipes have in common.

    Attributes:
        name: of the system, and of its files.
        what: a line for people; it may be reworded without the weights becoming another recipe's.
    """

    name: str
    what: str

    resumable = True  # whether training can go on from a checkpoint

    def settings(self) -> dict:
        """All that decides what the weights become, as plain values: two recipes are the same if these are."""
        values = asdict(self)
        del values["what"]
        return values


@dataclass(frozen=True)
class ClassifierRecipe(Recipe):
    """How the judge of a data set is trained."""

    dataset: str
    steps: int
    batch_size: int = 128
    learning_rate: float = 1e-3
    seed: int = 0

    def build(self) -> classifier.Classifier:
        """The untrained classifier, compiled."""
        data = datasets.load(self.dataset)
        network = classifier.build_classifier(data.image_shape, len(data.class_names))
        model = classifier.Classifier(network, self.seed)
        rate = keras.optimizers.schedules.CosineDecay(self.learning_rate, self.steps)
        model.compile(keras.optimizers.Adam(rate))
        return model

    def settings(self) -> dict:
        """As of every recipe, and the network."""
        return super().settings() | {"networks": "classifier.build_classifier"}

    def train(self, model: classifier.Classifier, **how) -> None:
        """Train ``model`` in place, from wherever it stands to ``steps``."""
        data = datasets.load(self.dataset)
        source = (data.scaled(), data.train_labels)
        model.train(source, steps=self.steps, batch_size=self.batch_size, every=min(60, self.steps), **how)

    def score(self, model: classifier.Classifier) -> dict[str, float]:
        """Accuracy on the test images."""
        data = datasets.load(self.dataset)
        return {"test_accuracy": model.accuracy(data.scaled("test"), data.test_labels)}

    def networks(self, model: classifier.Classifier) -> dict[str, keras.Model]:
        """What is saved."""
        return model.networks()


@dataclass(frozen=True)
class GANRecipe(Recipe):
    """How the GAN of chapter 3 is trained: Adam for both players, the non-saturating loss."""

    dataset: str
    steps: int
    d_learning_rate: float
    g_learning_rate: float
    beta_1: float
    average: float | None
    latent_dim: int = 100
    batch_size: int = 128
    seed: int = 0

    game = gan.GAN
    networks_of = gan  # the module with both builders
    loss = losses.NonSaturatingLoss()
    jit_compile = True

    def settings(self) -> dict:
        """As of every recipe, and the kind of game, its networks, its loss, and whether XLA compiles it."""
        module = self.networks_of.__name__.rpartition(".")[2]
        return super().settings() | {
            "game": self.game.__name__,
            "networks": f"{module}.build_generator, {module}.build_discriminator",
            "loss": repr(self.loss),
            "jit_compile": self.jit_compile,
        }

    def build(self) -> gan.GAN:
        """The untrained game, compiled."""
        generator = self.networks_of.build_generator(self.latent_dim)
        discriminator = self.networks_of.build_discriminator()
        model = self.game(generator, discriminator, self.loss, self.seed, self.average)
        model.compile(
            discriminator_optimizer=keras.optimizers.Adam(self.d_learning_rate, self.beta_1),
            generator_optimizer=keras.optimizers.Adam(self.g_learning_rate, self.beta_1),
            jit_compile=self.jit_compile,
        )
        return model

    def train(self, model: gan.GAN, **how) -> None:
        """Train ``model`` in place, from wherever it stands to ``steps``; ``how`` goes to its ``train``."""
        images = datasets.load(self.dataset).scaled()
        model.train(images, steps=self.steps, batch_size=self.batch_size, **how)

    def score(self, model: gan.GAN) -> dict[str, float]:
        """Every score, against 10,000 training images."""
        return evaluator(self.dataset).score(model.sample)

    def networks(self, model: gan.GAN) -> dict[str, keras.Model]:
        """What is saved: of the generator, the weights that samples come from."""
        return {"generator": model.sampler, "discriminator": model.discriminator}


@dataclass(frozen=True)
class DCGANRecipe(GANRecipe):
    """How the DCGAN of chapter 4 is trained: as the GAN, with convolutional networks that learn from the same fakes."""

    game = dcgan.SharedFakesGAN
    networks_of = dcgan
    jit_compile = False  # XLA on a CPU is bad at convolutions


@dataclass(frozen=True)
class VAERecipe(Recipe):
    """How the variational autoencoder of chapter 2 is trained: Adam, its rate falling to 0 along a cosine."""

    dataset: str
    steps: int
    learning_rate: float
    latent_dim: int = 2
    batch_size: int = 128
    seed: int = 0

    jit_compile = True

    def settings(self) -> dict:
        """As of every recipe, and the networks, and whether XLA compiles them."""
        networks = "vae.build_gaussian_encoder, vae.build_bernoulli_decoder"
        return super().settings() | {"networks": networks, "jit_compile": self.jit_compile}

    def build(self) -> vae.VAE:
        """The untrained model, compiled."""
        model = vae.VAE(
            vae.build_gaussian_encoder(self.latent_dim), vae.build_bernoulli_decoder(self.latent_dim), self.seed
        )
        rate = keras.optimizers.schedules.CosineDecay(self.learning_rate, self.steps)
        model.compile(keras.optimizers.Adam(rate), jit_compile=self.jit_compile)
        return model

    def train(self, model: vae.VAE, **how) -> None:
        """Train ``model`` in place on binarised images, from wherever it stands to ``steps``."""
        ink = vae.binarise(datasets.load(self.dataset).scaled(), seed=0)
        model.train(ink, steps=self.steps, batch_size=self.batch_size, **how)

    def score(self, model: vae.VAE) -> dict[str, float]:
        """The evidence lower bound on the test images, and its two parts, in nats."""
        return vae.elbo(model, vae.binarise(datasets.load(self.dataset).scaled("test"), seed=1))

    def networks(self, model: vae.VAE) -> dict[str, keras.Model]:
        """What is saved."""
        return {"encoder": model.encoder, "decoder": model.decoder}


RECIPES = {
    recipe.name: recipe
    for recipe in (
        ClassifierRecipe("mnist_classifier", "the judge of all digit chapters", "mnist", steps=4680),
        GANRecipe(
            "gan_mnist",
            "chapter 3: the first GAN, two dense networks",
            "mnist",
            steps=30_000,
            d_learning_rate=2e-3,
            g_learning_rate=2e-3,
            beta_1=0.0,
            average=0.999,
        ),
        DCGANRecipe(
            "dcgan_mnist",
            "chapter 4: DCGAN, two convolutional networks",
            "mnist",
            steps=4_000,
            d_learning_rate=4e-3,
            g_learning_rate=4e-3,
            beta_1=0.5,
            average=0.995,
        ),
        VAERecipe(
            "vae_mnist",
            "chapter 2: a variational autoencoder with two latent numbers",
            "mnist",
            steps=60_000,
            learning_rate=2e-3,
        ),
    )
}


def recipe(name: str) -> Recipe:
    """The recipe called ``name``.

    Raises:
        KeyError: there is none; the message lists those there are.
    """
    if name not in RECIPES:
        raise KeyError(f"no recipe named {name!r}; there are: {', '.join(RECIPES)}")
    return RECIPES[name]


def train(
    name: str, callbacks: Iterable[keras.callbacks.Callback] = (), checkpoint: str | Path | None = None
) -> Trained:
    """Train the system called ``name`` by its recipe; return it with its (unsaved) card.

    Args:
        name: of a recipe.
        callbacks: what watches.
        checkpoint: a file to save to while training, and to go on from where it exists; see ``System.train``.

    Raises:
        KeyError: there is no such recipe.
        ValueError: a checkpoint is asked for, and this recipe cannot go on from one.
    """
    plan = recipe(name)
    keras.utils.set_random_seed(plan.seed)  # the first weights
    model = plan.build()
    if plan.resumable:
        plan.train(model, callbacks=[watchers.Stopwatch(), *callbacks], checkpoint=checkpoint)
        seconds = model.curves.last("seconds")  # those before an interruption included
    elif checkpoint is None:
        started = time.monotonic()
        plan.train(model, callbacks)
        seconds = time.monotonic() - started
    else:
        raise ValueError(f"{name} cannot go on from a checkpoint: train it without one")
    shipped = {key: value.astype(np.float16) for key, value in weights_of(plan.networks(model)).items()}
    set_weights(plan.networks(model), shipped)  # score what a reader will load, rounding included
    card = (
        {"what": plan.what}
        | plan.settings()
        | {
            "seconds": round(seconds, 1),
            "scores": {key: round(value, 4) for key, value in plan.score(model).items()},
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        }
    )
    return Trained(model, card)


def save(trained: Trained, folder: Path = WEIGHTS) -> Path:
    """Write weights and card into ``folder``; return the weights' path."""
    name = trained.card["name"]
    buffer = io.BytesIO()
    weights = weights_of(recipe(name).networks(trained.model))
    np.savez_compressed(buffer, **{key: value.astype(np.float16) for key, value in weights.items()})
    content = buffer.getvalue()
    path = Path(folder) / f"{name}.npz"
    card = trained.card | {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    write_atomically(path, lambda file: file.write(content))
    write_atomically(path.with_suffix(".json"), lambda file: file.write((json.dumps(card, indent=2) + "\n").encode()))
    return path


def load(name: str, folder: Path = WEIGHTS) -> Trained:
    """The trained system called ``name``, ready to use, with its card.

    Raises:
        KeyError: there is no such recipe.
        DataError: the weights are missing or damaged, or were made by another recipe than the present one.
    """
    plan = recipe(name)
    card, content = datasets.read_weights(Path(folder) / f"{name}.json")
    changed = {key for key, value in plan.settings().items() if card.get(key) != value}
    if changed:
        raise datasets.DataError(
            f"the weights {name}.npz were made by another recipe (it differs in: {', '.join(sorted(changed))}). "
            f"Make them anew: python -m gan_helpers train {name}"
        )
    model = plan.build()
    with np.load(io.BytesIO(content), allow_pickle=False) as weights:
        set_weights(plan.networks(model), dict(weights))
    return Trained(model, card)


def weights_of(networks: dict[str, keras.Model]) -> dict[str, np.ndarray]:
    """All weights by a stable name, ``"generator/000"`` and so on."""
    return {f"{n}/{i:03d}": value for n, network in networks.items() for i, value in enumerate(network.get_weights())}


def set_weights(networks: dict[str, keras.Model], weights: dict[str, np.ndarray]) -> None:
    """The inverse of :func:`weights_of`."""
    for name, network in networks.items():
        keys = sorted(key for key in weights if key.startswith(f"{name}/"))
        network.set_weights([weights[key].astype(np.float32) for key in keys])


@lru_cache(maxsize=4)
def evaluator(dataset: str = "mnist", samples: int = 10_000) -> Evaluator:
    """The shipped judge of ``dataset``, looking at ``samples`` training images."""
    return Evaluator(load(f"{dataset}_classifier").model, datasets.load(dataset).scaled(), samples)
