"""Pseudo-labels: which answers are believed, and what they cost."""

import keras
import numpy as np
import pytest
import systems
import tensorflow as tf
from keras import layers

from gan_helpers.models.pseudo import MeanTeacher, PseudoLabelClassifier, pseudo_label_loss

SURE, UNSURE = 4.0, 0.5  # logits of the right class; the two others have 0


def network_that_answers(logits):
    """Three pixels are the logits of three classes, times what is given for ``logits``."""
    network = keras.Sequential([layers.Input((1, 3, 1)), layers.Flatten(), layers.Dense(3, use_bias=False)])
    network.layers[-1].set_weights([logits * np.eye(3, dtype=np.float32)])
    return network


def images_of(classes):
    return tf.constant(np.eye(3, dtype=np.float32)[classes].reshape(-1, 1, 3, 1))


@pytest.mark.parametrize("strength, believed", [(SURE, True), (UNSURE, False)])
def test_only_sure_answers_are_labels(eagerly, strength, believed):
    model = PseudoLabelClassifier(network_that_answers(strength), confidence=0.9)
    probability = np.exp(strength) / (np.exp(strength) + 2)
    assert (probability > 0.9) == believed
    loss = model.unlabelled_loss(images_of([0, 1, 2, 1]), tf.constant(0, tf.int64))
    assert float(loss) == pytest.approx(-np.log(probability) if believed else 0, rel=1e-5)


def test_an_answer_is_believed_above_the_confidence_and_not_at_it():
    answers = tf.zeros((2, 2))  # each class has exactly the probability 1/2
    assert float(pseudo_label_loss(answers, answers, 0.5)) == 0
    assert float(pseudo_label_loss(answers, answers, 0.49)) == pytest.approx(np.log(2))


def test_a_mean_over_all_images_not_over_the_believed(eagerly):
    """Else a single sure answer would count as much as a batch of them."""
    model = PseudoLabelClassifier(network_that_answers(SURE), confidence=0.9)
    half = tf.concat([images_of([0, 1]), 0 * images_of([0, 1])], axis=0)  # all logits 0: anything but sure
    whole = model.unlabelled_loss(images_of([0, 1, 0, 1]), tf.constant(0, tf.int64))
    assert float(model.unlabelled_loss(half, tf.constant(0, tf.int64))) == pytest.approx(float(whole) / 2, rel=1e-5)


def test_weight_0_is_the_classifier_that_does_not_look(eagerly):
    model = systems.build("pseudo-labels")[0]
    model.weight = 0.0
    model.unlabelled_loss = None  # calling it would be an error
    report = model.losses_of(tf.constant(0, tf.int64), tf.constant(systems.IMAGES[:6]), systems.LABELS[:6], None)
    assert np.isfinite(report["loss"])


def test_settings_are_checked():
    for wrong in ({"warp": -1}, {"confidence": 2}, {"weight": -1}):
        with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be"):
            PseudoLabelClassifier(network_that_answers(1.0), **wrong)
    model, ((images, labels), unlabelled) = systems.build("pseudo-labels")
    with pytest.raises(ValueError, match=r"a pair, \(images, labels\)"):
        model.train(images, unlabelled, steps=1)
    with pytest.raises(ValueError, match=r"takes 2 source\(s\)"):
        model.train((images, labels), steps=1)


def test_the_game_adds_the_classifiers_loss(eagerly):
    game = systems.build("sgan, pseudo-labels")[0]
    images, labels = systems.IMAGES, systems.LABELS
    real = (tf.constant(images[:6]), tf.constant(labels[:6])), tf.constant(images[6:14])
    fake = game.fakes(real, 0, "discriminator")
    with_names, _ = game.discriminator_loss(real, fake, 0)
    answers = game.discriminator(real[1]).numpy()
    warped = game.discriminator(game.warped(real[1], 0, "unlabelled")).numpy()
    game.confidence = 1.0  # which nothing exceeds
    without, _ = game.discriminator_loss(real, fake, 0)
    p, q = (np.exp(of) / np.exp(of).sum(axis=1, keepdims=True) for of in (answers, warped))
    sure = p.max(axis=1) > 0.5
    expected = (sure * -np.log(q[np.arange(8), p.argmax(axis=1)])).mean()
    assert 0 < sure.sum() < 8 and float(with_names - without) == pytest.approx(expected, rel=1e-3)


def test_the_teacher_names_and_the_network_learns(eagerly):
    """A teacher that is sure of class 1 teaches class 1, whatever the network itself is sure of."""
    model = MeanTeacher(network_that_answers(SURE), confidence=0.9)
    swapped = SURE * np.eye(3, dtype=np.float32)[[1, 0, 2]]
    model.teacher.layers[-1].set_weights([swapped])
    probability = 1 / (np.exp(SURE) + 2)  # what the network thinks of the class that the teacher names
    loss = model.unlabelled_loss(images_of([0, 1]), tf.constant(0, tf.int64))
    assert float(loss) == pytest.approx(-np.log(probability), rel=1e-5)
    assert model.accuracy(images_of([0, 1]).numpy(), np.array([1, 0])) == 1.0  # afterwards, the teacher answers
    assert np.array_equal(model(images_of([0])), model.teacher(images_of([0])))


def test_the_teacher_is_the_average_of_all_weights():
    """After two steps with the memory ½, corrected for the start: (1 · w₁ + 2 · w₂) / 3."""
    model, sources = systems.build("mean teacher")
    model.average = 0.5
    systems.train(model, sources, steps=1, every=1)
    first = model.network.get_weights()
    np.testing.assert_allclose(model.teacher.get_weights()[0], first[0], rtol=1e-6)
    systems.train(model, sources, steps=2, every=1)
    for mean, one, two in zip(model.teacher.get_weights(), first, model.network.get_weights(), strict=True):
        np.testing.assert_allclose(mean, (one + 2 * two) / 3, rtol=1e-5, atol=1e-7)
    assert model.shipped()["classifier"] is model.teacher
