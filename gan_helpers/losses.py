"""What each player minimises, given the discriminator's logits.

A logit a is the discriminator's answer before the sigmoid: D(x) = σ(a). Two identities keep everything finite:

    −log σ(a) = softplus(−a)        −log(1 − σ(a)) = softplus(a)        softplus(a) = log(1 + eᵃ)

Every loss is an object with two functions, ``discriminator(real_logits, fake_logits)`` and
``generator(fake_logits)``. Both take float tensors of any one shape and return a float scalar to be minimised.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import tensorflow as tf

from .core import checks

mean, softplus, square = tf.reduce_mean, tf.math.softplus, tf.square


class AdversarialLoss:
    """The interface of a pair of losses; subclasses state the two formulas.

    Attributes:
        at_equilibrium: (discriminator's, generator's) loss when the discriminator can only guess; ``None`` where
            that is not a fixed number.
        boundary: the logit above which the discriminator's answer means "real"; ``None`` for a critic, whose answers
            have no zero of their own: only their differences mean something.
    """

    at_equilibrium: tuple[float, float] | None = None
    boundary: float | None = 0.0

    def discriminator(self, real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
        """What the discriminator minimises."""
        raise NotImplementedError

    def generator(self, fake_logits: tf.Tensor) -> tf.Tensor:
        """What the generator minimises."""
        raise NotImplementedError

    def accuracies(self, real_logits: tf.Tensor, fake_logits: tf.Tensor) -> dict[str, tf.Tensor]:
        """How often the discriminator is right, ``real_accuracy`` and ``fake_accuracy``, 0 to 1; nothing for a critic.

        Args:
            real_logits: the discriminator's answers to real examples.
            fake_logits: its answers to fakes.
        """
        if self.boundary is None:
            return {}
        return {
            "real_accuracy": mean(tf.cast(real_logits > self.boundary, tf.float32)),
            "fake_accuracy": mean(tf.cast(fake_logits < self.boundary, tf.float32)),
        }

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class MinimaxLoss(AdversarialLoss):
    """The zero-sum game of Goodfellow et al. (2014, arXiv:1406.2661), min_G max_D V(D, G).

    J_D = −V = −E log D(x) − E log(1 − D(G(z)));  J_G = E log(1 − D(G(z))), which is at most 0.

    Args:
        real_target: the answer that the discriminator is to give for real examples. Below 1 this is one-sided label
            smoothing (Salimans et al., 2016, arXiv:1606.03498): with the target α the first term becomes
            −E [α log D(x) + (1 − α) log(1 − D(x))], and the best discriminator is α p/(p + q). Fakes keep the target 0.

    Raises:
        ValueError: ``real_target`` above 1 (no probability reaches it), or not above ½ (real would mean fake).
    """

    def __init__(self, real_target: float = 1.0):
        if not isinstance(real_target, (int, float)) or not 0.5 < real_target <= 1:
            raise ValueError(
                f"real_target must be above 0.5 and at most 1, got {real_target!r}. It is a probability: above 1 the "
                "loss has no minimum, and the real logits run off to infinity. Smoothing takes it down, to 0.9 say."
            )
        self.real_target = real_target
        guess = real_target / 2  # the best answer where p = q
        d_loss = -real_target * math.log(guess) - (2 - real_target) * math.log(1 - guess)
        self.at_equilibrium = (d_loss, self.generator_at_equilibrium(guess))

    @staticmethod
    def generator_at_equilibrium(guess: float) -> float:
        """The generator's loss when the discriminator answers ``guess`` everywhere."""
        return math.log(1 - guess)

    def discriminator(self, real_logits, fake_logits):  # noqa: D102
        loss = mean(softplus(-real_logits)) + mean(softplus(fake_logits))
        if self.real_target < 1:
            loss += (1 - self.real_target) * mean(real_logits)  # since softplus(a) = softplus(−a) + a
        return loss

    def generator(self, fake_logits):  # noqa: D102
        return -mean(softplus(fake_logits))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'' if self.real_target == 1 else f'real_target={self.real_target:g}'})"


class NonSaturatingLoss(MinimaxLoss):
    """The same discriminator; the generator minimises J_G = −E log D(G(z)) (same paper, section 3).

    Its gradient is strong just when the discriminator wins, where the minimax loss is flat.
    """

    @staticmethod
    def generator_at_equilibrium(guess: float) -> float:  # noqa: D102
        return -math.log(guess)

    def generator(self, fake_logits):  # noqa: D102
        return mean(softplus(-fake_logits))


