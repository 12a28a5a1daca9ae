"""Autoencoders: closed forms, gradients, the bound, reproducible training; and the scores and pictures of chapter 2."""

import math
import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from scipy import integrate, stats
from scipy.linalg import subspace_angles

from gan_helpers import zoo
from gan_helpers.core import checkpoints
from gan_helpers.data import sets
from gan_helpers.layers import Sampling
from gan_helpers.models import vae as v
from gan_helpers.scores import metrics
from gan_helpers.show import planes


def noise_images(n=64, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (n, 28, 28, 1)).astype(np.float32)


def small_autoencoder(seed=0, first_weights=0):
    keras.utils.set_random_seed(first_weights)
    model = v.Autoencoder(v.build_encoder(3), v.build_decoder(3), seed)
    model.compile(keras.optimizers.Adam(1e-3))
    return model


def small_vae(seed=0, first_weights=0):
    keras.utils.set_random_seed(first_weights)
    model = v.VAE(v.build_gaussian_encoder(2), v.build_bernoulli_decoder(2), seed)
    model.compile(keras.optimizers.Adam(1e-3))
    return model


def all_weights(model):
    return [w for part in (model.encoder, model.decoder) for w in part.get_weights()]


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


# ------------------------------------------------------------------------------------------- closed forms


@pytest.mark.parametrize(("mean", "sigma"), [(0.0, 1.0), (1.5, 0.4), (-2.0, 3.0), (0.3, 0.05)])
def test_kl_agrees_with_numerical_integration(mean, sigma):
    q = stats.norm(mean, sigma)

    def integrand(z):
        return q.pdf(z) * (q.logpdf(z) - stats.norm.logpdf(z))

    by_integral, _ = integrate.quad(integrand, mean - 12 * sigma, mean + 12 * sigma)
    ours = v.kl_to_standard_normal(tf.constant([[mean]]), tf.constant([[math.log(sigma**2)]]))
    assert float(ours[0]) == pytest.approx(by_integral, rel=1e-5, abs=1e-6)


def test_kl_adds_up_over_dimensions_and_is_least_at_the_prior():
    mean, log_variance = tf.constant([[1.0, -0.5], [0.0, 0.0]]), tf.constant([[0.2, -1.0], [0.0, 0.0]])
    parts = [v.kl_to_standard_normal(mean[:, i : i + 1], log_variance[:, i : i + 1]) for i in range(2)]
    together = v.kl_to_standard_normal(mean, log_variance)
    assert together.shape == (2,)
    assert np.allclose(together, parts[0] + parts[1]) and float(together[1]) == 0 and float(together[0]) > 0


def test_likelihood_agrees_with_explicit_bernoulli():
    ink = np.where(noise_images(3) > 0, 1, -1).astype(np.float32)
    logits = 5 * noise_images(3, seed=1)
    probability = 1 / (1 + np.exp(-logits.astype(np.float64)))
    explicit = stats.bernoulli.logpmf((ink > 0).astype(int), probability).sum(axis=(1, 2, 3))
    assert np.allclose(v.bernoulli_log_likelihood(ink, logits), explicit, rtol=1e-5)


def test_likelihood_of_sure_and_wrong_pixels_is_finite():
    assert np.isfinite(v.bernoulli_log_likelihood(-np.ones((1, 2, 2, 1), np.float32), tf.fill((1, 2, 2, 1), 500.0)))


def test_sampling_has_the_right_moments_and_lets_gradients_through():
    mean, log_variance = tf.Variable([[2.0]]), tf.Variable([[math.log(0.25)]])
    noise = tf.random.stateless_normal((200_000, 1), (1, 2))
    with tf.GradientTape() as tape:
        z = Sampling()(tf.repeat(mean, 200_000, 0), tf.repeat(log_variance, 200_000, 0), noise)
        second_moment = tf.reduce_mean(z**2)
    in_mean, in_log_variance = tape.gradient(second_moment, [mean, log_variance])
    assert np.mean(z) == pytest.approx(2, abs=0.01) and np.std(z) == pytest.approx(0.5, abs=0.01)
    assert float(in_mean[0, 0]) == pytest.approx(2 * 2, abs=0.05)  # E z² = μ² + σ²
    assert float(in_log_variance[0, 0]) == pytest.approx(0.25, abs=0.02)  # its slope in log σ² is σ²


