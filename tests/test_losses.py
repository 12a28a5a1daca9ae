import keras
import numpy as np
import pytest
import tensorflow as tf

from gan_helpers import attacks, losses
from gan_helpers.models import classifier, pseudo, sgan, vae
from gan_helpers.scores.metrics import inception_score

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


def kinds(of):
    return [kind for one in of.__subclasses__() for kind in (one, *kinds(one))]


@pytest.mark.parametrize("kind", kinds(losses.AdversarialLoss))
def test_losses_and_their_slopes_are_finite_for_sure_discriminators(kind):
    loss = kind()
    real, fake = tf.Variable([[1e4], [-1e4], [1e4], [-1e4]]), tf.Variable([[1e4], [1e4], [-1e4], [-1e4]])
    pairs = (fake, real) if kind is losses.RelativisticLoss else (fake,)
    for value in (lambda: loss.discriminator(real, fake), lambda: loss.generator(*pairs)):
        with tf.GradientTape() as tape:
            found = value()
        slopes = tape.gradient(found, [real, fake], unconnected_gradients="zero")
        assert np.isfinite(found) and np.isfinite(slopes).all() and np.abs(slopes).max() > 0
    assert all(np.isfinite(share) for share in loss.accuracies(real, fake).values())


@pytest.mark.parametrize("slope", [0.0, 1.0, 1e4])
def test_penalties_and_their_slopes_are_finite_for_flat_and_for_steep_critics(slope):
    weight, examples = tf.Variable([[slope], [0.0]]), tf.ones((3, 2))
    for price in (
        lambda: losses.gradient_penalty(lambda x: x @ weight, examples, -examples, tf.constant([0.0, 0.5, 1.0])),
        lambda: losses.squared_slope(lambda x: x @ weight, examples),
    ):
        with tf.GradientTape() as tape:
            found = price()
        assert np.isfinite(found) and np.isfinite(tape.gradient(found, weight)).all()


def test_other_losses_of_logits_and_their_slopes_are_finite():
    logits, labels = tf.Variable([[1e4, -1e4, 0.0], [-1e4, 1e4, 1e4]]), tf.constant([1, 0])
    ink = tf.reshape(tf.constant([1.0, -1.0, 1.0, 1.0, -1.0, 1.0]), (2, 3, 1, 1))
    for value in (
        lambda: classifier.cross_entropy(logits, labels)[0],
        lambda: tf.reduce_sum(sgan.real_logit(logits)),
        lambda: pseudo.pseudo_label_loss(logits, logits, 0.95),
        lambda: tf.reduce_sum(vae.bernoulli_log_likelihood(ink, tf.reshape(logits, (2, 3, 1, 1)))),
        lambda: tf.reduce_sum(attacks.cross_entropies(logits, labels)),
        lambda: tf.reduce_sum(attacks.margin(logits, labels)),
    ):
        with tf.GradientTape() as tape:
            found = value()
        assert np.isfinite(found) and np.isfinite(tape.gradient(found, logits)).all()
    assert np.isfinite(inception_score(tf.nn.softmax(logits).numpy(), splits=1)).all()


@pytest.mark.parametrize(
    ("loss", "guess"),
    [
        (losses.MinimaxLoss(), 0.0),
        (losses.NonSaturatingLoss(), 0.0),
        (losses.LeastSquaresLoss(), 0.5),
        (losses.RelativisticLoss(), 7.0),
    ],
)
def test_equilibrium_is_where_the_discriminator_guesses(loss, guess):
    logits = tf.fill((4, 1), guess)
    answers = (logits, logits) if isinstance(loss, losses.RelativisticLoss) else (logits,)
    values = float(loss.discriminator(logits, logits)), float(loss.generator(*answers))
    assert values == pytest.approx(loss.at_equilibrium)


@pytest.mark.parametrize("kind", [losses.MinimaxLoss, losses.NonSaturatingLoss, losses.LeastSquaresLoss])
def test_an_answer_is_right_on_its_side_of_the_guess(kind):
    """The boundary lies halfway between the targets of least squares, and at D = ½ for the others."""
    guess = 0.5 if kind is losses.LeastSquaresLoss else 0.0
    above, below = tf.fill((4, 1), guess + 0.1), tf.fill((4, 1), guess - 0.1)
    right, wrong = kind().accuracies(above, below), kind().accuracies(below, above)
    assert {*right} == {"real_accuracy", "fake_accuracy"}
    assert all(float(share) == 1 for share in right.values()) and all(float(share) == 0 for share in wrong.values())


