"""How good a translation between two kinds of pictures is, measured on held-out pairs (chapter 9)."""

from __future__ import annotations

import keras
import numpy as np

from ..core import checks
from ..data.images import check_images
from ..data.sets import Unpaired
from .efficientnet import COLOUR_SIDE, load_efficientnet
from .evaluator import KernelEvaluator
from .metrics import kernel_distance


class TranslationEvaluator:
    """Compares translated test pictures with the true ones, and with the style they should have.

    Args:
        data: training pictures of both kinds, and test pairs.
        network: from images to logits, with a layer named ``"features"``; by default EfficientNet-Lite0.

    Raises:
        ValueError: there are not as many test pictures of A as of B.
    """

    def __init__(self, data: Unpaired, network: keras.Model | None = None):
        if len(data.test_a) != len(data.test_b):
            raise ValueError(f"test pictures must be pairs, got {len(data.test_a)} of A and {len(data.test_b)} of B")
        network = network or load_efficientnet(data.a.shape[1:], COLOUR_SIDE)
        self.network = keras.Model(network.inputs, network.get_layer("features").output)
        self.truth = {"a": data.test_a, "b": data.test_b}
        self.true_features = {kind: self.features(images) for kind, images in self.truth.items()}
        self.style = {"a": self.features(data.a), "b": self.features(data.b)}

    def features(self, images: np.ndarray) -> np.ndarray:
        """What the network sees in images in [−1, 1]: float32, shape (n, 1280) for EfficientNet-Lite0."""
        return self.network.predict(images, batch_size=KernelEvaluator.batch_size, verbose=0)

    def score(self, translated: np.ndarray, to: str) -> dict[str, float]:
        """The three measures of test pictures that were translated, or of a baseline's.

        Args:
            translated: float32 in [−1, 1], as many as there are test pairs, in their order.
            to: ``"a"`` or ``"b"``: of which kind they should be.

        Returns:
            ``pixel_error``: mean absolute difference from the true picture, in per cent of the range of values.
            ``perceptual_distance``: 1 − the mean cosine of its features and the true picture's; from 0 to 2, and from 0
            to 1 where no feature is negative, as with EfficientNet-Lite0.
            ``kernel_distance``: of all features from those of the training pictures of that kind.

        Raises:
            ValueError: there is no such kind, or these are not so many images in [−1, 1].
        """
        self.check(translated, to)
        features = self.features(translated)
        return {
            "pixel_error": 50 * float(np.abs(translated - self.truth[to]).mean()),  # the range is 2 wide
            "perceptual_distance": float((1 - cosine(features, self.true_features[to])).mean()),
            "kernel_distance": kernel_distance(self.style[to], features),
        }

    def perceptual_distances(self, translated: np.ndarray, to: str) -> np.ndarray:
        """The perceptual distance of each picture from the true one, float32, shape (n,); arguments as of `score`.

        Raises:
            ValueError: as :meth:`score`.
        """
        self.check(translated, to)
        return 1 - cosine(self.features(translated), self.true_features[to])

    def check(self, translated: np.ndarray, to: str) -> None:
        """Raise a clear error unless these can be translations of all test pictures."""
        if to not in self.truth:
            raise checks.refuse("to", "'a' or 'b'", to)
        check_images(translated)
        if np.shape(translated) != self.truth[to].shape:
            raise ValueError(f"translated must be of shape {self.truth[to].shape}, got {np.shape(translated)}")


def cosine(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The cosine of the angle between each row of ``x`` and the same row of ``y``: shape (n,)."""
    cosines = (x * y).sum(axis=1) / (np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1))
    return np.clip(cosines, -1, 1)  # rounding can lead out of this range
