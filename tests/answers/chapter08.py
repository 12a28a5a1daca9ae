"""Right and wrong answers to the exercises of chapter 8; each wrong one with a part of the hint it should get."""

import numpy as np


def parts(mean_of_logs=False, of_labels=True, adds_up=True):
    def two_parts(data, generator):
        logit = np.log(data) - np.log(generator)
        blind = np.log(data.mean(axis=0)) - np.log(generator.mean(axis=0))
        first = logit.mean(axis=0) if mean_of_logs else blind if of_labels else logit[0]
        return first, logit - first if adds_up else logit

    return two_parts


def pairs(asked="permuted", given="asked", width=100):
    def fake_pairs(generator, real_labels, rng):
        n = len(real_labels)
        labels = {"permuted": rng.permutation(real_labels), "real": real_labels, "zeros": np.zeros(n, int)}[asked]
        return generator(rng.normal(size=(n, width)), labels), labels if given == "asked" else real_labels

    return fake_pairs


def conditioned(join=np.multiply, mix=lambda shares, table: shares @ table):
    def condition(noise, labels, embedding):
        return join(noise, embedding[labels] if labels.ndim == 1 else mix(labels, embedding))

    return condition


def uniform_wrong(labels, classes, seed):
    return (labels + np.random.default_rng(seed).integers(1, classes, len(labels))) % classes


RIGHT = {
    "8.1": parts(),
    "8.2": lambda named, confusion: np.linalg.solve(confusion.T, named),
    "8.3": pairs(),
    "8.4": conditioned(),
    "8.5": uniform_wrong,
}
WRONG = {
    "8.1": [
        (parts(mean_of_logs=True), "no mean of logits"),
        (parts(of_labels=False), "where p(x) is the mean"),
        (parts(adds_up=False), "must add up"),
        (lambda data, generator: (data, generator), "two arrays"),
    ],
    "8.2": [
        (lambda named, confusion: np.linalg.solve(confusion, named), "transpose"),
        (lambda named, confusion: named @ confusion, "once more"),
        (lambda named, confusion: named / np.diag(confusion), "solve for their shares"),
    ],
    "8.3": [
        (pairs(given="real"), "comes with another"),
        (pairs(asked="zeros"), "no longer cancel"),
        (pairs(width=10), "shape (n, 100)"),
    ],
    "8.4": [
        (conditioned(join=np.add), "do not add"),
        (conditioned(mix=lambda shares, table: table[shares.argmax(axis=1)]), "mix all the rows"),
        (conditioned(mix=lambda shares, table: (shares**2) @ table), "weighted by them"),
    ],
    "8.5": [
        (lambda labels, classes, seed: np.random.default_rng(seed).integers(0, classes, len(labels)), "by chance"),
        (lambda labels, classes, seed: (labels + 1) % classes, "has favourites"),
        (lambda labels, classes, seed: uniform_wrong(labels, classes, 3), "Another seed"),
        (lambda labels, classes, seed: uniform_wrong(labels, classes, None), "same seed"),
    ],
}
