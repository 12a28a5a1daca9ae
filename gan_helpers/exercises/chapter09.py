"""Checks of chapter 9, CycleGAN. Inputs are drawn anew each time, so that no constant passes.

Where an answer is random, or its input is, a right answer fails by chance less often than once in a million times. Each
margin's comment says how many standard deviations it is.
"""

from __future__ import annotations

import numpy as np

from . import Hint, exercise, require


def tried(call, *arguments):
    """What a method of the reader's class returns; an error in it becomes a hint."""
    try:
        return call(*arguments)
    except Exception as error:
        raise Hint(f"Your class raised {type(error).__name__}: {error}") from error


# ------------------------------------------------------------------------------------------- 9.1: tables


@exercise("9.1")
def _best_way_back(answer):
    rng = np.random.default_rng()
    for n_a, n_b in ((6, 3), (4, 4), (3, 5), *rng.integers(2, 9, size=(20, 2)).tolist()):
        there = tuple(rng.integers(n_b, size=n_a).tolist())
        back, survive = answer(there, n_b)
        back, case = np.asarray(back), f"For there = {there} and n_b = {n_b}, "
        require(back.shape == (n_b,), f"{case}the table back should have {n_b} entries, one for each picture of B, and "
                f"yours has the shape {back.shape}.")  # fmt: skip
        require(np.isin(back, np.arange(n_a)).all(), f"{case}back should name pictures of A, from 0 to {n_a - 1}. A "
                "picture of B that nothing becomes needs an entry as well.")  # fmt: skip
        arrive = sum(back[there[i]] == i for i in range(n_a))
        require(survive == arrive, f"{case}{arrive} pictures survive with your table, and you return {survive}.")
        require(arrive == len(set(there)), f"{case}only {arrive} pictures survive with your table. Another one saves "
                "more of them.")  # fmt: skip


# ------------------------------------------------------------------------------------------- 9.2: receptive fields


def extent(stack) -> tuple[int, int]:
    """The side of the receptive field, and the product of the strides."""
    side, stride = 1, 1
    for kernel, step in stack:
        side += (kernel - 1) * stride
        stride *= step
    return side, stride


@exercise("9.2")
def _patches(answer):
    layers_of_70, patch_of = answer
    stack = [tuple(int(number) for number in layer) for layer in layers_of_70()]
    require(1 <= len(stack) <= 6, f"One to six layers are allowed, and yours are {len(stack)}.")
    require(all(len(layer) == 2 and layer[0] in (3, 4) and layer[1] in (1, 2) for layer in stack), "Each layer should "
            "be a pair of the kernel's side, 3 or 4, and the stride, 1 or 2.")  # fmt: skip
    side, stride = extent(stack)
    require(stride == 8, f"The picture should be halved three times, so that the strides' product is 8. Yours is "
            f"{stride}.")  # fmt: skip
    require(side == 70, f"The receptive field of your layers is {side}, and not 70.")
    rng = np.random.default_rng()
    for _ in range(10):
        stack = [(int(rng.integers(2, 6)), int(rng.integers(1, 4))) for _ in range(rng.integers(2, 6))]
        side, stride = extent(stack)
        i = int(rng.integers(1, 10))
        start, start_of_i = (tuple(int(number) for number in patch_of(stack, place)) for place in (0, i))
        case = f"For the stack {stack}, "
        require(start[0] == 0, f"{case}number 0 should begin at pixel 0, because nothing is padded.")
        require(start != (0, side), f"{case}the last pixel of number 0 is one too many. Which pixels does a field of r "
                "pixels have, if the first is 0?")  # fmt: skip
        require(start == (0, side - 1), f"{case}number 0 depends on the pixels 0 to {side - 1}, yours are {start[0]} "
                f"to {start[1]}.")  # fmt: skip
        require(start_of_i[1] - start_of_i[0] == side - 1, f"{case}all numbers depend on equally many pixels, but your "
                f"patch of number {i} is not as large as that of number 0.")  # fmt: skip
        require(start_of_i[0] == i * stride, f"{case}number {i} begins at another pixel than {start_of_i[0]}. By how "
                "many pixels of the input does a step of one on the last map move the patch?")  # fmt: skip


# ------------------------------------------------------------------------------------------- 9.3: the pool

CAPACITY, STEPS = 20, 20_000


def history(pool, steps: int, first: int = 0) -> np.ndarray:
    """Which step's image the pool returned at each step; image i is an array full of the number i."""
    returned = [tried(pool.exchange, np.full((2, 2, 3), float(first + i))) for i in range(steps)]
    require(all(np.shape(image) == (2, 2, 3) for image in returned), "exchange should return one image of the shape "
            "that it gets, in every step.")  # fmt: skip
    return np.array([np.asarray(image)[0, 0, 0] for image in returned]).astype(int)


