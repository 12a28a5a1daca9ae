"""What a recipe's card says of its weights is measured as the chapters say: whom it asks, about what."""

from types import SimpleNamespace

import numpy as np
import pytest

from gan_helpers.data.sets import Unpaired
from gan_helpers.models import cgan, cyclegan, robust, stylegan, vae

IMAGES = np.linspace(-1, 1, 1_002 * 4, dtype=np.float32).reshape(-1, 2, 2, 1)
LABELS = np.arange(1_002) % 10
DATA = SimpleNamespace(name="mnist", scaled=lambda split="train": IMAGES, test_labels=LABELS)


class Judge:
    """Stands in for an evaluator: it remembers for which data it was asked."""

    samples = 8

    def __init__(self, name, **how):
        self.name, self.how = name, how

    def score(self, sample):
        return {"frechet_distance": sample(3), "asked": (self.name, self.how)}


def test_a_conditional_game_is_asked_for_all_classes_in_turn(monkeypatch):
    asked = []

    def sample(n, seed=0, labels=None):
        asked.append((n, seed, labels))
        return n

    def consistency(judge, images, labels):
        assert images == 8 and (labels == asked[0][2]).all()
        return np.array([1.0, 0.5, 0.0])

    monkeypatch.setattr(cgan, "class_consistency", consistency)
    scores = cgan.score_classes(SimpleNamespace(classes=3, sample=sample), DATA, Judge)
    (n, seed, labels), later = asked
    assert (n, seed, list(labels)) == (8, 1, [0, 1, 2, 0, 1, 2, 0, 1]) and later == (3, 0, None)
    assert scores == {
        "frechet_distance": 3, "asked": ("mnist", {}), "consistency": 0.5, "worst_consistency": 0.0
    }  # fmt: skip


def test_translations_are_measured_in_both_directions_on_the_held_out_pairs(monkeypatch):
    emoji = Unpaired(a="a", b="b", test_a="flat", test_b="solid")
    monkeypatch.setattr(cyclegan, "unpaired_emoji", lambda *styles: {("twemoji", "fluent"): emoji}[styles])
    judge = SimpleNamespace(score=lambda images, to: {"error": (images, to)})
    monkeypatch.setattr(cyclegan, "TranslationEvaluator", lambda data: {emoji: judge}[data])
    game = SimpleNamespace(translate=lambda images, to: f"{images} as {to}")
    assert cyclegan.score_translations(game, DATA, None) == {
        "error_to_b": ("flat as b", "b"),
        "error_to_a": ("solid as a", "a"),
    }
    assert cyclegan.flat_and_solid(DATA) == ("a", "b")


def test_robustness_is_measured_by_pgd_with_the_papers_numbers(monkeypatch):
    def pgd(model, images, labels, epsilon, step_size, steps):
        assert (epsilon, step_size, steps) == (pytest.approx(0.6), pytest.approx(0.02), 40)
        np.testing.assert_array_equal(images, IMAGES[:1_000])
        np.testing.assert_array_equal(labels, LABELS[:1_000])
        return "attacked"

    monkeypatch.setattr(robust, "pgd", pgd)
    model = SimpleNamespace(
        accuracy=lambda images, labels: (images if isinstance(images, str) else len(images), labels)
    )
    scores = robust.score_robustness(model, DATA, None)
    assert scores["test_accuracy"][0] == 1_002 and scores["test_accuracy"][1] is LABELS
    assert scores["pgd_40_accuracy"][0] == "attacked" and len(scores["pgd_40_accuracy"][1]) == 1_000


def test_a_small_stylegan_is_measured_at_its_own_size():
    scores = stylegan.score_small(SimpleNamespace(sample=lambda n: n), DATA, Judge)
    assert scores["asked"] == ("mnist", {"size": stylegan.SIDE})


def test_a_vae_learns_ink():
    (ink,) = vae.binarised_images(DATA)
    np.testing.assert_array_equal(ink, vae.binarise(IMAGES, seed=0))
