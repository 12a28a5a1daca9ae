"""CycleGAN (chapter 9): from pictures of one kind to another kind and back, learned without a single pair (Zhu, Park,
Isola & Efros, 2017, arXiv:1703.10593).

The two kinds are called A and B. There is a generator each way, and a discriminator for each kind.
"""

from __future__ import annotations

import math

import keras
import numpy as np
import tensorflow as tf

from ..augmentation import POLICY, augment
from ..core import checks, sampling
from ..core.curves import Panel
from ..core.system import System, copy_variables, generate
from ..data.images import ImageDataset, check_images
from ..data.sets import unpaired_emoji
from ..losses import AdversarialLoss, LeastSquaresLoss
from ..scores.translation import TranslationEvaluator
from .game import check_players, follow_weights
from .pool import ImagePool
from .recipe import Recipe
from .translators import build_patch_discriminator, build_unet_generator, side_multiple


class CycleGAN(System):
    """Two generators, from A to B and from B to A, against two discriminators, of A and of B.

    Its two sources are images of A and images of B, which need not be equally many. The generators minimise

        w (adversarial_ab + adversarial_ba) + λ_cycle (cycle_a + cycle_b) + λ_identity (identity_a + identity_b)

    and the discriminators d_a + d_b. All are reported as they are before they are weighted.

    Args:
        generators: (from A to B, from B to A), each images (n, h, w, 3) → images of the same shape, in [−1, 1].
        discriminators: (of A, of B), each images → logits of any shape, one for each patch.
        loss: an :class:`~gan_helpers.losses.AdversarialLoss`.
        cycle: λ_cycle. There and back again, an image should be what it was.
        identity: λ_identity. An image that is of B already, the generator from A to B should leave as it is.
        adversarial: w. The paper's generators minimise E (a − 1)², and the course's least-squares loss has a ½ before
            it: with 2 the objective is the paper's. (Of the discriminators the paper halves the loss as well.) Where
            one of the three weights is 0, that part is not computed, and 0 is reported.
        pool: how many earlier fakes of each kind are kept for the discriminators; see :class:`ImagePool`.
        seed: chooses batches, and what leaves the pools.
        average: if given, say 0.999, images are translated by copies of the generators whose weights are running
            averages over training; see :func:`~gan_helpers.models.game.follow_weights`.

    Raises:
        ValueError: the networks are not four, or do not fit together, or a number makes no sense.
    """

    n_sources = 2
    reports = ("adversarial_ab", "adversarial_ba", "cycle_a", "cycle_b", "identity_a", "identity_b", "d_a", "d_b")

    def __init__(
        self,
        generators: tuple[keras.Model, keras.Model],
        discriminators: tuple[keras.Model, keras.Model],
        loss: AdversarialLoss | None = None,
        cycle: float = 10.0,
        identity: float = 5.0,
        adversarial: float = 2.0,
        pool: int = 50,
        seed: int = 0,
        average: float | None = None,
    ):
        check_four(generators, discriminators)
        super().__init__(seed, generators[0].output_shape[1:])
        self.a_to_b, self.b_to_a = generators
        self.discriminator_a, self.discriminator_b = discriminators
        self.adversarial_loss = checks.of_kind("loss", loss or LeastSquaresLoss(), AdversarialLoss)
        self.cycle_weight = checks.not_negative("cycle", cycle)
        self.identity_weight = checks.not_negative("identity", identity)
        self.adversarial_weight = checks.not_negative("adversarial", adversarial)
        self.pool_capacity = checks.count("pool", pool, least=0)
        self.average = average if average is None else checks.memory("average", average)
        self.sources = {}  # what it was last trained on
        self.pool_a = self.pool_b = None  # made when training starts, as the averaged generators are
        self.averaged_a_to_b = self.averaged_b_to_a = None

    # ------------------------------------------------------------------------------------------- one step

    def update(self, step, real_a, real_b):
        """First the generators; then the discriminators, on the same fakes, of which the pools have exchanged some."""
        fake_a, fake_b, report = self.generator_step(real_a, real_b, step)
        fake_a = self.pool_a.exchange(fake_a, self.seed, step)
        fake_b = self.pool_b.exchange(fake_b, self.seed, step)
        return report | self.discriminator_step(real_a, real_b, fake_a, fake_b, step)

    def generator_step(self, real_a, real_b, step):
        """Move both generators, and nothing else; return fakes of A, fakes of B, and what to report."""
        with tf.GradientTape() as tape:
            fake_a, fake_b = self.b_to_a(real_b, training=True), self.a_to_b(real_a, training=True)
            losses = self.adversarial_losses(fake_a, fake_b, step)
            losses |= self.cycle_losses(real_a, real_b, fake_a, fake_b, step)
            losses |= self.identity_losses(real_a, real_b)
            loss = self.objective(losses)
        weights = self.weights_of("generator")
        self.generator_optimizer.apply(tape.gradient(loss, weights), weights)
        return fake_a, fake_b, losses

    def discriminator_step(self, real_a, real_b, fake_a, fake_b, step):
        """Move both discriminators, and nothing else; return what to report."""
        with tf.GradientTape() as tape:
            d_a = self.discriminator_loss(self.discriminator_a, real_a, fake_a, step, "a")
            d_b = self.discriminator_loss(self.discriminator_b, real_b, fake_b, step, "b")
            loss = d_a + d_b
        weights = self.weights_of("discriminator")
        self.discriminator_optimizer.apply(tape.gradient(loss, weights), weights)
        return {"d_a": d_a, "d_b": d_b}

    def objective(self, losses: dict[str, tf.Tensor]) -> tf.Tensor:
        """What the generators minimise together."""
        return (
            self.adversarial_weight * (losses["adversarial_ab"] + losses["adversarial_ba"])
            + self.cycle_weight * (losses["cycle_a"] + losses["cycle_b"])
            + self.identity_weight * (losses["identity_a"] + losses["identity_b"])
        )

    def adversarial_losses(self, fake_a, fake_b, step):
        """The fakes should be taken for real: those that were made of A, by the discriminator of B."""
        if not self.adversarial_weight:
            return {"adversarial_ab": 0.0, "adversarial_ba": 0.0}
        logits_a = self.discriminator_a(self.shown(fake_a, step, "generators, a"), training=True)
        logits_b = self.discriminator_b(self.shown(fake_b, step, "generators, b"), training=True)
        return {
            "adversarial_ab": self.adversarial_loss.generator(logits_b),
            "adversarial_ba": self.adversarial_loss.generator(logits_a),
        }

    def cycle_losses(self, real_a, real_b, fake_a, fake_b, step):
        """There and back again: G_BA(G_AB(a)) should be a, and G_AB(G_BA(b)) should be b."""
        if not self.cycle_weight:
            return {"cycle_a": 0.0, "cycle_b": 0.0}
        back_a, back_b = self.b_to_a(fake_b, training=True), self.a_to_b(fake_a, training=True)
        return {"cycle_a": mean_difference(back_a, real_a), "cycle_b": mean_difference(back_b, real_b)}

    def identity_losses(self, real_a, real_b):
        """What is there already should stay: G_BA(a) should be a, and G_AB(b) should be b."""
        if not self.identity_weight:
            return {"identity_a": 0.0, "identity_b": 0.0}
        same_a, same_b = self.b_to_a(real_a, training=True), self.a_to_b(real_b, training=True)
        return {"identity_a": mean_difference(same_a, real_a), "identity_b": mean_difference(same_b, real_b)}

    def discriminator_loss(self, discriminator, real, fake, step, kind):
        """What one discriminator minimises; ``kind`` is ``"a"`` or ``"b"``."""
        real_logits = discriminator(self.shown(real, step, f"real {kind}"), training=True)
        fake_logits = discriminator(self.shown(fake, step, f"fake {kind}"), training=True)
        return self.adversarial_loss.discriminator(real_logits, fake_logits)

    def shown(self, images: tf.Tensor, step: tf.Tensor | int, stream: str) -> tf.Tensor:
        """What a discriminator sees of images, real or fake: here, the images. A variant may change them.

        Args:
            images: float32, shape (n, h, w, 3).
            step: of the training.
            stream: which images; see :func:`gan_helpers.core.sampling.step_seed`.
        """
        return images

    # ---------------------------------------------------------------------------------------- for training

    def players(self):
        """The generators, which share an optimizer, and the discriminators, which share another."""
        return {
            "generator": [self.a_to_b, self.b_to_a],
            "discriminator": [self.discriminator_a, self.discriminator_b],
        }

    def state(self):
        """Once training has started, the pools; and the averaged generators, where there are any."""
        state = {} if self.pool_a is None else {"pool_a": self.pool_a, "pool_b": self.pool_b}
        if self.averaged_a_to_b is not None:
            state |= {"averaged_a_to_b": self.averaged_a_to_b, "averaged_b_to_a": self.averaged_b_to_a}
        return state

    def identity(self):
        """As of every system, and the loss, the weights, the pool and the averaging."""
        return super().identity() | {
            "loss": repr(self.adversarial_loss),
            "cycle": self.cycle_weight,
            "identity": self.identity_weight,
            "adversarial": self.adversarial_weight,
            "pool": self.pool_capacity,
            "average": self.average,
        }

    def compile(
        self,
        discriminator_optimizer: keras.optimizers.Optimizer,
        generator_optimizer: keras.optimizers.Optimizer,
        jit_compile: bool = False,
    ) -> None:
        """Give each pair of networks its optimizer.

        Args:
            discriminator_optimizer: for both discriminators; not shared with the generators.
            generator_optimizer: for both generators.
            jit_compile: use XLA. On a CPU it hurts convolutional networks badly.

        Raises:
            ValueError: all were given one optimizer; or several devices are to share the pools.
        """
        if self.pool_capacity and self.distribute_strategy.num_replicas_in_sync > 1:
            raise ValueError("several devices cannot share the pools of fakes: train on one, or with pool=0")
        super().compile({"discriminator": discriminator_optimizer, "generator": generator_optimizer}, jit_compile)

    def check_source(self, number, source):
        """First images of A, then images of B: their sides must be multiples of what the generators need."""
        super().check_source(number, source)
        images, *more = sampling.arrays_of(source)
        if more:
            raise ValueError(f"each source must be one array of images, got a tuple of {1 + len(more)} arrays")
        self.check_sides(images)
        self.sources[number] = images

    def check_sides(self, images: np.ndarray) -> None:
        """Raise a clear error unless both generators give images back in their own size."""
        height, width = np.shape(images)[1:3]
        multiple = math.lcm(side_multiple(self.a_to_b), side_multiple(self.b_to_a))
        if height % multiple or width % multiple:
            raise ValueError(
                f"height and width of images must be multiples of {multiple}, because the generators halve them and "
                f"double them again; got {height} × {width}"
            )

    def before_training(self):
        """Make the pools, which are empty, and the averaged generators, which start as copies.

        Fakes of A are as large as the images of B that they were made of, and the other way round.
        """
        if self.pool_a is None:
            self.pool_a = ImagePool(self.pool_capacity, self.sources[1].shape[1:], "pool_a")
            self.pool_b = ImagePool(self.pool_capacity, self.sources[0].shape[1:], "pool_b")
        if self.average is not None and self.averaged_a_to_b is None:
            self.averaged_a_to_b = keras.models.clone_model(self.a_to_b)
            self.averaged_b_to_a = keras.models.clone_model(self.b_to_a)
            self.copy_generators()

    def copy_generators(self) -> None:
        """Let the averages begin at the present weights."""
        copy_variables(self.a_to_b, self.averaged_a_to_b)
        copy_variables(self.b_to_a, self.averaged_b_to_a)

    def follow(self, step):
        """Move the averaged generators a little towards the present ones."""
        if self.averaged_a_to_b is not None:
            follow_weights(self.averaged_a_to_b, self.a_to_b, self.average, step)
            follow_weights(self.averaged_b_to_a, self.b_to_a, self.average, step)

    def restart(self, seed):
        """As of every system; the pools are emptied, and the averages begin at the new weights."""
        super().restart(seed)
        if self.pool_a is not None:
            self.pool_a.empty()
            self.pool_b.empty()
        if self.averaged_a_to_b is not None:
            self.copy_generators()

    def panels(self):
        """The game in each of the two kinds of image; and what an image loses on its ways."""
        at_equilibrium = self.adversarial_loss.at_equilibrium
        guides = dict(zip(("d_a", "adversarial_ba"), at_equilibrium or (), strict=False))
        title = "losses (dashed: guessing)" if guides else "losses"
        game = {"d_a": "D, A", "adversarial_ba": "B to A", "d_b": "D, B", "adversarial_ab": "A to B"}
        ways = {"cycle_a": "cycle, A", "cycle_b": "cycle, B", "identity_a": "identity, A", "identity_b": "identity, B"}
        return [Panel(title, game, guides), Panel("mean difference", ways)]

    # ----------------------------------------------------------------------------------------- afterwards

    def shipped(self):
        """The generators that translate, and the discriminators."""
        return {
            "a_to_b": self.translator("b"),
            "b_to_a": self.translator("a"),
            "discriminator_a": self.discriminator_a,
            "discriminator_b": self.discriminator_b,
        }

    def translator(self, to: str) -> keras.Model:
        """The generator that makes images of ``to``: the averaged one, where there is one.

        Raises:
            ValueError: ``to`` is neither ``"a"`` nor ``"b"``.
        """
        if to not in ("a", "b"):
            raise checks.refuse("to", "'a' or 'b'", to)
        return (self.averaged_a_to_b or self.a_to_b) if to == "b" else (self.averaged_b_to_a or self.b_to_a)

    def translate(self, images: np.ndarray, to: str = "b") -> np.ndarray:
        """``images`` of one kind as images of the other: float32 in [−1, 1], of the same shape.

        Args:
            images: float, shape (n, h, w, 3), in [−1, 1].
            to: ``"b"`` if they are of A, or ``"a"`` if they are of B.

        Raises:
            ValueError: there is no such kind, or these are no images that the generators can translate.
        """
        generator = self.translator(to)
        check_images(images)
        self.check_sides(images)
        return generate(generator, np.asarray(images, np.float32), batch_size=50)

    def preview(self, n, seed=0):
        """``n`` images of B, made of images of A that it was last trained on; ``None`` before the first training."""
        if not self.sources:
            return None
        chosen = np.random.default_rng(seed).integers(len(self.sources[0]), size=n)
        return self.translate(np.asarray(self.sources[0])[chosen], to="b")


