"""How fast do the chapters train, and what would a reader use instead?

    make bench            # or: python benchmarks/speed.py --pair convolutional --rounds 7

Two pairs of networks: the dense one of chapter 3 and the convolutional one of chapter 4. For each, all variants train
the same networks with the same batch size and take turns in one process, because the speed of a shared machine drifts:
only ratios from one run mean something. Each round times every variant once; the table shows the median over the
rounds. ``--json FILE`` also writes the figures.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from gan_helpers.config import device, quiet_tensorflow

tf, keras = quiet_tensorflow()
import numpy as np

from gan_helpers import datasets, losses, sampling
from gan_helpers.models import dcgan, gan

BATCH, LATENT, RATE = 128, 100, 2e-4
loss = losses.NonSaturatingLoss()


@dataclass(frozen=True)
class Pair:
    """Two networks to train, and how: XLA pays for dense networks only, and slow steps are timed in smaller numbers."""

    title: str
    networks: ModuleType  # has build_generator and build_discriminator
    torch_networks: Callable  # the same, in PyTorch
    xla: bool
    timed: int  # steps a round and variant

    def build(self):
        """The two networks, in Keras."""
        return self.networks.build_generator(LATENT), self.networks.build_discriminator()


def adam():
    return keras.optimizers.Adam(RATE, 0.5)


class Ours:
    """``GAN.train`` as a notebook calls it: batches, curves, NaN guard and all."""

    name, game, policy = "gan_helpers: GAN.train()", gan.GAN, "float32"

    def __init__(self, pair, images):
        self.images, self.steps = images, pair.timed
        keras.config.set_dtype_policy(self.policy)
        self.gan = self.game(*pair.build(), loss)
        keras.config.set_dtype_policy("float32")
        self.gan.compile(adam(), adam(), jit_compile=pair.xla)

    def run(self):
        every = min(100, self.steps)
        self.gan.train(self.images, steps=self.gan.steps_done + self.steps, every=every, batch_size=BATCH)


class OursShared(Ours):
    """The same fakes for both players."""

    name, game = "gan_helpers: SharedFakesGAN.train()", dcgan.SharedFakesGAN


class OursBfloat16(OursShared):
    """And products of matrices in bfloat16."""

    name, policy = "gan_helpers: … in bfloat16", "mixed_bfloat16"


class Classic:
    """(a) ``predict`` and three ``train_on_batch``: the loop of older books, with the discriminator thawed."""

    name = "(a) predict + train_on_batch"

    def __init__(self, pair, images):
        self.images, self.steps = images, max(pair.timed // 60, 5)
        self.generator, self.discriminator = pair.build()
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


class ByHand:
    """What the hand-written TensorFlow variants share: the networks and one plain step."""

    def __init__(self, pair, images):
        self.steps = pair.timed
        self.generator, self.discriminator = pair.build()
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


class FunctionStep(ByHand):
    """(b) a ``tf.function`` step called from a Python loop over a shuffled ``tf.data`` pipeline."""

    name = "(b) tf.function step, tf.data"

    def __init__(self, pair, images):
        super().__init__(pair, images)
        data = tf.data.Dataset.from_tensor_slices(images).shuffle(60_000).repeat().batch(BATCH)
        self.batches, self.compiled_step = iter(data), tf.function(self.step)

    def run(self):
        for _ in range(self.steps):
            self.compiled_step(next(self.batches))


class Tutorial(FunctionStep):
    """(b') the step of TensorFlow's DCGAN tutorial: one set of fakes, both gradients taken before either update."""

    name = "(b') the same, both updates at once"

    def step(self, real):
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            fake = self.generator(tf.random.normal((BATCH, LATENT)), training=True)
            real_logits, fake_logits = self.discriminator(real, training=True), self.discriminator(fake, training=True)
            g_loss, d_loss = loss.generator(fake_logits), loss.discriminator(real_logits, fake_logits)
        for tape, value, network, optimizer in (
            (g_tape, g_loss, self.generator, self.g_optimizer),
            (d_tape, d_loss, self.discriminator, self.d_optimizer),
        ):
            weights = network.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(value, weights), weights, strict=True))


class Fused(ByHand):
    """(c) many steps in one ``tf.function``, batches gathered in the graph, compiled by XLA where that pays."""

    name = "(c) fused by hand"

    def __init__(self, pair, images):
        super().__init__(pair, images)
        images = tf.constant(images)
        step = tf.function(self.step, jit_compile=self.use_xla(pair))
        self.interval = min(100, self.steps)

        @tf.function
        def many(first):
            for i in tf.range(self.interval):
                step(tf.gather(images, sampling.batch_indices(0, first + i, BATCH, len(images))))

        self.many, self.done = many, 0

    def use_xla(self, pair):
        return pair.xla

    def run(self):
        for _ in range(self.steps // self.interval):
            self.many(tf.constant(self.done))
            self.done += self.interval


class FusedWithoutXLA(Fused):
    """(c') the same without XLA."""

    name = "(c') fused by hand, no XLA"

    def use_xla(self, pair):
        return False


class Torch:
    """(d) PyTorch eager, the same networks."""

    name = "(d) PyTorch eager"

    def __init__(self, pair, images):
        import torch
        from torch import nn

        self.steps = max(pair.timed // 10, 10)
        self.torch, self.bce = torch, nn.functional.binary_cross_entropy_with_logits
        self.images = torch.tensor(images.transpose(0, 3, 1, 2).copy())
        self.generator, self.discriminator = pair.torch_networks(nn)
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


def dense_torch(nn):
    generator = nn.Sequential(
        nn.Linear(LATENT, 128), nn.LeakyReLU(0.01), nn.Linear(128, 784), nn.Tanh(), nn.Unflatten(1, (1, 28, 28))
    )
    return generator, nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.LeakyReLU(0.01), nn.Linear(128, 1))


def convolutional_torch(nn):
    def up(inputs, filters, stride):
        return nn.ConvTranspose2d(inputs, filters, 3, stride, padding=1, output_padding=stride - 1)

    generator = nn.Sequential(
        nn.Linear(LATENT, 7 * 7 * 256), nn.Unflatten(1, (256, 7, 7)),
        up(256, 128, 2), nn.BatchNorm2d(128), nn.LeakyReLU(0.01),
        up(128, 64, 1), nn.BatchNorm2d(64), nn.LeakyReLU(0.01),
        up(64, 1, 2), nn.Tanh(),
    )  # fmt: skip
    discriminator = nn.Sequential(
        nn.Conv2d(1, 32, 3, 2, 1), nn.LeakyReLU(0.01),
        nn.Conv2d(32, 64, 3, 2, 1), nn.BatchNorm2d(64), nn.LeakyReLU(0.01),
        nn.Conv2d(64, 128, 3, 2, 1), nn.BatchNorm2d(128), nn.LeakyReLU(0.01),
        nn.Flatten(), nn.Linear(128 * 4 * 4, 1),
    )  # fmt: skip
    return generator, discriminator


PAIRS = {
    "dense": Pair("chapter 3, two dense networks", gan, dense_torch, xla=True, timed=2000),
    "convolutional": Pair("chapter 4, two convolutional networks", dcgan, convolutional_torch, xla=False, timed=20),
}
VARIANTS = {
    "dense": [Ours, Classic, FunctionStep, Fused, FusedWithoutXLA, Torch],
    "convolutional": [Ours, OursShared, OursBfloat16, Classic, FunctionStep, Tutorial, Fused, Torch],
}
GOALS = {
    "dense": {Classic.name: 20.0, FunctionStep.name: 1.3, Fused.name: 0.9, Torch.name: 1.3},
    "convolutional": {Classic.name: 2.3, FunctionStep.name: 1.5, Fused.name: 0.9, Torch.name: 1.3},
}


def compare(which: str, rounds: int) -> dict[str, float]:
    """Milliseconds a step of every variant: the median over interleaved rounds."""
    images = datasets.mnist().scaled()
    kinds = [kind for kind in VARIANTS[which] if kind is not Torch or importlib.util.find_spec("torch")]
    variants = [kind(PAIRS[which], images) for kind in kinds]
    for variant in variants:
        variant.run()  # compile and warm up
    times = {variant.name: [] for variant in variants}
    for _ in range(rounds):
        for variant in variants:
            started = time.perf_counter()
            variant.run()
            times[variant.name].append(1000 * (time.perf_counter() - started) / variant.steps)
    return {name: statistics.median(values) for name, values in times.items()}


def table(which: str, milliseconds: dict[str, float]) -> str:
    """The variants' times, and how many times as fast each of ours is, beside the goals."""
    ours = {name: value for name, value in milliseconds.items() if name.startswith("gan_helpers")}
    lines = [f"{PAIRS[which].title:<40}{'ms a step':>10}   our variants are … times as fast"]
    for name, value in milliseconds.items():
        goal = f"   (goal ≥ {GOALS[which][name]:g})" if name in GOALS[which] else ""
        ratios = "".join(f"{value / own:>7.2f} ×" for own in ours.values())
        lines.append(f"{name:<40}{value:>10.2f}{ratios}{goal}")
    return "\n".join(lines)


def stall(steps: int = 600) -> dict[str, float]:
    """Seconds that ``fit`` takes for ``steps`` steps, with tf.data's autotuner off (as in the course) and on."""
    images = datasets.mnist().scaled()
    ours = Ours(PAIRS["dense"], images)
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
    parser.add_argument("--pair", choices=(*PAIRS, "all"), default="all")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", help="also write the figures to this file")
    options = parser.parse_args()
    print(f"TensorFlow {tf.__version__}, Keras {keras.__version__}, {device()}, batch {BATCH}, {options.rounds} rounds")

    figures = {}
    for which in PAIRS if options.pair == "all" else (options.pair,):
        figures[which] = compare(which, options.rounds)
        print("\n" + table(which, figures[which]))
    if options.pair != "convolutional":
        figures["fit"] = stall()
        print(f"\nfit() of 600 steps: {figures['fit']['off']:.2f} s as the course runs it, "
              f"{figures['fit']['on']:.2f} s with autotuning")  # fmt: skip
        figures["imports"] = import_seconds(options.rounds)
        for name, value in figures["imports"].items():
            print(f"{name:<32}{value:>8.2f} s")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(figures, file, indent=2)


if __name__ == "__main__":
    main()
