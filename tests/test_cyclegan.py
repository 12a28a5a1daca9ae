"""CycleGAN: what each loss measures and whom it moves, the pool of earlier fakes, networks for images of any size."""

import keras
import numpy as np
import pytest
import systems
import tensorflow as tf
from keras import layers

from conftest import equal, weights
from gan_helpers import losses
from gan_helpers.augmentation import augment
from gan_helpers.core import checkpoints
from gan_helpers.layers import ConditionalInstanceNormalization
from gan_helpers.models import augmented, translators
from gan_helpers.models.cyclegan import AugmentedDiscriminators, CycleGAN
from gan_helpers.models.pool import ImagePool

RNG = np.random.default_rng(0)


def images_of(n, side=8, seed=0):
    return tf.constant(np.random.default_rng(seed).uniform(-0.5, 0.5, (n, side, side, 3)), tf.float32)


def linear(factor, offset, channels=3):
    """x → factor · x + offset, as a network with weights; with another number of channels, every one of them is so."""
    kernel = factor * np.eye(3)[:, :channels]
    network = keras.Sequential([layers.Input((None, None, 3)), layers.Conv2D(channels, 1)])
    network.set_weights([kernel[np.newaxis, np.newaxis], np.full(channels, offset)])
    return network


def game_of(generators, logits=(0.0, 0.0), kind=CycleGAN, **settings):
    """A game whose generators are linear, each given by (factor, offset), and whose discriminators answer numbers."""
    discriminators = [linear(0.0, logit, channels=1) for logit in logits]
    game = kind([linear(*generator) for generator in generators], discriminators, **settings)
    game.compile(systems.optimizer(), systems.optimizer())
    return game


# -------------------------------------------------------------------------------------------------- losses


def test_generators_that_change_nothing_lose_nothing_on_their_ways(eagerly):
    report = systems.one_step(game_of([(1, 0), (1, 0)]), images_of(2), images_of(3, seed=1))
    assert [report[name] for name in ("cycle_a", "cycle_b", "identity_a", "identity_b")] == [0, 0, 0, 0]
    assert set(report) == set(CycleGAN.reports)


def test_losses_have_their_closed_forms(eagerly):
    """A → B adds ¼, B → A subtracts 1: back and forth ¾ is missing; what is there already moves by ¼ or by 1."""
    game = game_of([(1, 0.25), (1, -1.0)], logits=(0.2, 0.6))
    report = systems.one_step(game, images_of(2), images_of(3, seed=1))
    expected = {
        "cycle_a": 0.75, "cycle_b": 0.75, "identity_a": 1.0, "identity_b": 0.25,
        "adversarial_ab": 0.5 * (0.6 - 1) ** 2, "adversarial_ba": 0.5 * (0.2 - 1) ** 2,
        "d_a": 0.5 * (0.2 - 1) ** 2 + 0.5 * 0.2**2, "d_b": 0.5 * (0.6 - 1) ** 2 + 0.5 * 0.6**2,
    }  # fmt: skip
    assert report == pytest.approx(expected, rel=1e-5)
    paper = (0.6 - 1) ** 2 + (0.2 - 1) ** 2 + 10 * (0.75 + 0.75) + 5 * (1.0 + 0.25)
    assert game.objective(expected) == pytest.approx(paper)


def test_a_cycle_ends_where_it_began_only_if_the_generators_are_inverse(eagerly):
    a, b = images_of(2), images_of(2, seed=1)
    inverse = systems.one_step(game_of([(2, 0.5), (0.5, -0.25)]), a, b)
    assert inverse["cycle_a"] == pytest.approx(0, abs=1e-6) and inverse["cycle_b"] == pytest.approx(0, abs=1e-6)
    assert inverse["identity_a"] > 0.1 and inverse["identity_b"] > 0.1
    constant = systems.one_step(game_of([(0, 0.25), (0, -0.5)]), a, b)
    assert constant["cycle_a"] == pytest.approx(np.abs(a.numpy() + 0.5).mean(), rel=1e-5)
    assert constant["identity_b"] == pytest.approx(np.abs(b.numpy() - 0.25).mean(), rel=1e-5)


def spy(monkeypatch, network, seen):
    """Write down what ``network`` is called with."""
    call = network.call
    monkeypatch.setattr(network, "call", lambda x, *more, **how: seen.append(x) or call(x, *more, **how))