class AugmentedDiscriminators(CycleGAN):
    """The same; the discriminators see every image, real or fake, only after a random change (:func:`augment`).

    Args:
        networks: generators and discriminators, as of :class:`CycleGAN`.
        policy: which changes; see :func:`gan_helpers.augmentation.augment`.
        settings: as of :class:`CycleGAN`.
    """

    def __init__(self, *networks, policy: tuple[str, ...] = POLICY, **settings):
        super().__init__(*networks, **settings)
        self.policy = policy

    def shown(self, images, step, stream):
        """Images after a random change."""
        return augment(images, self.seed, step, stream, self.policy)

    def identity(self):
        """As of the game, and the changes."""
        return super().identity() | {"policy": ", ".join(self.policy)}


def mean_difference(images: tf.Tensor, wanted: tf.Tensor) -> tf.Tensor:
    """E |x − y|, over all numbers of all images (L1): a float scalar."""
    return tf.reduce_mean(tf.abs(images - wanted))


def check_four(generators, discriminators) -> None:
    """Raise a clear error unless these are two generators and two discriminators that fit together."""
    networks = [*generators, *discriminators]
    if len(generators) != 2 or len(discriminators) != 2 or len(set(map(id, networks))) < 4:
        raise ValueError("generators and discriminators must be two pairs of networks, and no network may be two")
    for generator in generators:
        for discriminator in discriminators:
            check_players(generator, discriminator, None)


