"""Augmented CycleGAN (chapter 9): a picture of one kind has many counterparts of another kind, and a code chooses one
(Almahairi, Rajeswar, Sordoni, Bachman & Courville, 2018, arXiv:1802.10151).

The code leads from A to B only. That is enough where A has lost something that B has: from B to A there is nothing to
choose. The paper describes codes on both sides; its authors' program for edges and shoes has one side, too.
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from ..core import checks, sampling
from ..core.curves import Panel
from ..core.system import copy_variables, generate, latent_noise
from ..data.images import check_images
from ..layers import ConditionalInstanceNormalization
from ..losses import AdversarialLoss
from .cyclegan import CycleGAN, mean_difference
from .game import check_players, follow_weights
from .translators import block, convolution, instance_normalization

# -------------------------------------------------------------------------------------------------- networks


@checks.sizes(code_dim=0)
def build_coded_generator(code_dim: int = 2, base: int = 16, depth: int = 3) -> keras.Model:
    """Images (n, h, w, 3) and codes (n, code_dim) → images (n, h, w, 3), float32 in [−1, 1].

    A U-Net that answers with two things for every pixel, a new colour and a mask from 0 to 1, and returns

        picture + mask · (colour − picture).

    Where the mask is 0, the picture stays as it is, so that nothing need be drawn again (Pumarola et al., 2018,
    arXiv:1807.09251). The code enters at every block on the way up, by :class:`ConditionalInstanceNormalization`. The
    paper's generator is a ResNet, in which the code enters in the same way.

    Height and width must be multiples of 2^depth.

    Args:
        code_dim: numbers in a code; with 0 there is none, and the generator maps images to images.
        base: channels of the first map; they double with each step down.
        depth: steps down to half the side.
    """
    image, code = layers.Input((None, None, 3), name="image"), layers.Input((code_dim,), name="code")
    x, skips = image, []
    for i in range(depth):
        skips.append(x)
        x = block(x, base * 2**i, 4, layers.LeakyReLU(negative_slope=0.2), strides=2, normalise=0 < i < depth - 1)
    for i in reversed(range(depth)):
        x = convolution(base * 2 ** max(i - 1, 0), 4, use_bias=False)(layers.UpSampling2D()(x))
        x = ConditionalInstanceNormalization()(x, code) if code_dim else instance_normalization()(x)
        x = layers.Concatenate()([layers.ReLU()(x), skips[i]])
    colours = convolution(3, 3, activation="tanh", dtype="float32")(x)
    mask = convolution(1, 3, activation="sigmoid", dtype="float32")(x)
    difference = layers.Subtract(dtype="float32")([colours, image])
    change = layers.Multiply(dtype="float32")([mask, difference])
    changed = layers.Add(dtype="float32")([image, change])
    return keras.Model([image, code] if code_dim else image, changed, name="generator")


@checks.sizes()
def build_code_encoder(code_dim: int = 2, base: int = 16, depth: int = 3) -> keras.Model:
    """Images of A (n, h, w, 3) and their counterparts in B (n, h, w, 3) → codes (n, code_dim), float32.

    Nothing is normalised: that would remove the mean colour of a picture, which may be what the code must tell. So the
    weights start larger than elsewhere (He et al., 2015, arXiv:1502.01852), or all codes would be nearly 0 at first.

    Args:
        code_dim: numbers in a code.
        base: channels of the first map; they double with each step down.
        depth: steps down to half the side.
    """
    image_a, image_b = layers.Input((None, None, 3), name="a"), layers.Input((None, None, 3), name="b")
    x = layers.Concatenate()([image_a, image_b])
    for i in range(depth):
        x = layers.Conv2D(base * 2**i, 4, strides=2, padding="same", kernel_initializer="he_normal")(x)
        x = layers.LeakyReLU(negative_slope=0.2)(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model([image_a, image_b], layers.Dense(code_dim, dtype="float32")(x), name="encoder")


@checks.sizes()
def build_code_discriminator(code_dim: int = 2, width: int = 64) -> keras.Model:
    """Codes (n, code_dim) → logits (n, 1), float32: is this code noise, or was it encoded from pictures?

    Args:
        code_dim: numbers in a code.
        width: units of each of the two hidden layers.
    """
    hidden = [layers.Dense(width, layers.LeakyReLU(negative_slope=0.2)) for _ in range(2)]
    stack = [layers.Input((code_dim,)), *hidden, layers.Dense(1, dtype="float32")]
    return keras.Sequential(stack, name="code_discriminator")


# -------------------------------------------------------------------------------------------------- the game


class AugmentedCycleGAN(CycleGAN):
    """A CycleGAN in which a code z, standard normal noise, chooses among the counterparts in B of a picture of A.

    Its two sources are images of A and images of B, which need not be equally many. There are three maps: from a and z
    to b, from b to a, and an encoder from a and b to the z that leads from the one to the other. They minimise

        w (adversarial_ab + adversarial_ba + adversarial_z) + λ_cycle (cycle_a + cycle_b) + λ_code cycle_z

    and the discriminators, of A, of B and of codes, d_a + d_b + d_z. All are reported before they are weighted. There
    is no identity loss: it would ask a picture to stay as it is, whatever the code says.

    Args:
        generators: (from A to B, from B to A). The first: images (n, h, w, 3) and codes (n, code_dim) → images of the
            same shape, in [−1, 1]; the second: images → images.
        encoder: images of A and images of B → codes (n, code_dim).
        discriminators: (of A, of B, of codes). The first two: images → logits of any shape; the third: codes →
            logits (n, 1).
        loss: an :class:`~gan_helpers.losses.AdversarialLoss`, for all three; by default least squares.
        cycle: λ_cycle. There and back again, an image should be what it was.
        code_cycle: λ_code. The encoder should find the code with which a picture was made. So the generator must not
            ignore it.
        adversarial: w; see :class:`~gan_helpers.models.cyclegan.CycleGAN`.
        pool: how many earlier fakes of each kind are kept for the discriminators of images.
        seed: chooses batches, codes, and what leaves the pools.
        average: as of :class:`~gan_helpers.models.cyclegan.CycleGAN`; the encoder is averaged, too.

    Raises:
        ValueError: the networks do not fit together, or a number makes no sense.
    """

    reports = (
        "adversarial_ab", "adversarial_ba", "adversarial_z", "cycle_a", "cycle_b", "cycle_z", "d_a", "d_b", "d_z"
    )  # fmt: skip

    def __init__(
        self,
        generators: tuple[keras.Model, keras.Model],
        encoder: keras.Model,
        discriminators: tuple[keras.Model, keras.Model, keras.Model],
        loss: AdversarialLoss | None = None,
        cycle: float = 10.0,
        code_cycle: float = 1.0,
        adversarial: float = 2.0,
        pool: int = 50,
        seed: int = 0,
        average: float | None = None,
    ):
        check_networks(generators, encoder, discriminators)
        super().__init__(generators, discriminators[:2], loss, cycle, 0.0, adversarial, pool, seed, average)
        self.encoder, self.discriminator_z = encoder, discriminators[2]
        self.code_cycle_weight = checks.not_negative("code_cycle", code_cycle)
        self.averaged_encoder = None  # made when training starts

    @property
    def code_dim(self) -> int:
        """How many numbers a code has."""
        return self.encoder.output_shape[-1]

    # ------------------------------------------------------------------------------------------- one step

    def update(self, step, real_a, real_b):
        """First the generators and the encoder; then the discriminators, on the same fakes and codes."""
        fake_a, fake_b, encoded, report = self.generator_step(real_a, real_b, step)
        fake_a = self.pool_a.exchange(fake_a, self.seed, step)
        fake_b = self.pool_b.exchange(fake_b, self.seed, step)
        return report | self.discriminator_step(real_a, real_b, fake_a, fake_b, encoded, step)

    def generator_step(self, real_a, real_b, step):
        """Move both generators and the encoder, and nothing else.

        Returns:
            Fakes of A, fakes of B, the codes of the real images of B, and what to report.
        """
        codes = self.codes(real_a.shape[0], step, "generator")
        with tf.GradientTape() as tape:
            fake_b = self.a_to_b([real_a, codes], training=True)
            fake_a = self.b_to_a(real_b, training=True)
            encoded = self.encoder([fake_a, real_b], training=True)
            losses = self.adversarial_losses(fake_a, fake_b, step) | self.code_losses(real_a, codes, fake_b, encoded)
            losses |= self.cycle_losses(real_a, real_b, fake_a, fake_b, encoded)
            loss = self.objective(losses)
        weights = self.weights_of("generator")
        self.generator_optimizer.apply(tape.gradient(loss, weights), weights)
        return fake_a, fake_b, encoded, losses

    def code_losses(self, real_a, codes, fake_b, encoded):
        """Encoded codes should be taken for noise; and E(a, G_AB(a, z)) should be z.

        Args:
            real_a: images of A.
            codes: z, one for each of them.
            fake_b: G_AB(a, z).
            encoded: E(G_BA(b), b), of real images of B.
        """
        found = self.encoder([real_a, fake_b], training=True)
        deceived = self.adversarial_loss.generator(self.discriminator_z(encoded, training=True))
        return {"adversarial_z": deceived, "cycle_z": mean_difference(found, codes)}

    def cycle_losses(self, real_a, real_b, fake_a, fake_b, encoded):
        """G_BA(G_AB(a, z)) should be a; and G_AB(G_BA(b), z) should be b, with the code z = E(G_BA(b), b)."""
        back_a = self.b_to_a(fake_b, training=True)
        back_b = self.a_to_b([fake_a, encoded], training=True)
        return {"cycle_a": mean_difference(back_a, real_a), "cycle_b": mean_difference(back_b, real_b)}

    def objective(self, losses):
        """What the generators and the encoder minimise together."""
        return (
            self.adversarial_weight * (losses["adversarial_ab"] + losses["adversarial_ba"] + losses["adversarial_z"])
            + self.cycle_weight * (losses["cycle_a"] + losses["cycle_b"])
            + self.code_cycle_weight * losses["cycle_z"]
        )

    def discriminator_step(self, real_a, real_b, fake_a, fake_b, encoded, step):
        """Move the three discriminators, and nothing else; return what to report."""
        noise = self.codes(encoded.shape[0], step, "discriminator")
        with tf.GradientTape() as tape:
            d_a = self.discriminator_loss(self.discriminator_a, real_a, fake_a, step, "a")
            d_b = self.discriminator_loss(self.discriminator_b, real_b, fake_b, step, "b")
            noise_logits = self.discriminator_z(noise, training=True)
            encoded_logits = self.discriminator_z(encoded, training=True)
            d_z = self.adversarial_loss.discriminator(noise_logits, encoded_logits)
            loss = d_a + d_b + d_z
        weights = self.weights_of("discriminator")
        self.discriminator_optimizer.apply(tape.gradient(loss, weights), weights)
        return {"d_a": d_a, "d_b": d_b, "d_z": d_z}

    def codes(self, n: int, step: tf.Tensor | int, player: str) -> tf.Tensor:
        """``n`` codes from the normal distribution, (n, code_dim), for ``player`` at ``step``."""
        return sampling.normal((n, self.code_dim), self.seed, step, f"{player} codes")

    # ---------------------------------------------------------------------------------------- for training

    def players(self):
        """As of a CycleGAN; the encoder learns with the generators, the judge of codes with the discriminators."""
        generators, discriminators = super().players().values()
        return {
            "generator": [*generators, self.encoder],
            "discriminator": [*discriminators, self.discriminator_z],
        }

    def state(self):
        """As of a CycleGAN; and the averaged encoder, where there is one."""
        return super().state() | ({} if self.averaged_encoder is None else {"averaged_encoder": self.averaged_encoder})

    def identity(self):
        """As of a CycleGAN, and the weight of the code's cycle."""
        return super().identity() | {"code_cycle": self.code_cycle_weight}

    def before_training(self):
        """As of a CycleGAN; the averaged encoder starts as a copy, too."""
        if self.average is not None and self.averaged_encoder is None:
            self.averaged_encoder = keras.models.clone_model(self.encoder)
        super().before_training()

    def copy_generators(self):
        """Let the averages, of the encoder as well, begin at the present weights."""
        super().copy_generators()
        copy_variables(self.encoder, self.averaged_encoder)

    def follow(self, step):
        """Move the averages a little towards the present weights."""
        super().follow(step)
        if self.averaged_encoder is not None:
            follow_weights(self.averaged_encoder, self.encoder, self.average, step)

    def panels(self):
        """The three games; what images lose on their ways; and how far the codes that are found are from the true."""
        game, _ = super().panels()
        games = game.curves | {"d_z": "D, codes", "adversarial_z": "encoder"}
        ways = {"cycle_a": "cycle, A", "cycle_b": "cycle, B"}
        return [Panel(game.title, games, game.guides), Panel("images", ways), Panel("codes", {"cycle_z": "cycle, z"})]

    # ----------------------------------------------------------------------------------------- afterwards

    def shipped(self):
        """As of a CycleGAN, and the encoder and the discriminator of codes."""
        return super().shipped() | {"encoder": self.code_reader, "discriminator_z": self.discriminator_z}

    @property
    def code_reader(self) -> keras.Model:
        """The network that finds codes: the averaged encoder where there is one, else the encoder."""
        return self.averaged_encoder or self.encoder

    def translate(self, images: np.ndarray, to: str = "b", codes: np.ndarray | None = None, seed: int = 0):
        """``images`` of one kind as images of the other: float32 in [−1, 1], of the same shape.

        Args:
            images: float, shape (n, h, w, 3), in [−1, 1].
            to: ``"b"`` if they are of A, or ``"a"`` if they are of B.
            codes: float, shape (n, code_dim), one for each image; only towards B. By default noise.
            seed: chooses the noise.

        Raises:
            ValueError: there is no such kind, these are no images that the generators can translate, or the codes do
                not fit.
        """
        if to == "a":
            if codes is not None:
                raise ValueError("codes choose among images of B: towards A there are none to give")
            return super().translate(images, to)
        generator = self.translator(to)
        check_images(images)
        self.check_sides(images)
        codes = latent_noise(len(images), self.code_dim, seed) if codes is None else self.checked_codes(codes, images)
        return generate(generator, (np.asarray(images, np.float32), codes), batch_size=50)

    def checked_codes(self, codes: np.ndarray, images: np.ndarray) -> np.ndarray:
        """Codes as float32; or a clear error unless they are finite, one for each image."""
        if np.shape(codes) != (len(images), self.code_dim):
            raise ValueError(f"codes must have shape ({len(images)}, {self.code_dim}), got {np.shape(codes)}")
        return checks.finite("codes", codes).astype(np.float32)

    def encode(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """The codes that lead from images of A to images of B: float32, shape (n, code_dim).

        Args:
            a: float, shape (n, h, w, 3), in [−1, 1].
            b: the same, image i showing what image i of ``a`` shows.

        Raises:
            ValueError: these are no images in [−1, 1], or they are not of one shape.
        """
        for images in (a, b):
            check_images(images)
        if np.shape(a) != np.shape(b):
            raise ValueError(f"a and b must have the same shape, got {np.shape(a)} and {np.shape(b)}")
        return generate(self.code_reader, (np.asarray(a, np.float32), np.asarray(b, np.float32)), batch_size=50)


def check_networks(generators, encoder, discriminators) -> None:
    """Raise a clear error unless the first generator takes the encoder's codes, and there is a judge of codes."""
    if len(discriminators) != 3:
        raise ValueError(f"discriminators must be three, of A, of B and of codes, got {len(discriminators)}")
    inputs, code = generators[0].input_shape, tuple(encoder.output_shape[1:])
    if not isinstance(inputs, list) or len(inputs) != 2 or tuple(inputs[1][1:]) != code:
        raise ValueError(f"the generator from A to B must take images and the encoder's codes, {code}; takes {inputs}")
    check_players(encoder, discriminators[2], 1)
