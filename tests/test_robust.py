"""Adversarial training: what the adversary makes of a batch, and that learning from it is good for something."""

import keras
import numpy as np
import pytest
import systems
import tensorflow as tf
from keras import layers

from conftest import equal, weights
from gan_helpers.attacks import likeliest, pgd
from gan_helpers.models.classifier import Classifier, random_shift
from gan_helpers.models.robust import RobustClassifier

IMAGES, LABELS = systems.IMAGES[:8], systems.LABELS[:8]


def step_number(step):
    return tf.constant(step, tf.int64)


def model_of(**settings):
    keras.utils.set_random_seed(0)
    network = keras.Sequential([layers.Input((8, 8, 1)), layers.Flatten(), layers.Dense(3)])
    model = RobustClassifier(network, **settings)
    model.compile(systems.optimizer())
    return model


@pytest.mark.parametrize("norm, axes", [("linf", np.inf), ("l2", 2)])
def test_the_adversary_stays_in_its_ball_and_raises_the_loss(norm, axes):
    model = model_of(epsilon=0.4, norm=norm)
    attacked = model.attacked(tf.constant(IMAGES), tf.constant(LABELS), step_number(3)).numpy()
    change = (attacked - IMAGES).reshape(8, -1)
    assert np.linalg.norm(change, axes, axis=1).max() <= 0.4 + 1e-6 and np.abs(attacked).max() <= 1
    before, after = (model.losses_of(None, images, LABELS)["loss"] for images in (IMAGES, attacked))
    assert after > before + 0.1


def test_the_adversary_looks_at_the_present_weights():
    model = model_of()
    images, labels = tf.constant(IMAGES), tf.constant(LABELS)
    first = model.attacked(images, labels, step_number(0)).numpy()
    assert np.array_equal(first, model.attacked(images, labels, step_number(0)))
    assert not np.array_equal(first, model.attacked(images, labels, step_number(1)))  # another start
    model.network.set_weights([-w for w in model.network.get_weights()])
    assert not np.allclose(first, model.attacked(images, labels, step_number(0)), atol=0.1)


def test_epsilon_grows_over_the_warm_up():
    model = model_of(epsilon=0.4, warm_up=4)
    for step, expected in ((0, 0), (1, 0.1), (4, 0.4), (9, 0.4)):
        attacked = model.attacked(tf.constant(IMAGES), tf.constant(LABELS), step_number(step)).numpy()
        assert np.abs(attacked - IMAGES).max() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("attack_steps", [0, 2])
def test_an_epsilon_of_0_leaves_the_plain_classifier(eagerly, attack_steps):
    model = model_of(epsilon=0.0, attack_steps=attack_steps)
    keras.utils.set_random_seed(0)
    plain = Classifier(keras.models.clone_model(model.network))
    plain.network.set_weights(model.network.get_weights())
    plain.compile(systems.optimizer())
    for each in (model, plain):
        each.train((systems.IMAGES, systems.LABELS), steps=3, every=1, batch_size=8)
    assert equal(weights(model.network), weights(plain.network))


def test_the_network_learns_from_the_attacked_batch(eagerly):
    model = model_of()
    seen = []
    losses_of = model.losses_of
    model.losses_of = lambda step, images, labels: seen.append(images.numpy()) or losses_of(step, images, labels)
    batch = tf.constant(IMAGES), tf.constant(LABELS)
    expected = model.attacked(random_shift(batch[0], model.seed, step_number(5)), batch[1], step_number(5)).numpy()
    model.update(step_number(5), batch)
    assert np.array_equal(seen[0], expected)


def striped(n):
    """Two classes. One pixel tells them apart for sure, but by little; a block does so mostly, and by much."""
    rng = np.random.default_rng(0)
    labels = np.arange(n) % 2
    signs = np.where(labels, 1, -1)
    images = rng.normal(0, 0.02, (n, 8, 8, 1))
    images[:, 2:6, 2:6, 0] += (0.15 * signs)[:, None, None]
    images[:, 3, 3, 0] = 0.6 * signs
    return images.clip(-1, 1).astype(np.float32), labels


def test_training_on_attacks_makes_robust():
    """An attack of 0.3 turns the weak block around, not the strong pixel: the robust network relies on the pixel."""
    images, labels = striped(200)
    accuracies = {}
    for epsilon in (0.0, 0.3):
        model = model_of(epsilon=epsilon, attack_steps=3, shift=0)  # the pixel stays where it is
        model.compile(keras.optimizers.Adam(0.01))
        model.train((images, labels), steps=200, every=100, batch_size=50)
        attacked = pgd(model, images, labels, 0.3, 0.1, 10)
        accuracies[epsilon] = (likeliest(model, attacked) == labels).mean(), model.accuracy(images, labels)
    assert accuracies[0.0][1] > 0.95 and accuracies[0.3][1] > 0.8
    assert accuracies[0.3][0] > accuracies[0.0][0] + 0.3


def test_settings_are_checked_and_part_of_the_run():
    for wrong in (
        {"epsilon": -1},
        {"step_size": "1"},
        {"attack_steps": -1},
        {"norm": "l1"},
        {"warm_up": -1},
        {"shift": -1},
    ):
        with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be"):
            model_of(**wrong)
    model = model_of(epsilon=0.4, attack_steps=5)
    assert model.step_size == pytest.approx(0.2)
    others = [{"epsilon": 0.3}, {"step_size": 0.1}, {"attack_steps": 4}, {"norm": "l2"}, {"warm_up": 3}, {"shift": 1}]
    for other in others:
        assert model_of(**{"epsilon": 0.4, "attack_steps": 5} | other).identity() != model.identity()
