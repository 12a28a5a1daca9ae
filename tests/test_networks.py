"""InceptionV3 as a judge: its plumbing, with random weights, and what is said where its weights cannot be had."""

import socket

import keras
import numpy as np
import pytest

from gan_helpers.data.manifest import DataError
from gan_helpers.scores import metrics, networks
from gan_helpers.scores.evaluator import Evaluator

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def inception():
    return networks.load_inception((28, 28, 1), weights=None)


def test_inception_has_features_and_logits(inception):
    images = RNG.uniform(-1, 1, (2, 28, 28, 1)).astype(np.float32)
    look = keras.Model(inception.input, [inception.get_layer("features").output, *inception.outputs])
    features, logits = look(images, training=False)
    assert features.shape == (2, 2048) and logits.shape == (2, 1000)
    head = inception.get_layer("predictions")
    assert np.asarray(logits) == pytest.approx(np.asarray(features) @ head.kernel.numpy() + head.bias.numpy(), abs=1e-4)
    assert np.asarray(logits).min() < 0, "logits, not probabilities"


def test_the_evaluator_says_how_many_samples_inception_needs(inception):
    images = RNG.uniform(-1, 1, (3, 28, 28, 1)).astype(np.float32)
    judge = Evaluator(inception, images, samples=3)
    assert judge.real_features.shape == (3, 2048)
    with pytest.raises(ValueError, match="3 samples of 2048 features"):
        metrics.frechet_distance(judge.real_features, judge.real_features)


def test_inception_wants_grey_or_colour():
    with pytest.raises(ValueError, match="1 or 3 channels, got 4"):
        networks.load_inception((28, 28, 4), weights=None)


def test_without_a_network_the_error_says_what_to_do(monkeypatch):
    def offline(weights, classifier_activation):
        assert socket.getdefaulttimeout() == 20
        raise Exception("URL fetch failure on https://example.org: name or service not known")

    monkeypatch.setattr(keras.applications, "InceptionV3", offline)
    with pytest.raises(DataError, match=r"InceptionV3 \(96 MB\).*URL fetch failure.*once with a network.*evaluator"):
        networks.load_inception()
    assert socket.getdefaulttimeout() is None
