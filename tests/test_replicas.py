"""Training on several devices: two logical CPUs must do what one does (``replicas.py``, in a process of its own)."""

import json
import subprocess
import sys
from pathlib import Path

import keras
import pytest
import systems
import tensorflow as tf

from gan_helpers.core import sampling


@pytest.mark.slow
def test_two_devices_do_what_one_does():
    """Each has its share of every batch and of all noise, the penalty's and the VAE's included."""
    script = Path(__file__).with_name("replicas.py")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    differences = json.loads(done.stdout.splitlines()[-1])
    assert differences.pop("restart") < 1e-5
    for name, difference in differences.items():
        assert difference["weights"] < 1e-5 and difference["curves"] < 1e-4 < 1e-3 < difference["moved"], name


def test_replicas_draw_different_rows_of_one_noise(monkeypatch):
    whole = sampling.normal((6, 3), 0, 5, "noise")
    for index in range(2):
        monkeypatch.setattr(sampling, "replicas", lambda index=index: (tf.constant(index), 2))
        share = sampling.normal((3, 3), 0, 5, "noise")
        assert share.shape == (3, 3) and tf.reduce_all(share == whole[3 * index : 3 * index + 3])


def test_replicas_share_out_each_batch_of_a_step(monkeypatch):
    """A step of two batches of four, on two devices: each has two of the first, then two of the second."""
    data, indices = (tf.range(100, 108),), (tf.range(8, dtype=tf.int64),)
    for index, own in ((0, [100, 101, 104, 105]), (1, [102, 103, 106, 107])):
        monkeypatch.setattr(sampling, "replicas", lambda index=index: (tf.constant(index), 2))
        assert sampling.gather((data,), indices, parts=2)[0].numpy().tolist() == own


class TwoDevices:
    """What a system asks of a strategy before it trains."""

    num_replicas_in_sync = 2


def test_what_cannot_be_shared_is_refused(monkeypatch):
    game, sources = systems.build("gan")
    monkeypatch.setattr(type(game), "distribute_strategy", TwoDevices())
    with pytest.raises(ValueError, match="XLA cannot compile a step that several devices share"):
        game.compile(keras.optimizers.SGD(), keras.optimizers.SGD(), jit_compile=True)
    with pytest.raises(ValueError, match=r"batch_size must be a multiple of the number of devices \(2\), got 7"):
        game.train(*sources, steps=1, batch_size=7)
