"""Checks of chapter 4, DCGAN."""

from __future__ import annotations

import numpy as np

from . import Hint, exercise, require


@exercise("4.1")
def _shapes(answer):
    try:
        doublings, kernel, seen, seen_by_five = answer
    except TypeError:
        raise Hint("Give the four numbers as a tuple: (a, b, c, d).") from None
    require(doublings != 16, "(a) The side grows by a factor of 16 in all; each layer doubles it.")
    require(doublings == 4, '(a) With "same" padding each layer doubles the side: 4, 8, 16 …')
    require(kernel != 1, "(b) Valid: the last of 7 stamps starts at 6 · 2, not at 7 · 2.")
    require(kernel == 3, "(b) Valid: (n − 1)·s + k must be 15 for n = 7 and s = 2.")
    require(seen != 7, "(c) One position further in the second layer is 2 pixels further, and in the third 4 pixels.")
    require(seen != 27, "(c) Neighbouring windows overlap: with stride 2 they start 2 positions apart, not 3.")
    require(seen == 15, "(c) Go backwards: 1 position sees 3 of the layer before, and n positions see 2·(n − 1) + 3.")
    require(seen_by_five == 29, "(d) As in (c), but n positions see 2·(n − 1) + 5.")


@exercise("4.2")
def _refresh(answer):
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    first, second = layers.BatchNormalization(momentum=0.98), layers.BatchNormalization()
    network = keras.Sequential(
        [layers.Input((4,)), layers.Dense(6), first, layers.LeakyReLU(), layers.Dense(5), second, layers.Dense(3)]
    )
    noise = 1 + 3 * np.random.default_rng(0).standard_normal((64, 4)).astype(np.float32)
    variables = network.trainable_variables, network.non_trainable_variables
    in_training, _ = network.stateless_call(*variables, noise, training=True)
    before = [weight.numpy() for weight in network.trainable_variables]
    answer(network, noise)
    require(
        all((old == new.numpy()).all() for old, new in zip(before, network.trainable_variables, strict=True)),
        "Weights that are learned have changed. Only the running averages should.",
    )
    require(
        np.allclose(network(noise, training=False), in_training, atol=0.01),
        "In inference mode the network still gives other outputs for this batch than in training mode. With which "
        "momentum does a running average forget all of its past at once?",
    )
    require(
        (first.momentum, second.momentum) == (0.98, 0.99),
        "The running averages are right. Give each layer its own momentum back, or its next step of training forgets "
        "everything again.",
    )


@exercise("4.3")
def _batch_norm(answer):
    rng = np.random.default_rng(0)
    x = rng.normal([1.0, -2.0], [2.0, 0.5], (6, 4, 4, 2))
    gamma, beta = np.array([1.5, 0.5]), np.array([0.0, 1.0])
    mean, variance = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))
    kept_mean, kept_variance = np.array([0.5, -1.0]), np.array([1.0, 2.0])

    def normalised(m, v):
        return gamma * (x - m) / np.sqrt(v + 0.001) + beta

    try:
        y, new_mean, new_variance = answer(x, gamma, beta, kept_mean, kept_variance, True)
    except (TypeError, ValueError) as error:
        raise Hint(f"Return three arrays: (y, running_mean, running_variance). ({error})") from None
    require(np.shape(y) == x.shape, f"y must have the shape of x, {x.shape}; yours has {np.shape(y)}.")
    require(
        not np.allclose(y, normalised(kept_mean, kept_variance)),
        "In training the batch's own mean and variance count, not the running averages.",
    )
    require(
        not np.allclose(y, gamma * (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 0.001) + beta),
        "Average over the positions, too: one mean per channel, axes (0, 1, 2), not one per pixel.",
    )
    require(np.allclose(y, normalised(mean, variance), atol=1e-6), "The output in training mode is not right yet.")
    require(
        not np.allclose(new_mean, 0.01 * kept_mean + 0.99 * mean),
        "m is the share of the *old* average: 0.99 of it stays.",
    )
    require(
        np.allclose(new_mean, 0.99 * kept_mean + 0.01 * mean, atol=1e-6)
        and np.allclose(new_variance, 0.99 * kept_variance + 0.01 * variance, atol=1e-6),
        "The output is right; the running averages should be m · old + (1 − m) · the batch's.",
    )
    y, new_mean, new_variance = answer(x, gamma, beta, kept_mean, kept_variance, False)
    require(
        np.allclose(y, normalised(kept_mean, kept_variance), atol=1e-6),
        "Training mode is right. In inference mode, normalise with the running averages.",
    )
    require(
        np.allclose(new_mean, kept_mean) and np.allclose(new_variance, kept_variance),
        "Inference must leave the running averages as they are.",
    )


@exercise("4.4")
def _shared_step(answer):
    import keras
    import tensorflow as tf

    from ..losses import NonSaturatingLoss
    from ..models import dcgan

    rng = np.random.default_rng(0)
    real = rng.uniform(-1, 1, (8, 28, 28, 1)).astype(np.float32)
    noise = rng.standard_normal((8, 8)).astype(np.float32)

    def new_game():
        keras.utils.set_random_seed(0)
        pair = dcgan.build_generator(8), dcgan.build_discriminator()
        game = dcgan.SharedFakesGAN(*pair, NonSaturatingLoss())
        game.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
        game.noise = lambda *_: tf.constant(noise)
        return game

    def same(a, b, which):
        return all(np.allclose(x, y, atol=1e-5) for x, y in zip(getattr(a, which), getattr(b, which), strict=True))

    start, right, early, game = (new_game() for _ in range(4))
    report = right.update(0, real)
    with tf.GradientTape() as tape:  # judged by the discriminator as it was before its step
        loss, _ = early.generator_loss(early.fakes(real, 0, "generator"), 0)
    weights = early.generator.trainable_variables
    early.generator_optimizer.apply(tape.gradient(loss, weights), weights)
    optimizers = game.discriminator_optimizer, game.generator_optimizer
    returned = answer(game.generator, game.discriminator, *optimizers, real, noise)

    d, g = game.discriminator, game.generator
    require(not same(d, start.discriminator, "trainable_variables"), "The discriminator's weights did not move.")
    require(
        same(d, right.discriminator, "trainable_variables"),
        "The discriminator moved, but not where one step of its own half leads. Is it asked about the real pictures "
        "and the fakes, with training=True, and does nothing else move it?",
    )
    require(not same(g, start.generator, "trainable_variables"), "The generator's weights did not move.")
    require(
        not same(g, early.generator, "trainable_variables"),
        "D should move first: G should learn from the discriminator after its step.",
    )
    require(
        same(g, right.generator, "trainable_variables"),
        "The generator moved, but not where its half leads: it should raise its fakes' logits, with training=True.",
    )
    require(
        same(g, right.generator, "non_trainable_variables"),
        "The weights are right, but the generator ran more than once: its running averages show it.",
    )
    require(returned is not None and len(returned) == 2, "Return both losses: (d_loss, g_loss).")
    require(
        np.allclose([float(loss) for loss in returned], [float(report["d_loss"]), float(report["g_loss"])], atol=1e-4),
        "The weights are right, and the losses returned are not those whose gradients were used.",
    )
