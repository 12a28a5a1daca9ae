"""The road to TensorFlow Hub and back: what is exported, and what is said where something is missing."""

import sys
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from keras import layers

from gan_helpers import hub
from gan_helpers.data.manifest import DataError
from gan_helpers.models.progan import ProgressiveGenerator

NOISE = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)


@pytest.mark.parametrize(
    "generator",
    [
        keras.Sequential([layers.Input((4,)), layers.Dense(192, activation="tanh"), layers.Reshape((8, 8, 3))]),
        ProgressiveGenerator(8, latent_dim=4, base=32, most=8),
    ],
    ids=["sequential", "progressive"],
)
def test_an_exported_generator_makes_the_same_pictures(generator, tmp_path):
    hub.export(generator, tmp_path / "model")
    module = hub.load(tmp_path / "model")
    for n in (5, 2):  # any number of them
        pictures = module.signatures["default"](hub.tf.constant(NOISE[:n]))["default"].numpy()
        expected = np.clip((np.asarray(generator(NOISE[:n])) + 1) / 2, 0, 1)
        np.testing.assert_allclose(pictures, expected, atol=1e-5)


def test_an_address_goes_to_tensorflow_hub(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_hub", SimpleNamespace(load=lambda handle: f"loaded {handle}"))
    assert hub.load(hub.PROGAN_128) == f"loaded {hub.PROGAN_128}"


def test_what_is_missing_is_said(monkeypatch, tmp_path):
    with pytest.raises(DataError, match="there is no folder .*nowhere; hub.export"):
        hub.load(tmp_path / "nowhere")
    monkeypatch.setitem(sys.modules, "tensorflow_hub", None)
    with pytest.raises(DataError, match="pip install tensorflow-hub"):
        hub.load(hub.PROGAN_128)

    def offline(handle):
        raise OSError("no route to host")

    monkeypatch.setitem(sys.modules, "tensorflow_hub", SimpleNamespace(load=offline))
    with pytest.raises(DataError, match="could not be downloaded .no route to host.*once with a network"):
        hub.load(hub.PROGAN_128)
