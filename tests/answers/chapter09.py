"""Right and wrong answers to the exercises of chapter 9; each wrong one with a part of the hint it should get."""

import numpy as np

from gan_helpers.core import sampling
from gan_helpers.models.cyclegan import CycleGAN


def way_back(short=False, unreached=0, everybody=False, first=True):
    def best_way_back(there, n_b):
        back = [there.index(b) if b in there else unreached for b in range(n_b)] if first else [0] * n_b
        survive = len(there) if everybody else sum(back[b] == i for i, b in enumerate(there))
        return [back[b] for b in sorted(set(there))] if short else back, survive

    return best_way_back


PAPER = [(4, 2), (4, 2), (4, 2), (4, 1), (4, 1)]


def fields(stack=PAPER, own_stride=False, end=-1, jump=None):
    """Functions for receptive fields.

    Args:
        stack: what layers_of_70 returns.
        own_stride: a layer's own stride counts for its kernel, too.
        end: the last pixel, relative to the first pixel after the patch.
        jump: how far apart patches are; by default the product of the strides.
    """

    def patch_of(stack, i):
        side, stride = 1, 1
        for kernel, step in stack:
            side += (kernel - 1) * stride * (step if own_stride else 1)
            stride *= step
        first = i * (stride if jump is None else jump(side, stack))
        return first, first + side + end

    return lambda: stack, patch_of


def pool_of(order="read first", made="once", seeded=True, place="any", coin=0.5, fills=True, shared=False):
    everybodys = []

    class Pool:
        def __init__(self, capacity, seed):
            self.capacity, self.seed = capacity, seed
            self.images = everybodys if shared else []
            self.rng = np.random.default_rng(seed if seeded else None)
            self.oldest = 0

        def exchange(self, image):
            rng = self.rng if made == "once" else np.random.default_rng(self.seed)
            if len(self.images) < self.capacity:
                self.images.append(image)
                return image if fills else self.images[0]
            if rng.random() < coin:
                return image
            where = {"any": rng.integers(self.capacity), "first": 0, "oldest": self.oldest}[place]
            self.oldest = (self.oldest + 1) % self.capacity
            if order == "write first":
                self.images[where] = image
                return self.images[where]
            old = self.images[where]
            if order != "never":
                self.images[where] = image
            return old

    return Pool


def interval(paired=True, mean=True, quantiles=(0.025, 0.975), sign=1, reseed=True, n=None, shift=0.0):
    def paired_interval(first, second, draws=2000, seed=0):
        rng = np.random.default_rng(seed if reseed else 0)
        which = rng.integers(len(first), size=(draws, n or len(first)))
        other = which if paired else rng.integers(len(first), size=which.shape)
        found = (second[which] - first[other]).mean(axis=1) if mean else second - first
        return tuple(np.quantile(sign * found, quantiles) + shift)

    return paired_interval


def way(size=0.1, streams=("a", "b"), of_step=True, draw="normal", same_for=None, stop=False, seeded=True, cycle=None):
    """A class whose cycle loss has noise of this kind."""

    class NoisyWay(CycleGAN):
        def noise(self, images, step, stream):
            shape = list(images.shape)
            if same_for is not None:
                shape[same_for] = 1
            arguments = shape, self.seed if seeded else 0, step if of_step else 0, stream
            if draw == "uniform":
                return size * np.sqrt(12) * (sampling.uniform(*arguments) - 0.5)
            return size * sampling.normal(*arguments)

        def cycle_losses(self, real_a, real_b, fake_a, fake_b, step):
            import tensorflow as tf

            noisy = [fakes + self.noise(fakes, step, s) for fakes, s in zip((fake_a, fake_b), streams, strict=True)]
            if stop:
                noisy = [tf.stop_gradient(images) for images in noisy]
            if cycle:
                return cycle(self, real_a, real_b, *noisy)
            return super().cycle_losses(real_a, real_b, *noisy, step)

    return NoisyWay


class ForgotSuper(CycleGAN):
    def cycle_losses(self, real_a, real_b, fake_a, fake_b, step):
        raise AttributeError("no such thing")


