"""Arguments that make no sense are refused, with the argument's name, what was expected and what came."""

import contextlib
import functools
import importlib
import inspect
import pkgutil
import re
from decimal import Decimal
from fractions import Fraction

import keras
import numpy as np
import pytest
import systems
import tensorflow as tf
from keras import layers

from gan_helpers import attacks, augmentation, losses, models
from gan_helpers import layers as own_layers
from gan_helpers.core import checks, sampling
from gan_helpers.core.system import generate, latent_noise
from gan_helpers.data import images, mixtures, sets
from gan_helpers.layers import Sampling
from gan_helpers.models import (
    classifier,
    cyclegan,
    gan,
    growth,
    progan,
    r3gan,
    sgan,
    solo,
    stylegan,
    toy,
    translators,
    vae,
    wgan,
)
from gan_helpers.scores import efficientnet, metrics
from gan_helpers.scores.classes import scores_within_classes
from gan_helpers.scores.sliced import sliced_wasserstein
from gan_helpers.show import callbacks, film, plots

LOSS = systems.NON_SATURATING
NOT_WHOLE = (0, -1, 2.5, "3", None, True, float("nan"))
NO_SHAPES = ((), (28, 28), (0, 28, 1), (28.5, 28, 1), 5, None)


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


ODD = [
    None, True, np.True_, "", "3", b"3", 0, -1, 2**80, 0.5, -0.0, float("nan"), float("inf"), 1j, [], [1], (), {}, {3},
    Decimal("0.5"), Fraction(1, 2), np.int8(-3), np.float16(0.5), np.float64("nan"), np.zeros(0), np.ones(1),
    np.ones((2, 2)), np.array(["a"]), np.array([None]), np.datetime64("2020-01-01"), object(), int, len,
    tf.constant(1), tf.constant([0.5]),
]  # fmt: skip
ONE_VALUE = (
    checks.integer, checks.count, checks.positive, checks.not_negative, checks.probability, checks.memory, checks.finite
)  # fmt: skip


@pytest.mark.parametrize("check", ONE_VALUE)
def test_whatever_comes_is_kept_or_refused_by_name(check):
    """Never another error, and nothing that is kept has become another value."""
    for value in ODD:
        try:
            kept = check("it", value)
        except ValueError as error:
            assert str(error).startswith("it must be ")
        else:
            assert np.array_equal(kept, value)
    for value in ODD:
        with contextlib.suppress(ValueError):
            assert np.array_equal(checks.labels(value, 3), value)


def test_labels_are_whole_within_the_classes_and_one_for_each():
    for good in ([0, 2, 1], np.array([2], np.uint8), systems.LABELS):
        assert checks.labels(good, 3) is not None and checks.labels(good, 3, len(good)) is not None
    for bad in ([0, 3], [-1, 0], [0.5, 1], ["a"], [], np.zeros(0, int), [[0], [1]], 1, [np.nan], [True], None):
        with pytest.raises(ValueError, match=r"^labels must be ints from 0 to 2, shape \(n,\); got "):
            checks.labels(bad, 3)
    with pytest.raises(ValueError, match=r"2, one for each of 4 image\(s\); got int64 of shape \(3,\), from 0 to 2"):
        checks.labels([0, 1, 2], 3, 4)


def test_shapes_must_be_the_same_and_unknown_sides_may_be_anything():
    a, b = np.zeros((4, 2)), np.zeros((4, 1))
    checks.same_shape(a=a, b=a, c=keras.KerasTensor((None, 2)))
    for other in (b, a[:1], a[0], a[..., None]):
        with pytest.raises(ValueError, match=r"^a and other must have one shape, got a \(4, 2\), other \("):
            checks.same_shape(a=a, other=other)


def test_only_numbers_are_finite():
    for bad in ("x", None, ["1"], [object()]):
        with pytest.raises(ValueError, match="^it must be finite numbers, got "):
            checks.finite("it", bad)
    assert checks.finite("it", [1, 2], np.float32).dtype == np.float32
    with pytest.raises(ValueError, match="^it must be finite numbers, got 1 of 1"):
        checks.finite("it", [1e300], np.float32)


