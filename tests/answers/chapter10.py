"""Right and wrong answers to the exercises of chapter 10; each wrong one with a part of the hint it should get."""

import numpy as np


def worst(linf=lambda w: np.abs(w).sum(), l2=np.linalg.norm, sign=1, label=True, stable=True):
    def worst_loss(w, b, x, y, epsilon, norm):
        length = sign * epsilon * (linf if norm == "linf" else l2)(w)
        margin = y * (x @ w + b) - length if label else y * (x @ w + b - length)
        with np.errstate(over="ignore"):
            return np.logaddexp(0, -margin) if stable else np.log(1 + np.exp(-margin))

    return worst_loss


def climbing(where="present", cut="whole", inside=True):
    def climb(gradient, image, epsilon, step_size, steps):
        changed = image.copy()
        for _ in range(steps):
            step = step_size * np.sign(gradient(changed if where == "present" else image))
            if cut == "whole":
                changed = image + np.clip(changed + step - image, -epsilon, epsilon)
            else:
                changed = changed + np.clip(step, -epsilon, epsilon)
            changed = np.clip(changed, -1, 1) if inside else changed
        return changed

    return climb


def estimate(linf=lambda s: np.abs(s).sum(axis=1), l2=lambda s: np.linalg.norm(s, axis=1)):
    def first_order(losses, gradients, epsilon, norm):
        flat = gradients.reshape(len(gradients), -1)
        return losses + epsilon * (linf if norm == "linf" else l2)(flat)

    return first_order


RIGHT = {
    "10.1": worst(),
    "10.2": climbing(),
    "10.3": lambda right: (right.mean(axis=1).min(), right.all(axis=0).mean()),
    "10.4": estimate(),
}
WRONG = {
    "10.1": [
        (worst(linf=np.linalg.norm, l2=lambda w: np.abs(w).sum()), "exchanged the two norms"),
        (worst(sign=-1), "the smallest loss"),
        (worst(sign=0), "without an attack"),
        (worst(label=False), "for both classes"),
        (worst(linf=lambda w: np.abs(w).max()), "by how much can"),
        (worst(stable=False), "overflows"),
    ],
    "10.2": [
        (climbing(where="start", cut="step"), "What has to stay within"),
        (climbing(where="start"), "Where should it be taken"),
        (climbing(cut="step"), "What has to stay within"),
        (climbing(inside=False), "No number may leave"),
    ],
    "10.3": [
        (lambda right: (right.mean(axis=1).min(), right.mean()), "no mean over attacks"),
        (lambda right: (right.mean(axis=1).min(), right.any(axis=0).mean()), "if all attacks fail"),
        (lambda right: (right.mean(), right.all(axis=0).mean()), "smallest of the attacks"),
        (lambda right: (right.mean(axis=1).min(), right.mean(axis=1).min()), "after every attack"),
    ],
    "10.4": [
        (estimate(lambda s: np.linalg.norm(s, axis=1), lambda s: np.abs(s).sum(axis=1)), "exchanged the two norms"),
        (estimate(linf=lambda s: np.abs(s).max(axis=1)), "spend all of its"),
        (estimate(linf=lambda s: np.abs(s).mean(axis=1)), "no mean"),
        (estimate(l2=lambda s: (s**2).sum(axis=1)), "not squared"),
    ],
}