@pytest.mark.parametrize(
    "weight, silent",
    [("cycle", ("cycle_a", "cycle_b")), ("identity", ("identity_a", "identity_b")),
     ("adversarial", ("adversarial_ab", "adversarial_ba"))],
)  # fmt: skip
def test_a_part_that_counts_nothing_is_not_computed(weight, silent, eagerly, monkeypatch):
    calls = []
    for settings in ({}, {weight: 0}):
        game = game_of([(1, 0.25), (1, -1.0)], **settings)
        a, b = images_of(2), images_of(2, seed=1)
        counting = []
        for network in (game.a_to_b, game.b_to_a, game.discriminator_a, game.discriminator_b):
            spy(monkeypatch, network, counting)
        before = weights(game.a_to_b)
        report = systems.one_step(game, a, b)
        assert all((report[name] == 0) == (name in silent and bool(settings)) for name in report)
        assert not equal(before, weights(game.a_to_b))
        calls.append(len(counting))
    assert calls == [12, 10]  # two fakes, two cycles, two identities, two judgements of fakes, and four by D


def slopes(game, part, *images):
    """Which networks the gradient of the sum of some losses reaches."""
    networks = {name: getattr(game, name) for name in ("a_to_b", "b_to_a", "discriminator_a", "discriminator_b")}
    with tf.GradientTape() as tape:
        loss = part(*images)
    gradients = tape.gradient(loss, {name: network.trainable_variables for name, network in networks.items()})
    return {name for name, of in gradients.items() if any(g is not None and np.any(g != 0) for g in of)}


def test_whom_each_loss_moves(eagerly):
    game, _ = systems.build("cyclegan")
    a, b = images_of(2), images_of(2, seed=1)

    def fakes(x, y):
        return game.b_to_a(y, training=True), game.a_to_b(x, training=True)

    def adversarial(name):
        return slopes(game, lambda x, y: game.adversarial_losses(*fakes(x, y), 0)[name], a, b)

    assert adversarial("adversarial_ab") == {"a_to_b", "discriminator_b"}  # of which only the first learns from it
    assert adversarial("adversarial_ba") == {"b_to_a", "discriminator_a"}
    for name in ("cycle_a", "cycle_b"):
        reached = slopes(
            game, lambda x, y, name=name: game.cycle_losses(x, y, *fakes(x, y), tf.constant(0))[name], a, b
        )
        assert reached == {"a_to_b", "b_to_a"}
    for name, generator in (("identity_a", "b_to_a"), ("identity_b", "a_to_b")):
        assert slopes(game, lambda x, y, name=name: game.identity_losses(x, y)[name], a, b) == {generator}


def test_each_step_moves_its_own_pair(eagerly):
    game, _ = systems.build("cyclegan")
    a, b = images_of(2), images_of(2, seed=1)
    names = ("a_to_b", "b_to_a", "discriminator_a", "discriminator_b")

    def moved(step):
        before = {name: weights(getattr(game, name)) for name in names}
        step()
        return {name for name in names if not equal(before[name], weights(getattr(game, name)))}

    assert moved(lambda: game.generator_step(a, b, 0)) == {"a_to_b", "b_to_a"}
    assert moved(lambda: game.discriminator_step(a, b, b, a, 0)) == {"discriminator_a", "discriminator_b"}


def test_the_discriminators_see_old_fakes_and_the_generators_new_ones(eagerly, monkeypatch):
    game = game_of([(1, 0.25), (1, -1.0)])
    a, b = images_of(2), images_of(2, seed=1)
    game.sources = {0: a.numpy(), 1: b.numpy()}
    game.before_training()
    old = tf.fill((2, 8, 8, 3), 0.5)
    for pool in (game.pool_a, game.pool_b):
        monkeypatch.setattr(pool, "exchange", lambda new, seed, step: old)
    seen = {}
    monkeypatch.setattr(game, "shown", lambda images, step, stream: seen.setdefault(stream, images))
    game.update(tf.constant(0, tf.int64), a, b)
    assert np.allclose(seen["generators, b"], a + 0.25) and np.allclose(seen["generators, a"], b - 1.0)
    assert seen["fake a"] is old and seen["fake b"] is old
    assert seen["real a"] is a and seen["real b"] is b


