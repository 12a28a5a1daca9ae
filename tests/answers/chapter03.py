"""Right and wrong answers to the exercises of chapter 3; each wrong one with a part of the hint it should get."""

import numpy as np
import tensorflow as tf

from gan_helpers import losses

bce = losses.NonSaturatingLoss()


def counts(real, fake, threshold=0.0, swap=False):
    real, fake = np.asarray(real), np.asarray(fake)
    fn, fp = int((real <= threshold).sum()), int((fake > threshold).sum())
    return {
        "true_positive": int((real > threshold).sum()),
        "false_negative": fp if swap else fn,
        "false_positive": fn if swap else fp,
        "true_negative": int((fake <= threshold).sum()),
    }


def least_squares(factor):
    return (
        lambda real, fake: factor * (tf.reduce_mean((real - 1) ** 2) + tf.reduce_mean(fake**2)),
        lambda fake: factor * tf.reduce_mean((fake - 1) ** 2),
    )


def step(of="generator", sign=1.0, inside=True, returns=True):
    def generator_step(generator, discriminator, optimizer, noise):
        outside = generator(noise)
        with tf.GradientTape() as tape:
            fake = generator(noise) if inside else outside
            loss = bce.generator(discriminator(fake))
        model = generator if of == "generator" else discriminator
        gradients = tape.gradient(loss, model.trainable_variables)
        pairs = [(sign * g, w) for g, w in zip(gradients, model.trainable_variables, strict=True) if g is not None]
        if of == "generator" and pairs:
            optimizer.apply_gradients(pairs)
        elif pairs:
            for g, w in pairs:
                w.assign_sub(0.1 * g)
        return loss if returns else None

    return generator_step


def best_step(patience_counts=True, ended=False):
    def when_to_stop(steps, distances, patience):
        best = 0
        for i, distance in enumerate(distances):
            if distance < distances[best]:
                best = i
            elif patience_counts and i - best >= patience:
                return steps[i] if ended else steps[best]
        return steps[best]

    return when_to_stop


RIGHT = {
    "3.1": (114_064, 100_609),
    "3.2": counts,
    "3.3": least_squares(0.5),
    "3.4": step(),
    "3.5": best_step(),
}
WRONG = {
    "3.1": [((113_152, 100_480), "biases"), ((100_609, 114_064), "swapped"), ((1, 2), "100·128"), (5, "tuple")],
    "3.2": [
        (lambda r, f: counts(r, f, threshold=0.5), "logits with 0.5"),
        (lambda r, f: counts(r, f, swap=True), "swapped"),
        (lambda r, f: (1, 2, 3, 4), "dict"),
        (lambda r, f: {key: value + 0.9 for key, value in counts(r, f).items()}, "whole numbers"),
        (lambda r, f: dict.fromkeys(counts(r, f), 0), "the counts are"),
    ],
    "3.3": [
        (least_squares(1.0), "twice too large"),
        ((least_squares(0.5)[0], lambda f: 0.5 * tf.reduce_mean(f**2)), "target for its fakes is 1"),
        ((bce.discriminator, bce.generator), "J_D is 2.0"),
        (bce.generator, "tuple"),
        ((lambda r, f: 2.0, lambda f: 0.5), "wrong for others"),
    ],
    "3.4": [
        (step(of="discriminator"), "discriminator's weights moved"),
        (step(inside=False), "did not move"),
        (step(sign=-1.0), "uphill"),
        (step(returns=False), "Return the loss"),
    ],
    "3.5": [
        (best_step(ended=True), "whose weights you keep"),
        (lambda s, d, p: s[-1], "best so far is at step 3000"),
        (best_step(patience_counts=False), "before the late gain"),
        (lambda s, d, p: 1 / 0, "ZeroDivisionError"),
    ],
}
