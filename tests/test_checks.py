"""Arguments that make no sense are refused, with the argument's name, what was expected and what came."""

import keras
import numpy as np
import pytest
import systems
from keras import layers

from gan_helpers.core import checks
from gan_helpers.models import gan, progan, sgan, stylegan, toy

LOSS = systems.NON_SATURATING
NOT_WHOLE = (0, -1, 2.5, "3", None, True, float("nan"))


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (checks.integer, (0, -3, np.int64(7)), (1.0, "1", None, True)),
        (checks.count, (1, np.int32(5)), NOT_WHOLE),
        (checks.not_negative, (0, 0.5, np.float32(2)), (-1e-9, float("nan"), float("inf"), "1", None, False)),
        (checks.probability, (0, 0.3, 1), (-0.1, 1.1, float("nan"), "1", None)),
        (checks.memory, (0, 0.999), (1, -0.1, 1.5, float("nan"), "0.9")),
    ],
)
def test_each_check_takes_what_it_should(check, good, bad):
    for value in good:
        assert check("it", value) == value
    for value in bad:
        with pytest.raises(ValueError, match=rf"^it must be .*, got {value!r}$"):
            check("it", value)


def test_arrays_must_be_finite():
    for good in ([], [1, 2], np.zeros((3, 2), np.float32)):
        assert checks.finite("it", good).shape == np.shape(good)
    bad = np.zeros((40, 30))
    bad[0, :2], bad[7, 7] = np.nan, -np.inf
    with pytest.raises(ValueError, match="^it must be finite numbers, got 3 of 1,200 that are NaN or infinite$"):
        checks.finite("it", bad)


def players():
    return toy.build_point_generator(width=4), toy.build_point_discriminator(width=4)


def growing(**settings):
    sizes = {"side": 8, "base": 16, "most": 4}
    generator = progan.ProgressiveGenerator(latent_dim=3, **sizes)
    return progan.ProGAN(generator, progan.ProgressiveDiscriminator(**sizes), progan.Growth((8, 0, 1)), **settings)


def styled(**settings):
    sizes = {"side": 8, "base": 16, "most": 4}
    generator = stylegan.StyleGenerator(latent_dim=3, depth=1, **sizes)
    return stylegan.StyleGAN(generator, progan.ProgressiveDiscriminator(grows=False, **sizes), **settings)


@pytest.mark.parametrize(
    ("build", "name", "values"),
    [
        (lambda **settings: gan.GAN(*players(), LOSS, **settings), "average", (1.0, 1.5, -0.1, float("nan"), "0.9")),
        (lambda **settings: gan.GAN(*players(), LOSS, **settings), "d_steps", NOT_WHOLE),
        (lambda **settings: gan.GAN(*players(), LOSS, **settings), "seed", (1.5, "1", None)),
        (growing, "penalty", (-1, float("nan"))),
        (growing, "drift", (-1, float("inf"))),
        (styled, "gamma", (-1, None)),
        (styled, "lazy", NOT_WHOLE),
        (styled, "mixing", (-0.1, 1.1)),
    ],
)
def test_settings_that_make_no_sense_are_refused(build, name, values):
    for value in values:
        with pytest.raises(ValueError, match=rf"{name} must be .*, got {value!r}"):
            build(**{name: value})


@pytest.mark.parametrize("name", ["gan", "progan", "sgan", "cgan", "vae"])
def test_training_refuses_numbers_that_make_no_sense(name):
    system, sources = systems.build(name)
    for value in (-1, 2.5, "3", float("nan")):
        with pytest.raises(ValueError, match=rf"steps must be .*, got {value!r}"):
            system.train(*sources, steps=value, batch_size=8)
    for value in NOT_WHOLE:
        with pytest.raises(ValueError, match=rf"every must be .*, got {value!r}"):
            system.train(*sources, steps=4, every=value, batch_size=8)
    for value in (0, -8, 2.5, True):
        with pytest.raises(ValueError, match=rf"batch_size must be .*, got {value!r}"):
            system.train(*sources, steps=4, batch_size=value)
    with pytest.raises(ValueError, match="seed must be a whole number, got 0.5"):
        system.restart(0.5)
    assert system.steps_done == 0


def test_players_must_fit_together():
    generator, _ = players()
    with pytest.raises(ValueError, match="got one network as generator and discriminator"):
        gan.GAN(generator, generator, LOSS)
    with pytest.raises(ValueError, match=r"must take what the generator makes, \(2,\), but takes \(3,\)"):
        gan.GAN(generator, toy.build_point_discriminator(data_dim=3), LOSS)
    ten = keras.Sequential([layers.Input((2,)), layers.Dense(10)])
    with pytest.raises(ValueError, match=r"must end in 1 logit\(s\) per example, got the shape \(None, 10\)"):
        gan.GAN(generator, ten, LOSS)
    assert sgan.SemiSupervisedGAN(generator, ten, LOSS).d_outputs is None
    for activation in ("sigmoid", "softmax"):
        squashed = keras.Sequential([layers.Input((2,)), layers.Dense(1, activation=activation)])
        with pytest.raises(ValueError, match=f"leave out the {activation}"):
            gan.GAN(generator, squashed, LOSS)