def test_augmented_discriminators_see_everything_changed(eagerly, monkeypatch):
    policy = ("translation", "cutout")
    game = game_of([(1, 0.25), (1, -1.0)], kind=AugmentedDiscriminators, policy=policy)
    a, b, seen = images_of(2), images_of(2, seed=1), []
    spy(monkeypatch, game.discriminator_a, seen)
    systems.one_step(game, a, b)
    streams = ((b - 1.0, "generators, a"), (a, "real a"), (b - 1.0, "fake a"))  # the pool is not full yet
    for found, (images, stream) in zip(seen, streams, strict=True):
        np.testing.assert_allclose(found, augment(images, game.seed, 0, stream, policy), atol=1e-6)
        assert not np.allclose(found, images)
    assert game.identity()["policy"] == "translation, cutout" and "policy" not in game_of([(1, 0)] * 2).identity()


# ------------------------------------------------------------------------------------------ the pool of fakes


def numbered(first, n):
    """Images of 1 × 1 pixels that say which they are."""
    return tf.reshape(tf.range(first, first + n, dtype=tf.float32), (n, 1, 1, 1))


def exchanged(pool, steps, n=4, start=0):
    """What is returned at each step for images that are numbered throughout."""
    exchange = tf.function(pool.exchange, autograph=False)
    return np.array(
        [exchange(numbered(n * s, n), 0, tf.constant(s, tf.int64))[:, 0, 0, 0] for s in range(start, steps)]
    )


def test_the_pool_fills_first():
    pool = ImagePool(10, (1, 1, 1))
    returned = exchanged(pool, 2)
    assert np.array_equal(returned.ravel(), np.arange(8)) and int(pool.count) == 8
    assert np.array_equal(pool.images.numpy().ravel(), [*range(8), 0, 0])
    exchanged(pool, 3, start=2)  # of these four, two fill it
    assert int(pool.count) == 10 and set(pool.images.numpy().ravel()[:8]) <= {*range(8), 10, 11}


def test_half_of_what_the_full_pool_returns_is_old():
    pool = ImagePool(10, (1, 1, 1))
    returned = exchanged(pool, 500)
    given = np.arange(2000).reshape(500, 4)
    later = slice(3, None)
    old = returned[later] != given[later]
    assert old.mean() == pytest.approx(0.5, abs=0.04)
    assert (returned <= given).all()  # nothing that was not given yet
    ages = (given - returned)[later][old]
    # each time one of ten places is hit with the chance 1/20, so that an image is replaced after 20 others, in the mean
    assert ages.min() >= 1 and ages.mean() == pytest.approx(20, abs=2)


def test_an_image_is_returned_and_gone_or_still_there():
    """No image is lost before it was returned, and none comes back twice as an old one."""
    pool = ImagePool(5, (1, 1, 1))
    returned = exchanged(pool, 100).ravel()
    counts = np.bincount(returned.astype(int), minlength=400)
    held = set(pool.images.numpy().ravel().astype(int))
    assert len(held) == 5 and counts[:5].max() <= 2  # those that filled it were also returned as new
    for number in range(5, 400):
        assert counts[number] == (0 if number in held else 1)


def test_a_pool_of_nothing_and_a_pool_of_one():
    assert np.array_equal(exchanged(ImagePool(0, (1, 1, 1)), 5).ravel(), np.arange(20))
    returned = exchanged(ImagePool(1, (1, 1, 1)), 50, n=1).ravel()
    assert returned[0] == 0 and (returned < np.arange(50)).sum() > 10
    with pytest.raises(ValueError, match="capacity must be a whole number of at least 0, got -1"):
        ImagePool(-1, (1, 1, 1))


def test_the_pool_is_a_function_of_seed_step_and_name():
    returned = exchanged(ImagePool(5, (1, 1, 1)), 50)
    assert np.array_equal(returned, exchanged(ImagePool(5, (1, 1, 1)), 50))
    assert not np.array_equal(returned, exchanged(ImagePool(5, (1, 1, 1), "other"), 50))
    half, rest = ImagePool(5, (1, 1, 1)), ImagePool(5, (1, 1, 1))
    first = exchanged(half, 20)
    for old, new in zip(rest.variables, half.variables, strict=True):
        old.assign(new.numpy())
    assert np.array_equal(returned, np.concatenate([first, exchanged(rest, 50, start=20)]))
    half.empty()
    assert np.array_equal(returned, exchanged(half, 50))


