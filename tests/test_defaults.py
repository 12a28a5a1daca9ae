"""What stands for an argument that is left out belongs to what the chapters say, and is not changed by chance."""

import importlib
import inspect
import itertools
from pathlib import Path

import keras
import pytest

import gan_helpers
from gan_helpers.models import advgan, augmented, cgan, classifier, dcgan, gan, robust, sgan, toy, translators, vae

LIBRARY = Path(gan_helpers.__file__).parent
ROOMS = ("core", "models", "scores", "attacks")
MODULES = ("augmentation.py", "layers.py", "losses.py")
DEFAULTS = """\
core.checks.count: least=1
core.curves.Panel.__init__: log=False
core.sampling.batch_indices: stream='epoch order'
core.sampling.gather: parts=1
core.sampling.batches: start=0 seed=0
core.session.setup: seed=0
core.session.bfloat16_speedup: rounds=3
core.system.check_examples: name='training data'
core.system.latent_noise: seed=0
core.system.generate: batch_size=500
core.system.System.preview: seed=0
core.system.System.compile: jit_compile=False
core.system.System.train: every=100 callbacks=()
core.watchers.StopButton.__init__: watchers=()
models.advgan.build_perturber: image_shape=(28, 28, 1) width=32
models.advgan.AdvGAN.__init__: epsilon=0.6 attack_weight=1.0 confidence=0.0
models.advgan.AdvGAN.preview: seed=0
models.advgan.AdvGAN.sample: seed=0
models.augmented.build_coded_generator: code_dim=2 base=16 depth=3
models.augmented.build_code_encoder: code_dim=2 base=16 depth=3
models.augmented.build_code_discriminator: code_dim=2 width=64
models.augmented.AugmentedCycleGAN.__init__: cycle=10.0 code_cycle=1.0 adversarial=2.0 pool=50 seed=0
models.augmented.AugmentedCycleGAN.translate: to='b' seed=0
models.cgan.build_generator: latent_dim=100 classes=10
models.cgan.build_discriminator: classes=10
models.cgan.build_projection_discriminator: classes=10
models.cgan.check_asked: seed=0
models.cgan.ConditionalGAN.sample: seed=0
models.classifier.build_classifier: image_shape=(28, 28, 1) classes=10
models.classifier.random_shift: pixels=2
models.classifier.Classifier.__init__: seed=0
models.classifier.Classifier.call: training=False
models.cyclegan.CycleGAN.__init__: cycle=10.0 identity=5.0 adversarial=2.0 pool=50 seed=0
models.cyclegan.CycleGAN.compile: jit_compile=False
models.cyclegan.CycleGAN.translate: to='b'
models.cyclegan.CycleGAN.preview: seed=0
models.cyclegan.AugmentedDiscriminators.__init__: policy=('colour', 'translation', 'cutout')
models.dcgan.build_generator: latent_dim=100 batch_norm=True
models.dcgan.build_discriminator: batch_norm=True negative_slope=0.01
models.game.make_game: falling=False
models.game.AdversarialGame.__init__: seed=0 d_steps=1
models.game.AdversarialGame.compile: jit_compile=False
models.game.AdversarialGame.sample: seed=0
models.gan.build_generator: latent_dim=100
models.learner.Learner.compile: jit_compile=False
models.pool.ImagePool.__init__: name='pool'
models.progan.channels: base=16384 most=512
models.progan.conv: kernel_size=3 normalise=False equalized=True
models.progan.first_block: normalise=True equalized=True
models.progan.ProgressiveGenerator.__init__: side=64 latent_dim=512 base=16384 most=512 normalise=True equalized=True
models.progan.ProgressiveGenerator.call: training=False
models.progan.ProgressiveDiscriminator.__init__: side=64 base=16384 most=512 group_size=4 grows=True equalized=True
models.progan.ProgressiveDiscriminator.call: training=False
models.progan.GrowingGame.__init__: penalty=10.0 drift=0.001
models.progan.GrowingGame.sample: seed=0
models.pseudo.PseudoLabelClassifier.__init__: seed=0 warp=0.0 confidence=0.95 weight=1.0
models.pseudo.MeanTeacher.__init__: average=0.999
models.pseudo.PseudoLabelGAN.__init__: confidence=0.95
models.r3gan.R1GAN.__init__: gamma=1.0
models.r3gan.R3GAN.__init__: gamma=1.0
models.recipe.Recipe.__init__: dataset='mnist' batch_size=128 seed=0 every=100
models.robust.build_small_classifier: width=16 hidden=100
models.robust.RobustClassifier.__init__: seed=0 epsilon=0.6 attack_steps=10 norm='linf' warm_up=0 shift=2
models.sgan.build_generator: latent_dim=100 width=16
models.sgan.build_discriminator: classes=10
models.sgan.FewLabelsGAN.__init__: warp=0.0
models.solo.LoneDiscriminator.__init__: penalty=0.0 seed=0
models.stylegan.StyleGenerator.__init__: side=64 latent_dim=512 base=16384 most=512 depth=8
models.stylegan.StyleGenerator.call: training=False
models.stylegan.StyleGAN.__init__: gamma=1.0 lazy=8 mixing=0.9
models.stylegan.StyleGAN.styles: seed=0 truncation=1.0
models.stylegan.StyleGAN.pictures: seed=0
models.stylegan.StyleGAN.sample: seed=0 truncation=1.0
models.toy.build_point_generator: data_dim=2 latent_dim=2 width=64
models.toy.build_point_discriminator: data_dim=2 width=64
models.translators.convolution: strides=1
models.translators.block: strides=1 normalise=True
models.translators.build_unet_generator: base=32 depth=4 finish=True
models.translators.build_resnet_generator: base=32 blocks=4
models.translators.build_patch_discriminator: base=64 depth=3 normalise=True gain=0.0
models.vae.build_encoder: latent_dim=2 image_shape=(28, 28, 1)
models.vae.build_decoder: latent_dim=2 image_shape=(28, 28, 1)
models.vae.build_gaussian_encoder: latent_dim=2
models.vae.build_bernoulli_decoder: latent_dim=2
models.vae.binarise: seed=0
models.vae.elbo: batch_size=500
models.vae.Autoencoder.__init__: seed=0
models.vae.VAE.__init__: seed=0
models.vae.VAE.sample: seed=0
models.wgan.WGAN.__init__: n_critic=5 clip=0.01
models.wgan.WGANGP.__init__: n_critic=5 penalty=10.0
scores.classes.scores_within_classes: n=500
scores.efficientnet.load_efficientnet: image_shape=(64, 64, 3) side=224
scores.efficientnet.build_efficientnet: image_shape=(64, 64, 3) side=224
scores.evaluator.Evaluator.__init__: samples=10000 neighbours_of=2000 seed=0 name='real images'
scores.evaluator.KernelEvaluator.__init__: neighbours_of=150 seed=0 name='real images'
scores.metrics.inception_score: splits=10
scores.metrics.precision_recall_coverage: k=5
scores.metrics.density: k=5
scores.metrics.nearest_neighbours: chunk=256
scores.networks.load_inception: image_shape=(28, 28, 1) weights='imagenet'
scores.probe.LinearProbe.__init__: decay=1.0
scores.sliced.sliced_wasserstein: patches=64 patch_side=7 directions=256 seed=0
attacks.arguments.checked: norm='linf'
attacks.gradient.fgsm: targeted=False
attacks.gradient.pgd: norm='linf' random_start=True restarts=1 targeted=False seed=0
attacks.gradient.pgd_step: targeted=False
attacks.no_gradient.gaussian_noise: norm='linf' seed=0
attacks.no_gradient.square_attack: steps=1000 targeted=False first_share=0.8 seed=0
augmentation.augment: policy=('colour', 'translation', 'cutout')
augmentation.warp: strength=1.0 fill=-1.0
augmentation.Augmented.__init__: policy=('colour', 'translation', 'cutout')
layers.random_normal: deviation=1.0
layers.EqualizedDense.__init__: gain=1.4142135623730951 rate=1.0 first_bias=0.0 equalized=True
layers.EqualizedConv2D.__init__: kernel_size=3 gain=1.4142135623730951 equalized=True
layers.MinibatchStdDev.__init__: group_size=4
layers.ModulatedConv2D.__init__: kernel_size=3 demodulate=True
losses.MinimaxLoss.__init__: real_target=1.0
"""