def test_what_is_checked_first_is_otherwise_as_it_was():
    @checks.first(lambda x, y=1: checks.positive("x", x))
    def ratio(x, y=1):
        """A docstring."""
        return y / x

    assert ratio(2) == 0.5 and ratio(x=2, y=4) == 2 and ratio.__doc__ == "A docstring."
    with pytest.raises(ValueError, match="x must be a number above 0, got 0"):
        ratio(0)


def test_sizes_are_of_the_kind_of_their_defaults():
    @checks.sizes(gap=0)
    def build(width=4, gap=2, slope=0.1, shape=(2, 2, 1), flat=True, name="it"):
        return width, gap, slope, shape, flat, name

    assert build(1, gap=0, slope=0, shape=[3, 3, 3]) == (1, 0, 0, [3, 3, 3], True, "it")
    for name, values in (("width", NOT_WHOLE), ("gap", (-1, 0.5)), ("slope", (-0.1, "1")), ("shape", NO_SHAPES)):
        for value in values:
            with pytest.raises(ValueError, match=rf"^{name} must be .*, got {re.escape(repr(value))}$"):
                build(**{name: value})


def builders():
    """All functions and classes that build networks, and what their arguments are by default."""
    found = [
        progan.ProgressiveGenerator,
        progan.ProgressiveDiscriminator,
        stylegan.StyleGenerator,
        functools.partial(own_layers.EqualizedConv2D, 3),
        functools.partial(own_layers.ModulatedConv2D, 3),
        own_layers.MinibatchStdDev,
        efficientnet.build_efficientnet,
    ]
    for module in pkgutil.iter_modules(models.__path__):
        functions = vars(importlib.import_module(f"{models.__name__}.{module.name}")).items()
        found += [function for name, function in functions if name.startswith("build_")]
    for build in found:
        for name, parameter in inspect.signature(build).parameters.items():
            if isinstance(parameter.default, int | float | tuple) and not isinstance(parameter.default, bool):
                yield build, name, parameter.default


@pytest.mark.parametrize(("build", "name", "default"), builders())
def test_what_builds_networks_refuses_sizes_that_make_no_sense(build, name, default):
    bad = NO_SHAPES if isinstance(default, tuple) else (-1, float("nan"), "3", None, True)
    for value in bad if isinstance(default, float | tuple) else (*bad, 2.5):
        with pytest.raises(ValueError, match=rf"^{name} must be .*, got {re.escape(repr(value))}$"):
            build(**{name: value})


@pytest.mark.parametrize(
    ("build", "name"),
    [
        (own_layers.EqualizedDense, "units"),
        (functools.partial(own_layers.EqualizedDense, 3), "gain"),
        (functools.partial(own_layers.EqualizedDense, 3), "rate"),
        (own_layers.StyledConv2D, "filters"),
        (own_layers.ModulatedConv2D, "filters"),
        (own_layers.EqualizedConv2D, "filters"),
        (own_layers.NeighbourDifferences, "gain"),
        (own_layers.random_normal, "deviation"),
    ],
)
def test_layers_refuse_sizes_that_make_no_sense(build, name):
    for value in (-1, float("nan"), "3", None):
        with pytest.raises(ValueError, match=rf"^{name} must be .*, got {value!r}$"):
            build(**{name: value})


def players():
    return toy.build_point_generator(width=4), toy.build_point_discriminator(width=4)


def four():
    generators = [translators.build_unet_generator(base=2, depth=1) for _ in range(2)]
    return generators, [translators.build_patch_discriminator(base=2, depth=1) for _ in range(2)]


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
        (lambda **settings: wgan.WGAN(*players(), **settings), "n_critic", NOT_WHOLE),
        (lambda **settings: wgan.WGANGP(*players(), **settings), "n_critic", NOT_WHOLE),
        (lambda loss: gan.GAN(*players(), loss), "loss", ("wasserstein", None, type(LOSS))),
        (lambda loss: cyclegan.CycleGAN(*four(), loss), "loss", ("ls", type(LOSS))),
        (lambda loss: solo.LoneDiscriminator(players()[1], loss), "loss", ("w", None)),
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


def test_every_penalty_of_a_slope_knows_that(tmp_path):
    normalised = keras.Sequential([layers.Input((2,)), layers.Dense(3), layers.BatchNormalization(), layers.Dense(1)])
    for build in (
        lambda weight: r3gan.R1GAN(players()[0], normalised, LOSS, gamma=weight),
        lambda weight: r3gan.R3GAN(players()[0], normalised, gamma=weight),
        lambda weight: solo.LoneDiscriminator(normalised, LOSS, penalty=weight),
    ):
        build(0)
        with pytest.raises(ValueError, match="must have no batch normalisation"):
            build(1.0)