class Unseeded(CycleGAN):
    def cycle_losses(self, real_a, real_b, fake_a, fake_b, step):
        import tensorflow as tf

        noisy = [fakes + tf.random.normal(fakes.shape, stddev=0.1) for fakes in (fake_a, fake_b)]
        return super().cycle_losses(real_a, real_b, *noisy, step)


class ShownWithNoise(way()):
    def shown(self, images, step, stream):
        return images + 0.1 * sampling.normal(images.shape, self.seed, step, stream)


def from_noisy(game, real_a, real_b, noisy_a, noisy_b):
    """Compares what came back with the noisy picture."""
    return {
        "cycle_a": _mean(game.b_to_a(noisy_b), noisy_a),
        "cycle_b": _mean(game.a_to_b(noisy_a), noisy_b),
    }


def _mean(x, y):
    import tensorflow as tf

    return tf.reduce_mean(tf.abs(x - y))


RIGHT = {
    "9.1": way_back(),
    "9.2": fields(),
    "9.3": pool_of(),
    "9.4": interval(),
    "9.5": way(),
}
WRONG = {
    "9.1": [
        (way_back(everybody=True), "and you return"),
        (way_back(first=False), "Another one saves more"),
        (way_back(short=True), "one for each picture of B"),
        (way_back(unreached=-1), "needs an entry as well"),
        (lambda there, n_b: way_back()(there, n_b)[0], "not yet"),
    ],
    "9.2": [
        (fields([(4, 2), (4, 2), (4, 2), (4, 1)]), "is 46, and not 70"),
        (fields([(4, 2), (4, 2), (4, 1), (4, 1), (4, 1)]), "Yours is 4"),
        (fields([(3, 2)] * 3 + [(3, 1)] * 4), "yours are 7"),
        (fields([(4, 2), (4, 2), (4, 2), (7, 1)]), "3 or 4"),
        (fields(end=0), "one too many"),
        (fields(own_stride=True), "number 0 depends"),
        (fields(jump=lambda side, stack: 1), "move the patch"),
        (fields(jump=lambda side, stack: side), "move the patch"),
        (fields()[1], "not yet"),
    ],
    "9.3": [
        (pool_of("write first", made="anew"), "Follow one image by hand"),
        (pool_of("write first"), "Follow one image by hand"),
        (pool_of(seeded=False), "same seed should return"),
        (pool_of(shared=True), "given to another"),
        (pool_of(made="anew"), "fall the other way"),
        (pool_of("never"), "left the pool twice"),
        (pool_of(place="first"), "every place equally likely"),
        (pool_of(place="oldest"), "left to chance"),
        (pool_of(coin=0.25), "should be one half"),
        (pool_of(fills=False), "returned as it comes"),
        (pool_of()(20, 0), "Give the class itself"),
    ],
    "9.4": [
        (interval(paired=False), "had seen different pictures"),
        (interval(mean=False), "*single* differences"),
        (interval(quantiles=(0.05, 0.95)), "only 90 %"),
        (interval(quantiles=(0.975, 0.025)), "lower end first"),
        (interval(sign=-1), "first − second"),
        (interval(n=50), "times as wide"),
        (interval(reseed=False), "Another seed"),
        (interval(shift=0.01), "middle is far"),
    ],
    "9.5": [
        (CycleGAN, "without any noise"),
        (way(size=0.01), "standard deviation 0.01"),
        (way(streams=("a", "a")), "the same noise"),
        (way(of_step=False), "Two steps"),
        (way(draw="uniform"), "not normally distributed"),
        (way(same_for=0), "the same for every picture"),
        (way(same_for=3), "the same for every channel"),
        (way(stop=True), "lost on the way"),
        (way(seeded=False), "Two runs"),
        (way(cycle=from_noisy), "and the real one"),
        (Unseeded, "same seed and the same step"),
        (ShownWithNoise, "The discriminators see noise"),
        (ForgotSuper, "Your class raised AttributeError: no such thing"),
        (way(cycle=lambda self, *images: _mean(images[0], images[1])), "dictionary"),
    ],
}
