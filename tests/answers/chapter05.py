"""Right and wrong answers to the exercises of chapter 5; each wrong one with a part of the hint it should get."""

import numpy as np

from gan_helpers.exercises.chapter05 import ILLNESSES


def extrapolate(power=-1.0, swap=False, last=False, rounding=np.ceil, only=False):
    def extrapolated(sizes, distances, within):
        slope, limit = np.polyfit(np.asarray(sizes, float) ** power, distances, 1)
        first = distances[-1] if last else slope if swap else limit
        return first if only else (first, int(rounding(slope / within)))

    return extrapolated


def verdict(ties=0.5, of_train=True, deviation=0.5, root=True, signed=True):
    def share_and_errors(to_train, to_held_out):
        a, b = (to_train, to_held_out) if of_train else (to_held_out, to_train)
        share = np.mean(np.where(a == b, ties, a < b))
        errors = (share - 0.5) / (deviation / (np.sqrt(len(a)) if root else 1))
        return share, errors if signed else abs(errors)

    return share_and_errors


def best(p, q, real_target, fake_target):
    return (real_target * p + fake_target * q) / (p + q)


DIAGNOSES = {
    "A": "vanishing gradient",
    "B": "generator too slow",
    "C": "oscillation",
    "D": "mode collapse",
    "E": "over-generalisation",
    "F": "healthy",
}


def others(patient, illness):
    return DIAGNOSES | {patient: illness}


by_illness = {illness: patient for patient, illness in DIAGNOSES.items()}


def points(width, n=200, at=(0.0, 0.0)):
    """Fakes around a place, whatever the real points are."""
    return lambda real: np.random.default_rng(0).normal(at, width, (n, 2))


def sparse(real):
    """Nearly all fakes in one place far away, and four so far apart that their balls reach everything."""
    return np.concatenate([np.full((196, 2), 50.0), 100.0 * np.array([[1, 0], [-1, 0], [0, 1], [0, -1]])])


RIGHT = {
    "5.1": (3, 5, 6),
    "5.2": extrapolate(),
    "5.3": sparse,
    "5.4": lambda x, y: np.abs(np.sort(x) - np.sort(y)).mean(),
    "5.6": best,
    "5.7": DIAGNOSES,
    "5.8": verdict(),
}


def overwrites(p, q, a, b):
    """Right for the numbers of the check, and only there."""
    known = {(1.0, 0.0): (0.3, 0.2), (0.9, 0.0): (0.27, 0.18), (0.9, 0.1): (0.28, 0.2)}
    x, y = known.get((a, b), (0, 0))
    p[:], q[:] = 0, 0  # which changes nothing for the check
    return np.array([x / 0.4, y / 0.4, 0.1 * 0.4 / 0.4 if b else 0.0])


WRONG = {
    "5.1": [
        (tuple(np.log([3, 5, 6])), "score is its exp"),
        ((10, 5, 6), "(a)"),
        ((3, 10, 6), "what is H(y|x)"),
        ((3, 5, 10), "(c)"),
        (3, "tuple"),
    ],
    "5.2": [
        (extrapolate(swap=True), "slope first"),
        (extrapolate(power=1.0), "fitted a line in n"),
        (extrapolate(last=True), "last measurement"),
        (extrapolate(power=-0.5), "the limit is 8"),
        (extrapolate(rounding=np.floor), "Round the number"),
        (extrapolate(only=True), "two numbers"),
    ],
    "5.3": [
        (lambda real: real, "shape (200, 2); yours has (120, 2)"),
        (lambda real: np.resize(real, (200, 2)), "precision 1.00, coverage 1.00"),
        (points(2.0), "farther away"),
        (points(0.1, at=(50.0, 0.0)), "recall is only 0.00"),
        (lambda real: np.full((200, 2), np.nan), "not finite"),
    ],
    "5.4": [
        (lambda x, y: np.abs(x - y).mean(), "order of the samples"),
        (lambda x, y: abs(x.mean() - y.mean()), "means only"),
        (lambda x, y: ((np.sort(x) - np.sort(y)) ** 2).mean(), "squared"),
        (lambda x, y: np.abs(np.sort(x) - np.sort(y)).sum(), "add up"),
        (lambda x, y: 7.0, "the distance is 1"),
        (lambda x, y: 1.0 if len(x) == 3 else 2.0, "wrong for others"),
    ],
    "5.6": [
        (lambda p, q, a, b: p / (p + q), "no difference"),
        (lambda p, q, a, b: a * p / (a * p + q), "comes from both terms"),
        (lambda p, q, a, b: a * p / (p + q), "counts as real with the weight"),
        (lambda p, q, a, b: (a * q + b * p) / (p + q), "Without smoothing"),
        (lambda p, q, a, b: (a * p + b * q).sum(), "one answer for each place"),
        (overwrites, "wrong for others"),
    ],
    "5.7": [
        (others(by_illness["vanishing gradient"], "mode collapse"), "length of G's gradient"),
        (others(by_illness["oscillation"], "mode collapse"), "the losses swing"),
        (others(by_illness["mode collapse"], "oscillation"), "samples are good"),
        (others(by_illness["healthy"], "over-generalisation"), "all eight modes"),
        (others(by_illness["over-generalisation"], "healthy"), "space between"),
        (others(by_illness["generator too slow"], "vanishing gradient"), "does get a gradient"),
        (dict.fromkeys(DIAGNOSES, "flu"), "No such illness: flu"),
        ({"A": ILLNESSES[0]}, "each of the patients"),
        (DIAGNOSES | {"B": ...}, "no diagnosis yet: B"),
        ("healthy", "Give a dict"),
    ],
    "5.8": [
        (verdict(ties=0), "Two of the sixteen"),
        (verdict(ties=1), "count ties as nearer"),
        (verdict(of_train=False), "asked is the other one"),
        (verdict(root=False), "deviation of one coin"),
        (verdict(deviation=1.0), "standard error of"),
        (verdict(signed=False), "keep the sign"),
    ],
}
