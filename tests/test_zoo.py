import hashlib
import json
import shutil
import signal
from dataclasses import replace

import keras
import numpy as np
import pytest

from conftest import equal, weights
from gan_helpers import __main__, datasets, losses, training, zoo
from gan_helpers.models import dcgan
from gan_helpers.models.dcgan import SharedFakesGAN


def test_every_recipe_ships_weights_with_a_card_that_agrees():
    shipped = {path.stem for path in zoo.WEIGHTS.glob("*.json")}
    assert shipped == set(zoo.RECIPES) == {path.stem for path in zoo.WEIGHTS.glob("*.npz")}
    for name, recipe in zoo.RECIPES.items():
        card = json.loads((zoo.WEIGHTS / f"{name}.json").read_text())
        content = (zoo.WEIGHTS / f"{name}.npz").read_bytes()
        assert card.items() >= json.loads(json.dumps(recipe.settings())).items() and card["what"]
        assert card["sha256"] == hashlib.sha256(content).hexdigest() and len(content) < 4_000_000
        assert card["seconds"] > 0 and card["scores"]
        with np.load(zoo.WEIGHTS / f"{name}.npz", allow_pickle=False) as weights:
            assert all(array.dtype == np.float16 for array in weights.values())


def test_the_judge_is_as_good_as_its_card_says():
    model, card = zoo.load("mnist_classifier")
    assert card["scores"]["test_accuracy"] >= 0.992
    assert zoo.recipe("mnist_classifier").score(model)["test_accuracy"] == pytest.approx(
        card["scores"]["test_accuracy"], abs=5e-4
    )


@pytest.mark.parametrize("name", ["gan_mnist", "dcgan_mnist"])
def test_the_shipped_gans_score_what_their_cards_say(name):
    gan, card = zoo.load(name)
    scores = zoo.recipe(name).score(gan)
    assert scores["frechet_distance"] == pytest.approx(card["scores"]["frechet_distance"], rel=0.02)
    assert scores["inception_score"] == pytest.approx(card["scores"]["inception_score"], rel=0.02)


def test_real_digits_score_far_better_than_noise():
    rows = zoo.evaluator("mnist", 2000).bounds(datasets.mnist().scaled("test"))
    real, noise = rows.values()
    assert real["frechet_distance"] < noise["frechet_distance"] / 20
    assert real["inception_score"] > 9 and noise["inception_score"] < 2
    assert real["coverage"] > 0.8 and noise["coverage"] < 0.05


def short(monkeypatch, name, steps):
    monkeypatch.setitem(zoo.RECIPES, name, replace(zoo.RECIPES[name], steps=steps))


def test_training_by_recipe_is_reproducible_and_round_trips(monkeypatch, tmp_path):
    short(monkeypatch, "gan_mnist", 20)
    monkeypatch.setattr(zoo.GANRecipe, "jit_compile", False)
    few = zoo.evaluator("mnist", 500)  # how good the samples are is not the point here
    monkeypatch.setattr(zoo, "evaluator", lambda dataset: few)
    hashes = set()
    for folder in ("a", "b"):
        path = zoo.save(zoo.train("gan_mnist"), tmp_path / folder)
        hashes.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(hashes) == 1
    trained, card = zoo.load("gan_mnist", tmp_path / "a")
    assert card["steps"] == 20 and card["scores"]["frechet_distance"] > 0
    kernel = trained.generator.get_weights()[0]
    assert np.array_equal(kernel, kernel.astype(np.float16).astype(np.float32))


def test_loading_does_not_reset_the_readers_seed():
    keras.utils.set_random_seed(5)
    expected = np.random.rand()
    keras.utils.set_random_seed(5)
    zoo.load("gan_mnist")
    assert np.random.rand() == expected


def test_weights_of_another_recipe_are_refused(monkeypatch):
    short(monkeypatch, "gan_mnist", 123)
    with pytest.raises(datasets.DataError, match=r"another recipe \(it differs in: steps\).*train gan_mnist"):
        zoo.load("gan_mnist")


def test_a_recipe_is_all_that_decides_the_weights(monkeypatch):
    """The game, its networks, its loss and XLA belong to it; the line that describes it does not."""
    recipe = zoo.RECIPES["gan_mnist"]
    monkeypatch.setitem(zoo.RECIPES, "gan_mnist", replace(recipe, what="described in other words"))
    zoo.load("gan_mnist")
    for name, value in (("game", SharedFakesGAN), ("networks_of", dcgan), ("loss", losses.LeastSquaresLoss()),
                        ("jit_compile", False)):  # fmt: skip
        changed = type("Changed", (zoo.GANRecipe,), {name: value})
        fields = {key: getattr(recipe, key) for key in recipe.__dataclass_fields__}
        monkeypatch.setitem(zoo.RECIPES, "gan_mnist", changed(**fields))
        with pytest.raises(datasets.DataError, match="another recipe"):
            zoo.load("gan_mnist")


def test_a_stopped_recipe_goes_on(monkeypatch, tmp_path, interruptible):
    class StopAt(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            signal.raise_signal(signal.SIGINT)

    short(monkeypatch, "gan_mnist", 300)
    monkeypatch.setattr(zoo.GANRecipe, "jit_compile", False)
    monkeypatch.setattr(zoo.GANRecipe, "score", lambda self, model: {})
    whole = zoo.train("gan_mnist")
    file = tmp_path / "run.npz"
    with pytest.raises(training.Stopped, match="stopped at step 100 of 300"):
        zoo.train("gan_mnist", [StopAt()], checkpoint=file)
    resumed = zoo.train("gan_mnist", checkpoint=file)
    assert equal(weights(whole.model.sampler), weights(resumed.model.sampler))
    assert len(resumed.model.curves["seconds"][0]) == 3  # those before the stop are counted
    with pytest.raises(ValueError, match="cannot go on from a checkpoint"):
        zoo.train("mnist_classifier", checkpoint=file)


def test_damaged_and_missing_weights_say_how_to_mend_them(tmp_path):
    for suffix in (".npz", ".json"):
        shutil.copy(zoo.WEIGHTS / f"gan_mnist{suffix}", tmp_path)
    file = tmp_path / "gan_mnist.npz"
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(datasets.DataError, match="is damaged.*Reinstall"):
        zoo.load("gan_mnist", tmp_path)
    with pytest.raises(datasets.DataError, match="mnist_classifier.json is missing"):
        zoo.load("mnist_classifier", tmp_path)
    with pytest.raises(KeyError, match="no recipe named 'biggan'; there are: mnist_classifier, gan_mnist"):
        zoo.load("biggan")


# --------------------------------------------------------------------------------------------- command line


def test_train_command_writes_weights_and_card(monkeypatch, tmp_path, capsys):
    short(monkeypatch, "mnist_classifier", 3)
    assert __main__.main(["train", "mnist_classifier", "--folder", str(tmp_path)]) == 0
    assert json.loads((tmp_path / "mnist_classifier.json").read_text())["steps"] == 3
    assert "test_accuracy" in capsys.readouterr().out


def test_train_without_a_name_lists_the_systems(capsys):
    assert __main__.main(["train"]) == 0
    assert __main__.main(["train", "nonsense"]) == 2
    said = capsys.readouterr()
    assert said.out.count("vae_mnist") == 2 and "no system named 'nonsense'" in said.err
