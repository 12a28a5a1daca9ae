"""The measures of a translation against values that are known."""

import keras
import numpy as np
import pytest
from keras import layers

from gan_helpers.data.sets import Unpaired
from gan_helpers.scores import translation
from gan_helpers.scores.metrics import kernel_distance
from gan_helpers.scores.translation import TranslationEvaluator, cosine


def pictures(n, seed, low=-1.0, high=1.0):
    return np.random.default_rng(seed).uniform(low, high, (n, 2, 2, 3)).astype(np.float32)


def seeing_pixels():
    """A network whose features are the pixels themselves."""
    image = layers.Input((2, 2, 3))
    return keras.Model(image, layers.Flatten(name="features")(image))


@pytest.fixture(scope="module")
def data():
    return Unpaired(pictures(7, 0, -1, 0), pictures(9, 1, 0, 1), pictures(5, 2, -1, 0), pictures(5, 3, 0, 1))


@pytest.fixture(scope="module")
def evaluator(data):
    return TranslationEvaluator(data, seeing_pixels())


@pytest.mark.parametrize("to", ["a", "b"])
def test_the_truth_has_no_error_and_its_distance_is_the_floor(evaluator, data, to):
    truth, style = (data.test_a, data.a) if to == "a" else (data.test_b, data.b)
    scores = evaluator.score(truth, to)
    assert scores["pixel_error"] == 0 and scores["perceptual_distance"] == pytest.approx(0, abs=1e-6)
    assert scores["kernel_distance"] == pytest.approx(kernel_distance(style.reshape(-1, 12), truth.reshape(-1, 12)))


def test_errors_of_known_size(evaluator, data):
    lighter = data.test_b * 0.5  # the same direction, half as far from the middle grey
    scores = evaluator.score(lighter, "b")
    assert scores["pixel_error"] == pytest.approx(25 * np.abs(data.test_b).mean(), rel=1e-5)
    assert scores["perceptual_distance"] == pytest.approx(0, abs=1e-6)
    assert evaluator.score(-data.test_b, "b")["perceptual_distance"] == pytest.approx(2, abs=1e-6)
    black, white = np.full_like(data.test_a, -1), np.full_like(data.test_a, 1)
    wrong = TranslationEvaluator(data._replace(test_a=black), seeing_pixels())
    assert wrong.score(white, "a")["pixel_error"] == 100


def test_the_wrong_style_is_farther_from_the_training_pictures(evaluator, data):
    assert evaluator.score(data.test_a, "b")["kernel_distance"] > evaluator.score(data.test_b, "b")["kernel_distance"]


def test_the_score_is_the_mean_over_all_pictures(evaluator, data):
    each = evaluator.perceptual_distances(data.test_a, "b")
    assert each.shape == (len(data.test_a),) and np.ptp(each) > 0
    assert evaluator.score(data.test_a, "b")["perceptual_distance"] == pytest.approx(each.mean(), abs=1e-6)
    with pytest.raises(ValueError, match=r"^translated must be of shape \(5, 2, 2, 3\), got \(4, 2, 2, 3\)"):
        evaluator.perceptual_distances(data.test_a[:4], "b")


def test_cosine_of_known_angles():
    x, y = np.array([[1.0, 0], [3, 0], [1, 1]]), np.array([[0, 2.0], [5, 0], [1, 0]])
    assert cosine(x, y) == pytest.approx([0, 1, np.sqrt(0.5)])
    many = np.random.default_rng(0).normal(size=(1000, 7)).astype(np.float32)
    assert cosine(many, many).max() <= 1 and cosine(many, -many).min() >= -1  # whatever rounding does


def test_mistakes_get_a_clear_error(evaluator, data):
    with pytest.raises(ValueError, match="to must be 'a' or 'b', got 'c'"):
        evaluator.score(data.test_a, "c")
    with pytest.raises(ValueError, match=r"translated must be of shape \(5, 2, 2, 3\), got \(4, 2, 2, 3\)"):
        evaluator.score(data.test_a[:4], "b")
    with pytest.raises(ValueError, match="images must be floats"):
        evaluator.score(np.zeros((5, 2, 2, 3), np.uint8), "b")
    with pytest.raises(ValueError, match="test pictures must be pairs, got 5 of A and 4 of B"):
        TranslationEvaluator(data._replace(test_b=data.test_b[:4]))


def test_efficientnet_looks_at_pictures_of_this_shape_unless_another_network_is_given(data, monkeypatch):
    asked = []
    monkeypatch.setattr(translation, "load_efficientnet", lambda *shape: asked.append(shape) or seeing_pixels())
    TranslationEvaluator(data)
    TranslationEvaluator(data, seeing_pixels())
    assert asked == [((2, 2, 3), translation.COLOUR_SIDE)]
