"""The convolutional pair of chapter 4: shapes, parameters, first weights, and who moves."""

import keras
import numpy as np
import pytest

from gan_helpers import losses
from gan_helpers.core.session import bfloat16_speedup
from gan_helpers.models import dcgan
from gan_helpers.models import gan as chapter_3
from gan_helpers.models.gan import GAN


def test_shapes_layer_by_layer():
    generator, discriminator = dcgan.build_generator(), dcgan.build_discriminator()
    up = [layer.output.shape[1:] for layer in generator.layers if isinstance(layer, keras.layers.Conv2DTranspose)]
    down = [layer.output.shape[1:] for layer in discriminator.layers if isinstance(layer, keras.layers.Conv2D)]
    assert up == [(14, 14, 128), (14, 14, 64), (28, 28, 1)]  # same padding: size · stride
    assert down == [(14, 14, 32), (7, 7, 64), (4, 4, 128)]  # same padding: ⌈size / stride⌉
    assert generator.output_shape == (None, 28, 28, 1) and discriminator.output_shape == (None, 1)


def test_parameters_as_counted_by_hand():
    dense, convolutions = 100 * 12544 + 12544, 9 * (256 * 128 + 128 * 64 + 64 * 1) + 128 + 64 + 1
    assert dcgan.build_generator().count_params() == dense + convolutions + 4 * (128 + 64)
    assert dcgan.build_generator(batch_norm=False).count_params() == dense + convolutions
    filters = 9 * (1 * 32 + 32 * 64 + 64 * 128) + 32 + 64 + 128
    assert dcgan.build_discriminator().count_params() == filters + 4 * (64 + 128) + 4 * 4 * 128 + 1
    assert dcgan.build_discriminator(batch_norm=False).count_params() == filters + 4 * 4 * 128 + 1


def test_first_weights_are_small_and_normal():
    keras.utils.set_random_seed(0)
    for network in (dcgan.build_generator(), dcgan.build_discriminator()):
        for layer in network.layers:
            if hasattr(layer, "kernel") and layer.kernel.shape.num_elements() > 1000:
                assert np.std(layer.kernel) == pytest.approx(0.02, rel=0.05)
    a, b = dcgan.build_discriminator(), dcgan.build_discriminator()
    assert not np.array_equal(a.layers[0].kernel, b.layers[0].kernel)


def test_the_slope_of_the_discriminator_can_be_taken_away():
    slopes = {layer.negative_slope for layer in dcgan.build_discriminator(negative_slope=0.0).layers
              if isinstance(layer, keras.layers.LeakyReLU)}  # fmt: skip
    assert slopes == {0.0}


def test_sharing_fakes_is_the_plain_step_with_one_noise_for_both():
    real = np.random.default_rng(0).uniform(-1, 1, (16, 28, 28, 1)).astype(np.float32)

    def after_one_step(kind):
        keras.utils.set_random_seed(0)
        gan = kind(dcgan.build_generator(8), dcgan.build_discriminator(), losses.NonSaturatingLoss())
        gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))  # Adam would blow rounding up
        one_noise = gan.noise(16, 0, "generator")
        gan.noise = lambda *_: one_noise
        report = gan.update(0, real)
        return report, [w.numpy() for w in gan.generator.trainable_variables + gan.discriminator.trainable_variables]

    plain, shared = after_one_step(GAN), after_one_step(dcgan.SharedFakesGAN)
    assert plain[0].keys() == shared[0].keys()
    for name, value in plain[0].items():
        assert float(value) == pytest.approx(float(shared[0][name]), abs=1e-5)
    for a, b in zip(plain[1], shared[1], strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_sharing_fakes_honours_overridden_losses_and_steps():
    """A penalty on the discriminator, or clipping after its step, must not be passed over."""
    seen = []

    class Watched(dcgan.SharedFakesGAN):
        def discriminator_loss(self, real, fake, step):
            seen.append("loss")
            return super().discriminator_loss(real, fake, step)

        def discriminator_step(self, real, fake, step):
            seen.append("step")
            return super().discriminator_step(real, fake, step)

    networks = chapter_3.build_generator(8), chapter_3.build_discriminator()
    game = Watched(*networks, losses.NonSaturatingLoss())
    game.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    game.update(0, np.zeros((4, 28, 28, 1), np.float32))
    assert seen == ["step", "loss"]


def test_fakes_are_shared_by_one_step_of_each():
    with pytest.raises(ValueError, match="d_steps must be 1, got 2"):
        dcgan.SharedFakesGAN(
            chapter_3.build_generator(8), chapter_3.build_discriminator(), losses.NonSaturatingLoss(), d_steps=2
        )


def test_bfloat16_computes_short_and_remembers_long():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        generator, discriminator = dcgan.build_generator(8), dcgan.build_discriminator()
    finally:
        keras.config.set_dtype_policy("float32")
    assert generator.layers[2].compute_dtype == discriminator.layers[0].compute_dtype == "bfloat16"
    assert {w.dtype for w in generator.weights + discriminator.weights} == {"float32"}
    if bfloat16_speedup(rounds=1) == 0:
        pytest.skip("this machine cannot compute in bfloat16 at all")  # trying would end the process
    images = generator(np.zeros((2, 8), np.float32))
    assert images.dtype == discriminator(images).dtype == "float32"
