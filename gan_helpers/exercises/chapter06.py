"""Checks of chapter 6, the progressive GAN. Inputs are drawn anew each time, so that no constant passes."""

from __future__ import annotations

import numpy as np

from . import Hint, exercise, require

STAGES = [(4, 0, 10), (8, 5, 20), (16, 8, 12)]  # side, steps of fading in, steps after that


@exercise("6.1")
def _schedule(answer):
    for step, side, alpha in ((0, 4, 1), (9, 4, 1), (10, 8, 0), (12, 8, 0.4), (15, 8, 1), (35, 16, 0), (39, 16, 0.5),
                              (54, 16, 1), (500, 16, 1)):  # fmt: skip
        try:
            found_side, found_alpha = answer(step, STAGES)
        except (TypeError, ValueError) as error:
            raise Hint(f"Return two numbers, (side, alpha), for every step; at step {step}: {error}") from None
        where = f"At step {step} of the stages {STAGES}"
        require(found_side == side, f"{where} the side is {side}, yours is {found_side}.")
        if alpha == 1:
            require(np.isclose(found_alpha, 1), f"{where} nothing fades: alpha is 1, yours is {found_alpha:g}.")
        require(np.isclose(found_alpha, alpha), f"{where} alpha is {alpha:g}, yours is {found_alpha:g}. It starts at 0 "
                "and rises by 1 / fade_steps in each step.")  # fmt: skip


@exercise("6.2")
def _kernel_distance(answer):
    rng = np.random.default_rng()
    real, fake = rng.normal(size=(7, 4)), rng.normal(0.5, 1, size=(6, 4))

    def kernel(a, b):
        return (a @ b.T / a.shape[1] + 1) ** 3

    within = {n: (kernel(x, x).sum() - np.trace(kernel(x, x))) / (n * (n - 1)) for n, x in ((7, real), (6, fake))}
    across = kernel(real, fake).mean()
    found = float(answer(real, fake))
    biased = kernel(real, real).mean() + kernel(fake, fake).mean() - 2 * across
    require(
        not np.isclose(found, biased),
        "Leave out the pairs of a sample with itself: with them the distance is too large.",
    )
    require(not np.isclose(found, within[7] + within[6] - across), "The mean across the two sets counts twice.")
    require(np.isclose(found, within[7] + within[6] - 2 * across, rtol=1e-6), "Three means of (x·y/d + 1)³, with d the "
            "number of features: within each set (over different samples), and twice across.")  # fmt: skip


@exercise("6.3")
def _minibatch_deviation(answer):
    rng = np.random.default_rng()
    x = rng.normal(size=(8, 4, 4, 3)) * rng.uniform(0.5, 2, size=3)
    groups = x.reshape(4, 2, 4, 4, 3)
    right = np.sqrt(groups.var(axis=0) + 1e-8).mean(axis=(1, 2, 3))[np.arange(8) % 2]
    y = np.asarray(answer(x, 4), dtype=float)
    require(
        y.shape == (8, 4, 4, 4), f"One channel more: shape (8, 4, 4, 4) for x of shape (8, 4, 4, 3), not {y.shape}."
    )
    require(np.allclose(y[..., :3], x), "The first channels are x as it was.")
    require(np.ptp(y[..., 3], axis=(1, 2)).max() < 1e-9, "The new channel has one value per picture.")
    found = y[:, 0, 0, 3]
    require(
        found.max() < 50, "The new numbers are enormous: look at the small number under the root, and at its place."
    )
    require(np.ptp(found) > 1e-9, "Your two groups got the same number: each group has its own deviation.")
    spread = np.sqrt(groups.var(axis=(0, 2, 3)) + 1e-8).mean(axis=1)[np.arange(8) % 2]
    require(
        not np.allclose(found, spread),
        "Pixels are not examples: take the deviation over the group alone, at every pixel and channel, and only then "
        "the mean.",
    )
    require(
        np.allclose(found, right, rtol=1e-4),
        "The value is not right yet. Example i is in group i mod (n / size); over each group: the deviation, then its "
        "mean over pixels and channels.",
    )


@exercise("6.4")
def _slerp(answer):
    rng = np.random.default_rng()
    z0 = rng.normal(size=16)
    z0 *= 4 / np.linalg.norm(z0)
    z1 = rng.normal(size=16)
    z1 *= 4 / np.linalg.norm(z1)
    path = np.asarray(answer(z0, z1, 7), dtype=float)
    require(path.shape == (7, 16), f"Seven steps between vectors of 16 numbers: shape (7, 16), not {path.shape}.")
    require(np.allclose(path[0], z0) and np.allclose(path[-1], z1), "The path must begin at z0 and end at z1.")
    lengths = np.linalg.norm(path, axis=1)
    require(np.allclose(lengths, 4, rtol=1e-6), "Both ends have length 4, and the path leaves that sphere on its way.")
    angles = np.arccos(np.clip((path[:-1] * path[1:]).sum(axis=1) / 16, -1, 1))
    require(np.ptp(angles) < 1e-5, "The path stays on the sphere, but its steps are not equal angles.")
    same = np.asarray(answer(z0, z0, 3), dtype=float)
    require(
        np.isfinite(same).all(), "Where z0 and z1 point in one direction, sin ω is 0: there, use the straight line."
    )
    require(np.allclose(same, z0), "From z0 to z0 every step is z0.")


@exercise("6.5")
def _without(answer):
    rng = np.random.default_rng()
    direction, other = rng.normal(size=(2, 12))
    found = np.asarray(answer(direction, 3 * other), dtype=float)
    require(found.shape == (12,), f"A direction has the shape of the ones given, (12,), not {found.shape}.")
    along = abs(found @ other) / (np.linalg.norm(found) * np.linalg.norm(other) + 1e-12)
    forgot = direction - (direction @ (3 * other)) * 3 * other
    require(not np.allclose(found, forgot), "`other` need not have length 1: divide by its squared length.")
    require(along < 1e-6, f"The result still points along the other one (cosine {along:.2f}).")
    unit = direction / np.linalg.norm(direction)
    require(found @ unit > 0.1 * np.linalg.norm(found), "At a right angle, but it no longer points the old way.")
    right = direction - (direction @ other) / (other @ other) * other
    require(np.allclose(found / np.linalg.norm(found), right / np.linalg.norm(right)), "Take away the part along the "
            "other direction, and nothing else.")  # fmt: skip
