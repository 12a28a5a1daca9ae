"""Real pictures, checked whenever they are opened, and mixtures of Gaussians whose density is known."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submodules=["apples", "download", "fashion", "files", "images", "manifest", "mixtures", "sets", "uploads"]
)
