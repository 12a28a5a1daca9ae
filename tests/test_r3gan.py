"""R1 and R3GAN: the loss and both penalties against closed forms, and what they do to a game that would circle."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from gan_helpers import losses
from gan_helpers.models import toy
from gan_helpers.models.r3gan import R1GAN, R3GAN

REAL, FAKE = (np.random.default_rng(seed).normal(size=(6, 2)).astype(np.float32) for seed in (1, 2))
SLOPE = np.array([3.0, -4.0], np.float32)


def softplus(a):
    return np.logaddexp(0, a)


def game(kind, *loss, **settings):
    """Its discriminator is linear, with the slope (3, −4)."""
    linear = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
    linear.set_weights([SLOPE[:, np.newaxis], np.array([0.5], np.float32)])
    return kind(toy.build_point_generator(width=4), linear, *loss, **settings)


def d_loss(built):
    loss, report = built.discriminator_loss(tf.constant(REAL), tf.constant(FAKE), 0)
    return float(loss), float(report["d_loss"])


def test_relativistic_loss_compares_pairs():
    real, fake = REAL @ SLOPE, FAKE @ SLOPE
    loss = losses.RelativisticLoss()
    assert float(loss.discriminator(real, fake)) == pytest.approx(softplus(fake - real).mean(), rel=1e-6)
    assert float(loss.generator(fake, real)) == pytest.approx(softplus(real - fake).mean(), rel=1e-6)
    assert float(loss.discriminator(real + 7, fake + 7)) == pytest.approx(
        float(loss.discriminator(real, fake)), rel=1e-5
    )
    assert (float(loss.discriminator(real, real)), float(loss.generator(fake, fake))) == pytest.approx(
        loss.at_equilibrium
    )


def test_the_penalties_of_a_linear_discriminator():
    """Its slope is (3, −4) everywhere, so R1 is γ/2 · 25, and R1 + R2 twice that."""
    plain = softplus(-(REAL @ SLOPE + 0.5)).mean() + softplus(FAKE @ SLOPE + 0.5).mean()
    assert d_loss(game(R1GAN, losses.NonSaturatingLoss(), gamma=0.2)) == pytest.approx(
        (plain + 0.1 * 25, plain), rel=1e-5
    )
    paired = softplus((FAKE - REAL) @ SLOPE).mean()
    assert d_loss(game(R3GAN, gamma=0.2)) == pytest.approx((paired + 0.2 * 25, paired), rel=1e-5)


def test_r1_looks_at_real_examples_and_r2_at_fakes():
    """a(x) = |x|²/2 has the slope x."""

    class Bowl(keras.layers.Layer):
        def call(self, x):
            return keras.ops.sum(x**2, axis=1, keepdims=True) / 2

    for kind, loss, squares in (
        (R1GAN, [losses.NonSaturatingLoss()], (REAL**2).sum(axis=1).mean()),
        (R3GAN, [], (REAL**2).sum(axis=1).mean() + (FAKE**2).sum(axis=1).mean()),
    ):
        bowl = keras.Sequential([keras.layers.Input((2,)), Bowl()])
        loss, plain = d_loss(kind(toy.build_point_generator(width=4), bowl, *loss, gamma=1.0))
        assert loss - plain == pytest.approx(squares / 2, rel=1e-4)


def test_the_generator_of_r3gan_descends_the_paired_loss():
    """With a linear discriminator and G(z) = z + θ, the slope in θ is −E σ(a(x) − a(G(z))) · (3, −4)."""

    class Shift(keras.layers.Layer):
        def build(self, shape):
            self.shift = self.add_weight(shape=(2,), initializer="zeros")

        def call(self, z):
            return z + self.shift

    built = game(R3GAN, gamma=1.0)
    built.generator = keras.Sequential([keras.layers.Input((2,)), Shift()])
    built.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    noise = built.noise(6, 0, "generator").numpy()
    built.generator_step(tf.constant(REAL), 0)
    weight = 1 / (1 + np.exp(-(REAL - noise) @ SLOPE))
    assert built.generator.get_weights()[0] == pytest.approx(0.1 * weight.mean() * SLOPE, rel=1e-4)


def test_a_negative_weight_is_refused():
    with pytest.raises(ValueError, match="gamma must"):
        game(R3GAN, gamma=-1.0)
