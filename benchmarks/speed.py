"""How fast is chapter 3's training, and what would a reader use instead?

    make bench            # or: python benchmarks/speed.py --rounds 7

All variants train the same pair of networks with the same batch size and take turns in one process, because the
speed of a shared machine drifts: only ratios from one run mean something. Each round times every variant once;
the table shows the median over the rounds. ``--json FILE`` also writes the figures.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
import time

from gan_helpers.config import device, quiet_tensorflow

tf, keras = quiet_tensorflow()
import numpy as np

from gan_helpers import datasets, losses, sampling
from gan_helpers.models.gan import GAN, build_discriminator, build_generator

BATCH, LATENT, RATE = 128, 100, 2e-4
loss = losses.NonSaturatingLoss()


def adam():
    return keras.optimizers.Adam(RATE, 0.5)


class Ours:
    """``GAN.train`` as a notebook calls it: batches, curves, NaN guard and all."""

    name, steps = "gan_helpers: GAN.train()", 2000

    def __init__(self, images):
        self.images = images
        self.gan = GAN(build_generator(LATENT), build_discriminator(), loss)
        self.gan.compile(adam(), adam(), jit_compile=True)

    def run(self):
        self.gan.train(self.images, steps=self.gan.steps_done + self.steps, batch_size=BATCH)


class Classic:
    """(a) ``predict`` and three ``train_on_batch``: the loop of older books, with the discriminator thawed."""

    name, steps = "(a) predict + train_on_batch", 30

    def __init__(self, images):
        self.images = images
        self.generator, self.discriminator = build_generator(LATENT), build_discriminator()
        bce = keras.losses.BinaryCrossentropy(from_logits=True)
        self.discriminator.compile(loss=bce, optimizer=adam())
        frozen = keras.models.clone_model(self.discriminator)  # same cost as the shared, frozen one
        frozen.trainable = False
        self.combined = keras.Sequential([self.generator, frozen])
        self.combined.compile(loss=bce, optimizer=adam())
        self.rng = np.random.default_rng(0)

    def run(self):
        ones, zeros = np.ones((BATCH, 1)), np.zeros((BATCH, 1))
        for _ in range(self.steps):
            real = self.images[self.rng.integers(0, len(self.images), BATCH)]
            fake = self.generator.predict(self.rng.normal(size=(BATCH, LATENT)), verbose=0)
            self.discriminator.train_on_batch(real, ones)
            self.discriminator.train_on_batch(fake, zeros)
            self.combined.train_on_batch(self.rng.normal(size=(BATCH, LATENT)), ones)


class Pair:
    """What the hand-written TensorFlow variants share: the networks and one plain step."""

    def __init__(self, images):
        self.generator, self.discriminator = build_generator(LATENT), build_discriminator()
        self.d_optimizer, self.g_optimizer = adam(), adam()
        self.d_optimizer.build(self.discriminator.trainable_variables)
        self.g_optimizer.build(self.generator.trainable_variables)

    def step(self, real):
        fake = self.generator(tf.random.normal((BATCH, LATENT)), training=True)
        with tf.GradientTape() as tape:
            d_loss = loss.discriminator(
                self.discriminator(real, training=True), self.discriminator(fake, training=True)
            )
        weights = self.discriminator.trainable_variables
        self.d_optimizer.apply_gradients(zip(tape.gradient(d_loss, weights), weights, strict=True))
        with tf.GradientTape() as tape:
            fake = self.generator(tf.random.normal((BATCH, LATENT)), training=True)
            g_loss = loss.generator(self.discriminator(fake, training=True))
        weights = self.generator.trainable_variables
        self.g_optimizer.apply_gradients(zip(tape.gradient(g_loss, weights), weights, strict=True))


class Tutorial(Pair):
    """(b) a ``tf.function`` step called from a Python loop over a shuffled ``tf.data`` pipeline."""

    name, steps = "(b) TensorFlow tutorial step", 468

    def __init__(self, images):
        super().__init__(images)
        self.data = tf.data.Dataset.from_tensor_slices(images).shuffle(60_000).batch(BATCH, drop_remainder=True)
        self.compiled_step = tf.function(self.step)

    def run(self):
        for real in self.data:  # one epoch
            self.compiled_step(real)


class Fused(Pair):
    """(c) many steps in one ``tf.function``, batches gathered in the graph, the step compiled by XLA."""

    name, steps, xla = "(c) fused by hand, XLA", 2000, True

    def __init__(self, images):
        super().__init__(images)
        images = tf.constant(images)
        step = tf.function(self.step, jit_compile=self.xla)

        @tf.function
        def many(first):
            for i in tf.range(100):
                step(tf.gather(images, sampling.batch_indices(0, first + i, BATCH, len(images))))

        self.many, self.done = many, 0

    def run(self):
        for _ in range(self.steps // 100):
            self.many(tf.constant(self.done))
            self.done += 100


class FusedWithoutXLA(Fused):
    """(c′) the same without XLA."""

    name, xla = "(c') fused by hand, no XLA", False


class Torch:
    """(d) PyTorch eager, the same pair."""

    name, steps = "(d) PyTorch eager", 200

    def __init__(self, images):
        import torch
        from torch import nn

        self.torch, self.bce = torch, nn.functional.binary_cross_entropy_with_logits
        self.images = torch.tensor(images.reshape(-1, 784))
        self.generator = nn.Sequential(nn.Linear(LATENT, 128), nn.LeakyReLU(0.01), nn.Linear(128, 784), nn.Tanh())
        self.discriminator = nn.Sequential(nn.Linear(784, 128), nn.LeakyReLU(0.01), nn.Linear(128, 1))
        self.d_optimizer = torch.optim.Adam(self.discriminator.parameters(), RATE, (0.5, 0.999))
        self.g_optimizer = torch.optim.Adam(self.generator.parameters(), RATE, (0.5, 0.999))

    def run(self):
        torch, ones, zeros = self.torch, self.torch.ones(BATCH, 1), self.torch.zeros(BATCH, 1)
        for _ in range(self.steps):
            real = self.images[torch.randint(0, len(self.images), (BATCH,))]
            with torch.no_grad():
                fake = self.generator(torch.randn(BATCH, LATENT))
            d_loss = self.bce(self.discriminator(real), ones) + self.bce(self.discriminator(fake), zeros)
            self.d_optimizer.zero_grad()
            d_loss.backward()
            self.d_optimizer.step()
            g_loss = self.bce(self.discriminator(self.generator(torch.randn(BATCH, LATENT))), ones)
            self.g_optimizer.zero_grad()
            g_loss.backward()
            self.g_optimizer.step()


GOALS = {Classic.name: 20.0, Tutorial.name: 1.3, Fused.name: 0.9, Torch.name: 1.3}


def compare(rounds: int) -> dict[str, float]:
    """Milliseconds a step of every variant: the median over interleaved rounds."""
    images = datasets.mnist().scaled()
    kinds = [Ours, Classic, Tutorial, Fused, FusedWithoutXLA]
    kinds += [Torch] if importlib.util.find_spec("torch") else []
    variants = [kind(images) for kind in kinds]
    for variant in variants:
        variant.run()  # compile and warm up
    times = {variant.name: [] for variant in variants}
    for _ in range(rounds):
        for variant in variants:
            started = time.perf_counter()
            variant.run()
            times[variant.name].append(1000 * (time.perf_counter() - started) / variant.steps)
    return {name: statistics.median(values) for name, values in times.items()}


def stall(steps: int = 600) -> dict[str, float]:
    """Seconds that ``fit`` takes for ``steps`` steps, with tf.data's autotuner off (as in the course) and on."""
    images = datasets.mnist().scaled()
    ours = Ours(images)
    ours.run()
    seconds = {}
    for enabled in (False, True):
        options = tf.data.Options()
        options.autotune.enabled = enabled
        data = sampling.batches(images, batch_size=BATCH, stop=steps).with_options(options)
        started = time.perf_counter()
        ours.gan.fit(data, shuffle=False, verbose=0)
        seconds["on" if enabled else "off"] = time.perf_counter() - started
    return seconds