def test_binarise_keeps_the_mean_lightness():
    images = np.broadcast_to(np.linspace(-1, 1, 28, dtype=np.float32)[:, None], (500, 28, 28))[..., None]
    ink = v.binarise(images, seed=3)
    assert set(np.unique(ink)) == {-1.0, 1.0} and ink.dtype == np.float32 and ink.shape == images.shape
    assert np.allclose(ink.mean(axis=(0, 2)), images[0, :, 0], atol=0.03)
    many = noise_images(2_001)  # drawn in several parts: as if at once
    at_once = np.random.default_rng(5).random(many.shape, np.float32) < (many + 1) / 2
    assert np.array_equal(v.binarise(many, seed=5), np.where(at_once, 1, -1))
    assert np.array_equal(ink, v.binarise(images, seed=3)) and not np.array_equal(ink, v.binarise(images, seed=4))


def test_binarise_refuses_other_scales():
    """255 + 1 is 0 in bytes: the lightest pixels would have become the darkest."""
    for images in (np.full((1, 2, 2, 1), 255, np.uint8), np.ones((1, 2, 2, 1), np.int64)):
        with pytest.raises(ValueError, match=rf"images must be floats in \[-1, 1\], got {images.dtype}"):
            v.binarise(images)
    for value in (255.0, -1.5, np.nan):
        with pytest.raises(ValueError, match=r"images must lie in \[-1, 1\], got \["):
            v.binarise(np.full((1, 2, 2, 1), value, np.float32))


def test_shapes_that_would_be_stretched_to_fit_are_refused():
    """A log-variance for all latent numbers at once, noise for one example, pictures without their channel."""
    pair, one, flat = tf.zeros((5, 2)), tf.zeros((5, 1)), np.ones((28, 28, 28), np.float32)
    for mean, log_variance in ((pair, one), (one, pair), (pair, tf.zeros((1, 2))), (pair, tf.zeros(2))):
        shapes = re.escape(f"got mean {tuple(mean.shape)}, log_variance {tuple(log_variance.shape)}")
        with pytest.raises(ValueError, match=f"^mean and log_variance must have one shape, {shapes}$"):
            v.kl_to_standard_normal(mean, log_variance)
    for parts in ((pair, one, pair), (pair, pair, tf.zeros((1, 2))), (tf.zeros(()), pair, pair)):
        with pytest.raises(ValueError, match="mean and log_variance and noise must have one shape, got "):
            Sampling()(*parts)
    with pytest.raises(ValueError, match=r"ink and logits must have one shape, got ink \(28, 28, 28\), logits \(28, "):
        v.bernoulli_log_likelihood(flat, tf.zeros((28, 28, 28, 1)))

    @tf.function(input_signature=[tf.TensorSpec((None, 2))] * 2)
    def in_a_graph(mean, log_variance):
        return v.kl_to_standard_normal(mean, log_variance)

    assert in_a_graph(pair, pair).shape == (5,)


def test_the_bound_takes_what_training_takes():
    model = small_vae()
    with pytest.raises(ValueError, match=r"must have shape \(n, 28, 28, 1\), got \(28, 28, 28\)"):
        v.elbo(model, np.ones((28, 28, 28), np.float32), batch_size=28)  # without the channel
    with pytest.raises(ValueError, match="must be ink, -1 or 1, got values between"):
        v.elbo(model, noise_images(20), batch_size=10)
    with pytest.raises(ValueError, match="n at least 1"):
        v.elbo(model, noise_images(0))


# ---------------------------------------------------------------------------------------------- the bound


