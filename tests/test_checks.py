"""Arguments that make no sense are refused, with the argument's name, what was expected and what came."""

import keras
import numpy as np
import pytest
import systems
from keras import layers

from gan_helpers.core import checks
from gan_helpers.data import images, mixtures
from gan_helpers.models import gan, growth, progan, sgan, stylegan, toy, vae, wgan
from gan_helpers.scores.sliced import sliced_wasserstein
from gan_helpers.show import callbacks, film, plots

LOSS = systems.NON_SATURATING
NOT_WHOLE = (0, -1, 2.5, "3", None, True, float("nan"))


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (checks.integer, (0, -3, np.int64(7)), (1.0, "1", None, True)),
        (checks.count, (1, np.int32(5)), NOT_WHOLE),
        (checks.positive, (1, 0.01), (0, -1.0, float("nan"), float("inf"), "1", None, True)),
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


def test_shapes_must_be_one():
    for good in (((3, 2), (3, 2)), ((), ()), ((3,),)):
        assert checks.same_shape(**{f"a{i}": np.zeros(shape) for i, shape in enumerate(good)}) is None
    for bad in (((3, 2), (3, 1)), ((3, 2), (2,)), ((1,), ()), ((3, 2), (3, 2), (1, 2))):
        with pytest.raises(ValueError, match="^a0, a1.* must have one shape, got "):
            checks.same_shape(**{f"a{i}": np.zeros(shape) for i, shape in enumerate(bad)})
    checks.same_shape(known=keras.Input((3,)), also=np.zeros((5, 3)))  # how many there are is not known yet
    with pytest.raises(ValueError, match=r"got \(None, 3\), \(5, 4\)$"):
        checks.same_shape(known=keras.Input((3,)), also=np.zeros((5, 4)))


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
        (lambda **settings: wgan.WGAN(*players(), **settings), "clip", (0, -0.1, float("nan"), "1", None)),
        (lambda **settings: wgan.WGANGP(*players(), **settings), "penalty", (-1, float("nan"), "1")),
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


def test_all_training_data_are_looked_at():
    points = np.zeros((1500, 2), np.float32)
    game = gan.GAN(*players(), LOSS)
    game.compile(systems.optimizer(), systems.optimizer())
    points[1400, 1] = np.nan
    with pytest.raises(ValueError, match="training data must be finite floats"):
        game.train(points, steps=1, every=1)
    pictures = np.zeros((1500, 28, 28, 1), np.float32)
    pictures[1400] = 255
    game = gan.GAN(gan.build_generator(4), gan.build_discriminator(), LOSS)
    game.compile(systems.optimizer(), systems.optimizer())
    with pytest.raises(ValueError, match=r"must lie in \[-1, 1\], got \[0, 255\]"):
        game.train(pictures, steps=1, every=1)


def test_a_penalised_critic_judges_each_example_by_itself():
    normalised = keras.Sequential([layers.Input((2,)), layers.Dense(3), layers.BatchNormalization(), layers.Dense(1)])
    within = keras.Sequential([layers.Input((2,)), keras.Sequential(normalised.layers[:2]), layers.Dense(1)])
    for critic in (normalised, within):
        with pytest.raises(ValueError, match="the critic must have no batch normalisation"):
            wgan.WGANGP(players()[0], critic)
    wgan.WGAN(players()[0], normalised)  # no penalty, no such condition


