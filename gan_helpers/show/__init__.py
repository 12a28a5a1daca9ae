"""Everything that is drawn: plots, films, what is seen while a system trains, and sliders."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submodules=["callbacks", "diagrams", "film", "pictures", "planes", "plots", "widgets"]
)
