"""The progressive GAN: what fades, what grows, how large it gets, and that a fade can be interrupted."""

import keras
import numpy as np
import pytest
import systems
import tensorflow as tf

from conftest import equal, weights
from gan_helpers import losses
from gan_helpers.models import progan
from gan_helpers.models.progan import Growth, ProgressiveDiscriminator, ProgressiveGenerator

RNG = np.random.default_rng(0)
NOISE = RNG.normal(size=(4, 8)).astype(np.float32)


@pytest.fixture(scope="module")
def pair():
    keras.utils.set_random_seed(0)
    return ProgressiveGenerator(16, latent_dim=8, base=64, most=8), ProgressiveDiscriminator(16, base=64, most=8)


@pytest.mark.parametrize("side", [8, 16])
def test_growing_keeps_what_was_learned(pair, side):
    """At α = 0 the larger network makes the smaller one's pictures, enlarged, and judges what is left of a picture."""
    generator, discriminator = pair
    old, new = (generator(NOISE, side=s).numpy() for s in (side // 2, side))
    enlarged = old.repeat(2, axis=1).repeat(2, axis=2)
    assert np.array_equal(generator(NOISE, side=side, alpha=0.0), enlarged)
    assert np.array_equal(generator(NOISE, side=side, alpha=1.0), new)
    np.testing.assert_allclose(generator(NOISE, side=side, alpha=0.3), 0.7 * enlarged + 0.3 * new, atol=1e-6)
    pictures = RNG.uniform(-1, 1, (4, side, side, 3)).astype(np.float32)
    smaller = pictures.reshape(4, side // 2, 2, side // 2, 2, 3).mean(axis=(2, 4))
    np.testing.assert_allclose(discriminator(pictures, alpha=0.0), discriminator(smaller), rtol=1e-4, atol=1e-5)
    assert np.array_equal(discriminator(pictures, alpha=1.0), discriminator(pictures))


def test_pictures_have_the_largest_side_unless_another_is_asked_for(pair):
    generator, _ = pair
    assert np.array_equal(generator(NOISE), generator(NOISE, side=16)) and generator(NOISE, side=8).shape[1] == 8


def test_a_fade_in_the_critic_is_linear_where_it_happens(pair):
    """Before the next nonlinearity, that is; so look at the two ways into the block behind."""
    _, discriminator = pair
    pictures = RNG.uniform(-1, 1, (4, 8, 8, 3)).astype(np.float32)
    old = discriminator.from_rgb[4](progan.downscale(pictures))
    new = discriminator.blocks[1](discriminator.from_rgb[8](pictures))
    for alpha in (0.25, 0.75):
        expected = discriminator.blocks[0]((1 - alpha) * old + alpha * new)
        np.testing.assert_allclose(discriminator(pictures, alpha=alpha), expected, atol=1e-5)


def test_real_pictures_sharpen_as_a_stage_fades_in():
    game, (images,) = systems.build("progan")
    assert np.array_equal(game.shrunk(images, 8), images)
    blurred = progan.upscale(progan.downscale(images))
    assert np.array_equal(game.shrunk(images, 8, alpha=0.0), blurred)
    np.testing.assert_allclose(game.shrunk(images, 8, alpha=0.25), 0.75 * blurred + 0.25 * images, atol=1e-6)
    assert np.array_equal(game.shrunk(images, 4), progan.downscale(images))


def test_phases_follow_from_the_step():
    growth = Growth((4, 0, 10), (8, 5, 20), (16, 8, 0))
    assert growth.steps == 43
    assert [(growth.at(step).side, growth.at(step).fades) for step in (0, 9, 10, 14, 15, 34, 35, 42, 99)] == [
        (4, False), (4, False), (8, True), (8, True), (8, False), (8, False), (16, True), (16, True), (16, True)
    ]  # fmt: skip
    assert [float(growth.at(12).alpha(step)) for step in (10, 12, 14)] == pytest.approx([0, 0.4, 0.8])
    short = Growth((4, 0, 1), (8, 1, 1))
    assert [short.number(step) for step in (-1, 0, 1, 2, 9)] == [0, 0, 1, 2, 2]
    assert growth.at(3).alpha(3) is None and [growth.number(step) for step in (0, 12, 20, 40)] == [0, 1, 2, 3]


def test_impossible_growth_is_refused():
    with pytest.raises(ValueError, match=r"twice the one before, got \[4, 16\]"):
        Growth((4, 0, 10), (16, 5, 10))
    with pytest.raises(ValueError, match="fade_steps must be 0"):
        Growth((4, 5, 10))
    with pytest.raises(ValueError, match="side must be 4, 8, 16, 32 and so on, got 28"):
        ProgressiveGenerator(28)


def test_only_the_layers_of_the_present_stage_move(eagerly):
    game, sources = systems.build("progan")
    new = [*game.generator.blocks[1].weights, *game.discriminator.blocks[1].weights]
    before = [weight.numpy() for weight in new]
    systems.train(game, sources, steps=2)
    assert all(np.array_equal(a, b) for a, b in zip(before, new, strict=True))
    systems.train(game, sources, steps=4)
    assert not any(np.array_equal(a, b) for a, b in zip(before, new, strict=True))


def test_a_fade_that_was_interrupted_goes_on_to_the_same_bits(tmp_path, eagerly):
    whole, sources = systems.build("progan")
    systems.train(whole, sources, steps=6)
    for steps in (4, 6):  # 4 is in the middle of the fade
        game, _ = systems.build("progan")
        systems.train(game, sources, steps=steps, checkpoint=tmp_path / "run.npz")
    for part in whole.parts():
        assert equal(
            [v.numpy() for v in whole.parts()[part].variables], [v.numpy() for v in game.parts()[part].variables]
        )
    assert whole.growth.at(3).fades and np.array_equal(whole.sample(3), game.sample(3))


def test_samples_have_the_full_side_and_the_present_detail(eagerly):
    game, sources = systems.build("progan")
    assert game.sample(3).shape == (3, 8, 8, 3)
    systems.train(game, sources, steps=2)
    images = game.sample(3)
    assert np.array_equal(images, images[:, ::2, ::2].repeat(2, axis=1).repeat(2, axis=2))  # 4 × 4, enlarged
    systems.train(game, sources, steps=8)
    images = game.sample(3)
    assert not np.array_equal(images, images[:, ::2, ::2].repeat(2, axis=1).repeat(2, axis=2))
    assert np.abs(images).max() <= 1


def test_the_loss_is_wgan_gp_with_a_drift(eagerly):
    game, (images,) = systems.build("progan")
    real, fake = (tf.constant(images[i : i + 4, ::2, ::2]) for i in (0, 4))
    loss, report = game.discriminator_loss(real, fake, 0)
    real_logits, fake_logits = game.discriminator(real), game.discriminator(fake)
    expected = losses.WassersteinLoss().discriminator(real_logits, fake_logits)
    assert float(report["d_loss"]) == pytest.approx(float(expected), rel=1e-5)
    drift = float(tf.reduce_mean(real_logits**2))
    assert float(loss) == pytest.approx(float(expected + 10 * report["penalty"]) + 1e-3 * drift, rel=1e-5)


def test_the_drift_is_paid(eagerly):
    game, (images,) = systems.build("progan")
    real, fake = (tf.constant(images[i : i + 4, ::2, ::2]) for i in (0, 4))
    game.drift = 0.0
    free, _ = game.discriminator_loss(real, fake, 0)
    game.drift = 50.0
    paid, _ = game.discriminator_loss(real, fake, 0)
    assert float(paid - free) == pytest.approx(50 * np.mean(game.discriminator(real).numpy() ** 2), rel=1e-3)


def test_gains_and_slopes_are_those_of_the_paper(pair):
    """A first layer that is four times as quiet, linear layers to colours and to the logit, slopes of 0.2."""
    generator, discriminator = pair
    loud = 2**0.5
    first, *others = [layer for block in generator.blocks for layer in block.layers if hasattr(layer, "gain")]
    assert first.gain == loud / 4 and {layer.gain for layer in others} == {loud}
    *others, last = [layer for layer in discriminator.blocks[0].layers if hasattr(layer, "gain")]
    assert last.gain == 1 and {layer.gain for layer in others} == {loud}
    assert all(block.layers[0].gain == 1 for block in generator.to_rgb)
    assert all(block.layers[0].gain == loud for block in discriminator.from_rgb.values())
    every = [*generator.blocks, *discriminator.blocks, *discriminator.from_rgb.values()]
    bent = [layer for block in every for layer in block.layers if isinstance(layer, keras.layers.LeakyReLU)]
    assert len(bent) > 10 and {round(layer.negative_slope, 6) for layer in bent} == {0.2}


def test_the_length_of_a_noise_vector_does_not_matter(pair):
    generator, _ = pair
    np.testing.assert_allclose(generator(NOISE), generator(5 * NOISE), atol=1e-3)


def test_a_copy_has_the_networks_settings():
    generator = ProgressiveGenerator(8, latent_dim=4, base=32, most=8)
    copy = keras.models.clone_model(generator)
    assert copy.get_config() == generator.get_config() and not equal(weights(copy), weights(generator))
    copy.set_weights(generator.get_weights())
    assert np.array_equal(copy(NOISE[:, :4]), generator(NOISE[:, :4]))


def test_ideas_can_be_left_out():
    def kinds(network):
        return [type(layer).__name__ for block in network.blocks for layer in block.layers]

    whole, bare = (ProgressiveGenerator(8, 4, 32, 8, normalise=keep, equalized=keep) for keep in (True, False))
    assert kinds(whole).count("PixelNormalization") == 2 * 2  # after each convolution and the first dense layer
    assert "PixelNormalization" not in kinds(bare)
    assert keras.models.clone_model(bare).get_config()["equalized"] is False
    for network, scale in ((whole, False), (bare, True)):
        convolutions = [x for block in network.blocks for x in block.layers if hasattr(x, "scale")]
        assert all((layer.scale == 1) is scale for layer in convolutions)
    assert "MinibatchStdDev" not in kinds(ProgressiveDiscriminator(8, 32, 8, group_size=0))
    assert bare(NOISE[:, :4]).shape == (4, 8, 8, 3)


@pytest.mark.slow
def test_the_papers_networks():
    """Table 2 of the paper: 23.1 million parameters each, at 1024 × 1024; and a picture of that size."""
    generator, discriminator = ProgressiveGenerator(1024), ProgressiveDiscriminator(1024)
    for network in (generator, discriminator):
        assert round(network.count_params() / 1e6, 1) == 23.1
    assert generator.sides == [4, 8, 16, 32, 64, 128, 256, 512, 1024]
    assert [progan.channels(side) for side in generator.sides] == [512, 512, 512, 512, 256, 128, 64, 32, 16]
    picture = generator(RNG.normal(size=(1, 512)).astype(np.float32))
    assert picture.shape == (1, 1024, 1024, 3) and np.isfinite(discriminator(picture)).all()
