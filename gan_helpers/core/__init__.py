"""What every trained system stands on: its loop, its randomness, its records, and how a notebook starts."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submodules=["checkpoints", "curves", "recorded", "sampling", "session", "system", "watchers"]
)