def test_generator_gradients_when_the_discriminator_wins():
    """At a = −8 the minimax loss is flat and the non-saturating one is steep: −σ(a) against σ(a) − 1."""
    a = tf.Variable([[-8.0]])

    def slope(loss):
        with tf.GradientTape() as tape:
            value = loss.generator(a)
        return float(tape.gradient(value, a)[0, 0])

    assert slope(losses.MinimaxLoss()) == pytest.approx(-sigmoid(-8), rel=1e-4)
    assert slope(losses.NonSaturatingLoss()) == pytest.approx(sigmoid(-8) - 1, rel=1e-4)


# -------------------------------------------------------------------------------------- one-sided label smoothing


@pytest.mark.parametrize("kind", [losses.MinimaxLoss, losses.NonSaturatingLoss])
def test_smoothing_is_cross_entropy_with_a_softer_target(kind):
    bce = keras.losses.BinaryCrossentropy(from_logits=True)
    expected = bce(tf.fill(REAL.shape, 0.9), REAL) + bce(tf.zeros_like(FAKE), FAKE)
    assert float(kind(real_target=0.9).discriminator(REAL, FAKE)) == pytest.approx(float(expected), rel=1e-6)
    assert float(kind(real_target=0.9).generator(FAKE)) == float(kind().generator(FAKE))


def test_the_best_smoothed_answer_is_alpha_p_over_p_plus_q():
    """One place with density p of data and q of fakes: the loss p·J(real) + q·J(fake) is least at α p/(p + q)."""
    p, q, alpha = 0.3, 0.2, 0.9
    loss, best = losses.NonSaturatingLoss(alpha), alpha * p / (p + q)
    answers = np.linspace(0.01, 0.99, 981)
    logits = np.log(answers / (1 - answers))
    far = tf.constant(-30.0)  # a fake's share of the loss is then 0
    real_only = np.array([float(loss.discriminator(tf.constant(a, tf.float32), far)) for a in logits])
    values = p * real_only + q * np.log1p(np.exp(logits))
    assert answers[values.argmin()] == pytest.approx(best, abs=2e-3)


@pytest.mark.parametrize("kind", [losses.MinimaxLoss, losses.NonSaturatingLoss])
@pytest.mark.parametrize("target", [1.0, 0.9, 0.7])
def test_equilibrium_under_smoothing(kind, target):
    loss = kind(target)
    guess = tf.fill((4, 1), np.float32(np.log(target / (2 - target))))  # the logit of target/2
    values = float(loss.discriminator(guess, guess)), float(loss.generator(guess))
    assert values == pytest.approx(loss.at_equilibrium, rel=1e-5)


@pytest.mark.parametrize("target", [1.1, 0.5, 0.0, -1.0, float("nan")])
def test_targets_that_make_no_sense_are_refused(target):
    with pytest.raises(ValueError, match="real_target must be above 0.5 and at most 1"):
        losses.NonSaturatingLoss(target)


def test_a_loss_says_what_it_is():
    assert repr(losses.NonSaturatingLoss()) == "NonSaturatingLoss()"
    assert repr(losses.MinimaxLoss(0.9)) == "MinimaxLoss(real_target=0.9)"
    assert repr(losses.LeastSquaresLoss()) == "LeastSquaresLoss()"


def test_squared_slope_of_known_critics():
    rng = np.random.default_rng(0)
    examples, direction = (rng.normal(size=shape).astype(np.float32) for shape in ((6, 3, 2), (3, 2)))
    linear = losses.squared_slope(lambda x: tf.reduce_sum(x * direction, axis=(1, 2))[:, None], tf.constant(examples))
    assert float(linear) == pytest.approx(float((direction**2).sum()), rel=1e-5)
    bowl = losses.squared_slope(lambda x: tf.reduce_sum(x**2, axis=(1, 2))[:, None], tf.constant(examples))
    assert float(bowl) == pytest.approx(float(4 * (examples**2).sum(axis=(1, 2)).mean()), rel=1e-5)