def test_networks_that_answer_with_other_than_logits_are_refused():
    for activation in ("sigmoid", "softmax"):
        flat = [layers.Input((8, 8, 1)), layers.Flatten(), layers.Dense(3, activation=activation)]
        with pytest.raises(ValueError, match=f"the network must end in logits: leave out the {activation}"):
            classifier.Classifier(keras.Sequential(flat))
    ten = keras.Sequential([layers.Input((2,)), layers.Dense(10)])
    with pytest.raises(ValueError, match=r"must end in 1 logit\(s\) per example, got the shape \(None, 10\)"):
        solo.LoneDiscriminator(ten, LOSS)
    both = keras.Sequential([layers.Input((2,)), layers.Dense(2)])
    with pytest.raises(ValueError, match="encoder and decoder must be two networks, got one"):
        vae.Autoencoder(both, both)


@pytest.mark.parametrize("name", ["classifier", "sgan", "robust", "mean teacher"])
def test_accuracy_wants_what_was_learned_from(name):
    system, _ = systems.build(name)
    pictures, labels = systems.IMAGES, systems.LABELS
    assert 0 <= system.accuracy(pictures, labels) <= 1
    for wrong in (labels[:5], labels + 0.5, labels + 7, labels[:, None]):
        with pytest.raises(ValueError, match=r"labels must be ints from 0 to 2, one for each of 40 image\(s\)"):
            system.accuracy(pictures, wrong)
    for wrong in (pictures * np.nan, pictures * 255, pictures[:, :4]):
        with pytest.raises(ValueError, match="images must"):
            system.accuracy(wrong, labels)


def test_a_picture_is_asked_for_by_a_label_that_exists():
    game, _ = systems.build("cgan")
    assert len(game.sample(2, labels=[0, 2])) == len(game.label_vectors([0, 2])) == 2
    for wrong in ([0, 3], [-1, 0], [0.5, 1], ["a", "b"], 1, [[0], [1]], [float("nan"), 0], [0, 1, 2]):
        with pytest.raises(ValueError, match=r"labels must be ints from 0 to 2, one for each of 2 image\(s\); got"):
            game.sample(2, labels=wrong)
    for wrong in ([0, 3], [-1, 0], [0.5, 1], 1):
        with pytest.raises(ValueError, match="labels must be ints from 0 to 2"):
            game.label_vectors(wrong)
    noise = np.zeros((2, 4), np.float32)
    for wrong in (noise[:1], noise[:, :1], np.zeros((3, 4))):
        with pytest.raises(ValueError, match="noise and vectors must have one shape"):
            game.pictures(noise, wrong)
    with pytest.raises(ValueError, match="vectors must be finite numbers"):
        game.pictures(noise, noise * np.nan)


def test_nothing_is_broadcast_in_silence():
    def normal(*shape):
        return tf.constant(np.random.default_rng(0).normal(size=shape).astype(np.float32))

    def critic(x):
        return tf.reduce_sum(x, axis=1, keepdims=True)

    two = normal(4, 2)
    calls = {
        "kl": lambda other: vae.kl_to_standard_normal(two, other),
        "variance": lambda other: Sampling()(two, other, two),
        "noise": lambda other: Sampling()(two, two, other),
        "penalty": lambda other: losses.gradient_penalty(critic, two, other, normal(4)),
        "relativistic D": lambda other: losses.RelativisticLoss().discriminator(two, other),
        "relativistic G": lambda other: losses.RelativisticLoss().generator(two, other),
    }
    for call in calls.values():
        for other in (normal(2), normal(4, 1), normal(1, 2), normal(3, 2)):
            with pytest.raises(ValueError, match="must have one shape, got"):
                call(other)
    for mix in (normal(1), normal(4, 1), normal(2, 2), normal()):
        with pytest.raises(ValueError, match=r"mix must be one number for each example, shape \(4,\); got"):
            losses.gradient_penalty(critic, two, two, mix)
    ink = tf.constant(systems.INK)
    for logits in (ink[:1], ink[..., 0], ink[:, :1, :1]):
        with pytest.raises(ValueError, match="ink and logits must have one shape"):
            vae.bernoulli_log_likelihood(ink, logits)