def found():
    """Every function and method of these modules that has numbers, texts or tuples as defaults, with these."""
    paths = [path for room in ROOMS for path in sorted(LIBRARY.glob(f"{room}/[!_]*.py"))]
    for path in [*paths, *(LIBRARY / name for name in MODULES)]:
        name = ".".join(path.relative_to(LIBRARY).with_suffix("").parts)
        module = importlib.import_module(f"gan_helpers.{name}")
        own = [thing for thing in vars(module).values() if getattr(thing, "__module__", None) == module.__name__]
        inner = [method for thing in own if inspect.isclass(thing) for method in vars(thing).values()]
        for thing in filter(inspect.isfunction, own + inner):
            values = {key: parameter.default for key, parameter in inspect.signature(thing).parameters.items()}
            plain = {key: value for key, value in values.items() if isinstance(value, int | float | str | tuple)}
            if plain:
                yield " ".join([f"{name}.{thing.__qualname__}:", *(f"{key}={value!r}" for key, value in plain.items())])


def test_defaults():
    assert list(found()) == DEFAULTS.splitlines()


SIZES = {  # the chapters' networks: how many weights, what comes out, and what is not linear, in order
    advgan.build_perturber: (89_057, (28, 28, 1), "relu × 4"),
    augmented.build_coded_generator: (100_288, (None, None, 3), "leaky 0.2 × 3, relu × 3, tanh, sigmoid"),
    augmented.build_code_encoder: (42_738, (2,), "leaky 0.2 × 3"),
    augmented.build_code_discriminator: (4_417, (1,), "leaky 0.2 × 2"),
    cgan.build_generator: (351_433, (28, 28, 1), "relu × 2, tanh"),
    cgan.build_discriminator: (102_849, (1,), "leaky 0.01 × 3"),
    cgan.build_projection_discriminator: (115_201, (1,), "leaky 0.01 × 3"),
    classifier.build_classifier: (257_674, (10,), "relu × 3, dropout 0.3, relu, dropout 0.3"),
    dcgan.build_generator: (1_637_121, (28, 28, 1), "leaky 0.01 × 2, tanh"),
    dcgan.build_discriminator: (95_489, (1,), "leaky 0.01 × 3"),
    gan.build_generator: (114_064, (28, 28, 1), "leaky 0.01, tanh"),
    gan.build_discriminator: (100_609, (1,), "leaky 0.01"),
    robust.build_small_classifier: (166_406, (10,), "relu × 3"),
    sgan.build_generator: (167_025, (28, 28, 1), "relu × 2, tanh"),
    sgan.build_discriminator: (33_802, (10,), "leaky 0.2 × 3, dropout 0.2"),
    toy.build_point_generator: (4_482, (2,), "relu × 2"),
    toy.build_point_discriminator: (4_417, (1,), "leaky 0.2 × 2"),
    translators.build_unet_generator: (1_562_947, (None, None, 3), "leaky 0.2 × 4, relu × 4, tanh"),
    translators.build_resnet_generator: (1_376_067, (None, None, 3), "relu × 9, tanh"),
    translators.build_patch_discriminator: (663_361, (None, None, 1), "leaky 0.2 × 3"),
    vae.build_encoder: (201_474, (2,), "relu"),
    vae.build_decoder: (202_256, (28, 28, 1), "relu, tanh"),
    vae.build_bernoulli_decoder: (202_256, (28, 28, 1), "relu"),
}


def nonlinearities(network):
    """Activations and dropout, in the order of the layers, also those of networks inside."""
    found = []
    for layer in network.layers:
        match getattr(layer, "activation", layer):  # a function, or a layer in its place
            case keras.Model() as inside:
                found += nonlinearities(inside)
            case keras.layers.LeakyReLU(negative_slope=slope):
                found.append(f"leaky {slope:g}")
            case keras.layers.ReLU():
                found.append("relu")
            case keras.layers.Dropout(rate=rate):
                found.append(f"dropout {rate:g}")
            case activation if getattr(activation, "__name__", "linear") != "linear":
                found.append(activation.__name__)
    return found


@pytest.mark.parametrize("build", SIZES)
def test_networks_have_the_size_and_the_activations_that_they_had(build):
    network = build()
    together = [(name, len(list(group))) for name, group in itertools.groupby(nonlinearities(network))]
    activations = ", ".join(name if count == 1 else f"{name} × {count}" for name, count in together)
    assert (network.count_params(), network.output_shape[1:], activations) == SIZES[build]