def test_a_checkpoint_keeps_the_pools(tmp_path, eagerly):
    game, sources = systems.build("cyclegan")
    systems.train(game, sources, steps=4, checkpoint=tmp_path / "run.npz")
    other, _ = systems.build("cyclegan")
    systems.train(other, sources, steps=4, checkpoint=tmp_path / "run.npz")
    assert equal(weights(game.pool_a), weights(other.pool_a)) and int(other.pool_a.count) == 12
    assert other.pool_a.images.numpy().any() and not equal(weights(game.pool_a), weights(game.pool_b))
    game.restart(0)
    assert int(game.pool_a.count) == 0
    fresh, _ = systems.build("cyclegan")
    for name in ("a_to_b", "b_to_a"):
        anew = weights(getattr(fresh, name))
        assert equal(anew, weights(getattr(game, name))) and equal(anew, weights(getattr(game, f"averaged_{name}")))
    larger, _ = systems.build("cyclegan")
    larger.pool_capacity = 13
    with pytest.raises(checkpoints.CheckpointError, match="its pool is 12, now it is 13"):
        systems.train(larger, sources, steps=4, checkpoint=tmp_path / "run.npz")


# -------------------------------------------------------------------------------------------------- networks


@pytest.mark.parametrize("side, depth", [(16, 4), (64, 4), (24, 3)])
def test_a_unet_gives_images_their_own_size(side, depth):
    generator = translators.build_unet_generator(base=4, depth=depth)
    images = images_of(2, side)
    translated = generator(images).numpy()
    assert translated.shape == images.shape and np.abs(translated).max() <= 1
    assert translated.std(axis=(1, 2)).min() > 0  # even where the innermost map is one pixel
    assert translators.side_multiple(generator) == 2**depth
    joined = [layer for layer in generator.layers if isinstance(layer, layers.Concatenate)]
    assert len(joined) == depth  # the last one joins the images themselves


@pytest.mark.parametrize("finish", [False, True])
def test_the_last_block_is_what_bends_at_full_size(finish):
    """Before the tanh, f(−x) = −f(x) for the joined maps x if and only if only a convolution follows them."""
    generator = translators.build_unet_generator(base=4, depth=2, finish=finish)
    joined = [layer for layer in generator.layers if isinstance(layer, layers.Concatenate)][-1]
    ending = keras.Model(joined.output, generator.output)
    maps = tf.constant(RNG.normal(size=(1, 8, 8, joined.output.shape[-1])), tf.float32)
    there, opposite = (np.arctanh(ending(x).numpy()) for x in (maps, -maps))
    odd = np.abs(there + opposite).max() < 1e-5
    assert odd != finish and np.abs(there).max() > 1e-3


def test_a_unet_can_tell_a_dark_picture_from_a_light_one():
    """Its first map is not normalised: a constant added to a picture is not lost."""
    generator = translators.build_unet_generator(base=4, depth=3)
    images = images_of(1, 16)
    assert np.abs(generator(images) - generator(images + 0.4)).max() > 1e-4


def test_on_the_way_up_a_unet_has_the_widths_of_the_way_down():
    generator = translators.build_unet_generator(base=2, depth=4)
    widths = [layer.filters for layer in translators.convolutions_of(generator)]
    assert widths == [2, 4, 8, 16, 8, 4, 2, 2, 3]
    normalised = [layer for layer in generator.layers if isinstance(layer, layers.GroupNormalization)]
    assert len(normalised) == 2 + 3  # neither the first, nor the innermost, nor the last block
    joined = [layer.output.shape[-1] for layer in generator.layers if isinstance(layer, layers.Concatenate)]
    assert joined == [16, 8, 4, 7]  # each map beside its equal, and the last beside the image


@pytest.mark.parametrize(
    "build",
    [
        lambda: translators.build_unet_generator(base=2, depth=4),
        lambda: translators.build_resnet_generator(base=2, blocks=1),
        lambda: translators.build_patch_discriminator(base=2, depth=3),
        lambda: augmented.build_coded_generator(2, base=2, depth=3),
        lambda: augmented.build_coded_generator(0, base=2, depth=3),
    ],
)
def test_a_convolution_has_a_bias_unless_a_normalisation_takes_it_away(build):
    network = build()
    normalised = set()
    for layer in network.layers:
        if isinstance(layer, layers.GroupNormalization | ConditionalInstanceNormalization):
            normalised |= {before.operation for before in layer._inbound_nodes[0].parent_nodes}
    for layer in translators.convolutions_of(network):
        assert layer.use_bias != (layer in normalised), layer.name


def test_a_resnet_gives_images_their_own_size():
    generator = translators.build_resnet_generator(base=4, blocks=2)
    images = images_of(2, 20)
    translated = generator(images).numpy()
    assert translated.shape == images.shape and np.abs(translated).max() <= 1
    assert translators.side_multiple(generator) == 4


