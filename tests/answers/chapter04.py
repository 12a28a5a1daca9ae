"""Right and wrong answers to the exercises of chapter 4; each wrong one with a part of the hint it should get."""

import numpy as np
import tensorflow as tf
from keras import layers


def step(d_first=True, again=False, all_weights=False, g_moves=True, mode=True, sign=1.0, returns=True):
    def training_step(generator, discriminator, d_optimizer, g_optimizer, real, noise):
        d_weights, g_weights = discriminator.trainable_variables, generator.trainable_variables
        with tf.GradientTape(persistent=True) as tape:
            fake = generator(noise, training=True)
            real_logits, fake_logits = discriminator(real, training=mode), discriminator(fake, training=mode)
            d_loss = tf.reduce_mean(tf.nn.softplus(-real_logits)) + tf.reduce_mean(tf.nn.softplus(fake_logits))
            if d_first:
                d_optimizer.apply(tape.gradient(d_loss, d_weights), d_weights)
            fake = generator(noise, training=True) if again else fake
            g_loss = tf.reduce_mean(tf.nn.softplus(-sign * discriminator(fake, training=mode)))
        if not d_first:
            d_optimizer.apply(tape.gradient(d_loss, d_weights), d_weights)
        if all_weights:
            for gradient, weight in zip(tape.gradient(g_loss, d_weights), d_weights, strict=True):
                weight.assign_sub(0.1 * gradient)
        if g_moves:
            g_optimizer.apply(tape.gradient(g_loss, g_weights), g_weights)
        return (d_loss, g_loss) if returns else None

    return training_step


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


def refresh(momentum=0.0, restored=True, also=None):
    def take_the_batch(network, noise):
        normalising = [layer for layer in network.layers if isinstance(layer, layers.BatchNormalization)]
        kept = [layer.momentum for layer in normalising]
        for layer in normalising:
            layer.momentum = momentum
        network(noise, training=True)
        for layer, old in zip(normalising, kept, strict=True):
            layer.momentum = old if restored else momentum
        if also is not None:
            also(network)

    return take_the_batch


RIGHT = {"4.1": (4, 3, 15, 29), "4.2": refresh(), "4.3": batch_norm(), "4.4": step()}
WRONG = {
    "4.1": [
        ((16, 3, 15, 29), "factor of 16"),
        ((4, 1, 15, 29), "not at 7 · 2"),
        ((4, 3, 7, 29), "in the third 4 pixels"),
        ((4, 3, 27, 29), "overlap"),
        ((4, 3, 15, 13), "2·(n − 1) + 5"),
        (4, "tuple"),
    ],
    "4.2": [
        (refresh(momentum=0.5), "forget all of its past"),
        (refresh(restored=False), "own momentum back"),
        (refresh(also=lambda network: network.layers[0].bias.assign_add([1.0] * 6)), "that are learned"),
        (lambda network, noise: network(noise), "other outputs"),
    ],
    "4.3": [
        (batch_norm(mode="inference"), "batch's own mean"),
        (batch_norm(axes=0), "Average over the positions"),
        (batch_norm(momentum_swapped=True), "share of the *old*"),
        (batch_norm(mode="training"), "normalise with the running averages"),
        (batch_norm(always_updates=True), "leave the running averages"),
        (lambda x, *rest: x, "three arrays"),
    ],
    "4.4": [
        (step(d_first=False), "D should move first"),
        (step(again=True), "ran more than once"),
        (step(all_weights=True), "does nothing else move it"),
        (step(g_moves=False), "The generator's weights did not move"),
        (step(mode=False), "with training=True"),
        (step(sign=-1.0), "raise its fakes' logits"),
        (step(returns=False), "Return both losses"),
        (lambda *players: (0.0, 0.0), "The discriminator's weights did not move"),
    ],
}
