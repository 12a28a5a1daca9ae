"""Right and wrong answers to the exercises of chapter 7; each wrong one with a part of the hint it should get."""

import math

import numpy as np
from scipy.special import log_softmax, logsumexp


def answers(careful=True, with_fake=False, real_of_max=False):
    def two_answers(logits):
        top = logits.max(axis=1, keepdims=True) if careful else 0
        e = np.exp(logits - top)
        z = e.sum(axis=1)
        if not careful:
            return e / (z + with_fake)[:, None], z / (z + 1)
        a = np.ravel(top) + (0 if real_of_max else np.log(z))
        return e / z[:, None], 1 / (1 + np.exp(np.minimum(-a, 700)))

    return two_answers


def loss(fake_sign=1, largest=False, fake_class=False, mean=True):
    def discriminator_loss(labelled, labels, unlabelled, fake):
        if fake_class:
            labelled = np.c_[labelled, np.zeros(len(labelled))]
        named = -log_softmax(labelled, axis=1)[np.arange(len(labels)), labels]
        of = (lambda x: x.max(axis=1)) if largest else (lambda x: logsumexp(x, axis=1))
        parts = named, np.logaddexp(0, -of(unlabelled)), np.logaddexp(0, fake_sign * of(fake))
        return sum(part.mean() if mean else part.sum() for part in parts)

    return discriminator_loss


def needed(errors=2, both=True, whole=True, squared=True):
    def images_needed(p, q):
        variance = p * (1 - p) + (q * (1 - q) if both else 0)
        n = errors**2 * variance / ((p - q) ** 2 if squared else abs(p - q))
        return math.ceil(n) if whole else n

    return images_needed


def sharpened(inverse=True, careful=True, normalised=True):
    def sharpen(p, temperature):
        if careful:
            p = p / p.max(axis=1, keepdims=True)
        powered = p ** (1 / temperature if inverse else temperature)
        return powered / powered.sum(axis=1, keepdims=True) if normalised else powered

    return sharpen


def moments(axis=0, spread=np.std, with_spread=True):
    def matching_loss(real, fake):
        loss = np.mean((real.mean(axis=axis) - fake.mean(axis=axis)) ** 2)
        return loss + with_spread * np.mean((spread(real, axis=axis) - spread(fake, axis=axis)) ** 2)

    return matching_loss


RIGHT = {"7.1": answers(), "7.2": loss(), "7.6": needed(), "7.5": sharpened(), "7.4": moments()}
WRONG = {
    "7.1": [
        (answers(careful=False, with_fake=True), "N + 1 classes"),
        (answers(careful=False), "take the largest logit away"),
        (answers(real_of_max=True), "Z = Σ exp ℓ"),
        (lambda logits: (logits, logits), "two arrays"),
    ],
    "7.2": [
        (loss(fake_sign=-1), "takes fakes for real"),
        (loss(largest=True), "not the largest"),
        (loss(fake_class=True), 'without "fake"'),
        (loss(mean=False), "one by one"),
    ],
    "7.6": [
        (needed(errors=1), "not two"),
        (needed(both=False), "add up"),
        (needed(whole=False), "whole number"),
        (needed(squared=False), "images, yours are"),
    ],
    "7.5": [
        (sharpened(inverse=False), "should sharpen"),
        (sharpened(careful=False), "largest probability first"),
        (sharpened(normalised=False), "add up to 1"),
    ],
    "7.4": [
        (moments(with_spread=False), "means alone"),
        (moments(axis=None), "of its own"),
        (moments(spread=np.var), "not variances"),
    ],
}
