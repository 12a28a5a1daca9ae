"""Differentiable augmentation: what each change does, that gradients pass, and that it leaves a game its rules."""

import numpy as np
import pytest
import systems
import tensorflow as tf

from gan_helpers import augmentation
from gan_helpers.augmentation import augment, warp

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(-1, 1, (6, 16, 16, 3)).astype(np.float32)


def test_no_policy_is_the_identity():
    assert np.array_equal(augment(IMAGES, 0, 0, "real", ()), IMAGES)


def test_one_seed_step_and_stream_give_one_change():
    first = augment(IMAGES, 0, 5, "real").numpy()
    assert first.shape == IMAGES.shape and np.array_equal(first, augment(IMAGES, 0, 5, "real"))
    for other in ((1, 5, "real"), (0, 6, "real"), (0, 5, "fake")):
        assert not np.array_equal(first, augment(IMAGES, *other))


def test_equal_pictures_are_changed_in_different_ways():
    same = np.repeat(IMAGES[:1], 6, axis=0)
    for name in augmentation.POLICY:
        changed = augment(same, 0, 0, "real", (name,)).numpy()
        assert len({picture.tobytes() for picture in changed}) > 3, name


def test_colours_by_hand():
    numbers = np.array([[0.5, 0.5, 0.5], [0.9, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]], np.float32)
    same, brighter, grey, flat = augmentation.change_colour(IMAGES[:4], numbers).numpy()
    np.testing.assert_allclose(same, IMAGES[0], atol=1e-6)  # the middle of each range changes nothing
    np.testing.assert_allclose(brighter, IMAGES[1] + 0.4, atol=1e-6)
    np.testing.assert_allclose(grey, IMAGES[2].mean(axis=-1, keepdims=True).repeat(3, axis=-1), atol=1e-6)
    np.testing.assert_allclose(flat, (IMAGES[3] + IMAGES[3].mean()) / 2, atol=1e-6)


def test_translations_by_hand():
    numbers = np.array([[0.5, 0.5, 0], [0.0, 0.5, 0], [0.5, 0.999, 0]], np.float32)
    same, down, left = augmentation.translate(IMAGES[:3], numbers).numpy()
    assert np.array_equal(same, IMAGES[0])
    assert np.array_equal(down[2:], IMAGES[1, :-2]) and not down[:2].any()  # an eighth of 16
    assert np.array_equal(left[:, :-2], IMAGES[2, :, 2:]) and not left[:, -2:].any()


def test_the_cut_is_a_square_of_half_the_side():
    ones, numbers = (
        np.ones((3, 16, 16, 3), np.float32),
        np.array([[0.5, 0.5, 0], [0, 0, 0], [0.25, 0.75, 0]], np.float32),
    )
    middle, corner, other = 1 - augmentation.cut_out(ones, numbers).numpy()
    assert middle[4:12, 4:12].all() and middle.sum() == 8 * 8 * 3
    assert corner[:4, :4].all() and corner.sum() == 4 * 4 * 3
    assert other[:8, 8:].all() and other.sum() == 8 * 8 * 3


def test_height_and_width_are_told_apart():
    wide, middle = RNG.uniform(0.1, 1, (2, 4, 24, 3)).astype(np.float32), np.array([[0.5, 0.5, 0]] * 2, np.float32)
    moved = augmentation.translate(wide, np.array([[0.0, 0.5, 0], [0.5, 0.0, 0]], np.float32)).numpy()
    assert np.array_equal(moved[0, 1:], wide[0, :-1]) and not moved[0, :1].any()  # one pixel, the least there is
    assert np.array_equal(moved[1, :, 3:], wide[1, :, :-3]) and not moved[1, :, :3].any()  # an eighth of 24
    cut = augmentation.cut_out(wide, middle).numpy() == 0
    assert cut[:, 1:3, 6:18].all() and cut.sum() == 2 * 2 * 12 * 3


def test_gradients_pass_and_are_those_of_finite_differences():
    x, direction = tf.constant(IMAGES), tf.constant(RNG.normal(size=IMAGES.shape).astype(np.float32))
    weights = RNG.normal(size=IMAGES.shape).astype(np.float32)

    def value(images):
        return tf.reduce_sum(weights * augment(images, 0, 3, "real"))

    with tf.GradientTape() as tape:
        tape.watch(x)
        found = value(x)
    slope = tf.reduce_sum(tape.gradient(found, x) * direction)
    assert float(slope) == pytest.approx(float(value(x + direction) - value(x)), rel=1e-3)  # it is linear in x


