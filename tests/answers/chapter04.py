"""Right and wrong answers to the exercises of chapter 4; each wrong one with a part of the hint it should get."""

import numpy as np


def transposed(overwrite=False, flip=False, crop=False, stride=None):
    def transposed_convolution(x, w, s):
        s, w = stride or s, w[::-1] if flip else w
        y = np.zeros(s * (len(x) - 1) + len(w))
        for i, value in enumerate(x):
            place = slice(s * i, s * i + len(w))
            y[place] = value * w if overwrite else y[place] + value * w
        return y[: s * len(x)] if crop else y

    return transposed_convolution


def batch_norm(axes=(0, 1, 2), mode=None, momentum_swapped=False, always_updates=False):
    def normalise(x, gamma, beta, running_mean, running_variance, training, m=0.99, epsilon=0.001):
        mean, variance = x.mean(axis=axes), x.var(axis=axes)
        use_batch = training if mode is None else mode == "training"
        now = (mean, variance) if use_batch else (running_mean, running_variance)
        y = gamma * (x - now[0]) / np.sqrt(now[1] + epsilon) + beta
        if (training or always_updates) and axes == (0, 1, 2):
            m = 1 - m if momentum_swapped else m
            running_mean, running_variance = (
                m * running_mean + (1 - m) * mean,
                m * running_variance + (1 - m) * variance,
            )
        return y, running_mean, running_variance

    return normalise


def line(first=0.0, last=1.0, curved=False):
    def interpolate(z0, z1, steps):
        t = np.linspace(first, last, steps)[:, np.newaxis]
        t = t**2 if curved else t
        return (1 - t) * z0 + t * z1

    return interpolate


def cost(places, k, channels_in, channels_out):
    weights = k * k * channels_in * channels_out
    return weights + channels_out, weights * places


RIGHT = {"4.1": (12, 8, 14, 17), "4.2": transposed(), "4.3": batch_norm(), "4.4": cost, "4.5": line()}
WRONG = {
    "4.1": [
        ((11, 8, 14, 17), "as long as it fits"),
        ((12, 7, 14, 17), "rounds *up*"),
        ((12, 8, 13, 17), "7 · 2"),
        ((12, 8, 14, 19), "not at 7 · 2"),
        (12, "tuple"),
    ],
    "4.2": [
        (transposed(overwrite=True), "overwrite"),
        (transposed(flip=True), "turned around"),
        (transposed(crop=True), "sticks out"),
        (transposed(stride=2), "wrong for stride 1"),
        (lambda x, w, s: np.zeros(7), "the output is"),
    ],
    "4.3": [
        (batch_norm(mode="inference"), "batch's own mean"),
        (batch_norm(axes=0), "Average over the places"),
        (batch_norm(momentum_swapped=True), "share of the *old*"),
        (batch_norm(mode="training"), "normalise with the running averages"),
        (batch_norm(always_updates=True), "leave the running averages"),
        (lambda x, *rest: x, "three arrays"),
    ],
    "4.4": [
        (lambda p, k, i, o: (k * k * i * o, p * k * k * i * o), "biases"),
        (lambda p, k, i, o: (k * k * i + o, p * k * k * i), "own window"),
        (lambda p, k, i, o: (k * k * i * o + o, k * k * i * o), "every place"),
        (lambda p, k, i, o: (k * k * i * o + o, p * (k * k * i * o + o)), "biases only add"),
        (lambda p, k, i, o: 5, "tuple"),
        (lambda p, k, i, o: (3 * k * i * o + o, p * 3 * k * i * o), "k·k places"),
    ],
    "4.5": [
        (line(1.0, 0.0), "other way round"),
        (line(0.0, 0.8), "inclusive"),
        (line(0.2, 1.0), "t starts at 0"),
        (line(curved=True), "equal"),
        (lambda a, b, n: a, "shape is (5, 3)"),
        (lambda a, b, n: np.array([a, 0.75 * a + 0.25 * b, a, 9 * a, b]), "between them"),
        (lambda a, b, n: np.linspace(a, b, 5), "wrong for other vectors"),
    ],
}
