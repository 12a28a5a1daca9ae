"""A linear probe: does a feature network's view of a picture say whether the picture shows something?"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from ..core import checks


class LinearProbe:
    """Logistic regression on features, for one attribute: P(it is there) = σ(w·x + b), with x standardised.

    Both answers count equally, however rare one of them is.

    Args:
        features: float, shape (n, d), of pictures whose attribute is known.
        has: bool, shape (n,): which of them have it.
        decay: weight of ½‖w‖², without which more features than pictures could be fitted perfectly.

    Raises:
        ValueError: the lengths differ, a feature is not finite, ``decay`` is negative, or all pictures have the
            attribute, or none has.
    """

    def __init__(self, features: np.ndarray, has: np.ndarray, decay: float = 1.0):
        features, has = np.asarray(features, np.float64), np.asarray(has, bool)
        if features.ndim != 2 or has.shape != features.shape[:1]:
            raise ValueError(f"features must be (n, d) and has (n,), got {features.shape} and {has.shape}")
        checks.finite("features", features)
        checks.not_negative("decay", decay)
        if has.all() or not has.any():
            raise ValueError("a probe needs pictures with the attribute and pictures without it")
        self.mean, self.deviation = features.mean(axis=0), features.std(axis=0) + 1e-3
        x, weights = self.standardised(features), np.where(has, 0.5 / has.mean(), 0.5 / (1 - has.mean()))

        def loss_and_slope(parameters):
            w, b = parameters[:-1], parameters[-1]
            logits = x @ w + b
            loss = np.mean(weights * (np.logaddexp(0, logits) - has * logits)) + decay / 2 * (w @ w)
            error = weights * (expit(logits) - has) / len(x)
            return loss, np.append(x.T @ error + decay * w, error.sum())

        solution = minimize(loss_and_slope, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B")
        self.weights, self.bias = solution.x[:-1], solution.x[-1]

    def standardised(self, features: np.ndarray) -> np.ndarray:
        """Features with the mean 0 and the standard deviation 1 that they had when the probe was made."""
        return (np.asarray(features, np.float64) - self.mean) / self.deviation

    def probability(self, features: np.ndarray) -> np.ndarray:
        """How likely each picture has the attribute: (n, d) → (n,), from 0 to 1."""
        return expit(self.standardised(features) @ self.weights + self.bias)
