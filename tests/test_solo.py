"""A discriminator alone: it finds known distances, and its limits hold."""

import keras
import numpy as np
import pytest

from gan_helpers import losses
from gan_helpers.data import mixtures
from gan_helpers.models import toy
from gan_helpers.models.gan import GAN
from gan_helpers.models.solo import LoneDiscriminator
from gan_helpers.models.trials import play


def on_a_line(seed, shift=0.0):
    return (np.random.default_rng(seed).random((2000, 1)) + shift).astype(np.float32)


def test_a_linear_critic_with_a_penalty_measures_a_shift():
    """a(x) = w x gains w s for a shift s and pays λ (|w| − 1)², so −J_D = s (1 + s / 2λ)."""
    linear = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1)])
    linear.set_weights([np.array([[-1.0]], np.float32), np.zeros(1, np.float32)])
    critic = LoneDiscriminator(linear, losses.WassersteinLoss(), penalty=10.0)
    critic.compile(keras.optimizers.Adam(0.01))
    real, fake = on_a_line(1), on_a_line(2, shift=2.0)
    critic.train(real, fake, steps=300, batch_size=500, every=100)
    assert -float(critic.value(real, fake)) == pytest.approx(2 * (1 + 2 / 20), rel=0.03)


def test_clipping_holds(eagerly):
    critic = LoneDiscriminator(toy.build_point_discriminator(1, width=8), losses.WassersteinLoss(), clip=0.02)
    critic.compile(keras.optimizers.Adam(0.01))
    critic.train(on_a_line(1), on_a_line(2, shift=1.0), steps=3, batch_size=100, every=1)
    assert max(np.abs(w).max() for w in critic.discriminator.get_weights()) == pytest.approx(0.02)


def test_a_game_is_played_anew_and_looked_at(eagerly):
    game = GAN(toy.build_point_generator(width=4), toy.build_point_discriminator(width=4), losses.NonSaturatingLoss())
    game.compile(keras.optimizers.Adam(0.01), keras.optimizers.Adam(0.01))
    points = mixtures.gaussian_ring().sample(100)
    head_starts = []

    def once(seed, **how):
        return play(game, seed, points, steps=4, batch_size=10, every=2, look=lambda g: g.sample(3), **how)

    first, other, again = once(1), once(2), once(1, head_start=head_starts.append)
    assert len(first.looks) == 3 and list(first.curves["d_loss"][0]) == [2, 4] and first.seed == 1
    assert all(np.array_equal(a, b) for a, b in zip(first.looks, again.looks, strict=True))
    assert not np.array_equal(first.looks[0], other.looks[0]) and head_starts == [game]
    assert play(game, 1, points, steps=2, batch_size=10, every=2).looks == []
    game.restart(1)
    by_hand = game.train(points, steps=4, batch_size=10, every=2)
    assert np.array_equal(first.curves["d_loss"], by_hand["d_loss"])


def test_limits_on_the_slope_that_make_no_sense_are_refused():
    discriminator = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
    for setting, value in {"penalty": -1, "clip": 0}.items():
        with pytest.raises(ValueError, match=f"{setting} must be .* got {value}"):
            LoneDiscriminator(discriminator, losses.WassersteinLoss(), **{setting: value})
