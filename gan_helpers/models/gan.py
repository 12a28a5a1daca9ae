"""The first GAN of the course (chapter 3): two small dense networks (Goodfellow et al., 2014, arXiv:1406.2661)."""

from __future__ import annotations

import keras
import tensorflow as tf
from keras import layers

from .game import AdversarialGame


def build_generator(latent_dim: int = 100) -> keras.Sequential:
    """Noise (n, latent_dim) → images (n, 28, 28, 1) in [−1, 1]; both float32."""
    return keras.Sequential(
        [
            layers.Input((latent_dim,)),
            layers.Dense(128),
            layers.LeakyReLU(negative_slope=0.01),
            layers.Dense(28 * 28, activation="tanh"),
            layers.Reshape((28, 28, 1)),
        ],
        name="generator",
    )


def build_discriminator() -> keras.Sequential:
    """Images (n, 28, 28, 1) in [−1, 1] → logits (n, 1); the probability of "real" is their sigmoid."""
    return keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Flatten(),
            layers.Dense(128),
            layers.LeakyReLU(negative_slope=0.01),
            layers.Dense(1),
        ],
        name="discriminator",
    )


class GAN(AdversarialGame):
    """The plain game: one discriminator update, then one generator update, each on fresh noise."""

    def discriminator_step(self, real, step):
        """Raise D(x) on real images and lower it on fakes; the generator only supplies the fakes."""
        fake = self.generator(self.noise(real.shape[0], step, "discriminator"), training=True)
        with tf.GradientTape() as tape:
            real_logits = self.discriminator(real, training=True)
            fake_logits = self.discriminator(fake, training=True)
            loss = self.adversarial_loss.discriminator(real_logits, fake_logits)
        weights = self.discriminator.trainable_variables
        self.discriminator_optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return {
            "d_loss": loss,
            "real_accuracy": tf.reduce_mean(tf.cast(real_logits > 0, tf.float32)),
            "fake_accuracy": tf.reduce_mean(tf.cast(fake_logits < 0, tf.float32)),
        }

    def generator_step(self, batch_size, step):
        """Raise D(G(z)): the gradient passes through the discriminator, but only the generator moves."""
        noise = self.noise(batch_size, step, "generator")
        with tf.GradientTape() as tape:
            fake = self.generator(noise, training=True)
            fake_logits = self.discriminator(fake, training=True)
            loss = self.adversarial_loss.generator(fake_logits)
        weights = self.generator.trainable_variables
        self.generator_optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return {"g_loss": loss}
