"""The variants in TensorFlow: the course's own, and what a reader would write instead."""

from gan_helpers.core.session import bfloat16_speedup, device, quiet_tensorflow

tf, keras = quiet_tensorflow()
import numpy as np
from pairs import BATCH, LATENT, PAIRS, RATE, Variant

from gan_helpers import losses
from gan_helpers.core import sampling
from gan_helpers.models import dcgan, gan

NETWORKS = {"dense": gan, "convolutional": dcgan}  # modules with build_generator and build_discriminator
loss = losses.NonSaturatingLoss()


def about() -> str:
    """What runs here."""
    return f"TensorFlow {tf.__version__}, Keras {keras.__version__}, {device()}"


def build(which):
    """The two networks."""
    return NETWORKS[which].build_generator(LATENT), NETWORKS[which].build_discriminator()


def adam():
    return keras.optimizers.Adam(RATE, 0.5)


class Ours(Variant):
    """``GAN.train`` as a notebook calls it: batches, curves, NaN guard and all."""

    game, policy = gan.GAN, "float32"

    def __init__(self, which, images):
        self.images, self.interval = tf.constant(images), PAIRS[which].interval
        keras.config.set_dtype_policy(self.policy)
        self.gan = self.game(*build(which), loss)
        keras.config.set_dtype_policy("float32")
        self.gan.compile(adam(), adam(), jit_compile=PAIRS[which].xla)

    def run(self, steps):
        self.gan.train(self.images, steps=self.gan.steps_done + steps, every=self.interval, batch_size=BATCH)


class OursShared(Ours):
    """The same fakes for both players."""

    game = dcgan.SharedFakesGAN


class OursBfloat16(OursShared):
    """And products of matrices in bfloat16."""

    policy = "mixed_bfloat16"

    @staticmethod
    def why_not():
        """Processors without instructions for bfloat16 only imitate it, slowly."""
        speedup = bfloat16_speedup()
        return None if speedup > 1 else f"convolutions in bfloat16 are {speedup:.1f} times as fast as in float32 here"


class Classic(Variant):
    """(a) ``predict`` and three ``train_on_batch``: the loop of older books, with the discriminator thawed."""

    interval = 1

    def __init__(self, which, images):
        self.images = images
        self.generator, self.discriminator = build(which)
        bce = keras.losses.BinaryCrossentropy(from_logits=True)
        self.discriminator.compile(loss=bce, optimizer=adam())
        frozen = keras.models.clone_model(self.discriminator)  # same cost as the shared, frozen one
        frozen.trainable = False
        self.combined = keras.Sequential([self.generator, frozen])
        self.combined.compile(loss=bce, optimizer=adam())
        self.rng = np.random.default_rng(0)

    def run(self, steps):
        ones, zeros = np.ones((BATCH, 1)), np.zeros((BATCH, 1))
        for _ in range(steps):
            real = self.images[self.rng.integers(0, len(self.images), BATCH)]
            fake = self.generator.predict(self.rng.normal(size=(BATCH, LATENT)), verbose=0)
            self.discriminator.train_on_batch(real, ones)
            self.discriminator.train_on_batch(fake, zeros)
            self.combined.train_on_batch(self.rng.normal(size=(BATCH, LATENT)), ones)


class ByHand(Variant):
    """What the hand-written TensorFlow variants share: the networks and one plain step."""

    def __init__(self, which):
        self.generator, self.discriminator = build(which)
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

    interval = 1

    def __init__(self, which, images):
        super().__init__(which)
        data = tf.data.Dataset.from_tensor_slices(images).shuffle(60_000).repeat().batch(BATCH)
        self.batches, self.compiled_step = iter(data), tf.function(self.step)

    def run(self, steps):
        for _ in range(steps):
            self.compiled_step(next(self.batches))


class Tutorial(FunctionStep):
    """(b') the step of TensorFlow's DCGAN tutorial: one set of fakes, both gradients taken before either update."""

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

    may_use_xla = True

    def __init__(self, which, images):
        super().__init__(which)
        images = tf.constant(images)
        step = tf.function(self.step, jit_compile=self.may_use_xla and PAIRS[which].xla)
        self.interval = PAIRS[which].interval

        @tf.function
        def many(first):
            for i in tf.range(self.interval):
                step(tf.gather(images, sampling.batch_indices(0, first + i, BATCH, len(images))))

        self.many, self.done = many, 0

    def run(self, steps):
        for _ in range(steps // self.interval):
            self.many(tf.constant(self.done))
            self.done += self.interval


class FusedWithoutXLA(Fused):
    """(c') the same without XLA."""

    may_use_xla = False
