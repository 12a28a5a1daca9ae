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
        "callbacks", "config", "curves", "datasets", "doctor", "exercises", "film", "layers", "losses", "metrics",
        "models", "notebooks", "pictures", "plots", "recipe", "sampling", "toys", "training", "widgets", "zoo",
    ],
    submod_attrs={
        "callbacks": ["Dashboard", "ProgressBar", "QualityTracker", "SampleGrids", "Stopwatch"],
        "config": ["by_mode", "mode", "setup"],
        "curves": ["Curves"],
        "datasets": ["ImageDataset", "emoji", "fashion_mnist", "mnist"],
        "exercises": ["check"],
        "film": ["Film", "animation"],
        "metrics": ["Evaluator", "frechet_distance", "inception_score", "precision_recall_coverage", "score_table"],
        "models.dcgan": ["SharedFakesGAN"],
        "models.game": ["AdversarialGame", "generate", "latent_noise"],
        "models.gan": ["GAN"],
        "models.vae": ["VAE", "Autoencoder"],
        "models.wgan": ["WGAN", "WGANGP"],
        "plots": ["compare_curves", "compare_grids", "image_grid", "learning_curves"],
        "toys": ["gaussian_ring", "two_gaussians"],
        "widgets": ["latent_explorer"],
    },
)  # fmt: skip
