"""Augmented CycleGAN: what each loss measures and whom it moves, the layer through which a code works, translating."""

import keras
import numpy as np
import pytest
import systems
import tensorflow as tf
from keras import layers

from conftest import equal, weights
from gan_helpers.layers import ConditionalInstanceNormalization
from gan_helpers.models import augmented, translators
from gan_helpers.models.augmented import AugmentedCycleGAN

RNG = np.random.default_rng(0)
NETWORKS = ("a_to_b", "b_to_a", "encoder", "discriminator_a", "discriminator_b", "discriminator_z")


def images_of(n, side=8, seed=0):
    return tf.constant(np.random.default_rng(seed).uniform(-0.5, 0.5, (n, side, side, 3)), tf.float32)


def constant(shape, value):
    """A network that answers one number for each example, whatever it is shown."""
    network = keras.Sequential([layers.Input(shape), layers.Flatten(), layers.Dense(1)])
    network.set_weights([np.zeros((np.prod(shape), 1)), np.array([value])])
    return network


def shifting_game(back=0.0, offset=0.0, logits=(0.2, 0.6, 0.4), **settings):
    """A → B adds the code, which has one number, to the picture; B → A adds ``back``; and the encoder answers the mean
    difference of its two pictures, and ``offset``.
    """
    a, b, z = layers.Input((8, 8, 3)), layers.Input((8, 8, 3)), layers.Input((1,))
    a_to_b = keras.Model([a, z], layers.Add()([a, layers.Reshape((1, 1, 1))(z)]))
    b_to_a = keras.Sequential([layers.Input((8, 8, 3)), layers.Conv2D(3, 1)])
    b_to_a.set_weights([np.eye(3)[np.newaxis, np.newaxis], np.full(3, back)])
    encoder = keras.Model([a, b], layers.Dense(1)(layers.GlobalAveragePooling2D()(layers.Subtract()([b, a]))))
    encoder.layers[-1].set_weights([np.full((3, 1), 1 / 3), np.array([offset])])
    discriminators = [constant((8, 8, 3), logits[0]), constant((8, 8, 3), logits[1]), constant((1,), logits[2])]
    game = AugmentedCycleGAN([a_to_b, b_to_a], encoder, discriminators, **settings)
    game.compile(systems.optimizer(), systems.optimizer())
    return game


# -------------------------------------------------------------------------------------------------- losses


def test_losses_have_their_closed_forms(eagerly):
    """From A to B and back the code is left over, from B to A and back nothing is: the encoder finds ¼ and 0.1 more."""
    game = shifting_game(back=-0.25, offset=0.1)
    report = systems.one_step(game, images_of(2), images_of(3, seed=1))
    codes = game.codes(2, 0, "generator").numpy()
    expected = {
        "cycle_a": np.abs(codes - 0.25).mean(), "cycle_b": 0.1, "cycle_z": 0.1,
        "adversarial_ab": 0.5 * (0.6 - 1) ** 2, "adversarial_ba": 0.5 * (0.2 - 1) ** 2,
        "adversarial_z": 0.5 * (0.4 - 1) ** 2, "d_a": 0.5 * (0.2 - 1) ** 2 + 0.5 * 0.2**2,
        "d_b": 0.5 * (0.6 - 1) ** 2 + 0.5 * 0.6**2, "d_z": 0.5 * (0.4 - 1) ** 2 + 0.5 * 0.4**2,
    }  # fmt: skip
    assert report == pytest.approx(expected, rel=1e-5) and set(report) == set(AugmentedCycleGAN.reports)


def test_each_judge_comes_closer_to_its_best_answer(eagerly):
    """Real and fake pictures and codes look alike to these judges: the best that they can answer is ½."""
    game = shifting_game(logits=(0.2, 0.6, 0.4))
    systems.one_step(game, images_of(2), images_of(2, seed=1))
    answers = [getattr(game, name).get_weights()[-1][0] for name in NETWORKS[3:]]
    assert 0.2 < answers[0] < 0.5 < answers[1] < 0.6 and 0.4 < answers[2] < 0.5


def test_the_objective_weighs_the_losses():
    game = shifting_game(cycle=10, code_cycle=3, adversarial=2)
    losses = {name: 10.0**i for i, name in enumerate(AugmentedCycleGAN.reports[:6])}
    assert game.objective(losses) == pytest.approx(2 * 111 + 10 * 11_000 + 3 * 100_000)
    assert game.identity()["code_cycle"] == 3


