"""AdvGAN: a bounded change in one pass, a classifier that is asked and never moved."""

import keras
import numpy as np
import pytest
import systems
import tensorflow as tf
from keras import layers

from conftest import equal, weights
from gan_helpers.attacks import likeliest
from gan_helpers.core import checkpoints
from gan_helpers.models.advgan import AdvGAN, build_perturber

IMAGES, LABELS = systems.IMAGES, systems.LABELS


def game_of(classifier=None, generator=None, **settings):
    keras.utils.set_random_seed(0)
    generator = generator or build_perturber((8, 8, 1), width=4)
    discriminator = keras.Sequential([layers.Input((8, 8, 1)), layers.Flatten(), layers.Dense(1)])
    classifier = classifier or systems.fixed_classifier()
    game = AdvGAN(generator, discriminator, systems.NON_SATURATING, classifier=classifier, **settings)
    game.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(3e-3))
    return game


def generator_that_answers(number):
    return keras.Sequential([layers.Input((8, 8, 1)), layers.Rescaling(0.0, number)])


@pytest.mark.parametrize("number", [-1e6, -0.3, 0.0, 0.7, 1e6])
def test_a_change_is_epsilon_tanh_whatever_the_generator_answers(number):
    game = game_of(generator=generator_that_answers(number), epsilon=0.4)
    changed = game.perturb(IMAGES)
    np.testing.assert_allclose(changed, np.clip(IMAGES + 0.4 * np.tanh(number), -1, 1), atol=1e-6)
    assert changed.dtype == np.float32 and np.abs(changed - IMAGES).max() <= 0.4 + 1e-6


def test_the_classifier_is_fooled_and_does_not_move():
    """It has dropout and batch normalisation, which would move if it were asked as if in training."""
    classifier = keras.Sequential(
        [layers.Input((8, 8, 1)), layers.Flatten(), layers.BatchNormalization(), layers.Dropout(0.5), layers.Dense(3)]
    )
    keras.utils.set_random_seed(1)
    classifier.layers[-1].set_weights([np.random.normal(size=(64, 3)), np.zeros(3)])
    labels = likeliest(classifier, IMAGES)
    before = weights(classifier)
    game = game_of(classifier, epsilon=0.4, attack_weight=5.0)
    curves = game.train((IMAGES, labels), steps=150, every=50, batch_size=20)
    assert equal(before, weights(classifier))
    assert all(variable is not own for own in classifier.variables for variable in game.weights_of("generator"))
    fooled = (likeliest(classifier, game.perturb(IMAGES)) != labels).mean()
    assert fooled > 0.8 and curves.last("fooled") > 0.7
    assert np.abs(game.perturb(IMAGES) - IMAGES).max() <= 0.4 + 1e-6


def test_losses_have_their_closed_forms(eagerly):
    """A generator that changes nothing, a discriminator that answers 0, and logits that are known."""
    game = game_of(generator=generator_that_answers(0.0), attack_weight=3.0, confidence=0.5)
    game.discriminator.set_weights([0 * w for w in game.discriminator.get_weights()])
    fake = game.fakes((tf.constant(IMAGES), tf.constant(LABELS)), 0, "generator")
    logits = game.classifier(IMAGES).numpy()
    others = np.where(np.eye(3, dtype=bool)[LABELS], -np.inf, logits).max(axis=1)
    margins = logits[np.arange(40), LABELS] - others
    assert 0 < (margins < -0.5).sum() < 40
    loss, report = game.generator_loss(fake, 0)
    assert float(report["attack_loss"]) == pytest.approx(np.maximum(margins, -0.5).mean(), rel=1e-5)
    assert float(report["fooled"]) == pytest.approx((margins < 0).mean())
    assert float(report["g_loss"]) == pytest.approx(np.log(2), rel=1e-5)
    assert float(loss) == pytest.approx(np.log(2) + 3 * float(report["attack_loss"]), rel=1e-5)
    d_loss, _ = game.discriminator_loss((IMAGES, LABELS), fake, 0)
    assert float(d_loss) == pytest.approx(2 * np.log(2), rel=1e-5)


def test_a_generator_that_darkens_black_hears_that_it_should_not(eagerly):
    """The change is cut off and no image changes; the gradient still tells which way the classifier would err."""
    game = game_of(generator=keras.Sequential([layers.Input((8, 8, 1)), layers.Conv2D(1, 1)]))
    kernel, bias = game.generator.weights
    kernel.assign(0 * kernel), bias.assign([-1.0])
    black = -tf.ones_like(IMAGES)
    with tf.GradientTape() as tape:
        changed = game.changed(game.generator, black, training=True)
        loss, _ = game.attack_loss(game.classifier(changed), LABELS)
    assert np.array_equal(changed, black) and abs(float(tape.gradient(loss, bias.value)[0])) > 1e-3


def test_samples_are_changed_training_images(eagerly):
    game = game_of(average=0.9)
    assert game.preview(3) is None
    with pytest.raises(ValueError, match=r"call train\(…\) first"):
        game.sample(3)
    game.train((IMAGES, LABELS), steps=2, every=1, batch_size=8)
    samples = game.sample(5, seed=1)
    distances = np.abs(samples[:, None] - IMAGES[None]).max(axis=(2, 3, 4)).min(axis=1)
    assert np.array_equal(game.preview(5, seed=1), samples)
    assert samples.shape == (5, 8, 8, 1) and (distances <= game.epsilon + 1e-6).all()
    one_pass = game.changed(game.averaged_generator, tf.constant(IMAGES), training=False)
    np.testing.assert_allclose(game.perturb(IMAGES), one_pass, atol=1e-6)


def test_another_classifier_is_another_run(tmp_path, eagerly):
    file = tmp_path / "run.npz"
    game_of().train((IMAGES, LABELS), steps=1, every=1, batch_size=8, checkpoint=file)
    other = systems.fixed_classifier()
    other.set_weights([1.01 * w for w in other.get_weights()])
    with pytest.raises(checkpoints.CheckpointError, match="its classifier is"):
        game_of(other).train((IMAGES, LABELS), steps=2, every=1, batch_size=8, checkpoint=file)


def test_what_does_not_fit_is_refused():
    for wrong in ({"epsilon": -1}, {"attack_weight": -1}, {"confidence": -1}):
        with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be"):
            game_of(**wrong)
    from_noise = keras.Sequential([layers.Input((4,)), layers.Dense(64), layers.Reshape((8, 8, 1))])
    with pytest.raises(ValueError, match=r"the shape of its images, \(4,\); got \(8, 8, 1\)"):
        game_of(generator=from_noise)
    game = game_of()
    with pytest.raises(ValueError, match="labels must be ints from 0 to 2"):
        game.train((IMAGES, LABELS + 1), steps=1)
    with pytest.raises(ValueError, match=r"a pair, \(images, labels\)"):
        game.train(IMAGES, steps=1)
    with pytest.raises(ValueError, match=r"images must lie in \[-1, 1\]"):
        game.perturb(2 * IMAGES + 1)
