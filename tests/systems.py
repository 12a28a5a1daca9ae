"""Every system of the course at toy size: a new chapter adds a line to ``SYSTEMS``.

Also a script: ``python systems.py FOLDER`` trains all of them in turn, saving to FOLDER, until it is killed.
"""

import itertools
import sys
from functools import partial
from pathlib import Path

from gan_helpers.core import checkpoints
from gan_helpers.core.session import quiet_tensorflow

tf, keras = quiet_tensorflow()

import numpy as np
from keras import layers

from gan_helpers import losses
from gan_helpers.augmentation import Augmented
from gan_helpers.models import (
    advgan,
    augmented,
    cgan,
    classifier,
    cyclegan,
    dcgan,
    gan,
    progan,
    pseudo,
    r3gan,
    robust,
    sgan,
    solo,
    stylegan,
    toy,
    translators,
    vae,
    wgan,
)

BATCH, EVERY = 8, 2
RNG = np.random.default_rng(0)
POINTS = RNG.normal(size=(40, 2)).astype(np.float32)
IMAGES = RNG.uniform(-1, 1, (40, 8, 8, 1)).astype(np.float32)
COLOURED = RNG.uniform(-1, 1, (40, 8, 8, 3)).astype(np.float32)
INK = np.sign(RNG.uniform(-1, 1, (40, 28, 28, 1))).astype(np.float32)
LABELS = RNG.integers(0, 3, 40)
LABELLED_AND_NOT = (IMAGES[:12], LABELS[:12]), IMAGES


def optimizer(rate=0.05):
    """Cheap, but with a state of its own."""
    return keras.optimizers.SGD(rate, momentum=0.9)


def point_game(kind, *loss, **settings):
    def make(seed):
        networks = toy.build_point_generator(width=8), toy.build_point_discriminator(width=8)
        game = kind(*networks, *loss, seed=seed, **settings)
        game.compile(optimizer(), optimizer())
        return game

    return make


def lone_critic(seed):
    network = toy.build_point_discriminator(width=8)
    model = solo.LoneDiscriminator(network, losses.WassersteinLoss(), penalty=1.0, clip=0.5, seed=seed)
    model.compile(optimizer())
    return model


def convolutional_game(seed):
    """With batch normalisation, whose running means move though no gradient asks them to, and with dropout."""
    generator = keras.Sequential(
        [layers.Input((4,)), layers.Dense(64), layers.BatchNormalization(), layers.Reshape((8, 8, 1))]
    )
    discriminator = keras.Sequential(
        [layers.Input((8, 8, 1)), layers.Conv2D(4, 3), layers.Dropout(0.5), layers.Flatten(), layers.Dense(1)]
    )
    game = gan.GAN(generator, discriminator, losses.LeastSquaresLoss(), seed, average=0.9)
    game.compile(optimizer(), optimizer())
    return game


def autoencoder(kind, build_encoder, build_decoder, rate=0.05):
    def make(seed):
        model = kind(build_encoder(), build_decoder(), seed)
        model.compile(optimizer(rate))
        return model

    return make


def small_classifier(kind, **settings):
    def make(seed):
        network = keras.Sequential([layers.Input((8, 8, 1)), layers.Flatten(), layers.Dropout(0.3), layers.Dense(3)])
        model = kind(network, seed, **settings)
        model.compile(optimizer())
        return model

    return make


class AugmentedGAN(Augmented, gan.GAN):
    """Chapter 6's remedy for few pictures, on chapter 3's game."""


def one_step(game, a, b):
    """What the first step of a CycleGAN reports, of images of A and of B."""
    game.sources = {0: a.numpy(), 1: b.numpy()}
    game.before_training()
    return {name: float(value) for name, value in game.update(tf.constant(0, tf.int64), a, b).items()}


def augmented_game(seed):
    generator = keras.Sequential([layers.Input((4,)), layers.Dense(192), layers.Reshape((8, 8, 3))])
    discriminator = keras.Sequential([layers.Input((8, 8, 3)), layers.Flatten(), layers.Dense(1)])
    game = AugmentedGAN(generator, discriminator, losses.NonSaturatingLoss(), seed)
    game.compile(optimizer(), optimizer())
    return game