def test_the_bound_is_that_of_ink():
    model, _ = systems.build("vae")
    for examples, batch_size, said in (
        (0.5 * systems.INK, 8, "must be ink"), (systems.INK[:, :5], 8, "shape"), (systems.INK, 0, "batch_size"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=said):
            vae.elbo(model, examples, batch_size)


def test_covariances_that_are_none_are_refused():
    mean, cov = np.zeros(2), np.eye(2)
    nan = float("nan")
    wrong = {
        "symmetric": (np.array([[1, 2], [0, 1.0]]), np.eye(3), np.ones(3)),
        "a covariance, got one with a variance of -1": (-cov, np.array([[1, 2], [2, 1.0]])),
        "finite numbers": (cov * nan, "x"),
    }
    for said, covariances in wrong.items():
        for one in covariances:
            with pytest.raises(ValueError, match=f"^cov_a must be {said}"):
                metrics.frechet_from_moments(mean, one, mean, cov)
            with pytest.raises(ValueError, match=f"^cov_b must be {said}"):
                metrics.frechet_from_moments(mean, cov, mean, one)
    with pytest.raises(ValueError, match="^mean_b must be finite"):
        metrics.frechet_from_moments(mean, cov, mean * nan, cov)
    for skew, fits in ((0.9e-4, True), (1.1e-4, False)):  # a little asymmetry is rounding
        with contextlib.nullcontext() if fits else pytest.raises(ValueError, match="^cov_b must be symmetric"):
            metrics.frechet_from_moments(mean, cov, mean, cov + np.triu(np.full((2, 2), skew), 1))
    for least, fits in ((-0.9e-4, True), (-1.2e-4, False)):  # and so is a variance a little below 0
        with contextlib.nullcontext() if fits else pytest.raises(ValueError, match="^cov_b must be a covariance"):
            metrics.frechet_from_moments(mean, cov, mean, np.diag([1, least]))
    assert metrics.frechet_from_moments(mean, 0 * cov, mean, 1e-12 * cov) == pytest.approx(0, abs=1e-10)
    assert metrics.frechet_from_moments(0.0, 1.0, 0.0, 4.0) == pytest.approx(1)


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


@pytest.mark.parametrize(
    ("name", "values", "wanted"),
    [
        ("callbacks", (5, [5], callbacks.SampleGrids([1])), "a list of Keras callbacks"),
        ("checkpoint", (5, ["a", "b"], b"c"), "the name of a file"),
    ],
)
def test_training_refuses_what_it_cannot_call_or_write(name, values, wanted):
    system, sources = systems.build("gan")
    for value in values:
        with pytest.raises(ValueError, match=rf"^{name} must be {wanted}, got {re.escape(repr(value))}$"):
            systems.train(system, sources, 2, **{name: value})


def test_texts_are_no_numbers():
    texts = np.array([["0.1", "0.9"]] * 8)
    for call, name in (
        (metrics.inception_score, "probabilities"),
        (lambda value: metrics.precision_recall_coverage(value, value, k=1), "real"),
        (lambda value: metrics.frechet_distance(value, value), "features_a"),
        (lambda value: metrics.kernel_distance(value, value), "features_a"),
        (RING.density, "points"),
        (RING.modes_found, "points"),
    ):
        with pytest.raises(ValueError, match=f"^{name} must be finite numbers"):
            call(texts)
        with pytest.raises(ValueError, match=f"^{name} must be finite numbers"):
            call(None)


def test_pictures_have_four_axes():
    flat = tf.zeros((2, 8, 8))
    for call in (
        lambda images: augmentation.augment(images, 0, 0, "it"),
        lambda images: augmentation.warp(images, 0, 0, "it"),
    ):
        for value in (flat, "x", None, [1.0]):
            with pytest.raises(ValueError, match=r"^images must have shape \(n, height, width, channels\), got "):
                call(value)


def test_an_attack_wants_pictures_of_the_size_that_its_victim_takes():
    network = systems.build("classifier")[0].network
    with pytest.raises(ValueError, match=r"^images must have shape \(n, 8, 8, 1\), got \(3, 9, 8, 1\)"):
        attacks.fgsm(network, np.zeros((3, 9, 8, 1), np.float32), np.zeros(3, int), 0.1)


RING = mixtures.gaussian_ring()
SAMPLER = gan.GAN(*players(), LOSS)
PICTURES = np.zeros((4, 16, 16, 1))
LABELLED = systems.IMAGES, systems.LABELS
CONDITIONAL, _ = systems.build("cgan")


def perturbed(*how):
    game, (labelled,) = systems.build("advgan")
    game.check_source(0, labelled)  # as before training: its samples are made of these
    return game.sample(*how)


@pytest.mark.parametrize(
    ("call", "name", "values"),
    [
        (SAMPLER.sample, "n", (-1, 2.5, "3", None, True)),
        (CONDITIONAL.sample, "n", (-1, 2.5, "3", None, True)),
        (lambda value: CONDITIONAL.sample(2, value), "seed", (-1, 1.5, "1", None, True)),
        (perturbed, "n", (-1, 2.5, "3", None, True)),
        (lambda value: perturbed(2, value), "seed", (-1, 1.5, "1", None, True)),
        (lambda value: attacks.gaussian_noise(systems.IMAGES, 0.1, seed=value), "seed", (1.5, "1", None, True)),
        (lambda value: sampling.uniform((2,), value, 0, "noise"), "seed", (1.5, "1", None, True)),
        (lambda value: sampling.uniform((2,), 0, value, "noise"), "step", (1.5, "1", None, True)),
        (lambda value: latent_noise(2, value), "latent_dim", NOT_WHOLE),
        (lambda value: generate(None, np.zeros((2, 3)), value), "batch_size", NOT_WHOLE),
        (lambda value: sampling.batches(systems.IMAGES, batch_size=value, stop=1), "batch_size", NOT_WHOLE),
        (lambda value: sampling.batches(systems.IMAGES, batch_size=1, stop=value), "stop", (-1, 2.5, "3", None)),
        (lambda value: sampling.batches(systems.IMAGES, batch_size=1, stop=1, start=value), "start", (-1, 2.5, "3")),
        (lambda value: sampling.batches(systems.IMAGES, batch_size=1, stop=1, seed=value), "seed", (1.5, "1", None)),
        (lambda value: SAMPLER.sample(2, value), "seed", (-1, 1.5, "1", None)),
        (lambda value: RING.sample(value), "n", (-1, 2.5, "3", None)),
        (lambda value: RING.sample(2, value), "seed", (-1, 1.5, "1", None)),
        (mixtures.gaussian_ring, "modes", NOT_WHOLE),
        (lambda value: mixtures.gaussian_ring(radius=value), "radius", (float("inf"), float("nan"), "2", None)),
        (mixtures.two_gaussians, "distance", (float("inf"), float("nan"), "2", None)),
        (lambda value: mixtures.two_gaussians(width=value), "width", (0, -1, float("nan"), "1", None)),
        (lambda value: sets.unpaired_emoji(seed=value), "seed", (-1, 1.5, "1", None)),
        (lambda value: callbacks.Dashboard(seconds=value), "seconds", (-1, float("nan"), "1", None)),
        (augmentation.checked_policy, "policy", (5, None)),
        (lambda value: images.few_per_class(systems.LABELS, value), "per_class", (0, -1, 2.5, "3", None)),
        (lambda value: images.few_per_class(systems.LABELS, 2, skip=value), "skip", (-1, 2.5, None)),
        (lambda value: images.few_per_class(systems.LABELS, 2, seed=value), "seed", (-1, 1.5, None)),
        (lambda value: vae.binarise(systems.INK, value), "seed", (-1, 1.5, "1", None)),
        (lambda value: sliced_wasserstein(PICTURES, PICTURES, patches=value), "patches", NOT_WHOLE),
        (lambda value: sliced_wasserstein(PICTURES, PICTURES, patch_side=value), "patch_side", (*NOT_WHOLE, 17)),
        (lambda value: sliced_wasserstein(PICTURES, PICTURES, directions=value), "directions", NOT_WHOLE),
        (progan.sides_up_to, "side", NOT_WHOLE),
        (lambda value: growth.Growth((4, 0, value)), "a stage's steps", (-1, 2.5, "3", None)),
        (lambda value: growth.Growth((value, 0, 4)), "a stage's side", (0, 3, 4.0, "4")),
        (lambda value: scores_within_classes(None, LABELLED, LABELLED, value), "n", NOT_WHOLE),
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
