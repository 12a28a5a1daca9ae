"""Checks of chapter 7, the semi-supervised GAN. Inputs are drawn anew each time, so that no constant passes."""

from __future__ import annotations

import numpy as np
from scipy.special import log_softmax, logsumexp

from . import exercise, require


def softplus(a):
    """log(1 + eᵃ), finite for all a."""
    return np.logaddexp(0, a)


@exercise("7.1")
def _two_answers(answer):
    rng = np.random.default_rng()
    logits = rng.normal(0, 3, size=(6, 4))
    classes, real = (np.asarray(part, dtype=float) for part in answer(logits))
    require(classes.shape == (6, 4) and real.shape == (6,), "Return two arrays, of shapes (n, N) and (n,); yours are "
            f"{classes.shape} and {real.shape}.")  # fmt: skip
    z = np.exp(logits).sum(axis=1)
    require(not np.allclose(classes, np.exp(logits) / (z + 1)[:, None]), "These are the probabilities among N + 1 "
            "classes. Given that the image is real, those of the N classes add up to 1.")  # fmt: skip
    require(np.allclose(classes, np.exp(logits) / z[:, None]), "The class probabilities are not the softmax's.")
    require(np.allclose(real, z / (z + 1)), 'The probability of "real" is Z / (Z + 1), with Z = Σ exp ℓ.')
    with np.errstate(all="ignore"):
        large = answer(np.array([[1000.0, 998.0], [-1000.0, -1000.0]]))
    classes, real = (np.asarray(part, dtype=float) for part in large)
    require(np.isfinite(classes).all() and np.isfinite(real).all(), "For logits of 1000 or −1000 yours is no number: "
            "take the largest logit away first.")  # fmt: skip
    require(np.allclose(classes, [[0.8808, 0.1192], [0.5, 0.5]], atol=1e-3) and np.allclose(real, [1, 0]),
            "For logits of ±1000 the numbers are finite, but wrong.")  # fmt: skip


@exercise("7.2")
def _mended_loss(answer):
    rng = np.random.default_rng()
    labelled, unlabelled, fake = (rng.normal(0, 2, size=(n, 5)) for n in (4, 9, 7))
    labels = rng.integers(0, 5, size=4)
    class_loss = -log_softmax(labelled, axis=1)[np.arange(4), labels].mean()
    a_real, a_fake = logsumexp(unlabelled, axis=1), logsumexp(fake, axis=1)
    right = class_loss + softplus(-a_real).mean() + softplus(a_fake).mean()
    found = float(answer(labelled, labels, unlabelled, fake))
    by_largest = class_loss + softplus(-unlabelled.max(axis=1)).mean() + softplus(fake.max(axis=1)).mean()
    require(not np.isclose(found, class_loss + softplus(-a_real).mean() + softplus(-a_fake).mean()),
            "The fakes' term still rewards a discriminator that takes fakes for real.")  # fmt: skip
    require(not np.isclose(found, by_largest), 'The logit of "real" is not the largest of the class logits.')
    with_fake = -log_softmax(np.c_[labelled, np.zeros(4)], axis=1)[np.arange(4), labels].mean()
    require(not np.isclose(found, right - class_loss + with_fake), "The labelled images are known to be real: their "
            "softmax has N classes, without \"fake\".")  # fmt: skip
    require(np.isclose(found, right), "Not right yet. Compare the three terms with J_D in Section 7.3, one by one.")


@exercise("7.4")
def _moments(answer):
    rng = np.random.default_rng()
    real, fake = rng.normal(1, 2, size=(50, 6)), rng.normal(0, 1, size=(40, 6))
    means = ((real.mean(axis=0) - fake.mean(axis=0)) ** 2).mean()
    deviations = ((real.std(axis=0) - fake.std(axis=0)) ** 2).mean()
    found = float(answer(real, fake))
    require(not np.isclose(found, means), "These are the means alone: add the standard deviations' part.")
    require(not np.isclose(found, ((real.mean() - fake.mean()) ** 2) + ((real.std() - fake.std()) ** 2)),
            "Each feature has a mean and a standard deviation of its own, over the images.")  # fmt: skip
    variances = ((real.var(axis=0) - fake.var(axis=0)) ** 2).mean()
    require(not np.isclose(found, means + variances), "Compare standard deviations, not variances.")
    require(np.isclose(found, means + deviations), "The mean over features of (difference of the means)², plus that of "
            "(difference of the standard deviations)².")  # fmt: skip
    require(np.isclose(float(answer(real, real[::-1])), 0), "For the same features in another order the loss is 0.")


@exercise("7.5")
def _sharpened(answer):
    rng = np.random.default_rng()
    p = rng.dirichlet(np.ones(5), size=4)
    require(np.shape(answer(p, 0.5)) == (4, 5), f"Return an array of the shape of p, not {np.shape(answer(p, 0.5))}.")
    require(np.allclose(np.sum(answer(p, 0.5), axis=1), 1), "The sharpened probabilities of an image must add up to 1.")
    require(np.allclose(answer(p, 1.0), p), "At temperature 1 nothing changes.")
    right = p**2 / (p**2).sum(axis=1, keepdims=True)
    flat = p**0.5 / (p**0.5).sum(axis=1, keepdims=True)
    require(not np.allclose(answer(p, 0.5), flat), "A low temperature should sharpen: the exponent is 1 / temperature.")
    require(np.allclose(answer(p, 0.5), right), "At temperature ½ each probability is squared, and then all are "
            "divided by their sum.")  # fmt: skip
    p = rng.dirichlet(np.full(5, 10.0), size=4)  # none near 1, so that p ** 1000 is 0 for all
    with np.errstate(all="ignore"):
        cold = np.asarray(answer(p, 1e-3))
    require(np.isfinite(cold).all(), "At temperature 0.001 yours is no number: p ** 1000 is 0 for all classes. Divide "
            "by the largest probability first.")  # fmt: skip
    require(np.array_equal(cold.argmax(axis=1), p.argmax(axis=1)) and cold.max(axis=1).min() > 0.33,
            "At a temperature near 0 the likeliest class should get nearly everything.")  # fmt: skip


@exercise("7.6")
def _images_needed(answer):
    rng = np.random.default_rng()
    for _ in range(5):
        p = rng.uniform(0.6, 0.97)
        q = p + rng.uniform(0.005, 0.025)
        exact = 4 * (p * (1 - p) + q * (1 - q)) / (p - q) ** 2
        found = answer(p, q)
        require(float(found).is_integer(), f"A number of images is a whole number, yours is {found}.")
        require(found != np.ceil(exact / 4), "One standard error is not two: the factor is squared.")
        require(found != np.ceil(4 * p * (1 - p) / (p - q) ** 2), "Both accuracies are estimated, and the variances of "
                "both estimates add up.")  # fmt: skip
        require(found == np.ceil(exact), f"For {p:.3f} and {q:.3f} it takes {np.ceil(exact):.0f} images, "
                f"yours are {found:.0f}.")  # fmt: skip
    require(answer(0.99, 0.98) == answer(0.98, 0.99), "The order of the two accuracies must not matter.")
