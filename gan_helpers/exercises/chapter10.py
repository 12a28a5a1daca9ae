"""Checks of chapter 10, adversarial examples. Inputs are drawn anew each time, so that no constant passes."""

from __future__ import annotations

import numpy as np

from . import exercise, require


@exercise("10.1")
def _worst_loss(answer):
    rng = np.random.default_rng()
    w, b, x, y = rng.normal(size=6), rng.normal(), rng.normal(size=(5, 6)), np.array([1, -1, 1, 1, -1])
    lengths = {"linf": np.abs(w).sum(), "l2": np.linalg.norm(w)}
    margins = y * (x @ w + b)
    for norm, length in lengths.items():
        found = np.asarray(answer(w, b, x, y, 0.3, norm), dtype=float)
        require(found.shape == (5,), f"Return one loss for each example, shape (5,), not {found.shape}.")
        other = lengths["l2" if norm == "linf" else "linf"]
        right = np.logaddexp(0, 0.3 * length - margins)
        require(not np.allclose(found, np.logaddexp(0, 0.3 * other - margins)), "You have exchanged the two norms. "
                "Which change of x of this norm lowers w · x most, and by how much?")  # fmt: skip
        require(not np.allclose(found, np.logaddexp(0, -0.3 * length - margins)), "This is the smallest loss within "
                "the ball. The attack makes it large.")  # fmt: skip
        require(not np.allclose(found, np.logaddexp(0, -margins)), "This is the loss without an attack.")
        flipped = np.logaddexp(0, -y * (x @ w + b - 0.3 * length))
        require(not np.allclose(found, flipped), "For an example of class −1 the attack *raises* w · x. What falls is "
                "y · a(x), for both classes.")  # fmt: skip
        require(np.allclose(found, right), f"For {norm}: by how much can y · a(x) fall within the ball? Put what is "
                "left into the loss.")  # fmt: skip
    large = answer(1000 * w, b, x, y, 0.3, "linf")
    require(np.all(np.isfinite(large)), "With large weights the exponential overflows: use np.logaddexp(0, −margin).")


@exercise("10.2")
def _climb(answer):
    rng = np.random.default_rng()
    image, goal = rng.uniform(-0.5, 0.5, size=(6, 6)), rng.uniform(-0.9, 0.9, size=(6, 6))
    asked = []

    def towards_goal(place):
        """The gradient of −‖place − goal‖² / 2: it turns round where a number has passed its goal."""
        asked.append(np.array(place))
        return goal - place

    found = np.asarray(answer(towards_goal, image, 0.3, 0.04, 20), dtype=float)
    require(found.shape == image.shape, f"Return an image of the shape of the one given, not {found.shape}.")
    require(len(asked) == 20, f"The gradient should be asked for once per step, 20 times; you ask {len(asked)} times.")
    require(np.abs(found - image).max() <= 0.3 + 1e-9, f"A number has moved by {np.abs(found - image).max():.2f}, and "
            "ε was 0.3. What has to stay within ε?")  # fmt: skip
    require(not np.allclose(asked, image), "The gradient is always taken at the image from which the attack began. "
            "Where should it be taken?")  # fmt: skip
    expected = image.copy()
    for _ in range(20):
        step = expected + 0.04 * np.sign(goal - expected)
        expected = np.clip(image + np.clip(step - image, -0.3, 0.3), -1, 1)
    require(np.allclose(found, expected), "The perturbation stays within ε, but the way is another one: a step from "
            "where you are, then back into the ball around the image.")  # fmt: skip
    white = np.full((2, 2), 0.95)
    reached = answer(lambda place: np.ones((2, 2)), white, 0.3, 0.1, 5)
    require(np.max(reached) <= 1, "No number may leave the range from −1 to 1.")


@exercise("10.3")
def _survivors(answer):
    rng = np.random.default_rng()
    right = rng.random((4, 60)) < rng.uniform(0.5, 0.9, size=(4, 1))
    single, together = (float(part) for part in answer(right))
    require(not np.isclose(together, right.mean()), "The second number is no mean over attacks. The attacker keeps, "
            "for every image, an attack that works.")  # fmt: skip
    require(not np.isclose(together, right.any(axis=0).mean()), "You count an image if *one* attack fails on it. It "
            "is safe only if all attacks fail.")  # fmt: skip
    require(np.isclose(single, right.mean(axis=1).min()), "The first number is the smallest of the attacks' own "
            "accuracies.")  # fmt: skip
    require(np.isclose(together, right.all(axis=0).mean()), "The second number is the share of the images about which "
            "the classifier was right after every attack.")  # fmt: skip


@exercise("10.4")
def _first_order(answer):
    rng = np.random.default_rng()
    losses, gradients = rng.uniform(0, 2, size=3), rng.normal(size=(3, 4, 4, 1))
    flat = gradients.reshape(3, -1)
    added = {"linf": np.abs(flat).sum(axis=1), "l2": np.linalg.norm(flat, axis=1)}
    for norm, other in (("linf", "l2"), ("l2", "linf")):
        found = np.asarray(answer(losses, gradients, 0.2, norm), dtype=float)
        require(found.shape == (3,), f"Return one number for each image, shape (3,), not {found.shape}.")
        require(not np.allclose(found, losses + 0.2 * added[other]), "You have exchanged the two norms: for L∞ the sum "
                "of the absolute values counts, for L2 their Euclidean length.")  # fmt: skip
        require(not np.allclose(found, losses + 0.2 * np.abs(flat).max(axis=1)), "Only the largest number of "
                "the gradient would count for an attack that may spend all of its ε on one number.")  # fmt: skip
        require(not np.allclose(found, losses + 0.2 * added[norm] / 16), "The changes of all numbers add up: a sum, "
                "and no mean.")  # fmt: skip
        require(not np.allclose(found, losses + 0.2 * added[norm] ** 2), "The gradient's norm is not squared here. (In "
                "R1 it is.)")  # fmt: skip
        require(np.allclose(found, losses + 0.2 * added[norm]), f"For {norm}: the loss, and ε times how fast it rises "
                "in the worst direction.")  # fmt: skip