def growing_game(seed):
    """Four steps reach the middle of its fade."""
    generator = progan.ProgressiveGenerator(side=8, latent_dim=4, base=32, most=8)
    discriminator = progan.ProgressiveDiscriminator(side=8, base=32, most=8)
    growth = progan.Growth((4, 0, 2), (8, 4, 2))
    game = progan.ProGAN(generator, discriminator, growth, seed=seed, average=0.9)
    game.compile(optimizer(), optimizer())
    return game


def styled_game(seed):
    generator = stylegan.StyleGenerator(side=8, latent_dim=4, base=32, most=8, depth=2)
    discriminator = progan.ProgressiveDiscriminator(side=8, base=32, most=8, grows=False)
    game = stylegan.StyleGAN(generator, discriminator, lazy=3, seed=seed, average=0.9)
    game.compile(optimizer(), optimizer())
    return game


def conditional_game(seed, kind=cgan.ConditionalGAN):
    noise, label, image = layers.Input((4,)), layers.Input((), dtype="int32"), layers.Input((8, 8, 1))
    embedded = layers.Embedding(3, 4, name="embedding")(label)
    inner = keras.Sequential([layers.Input((4,)), layers.Dense(64), layers.Reshape((8, 8, 1))], name="generator")
    generator = keras.Model([noise, label], inner(layers.Multiply()([noise, embedded])))
    seen = layers.Concatenate()([layers.Flatten()(image), layers.Embedding(3, 8)(label)])
    hidden = layers.Dense(16, "relu")(seen)
    discriminator = keras.Model([image, label], layers.Dense(1)(hidden))
    game = kind(generator, discriminator, NON_SATURATING, seed=seed, average=0.9)
    game.compile(optimizer(), optimizer())
    return game


def semi_supervised_game(kind, **settings):
    def make(seed):
        generator = keras.Sequential([layers.Input((4,)), layers.Dense(64), layers.Reshape((8, 8, 1))])
        discriminator = keras.Sequential(
            [layers.Input((8, 8, 1)), layers.Flatten(), layers.Dense(16, "relu", name="features"), layers.Dense(3)]
        )
        game = kind(generator, discriminator, NON_SATURATING, seed=seed, average=0.9, **settings)
        game.compile(optimizer(), optimizer())
        return game

    return make


def translating_game(kind=cyclegan.CycleGAN, **settings):
    """Its pools are full in the second step, so that images leave them."""

    def make(seed):
        generators = [translators.build_unet_generator(base=4, depth=2) for _ in range(2)]
        discriminators = [translators.build_patch_discriminator(base=4, depth=2) for _ in range(2)]
        game = kind(generators, discriminators, pool=12, seed=seed, average=0.9, **settings)
        game.compile(optimizer(), optimizer())
        return game

    return make


def coded_translating_game(seed):
    generators = [augmented.build_coded_generator(code_dim, base=4, depth=2) for code_dim in (3, 0)]
    encoder = augmented.build_code_encoder(3, base=4, depth=2)
    discriminators = [translators.build_patch_discriminator(base=4, depth=2) for _ in range(2)]
    of_codes = augmented.build_code_discriminator(3, width=8)
    game = augmented.AugmentedCycleGAN(
        generators, encoder, [*discriminators, of_codes], pool=12, seed=seed, average=0.9
    )
    game.compile(optimizer(), optimizer())
    return game


def fixed_classifier():
    """The same whenever it is made: that it does not depend on the seed is part of what makes the run."""
    network = keras.Sequential([layers.Input((8, 8, 1)), layers.Flatten(), layers.Dense(3)])
    network.set_weights([np.random.default_rng(1).normal(size=(64, 3)), np.zeros(3)])
    return network


def attacking_game(seed):
    generator = advgan.build_perturber((8, 8, 1), width=4)
    discriminator = keras.Sequential([layers.Input((8, 8, 1)), layers.Flatten(), layers.Dense(1)])
    game = advgan.AdvGAN(
        generator, discriminator, NON_SATURATING, classifier=fixed_classifier(), seed=seed, average=0.9
    )
    game.compile(optimizer(), optimizer())
    return game


