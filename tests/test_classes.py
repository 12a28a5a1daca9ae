"""Scores within classes: consistency against counted answers, precision and recall against sets made for it."""

from types import SimpleNamespace

import numpy as np
import pytest

from gan_helpers.scores.classes import class_consistency, scores_within_classes

RNG = np.random.default_rng(0)
CLASSES = 3


def looker():
    """Sees a class in an image's first pixel, and two features in the next ones."""

    def look_at(images):
        flat = np.asarray(images, dtype=float).reshape(len(images), -1)
        return flat[:, 1:3], np.eye(CLASSES)[flat[:, 0].astype(int)]

    return SimpleNamespace(look_at=look_at)


def pictures(classes, features):
    return np.concatenate([np.asarray(classes)[:, None], features], axis=1).reshape(len(classes), 1, 3, 1)


def test_consistency_counts_each_class_by_itself():
    asked = np.array([0, 0, 0, 0, 1, 1, 2])
    shown = np.array([0, 0, 0, 2, 1, 0, 1])
    found = class_consistency(looker(), pictures(shown, np.zeros((7, 2))), asked)
    np.testing.assert_allclose(found, [0.75, 0.5, 0.0])


def test_a_class_without_images_is_refused():
    with pytest.raises(ValueError, match="each of the 3 classes needs at least 1 image"):
        class_consistency(looker(), pictures([0, 1], np.zeros((2, 2))), np.array([0, 1]))
    with pytest.raises(ValueError, match=r"at least 9 image\(s\), one has 8"):
        labels = np.repeat(np.arange(3), (9, 8, 9))
        pair = pictures(labels, RNG.normal(size=(26, 2))), labels
        scores_within_classes(looker(), pair, pair, n=9)


def test_each_class_is_compared_with_itself_alone():
    """Class 0 is the real one, class 1 lies elsewhere, class 2 is one picture again and again."""
    labels = RNG.permutation(np.repeat(np.arange(3), 30))
    real = RNG.normal(size=(90, 2)) + 10 * labels[:, None]
    fake = real.copy()
    fake[labels == 1] = real[labels == 0]  # right among all classes, wrong for its own
    fake[labels == 2] = real[labels == 2][:1]
    found = scores_within_classes(looker(), (pictures(labels, real), labels), (pictures(labels, fake), labels), n=30)
    assert set(found) == {"precision", "recall", "coverage"}
    assert [found[name][0] for name in ("precision", "recall", "coverage")] == [1, 1, 1]
    assert [found[name][1] for name in ("precision", "recall", "coverage")] == [0, 0, 0]
    assert found["precision"][2] == 1 and found["recall"][2] <= 1 / 30


def test_the_order_of_images_does_not_mix_classes():
    labels = np.repeat(np.arange(3), 20)
    real = RNG.normal(size=(60, 2)) + 5 * labels[:, None]
    order = np.argsort(RNG.random(60))
    pair = pictures(labels, real), labels
    mixed = pictures(labels[order], real[order]), labels[order]
    for values in scores_within_classes(looker(), pair, mixed, n=20).values():
        np.testing.assert_array_equal(values, 1)