def spy(monkeypatch, network, seen):
    """Write down what ``network`` is called with."""
    call = network.call
    monkeypatch.setattr(network, "call", lambda x, *more, **how: seen.append(x) or call(x, *more, **how))


def test_what_the_encoder_and_the_judge_of_codes_are_shown(eagerly, monkeypatch):
    game = shifting_game(back=-0.25, offset=0.1)
    a, b, pairs, judged = images_of(2), images_of(3, seed=1), [], []
    spy(monkeypatch, game.encoder, pairs)
    spy(monkeypatch, game.discriminator_z, judged)
    systems.one_step(game, a, b)
    codes = game.codes(2, 0, "generator")
    for (shown_a, shown_b), expected in zip(pairs, ((b - 0.25, b), (a, a + codes[:, None, None])), strict=True):
        np.testing.assert_allclose(shown_a, expected[0], atol=1e-6)
        np.testing.assert_allclose(shown_b, expected[1], atol=1e-6)
    encoded = np.full((3, 1), 0.35)
    for shown, expected in zip(judged, (encoded, game.codes(3, 0, "discriminator"), encoded), strict=True):
        np.testing.assert_allclose(shown, expected, atol=1e-6)


def slopes(game, part):
    """Which networks the gradient of one loss reaches; ``part`` makes it of images of A and of B, and codes."""
    networks = {name: getattr(game, name) for name in NETWORKS}
    a, b, codes = images_of(2), images_of(2, seed=1), tf.constant(RNG.normal(size=(2, 3)), tf.float32)
    with tf.GradientTape() as tape:
        fake_a, fake_b = game.b_to_a(b, training=True), game.a_to_b([a, codes], training=True)
        encoded = game.encoder([fake_a, b], training=True)
        loss = part(a, b, codes, fake_a, fake_b, encoded)
    gradients = tape.gradient(loss, {name: network.trainable_variables for name, network in networks.items()})
    return {name for name, of in gradients.items() if any(g is not None and np.any(g != 0) for g in of)}


def test_whom_each_loss_moves(eagerly):
    """The optimizer of the generators moves the first three of the networks only."""
    game, _ = systems.build("cyclegan, augmented")

    def coded(name):
        return slopes(game, lambda a, b, z, fake_a, fake_b, e: game.code_losses(a, z, fake_b, e)[name])

    def there_and_back(name):
        return slopes(game, lambda a, b, z, fake_a, fake_b, e: game.cycle_losses(a, b, fake_a, fake_b, e)[name])

    assert coded("cycle_z") == {"a_to_b", "encoder"}
    assert coded("adversarial_z") == {"b_to_a", "encoder", "discriminator_z"}
    assert there_and_back("cycle_a") == {"a_to_b", "b_to_a"}
    assert there_and_back("cycle_b") == {"a_to_b", "b_to_a", "encoder"}


def test_each_step_moves_its_own_networks(eagerly):
    game, _ = systems.build("cyclegan, augmented")
    a, b = images_of(2), images_of(2, seed=1)

    def moved(step):
        before = {name: weights(getattr(game, name)) for name in NETWORKS}
        step()
        return {name for name in NETWORKS if not equal(before[name], weights(getattr(game, name)))}

    assert moved(lambda: game.generator_step(a, b, 0)) == set(NETWORKS[:3])
    assert moved(lambda: game.discriminator_step(a, b, b, a, tf.zeros((2, 3)), 0)) == set(NETWORKS[3:])


# -------------------------------------------------------------------------------------------------- networks


