"""Our layers, each against NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.signal import correlate

from gan_helpers.layers import (
    EqualizedConv2D,
    EqualizedDense,
    MinibatchStdDev,
    ModulatedConv2D,
    NeighbourDifferences,
    PixelNormalization,
    StyledConv2D,
)  # fmt: skip

RNG = np.random.default_rng(0)


def test_dense_weights_are_scaled_when_they_are_used():
    layer, x = EqualizedDense(3), RNG.normal(size=(5, 8)).astype(np.float32)
    y = layer(x).numpy()
    np.testing.assert_allclose(y, x @ (layer.kernel.numpy() * np.sqrt(2 / 8)), rtol=1e-5, atol=1e-6)
    layer.bias.assign([1.0, 2.0, 3.0])
    np.testing.assert_allclose(layer(x).numpy(), y + np.array([1, 2, 3]), rtol=1e-5, atol=1e-6)


def test_convolution_weights_are_scaled_when_they_are_used():
    layer, x = EqualizedConv2D(2, kernel_size=3, gain=1.0), RNG.normal(size=(1, 6, 5, 4)).astype(np.float32)
    kernel = layer(x) is not None and layer.kernel.numpy() / np.sqrt(3 * 3 * 4)
    padded = np.pad(x[0], [(1, 1), (1, 1), (0, 0)])
    expected = np.stack([correlate(padded, kernel[..., i], mode="valid")[..., 0] for i in range(2)], axis=-1)
    np.testing.assert_allclose(layer(x).numpy()[0], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("layer", "shape"), [(EqualizedDense(4000), (256,)), (EqualizedConv2D(400), (9, 9, 64))])
def test_first_weights_have_one_size_and_keep_the_second_moment(layer, shape):
    keras.utils.set_random_seed(0)
    x = RNG.normal(size=(64, *shape)).astype(np.float32)
    y = layer(x).numpy()[:, 1:-1] if len(shape) > 1 else layer(x).numpy()  # inside, where no border is missing
    assert layer.kernel.numpy().std() == pytest.approx(1, abs=0.02)
    assert (y**2).mean() == pytest.approx(2 * 1, rel=0.15)  # a rectifier halves it: 1 goes in, 1 comes out


def test_what_adam_does_with_and_without_equalised_rates():
    """A first step changes every weight by the rate: 1 per cent of N(0, 1), but half of a weight of size 0.02."""
    keras.utils.set_random_seed(0)
    layer, x = EqualizedDense(8), RNG.normal(size=(32, 5000)).astype(np.float32)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(layer(x) ** 2)
    before = layer.kernel.numpy()
    keras.optimizers.Adam(0.01).apply(tape.gradient(loss, layer.trainable_variables), layer.trainable_variables)
    assert np.median(np.abs(layer.kernel.numpy() - before)) == pytest.approx(0.01, rel=0.01)
    assert before.std() == pytest.approx(1, abs=0.02) and layer.scale == pytest.approx(np.sqrt(2 / 5000)) == 0.02


@pytest.mark.parametrize("kind", [lambda equalized: EqualizedDense(3, equalized=equalized),
                                  lambda equalized: EqualizedConv2D(3, equalized=equalized)])  # fmt: skip
def test_weights_that_are_not_equalised_have_the_size_in_which_they_are_used(kind):
    x = RNG.normal(size=(2, 9, 9, 500)).astype(np.float32)
    x = x[:, 0, 0] if isinstance(kind(True), EqualizedDense) else x
    plain, equalised = kind(False), kind(True)
    plain(x), equalised(x)
    assert plain.scale == 1 and plain.kernel.numpy().std() == pytest.approx(equalised.scale, rel=0.1)
    equalised.kernel.assign(plain.kernel / equalised.scale)
    np.testing.assert_allclose(plain(x), equalised(x), rtol=1e-3, atol=1e-3)


def test_pixel_normalisation_gives_every_pixel_the_second_moment_1():
    x = (RNG.normal(size=(3, 4, 4, 16)) * 50 + 7).astype(np.float32)
    y = PixelNormalization()(x).numpy()
    np.testing.assert_allclose((y**2).mean(axis=-1), 1, rtol=1e-5)
    np.testing.assert_allclose(y, x / np.sqrt((x**2).mean(axis=-1, keepdims=True)), rtol=1e-5)
    assert np.isfinite(PixelNormalization()(np.zeros((1, 4), np.float32)).numpy()).all()


def minibatch_deviation(x, size):
    """What the paper says, in a loop."""
    groups = len(x) // size
    channel = np.empty(len(x))
    for group in range(groups):
        members = list(range(group, len(x), groups))
        channel[members] = x[members].std(axis=0).mean()
    return channel


@pytest.mark.parametrize(("batch", "size"), [(8, 4), (4, 4), (6, 3), (5, 1), (3, 3), (10, 2)])
def test_minibatch_deviation(batch, size):
    """A group of four, or, where four does not divide the batch, of the largest smaller number that does."""
    x = RNG.normal(size=(batch, 4, 4, 3)).astype(np.float32)
    y = MinibatchStdDev(4)(x).numpy()
    assert y.shape == (batch, 4, 4, 4) and np.array_equal(y[..., :3], x)
    expected = np.broadcast_to(minibatch_deviation(x, size)[:, None, None], (batch, 4, 4))
    np.testing.assert_allclose(y[..., 3], expected, rtol=1e-3, atol=1e-3 * (size == 1))


def test_equal_pictures_have_no_deviation_and_a_finite_slope():
    x = tf.ones((4, 4, 4, 3))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = MinibatchStdDev()(x)
    assert np.abs(y[..., 3]).max() < 1e-3 and np.isfinite(tape.gradient(y, x)).all()


def test_differences_from_the_left_and_the_upper_neighbour():
    x = RNG.uniform(-1, 1, (2, 4, 5, 3)).astype(np.float32)
    answer = NeighbourDifferences(gain=3)(x).numpy()
    assert answer.shape == (2, 4, 5, 9) == NeighbourDifferences(3).compute_output_shape(x.shape)
    left, above = np.zeros_like(x), np.zeros_like(x)
    left[:, :, 1:], above[:, 1:] = np.tanh(3 * np.diff(x, axis=2)), np.tanh(3 * np.diff(x, axis=1))
    np.testing.assert_allclose(answer, np.concatenate([x, left, above], axis=-1), atol=1e-6)


def test_faint_differences_become_large_and_large_ones_stay_below_1():
    x = np.array([0.0, 0.01, 1.0], np.float32).reshape(1, 1, 3, 1)
    answer = NeighbourDifferences(gain=16)(x).numpy()[0, 0, :, 1]
    np.testing.assert_allclose(answer, [0, 0.16, 1], rtol=0.01)


def test_a_slower_layer_computes_the_same_and_learns_at_its_own_rate():
    keras.utils.set_random_seed(0)
    x = RNG.normal(size=(16, 2000)).astype(np.float32)
    layer = EqualizedDense(4, rate=0.01, first_bias=2.0)
    y = layer(x).numpy()
    used = layer.kernel.numpy() * 0.01 * layer.scale
    np.testing.assert_allclose(y, x @ used + 2, rtol=1e-4, atol=1e-4)
    assert used.std() * np.sqrt(2000 / 2) == pytest.approx(1, abs=0.03)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(layer(x) ** 2)
    keras.optimizers.Adam(0.01).apply(tape.gradient(loss, layer.trainable_variables), layer.trainable_variables)
    change = np.abs(layer.kernel.numpy() * 0.01 * layer.scale - used)
    assert np.median(change) == pytest.approx(0.01 * 0.01 * layer.scale, rel=0.05)  # a hundredth of a usual layer's


# ------------------------------------------------------------------------------------------------- styles


@pytest.mark.parametrize("demodulate", [True, False])
def test_a_modulated_convolution_has_a_kernel_for_each_example(demodulate):
    """One example at a time, with its own kernel, as the paper writes it."""
    layer = ModulatedConv2D(5, 3, demodulate)
    x, style = RNG.normal(size=(3, 6, 6, 4)).astype(np.float32), RNG.normal(size=(3, 2)).astype(np.float32)
    y = layer(x, style).numpy()
    assert layer.scale == pytest.approx(1 / np.sqrt(3 * 3 * 4))  # equalised, as in the other layers
    for i in range(3):
        kernel = layer.kernel.numpy() * layer.scale * layer.factors(style[i : i + 1]).numpy()[0, :, np.newaxis]
        if demodulate:
            kernel = kernel / np.sqrt((kernel**2).sum(axis=(0, 1, 2)) + 1e-8)
        expected = tf.nn.conv2d(x[i : i + 1], kernel, 1, "SAME").numpy()
        np.testing.assert_allclose(y[i : i + 1], expected, rtol=1e-4, atol=1e-4)


def test_a_strong_style_does_not_make_large_numbers():
    layer = ModulatedConv2D(64)
    x, style = RNG.normal(size=(8, 12, 12, 32)).astype(np.float32), RNG.normal(size=(8, 16)).astype(np.float32)
    sizes = [layer(x, strength * style).numpy()[:, 1:-1, 1:-1].std() for strength in (1, 100)]
    assert sizes == pytest.approx([1, 1], abs=0.1)


def test_factors_scatter_around_1_as_strongly_as_the_style_does():
    layer, style = ModulatedConv2D(3), RNG.normal(size=(50, 400)).astype(np.float32)
    layer(RNG.normal(size=(50, 2, 2, 300)).astype(np.float32), style)
    assert np.array_equal(layer.factors(0 * style), np.ones((50, 300)))
    assert np.std(layer.factors(style)) == pytest.approx(1, abs=0.1)


def test_noise_has_no_strength_at_first():
    layer = StyledConv2D(3)
    x, style = RNG.normal(size=(2, 4, 4, 5)).astype(np.float32), RNG.normal(size=(2, 6)).astype(np.float32)
    noise = RNG.normal(size=(2, 4, 4, 1)).astype(np.float32)
    quiet = layer(x, style, noise).numpy()
    assert np.array_equal(quiet, layer(x, style))
    layer.strength.assign(0.5)
    layer.bias.assign([10.0, 10.0, 10.0])  # far above the bend of the LeakyReLU, where it is linear
    loud, still = layer(x, style, noise).numpy(), layer(x, style).numpy()
    np.testing.assert_allclose(loud - still, np.sqrt(2) * 0.5 * noise.repeat(3, axis=-1), atol=1e-4)


def test_after_a_styled_convolution_comes_a_leaky_rectifier():
    layer = StyledConv2D(3)
    x, style = RNG.normal(size=(2, 4, 4, 5)).astype(np.float32), RNG.normal(size=(2, 6)).astype(np.float32)
    layer(x, style)
    layer.bias.assign([-0.5, 0.0, 0.5])
    before = layer.convolution(x, style).numpy() + np.array([-0.5, 0.0, 0.5], np.float32)
    assert before.min() < 0 < before.max()
    expected = np.sqrt(2) * np.where(before > 0, before, 0.2 * before)
    np.testing.assert_allclose(layer(x, style), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "layer",
    [
        EqualizedDense(3, gain=1.0, rate=0.1, first_bias=1.0),
        EqualizedConv2D(3, 1, 0.5),
        MinibatchStdDev(2),
        ModulatedConv2D(3, 1, demodulate=False),
        StyledConv2D(2),
        NeighbourDifferences(16),
    ],
)
def test_layers_can_be_made_again_from_their_settings(layer):
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
