"""Checks of chapter 1, the introduction."""

from __future__ import annotations

import numpy as np

from . import Hint, exercise, require


@exercise("1.1")
def _mended_step(answer):
    import keras
    import tensorflow as tf

    generator = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
    discriminator = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1)])
    generator.set_weights([np.array([[0.7], [-0.4]]), np.array([0.2])])
    discriminator.set_weights([np.array([[0.5]]), np.array([0.1])])
    real = np.random.default_rng(0).normal(2, 0.5, (64, 1)).astype(np.float32)
    noise = np.random.default_rng(1).normal(size=(64, 2)).astype(np.float32)
    first = [network.get_weights() for network in (generator, discriminator)]
    with tf.GradientTape() as tape:
        real_logits, fake_logits = discriminator(real), discriminator(generator(noise))
        d_loss = tf.reduce_mean(tf.math.softplus(-real_logits) + tf.math.softplus(fake_logits))
    gradients = tape.gradient(d_loss, discriminator.trainable_variables)
    right = [weight - 0.1 * gradient.numpy() for weight, gradient in zip(first[1], gradients, strict=True)]
    optimizers = [keras.optimizers.SGD(0.1) for _ in range(2)]
    answer(generator, discriminator, *optimizers, real, noise)

    stuck = all(map(np.array_equal, generator.get_weights(), first[0]))
    require(not stuck, "The generator's weights did not change. Whose weights does the second half move?")
    with_the_new = np.mean(discriminator(generator(noise)))
    generator.set_weights(first[0])
    require(
        all(np.allclose(*pair, atol=1e-6) for pair in zip(discriminator.get_weights(), right, strict=True)),
        "The discriminator's weights are not those of one step down J_D. The second half must leave them alone.",
    )
    require(
        with_the_new > np.mean(discriminator(generator(noise))),
        "The generator moved, and the answers on its fakes fell. Which sign of the logit belongs to −log D?",
    )


@exercise("1.2")
def _modes_visited(answer):
    centres = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])
    points = np.array([[0.1, 0.0], [-0.2, 0.1], [4.9, 0.2], [2.0, 2.0], [0.5, 5.2]])
    given = answer(points, centres, 0.5)
    require(not isinstance(given, (bool, np.bool_)) and np.ndim(given) == 0, "Return one number, the count of centres.")
    require(float(given).is_integer(), f"A count is a whole number; yours is {given}.")
    require(given != 4, "You counted points. A centre with many points near it counts once.")
    require(given != 1, "A point is near if it lies within *three* widths.")
    require(int(given) == 3, "Of the centres (0, 0), (4, 0) and (0, 4), all three have a point within 3 · 0.5.")
    require(
        int(answer(points[3:4], centres, 0.5)) == 0,
        "The point (2, 2) is within three widths of no centre.",
    )
    diagonal = np.array([[1.2, 1.2]])  # |x| and |y| are below 1.5, the distance is not
    require(
        int(answer(diagonal, centres, 0.5)) == 0,
        "(1.2, 1.2) is 1.7 away from (0, 0): measure the distance, not each coordinate.",
    )


@exercise("1.4")
def _best_answers(answer):
    times, equal = (float(part) for part in answer)
    require(not np.isclose(times, 0.8), "(a) 0.8 is the share p/(p + q). Asked is the ratio p/q.")
    require(not np.isclose(times, 0.25), "(a) That is how dense the fakes are compared with the data.")
    require(np.isclose(times, 4, atol=1e-3), "(a) Solve p/(p + q) = 0.8 for p/q.")
    require(not np.isclose(equal, 0.5), "(b) With p = q, fakes still come up twice as often as data.")
    require(not np.isclose(equal, 2 / 3, atol=5e-3), "(b) That is the share of the fakes.")
    require(
        np.isclose(equal, 1 / 3, atol=5e-3),
        "(b) The cost at x is now −p log D − 2q log(1 − D), up to a factor. Where is its derivative 0?",
    )


@exercise("1.5")
def _jsd_of_shifted_uniforms(answer):
    given = [float(answer(theta)) for theta in (0.0, 0.5, 1.0, 3.0)]
    require(np.isfinite(given).all(), "A value is not finite. Where a density is 0, its term 0·log 0 counts as 0.")
    require(np.isclose(given[0], 0, atol=0.03), "With theta = 0 the two are equal: the divergence is 0.")
    require(not np.isclose(given[3], 2 * np.log(2), atol=0.03), "Twice too large: JSD is the *mean* of the two.")
    require(not np.isclose(given[3], 1, atol=0.03), "You used logarithms to the base 2; here they are natural.")
    require(
        np.isclose(given[3], np.log(2), atol=0.03) and np.isclose(given[2], np.log(2), atol=0.03),
        "Where the two do not overlap, each is twice as dense as the mixture m: both divergences are log 2.",
    )
    require(
        np.isclose(given[1], np.log(2) / 2, atol=0.03),
        f"For theta = 0.5, half of p lies where q is 0 and half where q = p; you give {given[1]:.3f}.",
    )


@exercise("1.6")
def _extragradient(answers):
    answer, limit = answers
    x, y, h = 1.0, 0.5, 0.4
    try:
        given = np.array([float(part) for part in answer(x, y, h)])
    except TypeError:
        raise Hint("Return the new pair (x, y).") from None
    ahead_x, ahead_y = x - h * y, y + h * x
    right = np.array([x - h * ahead_y, y + h * ahead_x])
    require(not np.allclose(given, [ahead_x, ahead_y]), "That is the look ahead (the simultaneous step). Now move.")
    second_step = [ahead_x - h * ahead_y, ahead_y + h * ahead_x]
    require(not np.allclose(given, second_step), "You moved from the look-ahead point. Move from the *old* point.")
    alternating = [x - h * ahead_y, ahead_y]
    require(not np.allclose(given, alternating), "y must move by the slope at the look-ahead x, from the old y.")
    require(np.allclose(given, right), f"From (1, 0.5) with h = 0.4 the step leads to {right.round(3).tolist()}.")
    x, y, h = np.random.default_rng().uniform(0.1, 1, 3)
    given, right = np.array(answer(x, y, h), float), np.array([x - h * (y + h * x), y + h * (x - h * y)])
    require(np.allclose(given, right), "Right from (1, 0.5) with h = 0.4, and wrong from another point.")
    require(
        not np.isclose(float(limit), 2, atol=0.05),
        "The step is right. 2 is the limit of alternating steps: try h = 1.5.",
    )
    require(
        np.isclose(float(limit), 1, atol=0.05),
        "The step is right. Each step multiplies the squared distance by (1 − h²)² + h². When is that above 1?",
    )