# ------------------------------------------------------------------------------------------------- its recipe


def make_cyclegan(
    base: int,
    patch_base: int,
    gain: float,
    learning_rate: float,
    cycle: float,
    identity: float,
    pool: int,
    average: float,
    seed: int,
    steps: int,
    kind: type[CycleGAN] = CycleGAN,
) -> CycleGAN:
    """A CycleGAN of two U-Nets as its recipe has it, compiled, untrained: Adam, and rates that fall along a cosine.

    Args:
        base: see :func:`build_unet_generator`.
        patch_base: see :func:`build_patch_discriminator`.
        gain: see :func:`build_patch_discriminator`.
        learning_rate: of all networks, at the beginning.
        cycle: see :class:`CycleGAN`.
        identity: see :class:`CycleGAN`.
        pool: see :class:`CycleGAN`.
        average: see :class:`CycleGAN`.
        seed: of batches and pools.
        steps: when the rates reach 0.
        kind: a variant of the game, such as :class:`AugmentedDiscriminators`.
    """
    generators = build_unet_generator(base), build_unet_generator(base)
    discriminators = [build_patch_discriminator(patch_base, gain=gain) for _ in range(2)]
    game = kind(generators, discriminators, cycle=cycle, identity=identity, pool=pool, seed=seed, average=average)
    falling = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    game.compile(*(keras.optimizers.Adam(falling, beta_1=0.5) for _ in range(2)))
    return game


