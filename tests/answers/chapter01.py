"""Right and wrong answers to the exercises of chapter 1; each wrong one with a part of the hint it should get."""

import numpy as np


def jsd(theta, factor=0.5, log=np.log, guard=True):
    x = np.linspace(-1, 6, 14_001)
    p = ((x >= 0) & (x < 1)).astype(float)
    q = ((x >= theta) & (x < theta + 1)).astype(float)
    m = (p + q) / 2
    total = 0.0
    for density in (p, q):
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = density * log(density / m)
        total += np.sum(terms[density > 0] if guard else terms) * (x[1] - x[0])
    return factor * total


def extragradient(x, y, h):
    ahead_x, ahead_y = x - h * y, y + h * x
    return x - h * ahead_y, y + h * ahead_x


def visited(points, centres, width):
    distances = np.linalg.norm(points[:, None] - centres[None], axis=2)
    return int((distances.min(axis=0) <= 3 * width).sum())


def visited_in_a_box(points, centres, width):
    return int((np.abs(points[:, None] - centres[None]).max(axis=2).min(axis=0) <= 3 * width).sum())


def nearest_only(points, centres, width):
    return len(set(np.linalg.norm(points[:, None] - centres[None], axis=2).argmin(axis=1)))


RIGHT = {
    "1.1": (0.75, -np.log(4)),
    "1.2": lambda real, fake: np.log(real).mean() + np.log(1 - fake).mean(),
    "1.3": jsd,
    "1.4": extragradient,
    "1.5": visited,
}
WRONG = {
    "1.1": [((3, -np.log(4)), "not the ratio"), ((0.75, np.log(4)), "negative"), ((0.75, -np.log(2)), "two terms")],
    "1.2": [
        (lambda r, f: -np.log(r).mean() - np.log(1 - f).mean(), "J_D = −V"),
        (lambda r, f: np.log(r).mean() + np.log(f).mean(), "1 − D, not D"),
        (lambda r, f: np.log(r).sum() + np.log(1 - f).sum(), "not sums"),
    ],
    "1.3": [
        (lambda t: jsd(t, factor=1.0), "Twice too large"),
        (lambda t: jsd(t, log=np.log2), "base 2"),
        (lambda t: jsd(t, guard=False), "not finite"),
        (lambda t: min(t, 1) ** 2 * np.log(2), "theta = 0.5"),
    ],
    "1.4": [
        (lambda x, y, h: (x - h * y, y + h * x), "look ahead"),
        (lambda x, y, h: (x - h * (y + h * x), y + h * x), "from the old y"),
        (lambda x, y, h: (x - h * y - h * (y + h * x), y + h * x + h * (x - h * y)), "*old* point"),
        (lambda x, y, h: x - h * y, "new pair"),
        (lambda x, y, h: (0.64, 0.82), "wrong from another point"),
    ],
    "1.5": [
        (lambda p, c, w: visited(p, c, w / 3), "three"),
        (lambda p, c, w: visited(p, c, w) + 0.9, "whole number"),
        (visited_in_a_box, "not each coordinate"),
        (nearest_only, "of no centre"),
        (lambda p, c, w: int((np.linalg.norm(p[:, None] - c[None], axis=2).min(axis=1) <= 3 * w).sum()), "points"),
    ],
}
