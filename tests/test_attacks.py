"""Attacks: they stay within their ball, are what theory says where the model is linear, and need no luck."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from gan_helpers import attacks
from gan_helpers.attacks import arguments, fgsm, gaussian_noise, pgd, square_attack

RNG = np.random.default_rng(0)
SHAPE = (6, 5, 2)
NORMS = {"linf": lambda x: np.abs(x).max(axis=(1, 2, 3)), "l2": lambda x: np.sqrt((x**2).sum(axis=(1, 2, 3)))}


def images_of(n, seed=0, reach=1.0):
    return np.random.default_rng(seed).uniform(-reach, reach, (n, *SHAPE)).astype(np.float32)


def labels_of(n, classes=3, seed=0):
    return np.random.default_rng(seed).integers(0, classes, n)


def network(*activations, classes=3):
    """With a hidden layer for each activation; its first weights are the same in every run."""
    keras.utils.set_random_seed(0)
    hidden = [layers.Dense(16, activation) for activation in activations]
    return keras.Sequential([layers.Input(SHAPE), layers.Flatten(), *hidden, layers.Dense(classes)])


@functools.cache  # an attack is compiled once for each model
def curved():
    return network("tanh")


def linear(w):
    """Two logits, 0 and w · x: the cross-entropy of class 0 is softplus(w · x)."""
    model = network(classes=2)
    model.set_weights([np.stack([0 * w, w], axis=1), np.zeros(2)])
    return model


W = RNG.normal(size=np.prod(SHAPE)).astype(np.float32)


def score(images):
    return images.reshape(len(images), -1) @ W


ATTACKS = {
    "fgsm": lambda *what, **how: fgsm(*what, **how),
    "iterated": lambda *what, **how: pgd(*what, 0.1, 4, random_start=False, **how),
    "pgd": lambda *what, **how: pgd(*what, 0.3, 4, restarts=2, **how),
    "pgd, l2": lambda *what, **how: pgd(*what, 0.7, 4, norm="l2", restarts=2, **how),
    "square": lambda *what, **how: square_attack(*what, steps=30, **how),
}
EVERY_ATTACK = pytest.mark.parametrize("name", ATTACKS)


def norm_of(name):
    return NORMS["l2" if name.endswith("l2") else "linf"]


# ------------------------------------------------------------------------------------- the ball and the range


@EVERY_ATTACK
@pytest.mark.parametrize("epsilon", [0.0, 0.03, 0.6, 3.0])
@pytest.mark.parametrize("targeted", [False, True])
def test_images_stay_in_range_and_in_the_ball(name, epsilon, targeted):
    images = np.clip(images_of(30, reach=2), -1, 1)  # many at the edge of the range, as digits have them
    before = images.copy()
    attacked = ATTACKS[name](curved(), images, labels_of(30), epsilon, targeted=targeted)
    assert attacked.dtype == np.float32 and attacked.shape == images.shape
    assert np.abs(attacked).max() <= 1
    assert norm_of(name)(attacked - images).max() <= epsilon + 1e-6
    assert np.array_equal(images, before)


@pytest.mark.parametrize("norm", NORMS)
def test_projection_shortens_what_is_too_long_and_leaves_the_rest(norm):
    perturbation = tf.constant(images_of(20) * np.linspace(0, 2, 20, dtype=np.float32)[:, None, None, None])
    inside = attacks.into_ball(perturbation, 0.8, norm).numpy()
    was, now = NORMS[norm](perturbation.numpy()), NORMS[norm](inside)
    np.testing.assert_allclose(now, np.minimum(was, 0.8), rtol=1e-5)
    assert np.array_equal(inside[was <= 0.8], perturbation.numpy()[was <= 0.8])
    if norm == "l2":  # all by one factor
        np.testing.assert_allclose(inside[-1] / perturbation[-1], np.full(SHAPE, 0.8 / was[-1]), rtol=1e-5)


@pytest.mark.parametrize("norm", NORMS)
def test_the_steepest_direction_has_norm_1_however_small_the_gradient(norm):
    gradient = tf.constant(images_of(4) * np.array([1, 1e-30, 0, 1e6], np.float32)[:, None, None, None])
    direction = attacks.steepest(gradient, norm).numpy()
    np.testing.assert_allclose(NORMS[norm](direction), [1, 1, 0, 1], rtol=1e-5)
    dual = {"linf": np.abs(gradient[0]).sum(), "l2": np.linalg.norm(gradient[0])}[norm]
    assert (direction[0] * gradient[0].numpy()).sum() == pytest.approx(dual, rel=1e-5)


@pytest.mark.parametrize("norm", NORMS)
def test_random_starts_fill_the_ball_uniformly(norm):
    points = attacks.random_in_ball((4000, 1, 1, 2), 0.5, norm, 0, 0, "test").numpy()
    sizes = NORMS[norm](points)
    assert sizes.max() <= 0.5 + 1e-6
    assert (sizes < 0.25).mean() == pytest.approx(1 / 4, abs=0.03)  # half the radius, a quarter of the area
    assert np.abs(points.mean(axis=0)).max() < 0.02


@pytest.mark.parametrize("norm", NORMS)
def test_noise_has_exactly_its_norm_also_at_black_and_white(norm):
    images = np.sign(images_of(10))
    for epsilon in (0.1, 0.6):
        noisy = gaussian_noise(images, epsilon, norm)
        np.testing.assert_allclose(NORMS[norm](noisy - images), epsilon, rtol=1e-4)
        assert np.abs(noisy).max() <= 1
    assert np.abs(gaussian_noise(images, 3.0, norm)).max() <= 1


# ----------------------------------------------------------------------------------------- on a linear model


def test_fgsm_has_its_closed_form_on_a_linear_model():
    """No perturbation of that size raises w · x by more than ε ‖w‖₁, and this one does."""
    images, right = images_of(10, reach=0.5), np.zeros(10, int)
    attacked = fgsm(linear(W), images, right, 0.2)
    np.testing.assert_allclose(attacked, images + 0.2 * np.sign(W).reshape(SHAPE), rtol=1e-5)
    np.testing.assert_allclose(score(attacked) - score(images), 0.2 * np.abs(W).sum(), rtol=1e-4)
    back = fgsm(linear(W), images, right, 0.2, targeted=True)
    np.testing.assert_allclose(score(back) - score(images), -0.2 * np.abs(W).sum(), rtol=1e-4)


@pytest.mark.parametrize("random_start", [False, True])
def test_pgd_ends_at_the_best_point_of_the_ball_on_a_linear_model(random_start):
    images, right = images_of(10, reach=0.5), np.zeros(10, int)
    how = {"random_start": random_start}
    attacked = pgd(linear(W), images, right, 0.4, 0.1, 100, norm="l2", **how)
    best = 0.4 * W / np.linalg.norm(W)
    np.testing.assert_allclose(attacked - images, np.broadcast_to(best.reshape(SHAPE), images.shape), atol=2e-3)
    attacked = pgd(linear(W), images, right, 0.2, 0.05, 10, **how)
    np.testing.assert_allclose(attacked, fgsm(linear(W), images, right, 0.2), rtol=1e-5)


@pytest.mark.parametrize("norm", NORMS)
def test_the_loss_never_falls_on_a_linear_model(norm):
    model, images, right = linear(W), images_of(10), np.zeros(10, int)
    losses = []
    for steps in range(1, 8):
        attacked = pgd(model, images, right, 0.5, 0.15, steps, norm=norm, seed=1)
        losses.append(attacks.cross_entropies(model(attacked), right).numpy())
    assert (np.diff(losses, axis=0) >= -1e-5).all() and (losses[-1] > losses[0]).all()


# --------------------------------------------------------------------------------------- what attacks achieve


@EVERY_ATTACK
def test_attacks_lead_away_from_the_label_or_towards_it(name):
    model, images = curved(), images_of(20)
    labels = attacks.likeliest(model, images)
    others = (labels + 1) % 3

    def probability(images, labels):
        return tf.nn.softmax(model(images)).numpy()[np.arange(20), labels]

    away = ATTACKS[name](model, images, labels, 0.3)
    towards = ATTACKS[name](model, images, others, 0.3, targeted=True)
    if name == "square":  # it follows the margin, from stripes on that may have made it worse
        assert (attacks.likeliest(model, away) != labels).mean() > 0.3
        assert (attacks.likeliest(model, towards) == others).mean() > 0.1
    else:
        assert (probability(away, labels) < probability(images, labels)).all()
        assert (probability(towards, others) > probability(images, others)).all()


def test_restarts_never_make_an_attack_worse():
    model, images = curved(), images_of(40)
    labels = attacks.likeliest(model, images)
    wrong, losses = [], []
    for restarts in (1, 2, 5):
        attacked = pgd(model, images, labels, 0.05, 0.05, 1, restarts=restarts)
        wrong.append(attacks.likeliest(model, attacked) != labels)
        losses.append(attacks.cross_entropies(model(attacked), labels).numpy())
    assert (wrong[0] <= wrong[1]).all() and (wrong[1] <= wrong[2]).all() and not wrong[2].all()
    never = ~wrong[2]
    assert (losses[0][never] <= losses[1][never] + 1e-6).all() and (losses[1][never] <= losses[2][never] + 1e-6).all()
    assert (losses[0][never] < losses[2][never]).any()


def test_an_attempt_that_fools_is_kept():
    model, images = curved(), images_of(40)
    labels = attacks.likeliest(model, images)
    once, often = (pgd(model, images, labels, 0.05, 0.05, 1, restarts=restarts) for restarts in (1, 5))
    fooled = attacks.likeliest(model, once) != labels
    assert 0 < fooled.sum() < 40
    assert np.array_equal(once[fooled], often[fooled]) and not np.array_equal(once, often)


@pytest.mark.parametrize("name", [*ATTACKS, "noise"])
def test_batches_give_what_single_images_give(name, monkeypatch):
    model, images, labels = curved(), images_of(7), labels_of(7)

    def attack(chosen):
        how = {} if name in ("fgsm", "iterated") else {"numbers": np.arange(7)[chosen]}
        if name == "noise":
            return gaussian_noise(images[chosen], 0.3, **how)
        return ATTACKS[name](model, images[chosen], labels[chosen], 0.3, **how)

    whole = attack(slice(None))
    np.testing.assert_allclose(np.concatenate([attack([i]) for i in range(7)]), whole, atol=1e-5)
    np.testing.assert_allclose(attack([6, 2]), whole[[6, 2]], atol=1e-5)
    monkeypatch.setattr(arguments, "BATCH", 3)
    np.testing.assert_allclose(attack(slice(None)), whole, atol=1e-5)


@pytest.mark.parametrize("name", ["pgd", "pgd, l2", "square"])
def test_one_seed_one_attack(name):
    model, images, labels = curved(), images_of(5), labels_of(5)
    first, again, other = (ATTACKS[name](model, images, labels, 0.3, seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_the_squares_shrink():
    sides = attacks.square_sides(10_000, 28, 28, 0.8)
    assert sides[0] == 25 and sides[-1] == 1 and (np.diff(sides) <= 0).all()
    assert attacks.square_sides(5, 4, 100, 1.0).max() == 4
    drawn = tf.constant([[0.0, 0.0, 0.9, 0.1], [0.999, 0.999, 0.1, 0.9]])
    painted = attacks.paint_square(tf.zeros((2, *SHAPE)), drawn, tf.constant(3), tf.constant(0.5)).numpy()
    expected = np.zeros((2, *SHAPE), np.float32)
    expected[0, :3, :3], expected[1, 3:, 2:] = [0.5, -0.5], [-0.5, 0.5]
    assert np.array_equal(painted, expected)


def test_the_margin_is_how_far_the_label_leads():
    logits = tf.constant([[3.0, 1.0, -1.0], [3.0, 1.0, -1.0]])
    assert attacks.margin(logits, tf.constant([0, 2])).numpy().tolist() == [2, -4]


def test_the_square_attack_begins_with_stripes_of_both_signs():
    images = np.zeros((6, *SHAPE), np.float32)
    stripes = square_attack(curved(), images, labels_of(6), 0.25, steps=1)
    assert np.array_equal(np.abs(stripes), np.full_like(images, 0.25))
    assert np.array_equal(stripes, np.broadcast_to(stripes[:, :1], images.shape))  # one sign from top to bottom
    assert 0.2 < (stripes > 0).mean() < 0.8


def test_after_the_stripes_every_query_tries_a_square():
    one, two = (square_attack(curved(), images_of(20), labels_of(20), 0.25, steps=steps) for steps in (1, 2))
    assert not np.array_equal(one, two)


def test_where_a_model_has_no_gradient_nothing_is_changed():
    def blind(images, training=False):
        return tf.tile([[1.0, 0.0, 0.0]], [images.shape[0], 1])

    images = images_of(3)
    assert np.array_equal(fgsm(blind, images, labels_of(3), 0.1), images)


def test_epsilon_is_twice_that_of_pixels_from_0_to_1():
    assert attacks.scaled_epsilon(0.3) == pytest.approx(0.6)


# ------------------------------------------------------------------------------------------- gradient masking


@pytest.fixture(scope="module")
def trained():
    """A small network that has learned to tell the brighter half; images, and their labels."""
    images = images_of(300, reach=0.5)
    images[:150, :3] += 0.2
    images[150:, 3:] += 0.2
    labels = np.repeat([0, 1], 150)
    model = network("relu", classes=2)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(images, labels, epochs=25, batch_size=30, verbose=0)
    return model, images[::5], labels[::5]


def accuracy(model, images, labels):
    return (attacks.likeliest(model, images) == labels).mean()


def sharp(model):
    """Logits so large that every probability is 0 or 1."""
    return lambda images, training: 1e4 * model(images, training=training)


def stepped(model):
    """Inputs are rounded, which has no gradient."""
    return lambda images, training: model(tf.round(images * 16) / 16, training=training)


def test_every_attack_lowers_accuracy_and_noise_does_not(trained):
    model, images, labels = trained
    assert accuracy(model, images, labels) > 0.9
    assert accuracy(model, gaussian_noise(images, 0.2), labels) > 0.85
    for attack in (fgsm(model, images, labels, 0.2), square_attack(model, images, labels, 0.2, steps=200)):
        assert accuracy(model, attack, labels) < 0.3


@pytest.mark.parametrize("mask", [sharp, stepped])
def test_a_masked_model_defeats_gradients_and_falls_to_what_needs_none(trained, mask):
    model, images, labels = trained
    masked = mask(model)
    assert accuracy(masked, images, labels) > 0.9
    assert accuracy(masked, fgsm(masked, images, labels, 0.2), labels) > 0.7
    assert accuracy(masked, pgd(masked, images, labels, 0.2, 0.05, 10), labels) > 0.7
    assert accuracy(masked, square_attack(masked, images, labels, 0.2, steps=200), labels) < 0.3
    assert accuracy(masked, fgsm(model, images, labels, 0.2), labels) < 0.3  # what fools a twin without a mask


def test_with_the_margin_as_its_loss_pgd_sees_through_large_logits(trained):
    model, images, labels = trained
    masked = sharp(model)
    attacked = pgd(masked, images, labels, 0.2, 0.05, 10, loss=lambda *what: -attacks.margin(*what))
    assert accuracy(masked, attacked, labels) < 0.3
    plain = pgd(model, images, labels, 0.2, 0.05, 10, loss=attacks.cross_entropies)
    assert np.array_equal(plain, pgd(model, images, labels, 0.2, 0.05, 10))


# ------------------------------------------------------------------------------------------- how well they do


def test_accuracy_and_smallest_epsilon_agree():
    model, images = curved(), images_of(30)
    labels = attacks.likeliest(model, images)
    labels[:3] = (labels[:3] + 1) % 3  # three that are named wrongly
    epsilons = (0.0, 0.1, 0.2, 0.4)
    accuracies = attacks.accuracy_against(model, images, labels, fgsm, epsilons)
    smallest = attacks.minimal_epsilon(model, images, labels, fgsm, epsilons)
    assert accuracies[0] == 0.9 and (np.diff(accuracies) <= 0).all()
    assert set(smallest) <= {*epsilons, np.inf} and (smallest[:3] == 0).all() and (smallest[3:] > 0).all()
    assert accuracies[-1] == pytest.approx((smallest == np.inf).mean(), abs=0.05)


# --------------------------------------------------------------------------------------------- what is refused


def test_what_makes_no_sense_is_refused():
    model, images, labels = curved(), images_of(4), labels_of(4)
    with pytest.raises(ValueError, match="^loss must be a function of logits and labels, got 'margin'"):
        pgd(model, images, labels, 0.1, 0.1, 2, loss="margin")
    for wrong, match in [
        ((images, labels, -0.1), "epsilon must be 0 or a number above it, got -0.1"),
        ((images, labels, "0.1"), "epsilon must be"),
        ((images, labels + 3, 0.1), "labels must be ints from 0 to 2"),
        ((images, labels.astype(float), 0.1), "labels must be ints"),
        (
            (images, labels[:3], 0.1),
            r"labels must be ints from 0 to 2, one for each of 4 image\(s\); got .* shape \(3,\)",
        ),
        ((255 * images, labels, 0.1), r"images must lie in \[-1, 1\]"),
        ((images.astype(int), labels, 0.1), "images must be floats"),
        ((images[0], labels, 0.1), r"images must have shape \(n, height, width, channels\)"),
    ]:
        for attack in ATTACKS.values():
            with pytest.raises(ValueError, match=match):
                attack(model, *wrong)
    what = (model, images, labels, 0.1)
    for call, match in [
        (lambda: pgd(*what, 0.1, 5, norm="l1"), "norm must be 'linf' or 'l2', got 'l1'"),
        (lambda: pgd(*what, -0.1, 5), "step_size must be"),
        (lambda: pgd(*what, 0.1, 0), "steps must be"),
        (lambda: pgd(*what, 0.1, 5, restarts=0), "restarts must be"),
        (lambda: pgd(*what, 0.1, 5, random_start=False, restarts=2), "restarts must be 1 without a random start"),
        (lambda: pgd(*what, 0.1, 5, numbers=[0, 1]), "numbers must be 4 ints"),
        (lambda: square_attack(*what, steps=0), "steps must be"),
        (lambda: square_attack(*what, first_share=2), "first_share must be a number from 0 to 1"),
        (lambda: gaussian_noise(images, -1), "epsilon must be"),
        (lambda: gaussian_noise(images, 0.1, "l3"), "norm must be"),
    ]:
        with pytest.raises(ValueError, match=match):
            call()
