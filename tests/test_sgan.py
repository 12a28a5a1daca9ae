"""The semi-supervised GAN: one head for classes and for real or fake, and who learns from what."""

import numpy as np
import pytest
import systems
import tensorflow as tf

from gan_helpers.augmentation import warp
from gan_helpers.losses import NonSaturatingLoss
from gan_helpers.models import sgan
from gan_helpers.models.sgan import real_logit

RNG = np.random.default_rng(0)
SYSTEMS = ("sgan", "sgan, features matched")


@pytest.fixture(params=SYSTEMS)
def game(request, eagerly):
    return systems.build(request.param)[0]


def batch_of(n_labelled=6, n=8):
    images, labels = systems.IMAGES, systems.LABELS
    return (tf.constant(images[:n_labelled]), tf.constant(labels[:n_labelled])), tf.constant(images[-n:])


def test_real_is_all_classes_together_and_fake_a_class_whose_logit_is_0():
    logits = RNG.normal(size=(50, 10))
    z = np.exp(logits).sum(axis=1, keepdims=True)
    a = real_logit(tf.constant(logits))
    np.testing.assert_allclose(tf.sigmoid(a), z / (z + 1), rtol=1e-12)
    with_fake = tf.nn.softmax(np.concatenate([logits, np.zeros((50, 1))], axis=1))
    np.testing.assert_allclose(1 - tf.sigmoid(a)[:, 0], with_fake[:, -1], rtol=1e-10)


@pytest.mark.parametrize("size", [1e3, 1e4])
def test_the_head_is_finite_for_huge_logits(size):
    for row in (np.full(10, size), np.full(10, -size), np.eye(10)[0] * size, -np.eye(10)[0] * size):
        logits = tf.constant(row[np.newaxis], tf.float32)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(logits)
            a = real_logit(logits)
            losses = NonSaturatingLoss().discriminator(a, a), NonSaturatingLoss().generator(a)
        for loss in losses:
            assert np.isfinite(loss) and np.isfinite(tape.gradient(loss, logits)).all()


def test_the_loss_is_cross_entropy_plus_the_games(game):
    (images, labels), unlabelled = real = batch_of()
    fake = game.fakes(real, 0, "discriminator")
    assert fake.shape == unlabelled.shape
    game.warp = 0.0
    loss, report = game.discriminator_loss(real, fake, 0)
    logits = [game.discriminator(x).numpy().astype(np.float64) for x in (images, unlabelled, fake)]
    probabilities = np.exp(logits[0]) / np.exp(logits[0]).sum(axis=1, keepdims=True)
    named = -np.log(probabilities[np.arange(6), labels.numpy()]).mean()
    z_real, z_fake = (np.exp(of).sum(axis=1) for of in logits[1:])
    adversarial = -np.log(z_real / (z_real + 1)).mean() - np.log(1 / (z_fake + 1)).mean()
    assert float(loss) == pytest.approx(named + adversarial, rel=1e-5)
    assert float(report["class_loss"]) == pytest.approx(named, rel=1e-5)
    right = np.mean(probabilities.argmax(axis=1) == labels.numpy())
    assert float(report["class_accuracy"]) == pytest.approx(right)


def test_the_unlabelled_branch_never_sees_a_label(game):
    """Other labels change the classifier's loss, and nothing else that is reported."""
    (images, labels), unlabelled = batch_of()
    fake = game.fakes(((images, labels), unlabelled), 0, "discriminator")
    reports = [game.discriminator_loss(((images, y), unlabelled), fake, 0)[1] for y in (labels, (labels + 1) % 3)]
    differ = {name for name in reports[0] if float(reports[0][name]) != float(reports[1][name])}
    assert differ <= {"class_loss", "class_accuracy"} and "class_loss" in differ


def test_feature_matching_takes_the_mean_features(eagerly):
    game = systems.build("sgan, features matched")[0]
    game.warp, real = 0.0, batch_of()
    fake = game.fakes(real, 0, "generator")
    means = [game.features(x).numpy().mean(axis=0) for x in (real[1], fake)]
    report = game.generator_step(real, 0)
    assert float(report["g_loss"]) == pytest.approx(np.mean((means[0] - means[1]) ** 2), rel=1e-5)


def test_the_classifier_learns_from_few_labels():
    """Bright against dark: labels on six images, and the rest without."""
    bright = (np.arange(40) % 2).astype(np.int64)
    images = (0.6 * (2 * bright - 1)[:, None, None, None] + RNG.uniform(-0.3, 0.3, (40, 8, 8, 1))).astype(np.float32)
    game, _ = systems.build("sgan")
    game.train((images[:6], bright[:6]), images, steps=60, every=20, batch_size=(6, 16))
    assert game.accuracy(images, bright) == 1
    assert game.sample(3).shape == (3, 8, 8, 1)


def test_sources_are_checked():
    game, ((images, labels), unlabelled) = systems.build("sgan")
    with pytest.raises(ValueError, match=r"takes 2 source\(s\) of training data, got 1"):
        game.train((images, labels), steps=1)
    with pytest.raises(ValueError, match=r"a pair, \(images, labels\)"):
        game.train(images, unlabelled, steps=1)
    with pytest.raises(ValueError, match="labels must be ints from 0 to 2"):
        game.train((images, labels + 1), unlabelled, steps=1)


def test_the_players_see_warped_images(eagerly):
    """The few labelled ones are never twice the same, and keep their labels."""
    game = systems.build("sgan, features matched")[0]
    (images, labels), unlabelled = real = batch_of()
    fake = game.fakes(real, 0, "discriminator")
    report = game.discriminator_loss(real, fake, 0)[1]
    seen = warp(images, game.seed, 0, "labelled"), warp(unlabelled, game.seed, 0, "unlabelled")
    game.warp = 0.0
    assert game.discriminator_loss(((seen[0], labels), seen[1]), fake, 0)[1] == report
    assert float(game.discriminator_loss(real, fake, 0)[1]["class_loss"]) != float(report["class_loss"])


def test_the_chapters_networks_fit_together():
    generator, discriminator = sgan.build_generator(), sgan.build_discriminator()
    assert generator.output_shape == discriminator.input_shape == (None, 28, 28, 1)
    assert discriminator.output_shape == (None, 10)
    game = sgan.FeatureMatchingGAN(generator, discriminator, NonSaturatingLoss(), warp=1.0)
    assert game.features.output_shape == (None, 1024)
    with pytest.raises(ValueError, match="warp must be 0 or a number above it, got -1"):
        sgan.SemiSupervisedGAN(generator, discriminator, NonSaturatingLoss(), warp=-1)
