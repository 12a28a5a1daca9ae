"""The sliced Wasserstein distance against SciPy's, and what it sees at which scale."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.stats import wasserstein_distance

from gan_helpers.data import sets
from gan_helpers.scores import sliced

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def emoji():
    images = sets.emoji("fluent").scaled()
    return images[np.random.default_rng(0).permutation(len(images))[:400]]


def test_a_line_needs_no_more_than_sorting():
    a, b = RNG.normal(size=(200, 1)).astype(np.float32), RNG.normal(1, 2, size=(200, 1)).astype(np.float32)
    found = sliced.mean_distance_on_lines(a, b, 5, RNG)  # in one dimension every line is the same
    assert found == pytest.approx(wasserstein_distance(a[:, 0], b[:, 0]), rel=1e-4)


def test_shifted_clouds_are_as_far_apart_as_the_shift_on_each_line():
    a, shift = RNG.normal(size=(100, 3)).astype(np.float32), np.array([2.0, 0.0, 0.0], np.float32)
    found = sliced.mean_distance_on_lines(a, a + shift, 4096, RNG)
    assert found == pytest.approx(2 / 2, rel=0.03)  # the mean of |cos| over the sphere is ½


def test_a_pyramid_holds_the_whole_picture(emoji):
    levels = sliced.laplacian_pyramid(emoji[:5])
    assert [level.shape[1] for level in levels] == [64, 32, 16]
    picture = levels[-1]
    for detail in levels[-2::-1]:
        picture = sliced.enlarged(picture) + detail
    np.testing.assert_allclose(picture, emoji[:5], atol=1e-5)
    flat = np.full((1, 64, 64, 3), 0.5, np.float32)
    assert all(np.abs(level).max() < 1e-5 for level in sliced.laplacian_pyramid(flat)[:-1])


def test_patches_have_mean_0_and_deviation_1(emoji):
    cloud = sliced.normalised_patches(emoji[:50], 8, 7, RNG).reshape(400, 49, 3)
    np.testing.assert_allclose(cloud.mean(axis=(0, 1)), 0, atol=1e-4)
    np.testing.assert_allclose(cloud.std(axis=(0, 1)), 1, rtol=1e-4)


def test_it_sees_what_is_wrong_at_its_scale(emoji):
    half, other = emoji[:200], emoji[200:]
    floor = sliced.sliced_wasserstein(half, other)
    blurred = sliced.sliced_wasserstein(half, gaussian_filter(other, (0, 1.0, 1.0, 0)))
    noisy = sliced.sliced_wasserstein(half, other + RNG.normal(0, 0.2, other.shape).astype(np.float32))
    assert list(floor) == [64, 32, 16]
    for damaged in (blurred, noisy):
        assert damaged[64] > 3 * floor[64]
        assert damaged[64] / floor[64] > damaged[16] / floor[16]
    assert sliced.sliced_wasserstein(half, half)[16] < floor[16]
    assert sliced.sliced_wasserstein(half, other) == floor


def test_wrong_pictures_are_refused():
    with pytest.raises(ValueError, match="one shape"):
        sliced.sliced_wasserstein(np.zeros((3, 32, 32, 3)), np.zeros((4, 32, 32, 3)))
    for height, width in ((48, 48), (8, 8), (0, 0), (32, 16), (16, 32)):
        with pytest.raises(ValueError, match=rf"16, 32, 64 and so on, got \({height}, {width}\)"):
            sliced.sliced_wasserstein(*np.zeros((2, 3, height, width, 3)))
    good = np.zeros((3, 16, 16, 3))
    for name, pair in (("images_a", (good * np.nan, good)), ("images_b", (good, good * np.nan))):
        with pytest.raises(ValueError, match=f"^{name} "):
            sliced.sliced_wasserstein(*pair)