def flat_and_solid(data: ImageDataset) -> tuple[np.ndarray, np.ndarray]:
    """What it is trained on: flat emoji, and other emoji in the three-dimensional style that ``data`` is in."""
    emoji = unpaired_emoji("twemoji", "fluent")
    return emoji.a, emoji.b


def score_translations(game: CycleGAN, data: ImageDataset, evaluator) -> dict[str, float]:
    """The three measures of chapter 9 in both directions, on the held-out pairs; the arguments are zoo's."""
    emoji = unpaired_emoji("twemoji", "fluent")
    of_pairs = TranslationEvaluator(emoji)
    ways = {"b": emoji.test_a, "a": emoji.test_b}
    scores = {to: of_pairs.score(game.translate(images, to), to) for to, images in ways.items()}
    return {f"{measure}_to_{to}": value for to, of_way in scores.items() for measure, value in of_way.items()}


RECIPE = Recipe(
    name="cyclegan_emoji",
    what="chapter 9: a CycleGAN, flat emoji to three-dimensional ones and back",
    make=make_cyclegan,
    settings=dict(
        base=16, patch_base=32, gain=16.0, learning_rate=1e-3, cycle=5.0, identity=2.5, pool=50, average=0.99
    ),
    steps=4_000,
    score=score_translations,
    dataset="emoji_fluent",
    sources=flat_and_solid,
    batch_size=1,
)
