"""How good are the samples? Scores on arrays: a feature network's numbers, probabilities, pixels.

Any feature network will do; ``evaluator.py`` joins these functions with one. Distances measured with different feature
networks cannot be compared with each other.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist
from scipy.stats import mannwhitneyu

from ..core import checks


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
    p = checks.finite("probabilities", probabilities, np.float64)
    if p.ndim != 2 or not p.size or not np.allclose(p.sum(axis=1), 1, atol=1e-3) or p.min() < 0:
        raise ValueError(f"probabilities must be rows that sum to 1, shape (n, classes); got shape {p.shape}")
    if checks.count("splits", splits) > len(p):
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
        features = checks.finite(name, features, np.float64)
        if features.ndim != 2:
            raise ValueError(f"{name} must be of shape (n, d), got shape {features.shape}")
        if len(features) <= features.shape[1]:
            raise ValueError(
                f"{name} has {len(features)} samples of {features.shape[1]} features; a covariance needs more "
                "samples than features. Generate more samples."
            )
        moments += [features.mean(axis=0), np.cov(features, rowvar=False)]
    return frechet_from_moments(*moments)


def check_moments(mean_a, cov_a, mean_b, cov_b) -> None:
    """Raise unless these are two finite means, each with a covariance: symmetric, no variance below 0."""
    for name, mean, cov in (("a", mean_a, cov_a), ("b", mean_b, cov_b)):
        checks.finite(f"mean_{name}", mean)
        cov = np.atleast_2d(checks.finite(f"cov_{name}", cov))
        if cov.shape != 2 * (np.size(mean),) or np.abs(cov - cov.T).max() > 1e-4 * np.abs(cov).max():
            raise ValueError(f"cov_{name} must be symmetric, of shape {2 * (np.size(mean),)}, got shape {cov.shape}")
        least = np.linalg.eigvalsh(cov)[0]
        if least < -1e-4 * np.trace(cov):
            raise ValueError(f"cov_{name} must be a covariance, got one with a variance of {least:.3g}")


@checks.first(check_moments)
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
    cov_a, cov_b = np.atleast_2d(cov_a), np.atleast_2d(cov_b)
    values, vectors = np.linalg.eigh(cov_a)
    root_a = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    eigenvalues = np.linalg.eigvalsh(root_a @ cov_b @ root_a)
    trace_of_root = np.sqrt(np.maximum(eigenvalues, 0)).sum()
    difference = np.sum((np.asarray(mean_a) - np.asarray(mean_b)) ** 2)
    distance = difference + np.trace(cov_a) + np.trace(cov_b) - 2 * trace_of_root
    return float(max(distance, 0.0))


def kernel_distance(features_a: np.ndarray, features_b: np.ndarray) -> float:
    """Kernel distance of two clouds of features, "KID" (Bińkowski et al., 2018, arXiv:1801.01401).

    The squared maximum mean discrepancy under the kernel k(x, y) = (x·y / d + 1)³, estimated without bias:

        mean of k(a, a′) over pairs a ≠ a′  +  mean of k(b, b′) over pairs b ≠ b′  −  2 · mean of k(a, b)

    The cube compares moments up to the third: means, covariances, skewness. Small samples make the distance uncertain,
    but not too large, as they make :func:`frechet_distance`.

    Args:
        features_a: shape (n, d), n ≥ 2. There may be fewer samples than features.
        features_b: shape (m, d), m ≥ 2. Memory grows with (n + m)²: a few thousand of each are enough.

    Returns:
        About 0 for two samples of one distribution, now above and now below; more, the more the distributions differ.
        A copy of the other side scores below 0: it is no sample, it is too alike.

    Raises:
        ValueError: the widths differ, a value is not finite, or there are fewer than two samples on a side.
    """
    a = checks.finite("features_a", features_a, np.float64)
    b = checks.finite("features_b", features_b, np.float64)
    for name, features in (("features_a", a), ("features_b", b)):
        if features.ndim != 2 or len(features) < 2:
            raise ValueError(f"{name} must be of shape (n, d), n at least 2, got shape {features.shape}")
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"the features have different widths: {a.shape[1]} and {b.shape[1]}")

    def kernel(x, y):
        return (x @ y.T / x.shape[1] + 1) ** 3

    def mean_of_pairs(x):
        of_all, n = kernel(x, x), len(x)
        return (of_all.sum() - np.trace(of_all)) / (n * (n - 1))  # a sample and itself are no pair

    return float(mean_of_pairs(a) + mean_of_pairs(b) - 2 * kernel(a, b).mean())


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
        ValueError: the widths differ, a value is not finite, ``k`` is no whole number of at least 1, or there are not
            more than k samples on each side.
    """
    real, fake = checked_clouds(real, fake, k)
    real_radius, fake_radius = neighbour_radius(real, k), neighbour_radius(fake, k)
    distance = cdist(real, fake)
    inside_real_ball = distance <= real_radius[:, np.newaxis]
    inside_fake_ball = distance <= fake_radius[np.newaxis, :]
    return {
        "precision": float(inside_real_ball.any(axis=0).mean()),
        "recall": float(inside_fake_ball.any(axis=1).mean()),
        "coverage": float(inside_real_ball.any(axis=1).mean()),
    }