NON_SATURATING = losses.NonSaturatingLoss()
SYSTEMS = {  # name → (seed → compiled system, its sources)
    "gan": (point_game(gan.GAN, NON_SATURATING), (POINTS,)),
    "gan, averaged, two steps of D": (point_game(gan.GAN, NON_SATURATING, average=0.9, d_steps=2), (POINTS,)),
    "gan, convolutional": (convolutional_game, (IMAGES,)),
    "shared fakes": (point_game(dcgan.SharedFakesGAN, NON_SATURATING, average=0.9), (POINTS,)),
    "wgan": (point_game(wgan.WGAN, n_critic=2), (POINTS,)),
    "wgan-gp": (point_game(wgan.WGANGP, n_critic=2, average=0.9), (POINTS,)),
    "r1gan": (point_game(r3gan.R1GAN, NON_SATURATING, gamma=0.5), (POINTS,)),
    "r3gan": (point_game(r3gan.R3GAN, gamma=0.5, average=0.9), (POINTS,)),
    "lone critic": (lone_critic, (POINTS, POINTS[:24] + 1)),
    "gan, augmented": (augmented_game, (COLOURED,)),
    "progan": (growing_game, (COLOURED,)),
    "stylegan": (styled_game, (COLOURED,)),
    "sgan": (semi_supervised_game(sgan.SemiSupervisedGAN), LABELLED_AND_NOT),
    "sgan, features matched": (semi_supervised_game(sgan.FeatureMatchingGAN, warp=1.0), LABELLED_AND_NOT),
    "sgan, pseudo-labels": (semi_supervised_game(pseudo.PseudoLabelGAN, warp=1.0, confidence=0.5), LABELLED_AND_NOT),
    "cgan": (conditional_game, ((IMAGES, LABELS),)),
    "cgan, wrong pairs": (partial(conditional_game, kind=cgan.MatchingAwareGAN), ((IMAGES, LABELS),)),
    "cyclegan": (translating_game(), (COLOURED[:24], COLOURED[8:])),
    "cyclegan, augmented": (coded_translating_game, (COLOURED[:24], COLOURED[8:])),
    "autoencoder": (autoencoder(vae.Autoencoder, vae.build_encoder, vae.build_decoder), ((INK, INK),)),
    "vae": (  # its loss adds up all pixels, and at the usual rate its variances explode in five steps
        autoencoder(vae.VAE, vae.build_gaussian_encoder, vae.build_bernoulli_decoder, rate=1e-4),
        (INK,),
    ),
    "classifier": (small_classifier(classifier.Classifier), ((IMAGES, LABELS),)),
    "mean teacher": (small_classifier(pseudo.MeanTeacher, warp=1.0, confidence=0.5, average=0.9), LABELLED_AND_NOT),
    "robust": (small_classifier(robust.RobustClassifier, attack_steps=2, warm_up=3), ((IMAGES, LABELS),)),
    "advgan": (attacking_game, ((IMAGES, LABELS),)),
    "pseudo-labels": (small_classifier(pseudo.PseudoLabelClassifier, warp=1.0, confidence=0.5), LABELLED_AND_NOT),
}


def build(name, seed=0):
    """The system, with first weights of ``seed``, and its sources."""
    keras.utils.set_random_seed(seed)
    make, sources = SYSTEMS[name]
    return make(seed), sources


def train(system, sources, steps, every=EVERY, **how):
    return system.train(*sources, steps=steps, every=every, batch_size=BATCH, **how)


def file_of(folder, name):
    return Path(folder) / f"{name}.npz"


def train_until_killed(folder):
    checkpoints.CHECKPOINT_SECONDS = 0.0  # save after every interval
    tf.config.run_functions_eagerly(True)  # nothing here lasts long enough for compiling to pay
    games = {name: build(name) for name in SYSTEMS}
    for steps in itertools.count(1):
        for name, (system, sources) in games.items():
            train(system, sources, steps, every=1, checkpoint=file_of(folder, name))


if __name__ == "__main__":
    train_until_killed(sys.argv[1])
