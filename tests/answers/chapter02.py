"""Right and wrong answers to the exercises of chapter 2; each wrong one with a part of the hint it should get."""

import numpy as np
import tensorflow as tf


def rarity(known, scores):
    below = [np.searchsorted(np.sort(known), scores, side) for side in ("left", "right")]
    return np.abs(sum(below) / len(known) - 1)


def kl(mean_1, sigma_1, mean_2, sigma_2, scaled=True, shift=0.5):
    distance = (sigma_1**2 + (mean_1 - mean_2) ** 2) / (2 * (sigma_2**2 if scaled else 1))
    return np.log(sigma_2 / sigma_1) + distance - shift


def vae_losses(half=0.5, log_sign=-1.0, reduce_pixels=tf.reduce_sum, sampled=True):
    """Right losses, or with a mistake: σ² for σ, a sign in the KL term, a mean over pixels, no noise."""

    def losses(ink, mean, log_variance, noise, decoder):
        z = mean + tf.exp(half * log_variance) * noise * float(sampled)
        reconstruction = tf.reduce_mean(reduce_pixels(tf.math.softplus(-ink * decoder(z)), axis=(1, 2, 3)))
        terms = mean**2 + tf.exp(log_variance) - 1 + log_sign * log_variance
        return reconstruction, tf.reduce_mean(0.5 * tf.reduce_sum(terms, axis=1))

    return losses


def constant_rate(rate, uniform):
    return -tf.math.log(uniform) / tf.constant(2.0) + 0 * tf.stop_gradient(rate)


RIGHT = {
    "2.1": (2.2, 0.16),
    "2.2": rarity,
    "2.3": kl,
    "2.4": lambda rate, uniform: -tf.math.log(1 - uniform) / rate,
    "2.5": vae_losses(),
    "2.6": (3.0, 0.0),
}
WRONG = {
    "2.1": [((2.2, 0.4), "its square"), ((3.0, 0.16), "u · x"), ((2.2, 0.3), "reconstruction is"), (2.2, "tuple")],
    "2.2": [
        (lambda known, scores: scores, "nothing rare"),
        (lambda known, scores: np.searchsorted(np.sort(known), scores) / len(known), "nothing rare"),
        (lambda known, scores: np.abs(scores - known.mean()) / known.std(), "ranks"),
        (lambda known, scores: np.abs(scores - np.median(known)), "Go by ranks"),
        (lambda known, scores: np.abs(np.log(np.abs(scores)) - np.log(known).mean()), "Go by ranks"),
        (lambda known, scores: rarity(scores, scores), "depends on those"),
        (lambda known, scores: 1 - rarity(known, scores), "wrong way round"),
        (lambda known, scores: rarity(known, scores).mean(), "One number for each"),
        (lambda known, scores: rarity(known, scores) * (np.abs(scores) < 5), "rarest of all"),
        (lambda known, scores: np.full(len(scores), np.nan), "not finite"),
    ],
    "2.3": [
        (lambda m1, s1, m2, s2: kl(m2, s2, m1, s1), "must agree"),
        (lambda m1, s1, m2, s2: kl(m1, s1, m2, s2, shift=0), "must agree"),
        (lambda m1, s1, m2, s2: 0.5 * (m1**2 + s1**2 - 1 - np.log(s1**2)), "from itself is 0"),
        (lambda m1, s1, m2, s2: kl(m1, s1, m2, s2) if s1 == s2 or s2 == 1 else kl(m2, s2, m1, s1), "swapped"),
        (lambda m1, s1, m2, s2: kl(m1, s1, m2, s2) + (m1 - m2) ** 2 * (s2 - 1), "Does (μ₁ − μ₂)²"),
    ],
    "2.4": [
        (lambda rate, uniform: tf.math.log(uniform) / rate, "cannot be negative"),
        (lambda rate, uniform: -tf.math.log(uniform) * rate, "multiplied by the rate"),
        (lambda rate, uniform: 2 * uniform / rate, "not the distribution"),
        (lambda rate, uniform: -np.log(uniform.numpy()) / rate.numpy(), "No gradient"),
        (constant_rate, "No gradient"),
        (lambda rate, uniform: -tf.math.log(uniform) / tf.sqrt(rate * 2.0), "the gradient through your sample"),
        (lambda rate, uniform: -tf.math.log(uniform), "should be 0.5"),
    ],
    "2.5": [
        (vae_losses(log_sign=1.0), "yours is"),
        (vae_losses(half=1.0), "variance σ²"),
        (vae_losses(sampled=False), "not μ + σ ε"),
        (vae_losses(reduce_pixels=tf.reduce_mean), "per image in my example"),
        (lambda x, m, v, n, d: vae_losses(log_sign=1.0)(x, 0 * m, v - 4, n, d), "never negative"),
    ],
    "2.6": [((0, 3), "swapped"), ((5, 0), "mean of all"), ((3, 3), "best place to stop"), (3, "tuple")],
}
