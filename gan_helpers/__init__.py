"""The library under the GAN course. ``import gan_helpers as gh`` gives every short name a notebook needs.

Nothing is imported before it is used, TensorFlow included: ``gh.setup()`` imports that, quietly.
"""

import sys

try:
    import lazy_loader
except ImportError as error:
    needs = (
        "gan_helpers needs packages that this Python does not have. Install the course with its packages:\n"
        "  pip install -e '.[tf,lab]'      in a clone of the repository (or simply: make lab)"
    )
    if sys.argv[0] == "-m":  # python -m gan_helpers …: for people, a sentence says more than a traceback
        sys.exit(needs)
    raise ImportError(needs) from error

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "attacks", "augmentation", "core", "data", "doctor", "exercises", "hub", "layers", "losses", "models", "scores",
        "show", "zoo",
    ],
    submod_attrs={
        # modules that notebooks use by their short names, from whichever room they are in
        "core": ["sampling", "session"],
        "data": ["mixtures"],
        "scores": ["metrics"],
        "show": ["callbacks", "diagrams", "planes", "plots", "widgets"],
        # names that every chapter uses
        "core.curves": ["Curves"],
        "core.recorded": ["recorded"],
        "core.session": ["by_mode", "mode", "setup"],
        "core.system": ["generate", "latent_noise"],
        "core.watchers": ["Stopwatch"],
        "data.apples": ["apple_orange"],
        "data.images": ["ImageDataset", "few_per_class"],
        "data.mixtures": ["gaussian_ring", "two_gaussians"],
        "data.sets": ["emoji", "emoji_people", "fashion_mnist", "mnist", "photographs", "unpaired_emoji"],
        "data.uploads": ["read_picture"],
        "exercises": ["check"],
        "models.advgan": ["AdvGAN"],
        "models.augmented": ["AugmentedCycleGAN"],
        "models.cgan": ["ConditionalGAN", "MatchingAwareGAN"],
        "models.cyclegan": ["CycleGAN"],
        "models.dcgan": ["SharedFakesGAN"],
        "models.game": ["AdversarialGame"],
        "models.gan": ["GAN"],
        "models.r3gan": ["R1GAN", "R3GAN"],
        "models.robust": ["RobustClassifier"],
        "models.sgan": ["FeatureMatchingGAN", "SemiSupervisedGAN"],
        "models.vae": ["VAE", "Autoencoder"],
        "models.wgan": ["WGAN", "WGANGP"],
        "scores.classes": ["class_consistency", "scores_within_classes"],
        "scores.evaluator": ["Evaluator", "score_table"],
        "scores.translation": ["TranslationEvaluator"],
        "scores.metrics": ["frechet_distance", "inception_score", "kernel_distance", "precision_recall_coverage"],
        "show.callbacks": ["Dashboard", "ProgressBar", "QualityTracker", "SampleGrids"],
        "show.film": ["Film", "animation", "stills"],
        "show.plots": ["compare_curves", "compare_grids", "image_grid", "learning_curves", "picture_rows"],
        "show.widgets": ["class_explorer", "direction_explorer", "latent_explorer", "translation_explorer"],
    },
)  # fmt: skip