def test_conditional_instance_normalisation_has_its_closed_form():
    x, code = RNG.normal(3, 2, (4, 6, 6, 5)).astype(np.float32), RNG.normal(size=(4, 2)).astype(np.float32)
    layer = ConditionalInstanceNormalization()
    found = layer(x, code)
    kernel, bias = layer.get_weights()
    factor, shift = np.split((code @ kernel + bias)[:, None, None], 2, axis=-1)
    normal = (x - x.mean(axis=(1, 2), keepdims=True)) / x.std(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(found, (1 + factor) * normal + shift, atol=1e-4)
    assert kernel.shape == (2, 10)


@pytest.mark.parametrize(("side", "depth"), [(8, 3), (16, 2)])
def test_the_code_changes_the_picture(side, depth):
    generator = augmented.build_coded_generator(code_dim=2, base=4, depth=depth)
    images = images_of(1, side)
    first, second = (generator([images, tf.constant([code])]).numpy() for code in ([1.0, 0.0], [0.0, 1.0]))
    assert first.shape == images.shape and np.abs([first, second]).max() <= 1
    assert np.abs(first - second).max() > 1e-4
    assert augmented.build_coded_generator(0, base=4, depth=depth)(images).shape == images.shape


def test_the_encoder_sees_both_pictures_and_their_colour():
    encoder = augmented.build_code_encoder(code_dim=2, base=4)
    a, b = images_of(2, 16), images_of(2, 16, seed=1)
    assert encoder([a, b]).shape == (2, 2)
    assert all(np.abs(encoder([a, b]) - encoder(pair)).max() > 1e-5 for pair in ([a + 0.2, b], [a, b + 0.2]))


# ------------------------------------------------------------------------------------------- use, and misuse


def test_translating_and_encoding(eagerly):
    game, sources = systems.build("cyclegan, augmented")
    systems.train(game, sources, steps=2)
    images, codes = np.asarray(sources[0])[:5], RNG.normal(size=(5, 3)).astype(np.float32)
    translated = game.translate(images, codes=codes)
    assert translated.shape == images.shape and translated.dtype == np.float32
    np.testing.assert_allclose(translated, game.averaged_a_to_b([images, codes]), atol=1e-6)
    assert np.array_equal(game.translate(images), game.translate(images, seed=0))
    assert not np.array_equal(game.translate(images), game.translate(images, seed=1))
    np.testing.assert_allclose(game.translate(images, "a"), game.averaged_b_to_a(images), atol=1e-6)
    found = game.encode(images, translated)
    np.testing.assert_allclose(found, game.averaged_encoder([images, translated]), atol=1e-6)
    assert found.shape == (5, 3) and found.dtype == np.float32 and game.shipped()["encoder"] is game.averaged_encoder


def test_wrong_codes_and_pictures_are_refused():
    game, sources = systems.build("cyclegan, augmented")
    images = np.asarray(sources[0])[:5]
    for codes in (np.zeros((4, 3)), np.zeros((5, 2)), np.zeros(3)):
        with pytest.raises(ValueError, match=r"codes must have shape \(5, 3\), got \("):
            game.translate(images, codes=codes)
    with pytest.raises(ValueError, match="codes must be finite numbers, got 15 of 15"):
        game.translate(images, codes=np.full((5, 3), np.nan))
    with pytest.raises(ValueError, match="towards A there are none to give"):
        game.translate(images, "a", codes=np.zeros((5, 3)))
    with pytest.raises(ValueError, match="to must be 'a' or 'b', got 'c'"):
        game.translate(images, "c")
    with pytest.raises(ValueError, match=r"images must lie in \[-1, 1\]"):
        game.translate(5 * images)
    with pytest.raises(ValueError, match=r"multiples of 4, .* got 8 × 7"):
        game.translate(images[:, :, :7])
    with pytest.raises(ValueError, match=r"a and b must have the same shape, got \(5, .* and \(4"):
        game.encode(images, images[:4])
    with pytest.raises(ValueError, match=r"images must lie in \[-1, 1\]"):
        game.encode(images, 5 * images)


def test_the_networks_must_fit_together():
    generators = [augmented.build_coded_generator(dim, base=2, depth=2) for dim in (3, 0)]
    encoder = augmented.build_code_encoder(3, base=2)
    judges = [translators.build_patch_discriminator(base=2, depth=1) for _ in range(2)]
    of_codes = augmented.build_code_discriminator(3)
    AugmentedCycleGAN(generators, encoder, [*judges, of_codes])
    with pytest.raises(ValueError, match="discriminators must be three, of A, of B and of codes, got 2"):
        AugmentedCycleGAN(generators, encoder, judges)
    for wrong in (generators[::-1], [augmented.build_coded_generator(2, base=2, depth=2), generators[1]]):
        with pytest.raises(ValueError, match=r"must take images and the encoder's codes, \(3,\)"):
            AugmentedCycleGAN(wrong, encoder, [*judges, of_codes])
    with pytest.raises(ValueError, match="the discriminator must take what the generator makes"):
        AugmentedCycleGAN(generators, encoder, [*judges, augmented.build_code_discriminator(2)])
    with pytest.raises(ValueError, match="code_cycle must be 0 or a number above it, got -1"):
        AugmentedCycleGAN(generators, encoder, [*judges, of_codes], code_cycle=-1)