def test_unknown_changes_are_refused():
    with pytest.raises(ValueError, match="policy must name some of colour, translation, cutout, got 'flip'"):
        augment(IMAGES, 0, 0, "real", ("flip",))
    with pytest.raises(ValueError, match="policy must be a tuple of names, got 'colour'"):
        augment(IMAGES, 0, 0, "real", "colour")
    for strength in (-1, float("nan"), "1"):
        with pytest.raises(ValueError, match=f"strength must be .*, got {strength!r}"):
            warp(IMAGES, 0, 0, "real", strength)


class Spy:
    """A discriminator that keeps what it was shown."""

    def __init__(self, network):
        self.network, self.trainable_variables, self.seen = network, network.trainable_variables, []

    def __call__(self, examples, training):
        self.seen.append(examples.numpy())
        return self.network(examples, training=training)


def test_an_augmented_game_shows_its_discriminator_nothing_else(eagerly):
    """Pictures are changed for D, in its own step and in the generator's; what the generator makes is not."""
    game, (images,) = systems.build("gan, augmented")
    expected = [augment(images[:8], 0, 4, "real")]
    for player in ("discriminator", "generator"):
        made = game.generator(game.noise(8, 4, player), training=True)
        expected.append(augment(made, 0, 4, f"{player} fakes"))
    game.discriminator = Spy(game.discriminator)
    game.update(tf.constant(4, tf.int64), tf.constant(images[:8]))
    for seen, meant in zip(game.discriminator.seen, expected, strict=True):
        np.testing.assert_allclose(seen, meant, atol=1e-6)
    assert game.identity()["policy"] == "colour, translation, cutout"


# ------------------------------------------------------------------------------------------------------------- warps


def warped(monkeypatch, numbers, strength=1.0, images=IMAGES):
    """The images, all warped by the amounts that ``numbers`` (0 to 1) stand for."""
    row = tf.constant([numbers], tf.float32)
    monkeypatch.setattr(augmentation.sampling, "uniform", lambda shape, *rest: tf.repeat(row, shape[0], axis=0))
    return augmentation.warp(images, 0, 0, "real", strength).numpy()


def test_warps_by_hand(monkeypatch):
    middle = [0.5] * 5
    np.testing.assert_allclose(warped(monkeypatch, middle), IMAGES, atol=1e-5)
    down = warped(monkeypatch, [0.5, 0.5, 0.5, 1.0, 0.5])
    np.testing.assert_allclose(down[:, :-2], IMAGES[:, 2:], atol=1e-5)
    assert (down[:, -2:] == -1).all()  # black comes in
    right = warped(monkeypatch, [0.5, 0.5, 0.5, 0.5, 0.0])
    np.testing.assert_allclose(right[:, :, 2:], IMAGES[:, :, :-2], atol=1e-5)
    turned = warped(monkeypatch, [1.0, 0.5, 0.5, 0.5, 0.5], strength=6)  # 6 · 15° is a right angle
    np.testing.assert_allclose(turned, np.rot90(IMAGES, axes=(1, 2)), atol=1e-4)
    wide = IMAGES[:, 3:12]
    upside_down = warped(monkeypatch, [1.0, 0.5, 0.5, 0.5, 0.5], strength=12, images=wide)
    np.testing.assert_allclose(upside_down, wide[:, ::-1, ::-1], atol=1e-4)


def test_a_warp_stretches_height_and_width_apart(monkeypatch):
    bar = np.full((1, 17, 17, 1), -1, np.float32)
    bar[0, 6:11, 6:11] = 1
    half = np.log(2) / np.log(1.15)  # strong enough for a factor of two
    narrow = warped(monkeypatch, [0.5, 0.5, 1.0, 0.5, 0.5], half, bar)[0, :, :, 0] > 0
    flat = warped(monkeypatch, [0.5, 1.0, 0.5, 0.5, 0.5], half, bar)[0, :, :, 0] > 0
    assert narrow.any(axis=1).sum() == 5 and narrow.any(axis=0).sum() == 3
    assert np.array_equal(flat, narrow.T)


def test_each_picture_is_warped_in_its_own_way_and_again_alike():
    same = tf.repeat(IMAGES[:1], 6, axis=0)
    first = augmentation.warp(same, 0, 3, "real").numpy()
    assert len({picture.tobytes() for picture in first}) == 6 and np.abs(first).max() <= 1
    assert np.array_equal(first, augmentation.warp(same, 0, 3, "real"))
    for other in ((1, 3, "real"), (0, 4, "real"), (0, 3, "fake")):
        assert not np.array_equal(first, augmentation.warp(same, *other))
    assert augmentation.warp(same, 0, 3, "real", strength=0) is same
