"""Right and wrong answers to the exercises of chapter 6; each wrong one with a part of the hint it should get."""

import numpy as np


def schedule(first_alpha=0.0, late=0, always_fades=False):
    def stage_at(step, stages):
        for i, (side, fade, steps) in enumerate(stages):
            if step < fade:
                return side, (step + first_alpha) / fade
            if step < fade + steps + late or i == len(stages) - 1:
                return side, min((step - fade) / steps, 1.0) if always_fades else 1.0
            step -= fade + steps

    return stage_at


def deviation(epsilon=1e-8, axes=(0,), whole_batch=False, contiguous=False, broken=False):
    def with_deviation(x, size):
        size = len(x) if whole_batch else size
        groups = x.reshape(size, -1, *x.shape[1:])
        if contiguous:
            groups = x.reshape(-1, size, *x.shape[1:]).swapaxes(0, 1)
        if broken:
            values = np.sqrt(((groups - groups.mean(axis=0) + 1e8) ** 2).mean(axis=0)).mean(axis=(1, 2, 3))
        else:
            values = np.sqrt(groups.var(axis=axes) + epsilon)
            values = values.reshape(groups.shape[1], -1).mean(axis=1)
        group = np.arange(len(x)) % groups.shape[1]
        if contiguous:
            group = np.arange(len(x)) // size
        channel = np.broadcast_to(values[group][:, None, None, None], (*x.shape[:3], 1))
        return np.concatenate([x, channel], axis=-1)

    return with_deviation


def distance(biased=False, across=2, power=3):
    def kernel_distance(real, fake):
        def kernel(a, b):
            return (a @ b.T / a.shape[1] + 1) ** power

        def within(x):
            k, n = kernel(x, x), len(x)
            return k.mean() if biased else (k.sum() - np.trace(k)) / (n * (n - 1))

        return within(real) + within(fake) - across * kernel(real, fake).mean()

    return kernel_distance


def slerp(straight=False, on_sphere=False, careless=False):
    def path(z0, z1, steps):
        t = np.linspace(0, 1, steps)[:, np.newaxis]
        line = (1 - t) * z0 + t * z1
        if straight:
            return line
        if on_sphere:
            return line * np.linalg.norm(z0) / np.linalg.norm(line, axis=1, keepdims=True)
        omega = np.arccos(np.clip(z0 @ z1 / (np.linalg.norm(z0) * np.linalg.norm(z1)), -1, 1))
        if not careless and omega < 1e-6:
            return line
        with np.errstate(invalid="ignore", divide="ignore"):
            return (np.sin((1 - t) * omega) * z0 + np.sin(t * omega) * z1) / (
                0.0 if careless and omega < 1e-6 else np.sin(omega)
            )

    return path


def without(normalised=True, swapped=False):
    def rest(direction, other):
        if swapped:
            direction, other = other, direction
        return direction - (direction @ other) / (other @ other if normalised else 1) * other

    return rest


RIGHT = {"6.1": schedule(), "6.2": distance(), "6.3": deviation(), "6.4": slerp(), "6.5": without()}
WRONG = {
    "6.1": [
        (schedule(first_alpha=1.0), "starts at 0"),
        (schedule(late=1), "the side is"),
        (schedule(always_fades=True), "nothing fades"),
        (lambda step, stages: 4, "two numbers"),
    ],
    "6.2": [
        (distance(biased=True), "with itself"),
        (distance(across=1), "counts twice"),
        (distance(power=2), "Three means"),
    ],
    "6.3": [
        (deviation(broken=True), "under the root"),
        (deviation(axes=(0, 2, 3)), "Pixels are not examples"),
        (deviation(whole_batch=True), "same number"),
        (deviation(contiguous=True), "mod"),
        (lambda x, size: x, "One channel more"),
    ],
    "6.4": [
        (slerp(straight=True), "leaves that sphere"),
        (slerp(on_sphere=True), "equal angles"),
        (slerp(careless=True), "sin ω is 0"),
    ],
    "6.5": [
        (without(normalised=False), "squared length"),
        (without(swapped=True), "points along the other"),
        (lambda direction, other: direction, "still points along"),
    ],
}
