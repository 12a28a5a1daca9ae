"""Differentiable augmentation: what each change does, that gradients pass, and that it leaves a game its rules."""

import numpy as np
import pytest
import systems
import tensorflow as tf

from gan_helpers import augmentation
from gan_helpers.augmentation import augment

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


def test_a_shift_has_its_own_reach_and_fill():
    numbers = np.array([[0.0, 0.5], [0.5, 0.0]], np.float32)
    down, right = augmentation.shift(IMAGES[:2], numbers, reach=(1, 3), fill=-1.0).numpy()
    assert np.array_equal(down[1:], IMAGES[0, :-1]) and (down[0] == -1).all()
    assert np.array_equal(right[:, 3:], IMAGES[1, :, :-3]) and (right[:, :3] == -1).all()


def test_the_cut_is_a_square_of_half_the_side():
    ones, numbers = (
        np.ones((3, 16, 16, 3), np.float32),
        np.array([[0.5, 0.5, 0], [0, 0, 0], [0.25, 0.75, 0]], np.float32),
    )
    middle, corner, other = 1 - augmentation.cut_out(ones, numbers).numpy()
    assert middle[4:12, 4:12].all() and middle.sum() == 8 * 8 * 3
    assert corner[:4, :4].all() and corner.sum() == 4 * 4 * 3
    assert other[:8, 8:].all() and other.sum() == 8 * 8 * 3


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
