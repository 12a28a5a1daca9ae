"""Checks of chapter 4, DCGAN."""

from __future__ import annotations

import numpy as np

from . import Hint, exercise, require


@exercise("4.1")
def _output_heights(answer):
    try:
        valid, same, transposed_same, transposed_valid = answer
    except TypeError:
        raise Hint("Give the four heights as a tuple: (a, b, c, d).") from None
    require(valid != 11, "(a) The window stands at 0, 2, 4 … as long as it fits: ⌊(28 − 5) / 2⌋, and the first place.")
    require(valid == 12, "(a) Valid: ⌊(28 − 5) / 2⌋ + 1.")
    require(same != 7, "(b) Same rounds *up*: the window that hangs over the border counts.")
    require(same == 8, "(b) Same: ⌈15 / 2⌉; the kernel does not matter.")
    require(transposed_same == 14, "(c) Transposed, same: 7 · 2; the kernel does not matter.")
    require(transposed_valid != 19, "(d) The *last* of 7 stamps starts at 6 · 2, not at 7 · 2.")
    require(transposed_valid == 17, "(d) Transposed, valid: the last of 7 stamps starts at 6 · 2 and is 5 long.")


@exercise("4.2")
def _transposed_convolution(answer):
    x, w = np.array([1.0, 2.0, -1.0]), np.array([1.0, 0.5, 3.0])
    right = np.array([1.0, 0.5, 5.0, 1.0, 5.0, -0.5, -3.0])
    y = np.asarray(answer(x, w, 2), dtype=float)
    require(y.shape != (6,), "The last stamp sticks out: (n − 1)·s + k places, not n·s.")
    require(y.shape == (7,), f"From 3 inputs, kernel 3 and stride 2 come 7 outputs; yours has shape {y.shape}.")
    overwritten = np.array([1.0, 0.5, 2.0, 1.0, -1.0, -0.5, -3.0])
    require(not np.allclose(y, overwritten), "Where stamps overlap they add up; yours overwrite each other.")
    flipped = np.array([3.0, 0.5, 7.0, 1.0, -1.0, -0.5, -1.0])
    require(not np.allclose(y, flipped), "The stamp is the kernel as it is, not turned around.")
    require(np.allclose(y, right), f"For x = {x.tolist()}, w = {w.tolist()}, s = 2 the output is {right.tolist()}.")
    y = np.asarray(answer(x, w, 1), dtype=float)
    require(
        y.shape == (5,) and np.allclose(y, np.convolve(x, w)),
        "Right for stride 2, wrong for stride 1: is a 2 written somewhere?",
    )


@exercise("4.3")
def _batch_norm(answer):
    rng = np.random.default_rng(0)
    x = rng.normal([1.0, -2.0], [2.0, 0.5], (6, 4, 4, 2))
    gamma, beta = np.array([1.5, 0.5]), np.array([0.0, 1.0])
    mean, variance = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))
    kept_mean, kept_variance = np.array([0.5, -1.0]), np.array([1.0, 2.0])

    def normalised(m, v):
        return gamma * (x - m) / np.sqrt(v + 0.001) + beta

    try:
        y, new_mean, new_variance = answer(x, gamma, beta, kept_mean, kept_variance, True)
    except (TypeError, ValueError) as error:
        raise Hint(f"Return three arrays: (y, running_mean, running_variance). ({error})") from None
    require(np.shape(y) == x.shape, f"y must have the shape of x, {x.shape}; yours has {np.shape(y)}.")
    require(
        not np.allclose(y, normalised(kept_mean, kept_variance)),
        "In training the batch's own mean and variance count, not the running averages.",
    )
    require(
        not np.allclose(y, gamma * (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 0.001) + beta),
        "Average over the places, too: one mean a channel, axes (0, 1, 2), not one a pixel.",
    )
    require(np.allclose(y, normalised(mean, variance), atol=1e-6), "The output in training mode is not right yet.")
    require(
        not np.allclose(new_mean, 0.01 * kept_mean + 0.99 * mean),
        "m is the share of the *old* average: 0.99 of it stays.",
    )
    require(
        np.allclose(new_mean, 0.99 * kept_mean + 0.01 * mean, atol=1e-6)
        and np.allclose(new_variance, 0.99 * kept_variance + 0.01 * variance, atol=1e-6),
        "The output is right; the running averages should be m · old + (1 − m) · the batch's.",
    )
    y, new_mean, new_variance = answer(x, gamma, beta, kept_mean, kept_variance, False)
    require(
        np.allclose(y, normalised(kept_mean, kept_variance), atol=1e-6),
        "Training mode is right. In inference mode, normalise with the running averages.",
    )
    require(
        np.allclose(new_mean, kept_mean) and np.allclose(new_variance, kept_variance),
        "Inference must leave the running averages as they are.",
    )


@exercise("4.4")
def _layer_cost(answer):
    try:
        parameters, multiplications = answer(49, 3, 32, 64)
    except TypeError as error:
        raise Hint(f"Return both as a tuple: (parameters, multiplications). ({error})") from None
    require(parameters != 9 * 32 * 64, "You counted the weights but not the biases: one for each channel out.")
    require(parameters != 9 * 32 + 64, "Each channel out has its own window: k·k·in numbers, times out.")
    require(parameters == 9 * 32 * 64 + 64, "Parameters: k·k·channels_in·channels_out weights, channels_out biases.")
    require(multiplications != 9 * 32 * 64, "Each of these weights is used at every place.")
    require(
        multiplications == 49 * 9 * 32 * 64,
        "Multiplications: the weights (biases only add), times the number of places.",
    )
    places, k, before, after = (int(number) for number in np.random.default_rng().integers(4, 50, 4))
    weights = k * k * before * after
    require(
        tuple(answer(places, k, before, after)) == (weights + after, weights * places),
        f"Right for a kernel of 3 × 3, and wrong for one of {k} × {k}: a window has k·k places.",
    )


@exercise("4.5")
def _interpolate(answer):
    start, end = np.array([0.0, 2.0, -1.0]), np.array([4.0, 0.0, -1.0])
    walk = np.asarray(answer(start, end, 5), dtype=float)
    require(walk.shape == (5, 3), f"For 5 steps and 3 latent numbers the shape is (5, 3); yours is {walk.shape}.")
    require(not np.allclose(walk[[0, -1]], [end, start]), "The other way round: t = 0 is the first vector.")
    require(np.allclose(walk[0], start), "The first row must be z0 itself: t starts at 0.")
    require(np.allclose(walk[-1], end), "The last row must be z1 itself: t ends at 1, inclusive.")
    require(np.allclose(walk[1], [1.0, 1.5, -1.0]), "The steps should be equal: row 1 of 5 is a quarter of the way.")
    require(np.allclose(walk, np.linspace(start, end, 5)), "The ends are right, and a row between them is not.")
    start, end = np.random.default_rng().normal(size=(2, 4))
    walk = np.asarray(answer(start, end, 7), dtype=float)
    right = np.linspace(start, end, 7)
    require(
        walk.shape == right.shape and np.allclose(walk, right), "Right for 5 steps, and wrong for other vectors and 7."
    )
