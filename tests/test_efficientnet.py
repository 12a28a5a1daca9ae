"""The colour judge: its weights are those that ship, its answers those that are known."""

import io
import json
import pickle
import shutil

import build_judge
import keras
import numpy as np
import pytest

from gan_helpers.data.manifest import DataError
from gan_helpers.scores import efficientnet

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def network():
    return efficientnet.load_efficientnet((64, 64, 3))


def test_it_gives_the_answers_of_the_card(network):
    card = efficientnet.read_card()
    assert efficientnet.known_answer(network) == pytest.approx(card["known_answer"], abs=0.02)
    assert network.count_params() == 4_694_024
    espresso = card["photographs"]["coffee.png"]
    assert espresso["class"] == 967 and espresso["probability"] > 0.9


def test_it_has_features_and_logits(network):
    images = RNG.uniform(-1, 1, (2, 64, 64, 3)).astype(np.float32)
    look = keras.Model(network.input, [network.get_layer("features").output, *network.outputs])
    features, logits = look(images, training=False)
    assert features.shape == (2, 1280) and logits.shape == (2, 1000)
    head = network.get_layer("logits")
    assert np.asarray(logits) == pytest.approx(np.asarray(features) @ head.kernel.numpy() + head.bias.numpy(), abs=1e-4)


def test_pixels_arrive_as_the_network_knows_them(network):
    pixels = np.array([0, 1, 127, 255])
    images = np.broadcast_to((pixels / 127.5 - 1).astype(np.float32)[:, None, None, None], (4, 64, 64, 3))
    seen = keras.Model(network.input, network.get_layer("rescale").output)(images)
    assert seen.shape == (4, 224, 224, 3)
    assert np.asarray(seen[:, 100, 100, 0]) == pytest.approx((pixels - 127) / 128, abs=1e-6)


def test_images_of_any_shape_are_resized():
    network = efficientnet.build_efficientnet((20, 30, 3), side=32)
    assert network(np.zeros((1, 20, 30, 3), np.float32), training=False).shape == (1, 1000)
    assert network.get_layer("resize").output.shape == (None, 32, 32, 3)
    with pytest.raises(ValueError, match=r"image_shape must be \(height, width, 3\), got \(28, 28, 1\)"):
        efficientnet.load_efficientnet((28, 28, 1))


def test_classes_have_names():
    names = efficientnet.imagenet_classes()
    assert len(names) == 1000 and names[0] == "tench" and names[967] == "espresso" and names[285] == "Egyptian Mau"


def test_missing_and_damaged_weights_say_how_to_mend_them(tmp_path, monkeypatch):
    monkeypatch.setattr(efficientnet, "JUDGE", tmp_path)
    with pytest.raises(DataError, match=r"efficientnet_lite0.json is missing.*Reinstall"):
        efficientnet.load_efficientnet()
    for file in build_judge.JUDGE.iterdir():
        shutil.copy(file, tmp_path)
    card = tmp_path / "efficientnet_lite0.json"
    whole = json.loads(card.read_text())
    lacking = [json.dumps({key: whole[key] for key in whole if key != name}) for name in ("classes", "known_answer")]
    for content in ("{", "null", json.dumps(whole | {"files": [{}]}), json.dumps(whole | {"classes": None}), *lacking):
        card.write_text(content)
        with pytest.raises(DataError, match=r"efficientnet_lite0.json .* is damaged.*Reinstall"):
            efficientnet.load_efficientnet()
    card.write_text(json.dumps(whole))
    damaged = tmp_path / "efficientnet_lite0_2.npz"
    damaged.write_bytes(damaged.read_bytes()[:-1])
    with pytest.raises(DataError, match=r"efficientnet_lite0_2.npz .* is damaged.*Reinstall"):
        efficientnet.load_efficientnet()
    damaged.unlink()
    with pytest.raises(DataError, match=r"efficientnet_lite0_2.npz is missing.*Reinstall"):
        efficientnet.load_efficientnet()


def test_files_are_small_enough_to_share():
    files = {file["file"]: file for file in efficientnet.read_card()["files"]}
    assert set(files) == {path.name for path in efficientnet.JUDGE.glob("*.npz")}
    assert all((efficientnet.JUDGE / name).stat().st_size == file["bytes"] < 4e6 for name, file in files.items())


# ------------------------------------------------------------------------------------------- PyTorch's file


def test_a_pickle_may_name_nothing_but_tensors():
    class Attack:
        def __reduce__(self):
            return print, ("gotcha",)

    with pytest.raises(pickle.UnpicklingError, match="print has no business in a file of weights"):
        build_judge.TensorUnpickler(io.BytesIO(pickle.dumps(Attack()))).load()


def test_keras_names_are_found_in_pytorchs_file():
    names = {
        "stem_conv/kernel": "_conv_stem.weight",
        "head_norm/moving_variance": "_bn1.running_var",
        "block0_depthwise_norm/gamma": "_blocks.0._bn1.weight",
        "block12_project_conv/kernel": "_blocks.12._project_conv.weight",
        "logits/bias": "_fc.bias",
    }
    assert {path: build_judge.torch_name(path) for path in names} == names
    assert build_judge.in_keras_order(np.zeros((8, 3, 5, 7)), "stem_conv/kernel").shape == (5, 7, 3, 8)
    assert build_judge.in_keras_order(np.zeros((8, 1, 5, 7)), "block0_depthwise_conv/kernel").shape == (5, 7, 8, 1)
