"""Right and wrong answers to the exercises of chapter 1; each wrong one with a part of the hint it should get."""

import numpy as np
import tensorflow as tf


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


def training_step(d_sign=1, g_sign=-1, second_half=("generator",)):
    """A right step, or one with a mistake: the sign of D's or of G's cost, or whose weights the second half moves."""

    def step(generator, discriminator, d_optimizer, g_optimizer, real, noise):
        networks = {"generator": generator, "discriminator": discriminator}
        with tf.GradientTape() as tape:
            real_logits, fake_logits = discriminator(real), discriminator(generator(noise))
            d_loss = d_sign * tf.reduce_mean(tf.math.softplus(-real_logits) + tf.math.softplus(fake_logits))
        weights = discriminator.trainable_variables
        d_optimizer.apply_gradients(zip(tape.gradient(d_loss, weights), weights, strict=True))
        with tf.GradientTape() as tape:
            g_loss = tf.reduce_mean(tf.math.softplus(g_sign * discriminator(generator(noise))))
        weights = [weight for name in second_half for weight in networks[name].trainable_variables]
        g_optimizer.apply_gradients(zip(tape.gradient(g_loss, weights), weights, strict=True))

    return step


RIGHT = {
    "1.1": training_step(),
    "1.2": visited,
    "1.4": (4, 1 / 3),
    "1.5": jsd,
    "1.6": (extragradient, 1.0),
}
WRONG = {
    "1.1": [
        (training_step(g_sign=1, second_half=("discriminator",)), "did not change"),
        (training_step(g_sign=1), "answers on its fakes fell"),
        (training_step(second_half=("generator", "discriminator")), "leave them alone"),
        (training_step(d_sign=-1), "one step down"),
    ],
    "1.2": [
        (lambda p, c, w: visited(p, c, w / 3), "three"),
        (lambda p, c, w: visited(p, c, w) + 0.9, "whole number"),
        (visited_in_a_box, "not each coordinate"),
        (nearest_only, "of no centre"),
        (lambda p, c, w: int((np.linalg.norm(p[:, None] - c[None], axis=2).min(axis=1) <= 3 * w).sum()), "points"),
    ],
    "1.4": [
        ((0.25, 1 / 3), "compared with the data"),
        ((0.8, 1 / 3), "Asked is the ratio"),
        ((4, 0.5), "twice as often"),
        ((4, 2 / 3), "share of the fakes"),
        ((4, 0.25), "derivative"),
    ],
    "1.5": [
        (lambda t: jsd(t, factor=1.0), "Twice too large"),
        (lambda t: jsd(t, log=np.log2), "base 2"),
        (lambda t: jsd(t, guard=False), "not finite"),
        (lambda t: min(t, 1) ** 2 * np.log(2), "theta = 0.5"),
    ],
    "1.6": [
        ((lambda x, y, h: (x - h * y, y + h * x), 1.0), "look ahead"),
        ((lambda x, y, h: (x - h * (y + h * x), y + h * x), 1.0), "from the old y"),
        ((lambda x, y, h: (x - h * y - h * (y + h * x), y + h * x + h * (x - h * y)), 1.0), "*old* point"),
        ((lambda x, y, h: x - h * y, 1.0), "new pair"),
        ((lambda x, y, h: (0.64, 0.82), 1.0), "wrong from another point"),
        ((extragradient, 2.0), "alternating"),
        ((extragradient, 0.3), "When is that above 1"),
    ],
}
