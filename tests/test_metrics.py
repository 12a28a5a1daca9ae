import keras
import numpy as np
import pytest
from scipy.spatial.distance import cdist

from gan_helpers.scores import metrics
from gan_helpers.scores.evaluator import COLUMNS, Evaluator, KernelEvaluator, score_table

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    ("score", "names", "good"),
    [
        (metrics.inception_score, ["probabilities"], np.full((20, 4), 0.25)),
        (metrics.frechet_distance, ["features_a", "features_b"], RNG.normal(size=(20, 4))),
        (metrics.kernel_distance, ["features_a", "features_b"], RNG.normal(size=(20, 4))),
        (metrics.precision_recall_coverage, ["real", "fake"], RNG.normal(size=(20, 4))),
        (metrics.density, ["real", "fake"], RNG.normal(size=(20, 4))),
        (metrics.nearest_neighbours, ["queries", "references"], RNG.normal(size=(20, 4))),
        (metrics.psnr, ["images", "targets"], RNG.uniform(-1, 1, (5, 2, 2, 1))),
        (metrics.auroc, ["normal", "anomalous"], RNG.normal(size=20)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_values_that_are_no_numbers_are_refused(score, names, good, value):
    """One of them would make a score NaN at best; at worst it would be left out, or counted as far away."""
    bad = good.copy()
    bad.flat[7 % bad.size] = value
    for name in names:
        given = {each: bad if each == name else good for each in names}
        with pytest.raises(ValueError, match=f"^{name} must be finite numbers, got 1 of {good.size}"):
            score(**given)


# ------------------------------------------------------------------------------------------ Inception Score


def test_inception_score_at_its_ends():
    certain_and_balanced = np.eye(10)[np.arange(1000) % 10]
    assert metrics.inception_score(certain_and_balanced) == pytest.approx((10.0, 0.0))
    undecided = np.full((1000, 10), 0.1)
    assert metrics.inception_score(undecided) == pytest.approx((1.0, 0.0))
    always_the_same = np.eye(10)[np.zeros(1000, int)]
    assert metrics.inception_score(always_the_same) == pytest.approx((1.0, 0.0))


def test_inception_score_closed_form():
    """Two answers (q, 1 − q) and (1 − q, q), equally often: the score is 2 · exp(−H(q))."""
    q = 0.9
    rows = np.tile([[q, 1 - q], [1 - q, q]], (500, 1))
    entropy = -(q * np.log(q) + (1 - q) * np.log(1 - q))
    assert metrics.inception_score(rows)[0] == pytest.approx(2 * np.exp(-entropy))


def test_inception_score_refuses_logits():
    with pytest.raises(ValueError, match="rows that sum to 1"):
        metrics.inception_score(RNG.normal(size=(100, 10)))
    with pytest.raises(ValueError, match=r"rows that sum to 1, shape \(n, classes\); got shape \(0, 10\)"):
        metrics.inception_score(np.zeros((0, 10)))
    with pytest.raises(ValueError, match="splits must be from 1 to 5"):
        metrics.inception_score(np.full((5, 2), 0.5), splits=10)


# ---------------------------------------------------------------------------------------- Fréchet distance


def test_frechet_of_gaussians_with_known_moments():
    """Diagonal covariances: ‖Δμ‖² + Σ (σ_a − σ_b)²."""
    mean_a, mean_b = np.array([0.0, 1.0, -2.0]), np.array([1.0, 1.0, 2.0])
    sd_a, sd_b = np.array([1.0, 2.0, 0.5]), np.array([3.0, 1.0, 0.0])
    expected = ((mean_a - mean_b) ** 2).sum() + ((sd_a - sd_b) ** 2).sum()
    found = metrics.frechet_from_moments(mean_a, np.diag(sd_a**2), mean_b, np.diag(sd_b**2))
    assert found == pytest.approx(expected)


def test_frechet_does_not_depend_on_the_coordinates():
    cov_a, cov_b = (m @ m.T for m in RNG.normal(size=(2, 6, 6)))
    mean_a, mean_b = RNG.normal(size=(2, 6))
    rotation, _ = np.linalg.qr(RNG.normal(size=(6, 6)))
    plain = metrics.frechet_from_moments(mean_a, cov_a, mean_b, cov_b)
    rotated = metrics.frechet_from_moments(
        rotation @ mean_a, rotation @ cov_a @ rotation.T, rotation @ mean_b, rotation @ cov_b @ rotation.T
    )
    swapped = metrics.frechet_from_moments(mean_b, cov_b, mean_a, cov_a)
    assert plain == pytest.approx(rotated) == pytest.approx(swapped)


def test_frechet_agrees_with_the_textbook_matrix_root():
    from scipy.linalg import sqrtm

    a, b = RNG.normal(size=(400, 5)) @ RNG.normal(size=(5, 5)), RNG.normal(size=(300, 5)) + 1
    cov_a, cov_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(cov_a + cov_b - 2 * sqrtm(cov_a @ cov_b).real)
    assert metrics.frechet_distance(a, b) == pytest.approx(expected)


def test_frechet_from_samples_approaches_the_truth_from_above():
    def at(n):
        rng = np.random.default_rng(1)
        return metrics.frechet_distance(rng.normal(size=(n, 8)), rng.normal(size=(n, 8)) + 0.5)

    truth = 8 * 0.25
    assert at(50) > at(500) > truth and at(100_000) == pytest.approx(truth, abs=0.05)


def test_frechet_of_equal_and_of_degenerate_features_is_a_number():
    x = RNG.normal(size=(100, 4))
    assert metrics.frechet_distance(x, x) == pytest.approx(0, abs=1e-9)
    constant = np.ones((100, 4))
    expected = ((x.mean(0) - 1) ** 2).sum() + x.var(axis=0, ddof=1).sum()
    assert metrics.frechet_distance(x, constant) == pytest.approx(expected)


def test_frechet_refuses_what_it_cannot_judge():
    with pytest.raises(ValueError, match="10 samples of 64 features.*Generate more"):
        metrics.frechet_distance(RNG.normal(size=(100, 64)), RNG.normal(size=(10, 64)))
    with pytest.raises(ValueError, match="different widths"):
        metrics.frechet_distance(RNG.normal(size=(100, 4)), RNG.normal(size=(100, 5)))
    with pytest.raises(ValueError, match="finite"):
        metrics.frechet_distance(np.full((100, 4), np.nan), RNG.normal(size=(100, 4)))


# ----------------------------------------------------------------------------------------- kernel distance


def test_kernel_distance_agrees_with_all_pairs():
    a, b = RNG.normal(size=(7, 3)), RNG.normal(size=(5, 3)) + 1

    def kernel(x, y):
        return (sum(x * y) / 3 + 1) ** 3

    within_a = np.mean([kernel(a[i], a[j]) for i in range(7) for j in range(7) if i != j])
    within_b = np.mean([kernel(b[i], b[j]) for i in range(5) for j in range(5) if i != j])
    between = np.mean([kernel(x, y) for x in a for y in b])
    assert metrics.kernel_distance(a, b) == pytest.approx(within_a + within_b - 2 * between)
    assert metrics.kernel_distance(a, b) == pytest.approx(metrics.kernel_distance(b, a))


def test_kernel_distance_by_hand_on_a_line():
    """0, 1 and 1, 2: k is 1 between 0 and anything, k(1, 1) = 8, k(1, 2) = 27."""
    found = metrics.kernel_distance(np.array([[0.0], [1.0]]), np.array([[1.0], [2.0]]))
    assert found == pytest.approx(1 + 27 - 2 * (1 + 1 + 8 + 27) / 4)


def test_kernel_distance_is_unbiased():
    """From ten samples or from a hundred the mean is the same; the Fréchet distance's is not."""

    def scores(n, shift, of=metrics.kernel_distance):
        return np.array([of(RNG.normal(size=(n, 4)), RNG.normal(size=(n, 4)) + shift) for _ in range(1000)])

    for n in (10, 100):
        found = scores(n, 0)
        assert found.min() < 0 < found.max()
        assert abs(found.mean()) < 4 * found.std() / 1000**0.5
    few, many = scores(10, 0.5), scores(100, 0.5)
    assert few.mean() == pytest.approx(many.mean(), abs=4 * few.std() / 1000**0.5)
    assert scores(10, 0.5, metrics.frechet_distance).mean() > 2 * scores(100, 0.5, metrics.frechet_distance).mean()


def test_kernel_distance_takes_fewer_samples_than_features():
    few, others = RNG.normal(size=(20, 500)), RNG.normal(size=(30, 500))
    near, far = metrics.kernel_distance(few, others), metrics.kernel_distance(few, others + 1)
    assert abs(near) < 0.1 < far


def test_kernel_distance_refuses_what_it_cannot_compare():
    with pytest.raises(ValueError, match="different widths: 4 and 5"):
        metrics.kernel_distance(RNG.normal(size=(10, 4)), RNG.normal(size=(10, 5)))
    with pytest.raises(ValueError, match=r"features_b must be .* at least 2, got shape \(1, 4\)"):
        metrics.kernel_distance(RNG.normal(size=(10, 4)), RNG.normal(size=(1, 4)))
    with pytest.raises(ValueError, match="features_a must be finite"):
        metrics.kernel_distance(np.full((10, 4), np.nan), RNG.normal(size=(10, 4)))


# -------------------------------------------------------------------------- precision, recall, and coverage


def test_same_distribution_scores_high():
    scores = metrics.precision_recall_coverage(RNG.normal(size=(1000, 4)), RNG.normal(size=(1000, 4)))
    assert min(scores.values()) > 0.9


def test_far_away_fakes_score_zero():
    scores = metrics.precision_recall_coverage(RNG.normal(size=(200, 4)), RNG.normal(size=(200, 4)) + 100)
    assert scores == {"precision": 0.0, "recall": 0.0, "coverage": 0.0}


def test_a_lost_mode_costs_recall_and_coverage_but_not_precision():
    centres = np.array([[0.0, 0.0], [50.0, 0.0]])
    real = RNG.normal(size=(1000, 2)) + centres[np.arange(1000) % 2]
    fake = RNG.normal(size=(1000, 2))  # the second mode is missing
    scores = metrics.precision_recall_coverage(real, fake)
    assert scores["precision"] > 0.95
    assert scores["recall"] == pytest.approx(0.5, abs=0.05) and scores["coverage"] == pytest.approx(0.5, abs=0.06)


def test_by_hand_on_a_line():
    """k = 1: real 0, 1, 10 have radii 1, 1, 9; fakes 0.4 and 30 both have radius 29.6."""
    scores = metrics.precision_recall_coverage(np.array([[0.0], [1.0], [10.0]]), np.array([[0.4], [30.0]]), k=1)
    # 0.4 lies in the balls of 0 and 1 (and, 9.6 away, not in that of 10); 30 lies in none; all reals lie in 0.4's ball
    assert scores == {"precision": 0.5, "recall": 1.0, "coverage": pytest.approx(2 / 3)}


def test_density_by_hand_on_a_line():
    """k = 1: real 0, 1, 10 have radii 1, 1, 9. 0.4 lies in two balls, 11 in one (that of 10), 30 in none."""
    real, fake = np.array([[0.0], [1.0], [10.0]]), np.array([[0.4], [11.0], [30.0]])
    assert metrics.density(real, fake, k=1) == pytest.approx(3 / 3)
    assert metrics.density(real, np.repeat(fake[:1], 2, axis=0), k=1) == 2
    assert metrics.density(real, np.repeat(fake[2:], 2, axis=0), k=1) == 0


def test_density_of_fresh_samples_is_one_on_average():
    """The ball of a real sample reaches to the k-th of the n − 1 others, so a fresh one is inside with chance k / n."""
    for n, k in ((20, 3), (50, 5)):
        found = [metrics.density(RNG.normal(size=(n, 3)), RNG.normal(size=(40, 3)), k=k) for _ in range(400)]
        assert np.mean(found) == pytest.approx(1, abs=4 * np.std(found) / 400**0.5)


def test_one_wide_ball_excuses_fakes_before_precision_but_not_before_density():
    real = np.concatenate([RNG.normal(0, 0.1, (50, 2)), [[10.0, 0.0]]])  # one odd sample, and its ball reaches the rest
    fake = RNG.normal((5.0, 0.0), 0.1, (100, 2))  # halfway, where no data are
    assert metrics.precision_recall_coverage(real, fake)["precision"] == 1
    assert metrics.density(real, fake, k=5) == pytest.approx(1 / 5)


@pytest.mark.parametrize("score", [metrics.precision_recall_coverage, metrics.density])
def test_scores_by_neighbours_refuse_too_few_samples(score):
    with pytest.raises(ValueError, match="need more than 5 samples"):
        score(np.zeros((5, 2)), np.zeros((50, 2)))


# ------------------------------------------------------------------------------------------ nearest neighbours


def test_nearest_neighbours_agree_with_all_distances():
    queries, references = RNG.normal(size=(70, 5)), RNG.normal(size=(40, 5))
    distances = cdist(queries.astype(np.float32), references.astype(np.float32))
    found, how_far = metrics.nearest_neighbours(queries, references, chunk=32)
    assert np.array_equal(found, distances.argmin(axis=1))
    assert how_far == pytest.approx(distances.min(axis=1), rel=1e-5)


def test_a_copy_is_found_at_distance_zero():
    images = RNG.uniform(-1, 1, (50, 28, 28, 1)).astype(np.float32)
    found, how_far = metrics.nearest_neighbours(images[[7, 31]], images)
    assert found.tolist() == [7, 31] and how_far.tolist() == [0, 0]


def nearly_white():
    return 1 - 1e-4 * RNG.random((100, 28, 28, 1))


def in_two_heaps():
    return np.repeat([[-1000.0], [1000.0]], 50, axis=0) + 1e-2 * RNG.normal(size=(100, 2))


@pytest.mark.parametrize(
    "examples",
    [nearly_white, in_two_heaps, lambda: RNG.normal(size=(100, 2)) + 1000, lambda: 1e25 * RNG.normal(size=(100, 3))],
    ids=["nearly white", "two heaps", "far from 0", "enormous"],
)
@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
def test_copies_are_found_among_examples_that_are_nearly_alike(examples):
    """Where numbers are large and distances small, rounding must not choose another one."""
    examples = examples().astype(np.float32)
    found, how_far = metrics.nearest_neighbours(examples, examples, chunk=64)
    assert found.dtype == np.int64 and how_far.dtype == np.float32
    assert np.array_equal(found, np.arange(100)) and not how_far.any()
    others = examples[50:]
    expected = cdist(examples.reshape(100, -1), others.reshape(50, -1)).argmin(axis=1)
    assert np.array_equal(metrics.nearest_neighbours(examples, others)[0], expected)


def test_what_rounding_hides_is_doubtful():
    """References twice as far from 0 as the query, a hair apart: the nearest is found, or is among the candidates."""
    for _ in range(200):
        query = RNG.normal(size=(1, 5)).astype(np.float32)
        references = (2 * query + 1e-6 * RNG.normal(size=(100, 5))).astype(np.float32)
        nearest, doubtful, candidates = metrics.quick_nearest(query, references)
        distances = cdist(query, references)[0]
        best = np.flatnonzero(distances == distances.min())
        assert nearest[0] in best or (doubtful[0] and np.isin(best, candidates).all())


def test_of_equally_near_references_the_first_is_chosen():
    references = np.repeat(RNG.normal(size=(5, 40)), 30, axis=0)
    assert metrics.nearest_neighbours(references, references)[0].tolist() == np.repeat(range(0, 150, 30), 30).tolist()


def test_nearest_neighbours_refuse_what_they_cannot_compare():
    with pytest.raises(ValueError, match=r"a query has shape \(3,\) and a reference \(4,\)"):
        metrics.nearest_neighbours(np.zeros((5, 3)), np.zeros((5, 4)))
    with pytest.raises(ValueError, match="got 0 queries and 5 references"):
        metrics.nearest_neighbours(np.zeros((0, 3)), np.zeros((5, 3)))


# ------------------------------------------------------------------------------------------------ Evaluator


@pytest.fixture(scope="module")
def evaluator():
    from gan_helpers.models.classifier import build_classifier

    keras.utils.set_random_seed(0)
    images = RNG.uniform(-1, 1, (300, 28, 28, 1)).astype(np.float32)
    return Evaluator(build_classifier(), images, samples=200, neighbours_of=100), images


def test_evaluator_scores_and_bounds(evaluator):
    judge, images = evaluator
    rows = judge.bounds(images)
    assert list(rows) == ["real test images", "uniform noise"]
    assert set(rows["uniform noise"]) == set(COLUMNS) - {"density"}  # a column for those who compute it
    assert "density" not in score_table(rows) and "density" in score_table({"a": dict.fromkeys(COLUMNS, 0.0)})
    assert judge.score(lambda n: images[:n]) == judge.score(images)
    assert len(score_table(rows).splitlines()) == 3


def test_the_reference_is_drawn_from_all_real_images_in_another_order():
    """Sorted by class as they may be, the first ones are no fair sample; and one seed is one draw."""
    x = keras.Input((2, 2, 1))
    features = keras.layers.Flatten(name="features")(x)
    network = keras.Model(x, keras.layers.Dense(3)(features))
    images = np.linspace(-1, 1, 400, dtype=np.float32)[:, None, None, None] * np.ones((1, 2, 2, 1), np.float32)
    one, again, other = (Evaluator(network, images, samples=100, seed=seed).real_features[:, 0] for seed in (0, 0, 1))
    assert np.array_equal(one, again) and not np.array_equal(np.sort(one), np.sort(other))
    assert len(set(one)) == 100 and one.max() > 0.9 and one.min() < -0.9
    assert not (np.diff(one) >= 0).all()


@pytest.mark.parametrize("wrong", [0, -1, 2.5, "3", None, True])
def test_numbers_that_make_no_sense_are_refused(wrong, evaluator):
    judge, images = evaluator
    features = RNG.normal(size=(30, 4))
    with pytest.raises(ValueError, match=f"k must be .*, got {wrong!r}"):
        metrics.precision_recall_coverage(features, features, k=wrong)
    with pytest.raises(ValueError, match="k must be"):
        metrics.density(features, features, k=wrong)
    with pytest.raises(ValueError, match=f"splits must be .*, got {wrong!r}"):
        metrics.inception_score(np.full((20, 4), 0.25), splits=wrong)
    with pytest.raises(ValueError, match=f"chunk must be .*, got {wrong!r}"):
        metrics.nearest_neighbours(features, features, chunk=wrong)
    for name in ("samples", "neighbours_of"):
        with pytest.raises(ValueError, match=f"{name} must be .*, got {wrong!r}"):
            Evaluator(judge.network, images, **({"samples": 10} | {name: wrong}))
    for wrong in (-1, 1.5, "1", None):
        with pytest.raises(ValueError, match=f"seed must be .*, got {wrong!r}"):
            Evaluator(judge.network, images, samples=10, seed=wrong)


def test_evaluator_refuses_what_it_cannot_compare(evaluator):
    judge, images = evaluator
    with pytest.raises(ValueError, match="compares 200 images, got only 100"):
        judge.score(images[:100])
    with pytest.raises(ValueError, match=r"must lie in \[-1, 1\]"):
        judge.score(images * 127)
    with pytest.raises(ValueError, match=r"\(n, height, width, channels\), n at least 1; got \(0, 28, 28, 1\)"):
        judge.frechet_distance(images[:0])
    with pytest.raises(ValueError, match="samples = 400 needs as many real images, got 300"):
        Evaluator(keras.Sequential(), images, samples=400)


@pytest.fixture(scope="module")
def kernel_evaluator():
    keras.utils.set_random_seed(0)
    x = keras.Input((8, 8, 3))
    features = keras.layers.Dense(300, name="features")(keras.layers.Flatten()(x))
    images = RNG.uniform(-1, 0, (120, 8, 8, 3)).astype(np.float32)
    network = keras.Model(x, keras.layers.Dense(10)(features))
    return KernelEvaluator(network, images[:80], neighbours_of=30), images


def test_kernel_evaluator_needs_few_images(kernel_evaluator):
    """Eighty training images, forty held out, three hundred features: no Fréchet distance, but this."""
    judge, images = kernel_evaluator
    rows = judge.bounds(images[80:])
    real, noise = rows.values()
    assert list(real) == ["kernel_distance", "precision", "recall", "coverage"]
    assert abs(real["kernel_distance"]) < noise["kernel_distance"] / 10 and real["coverage"] > noise["coverage"]
    assert real["kernel_distance"] == pytest.approx(judge.kernel_distance(images[80:]))
    header, *lines = score_table(rows).splitlines()
    assert header.split() == ["kernel", "↓", "precision", "↑", "recall", "↑", "coverage", "↑"] and len(lines) == 2
    assert judge.score(lambda n: images[:n]) == judge.score(images[:80])
    with pytest.raises(ValueError, match="compares 30 images, got only 29"):
        judge.score(images[:29])


def test_kernel_evaluator_takes_its_few_from_everywhere(kernel_evaluator):
    """A data set sorted by class begins with one class: coverage must not be measured on that alone."""
    judge, images = kernel_evaluator
    sorted_by_class = np.concatenate([images[80:], images[80:] + 1])
    assert judge.score(sorted_by_class)["precision"] < judge.score(images[80:])["precision"]