class ConstantDecoderVAE(v.VAE):
    """p(x|z) does not depend on z: log p(x) is known, and the bound is off by exactly the KL."""

    logit = 0.7

    def log_likelihood(self, x, decoded):
        return v.bernoulli_log_likelihood(x, tf.fill(tf.shape(decoded), self.logit))


def test_bound_of_a_decoder_that_ignores_the_code():
    ink = v.binarise(noise_images(500))
    model = ConstantDecoderVAE(v.build_gaussian_encoder(2), v.build_bernoulli_decoder(2))
    p = 1 / (1 + math.exp(-0.7))
    exact = np.where(ink > 0, math.log(p), math.log(1 - p)).sum(axis=(1, 2, 3)).mean()
    scores = v.elbo(model, ink)
    assert scores["log_likelihood"] == pytest.approx(exact, rel=1e-5)
    assert scores["elbo"] < exact and scores["elbo"] == pytest.approx(exact - scores["kl"], rel=1e-6)


class LinearGaussianVAE(v.VAE):
    """x = a z + noise on a line: p(x) = N(0, a² + s²), and the true posterior is known."""

    a, s = 1.5, 0.5

    def log_likelihood(self, x, decoded):
        return -tf.reduce_sum((x - self.a * decoded) ** 2, axis=1) / (2 * self.s**2) - 0.5 * math.log(
            2 * math.pi * self.s**2
        )


def linear_gaussian(gain, variance):
    """q(z|x) = N(gain · x, variance), and a decoder that hands the code through."""
    x = layers.Input((1,))
    mean = layers.Dense(1, use_bias=False)(x)
    log_variance = layers.Dense(1)(x)
    encoder = keras.Model(x, [mean, log_variance])
    decoder = keras.Sequential([layers.Input((1,)), layers.Dense(1, use_bias=False)])
    encoder.set_weights([np.array([[gain]]), np.zeros((1, 1)), np.array([math.log(variance)])])
    decoder.set_weights([np.ones((1, 1))])
    return LinearGaussianVAE(encoder, decoder)


@pytest.mark.parametrize(("gain", "variance", "tight"), [(0.6, 0.1, True), (0.3, 0.1, False), (0.6, 0.5, False)])
def test_bound_against_the_exact_likelihood(gain, variance, tight):
    a, s = LinearGaussianVAE.a, LinearGaussianVAE.s
    assert a / (a**2 + s**2) == pytest.approx(0.6) and s**2 / (a**2 + s**2) == pytest.approx(0.1)  # the true posterior
    x = np.random.default_rng(0).normal(0, math.hypot(a, s), (20_000, 1)).astype(np.float32)
    exact = stats.norm.logpdf(x, 0, math.hypot(a, s)).mean()
    bound = v.elbo(linear_gaussian(gain, variance), x)["elbo"]
    if tight:
        assert bound == pytest.approx(exact, abs=0.01)
    else:
        gap = 0.5 * (np.mean((gain * x - 0.6 * x) ** 2) / 0.1 + variance / 0.1 - 1 - math.log(variance / 0.1))
        assert bound < exact - 0.1 and bound == pytest.approx(exact - gap, abs=0.06)


def test_bound_rises_in_training_and_its_parts_are_reported():
    ink = v.binarise(noise_images(500) * 0.2 - 0.7)
    model = small_vae()
    before = v.elbo(model, ink)["elbo"]
    curves = model.train(ink, steps=60, batch_size=128, every=10)
    assert curves.last("loss") < curves["loss"][1][0]
    assert np.allclose(curves["loss"][1], curves["reconstruction"][1] + curves["kl"][1], rtol=1e-5)
    assert v.elbo(model, ink)["elbo"] > before + 10


def test_bound_is_repeatable_and_needs_whole_batches():
    ink, model = v.binarise(noise_images(20)), small_vae()
    assert v.elbo(model, ink, batch_size=10) == v.elbo(model, ink, batch_size=10)
    with pytest.raises(ValueError, match=r"20 examples are not a multiple of batch_size \(15\)"):
        v.elbo(model, ink, batch_size=15)


