"""Autoencoders (chapter 2): a plain one, and the variational one of Kingma & Welling (2014, arXiv:1312.6114)."""

from __future__ import annotations

import math

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from ..core import checks, sampling
from ..core.system import check_examples, generate, latent_noise
from ..data.images import ImageDataset, check_range
from ..layers import Sampling
from .learner import Learner
from .recipe import Recipe

# ------------------------------------------------------------------------------------- the plain autoencoder


@checks.sizes()
def build_encoder(latent_dim: int = 2, image_shape: tuple[int, int, int] = (28, 28, 1)) -> keras.Sequential:
    """Images (n, *image_shape) → codes (n, latent_dim); both float32."""
    return keras.Sequential(
        [
            layers.Input(image_shape),
            layers.Flatten(),
            layers.Dense(256, activation="relu"),
            layers.Dense(latent_dim),
        ],
        name="encoder",
    )


@checks.sizes()
def build_decoder(latent_dim: int = 2, image_shape: tuple[int, int, int] = (28, 28, 1)) -> keras.Sequential:
    """Codes (n, latent_dim) → images (n, *image_shape) in [−1, 1]; both float32."""
    return keras.Sequential(
        [
            layers.Input((latent_dim,)),
            layers.Dense(256, activation="relu"),
            layers.Dense(math.prod(image_shape), activation="tanh"),
            layers.Reshape(image_shape),
        ],
        name="decoder",
    )


class Autoencoder(Learner):
    """An encoder and a decoder, trained together to give back what came in (or some other target).

    Its source is an array of examples, or a pair of arrays that are drawn together: what the encoder sees, and what
    the decoder should give, such as ``(noisy, clean)``.

    Args:
        encoder: examples → codes.
        decoder: codes → reconstructions.
        seed: chooses the batches.
    """

    def __init__(self, encoder: keras.Model, decoder: keras.Model, seed: int = 0):
        super().__init__(seed, encoder.input_shape[1:])
        if encoder is decoder:
            raise ValueError("encoder and decoder must be two networks, got one network as both")
        codes = encoder.output_shape if isinstance(encoder.output_shape, list) else [encoder.output_shape]
        if any(code[1:] != decoder.input_shape[1:] for code in codes):
            raise ValueError(f"the decoder must take what the encoder makes, {codes}, but takes {decoder.input_shape}")
        self.encoder = encoder
        self.decoder = decoder
        self.latent_dim = decoder.input_shape[-1]

    def networks(self):
        """Encoder and decoder, which learn together."""
        return {"encoder": self.encoder, "decoder": self.decoder}

    def check_source(self, number, source):
        """Examples that the encoder takes, and, if they come with targets, such as the decoder can give."""
        super().check_source(number, source)
        check_what_is_learned(self, *sampling.arrays_of(source))

    def losses_of(self, step: tf.Tensor, inputs: tf.Tensor, targets: tf.Tensor | None = None) -> dict[str, tf.Tensor]:
        """What to report; ``"loss"``, the mean squared error of a pixel, is what is minimised.

        Args:
            step: not used here; a step that needs noise draws it by this number.
            inputs: what the encoder sees.
            targets: what the decoder should give; ``None`` for the inputs themselves.
        """
        outputs = self.decoder(self.encoder(inputs, training=True), training=True)
        return {"loss": tf.reduce_mean(tf.square(outputs - (inputs if targets is None else targets)))}

    def encode(self, examples: np.ndarray) -> np.ndarray:
        """The codes of ``examples``, float32, shape (n, latent_dim)."""
        return generate(self.encoder, examples)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """What the decoder makes of ``codes``."""
        return generate(self.decoder, np.asarray(codes, np.float32))

    def reconstruct(self, examples: np.ndarray) -> np.ndarray:
        """``examples`` through encoder and decoder."""
        return self.decode(self.encode(examples))


# -------------------------------------------------------------------------------- the variational autoencoder


@checks.sizes()
def build_gaussian_encoder(latent_dim: int = 2) -> keras.Model:
    """Images (n, 28, 28, 1) → mean and logarithm of the variance of q(z|x), each (n, latent_dim)."""
    images = layers.Input((28, 28, 1))
    hidden = layers.Dense(256, activation="relu")(layers.Flatten()(images))
    mean = layers.Dense(latent_dim, name="mean")(hidden)
    log_variance = layers.Dense(latent_dim, name="log_variance")(hidden)
    return keras.Model(images, [mean, log_variance], name="encoder")