@exercise("9.3")
def _pool(answer):
    require(isinstance(answer, type) and hasattr(answer, "exchange"), "Give the class itself, with its method "
            "exchange.")  # fmt: skip
    # With such seeds, a generator that is made anew at every call always says that an old image should leave.
    seeds = np.random.default_rng().choice(1_000_000, size=60, replace=False).tolist()
    seed, other_seed, *_ = (seed for seed in seeds if np.random.default_rng(seed).random() > 0.5)
    pool, other = tried(answer, CAPACITY, seed), tried(answer, CAPACITY, other_seed)
    came = history(pool, STEPS)
    ages = np.arange(STEPS) - came
    require(not ages[:CAPACITY].any(), "Until the pool is full, each image should be returned as it comes.")
    full = ages[CAPACITY:]
    require(full.any(), "No old image ever comes back. Follow one image by hand through a step.")
    require((full == 0).any(), f"With the seed {seed}, no image comes back in the step in which it was given, although "
            "a coin decides. How often is it tossed, and does it ever fall the other way?")  # fmt: skip
    old = came[CAPACITY:][full > 0]
    require(len(set(old)) == len(old), "An old image left the pool twice. A place must be taken by the new image when "
            "its old one leaves.")  # fmt: skip
    both = np.intersect1d(old, came[CAPACITY:][full == 0])
    require(not len(both), "A new image was returned at once, and later as an old one. It should be in one place only.")
    # Fair coins: the share has a standard deviation of 0.0035, so 0.03 is more than eight of them.
    require(abs(np.mean(full > 0) - 0.5) < 0.03, f"Old images are {np.mean(full > 0):.0%} of those that come from the "
            "full pool, and should be one half.")  # fmt: skip
    # An image waits until its place is drawn: each step has the probability 1 / 40, so its age is 40 steps on average,
    # with a standard deviation of about 40. There are 10,000 ages, and their mean has a standard deviation of about
    # 0.4, so 5 is twelve of them. That of their spread is about 0.6; if the oldest always left, the spread were 6.
    ages = full[full > 0]
    mean = ages.mean()
    require(np.std(ages) > 30 or abs(mean - 40) > 5, "The old images have all waited for about equally long. Which of "
            "them leaves should be left to chance.")  # fmt: skip
    require(abs(mean - 40) < 5, f"An image that is kept should wait for about 40 steps in a pool of {CAPACITY}, and "
            f"yours wait for {mean:.0f}. Is every place equally likely?")  # fmt: skip
    elsewhere = history(other, 500, first=STEPS)
    require((elsewhere >= STEPS).all(), "One pool returns images that were given to another one.")
    again = history(tried(answer, CAPACITY, seed), 500)
    require(np.array_equal(again, came[:500]), "Two pools with the same seed should return the same images.")
    # Two sequences of 480 fair coins are never equal.
    require(not np.array_equal(elsewhere - STEPS, came[:500]), "Two pools with different seeds should not toss the "
            "same coins.")  # fmt: skip


# ------------------------------------------------------------------------------------------- 9.4: an interval

SETS, PICTURES = 12, 202


@exercise("9.4")
def _interval(answer):
    rng = np.random.default_rng()
    middles, means, widths, unpaired = [], [], [], []  # all in units of the mean difference's standard error
    for _ in range(SETS):
        difficulty = rng.gamma(8, 0.03, size=PICTURES)  # some pictures are hard for both systems
        first, second = (difficulty + rng.normal(shift, 0.02, size=PICTURES) for shift in (0.1, 0.11))
        low, high = (float(end) for end in answer(first, second, seed=int(rng.integers(1_000_000))))
        require(np.isfinite([low, high]).all() and low <= high, f"Return two numbers, the lower end first; yours are "
                f"{low} and {high}.")  # fmt: skip
        error = np.std(second - first) / np.sqrt(PICTURES)
        middles.append((low + high) / 2 / error)
        means.append(np.mean(second - first) / error)
        widths.append((high - low) / 2 / error)
        unpaired.append(np.sqrt((first.var() + second.var()) / PICTURES) / error)
    # Each end of a right answer comes from 2,000 draws, and therefore has a standard deviation of about 0.06 in these
    # units. Half the width then has one of about 0.045, and its mean over 12 sets one of 0.013: 0.12 is nine of them.
    # The middle of one set has one of 0.045, and 0.5 is eleven of them.
    width, unpaired = np.mean(widths), np.mean(unpaired)
    require(abs(width / np.sqrt(PICTURES) - 1.96) > 0.4, "Your interval holds 95 % of the *single* differences. Asked "
            "is an interval for their mean.")  # fmt: skip
    require(abs(width / unpaired - 1.96) > 0.4, "Your interval is as wide as if the two systems had seen different "
            "pictures. What happens to the difference when a picture that is hard for both is drawn for one of them "
            "only?")  # fmt: skip
    require(abs(width - 1.645) > 0.12, "Your interval holds only 90 % of the bootstrap means. How much do you leave "
            "out on each side?")  # fmt: skip
    require(abs(width - 1.96) < 0.12, f"Your interval is {width / 1.96:.2f} times as wide as it should be. Draw as "
            "many pictures as there are, with replacement, and take the middle 95 % of the means.")  # fmt: skip
    require(np.abs(np.add(middles, means)).max() > 0.5, "Your interval is that of first − second.")
    require(np.abs(np.subtract(middles, means)).max() < 0.5, "Your interval has the right width, but its middle is far "
            "from the mean difference.")  # fmt: skip
    one, same, other = (tuple(map(float, answer(first, second, seed=seed))) for seed in (1, 1, 2))
    require(one == same, "The same seed should give the same interval.")
    require(one != other, "Another seed should draw other pictures, and give an interval that differs a little.")