def test_autoencoders_refuse_what_they_cannot_learn():
    ink = systems.INK
    plain = vae.Autoencoder(vae.build_encoder(), vae.build_decoder())
    variational = vae.VAE(vae.build_gaussian_encoder(), vae.build_bernoulli_decoder())
    for model in (plain, variational):
        model.compile(systems.optimizer())
    for targets in (ink[:, :1, :1], ink[..., 0]):
        with pytest.raises(ValueError, match=r"targets must have shape \(n, 28, 28, 1\), got"):
            plain.train((ink, targets), steps=1, every=1, batch_size=8)
    with pytest.raises(ValueError, match="Autoencoder learns from .* a pair .*, got a tuple of 3 arrays"):
        plain.train((ink, ink, ink), steps=1, every=1, batch_size=8)
    with pytest.raises(ValueError, match="VAE learns from one array of examples, got a tuple of 2 arrays"):
        variational.train((ink, ink), steps=1, every=1, batch_size=8)
    with pytest.raises(ValueError, match="must be ink, -1 or 1, got values between: use binarise"):
        variational.train(0.5 * ink, steps=1, every=1, batch_size=8)
    with pytest.raises(ValueError, match="the decoder must take what the encoder makes"):
        vae.VAE(vae.build_gaussian_encoder(3), vae.build_bernoulli_decoder(2))


RING = mixtures.gaussian_ring()
SAMPLER = gan.GAN(*players(), LOSS)
PICTURES = np.zeros((4, 16, 16, 1))


@pytest.mark.parametrize(
    ("call", "name", "values"),
    [
        (SAMPLER.sample, "n", (-1, 2.5, "3", None, True)),
        (lambda value: SAMPLER.sample(2, value), "seed", (-1, 1.5, "1", None)),
        (lambda value: RING.sample(value), "n", (-1, 2.5, "3", None)),
        (lambda value: RING.sample(2, value), "seed", (-1, 1.5, "1", None)),
        (mixtures.gaussian_ring, "modes", (0, -1, 2.5, "3")),
        (lambda value: mixtures.two_gaussians(width=value), "width", (0, -1, float("nan"))),
        (lambda value: images.few_per_class(systems.LABELS, value), "per_class", (0, -1, 2.5, "3", None)),
        (lambda value: images.few_per_class(systems.LABELS, 2, skip=value), "skip", (-1, 2.5, None)),
        (lambda value: images.few_per_class(systems.LABELS, 2, seed=value), "seed", (-1, 1.5, None)),
        (lambda value: vae.binarise(systems.INK, value), "seed", (-1, 1.5, "1", None)),
        (lambda value: sliced_wasserstein(PICTURES, PICTURES, patches=value), "patches", NOT_WHOLE),
        (lambda value: sliced_wasserstein(PICTURES, PICTURES, patch_side=value), "patch_side", (*NOT_WHOLE, 17)),
        (lambda value: sliced_wasserstein(PICTURES, PICTURES, directions=value), "directions", NOT_WHOLE),
        (lambda value: growth.Growth((4, 0, value)), "a stage's steps", (-1, 2.5, "3", None)),
        (lambda value: growth.Growth((value, 0, 4)), "a stage's side", (0, 3, 4.0, "4")),
        (lambda value: plots.tile(systems.IMAGES, value), "columns", NOT_WHOLE),
        (lambda value: plots.image_grid(systems.IMAGES, value), "columns", NOT_WHOLE),
        (lambda value: film.Film(None, value), "every", NOT_WHOLE),
        (lambda value: callbacks.QualityTracker(None, value), "every", NOT_WHOLE),
        (lambda value: callbacks.SampleGrids([1], value), "n", NOT_WHOLE),
        (lambda value: callbacks.SampleGrids([0, value]), "each of steps", (-1, 2.5, "3")),
        (lambda value: callbacks.Dashboard(value), "rows", NOT_WHOLE),
    ],
)
def test_public_doors_refuse_numbers_that_make_no_sense(call, name, values):
    for value in values:
        with pytest.raises(ValueError, match=rf"^{name} must be .*got {value!r}$"):
            call(value)


def test_a_growing_game_grows_no_larger_than_its_networks():
    sizes = {"side": 8, "base": 16, "most": 4}
    networks = progan.ProgressiveGenerator(latent_dim=3, **sizes), progan.ProgressiveDiscriminator(**sizes)
    for wrong in (progan.Growth((8, 0, 1), (16, 1, 1)), None):
        with pytest.raises(ValueError, match="growth must be a Growth up to a side of at most 8, got"):
            progan.ProGAN(*networks, wrong)


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
