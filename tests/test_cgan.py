"""The conditional GAN: pairs of pictures and labels, and two kinds of discriminator."""

import keras
import numpy as np
import pytest
import systems
import tensorflow as tf

from gan_helpers.models import cgan

RNG = np.random.default_rng(0)


def test_noise_is_multiplied_by_the_embedding_of_the_label():
    generator = cgan.build_generator(latent_dim=6)
    noise, labels = RNG.normal(size=(4, 6)).astype(np.float32), np.array([3, 0, 3, 9])
    embedding = generator.get_layer("embedding").get_weights()[0]
    inner = generator.layers[-1]
    expected = inner(noise * embedding[labels]).numpy()
    assert expected.shape == (4, 28, 28, 1)
    np.testing.assert_allclose(generator([noise, labels]).numpy(), expected, atol=1e-6)


@pytest.mark.parametrize("build", [cgan.build_discriminator, cgan.build_projection_discriminator])
def test_a_discriminator_answers_pairs(build):
    discriminator = build()
    images = RNG.uniform(-1, 1, (5, 28, 28, 1)).astype(np.float32)
    logits = [discriminator([images, np.full(5, label)]).numpy() for label in (1, 2)]
    assert logits[0].shape == (5, 1) and not np.allclose(*logits)


def test_the_projection_is_a_product_of_label_and_features():
    """So the logits of one image for two labels differ by ⟨V_a − V_b, φ(x)⟩."""
    discriminator = cgan.build_projection_discriminator()
    images = RNG.uniform(-1, 1, (3, 28, 28, 1)).astype(np.float32)
    phi = keras.Model(discriminator.inputs[0], discriminator.get_layer(index=-2).input[1])(images).numpy()
    vectors = discriminator.get_layer("embedding").get_weights()[0]
    a, b = (discriminator([images, np.full(3, label)]).numpy()[:, 0] for label in (4, 7))
    np.testing.assert_allclose(a - b, phi @ (vectors[4] - vectors[7]), rtol=1e-3, atol=1e-6)


def test_a_fake_has_the_label_it_was_made_for(eagerly, monkeypatch):
    """The discriminator never sees a real picture with a wrong label, nor a fake with another one than it was given."""
    game, ((images, labels),) = systems.build("cgan")
    batch = tf.constant(images[:6]), tf.constant(labels[:6])
    fake, of = game.fakes(batch, 0, "generator")
    assert np.array_equal(of, labels[:6])
    noise = game.noise(6, 0, "generator")
    assert np.array_equal(fake, game.generator([noise, batch[1]], training=True))
    seen = []
    monkeypatch.setattr(game, "discriminator", lambda pair, training: seen.append(pair) or pair[0][:, 0, 0])
    game.discriminator_loss(batch, (fake, of), 0)
    game.generator_loss((fake, of), 0)
    pictures, with_labels = zip(*seen, strict=True)
    assert [picture is images for picture, images in zip(pictures, (batch[0], fake, fake), strict=True)] == [True] * 3
    assert all(np.array_equal(given, labels[:6]) for given in with_labels)


def test_wrong_labels_are_wrong_and_equally_likely():
    game, _ = systems.build("cgan, wrong pairs")
    labels = tf.constant(RNG.integers(0, 3, 3000))
    wrong = game.wrong_labels(labels, 0).numpy()
    assert wrong.min() == 0 and wrong.max() == 2 and not (wrong == labels.numpy()).any()
    shift = (wrong - labels.numpy()) % 3
    assert np.mean(shift == 1) == pytest.approx(0.5, abs=0.04)
    assert np.array_equal(wrong, game.wrong_labels(labels, 0)) and not np.array_equal(
        wrong, game.wrong_labels(labels, 1)
    )


def test_fakes_and_wrong_pairs_count_one_half_each(eagerly):
    """J_D = −E log D(real) − ½ E log(1 − D(fake)) − ½ E log(1 − D(wrong)) (Reed et al., 2016, algorithm 1)."""
    game, ((images, labels),) = systems.build("cgan, wrong pairs")
    real = tf.constant(images[:6]), tf.constant(labels[:6])
    fake = game.fakes(real, 0, "discriminator")
    wrong = real[0], game.wrong_labels(real[1], 0)

    def log_loss(pairs, target):
        p = tf.sigmoid(game.discriminator(pairs, training=True)).numpy()
        return -np.mean(np.log(p if target else 1 - p))

    loss, report = game.discriminator_loss(real, fake, 0)
    expected = log_loss(real, 1) + 0.5 * log_loss(fake, 0) + 0.5 * log_loss(wrong, 0)
    assert float(loss) == pytest.approx(expected, rel=1e-5) and report["d_loss"] is loss
    assert set(report) == {"d_loss", "real_accuracy", "fake_accuracy"}


def test_samples_follow_their_labels():
    game, sources = systems.build("cgan")
    systems.train(game, sources, steps=2)
    labels = np.array([0, 1, 2, 1])
    images = game.sample(4, seed=5, labels=labels)
    assert images.shape == (4, 8, 8, 1) and np.array_equal(images, game.sample(4, seed=5, labels=labels))
    other = game.sample(4, seed=5, labels=np.array([0, 1, 2, 2]))
    assert np.array_equal(images[:3], other[:3]) and not np.array_equal(images[3], other[3])
    assert game.sample(7, seed=1).shape == (7, 8, 8, 1)


def test_labels_are_checked():
    game, ((images, labels),) = systems.build("cgan")
    with pytest.raises(ValueError, match=r"labels must be ints from 0 to 2"):
        game.train((images, labels + 1), steps=1)
    with pytest.raises(ValueError, match=r"a pair, \(images, labels\)"):
        game.train(images, steps=1)


def test_pictures_of_label_vectors_are_those_of_the_labels():
    game, sources = systems.build("cgan")
    systems.train(game, sources, steps=2)  # from here on, samples come from the averaged generator
    noise, labels = RNG.normal(size=(5, 4)).astype(np.float32), np.array([0, 2, 1, 1, 2])
    vectors = game.label_vectors(labels)
    expected = game.sampler([noise, labels]).numpy()
    np.testing.assert_allclose(game.pictures(noise, vectors), expected, atol=1e-6)
    between = game.pictures(noise, (vectors + vectors[::-1]) / 2)
    assert between.shape == (5, 8, 8, 1) and not np.allclose(between[0], expected[0])
    np.testing.assert_allclose(between[2], expected[2], atol=1e-6)  # the middle one met itself