# ------------------------------------------------------------------------------------------- 9.5: noise on the way

SIGMA = 0.1
SAME = "The same seed and the same step should give the same noise."


def tiny_game(kind, seed: int):
    """A game of ``kind`` with linear networks, and a list of what comes into them: (name of the network, images).

    The generators change nothing, at first.
    """
    import keras

    def network(name, channels):
        start = keras.initializers.Identity() if channels == 3 else "glorot_uniform"
        layers = [keras.layers.Input((None, None, 3)), keras.layers.Dense(channels, kernel_initializer=start)]
        return keras.Sequential(layers, name=name)

    generators, discriminators = ([network(name, channels) for name in names] for channels, names in (
        (3, ("a_to_b", "b_to_a")), (1, ("discriminator_a", "discriminator_b"))))  # fmt: skip
    game = tried(lambda: kind(generators, discriminators, pool=0, seed=seed))
    game.compile(keras.optimizers.SGD(0.01), keras.optimizers.SGD(0.01))
    seen = []
    for one in (*generators, *discriminators):
        watch(one, seen)
    return game, seen


def watch(network, seen: list) -> None:
    """Write down what comes into ``network``."""
    call = network.call

    def watched(inputs, *arguments, **named):
        seen.append((network.name, inputs))
        return call(inputs, *arguments, **named)

    network.call = watched


def on_the_way(game, seen, a, b, fake_a, fake_b, step):
    """The losses, and what each generator was given to bring back; compiled, as in training."""
    import tensorflow as tf

    @tf.function(autograph=False)
    def losses(step):
        seen.clear()
        found = game.cycle_losses(a, b, fake_a, fake_b, step)
        return found, {name: tf.convert_to_tensor(images) for name, images in seen}, len(seen)

    # Calling losses itself would warn the reader, at the fifth new game, that it is traced so often.
    traced = tried(losses.get_concrete_function, tf.TensorSpec([], tf.int64))
    found, given, calls = tried(traced, tf.constant(step, tf.int64))
    again = tried(traced, tf.constant(step, tf.int64))[1]
    require(isinstance(found, dict) and set(found) == {"cycle_a", "cycle_b"}, "cycle_losses should return a "
            "dictionary with the losses cycle_a and cycle_b.")  # fmt: skip
    require(int(calls) == 2 and set(given) == {"a_to_b", "b_to_a"}, "In cycle_losses each generator should be called "
            "once: one brings back what the other has made.")  # fmt: skip
    require(all(np.allclose(given[name], again[name], atol=1e-5) for name in given), SAME)
    noise = {"a": given["a_to_b"].numpy() - fake_a.numpy(), "b": given["b_to_a"].numpy() - fake_b.numpy()}
    return {name: float(value) for name, value in found.items()}, given, noise


