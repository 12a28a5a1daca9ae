"""Mixtures of known density, the networks for them, and the theory that they let us check."""

import keras
import numpy as np
import pytest
from scipy.integrate import trapezoid
from scipy.stats import norm

from gan_helpers import losses
from gan_helpers.data import mixtures
from gan_helpers.models import toy
from gan_helpers.models.gan import GAN


def test_the_density_is_that_of_the_mixture_and_integrates_to_one():
    two = mixtures.two_gaussians(distance=4, width=0.5)
    x = np.linspace(-8, 8, 4001)[:, np.newaxis]
    expected = (norm.pdf(x[:, 0], -2, 0.5) + norm.pdf(x[:, 0], 2, 0.5)) / 2
    assert np.allclose(two.density(x), expected)
    side = np.linspace(-4, 4, 401)
    plane = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    mass = mixtures.gaussian_ring(width=0.2).density(plane).sum() * (side[1] - side[0]) ** 2
    assert mass == pytest.approx(1, abs=1e-3)
    assert trapezoid(two.density(x), x[:, 0]) == pytest.approx(1, abs=1e-6)


def test_samples_follow_the_density():
    two = mixtures.two_gaussians()
    points = two.sample(200_000, seed=3)
    counts, edges = np.histogram(points, bins=60, range=(-4, 4), density=True)
    middles = (edges[1:] + edges[:-1])[:, np.newaxis] / 2
    assert points.dtype == np.float32 and points.shape == (200_000, 1)
    assert np.abs(counts - two.density(middles)).max() < 0.01
    assert np.array_equal(two.sample(5, seed=1), two.sample(5, seed=1))
    assert not np.array_equal(two.sample(5, seed=1), two.sample(5, seed=2))


def test_the_rings_centres_are_evenly_spaced():
    ring = mixtures.gaussian_ring(modes=6, radius=3)
    assert np.allclose(np.linalg.norm(ring.centres, axis=1), 3)
    gaps = np.linalg.norm(ring.centres - np.roll(ring.centres, 1, axis=0), axis=1)
    assert np.allclose(gaps, 3)  # a hexagon's side is its radius


def test_modes_are_counted_as_the_docstring_says():
    ring = mixtures.gaussian_ring()
    real = ring.modes_found(ring.sample(100_000))
    assert real["modes"] == 8 and real["good"] == pytest.approx(1 - np.exp(-4.5), abs=1e-3)  # Rayleigh: P(r ≤ 3σ)
    two = mixtures.two_gaussians()
    assert two.modes_found(two.sample(100_000))["good"] == pytest.approx(norm.cdf(3) - norm.cdf(-3), abs=1e-3)
    one_heap = np.repeat(ring.centres[:1], 100, axis=0)
    assert ring.modes_found(one_heap) == {"modes": 1, "good": 1.0}
    assert ring.modes_found(np.zeros((100, 2))) == {"modes": 0, "good": 0.0}
    barely = np.concatenate([np.repeat(ring.centres[:1], 975, axis=0), np.repeat(ring.centres[1:2], 25, axis=0)])
    assert ring.modes_found(barely)["modes"] == 2  # a fifth of the fair share, 125, is 25
    assert ring.modes_found(barely[:-1])["modes"] == 1
    with pytest.raises(ValueError, match="without points"):
        ring.modes_found(np.zeros((0, 2)))


@pytest.mark.parametrize("dim", [1, 2])
def test_the_players_have_the_chapters_shapes(dim):
    generator, discriminator = toy.build_point_generator(dim, latent_dim=3), toy.build_point_discriminator(dim)
    points = generator(np.zeros((5, 3), np.float32))
    assert points.shape == (5, dim) and discriminator(points).shape == (5, 1)


def point_gan(seed=0):
    keras.utils.set_random_seed(seed)
    gan = GAN(toy.build_point_generator(), toy.build_point_discriminator(), losses.NonSaturatingLoss(), seed)
    gan.compile(keras.optimizers.Adam(2e-3, 0.5), keras.optimizers.Adam(2e-3, 0.5), jit_compile=True)
    return gan


@pytest.mark.slow
def test_a_gan_of_points_finds_the_ring():
    gan, ring = point_gan(), mixtures.gaussian_ring()
    before = ring.modes_found(gan.sample(2000))
    gan.train(ring.sample(20_000), steps=1500, batch_size=256, every=500)
    found = ring.modes_found(gan.sample(2000))
    assert before["modes"] == 0 and found["modes"] >= 6 and found["good"] > 0.6


def test_points_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"must have shape \(n, 2\), got \(50, 1\)"):
        point_gan().train(mixtures.two_gaussians().sample(50), steps=1, batch_size=128)
    with pytest.raises(ValueError, match="finite floats"):
        point_gan().train(np.full((300, 2), np.nan, np.float32), steps=1)
    with pytest.raises(ValueError, match="finite floats, got int64"):
        point_gan().train(np.zeros((300, 2), np.int64), steps=1)
