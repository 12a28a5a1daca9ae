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


def drawn(table, labels, draw):
    cumulative = np.cumsum(table, axis=1) / table.sum(axis=1, keepdims=True)
    return (draw[:, np.newaxis] >= cumulative[labels]).sum(axis=1)


def without_diagonal(table):
    return table * (1 - np.eye(len(table)))


def likely_wrong(labels, similar, draw):
    return drawn(without_diagonal(similar), labels, draw)


RIGHT = {
    "8.1": parts(),
    "8.2": lambda named, confusion: np.linalg.solve(confusion.T, named),
    "8.3": pairs(),
    "8.4": conditioned(),
    "8.5": likely_wrong,
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
        (lambda labels, similar, draw: drawn(similar, labels, draw), "diagonal must not matter"),
        (lambda labels, similar, draw: likely_wrong(labels, np.ones_like(similar), draw), "equally likely"),
        (lambda labels, similar, draw: likely_wrong(labels, similar.T, draw), "the column"),
        (lambda labels, similar, draw: without_diagonal(similar).argmax(axis=1)[labels], "in proportion"),
        (lambda labels, similar, draw: likely_wrong(labels, similar, np.random.random(len(labels))), "of your own"),
        (
            lambda labels, similar, draw: likely_wrong(labels, similar, np.random.default_rng(0).random(len(labels))),
            "should decide",
        ),
    ],
}
