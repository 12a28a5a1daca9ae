"""Checks of chapter 1, the introduction."""

from __future__ import annotations

import numpy as np

from . import Hint, exercise, require


@exercise("1.1")
def _best_answer(answer):
    d_star, value = (float(part) for part in answer)
    require(not np.isclose(d_star, 3), "(a) D* is a probability: the share p/(p + q), not the ratio p/q.")
    require(not np.isclose(d_star, 0.25), "(a) That is the share of the fakes.")
    require(np.isclose(d_star, 0.75, atol=1e-3), "(a) With q = 1 and p = 3, what is p/(p + q)?")
    require(not np.isclose(value, -np.log(2), atol=1e-3), "(b) V has two terms: real samples and fakes.")
    require(not np.isclose(value, np.log(4), atol=1e-3), "(b) The size is right. The logarithm of ½ is negative.")
    require(np.isclose(value, -np.log(4), atol=1e-3), "(b) V = E log D + E log(1 − D), natural logarithms, with D = ½.")


@exercise("1.2")
def _value(answer):
    d_real, d_fake = np.array([0.9, 0.6, 0.8]), np.array([0.2, 0.5])
    right = np.log(d_real).mean() + np.log(1 - d_fake).mean()
    given = float(answer(d_real, d_fake))
    require(not np.isclose(given, -right), "That is the discriminator's cost J_D = −V.")
    forgot = np.log(d_real).mean() + np.log(d_fake).mean()
    require(not np.isclose(given, forgot), "For a fake the probability given to the truth is 1 − D, not D.")
    sums = np.log(d_real).sum() + np.log(1 - d_fake).sum()
    require(not np.isclose(given, sums), "Expectations are means, not sums: the two batches may differ in size.")
    require(np.isclose(given, right), f"For D(real) = [0.9, 0.6, 0.8] and D(fake) = [0.2, 0.5] V is {right:.4f}.")


@exercise("1.3")
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


@exercise("1.4")
def _extragradient(answer):
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


@exercise("1.5")
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
