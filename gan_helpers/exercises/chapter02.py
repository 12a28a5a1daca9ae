"""Checks of chapter 2, autoencoders."""

from __future__ import annotations

import numpy as np

from . import Hint, exercise, require


@exercise("2.1")
def _code_and_error(answer):
    try:
        code, error = answer
    except TypeError:
        raise Hint("Give both as a tuple: (code, squared error).") from None
    require(
        np.isclose(code, 2.2, atol=0.005),
        f"The code is how far along u the point lies: u · x = 0.6·1 + 0.8·2. Yours is {code:.4g}.",
    )
    require(not np.isclose(error, 0.4, atol=0.005), "That is the distance; asked is its square.")
    require(
        np.isclose(error, 0.16, atol=0.001),
        "The reconstruction is 2.2·(0.6, 0.8) = (1.32, 1.76). The squared error is 0.32² + 0.24².",
    )


@exercise("2.2")
def _rarity(answer):
    known = np.random.default_rng(0).exponential(size=4_000)  # lopsided, and so is its logarithm
    levels = np.array([0.5, 0.6, 0.3, 0.8, 0.1, 0.95, 0.02])  # from the commonest to the rarest
    scores = np.quantile(known, levels)
    rare = np.asarray(answer(known, scores), float)
    require(
        rare.shape == scores.shape,
        f"One number for each of {len(scores)} scores is asked for; yours has the shape {rare.shape}.",
    )
    require(np.isfinite(rare).all(), "Some of your numbers are not finite.")
    alone = [float(np.squeeze(answer(known, scores[i : i + 1]))) for i in range(len(scores))]
    require(np.allclose(rare, alone), "What you say of a score depends on those judged with it. Compare with known.")
    require(
        not (np.diff(rare[np.argsort(levels)]) > 0).all(),
        "The larger the score, the larger your number: to you, an error below nearly all known ones is nothing rare.",
    )
    require(not (np.diff(rare) < 0).all(), "The wrong way round: the rarer a score, the larger your number should be.")
    said = [f"{'above' if level > 0.5 else 'below'} {max(level, 1 - level):.0%} of the known ones" for level in levels]
    for i in range(1, len(rare)):
        require(
            rare[i] > rare[i - 1],
            f"A score {said[i]} is rarer than one {said[i - 1]}, and you say otherwise. Go by ranks, not by distances.",
        )
    far = np.asarray(answer(known, np.array([-1.0, 2 * known.max()])), float)
    require((far > rare.max()).all(), "Scores below or above all of the known ones are the rarest of all.")


@exercise("2.3")
def _kl_of_gaussians(answer):
    standard = float(answer(1.5, 0.4, 0.0, 1.0))
    right = 0.5 * (1.5**2 + 0.4**2 - 1 - np.log(0.4**2))
    require(np.isfinite(standard), "The answer is not a finite number.")
    require(
        np.isclose(standard, right),
        f"With mean 0 and σ 1 as the second it must agree with the formula above: {right:.4f} for μ = 1.5, σ = 0.4. "
        f"Yours is {standard:.4f}.",
    )
    same = float(answer(2.0, 0.7, 2.0, 0.7))
    require(np.isclose(same, 0, atol=1e-9), f"The divergence of a distribution from itself is 0; yours is {same:.4f}.")
    value, swapped = float(answer(1.0, 0.5, -1.0, 2.0)), np.log(0.25) + (4 + 4) / 0.5 - 0.5
    right = np.log(4) + (0.25 + 4) / 8 - 0.5
    require(not np.isclose(value, swapped), "The two are swapped: the expectation is taken under the *first*.")
    require(
        np.isclose(value, right),
        f"For (1, 0.5) against (−1, 2) the divergence is {right:.4f}; yours is {value:.4f}. "
        "Does (μ₁ − μ₂)² have its σ₂²?",
    )


@exercise("2.4")
def _waiting_time(answer):
    import tensorflow as tf

    uniform = tf.constant((np.arange(10_000) + 0.5) / 10_000, tf.float32)
    rate = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        times = answer(rate, uniform)
        mean = tf.reduce_mean(times)
    slope = tape.gradient(mean, rate)
    require(np.min(times) >= 0, "A waiting time cannot be negative: log u is, for u < 1.")
    require(
        not np.isclose(float(mean), 2.0, rtol=0.02),
        "You multiplied by the rate: with rate 2 the mean waiting time is ½, not 2.",
    )
    require(np.isclose(float(mean), 0.5, rtol=0.01), f"With rate 2 the mean should be 0.5; yours is {float(mean):.4f}.")
    require(
        np.isclose(float(tf.reduce_mean(times**2)), 0.5, rtol=0.02),
        "The mean is right, but not the distribution: solve 1 − exp(−r t) = u for t.",
    )
    require(slope is not None, "No gradient reaches the rate. Use TensorFlow's functions, not NumPy's.")
    require(
        np.isclose(float(slope), -0.25, rtol=0.02),
        f"The mean is 1/r, so its slope at r = 2 is −0.25; the gradient through your sample is {float(slope):.4f}.",
    )


@exercise("2.5")
def _mended_losses(answer):
    import tensorflow as tf

    rng = np.random.default_rng(0)
    ink = np.where(rng.random((6, 2, 2, 1)) < 0.5, 1, -1).astype(np.float32)
    mean, log_variance, noise = rng.normal(size=(3, 6, 2)).astype(np.float32)
    decoded = []

    def decoder(z):
        decoded.append(np.asarray(z))
        return tf.reshape(tf.concat([z, 2 * z], axis=1), (-1, 2, 2, 1))

    reconstruction, kl = (float(part) for part in answer(ink, *map(tf.constant, (mean, log_variance, noise)), decoder))
    right = 0.5 * np.sum(mean**2 + np.exp(log_variance) - 1 - log_variance, axis=1).mean()
    require(kl >= 0, "A KL divergence is never negative; yours is. Compare it with the formula, term by term.")
    require(np.isclose(kl, right, rtol=1e-4), f"In my example the KL term is {right:.4f} per image; yours is {kl:.4f}.")
    require(decoded, "Decode a sample: call decoder(z).")
    require(
        not np.allclose(decoded[-1], mean + np.exp(log_variance) * noise),
        "The KL term is right. The noise must be multiplied by σ, and you multiply it by the variance σ².",
    )
    z = mean + np.exp(0.5 * log_variance) * noise
    require(np.allclose(decoded[-1], z, rtol=1e-4), "The KL term is right, but the sample z is not μ + σ ε.")
    logits = np.concatenate([z, 2 * z], axis=1).reshape(-1, 2, 2, 1)
    right = np.sum(np.logaddexp(0, -ink * logits), axis=(1, 2, 3)).mean()
    require(
        np.isclose(reconstruction, right, rtol=1e-4),
        f"The reconstruction term, −log p(x|z), is {right:.4f} per image in my example; yours is {reconstruction:.4f}.",
    )


@exercise("2.6")
def _best_answers(answer):
    try:
        squared, absolute = answer
    except TypeError:
        raise Hint("Give both as a tuple: (under the squared error, under the absolute error).") from None
    require((squared, absolute) != (0, 3), "Both numbers are right, but swapped.")
    require(
        np.isclose(squared, 3),
        "Under the squared error the best answer is the mean of all right answers: 0.7·0 + 0.3·10.",
    )
    require(
        np.isclose(absolute, 0),
        "Under the absolute error a unit from 0 towards 10 gains 0.3 and loses 0.7. Where is the best place to stop?",
    )
