"""The scores of a set of pictures, as a feature network sees them, each reported with its floor and its ceiling."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

from ..core import checks
from ..data.images import check_images
from .metrics import frechet_distance, inception_score, kernel_distance, precision_recall_coverage


class Evaluator:
    """Judges images by a classifier's eyes, against a fixed set of real ones.

    Args:
        classifier: a Keras model from images to logits with a layer named ``"features"``, or a
            :class:`~gan_helpers.models.classifier.Classifier` with such a network.
        real_images: float32 in [−1, 1], shape (n, height, width, channels): the reference, usually training images.
        samples: how many images, real and fake, the Fréchet distance and Inception Score use.
        neighbours_of: how many of them precision, recall and coverage use.
        seed: chooses which real images are used.
        name: of the data set, for messages.

    Raises:
        ValueError: fewer real images than ``samples``, images of another size than the classifier's, or a number that
            makes no sense.
    """

    #: the score that is followed while a system trains, and the method that computes it
    distance = "frechet_distance"
    #: images that the network looks at together; memory grows with it
    batch_size = 500

    def __init__(
        self,
        classifier: keras.Model,
        real_images: np.ndarray,
        samples: int = 10_000,
        neighbours_of: int = 2_000,
        seed: int = 0,
        name: str = "real images",
    ):
        self.name = name
        checks.count("samples", samples)
        checks.count("neighbours_of", neighbours_of)
        checks.count("seed", seed, least=0)
        if len(real_images) < samples:
            raise ValueError(f"samples = {samples} needs as many real images, got {len(real_images)}")
        self.samples, self.neighbours_of = samples, min(neighbours_of, samples)
        self.fewest = samples  # images that it agrees to score
        classifier = getattr(classifier, "network", classifier)
        self.network = keras.Model(classifier.inputs, [classifier.get_layer("features").output, *classifier.outputs])
        chosen = np.random.default_rng(seed).permutation(len(real_images))[:samples]
        self.real_features, _ = self.look_at(real_images[chosen])

    def look_at(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Features (n, d) and class probabilities (n, classes) of images in [−1, 1]."""
        check_images(images)
        expected = self.network.input_shape[1:]
        if np.shape(images)[1:] != expected:
            raise ValueError(
                f"this evaluator of {self.name} looks at images of shape {expected}, got {np.shape(images)[1:]}"
            )
        features, logits = self.network.predict(images, batch_size=self.batch_size, verbose=0)
        return features, np.asarray(keras.ops.softmax(logits))

    def frechet_distance(self, images: np.ndarray) -> float:
        """The Fréchet distance alone, from however many images are given (fewer samples, larger distance)."""
        return frechet_distance(self.real_features, self.look_at(images)[0])

    def score(self, images: np.ndarray | Callable[[int], np.ndarray]) -> dict[str, float]:
        """All scores of one set of images.

        Args:
            images: float32 in [−1, 1], or a function that makes n of them, such as ``gan.sample``. The first
                ``samples`` are used.

        Returns:
            ``frechet_distance``, ``inception_score``, ``precision``, ``recall``, ``coverage``.
        """
        images = images(self.samples) if callable(images) else images
        if len(images) < self.fewest:
            raise ValueError(f"this evaluator of {self.name} compares {self.fewest} images, got only {len(images)}")
        return self.compare(*self.look_at(images[: self.samples]))

    def compare(self, features: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
        """The scores of images as the network sees them; see :meth:`look_at`."""
        few = slice(self.neighbours_of)
        return {
            "frechet_distance": frechet_distance(self.real_features, features),
            "inception_score": inception_score(probabilities)[0],
            **precision_recall_coverage(self.real_features[few], features[few]),
        }

    def bounds(self, held_out: np.ndarray) -> dict[str, dict[str, float]]:
        """The two ends of the scale: what real images never trained on score, and what noise scores.

        Args:
            held_out: real images that are not among the reference, at least as many as :meth:`score` needs.

        Returns:
            Two rows for :func:`score_table`.
        """
        noise = np.random.default_rng(0).uniform(-1, 1, (self.samples, *held_out.shape[1:])).astype(np.float32)
        return {"real test images": self.score(held_out), "uniform noise": self.score(noise)}


class KernelEvaluator(Evaluator):
    """Judges by the kernel distance: for sets with fewer pictures than the network has features.

    A Fréchet distance would need more samples than features. The Inception Score is left out, too: it asks whether each
    picture belongs to one of the network's own classes, and no class of ImageNet is an emoji.

    Args:
        classifier: as for :class:`Evaluator`.
        real_images: as for :class:`Evaluator`.
        samples: how many images, real and fake, the kernel distance uses; by default all real ones, and as many fakes.
        neighbours_of: how many of them precision, recall and coverage use, and how many :meth:`score` needs at least.
            They depend on this number: compare only scores from equally many.
        seed: chooses which images are used.
        name: of the data set, for messages.

    Raises:
        ValueError: as for :class:`Evaluator`.
    """

    distance = "kernel_distance"
    batch_size = 100  # its network is wide and deep: of more images, it would be no faster

    def __init__(
        self,
        classifier: keras.Model,
        real_images: np.ndarray,
        samples: int | None = None,
        neighbours_of: int = 150,
        seed: int = 0,
        name: str = "real images",
    ):
        samples = len(real_images) if samples is None else samples
        super().__init__(classifier, real_images, samples, neighbours_of, seed, name)
        self.seed, self.fewest = seed, self.neighbours_of

    def kernel_distance(self, images: np.ndarray) -> float:
        """The kernel distance alone, from however many images are given (fewer samples, more chance)."""
        return kernel_distance(self.real_features, self.look_at(images)[0])

    def compare(self, features: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
        """``kernel_distance``, ``precision``, ``recall``, ``coverage`` of images as the network sees them."""
        few = np.random.default_rng(self.seed).permutation(len(features))[: self.neighbours_of]
        return {
            "kernel_distance": kernel_distance(self.real_features, features),
            **precision_recall_coverage(self.real_features[: self.neighbours_of], features[few]),
        }


COLUMNS = {
    "frechet_distance": ("Fréchet ↓", ".1f"),
    "inception_score": ("Inception ↑", ".2f"),
    "precision": ("precision ↑", ".2f"),
    "density": ("density ↑", ".2f"),
    "recall": ("recall ↑", ".2f"),
    "coverage": ("coverage ↑", ".2f"),
}
KERNEL_COLUMN = {"kernel_distance": ("kernel ↓", ".2f")}


def score_table(rows: dict[str, dict[str, float]]) -> str:
    """A plain-text table: one line a system, one column a score; ↓ means smaller is better."""
    width = max(map(len, rows))
    columns = {key: column for key, column in (KERNEL_COLUMN | COLUMNS).items() if key in next(iter(rows.values()))}
    header = " " * width + "".join(f"{title:>13}" for title, _ in columns.values())
    lines = [
        f"{name:<{width}}" + "".join(f"{scores[key]:>13{form}}" for key, (_, form) in columns.items())
        for name, scores in rows.items()
    ]
    return "\n".join([header, *lines])