@exercise("9.5")
def _noisy_way(answer):
    from ..models.cyclegan import CycleGAN

    require(isinstance(answer, type) and issubclass(answer, CycleGAN), "Give the class itself, a subclass of "
            "gh.CycleGAN.")  # fmt: skip
    import tensorflow as tf

    rng = np.random.default_rng()
    seed, other_seed = (int(number) for number in rng.choice(1_000_000, size=2, replace=False))
    a, b, fake_a, fake_b = (tf.constant(rng.uniform(-0.3, 0.3, (4, 32, 32, 3)), tf.float32) for _ in range(4))
    game, seen = tiny_game(answer, seed)
    losses, given, noise = on_the_way(game, seen, a, b, fake_a, fake_b, 5)
    check_noise(noise)
    for kind, back in (("a", given["b_to_a"]), ("b", given["a_to_b"])):  # the generators give back what they get
        real = {"a": a, "b": b}[kind]
        require(np.isclose(losses[f"cycle_{kind}"], np.abs(back - real).mean(), rtol=1e-3), f"cycle_{kind} should be "
                "the mean absolute difference between the picture that came back and the real one.")  # fmt: skip
    check_draws(answer, seed, other_seed, noise, (a, b, fake_a, fake_b))
    check_slopes(game, a, b)
    seen.clear()
    game.sources = {0: a.numpy(), 1: b.numpy()}
    game.before_training()
    tried(game.update, tf.constant(5, tf.int64), a, b)
    shown = [images.numpy() for name, images in seen if name.startswith("discriminator")]
    real_or_fake = [images.numpy() for images in (a, b)]  # the generators are the identity: fakes are the real ones
    require(all(any(np.allclose(images, known, atol=1e-5) for known in real_or_fake) for images in shown), "The "
            "discriminators see noise. They should see the fakes as the generators made them.")  # fmt: skip


def check_noise(noise: dict) -> None:
    """Its size and its form, for 12,288 numbers of each kind, and that A's is not B's."""
    for kind, of in noise.items():
        require(np.std(of) > 1e-4, f"The fakes of {kind.upper()} go back without any noise.")
    require(np.abs(noise["a"] - noise["b"]).max() > 1e-4, "The fakes of A and of B get the same noise.")
    for kind, of in noise.items():
        name = f"The noise on the fakes of {kind.upper()} "
        # The standard deviation of 12,288 numbers has itself one of 0.64 %, so 6 % are more than nine of them.
        require(abs(np.std(of) / SIGMA - 1) < 0.06, f"{name}has the standard deviation {np.std(of):.3f}, and should "
                f"have {SIGMA}.")  # fmt: skip
        require(abs(np.mean(of)) < 0.08 * SIGMA, f"{name}has the mean {np.mean(of):.3f}, and should have 0.")
        # The share beyond two standard deviations is 4.6 % ± 0.2 % for a normal distribution, and 0 for a uniform one.
        require(abs(np.mean(np.abs(of) > 2 * SIGMA) - 0.0455) < 0.015, f"{name}is not normally distributed.")
        for axis, what in enumerate(("picture", "row", "column", "channel")):
            require(np.std(of, axis=axis).mean() > 0.5 * SIGMA, f"{name}is the same for every {what}.")
    # Of independent noise the correlation is 0 ± 0.009.
    both = np.corrcoef(noise["a"].ravel(), noise["b"].ravel())[0, 1]
    require(abs(both) < 0.1, "The noises on the fakes of A and of B are not independent of each other.")


def check_draws(kind, seed: int, other_seed: int, noise: dict, images: tuple) -> None:
    """The noise is new in every step and for every seed, and the same for the same step and seed.

    Args:
        kind: the reader's class.
        seed: that was used.
        other_seed: another one.
        noise: that was found for step 5.
        images: real a, real b, fake a, fake b.
    """

    def found(seed, step):
        return on_the_way(*tiny_game(kind, seed), *images, step)[2]

    same = [np.allclose(found(seed, 5)[which], noise[which], atol=1e-5) for which in "ab"]
    require(all(same), SAME)
    for which in "ab":
        require(not np.allclose(found(seed, 6)[which], noise[which], atol=1e-5), "Two steps have the same noise. A "
                "generator could learn to hide its signal beside it.")  # fmt: skip
        require(not np.allclose(found(other_seed, 5)[which], noise[which], atol=1e-5), "Two runs with different seeds "
                "have the same noise.")  # fmt: skip


def check_slopes(game, a, b) -> None:
    """Each cycle loss moves both generators."""
    import tensorflow as tf

    generators = game.a_to_b, game.b_to_a
    for name in ("cycle_a", "cycle_b"):
        with tf.GradientTape() as tape:
            fakes = game.b_to_a(b, training=True), game.a_to_b(a, training=True)
            loss = tried(game.cycle_losses, a, b, *fakes, tf.constant(5, tf.int64))[name]
        slopes = tape.gradient(loss, [one.trainable_variables[0].value for one in generators])
        require(all(slope is not None and np.abs(slope).max() > 0 for slope in slopes), f"{name} should move both "
                "generators. The gradient of one of them is lost on the way.")  # fmt: skip