def import_seconds(rounds: int) -> dict[str, float]:
    """Seconds from starting Python to a ready notebook, against importing TensorFlow alone; medians, interleaved."""
    commands = {
        "import tensorflow": "import tensorflow",
        "import gan_helpers, setup()": "import gan_helpers as gh; gh.setup(); gh.GAN, gh.Dashboard, gh.check",
    }
    times = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, "-c", command], check=True, capture_output=True)
            times[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> None:
    """Measure, and print beside the goals."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", help="also write the figures to this file")
    options = parser.parse_args()
    print(
        f"TensorFlow {tf.__version__}, Keras {keras.__version__}, {device()}, batch {BATCH}, {options.rounds} rounds\n"
    )

    milliseconds = compare(options.rounds)
    ours = milliseconds[Ours.name]
    print(f"{'':<32}{'ms a step':>10}{'ours is':>10}{'goal':>8}")
    for name, value in milliseconds.items():
        goal = f"≥ {GOALS[name]:g} ×" if name in GOALS else ""
        print(f"{name:<32}{value:>10.2f}{value / ours:>8.2f} ×{goal:>8}")

    stalled = stall()
    print(f"\nfit() of 600 steps: {stalled['off']:.2f} s as the course runs it, {stalled['on']:.2f} s with autotuning")

    imports = import_seconds(options.rounds)
    for name, value in imports.items():
        print(f"{name:<32}{value:>8.2f} s")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"milliseconds": milliseconds, "fit": stalled, "imports": imports}, file, indent=2)


if __name__ == "__main__":
    main()