@checks.sizes()
def build_bernoulli_decoder(latent_dim: int = 2) -> keras.Sequential:
    """Latent vectors (n, latent_dim) → logits (n, 28, 28, 1): a pixel is ink with the probability σ(logit)."""
    return keras.Sequential(
        [
            layers.Input((latent_dim,)),
            layers.Dense(256, activation="relu"),
            layers.Dense(28 * 28),
            layers.Reshape((28, 28, 1)),
        ],
        name="decoder",
    )


def kl_to_standard_normal(mean: tf.Tensor, log_variance: tf.Tensor) -> tf.Tensor:
    """KL(N(μ, σ²) ‖ N(0, 1)) = ½ Σ (μ² + σ² − 1 − log σ²), in nats; (n, latent_dim) twice → (n,).

    Raises:
        ValueError: the shapes differ.
    """
    checks.same_shape(mean=mean, log_variance=log_variance)
    return 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_variance) - 1 - log_variance, axis=1)


def binarise(images: np.ndarray, seed: int = 0) -> np.ndarray:
    """Ink or none: each pixel of ``images`` (in [−1, 1]) becomes 1 or −1 at random, 1 the likelier the lighter it is.

    Returns:
        float32, of the same shape.

    Raises:
        ValueError: the images are no floats, or not in [−1, 1], or the seed is no whole number of at least 0.
    """
    check_range(images)
    rng, ink = np.random.default_rng(checks.count("seed", seed, least=0)), np.empty(images.shape, np.float32)
    for some, part in ((images[i : i + 1000], ink[i : i + 1000]) for i in range(0, len(images), 1000)):  # saves memory
        part[:] = np.where(rng.random(some.shape, np.float32) < (some + 1) / 2, 1, -1)
    return ink