def density(real: np.ndarray, fake: np.ndarray, k: int = 5) -> float:
    """How many real samples' balls hold a fake, on average, as a multiple of k (Naeem et al., 2020, arXiv:2002.09797).

    A score of fidelity, like precision. Precision asks whether a fake lies in *some* ball, and so one odd real sample
    with a wide ball can excuse many fakes. Here that ball is only one of the k that are expected.

    Args:
        real: features, shape (n, d).
        fake: features, shape (m, d). Memory and time grow with n · m: a few thousand of each are enough.
        k: which neighbour sets a ball's radius.

    Returns:
        1 / (k m) · the number of pairs of a real ball and a fake inside it. 0 if no fake is near; on average 1 for
        fakes distributed like the real samples; above 1 where they crowd into the densest places.

    Raises:
        ValueError: as for :func:`precision_recall_coverage`.
    """
    real, fake = checked_clouds(real, fake, k)
    return float((cdist(real, fake) <= neighbour_radius(real, k)[:, np.newaxis]).sum() / (k * len(fake)))


def checked_clouds(real: np.ndarray, fake: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Both clouds as float64; or a clear error unless they are of one width, with more than k samples on each side."""
    real = checks.finite("real", real, np.float64)
    fake = checks.finite("fake", fake, np.float64)
    if real.ndim != 2 or fake.ndim != 2 or real.shape[1] != fake.shape[1]:
        raise ValueError(f"real and fake must be (n, d) and (m, d), got {real.shape} and {fake.shape}")
    if min(len(real), len(fake)) <= checks.count("k", k):
        raise ValueError(f"k = {k} neighbours need more than {k} samples a side, got {len(real)} and {len(fake)}")
    return real, fake


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
        Of equally near references the first is taken.

    Raises:
        ValueError: the shapes differ, a value is not finite, one of the two is empty, or ``chunk`` is no whole number
            of at least 1.
    """
    queries = checks.finite("queries", queries, np.float32)
    references = checks.finite("references", references, np.float32)
    if queries.shape[1:] != references.shape[1:]:
        raise ValueError(f"a query has shape {queries.shape[1:]} and a reference {references.shape[1:]}")
    if not (len(queries) and len(references)):
        raise ValueError(f"both sides need examples, got {len(queries)} queries and {len(references)} references")
    checks.count("chunk", chunk)
    queries, references = queries.reshape(len(queries), -1), references.reshape(len(references), -1)
    centre = references.mean(axis=0)  # what all have in common does not matter, and seen from here numbers are small
    centred, indices = references - centre, []
    for start in range(0, len(queries), chunk):
        some = queries[start : start + chunk]
        nearest, doubtful, candidates = quick_nearest(some - centre, centred)
        if doubtful.any():
            nearest[doubtful] = candidates[cdist(some[doubtful], references[candidates]).argmin(axis=1)]
        indices.append(nearest)
    indices = np.concatenate(indices)
    return indices, np.linalg.norm(queries - references[indices], axis=1)


def quick_nearest(queries: np.ndarray, references: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The nearest of the references, as far as rounding lets it be known.

    ‖q − r‖² = ‖q‖² − 2 q·r + ‖r‖² needs one product of matrices for all pairs, and ‖q‖² does not decide who is nearest.
    But where q and r are nearly alike, large terms cancel, and their rounding errors remain.

    Args:
        queries: float32, shape (n, d).
        references: float32, shape (m, d).

    Returns:
        For each query the index of its nearest reference; whether others may be nearer, bool; and the indices of all
        references that may be nearest to one of those queries.
    """
    squares = np.einsum("ij,ij->i", references, references)
    closeness = squares - 2 * queries @ references.T
    nearest = closeness.argmin(axis=1)
    # a reference r that is as near as the nearest, s, is no longer than 2‖q‖ + ‖s‖: that bounds the errors of its terms
    length = np.linalg.norm(queries, axis=1)
    longest = np.minimum(2 * length + np.sqrt(squares[nearest]), np.sqrt(squares.max()))
    error = 2 * (queries.shape[1] + 8) * np.finfo(np.float32).eps * longest * (2 * length + longest)
    limits = closeness[np.arange(len(queries)), nearest] + error
    may_be = ~(closeness > limits[:, np.newaxis])  # true of all references where the squares overflow
    doubtful = may_be.sum(axis=1) > 1
    return nearest, doubtful, np.flatnonzero(may_be[doubtful].any(axis=0))


def psnr(images: np.ndarray, targets: np.ndarray) -> float:
    """Peak signal-to-noise ratio in decibels, the mean over the images; higher is better.

    Args:
        images: float in [−1, 1], shape (n, height, width, channels).
        targets: what they should be, of the same shape.

    Returns:
        The mean of 10 log₁₀(4 / mean squared error): 4 is the square of the range's length, 2. Ten decibels more are
        a tenth of the error. Infinite if an image equals its target.

    Raises:
        ValueError: the shapes differ or are not those of images, there are none, or a value is not finite.
    """
    images = checks.finite("images", images, np.float64)
    targets = checks.finite("targets", targets, np.float64)
    if images.shape != targets.shape or images.ndim != 4 or not images.size:
        raise ValueError(
            "images and targets must have one shape, (n, height, width, channels), n at least 1; "
            f"got {images.shape} and {targets.shape}"
        )
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
        ValueError: one of the two is empty, or a score is not a finite number.
    """
    normal, anomalous = checks.finite("normal", np.ravel(normal)), checks.finite("anomalous", np.ravel(anomalous))
    if not (len(normal) and len(anomalous)):
        raise ValueError(f"both kinds need at least one score, got {len(normal)} normal and {len(anomalous)} anomalous")
    wins = mannwhitneyu(anomalous, normal).statistic  # pairs in which the anomaly scores higher; a tie counts half
    return float(wins / (len(anomalous) * len(normal)))
