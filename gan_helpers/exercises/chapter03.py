"""Checks of chapter 3, the first GAN."""

from __future__ import annotations

import numpy as np

from . import Hint, exercise, require


@exercise("3.1")
def _parameters(answer):
    try:
        generator, discriminator = answer
    except TypeError:
        raise Hint("Give both counts as a tuple: (generator, discriminator).") from None
    require((generator, discriminator) != (113_152, 100_480), "You counted the weights but not the biases.")
    require((generator, discriminator) != (100_609, 114_064), "Both numbers are right, but swapped: generator first.")
    require(
        generator == 114_064,
        "The generator: Dense(128) on 100 inputs has 100·128 weights and 128 biases; then Dense(784) on 128.",
    )
    require(
        discriminator == 100_609,
        "The discriminator: Dense(128) on 784 inputs, then Dense(1) on 128; LeakyReLU and Flatten learn nothing.",
    )


@exercise("3.2")
def _outcomes(answer):
    real, fake = np.array([2.0, -1.0, 0.5, 3.0]), np.array([-2.0, -0.1, 4.0, 1.0, -5.0])
    counts = answer(real, fake)
    right = {"true_positive": 3, "false_negative": 1, "false_positive": 2, "true_negative": 3}
    require(isinstance(counts, dict) and set(counts) == set(right), f"Return a dict with the keys {', '.join(right)}.")
    require(all(float(count).is_integer() for count in counts.values()), f"Counts are whole numbers; yours: {counts}.")
    counts = {key: int(value) for key, value in counts.items()}
    probabilities_assumed = {"true_positive": 2, "false_negative": 2, "false_positive": 2, "true_negative": 3}
    require(
        counts != probabilities_assumed,
        "You compared logits with 0.5. A logit is what comes before the sigmoid: D > ½ means logit > 0.",
    )
    swapped = right | {"false_negative": 2, "false_positive": 1}
    require(
        counts != swapped, "False positives and false negatives are swapped: a false positive is a *fake* called real."
    )
    require(counts == right, f"For real logits {real.tolist()} and fake logits {fake.tolist()} the counts are {right}.")


@exercise("3.3")
def _least_squares(answer):
    try:
        d_loss, g_loss = answer
    except TypeError:
        raise Hint("Give both functions as a tuple: (d_loss, g_loss).") from None
    real, fake = np.array([[1.0], [3.0]], np.float32), np.array([[0.0], [2.0]], np.float32)
    d, g = float(d_loss(real, fake)), float(g_loss(fake))
    require(np.isfinite([d, g]).all(), "A loss is not a finite number.")
    require(not np.isclose(d, 4.0), "The discriminator's loss is twice too large: each term carries a factor ½.")
    require(not np.isclose(g, 1.0), "The generator's target for its fakes is 1, with a factor ½.")
    require(np.isclose(d, 2.0), f"For real logits [1, 3] and fake logits [0, 2] J_D is 2.0; yours is {d:.4g}.")
    require(np.isclose(g, 0.5), f"For fake logits [0, 2] J_G is 0.5; yours is {g:.4g}.")
    real, fake = np.random.default_rng().normal(size=(2, 5, 1)).astype(np.float32)
    d, g = (np.mean((real - 1) ** 2) + np.mean(fake**2)) / 2, np.mean((fake - 1) ** 2) / 2
    require(
        np.isclose(float(d_loss(real, fake)), d, rtol=1e-4) and np.isclose(float(g_loss(fake)), g, rtol=1e-4),
        "Right for those logits, and wrong for others: both losses must be computed from their arguments.",
    )


@exercise("3.4")
def _generator_step(answer):
    import keras

    from ..losses import NonSaturatingLoss
    from ..models import gan

    game = gan.GAN(gan.build_generator(8), gan.build_discriminator(), NonSaturatingLoss())
    game.compile(keras.optimizers.Adam(1e-3), keras.optimizers.SGD(0.1))
    noise = game.noise(64, 0, "generator")
    before = {name: getattr(game, name).get_weights() for name in ("generator", "discriminator")}
    loss_before = float(game.adversarial_loss.generator(game.discriminator(game.generator(noise))))
    returned = answer(game.generator, game.discriminator, game.generator_optimizer, noise)
    moved = {
        name: any((a != b).any() for a, b in zip(before[name], getattr(game, name).get_weights(), strict=True))
        for name in before
    }
    require(not moved["discriminator"], "The discriminator's weights moved. Ask the tape for the generator's only.")
    require(moved["generator"], "The generator's weights did not move. Do the fakes come from inside the tape?")
    loss_after = float(game.adversarial_loss.generator(game.discriminator(game.generator(noise))))
    require(loss_after < loss_before, "The generator moved, but uphill: it should now fool D more often. Which sign?")
    require(returned is not None, "Return the loss.")
    require(
        np.isclose(float(returned), loss_before, atol=1e-4),
        f"The generator moved well, but the loss returned is {float(returned):.4g}; before the step, −mean log D(G(z)) "
        f"was {loss_before:.4g}.",
    )


@exercise("3.5")
def _when_to_stop(answer):
    steps = np.array([1000, 2000, 3000, 4000, 5000, 6000, 7000])
    falls_then_rises = np.array([90.0, 50.0, 40.0, 42.0, 41.0, 45.0, 60.0])
    require(
        answer(steps, falls_then_rises, 3) != 6000,
        "You return the step at which the run is ended; asked is the step whose weights you keep.",
    )
    require(
        answer(steps, falls_then_rises, 3) == 3000,
        "For distances 90, 50, 40, 42, 41, 45, 60 and patience 3, the best so far is at step 3000.",
    )
    late_gain = np.array([90.0, 50.0, 52.0, 53.0, 54.0, 30.0, 29.0])
    require(
        answer(steps, late_gain, 3) == 2000,
        "For 90, 50, 52, 53, 54, 30, 29 and patience 3 you must stop before the late gain is seen: the answer is 2000.",
    )
    require(answer(steps, late_gain, 4) == 7000, "With patience 4 the same run goes on and ends best at step 7000.")
    still_falling = np.linspace(90, 30, 7)
    require(answer(steps, still_falling, 3) == 7000, "A run that still improves is not stopped: the last step is best.")
