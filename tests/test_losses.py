import keras
import numpy as np
import pytest
import tensorflow as tf

from gan_helpers import losses

REAL = tf.constant([[2.0], [-1.0], [0.3]])
FAKE = tf.constant([[-3.0], [0.5]])


def sigmoid(a):
    return 1 / (1 + np.exp(-np.asarray(a, np.float64)))


def test_minimax_is_the_value_function():
    value = np.log(sigmoid(REAL)).mean() + np.log(1 - sigmoid(FAKE)).mean()
    loss = losses.MinimaxLoss()
    assert float(loss.discriminator(REAL, FAKE)) == pytest.approx(-value, rel=1e-6)
    assert float(loss.generator(FAKE)) == pytest.approx(np.log(1 - sigmoid(FAKE)).mean(), rel=1e-6)


def test_non_saturating_is_cross_entropy_as_keras_has_it():
    bce = keras.losses.BinaryCrossentropy(from_logits=True)
    loss = losses.NonSaturatingLoss()
    expected = bce(tf.ones_like(REAL), REAL) + bce(tf.zeros_like(FAKE), FAKE)
    assert float(loss.discriminator(REAL, FAKE)) == pytest.approx(float(expected), rel=1e-6)
    assert float(loss.generator(FAKE)) == pytest.approx(float(bce(tf.ones_like(FAKE), FAKE)), rel=1e-6)


def test_least_squares_and_wasserstein_closed_forms():
    real, fake = REAL.numpy(), FAKE.numpy()
    ls, w = losses.LeastSquaresLoss(), losses.WassersteinLoss()
    assert float(ls.discriminator(REAL, FAKE)) == pytest.approx(((real - 1) ** 2).mean() / 2 + (fake**2).mean() / 2)
    assert float(ls.generator(FAKE)) == pytest.approx(((fake - 1) ** 2).mean() / 2)
    assert float(w.discriminator(REAL, FAKE)) == pytest.approx(fake.mean() - real.mean())
    assert float(w.generator(FAKE)) == pytest.approx(-fake.mean())


@pytest.mark.parametrize("loss", [losses.MinimaxLoss(), losses.NonSaturatingLoss()])
def test_no_overflow_for_sure_discriminators(loss):
    huge = tf.constant([[1e4], [-1e4]])
    assert np.isfinite([float(loss.discriminator(huge, huge)), float(loss.generator(huge))]).all()


@pytest.mark.parametrize(
    ("loss", "guess"),
    [(losses.MinimaxLoss(), 0.0), (losses.NonSaturatingLoss(), 0.0), (losses.LeastSquaresLoss(), 0.5)],
)
def test_equilibrium_is_where_the_discriminator_guesses(loss, guess):
    logits = tf.fill((4, 1), guess)
    values = float(loss.discriminator(logits, logits)), float(loss.generator(logits))
    assert values == pytest.approx(loss.at_equilibrium)


def test_generator_gradients_when_the_discriminator_wins():
    """At a = −8 the minimax loss is flat and the non-saturating one is steep: −σ(a) against σ(a) − 1."""
    a = tf.Variable([[-8.0]])

    def slope(loss):
        with tf.GradientTape() as tape:
            value = loss.generator(a)
        return float(tape.gradient(value, a)[0, 0])

    assert slope(losses.MinimaxLoss()) == pytest.approx(-sigmoid(-8), rel=1e-4)
    assert slope(losses.NonSaturatingLoss()) == pytest.approx(sigmoid(-8) - 1, rel=1e-4)
