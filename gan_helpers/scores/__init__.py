"""How good are the samples? Scores on arrays, the evaluator that computes them for pictures, feature networks."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submodules=["efficientnet", "evaluator", "metrics", "networks", "probe", "sliced"]
)