def test_first_weights_are_small():
    generator = translators.build_unet_generator(base=16, depth=4)
    for layer in translators.convolutions_of(generator)[:-1]:
        assert layer.get_weights()[0].std() == pytest.approx(0.02, rel=0.1)


def test_instance_normalisation_is_of_one_image_and_one_channel():
    x = RNG.normal(3, 2, (4, 6, 6, 5)).astype(np.float32)
    for spread in (1.0, 0.003):  # where the variance is as small as ε, it shows
        deviation = np.sqrt((spread * x).var(axis=(1, 2), keepdims=True) + 1e-5)
        expected = spread * (x - x.mean(axis=(1, 2), keepdims=True)) / deviation
        np.testing.assert_allclose(translators.instance_normalization()(spread * x), expected, atol=1e-3)


@pytest.mark.parametrize("depth, side", [(1, 10), (2, 22), (3, 46)])
def test_what_one_logit_sees(depth, side):
    """1 + 3 for the last convolution times the stride before it, and so on; and nothing outside has a slope."""
    network = translators.build_patch_discriminator(base=2, depth=depth, normalise=False)
    assert translators.receptive_field(network) == side
    images = images_of(1, side=96)
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = network(images)
        middle = logits[0, logits.shape[1] // 2, logits.shape[2] // 2, 0]
    assert logits.shape == (1, 96 // 2**depth, 96 // 2**depth, 1)
    slope = np.abs(tape.gradient(middle, images)[0]).sum(axis=2) > 0
    for axis in (0, 1):
        seen = np.flatnonzero(slope.any(axis=axis))
        assert seen[-1] - seen[0] + 1 == side and len(seen) == side


def test_a_discriminator_may_see_differences():
    """At first, a soft shade moves the logits more than twice as far if there is a gain."""
    images = images_of(1, side=32).numpy() * 0.0
    shaded = images + np.linspace(0, 0.2, 32, dtype=np.float32).reshape(1, 1, 32, 1)
    moved = {}
    for gain in (0.0, 64.0):
        keras.utils.set_random_seed(0)
        network = translators.build_patch_discriminator(base=8, depth=2, normalise=False, gain=gain)
        moved[gain] = np.abs(network(shaded) - network(images)).mean()
    assert moved[64.0] > 2 * moved[0.0]


def test_patches_are_judged_one_by_one():
    """A change in one corner changes no logit in the opposite one."""
    network = translators.build_patch_discriminator(base=2, depth=2, normalise=False)
    images = images_of(1, side=64).numpy()
    before = network(images).numpy()[0, :, :, 0]
    images[:, :8, :8] = 1
    after = network(images).numpy()[0, :, :, 0]
    assert before[0, 0] != after[0, 0] and np.array_equal(before[-4:, -4:], after[-4:, -4:])


# ------------------------------------------------------------------------------------------- sources and use


def test_the_networks_must_fit_together():
    generators = [translators.build_unet_generator(base=2, depth=2) for _ in range(2)]
    discriminators = [translators.build_patch_discriminator(base=2, depth=1) for _ in range(2)]
    with pytest.raises(ValueError, match="two pairs of networks, and no network may be two"):
        CycleGAN([generators[0]] * 2, discriminators)
    with pytest.raises(ValueError, match="two pairs of networks, and no network may be two"):
        CycleGAN(generators, discriminators[:1])
    grey = keras.Sequential([layers.Input((None, None, 1)), layers.Conv2D(1, 3)])
    with pytest.raises(ValueError, match="the discriminator must take what the generator makes"):
        CycleGAN(generators, [discriminators[0], grey])
    sigmoid = keras.Sequential([layers.Input((None, None, 3)), layers.Conv2D(1, 3, activation="sigmoid")])
    with pytest.raises(ValueError, match="leave out the sigmoid"):
        CycleGAN(generators, [discriminators[0], sigmoid])
    for name in ("cycle", "identity", "adversarial"):
        with pytest.raises(ValueError, match=f"{name} must be 0 or a number above it, got -1"):
            CycleGAN(generators, discriminators, **{name: -1})
    with pytest.raises(ValueError, match="pool must be a whole number of at least 0, got 1.5"):
        CycleGAN(generators, discriminators, pool=1.5)
    other = CycleGAN(generators, discriminators, losses.NonSaturatingLoss())
    assert other.panels()[0].guides["d_a"] == pytest.approx(2 * np.log(2))


def test_wrong_sources_are_refused():
    game, (a, b) = systems.build("cyclegan")
    with pytest.raises(ValueError, match=r"takes 2 source\(s\) of training data, got 1"):
        game.train(a, steps=1)
    with pytest.raises(ValueError, match=r"must be multiples of 4, .* got 6 × 8"):
        game.train(a, b[:, :6], steps=1)
    with pytest.raises(ValueError, match="one array of images, got a tuple of 2 arrays"):
        game.train((a, a), b, steps=1)
    with pytest.raises(ValueError, match=r"shape \(n, any, any, 3\)"):
        game.train(a, b[..., :1], steps=1)
    with pytest.raises(ValueError, match=r"images must lie in \[-1, 1\]"):
        game.train(a, 3 * b, steps=1)


@pytest.mark.parametrize("batch_size", [1, (2, 3)])
def test_sets_of_other_lengths_and_sizes_train_in_batches_of_any_size(batch_size, eagerly):
    game, _ = systems.build("cyclegan")
    a, b = images_of(5).numpy(), images_of(7, side=12).numpy()
    curves = game.train(a, b, steps=3, every=1, batch_size=batch_size)
    assert game.pool_a.images.shape == (12, 12, 12, 3) and game.pool_b.images.shape == (12, 8, 8, 3)
    for report in game.reports:
        assert np.isfinite(curves[report][1]).all() and (curves[report][1] > 0).all()


def test_several_devices_cannot_share_a_pool(monkeypatch):
    class TwoDevices:
        num_replicas_in_sync = 2

    game, _ = systems.build("cyclegan")
    monkeypatch.setattr(type(game), "distribute_strategy", TwoDevices())
    with pytest.raises(ValueError, match="several devices cannot share the pools"):
        game.compile(systems.optimizer(), systems.optimizer())


def test_translating(eagerly):
    game, sources = systems.build("cyclegan")
    assert game.preview(3) is None
    images = np.asarray(sources[0])
    np.testing.assert_array_equal(game.translate(images[:3]), game.a_to_b(images[:3]))
    systems.train(game, sources, steps=2)
    for to, generator in (("b", game.averaged_a_to_b), ("a", game.averaged_b_to_a)):
        translated = game.translate(images, to)
        assert translated.shape == images.shape and translated.dtype == np.float32
        np.testing.assert_allclose(translated, generator(images), atol=1e-6)
        assert game.shipped()["a_to_b" if to == "b" else "b_to_a"] is generator
    assert game.preview(4).shape == (4, 8, 8, 3)
    with pytest.raises(ValueError, match="to must be 'a' or 'b', got 'c'"):
        game.translate(images, "c")
    with pytest.raises(ValueError, match=r"images must lie in \[-1, 1\]"):
        game.translate(5 * images)
    with pytest.raises(ValueError, match=r"multiples of 4, .* got 8 × 7"):
        game.translate(images[:, :, :7])


@pytest.mark.parametrize(
    ("name", "networks"), [("cyclegan", "a_to_b b_to_a"), ("cyclegan, augmented", "a_to_b b_to_a encoder")]
)
def test_averages_follow_the_generators(name, networks, eagerly):
    """After one step they are the generators, after two they lie between: the older weights count 0.9 as much."""
    game, sources = systems.build(name)
    path = {network: [] for network in networks.split()}
    for steps in (1, 2):
        systems.train(game, sources, steps=steps, every=1)
        for network, stages in path.items():
            stages.append(weights(getattr(game, network)))
    for network, stages in path.items():
        for old, new, mean in zip(*stages, weights(getattr(game, f"averaged_{network}")), strict=True):
            np.testing.assert_allclose(mean, (0.9 * old + new) / 1.9, atol=1e-6)


def test_nothing_is_averaged_unless_it_is_asked_for(eagerly):
    plain = game_of([(1, 0.25), (1, -1.0)])
    systems.one_step(plain, images_of(2), images_of(2))
    assert plain.translator("b") is plain.a_to_b and plain.averaged_a_to_b is None


def test_it_learns_a_change_of_colour():
    """A is dark and B is light: after a few steps, pictures of A have become lighter, and come back darker."""
    game, _ = systems.build("cyclegan")
    game.compile(keras.optimizers.Adam(5e-3, 0.5), keras.optimizers.Adam(5e-3, 0.5))
    a, b = (np.clip(images_of(24, seed=i).numpy() + shift, -1, 1) for i, shift in enumerate((-0.5, 0.5)))
    game.train(a, b, steps=60, every=60, batch_size=8)
    assert game.translate(a).mean() > 0.2 > -0.2 > game.translate(b, to="a").mean()
