"""Checks of chapter 8, the conditional GAN. Inputs are drawn anew each time, so that no constant passes."""

from __future__ import annotations

import numpy as np

from . import exercise, require


@exercise("8.1")
def _two_parts(answer):
    rng = np.random.default_rng()
    data, generator = rng.dirichlet(np.ones(5), size=3), rng.dirichlet(np.ones(5), size=3)
    first, second = (np.asarray(part, dtype=float) for part in answer(data, generator))
    require(first.shape == (5,) and second.shape == (3, 5), "Return two arrays, of shapes (images,) and (labels, "
            f"images); yours are {first.shape} and {second.shape}.")  # fmt: skip
    logit = np.log(data) - np.log(generator)
    blind = np.log(data.mean(axis=0)) - np.log(generator.mean(axis=0))
    require(not np.allclose(first, logit.mean(axis=0)), "The first part is no mean of logits. A discriminator without "
            "labels compares p(x), the mean of p(x | y) over the labels.")  # fmt: skip
    require(np.allclose(first, blind), "The first part is log p_data(x) − log p_g(x), where p(x) is the mean of "
            "p(x | y) over the labels.")  # fmt: skip
    require(np.allclose(first + second, logit), "The two parts must add up to log p_data(x | y) − log p_g(x | y).")


@exercise("8.2")
def _true_shares(answer):
    rng = np.random.default_rng()
    confusion = 0.8 * np.eye(4) + 0.2 * rng.dirichlet(np.ones(4), size=4)
    shares = rng.dirichlet(np.ones(4))
    found = np.asarray(answer(shares @ confusion, confusion), dtype=float)
    require(found.shape == (4,), f"Return one share per class, shape (4,), not {found.shape}.")
    require(not np.allclose(found, np.linalg.solve(confusion, shares @ confusion)), "The rows of `confusion` are the "
            "true classes, and the shares that are named are sums over them: transpose.")  # fmt: skip
    require(not np.allclose(found, shares @ confusion @ confusion), "This confuses the shares once more. You want to "
            "undo it.")  # fmt: skip
    require(np.allclose(found, shares), "Write named[k] as a sum over the true classes j, and solve for their shares.")


@exercise("8.3")
def _fake_pairs(answer):
    rng = np.random.default_rng()
    real_labels = rng.integers(0, 10, size=40)
    calls = []

    def generator(noise, labels):
        calls.append((np.array(noise), np.array(labels)))
        return np.tile(np.asarray(labels, dtype=float)[:, None, None, None], (1, 28, 28, 1))  # shows its label

    images, labels = answer(generator, real_labels, rng)
    require(len(calls) == 1 and calls[0][0].shape == (40, 100), "The generator should be called once, with noise of "
            "shape (n, 100).")  # fmt: skip
    require(np.std(calls[0][0]) > 0.5, "The noise should be normally distributed, as it was.")
    require(np.array_equal(np.sort(labels), np.sort(real_labels)), "The generator should be asked for each label as "
            "often as it occurs among the real ones, or the shares p(y) no longer cancel.")  # fmt: skip
    require(np.array_equal(images[:, 0, 0, 0], labels), "An image comes with another label than it was made for.")


@exercise("8.4")
def _condition(answer):
    rng = np.random.default_rng()
    noise, embedding = rng.normal(size=(6, 8)), rng.normal(size=(4, 8))
    labels, shares = rng.integers(0, 4, size=6), rng.dirichlet(np.ones(4), size=6)
    by_name = np.asarray(answer(noise, labels, embedding), dtype=float)
    require(by_name.shape == (6, 8), f"Return an array of the shape of the noise, not {by_name.shape}.")
    require(not np.allclose(by_name, noise + embedding[labels]), "Multiply noise and embedding; do not add them.")
    require(np.allclose(by_name, noise * embedding[labels]), "For ints: noise × the embedding's row of each label.")
    mixed = np.asarray(answer(noise, shares, embedding), dtype=float)
    require(not np.allclose(mixed, noise * embedding[shares.argmax(axis=1)]), "Probabilities should mix all the rows, "
            "and not choose the likeliest one.")  # fmt: skip
    require(np.allclose(mixed, noise * (shares @ embedding)), "For probabilities: noise × the mean of the embedding's "
            "rows, weighted by them.")  # fmt: skip
    sure = np.eye(4)[labels]
    require(np.allclose(answer(noise, sure, embedding), by_name), "A probability of 1 for a label is that label.")


@exercise("8.5")
def _likely_wrong(answer):
    rng = np.random.default_rng()
    similar = rng.uniform(0.05, 1, (5, 5)) + 3 * np.eye(5)
    labels, draw = rng.integers(0, 5, size=20_000), rng.random(20_000)
    found = np.asarray(answer(labels, similar, draw))
    require(found.shape == labels.shape and found.dtype.kind in "iu", "Return an array of ints, one for each label.")
    require(found.min() >= 0 and found.max() < 5, "A wrong label is still a label, from 0 to classes − 1.")
    require(not (found == labels).any(), f"{np.mean(found == labels):.0%} of yours are the right label. What stands on "
            "the diagonal must not matter: set it to 0 in a copy.")  # fmt: skip

    def far_from(table):
        """The largest difference between a share that was found and the one that the table asks for."""
        wrong = table * (1 - np.eye(5))
        expected = wrong / wrong.sum(axis=1, keepdims=True)
        shares = np.stack([np.bincount(found[labels == j], minlength=5) / np.sum(labels == j) for j in range(5)])
        return np.abs(shares - expected).max()

    require(far_from(np.ones((5, 5))) > 0.05, "Every wrong label is equally likely here. The similar ones should come "
            "more often.")  # fmt: skip
    require(far_from(similar.T) > 0.05 or far_from(similar) < 0.05, "The right label chooses the *row* of `similar`; "
            "you have used the column.")  # fmt: skip
    require(far_from(similar) < 0.05, "Label j should become k with a probability in proportion to similar[j, k].")
    require(np.array_equal(found, answer(labels, similar, draw)), "The same `draw` should give the same labels: take "
            "no random numbers of your own.")  # fmt: skip
    require(not np.array_equal(found, answer(labels, similar, rng.random(20_000))), "`draw` should decide which label "
            "it becomes.")  # fmt: skip