def bernoulli_log_likelihood(ink: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """log p(x|z) in nats, summed over pixels; (n, height, width, 1) twice → (n,).

    A pixel x is 1 with probability σ(a) and −1 with probability 1 − σ(a) = σ(−a): in one formula, σ(x·a).

    Raises:
        ValueError: the shapes differ.
    """
    checks.same_shape(ink=ink, logits=logits)
    return -tf.reduce_sum(tf.math.softplus(-ink * logits), axis=(1, 2, 3))


class VAE(Autoencoder):
    """A variational autoencoder for images of ink (see :func:`binarise`): Gaussian latent vector, Bernoulli pixels.

    Minimises −ELBO = −E_q log p(x|z) + KL(q(z|x) ‖ N(0, I)), in nats an image. A subclass for other data redefines
    :meth:`log_likelihood` and :meth:`decode`.

    Args:
        encoder: examples → mean and log-variance of q(z|x); see :func:`build_gaussian_encoder`.
        decoder: latent vectors → logits; see :func:`build_bernoulli_decoder`.
        seed: chooses batches and noise.
    """

    reports = ("loss", "reconstruction", "kl")

    def __init__(self, encoder: keras.Model, decoder: keras.Model, seed: int = 0):
        super().__init__(encoder, decoder, seed)
        self.sampling = Sampling()

    def log_likelihood(self, x: tf.Tensor, decoded: tf.Tensor) -> tf.Tensor:
        """log p(x|z) in nats, shape (n,), given the decoder's output for z."""
        return bernoulli_log_likelihood(x, decoded)

    def losses_of(self, step, inputs):
        """−ELBO and its two parts, averaged over the batch."""
        mean, log_variance = self.encoder(inputs, training=True)
        noise = sampling.normal(tf.shape(mean), self.seed, step, "latent noise")
        z = self.sampling(mean, log_variance, noise)
        reconstruction = -tf.reduce_mean(self.log_likelihood(inputs, self.decoder(z, training=True)))
        kl = tf.reduce_mean(kl_to_standard_normal(mean, log_variance))
        return {"loss": reconstruction + kl, "reconstruction": reconstruction, "kl": kl}

    def encode(self, examples):
        """The means of q(z|x), float32, shape (n, latent_dim)."""
        return generate(lambda x, training: self.encoder(x, training=training)[0], examples)

    def decode(self, codes):
        """The probabilities of ink as pictures: float32 in [−1, 1], shape (n, 28, 28, 1)."""
        return 2 * np.asarray(tf.sigmoid(super().decode(codes))) - 1

    def sample(self, n: int, seed: int = 0) -> np.ndarray:
        """Decode ``n`` draws from the prior N(0, I)."""
        return self.decode(latent_noise(n, self.latent_dim, seed))


@checks.first(lambda vae, examples, batch_size=500: checks.count("batch_size", batch_size))
def elbo(vae: VAE, examples: np.ndarray, batch_size: int = 500) -> dict[str, float]:
    """The evidence lower bound on log p(x), estimated with one z for each example.

    Args:
        vae: trained or not.
        examples: as for training, but not trained on; as many as are a multiple of ``batch_size``.
        batch_size: examples at a time.

    Returns:
        ``elbo``, ``log_likelihood`` (E_q log p(x|z)) and ``kl`` in nats an example; elbo = log_likelihood − kl.

    Raises:
        ValueError: the VAE could not be trained on such examples, or their number is no multiple of ``batch_size``.
    """
    vae.check_source(0, examples)
    if len(examples) % batch_size:
        raise ValueError(f"{len(examples)} examples are not a multiple of batch_size ({batch_size})")
    parts = [  # steps below 0 occur in no training: their noise is new
        vae.losses_of(-1 - i, examples[i * batch_size : (i + 1) * batch_size])
        for i in range(len(examples) // batch_size)
    ]
    log_likelihood = -float(np.mean([part["reconstruction"] for part in parts]))
    kl = float(np.mean([part["kl"] for part in parts]))
    return {"elbo": log_likelihood - kl, "log_likelihood": log_likelihood, "kl": kl}


def check_what_is_learned(model: Autoencoder, inputs: np.ndarray, *targets: np.ndarray) -> None:
    """Raise unless the model can learn to give the targets, or, where there are none, the inputs.

    Args:
        model: an autoencoder, of whichever kind.
        inputs: what the encoder sees.
        targets: what the decoder should give, one array at most; a VAE takes none.
    """
    variational = isinstance(model, VAE)
    if len(targets) > (0 if variational else 1):
        wanted = "one array of examples" if variational else "examples, or a pair (examples, targets)"
        raise ValueError(f"{type(model).__name__} learns from {wanted}, got a tuple of {1 + len(targets)} arrays")
    if not variational:
        check_examples(targets[0] if targets else inputs, model.decoder.output_shape[1:], "targets")
    elif type(model).log_likelihood is VAE.log_likelihood and not np.isin(inputs, (-1, 1)).all():
        raise ValueError("training data of a Bernoulli decoder must be ink, -1 or 1, got values between: use binarise")


def make_vae(networks, latent_dim: int, learning_rate: float, jit_compile: bool, seed: int, steps: int) -> VAE:
    """A VAE as its recipe has it, compiled, untrained: Adam, its rate falling to 0 along a cosine.

    Args:
        networks: the builders of encoder and decoder.
        latent_dim: numbers in the code.
        learning_rate: where the cosine starts.
        jit_compile: use XLA.
        seed: of batches and noise.
        steps: where the cosine ends.
    """
    build_encoder, build_decoder = networks
    model = VAE(build_encoder(latent_dim), build_decoder(latent_dim), seed)
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    model.compile(keras.optimizers.Adam(rate), jit_compile=jit_compile)
    return model


def binarised_images(data: ImageDataset) -> tuple[np.ndarray]:
    """The VAE's source: training images, binarised."""
    return (binarise(data.scaled(), seed=0),)


def score_bound(model: VAE, data: ImageDataset, evaluator) -> dict[str, float]:
    """The evidence lower bound on the test images, and its two parts, in nats; no evaluator is asked."""
    return elbo(model, binarise(data.scaled("test"), seed=1))


RECIPE = Recipe(
    name="vae_mnist",
    what="chapter 2: a variational autoencoder with two latent numbers",
    make=make_vae,
    settings=dict(
        networks=(build_gaussian_encoder, build_bernoulli_decoder), latent_dim=2, learning_rate=2e-3, jit_compile=True
    ),
    steps=60_000,
    score=score_bound,
    sources=binarised_images,
)
