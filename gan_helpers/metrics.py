"""How good are the samples? Scores from a feature network, each reported with its floor and its ceiling.

The functions take arrays, so any feature network will do. :class:`Evaluator` joins them with a classifier and
real data. Distances measured with different feature networks cannot be compared with each other.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from scipy.spatial.distance import cdist
from scipy.stats import mannwhitneyu

from .datasets import check_images

# ------------------------------------------------------------------------------------------- scores on arrays


def inception_score(probabilities: np.ndarray, splits: int = 10) -> tuple[float, float]:
    """Inception Score exp(E_x KL(p(y|x) ‖ p(y))) (Salimans et al., 2016, arXiv:1606.03498).

    Args:
        probabilities: shape (n, classes), rows that sum to 1: a classifier's answers p(y|x).
        splits: the score is computed on this many equal parts.

    Returns:
        Mean and standard deviation over the parts. At least 1 (all answers alike), at most ``classes`` (every
        answer certain, every class equally often).

    Raises:
        ValueError: the rows are no probabilities, or there are fewer rows than parts.
    """
    p = np.asarray(probabilities, np.float64)
    if p.ndim != 2 or not np.allclose(p.sum(axis=1), 1, atol=1e-3) or p.min() < 0:
        raise ValueError(f"probabilities must be rows that sum to 1, shape (n, classes); got shape {p.shape}")
    if not 1 <= splits <= len(p):
        raise ValueError(f"splits must be from 1 to {len(p)}, got {splits}")

    def score(part):
        marginal = part.mean(axis=0, keepdims=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = np.where(part > 0, part * (np.log(part) - np.log(marginal)), 0.0)
        return np.exp(terms.sum(axis=1).mean())

    scores = [score(part) for part in np.array_split(p, splits)]
    return float(np.mean(scores)), float(np.std(scores))


def frechet_distance(features_a: np.ndarray, features_b: np.ndarray) -> float:
    """Fréchet distance of two clouds of features, each taken as a Gaussian (Heusel et al., 2017, arXiv:1706.08500).

    Args:
        features_a: shape (n, d), n > d.
        features_b: shape (m, d), m > d.

    Returns:
        ‖μ_a − μ_b‖² + Tr(Σ_a + Σ_b − 2 (Σ_a Σ_b)^½), at least 0. Small samples make it too large: compare only
        scores from equally many samples.

    Raises:
        ValueError: the widths differ, a value is not finite, or there are not more samples than features.
    """
    moments = []
    for name, features in (("features_a", features_a), ("features_b", features_b)):
        features = np.asarray(features, np.float64)
        if features.ndim != 2 or not np.isfinite(features).all():
            raise ValueError(f"{name} must be finite numbers of shape (n, d), got shape {features.shape}")
        if len(features) <= features.shape[1]:
            raise ValueError(
                f"{name} has {len(features)} samples of {features.shape[1]} features; a covariance needs more "
                "samples than features. Generate more samples."
            )
        moments += [features.mean(axis=0), np.cov(features, rowvar=False)]
    return frechet_from_moments(*moments)


def frechet_from_moments(mean_a: np.ndarray, cov_a: np.ndarray, mean_b: np.ndarray, cov_b: np.ndarray) -> float:
    """Fréchet (2-Wasserstein) distance, squared, of N(mean_a, cov_a) and N(mean_b, cov_b).

    Tr (Σ_a Σ_b)^½ is computed as the sum of the square roots of the eigenvalues of Σ_a^½ Σ_b Σ_a^½, which is
    symmetric and shares its eigenvalues with Σ_a Σ_b: no complex numbers, no failing root of a singular matrix.

    Args:
        mean_a: shape (d,).
        cov_a: shape (d, d), symmetric, positive semidefinite.
        mean_b: as ``mean_a``.
        cov_b: as ``cov_a``.
    """
    if np.shape(mean_a) != np.shape(mean_b):
        raise ValueError(f"the features have different widths: {np.shape(mean_a)} and {np.shape(mean_b)}")
    values, vectors = np.linalg.eigh(np.atleast_2d(cov_a))
    root_a = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    eigenvalues = np.linalg.eigvalsh(root_a @ np.atleast_2d(cov_b) @ root_a)
    trace_of_root = np.sqrt(np.maximum(eigenvalues, 0)).sum()
    difference = np.sum((np.asarray(mean_a) - np.asarray(mean_b)) ** 2)
    distance = difference + np.trace(np.atleast_2d(cov_a)) + np.trace(np.atleast_2d(cov_b)) - 2 * trace_of_root
    return float(max(distance, 0.0))


def precision_recall_coverage(real: np.ndarray, fake: np.ndarray, k: int = 5) -> dict[str, float]:
    """Fidelity and diversity apart, from balls around each sample that reach to its k-th nearest neighbour.

    * precision: share of fakes inside some real sample's ball (Kynkäänniemi et al., 2019, arXiv:1904.06991);
    * recall: share of real samples inside some fake's ball (same paper);
    * coverage: share of real balls that hold a fake (Naeem et al., 2020, arXiv:2002.09797), which, unlike recall,
      is not fooled by far-flung fakes with enormous balls.

    Args:
        real: features, shape (n, d).
        fake: features, shape (m, d). Memory and time grow with n · m: a few thousand of each are enough.
        k: which neighbour sets a ball's radius.

    Returns:
        ``{"precision": …, "recall": …, "coverage": …}``, each from 0 to 1.

    Raises:
        ValueError: the widths differ or there are not more than k samples on each side.
    """
    real, fake = np.asarray(real, np.float64), np.asarray(fake, np.float64)
    if real.ndim != 2 or fake.ndim != 2 or real.shape[1] != fake.shape[1]:
        raise ValueError(f"real and fake must be (n, d) and (m, d), got {real.shape} and {fake.shape}")
    if min(len(real), len(fake)) <= k:
        raise ValueError(f"k = {k} neighbours need more than {k} samples a side, got {len(real)} and {len(fake)}")
    real_radius, fake_radius = neighbour_radius(real, k), neighbour_radius(fake, k)
    distance = cdist(real, fake)
    inside_real_ball = distance <= real_radius[:, np.newaxis]
    inside_fake_ball = distance <= fake_radius[np.newaxis, :]
    return {
        "precision": float(inside_real_ball.any(axis=0).mean()),
        "recall": float(inside_fake_ball.any(axis=1).mean()),
        "coverage": float(inside_real_ball.any(axis=1).mean()),
    }


def neighbour_radius(features: np.ndarray, k: int) -> np.ndarray:
    """Distance of each sample to its k-th nearest other sample, shape (n,)."""
    distances = cdist(features, features)
    return np.partition(distances, k, axis=1)[:, k]  # column 0 after sorting would be the sample itself


def nearest_neighbours(queries: np.ndarray, references: np.ndarray, chunk: int = 256) -> tuple[np.ndarray, np.ndarray]:
    """For each query the nearest of the references, by Euclidean distance: the first thing to ask of a fake is whether
    it is a copy.

    Args:
        queries: shape (n, …): images, flattened here, or features.
        references: shape (m, …), each example of the same shape as a query.
        chunk: so many queries are compared at a time; memory grows with chunk · m.

    Returns:
        Indices into ``references``, int64, shape (n,), and distances, float32, shape (n,): exactly 0 for a copy.

    Raises:
        ValueError: the shapes differ, or one of the two is empty.
    """
    queries, references = np.asarray(queries, np.float32), np.asarray(references, np.float32)
    if queries.shape[1:] != references.shape[1:]:
        raise ValueError(f"a query has shape {queries.shape[1:]} and a reference {references.shape[1:]}")
    if not (len(queries) and len(references)):
        raise ValueError(f"both sides need examples, got {len(queries)} queries and {len(references)} references")
    queries, references = queries.reshape(len(queries), -1), references.reshape(len(references), -1)
    squares = (references**2).sum(axis=1)  # ‖q − r‖² = ‖q‖² − 2 q·r + ‖r‖², and ‖q‖² does not decide who is nearest
    starts = range(0, len(queries), chunk)
    indices = [(squares - 2 * queries[i : i + chunk] @ references.T).argmin(axis=1) for i in starts]
    indices = np.concatenate(indices)
    return indices, np.linalg.norm(queries - references[indices], axis=1)


def psnr(images: np.ndarray, targets: np.ndarray) -> float:
    """Peak signal-to-noise ratio in decibels, the mean over the images; higher is better.

    Args:
        images: float in [−1, 1], shape (n, height, width, channels).
        targets: what they should be, of the same shape.

    Returns:
        The mean of 10 log₁₀(4 / mean squared error): 4 is the square of the range's length, 2. Ten decibels more are
        a tenth of the error. Infinite if an image equals its target.

    Raises:
        ValueError: the shapes differ.
    """
    images, targets = np.asarray(images, np.float64), np.asarray(targets, np.float64)
    if images.shape != targets.shape:
        raise ValueError(f"images and targets must have one shape, got {images.shape} and {targets.shape}")
    errors = np.mean((images - targets) ** 2, axis=tuple(range(1, images.ndim)))
    with np.errstate(divide="ignore"):
        return float(np.mean(10 * np.log10(4 / errors)))


def auroc(normal: np.ndarray, anomalous: np.ndarray) -> float:
    """Area under the ROC curve: the chance that a random anomaly scores above a random normal example.

    Args:
        normal: scores of normal examples, shape (n,).
        anomalous: scores of anomalies, shape (m,).

    Returns:
        1 if every anomaly scores above every normal example, ½ if the scores say nothing, 0 if they are the wrong way
        round. Ties count half. (This is the Mann–Whitney U statistic divided by n · m.)

    Raises:
        ValueError: one of the two is empty, or a score is not a number.
    """
    normal, anomalous = np.ravel(normal), np.ravel(anomalous)
    if not (len(normal) and len(anomalous)):
        raise ValueError(f"both kinds need at least one score, got {len(normal)} normal and {len(anomalous)} anomalous")
    if not (np.isfinite(normal).all() and np.isfinite(anomalous).all()):
        raise ValueError("every score must be a finite number")
    wins = mannwhitneyu(anomalous, normal).statistic  # pairs in which the anomaly scores higher; a tie counts half
    return float(wins / (len(anomalous) * len(normal)))


# ---------------------------------------------------------------------------------------- scores on pictures


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
        ValueError: fewer real images than ``samples``, or images of another size than the classifier's.
    """

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
        if len(real_images) < samples:
            raise ValueError(f"samples = {samples} needs as many real images, got {len(real_images)}")
        self.samples, self.neighbours_of = samples, min(neighbours_of, samples)
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
        features, logits = self.network.predict(images, batch_size=500, verbose=0)
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
        if len(images) < self.samples:
            raise ValueError(f"this evaluator of {self.name} compares {self.samples} images, got only {len(images)}")
        features, probabilities = self.look_at(images[: self.samples])
        few = slice(self.neighbours_of)
        return {
            "frechet_distance": frechet_distance(self.real_features, features),
            "inception_score": inception_score(probabilities)[0],
            **precision_recall_coverage(self.real_features[few], features[few]),
        }

    def bounds(self, held_out: np.ndarray) -> dict[str, dict[str, float]]:
        """The two ends of the scale: what real images never trained on score, and what noise scores.

        Args:
            held_out: real images that are not among the reference, at least ``samples`` of them.

        Returns:
            Two rows for :func:`score_table`.
        """
        noise = np.random.default_rng(0).uniform(-1, 1, (self.samples, *held_out.shape[1:])).astype(np.float32)
        return {"real test images": self.score(held_out), "uniform noise": self.score(noise)}


COLUMNS = {
    "frechet_distance": ("Fréchet ↓", ".1f"),
    "inception_score": ("Inception ↑", ".2f"),
    "precision": ("precision ↑", ".2f"),
    "recall": ("recall ↑", ".2f"),
    "coverage": ("coverage ↑", ".2f"),
}


def score_table(rows: dict[str, dict[str, float]]) -> str:
    """A plain-text table: one line a system, one column a score; ↓ means smaller is better."""
    width = max(map(len, rows))
    header = " " * width + "".join(f"{title:>13}" for title, _ in COLUMNS.values())
    lines = [
        f"{name:<{width}}" + "".join(f"{scores[key]:>13{form}}" for key, (_, form) in COLUMNS.items())
        for name, scores in rows.items()
    ]
    return "\n".join([header, *lines])
