"""The style-based GAN: what styles do, how they are mixed, and the price of the slope."""

import keras
import numpy as np
import pytest
import systems
import tensorflow as tf

from gan_helpers import losses
from gan_helpers.models.stylegan import StyleGenerator

RNG = np.random.default_rng(0)


@pytest.fixture
def game(eagerly):
    game, sources = systems.build("stylegan")
    systems.train(game, sources, steps=4)
    return game


def test_shapes_and_number_of_styles():
    generator = StyleGenerator(32, latent_dim=6, base=64, most=8, depth=1)
    assert generator.n_styles == 7 and generator(np.zeros((3, 6), np.float32)).shape == (3, 32, 32, 3)
    assert [c.filters for c in generator.synthesis.convolutions] == [8, 8, 8, 4, 4, 2, 2]
    with pytest.raises(ValueError, match="side must be 4, 8"):
        StyleGenerator(28)


def test_the_mapping_is_slow_and_colours_are_not_demodulated():
    generator = StyleGenerator(8, latent_dim=6, base=64, most=8, depth=3)
    dense = [layer for layer in generator.mapping.layers if hasattr(layer, "rate")]
    assert [layer.rate for layer in dense] == [0.01] * 3
    bent = [layer for layer in generator.mapping.layers if isinstance(layer, keras.layers.LeakyReLU)]
    assert [round(layer.negative_slope, 6) for layer in bent] == [0.2] * 3
    assert [(layer.filters, layer.kernel_size, layer.demodulate) for layer in generator.synthesis.to_rgb] == [
        (3, 1, False)
    ] * 2
    noise = RNG.normal(size=(3, 6)).astype(np.float32)
    np.testing.assert_allclose(generator.mapping(noise), generator.mapping(5 * noise), rtol=1e-3, atol=1e-4)


def test_one_style_for_all_layers_is_the_plain_call(game):
    noise = RNG.normal(size=(3, 4)).astype(np.float32)
    style = game.generator.mapping(noise)
    np.testing.assert_allclose(game.generator(noise), game.generator.synthesis([style] * 3), atol=1e-6)


def test_pictures_differ_only_by_their_styles(game):
    """Equal styles, equal pictures: the constant is the same for all; each layer's style matters."""
    style, other = (game.styles(2, seed=seed) for seed in (1, 2))
    same = game.pictures([style] * 3)
    assert np.array_equal(same, game.pictures([style] * 3))
    for i in range(3):
        mixed = [style] * 3
        mixed[i] = other
        assert not np.allclose(same, game.pictures(mixed), atol=1e-4)


def test_fakes_are_mixed_where_the_step_says(game, monkeypatch):
    seen = []

    class Recorder:
        n_styles = game.generator.n_styles

        def __call__(self, styles, noise):
            seen.append(styles)

    monkeypatch.setattr(game.generator, "synthesis", Recorder())
    for step in range(40):
        game.fakes(tf.zeros((4, 8, 8, 3)), tf.constant(step, tf.int64), "generator")
    firsts = [styles[0] for styles in seen]
    crossings = [
        sum(np.array_equal(style, first) for style in styles) for styles, first in zip(seen, firsts, strict=True)
    ]
    assert set(crossings) == {1, 2, 3} and 0 < crossings.count(3) < 15  # 3: not mixed, one time in ten
    for styles, crossing in zip(seen, crossings, strict=True):
        assert all(np.array_equal(style, styles[-1]) for style in styles[crossing:])


def test_truncation_moves_styles_to_their_mean(game):
    full, half, none = (game.styles(50, seed=3, truncation=psi).numpy() for psi in (1.0, 0.5, 0.0))
    np.testing.assert_allclose(none, none[:1].repeat(50, axis=0), atol=1e-6)
    np.testing.assert_allclose(half, (full + none) / 2, atol=1e-6)
    np.testing.assert_allclose(none[0], game.styles(4000, seed=0).numpy().mean(axis=0), atol=1e-5)


def test_r1_is_paid_now_and_then_and_counts_for_the_steps_between(game):
    real = tf.constant(systems.COLOURED[:4])
    fake = tf.constant(systems.COLOURED[4:8])
    plain = losses.NonSaturatingLoss().discriminator(game.discriminator(real), game.discriminator(fake))
    slope = losses.squared_slope(game.discriminator, real)
    paid, report = game.discriminator_loss(real, fake, tf.constant(6, tf.int64))
    assert float(report["penalty"]) == pytest.approx(3 * float(slope), rel=1e-4)
    assert float(paid) == pytest.approx(float(plain + 0.5 * 3 * slope), rel=1e-4)
    unpaid, report = game.discriminator_loss(real, fake, tf.constant(7, tf.int64))
    assert float(report["penalty"]) == 0 and float(unpaid) == pytest.approx(float(plain), rel=1e-4)


def test_samples_are_pictures_and_can_be_truncated(game):
    images = game.sample(5, seed=2)
    assert images.shape == (5, 8, 8, 3) and np.abs(images).max() <= 1
    assert np.array_equal(images, game.sample(5, seed=2)) and not np.array_equal(images, game.sample(5, seed=3))
    spread = [game.sample(20, truncation=psi).std(axis=0).mean() for psi in (1.0, 0.3)]
    assert spread[1] < spread[0]


def test_a_copy_has_the_networks_settings(game):
    copy = keras.models.clone_model(game.generator)
    assert copy.get_config() == game.generator.get_config()
    copy.set_weights(game.generator.get_weights())
    noise = RNG.normal(size=(2, 4)).astype(np.float32)
    assert np.array_equal(copy(noise), game.generator(noise))
