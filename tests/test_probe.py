"""The linear probe: that it finds what is there, treats both answers alike, and minimises what it says."""

import numpy as np
import pytest
from scipy.special import expit

from gan_helpers.scores.metrics import auroc
from gan_helpers.scores.probe import LinearProbe

RNG = np.random.default_rng(0)


def test_it_finds_a_linear_attribute_and_no_other():
    features = RNG.normal(3, 2, size=(600, 20))
    has, chance = features[:, 4] + 0.5 * features[:, 7] > 5, RNG.random(600) < 0.5
    probe = LinearProbe(features[:400], has[:400], decay=0.01)
    found = probe.probability(features[400:])
    assert auroc(found[~has[400:]], found[has[400:]]) > 0.98
    assert set(np.argsort(-np.abs(probe.weights))[:2]) == {4, 7}
    nothing = LinearProbe(features[:400], chance[:400], decay=0.01).probability(features[400:])
    assert 0.35 < auroc(nothing[~chance[400:]], nothing[chance[400:]]) < 0.65


def test_rare_attributes_are_not_overlooked():
    features = RNG.normal(size=(1000, 3))
    has = features[:, 0] > 1.8  # a few per cent
    probability = LinearProbe(features, has, decay=0.01).probability(features)
    assert probability[has].min() > 0.5 and (probability[~has] < 0.5).mean() > 0.9


def test_it_stands_at_the_minimum():
    """Where the slope of its own loss is 0; computed here once more, by hand."""
    features, has = RNG.normal(size=(50, 4)), RNG.random(50) < 0.3
    probe = LinearProbe(features, has, decay=0.5)
    x = probe.standardised(features)
    weights = np.where(has, 0.5 / has.mean(), 0.5 / (1 - has.mean()))
    error = weights * (expit(x @ probe.weights + probe.bias) - has) / 50
    np.testing.assert_allclose(x.T @ error + 0.5 * probe.weights, 0, atol=1e-4)
    assert abs(error.sum()) < 1e-4


def test_more_features_than_pictures_need_the_decay():
    features, has = RNG.normal(size=(30, 200)), np.arange(30) % 2 == 0
    loose, tight = (np.linalg.norm(LinearProbe(features, has, decay).weights) for decay in (1e-4, 10.0))
    assert tight < loose / 10


def test_wrong_input_is_refused():
    with pytest.raises(ValueError, match=r"got \(5, 3\) and \(4,\)"):
        LinearProbe(np.zeros((5, 3)), np.zeros(4, bool))
    with pytest.raises(ValueError, match="pictures with the attribute and pictures without"):
        LinearProbe(np.zeros((5, 3)), np.ones(5, bool))
    with pytest.raises(ValueError, match="^features must be finite numbers"):
        LinearProbe(np.full((5, 3), np.nan), np.arange(5) < 2)
    with pytest.raises(ValueError, match="^decay must be .*got -1"):
        LinearProbe(RNG.normal(size=(5, 3)), np.arange(5) < 2, decay=-1)
