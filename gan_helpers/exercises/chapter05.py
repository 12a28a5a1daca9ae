"""Checks of chapter 5, how to evaluate a generator."""

from __future__ import annotations

import numpy as np

from . import Hint, exercise, require


@exercise("5.1")
def _inception_scores(answer):
    try:
        three, torn, uneven = map(float, answer)
    except TypeError:
        raise Hint("Give the three scores as a tuple: (a, b, c).") from None
    logarithms = np.log([3, 5, 6])
    require(
        not np.allclose([three, torn, uneven], logarithms, atol=0.02), "You stopped at I(x; y): the score is its exp."
    )
    require(np.isclose(three, 3), "(a) H(y|x) is 0, since the judge is sure; H(y) is that of three equal shares.")
    require(not np.isclose(torn, 10), "(b) H(y) is right, but the judge is not sure: what is H(y|x) for (½, ½)?")
    require(np.isclose(torn, 5), "(b) H(y) = log 10, and each picture has H(y|x) = log 2. Subtract, then exp.")
    require(
        np.isclose(uneven, 6),
        "(c) H(y) = −½ log ½ − 9 · (1/18) log (1/18). Gather the logarithms: ½ log 2 + ½ log 18.",
    )


@exercise("5.2")
def _extrapolation(answer):
    sizes = np.array([100, 200, 500, 1000])
    distances = 20 + 3000 / sizes + np.array([0.4, -0.5, 0.2, -0.1])
    slope, limit = np.polyfit(1 / sizes, distances, 1)
    try:
        found, needed = answer(sizes, distances, 0.5)
        exact, exact_needed = answer([100, 400], [32.0, 14.0], 2.0)  # 8 + 2400 / n
    except TypeError as error:
        raise Hint(f"Return two numbers, (limit, samples needed), for (sizes, distances, within): {error}") from None
    require(not np.isclose(found, slope), "You return the slope first. The limit is where the line meets 1/n = 0.")
    require(
        not np.isclose(found, np.polyfit(sizes, distances, 1)[1]),
        "You fitted a line in n. The distance falls as 1/n: fit it in 1/n, so that infinitely many samples are at 0.",
    )
    require(
        not np.isclose(found, distances[-1]),
        "You return the last measurement, which is still too large. Follow the line on to 1/n = 0.",
    )
    require(
        np.isclose(found, limit, atol=1e-6) and np.isclose(exact, 8),
        "For distances 32 from 100 samples and 14 from 400, the line in 1/n is 8 + 2400/n: the limit is 8.",
    )
    require(
        abs(exact_needed - 1200) <= 1,  # rounding of the fit
        f"For 8 + 2400/n to be within 2 of its limit, 2400/n ≤ 2, so n = 1200; yours is {exact_needed}.",
    )
    require(needed == int(np.ceil(slope / 0.5)), "Round the number of samples up: a part of a sample is no sample.")


@exercise("5.3")
def _verdict(answer):
    to_train = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0] * 2)
    to_held_out = np.array([2.0, 3.0, 4.0, 5.0, 6.0, 6.0, 6.0, 7.0] * 2)  # 10 nearer to train, 2 ties, 4 farther
    try:
        share, errors = answer(to_train, to_held_out)
    except TypeError as error:
        raise Hint(f"Return two numbers, (share, standard errors from ½): {error}") from None
    require(not np.isclose(share, 10 / 16), "Two of the sixteen are tied. A tie counts half.")
    require(not np.isclose(share, 12 / 16), "You count ties as nearer to the training set. A tie counts half.")
    require(not np.isclose(share, 5 / 16), "That is the share nearer to the held-out digits; asked is the other one.")
    require(np.isclose(share, 11 / 16), "Of sixteen samples 10 are nearer to train and 2 are tied: (10 + 1) / 16.")
    require(
        not np.isclose(errors, (11 / 16 - 0.5) / 0.5),
        "You divided by the deviation of one coin, ½. The mean of n coins deviates by ½ / √n.",
    )
    require(
        np.isclose(errors, 1.5),
        f"The mean of 16 fair coins has a standard error of ½ / √16 = ⅛: 11/16 is 1.5 of them above ½, not {errors}.",
    )
    below = answer(to_held_out, to_train)
    require(below[1] < 0, "A share below ½ is a negative number of standard errors away: keep the sign.")
