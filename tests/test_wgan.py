"""Wasserstein games: the penalty against closed forms, clipping, several critic steps, and that they learn."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from conftest import equal, weights
from gan_helpers import losses
from gan_helpers.data import mixtures
from gan_helpers.models import toy
from gan_helpers.models.gan import GAN
from gan_helpers.models.wgan import WGAN, WGANGP


def linear_critic(slope):
    slope = tf.constant(slope, tf.float32)
    return lambda x: tf.tensordot(tf.reshape(x, (x.shape[0], -1)), slope, 1)[:, tf.newaxis]


@pytest.mark.parametrize("slope", [[3.0, 4.0], [0.6, 0.8], [0.0, 0.5]])
def test_penalty_of_a_linear_critic(slope):
    """Its slope is the same everywhere, so the penalty is (‖w‖ − 1)², wherever the examples are mixed."""
    rng = np.random.default_rng(0)
    real, fake = (tf.constant(rng.normal(size=(8, 2)), tf.float32) for _ in range(2))
    value = losses.gradient_penalty(linear_critic(slope), real, fake, tf.random.uniform((8,), seed=1))
    assert float(value) == pytest.approx((np.linalg.norm(slope) - 1) ** 2, abs=1e-5)


def test_penalty_looks_between_the_examples_one_mix_each():
    """a(x) = x²/2 has the slope x: with fakes at 0 and real ones at 2 the slope at x̂ is 2·mix."""
    mix = tf.constant([0.0, 0.25, 1.0])
    value = losses.gradient_penalty(lambda x: x**2 / 2, tf.fill((3, 1), 2.0), tf.zeros((3, 1)), mix)
    assert float(value) == pytest.approx(np.mean([1.0, 0.25, 1.0]), abs=1e-5)


def test_penalty_works_on_images_and_at_a_slope_of_zero():
    images, weight = tf.ones((2, 4, 4, 1)), tf.Variable(0.0)
    with tf.GradientTape() as tape:
        flat = losses.gradient_penalty(
            lambda x: weight * tf.reduce_sum(x, axis=(1, 2)), images, -images, tf.fill((2,), 0.5)
        )
    assert float(flat) == pytest.approx(1, abs=1e-4) and np.isfinite(
        tape.gradient(flat, weight)
    )  # no NaN from the root of 0


def make(kind, jit_compile=False, n_critic=2, **settings):
    keras.utils.set_random_seed(0)
    game = kind(toy.build_point_generator(), toy.build_point_discriminator(), n_critic=n_critic, **settings)
    game.compile(keras.optimizers.Adam(1e-3, 0.0), keras.optimizers.Adam(1e-3, 0.0), jit_compile=jit_compile)
    return game


def test_clipping_holds_after_every_step(eagerly):
    game = make(WGAN, clip=0.02)
    game.train(mixtures.gaussian_ring().sample(500), steps=4, batch_size=50, every=2)
    largest = max(np.abs(w).max() for w in weights(game.discriminator))
    assert largest == pytest.approx(0.02)


@pytest.mark.parametrize("kind", [WGAN, WGANGP])
def test_the_critic_answers_higher_on_real_examples(kind):
    """Far from the fakes there is no doubt, and clipped weights of 0.1 are large enough to show it."""
    points = mixtures.gaussian_ring().sample(500) + np.float32([6, 0])
    game = make(kind, n_critic=5, **({"clip": 0.1} if kind is WGAN else {}))
    curves = game.train(points, steps=20, batch_size=50, every=20)
    real, fake = (float(np.mean(game.discriminator(x))) for x in (points, game.sample(500)))
    assert real > fake and -curves.last("d_loss") > 0


def test_the_critic_moves_n_times_on_batches_of_its_own(eagerly):
    seen = []

    class Spy(WGANGP):
        def discriminator_step(self, real, fake, step):
            seen.append((real.numpy(), int(step)))
            return super().discriminator_step(real, fake, step)

    game = make(Spy, n_critic=3)
    game.train(mixtures.gaussian_ring().sample(300), steps=2, batch_size=20, every=1)
    assert [step for _, step in seen] == [0, 1, 2, 3, 4, 5] and all(real.shape == (20, 2) for real, _ in seen)
    assert len({real.tobytes() for real, _ in seen}) == 6
    assert int(game.discriminator_optimizer.iterations) == 6 and int(game.generator_optimizer.iterations) == 2


def test_one_discriminator_step_is_the_plain_game(eagerly):
    points = mixtures.gaussian_ring().sample(300)

    def play(**settings):
        keras.utils.set_random_seed(0)
        game = GAN(toy.build_point_generator(), toy.build_point_discriminator(), losses.NonSaturatingLoss(), **settings)
        game.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3))
        game.train(points, steps=4, batch_size=50, every=2)
        return weights(game.generator)

    assert equal(play(), play(d_steps=1)) and not equal(play(), play(d_steps=2))


@pytest.mark.slow
def test_the_penalised_game_finds_the_ring_and_its_critic_measures_the_distance():
    """With these settings and 1,500 steps, seeds 0, 1 and 2 found all eight modes, on both sets of versions."""
    keras.utils.set_random_seed(0)
    ring, game = (
        mixtures.gaussian_ring(),
        WGANGP(toy.build_point_generator(), toy.build_point_discriminator(), penalty=1.0),
    )
    game.compile(keras.optimizers.Adam(1e-3, 0.5, 0.9), keras.optimizers.Adam(1e-3, 0.5, 0.9), jit_compile=True)
    curves = game.train(ring.sample(20_000), steps=1500, batch_size=128, every=250)
    found = ring.modes_found(game.sample(2000))
    assert found["modes"] == 8 and found["good"] > 0.6
    distance = -curves["d_loss"][1]
    assert distance[-1] < 0.5 * distance[0]  # the estimate falls as the samples get better
    assert curves.last("penalty") < 0.2