# ----------------------------------------------------------------------------------------------- training


def test_checkpoint_of_another_run_is_refused(tmp_path):
    images, file = noise_images(), tmp_path / "run.ckpt"
    small_autoencoder(seed=1).train(images, steps=2, batch_size=16, checkpoint=file)
    with pytest.raises(checkpoints.CheckpointError):
        small_autoencoder(seed=2).train(images, steps=4, batch_size=16, every=2, checkpoint=file)


def test_targets_other_than_the_inputs():
    model, images = small_autoencoder(), noise_images(128)
    model.train((images, np.full_like(images, 0.5)), steps=200, batch_size=32)
    assert np.abs(model.reconstruct(images) - 0.5).mean() < 0.1


def test_shapes_and_ranges():
    ae, vae, images = small_autoencoder(), small_vae(), noise_images(7)
    assert ae.encode(images).shape == (7, 3) and ae.reconstruct(images).shape == images.shape
    assert vae.encode(images).shape == (7, 2)
    sample = vae.sample(5, seed=1)
    assert sample.shape == (5, 28, 28, 1) and np.abs(sample).max() <= 1
    assert np.array_equal(sample, vae.sample(5, seed=1)) and not np.array_equal(sample, vae.sample(5, seed=2))
    assert v.build_encoder(4, (32, 32, 3)).output_shape == (None, 4)
    assert v.build_decoder(4, (32, 32, 3)).output_shape == (None, 32, 32, 3)


def test_wrong_data_is_named():
    with pytest.raises(ValueError, match=r"must have shape \(n, 28, 28, 1\)"):
        small_autoencoder().train(np.zeros((10, 32, 32, 1), np.float32), steps=1)
    with pytest.raises(ValueError, match=r"must lie in \[-1, 1\]"):
        small_vae().train(255 * noise_images(), steps=1)


def test_a_linear_autoencoder_spans_the_principal_subspace():
    rng = np.random.default_rng(0)
    basis, _ = np.linalg.qr(rng.normal(size=(12, 12)))
    data = (rng.normal(size=(4000, 12)) * np.geomspace(4, 0.1, 12)) @ basis.T
    data = (data - data.mean(axis=0)).astype(np.float32)
    keras.utils.set_random_seed(0)
    encoder = keras.Sequential([layers.Input((12,)), layers.Dense(3, use_bias=False)])
    decoder = keras.Sequential([layers.Input((3,)), layers.Dense(12, use_bias=False)])
    model = v.Autoencoder(encoder, decoder)
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.02, 1000)), jit_compile=True)
    model.train(data, steps=1000, batch_size=128)
    principal = np.linalg.eigh(np.cov(data.T))[1][:, -3:]
    assert np.degrees(subspace_angles(decoder.get_weights()[0].T, principal)).max() < 2
    ours, best = np.mean((model.reconstruct(data) - data) ** 2), np.mean((data - data @ principal @ principal.T) ** 2)
    assert ours == pytest.approx(best, rel=0.01)


def test_the_shipped_vae_scores_what_its_card_says_and_beats_blind_guessing():
    model, card = zoo.load("vae_mnist")
    scores = zoo.recipe("vae_mnist").score(model, sets.mnist(), zoo.evaluator)
    assert scores == pytest.approx(card["scores"], rel=1e-4)
    digits = sets.mnist()
    ink = v.binarise(digits.scaled("test"), seed=1)
    share = np.clip((digits.scaled("train").mean(axis=0) + 1) / 2, 1e-4, 1 - 1e-4)
    blind = np.where(ink > 0, np.log(share), np.log1p(-share)).sum(axis=(1, 2, 3)).mean()
    assert scores["elbo"] > blind + 50


# -------------------------------------------------------------------------------- scores and pictures