class LeastSquaresLoss(AdversarialLoss):
    """LSGAN (Mao et al., 2017, arXiv:1611.04076) with targets 1 for real, 0 for fake, 1 for the generator.

    J_D = ½ E (a(x) − 1)² + ½ E a(G(z))²;  J_G = ½ E (a(G(z)) − 1)². No sigmoid: a is used as it is.
    """

    at_equilibrium = (0.25, 0.125)
    boundary = 0.5  # halfway between the two targets

    def discriminator(self, real_logits, fake_logits):  # noqa: D102
        return 0.5 * mean(square(real_logits - 1)) + 0.5 * mean(square(fake_logits))

    def generator(self, fake_logits):  # noqa: D102
        return 0.5 * mean(square(fake_logits - 1))


class WassersteinLoss(AdversarialLoss):
    """WGAN (Arjovsky, Chintala & Bottou, 2017, arXiv:1701.07875).

    J_D = E a(G(z)) − E a(x);  J_G = −E a(G(z)). Meaningful only for a critic kept Lipschitz (by clipping its
    weights or by a gradient penalty); −J_D then estimates the earth mover's distance.
    """

    boundary = None

    def discriminator(self, real_logits, fake_logits):  # noqa: D102
        return mean(fake_logits) - mean(real_logits)

    def generator(self, fake_logits):  # noqa: D102
        return -mean(fake_logits)


class RelativisticLoss(AdversarialLoss):
    """Relativistic pairing (Jolicoeur-Martineau, 2018, arXiv:1807.00734): which of a pair is the real one?

    J_D = E softplus(a(G(z)) − a(x));  J_G = E softplus(a(x) − a(G(z))). Real examples and fakes come in pairs, in the
    order in which they are given, and only the difference of the two answers counts.
    """

    at_equilibrium = (math.log(2), math.log(2))
    boundary = None

    def discriminator(self, real_logits, fake_logits):  # noqa: D102
        checks.same_shape(real_logits=real_logits, fake_logits=fake_logits)
        return mean(softplus(fake_logits - real_logits))

    def generator(self, fake_logits, real_logits):
        """What the generator minimises; unlike other losses, it needs the answers to the real examples, too."""
        checks.same_shape(fake_logits=fake_logits, real_logits=real_logits)
        return mean(softplus(real_logits - fake_logits))


def check_between(critic, real, fake, mix) -> None:
    """Raise unless each real example has a fake, and both have a number that mixes them."""
    checks.same_shape(real=real, fake=fake)
    if mix.shape != real.shape[:1]:
        raise ValueError(f"mix must be one number for each example, shape {real.shape[:1]}; got {mix.shape}")


@checks.first(check_between)
def gradient_penalty(
    critic: Callable[[tf.Tensor], tf.Tensor], real: tf.Tensor, fake: tf.Tensor, mix: tf.Tensor
) -> tf.Tensor:
    """E (‖∇ a(x̂)‖ − 1)², with x̂ between a real and a fake example (Gulrajani et al., 2017, arXiv:1704.00028).

    Args:
        critic: examples (n, …) → logits (n, 1).
        real: float32, shape (n, …).
        fake: of the same shape.
        mix: float32, shape (n,), from 0 to 1: how far x̂ lies from the fake towards the real example. One number an
            example, uniform.

    Returns:
        A float scalar, 0 where the critic's slope has length 1 at every x̂.
    """
    mix = tf.reshape(mix, [-1] + [1] * (len(real.shape) - 1))
    between = fake + mix * (real - fake)
    with tf.GradientTape() as tape:
        tape.watch(between)
        logits = critic(between)
    slopes = tape.gradient(logits, between)
    squares = tf.reduce_sum(tf.reshape(slopes, [slopes.shape[0], -1]) ** 2, axis=1)
    lengths = tf.sqrt(squares + 1e-12)  # the root has no slope at 0: without the small number, NaN
    return mean(square(lengths - 1))


def squared_slope(critic: Callable[[tf.Tensor], tf.Tensor], examples: tf.Tensor) -> tf.Tensor:
    """E ‖∇ a(x)‖²: the zero-centred gradient penalty (Mescheder, Geiger & Nowozin, 2018, arXiv:1801.04406).

    On real examples, times γ/2, it is called R1; on fakes, R2.

    Args:
        critic: examples (n, …) → logits (n, 1).
        examples: float32, shape (n, …).

    Returns:
        A float scalar, 0 where the critic is flat at every example.
    """
    with tf.GradientTape() as tape:
        tape.watch(examples)
        logits = critic(examples)
    slopes = tape.gradient(logits, examples)
    return mean(tf.reduce_sum(tf.reshape(slopes, [slopes.shape[0], -1]) ** 2, axis=1))
