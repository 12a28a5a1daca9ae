"""The library under the GAN course. ``import gan_helpers as gh`` gives every short name a notebook needs.

Nothing is imported before it is used, TensorFlow included: ``gh.setup()`` imports that, quietly.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "callbacks", "config", "curves", "datasets", "doctor", "exercises", "film", "layers", "losses", "metrics",
        "models", "notebooks", "plots", "sampling", "toys", "training", "widgets", "zoo",
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