def test_auroc_of_known_cases():
    assert metrics.auroc([0.0, 1.0], [2.0, 3.0]) == 1 and metrics.auroc([2.0, 3.0], [0.0, 1.0]) == 0
    assert metrics.auroc([1.0, 1.0], [1.0]) == 0.5 and metrics.auroc([0.1, 0.4, 0.3, 0.2], [0.5, 0.25, 0.9]) == 10 / 12
    rng = np.random.default_rng(0)
    normal, anomalous = rng.normal(0, 1, 4000), rng.normal(1, 1, 3000)
    assert metrics.auroc(normal, anomalous) == pytest.approx(stats.norm.cdf(1 / math.sqrt(2)), abs=0.02)
    pairs = stats.mannwhitneyu(anomalous, normal).statistic / (4000 * 3000)
    assert metrics.auroc(normal, anomalous) == pytest.approx(pairs, abs=1e-12)
    with pytest.raises(ValueError, match="at least one score, got 0 normal and 1 anomalous"):
        metrics.auroc([], [1.0])
    with pytest.raises(ValueError, match="finite"):
        metrics.auroc([np.nan], [1.0])


def test_psnr_of_known_cases():
    images = np.zeros((2, 4, 4, 1), np.float32)
    assert metrics.psnr(images, images + 0.2) == pytest.approx(20)  # 4 / 0.04 = 100
    assert metrics.psnr(images, images + np.array([0.2, 0.02]).reshape(2, 1, 1, 1)) == pytest.approx(30)
    assert metrics.psnr(images, images) == math.inf
    with pytest.raises(ValueError, match="one shape"):
        metrics.psnr(images, images[:1])
    for not_images in (images[0], images[:0]):  # a picture without n would be taken for n pictures
        with pytest.raises(ValueError, match=r"\(n, height, width, channels\), n at least 1; got "):
            metrics.psnr(not_images, not_images)


def test_latent_pictures_name_their_axes_and_classes():
    codes, labels = np.random.default_rng(0).normal(size=(50, 2)), np.arange(50) % 3
    axes = planes.latent_scatter(codes, labels, ("zero", "one", "two", "never seen")).axes[0]
    assert [text.get_text() for text in axes.texts] == ["zero", "one", "two"] and axes.get_xlabel() == "$z_1$"


def test_names_of_classes_at_one_place_are_moved_apart():
    rng = np.random.default_rng(0)
    near = np.array([[0.0, 0.0], [0.0, 0.0], [0.01, 0.0], [5.0, 5.0]])
    moved = planes.moved_apart(near, least=0.5)
    gaps = np.linalg.norm(moved[:, None] - moved, axis=-1)[~np.eye(4, dtype=bool)]
    assert gaps.min() > 0.45 and np.allclose(moved[3], near[3], atol=0.01)
    axes = planes.latent_scatter(rng.normal(size=(300, 2)), np.arange(300) % 10, list("abcdefghij")).axes[0]
    places = np.array([text.get_position() for text in axes.texts])
    assert np.linalg.norm(places[:, None] - places, axis=-1)[~np.eye(10, dtype=bool)].min() > 0.2


def test_manifold_grid_names_the_class_of_each_picture():
    figure = planes.manifold_grid(
        lambda codes: np.zeros((len(codes), 4, 4, 1)), 3, classify=lambda x: np.arange(len(x))
    )
    assert [text.get_text() for text in figure.axes[0].texts] == list("012345678")


def test_manifold_grid_follows_the_quantiles():
    asked = []

    def decode(codes):
        asked.append(codes)
        return np.zeros((len(codes), 4, 4, 1), np.float32)

    figure = planes.manifold_grid(decode, side=4)
    (codes,) = asked
    grid = codes.reshape(4, 4, 2)
    assert codes.dtype == np.float32 and figure.axes[0].images[0].get_array().shape[:2] == (16, 16)
    assert np.allclose(stats.norm.cdf(grid[0, :, 0]), [0.125, 0.375, 0.625, 0.875], atol=1e-6)  # z₁ to the right
    assert np.allclose(stats.norm.cdf(grid[:, 0, 1]), [0.875, 0.625, 0.375, 0.125], atol=1e-6)  # z₂ upwards
