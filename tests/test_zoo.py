import hashlib
import json
import shutil
import signal
from dataclasses import FrozenInstanceError, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from conftest import equal, weights
from gan_helpers import __main__, losses, zoo
from gan_helpers.core import watchers
from gan_helpers.data import manifest, sets
from gan_helpers.models import dcgan
from gan_helpers.models.dcgan import SharedFakesGAN
from gan_helpers.models.game import make_game
from gan_helpers.models.recipe import plain
from gan_helpers.scores.classes import class_consistency


def scores(name):
    """What a card says, and what the shipped weights score."""
    (model, card), recipe = zoo.load(name), zoo.recipe(name)
    return card["scores"], recipe.score(model, sets.load(recipe.dataset), zoo.evaluator)


def test_every_recipe_ships_weights_with_a_card_that_agrees():
    shipped = {path.stem for path in zoo.WEIGHTS.glob("*.json")}
    assert shipped == set(zoo.RECIPES) == {path.stem for path in zoo.WEIGHTS.glob("*.npz")}
    for name, recipe in zoo.RECIPES.items():
        card = json.loads((zoo.WEIGHTS / f"{name}.json").read_text())
        content = (zoo.WEIGHTS / f"{name}.npz").read_bytes()
        assert card.items() >= json.loads(json.dumps(recipe.values())).items() and card["what"] == recipe.what
        results = {"what", "seconds", "scores", "tensorflow", "keras", "bytes", "sha256", manifest.SEAL}
        assert card.keys() - results == recipe.values().keys(), "the card knows a setting that the recipe leaves out"
        assert card["sha256"] == hashlib.sha256(content).hexdigest() and len(content) < 4_000_000
        assert card["seconds"] > 0 and card["scores"]
        assert card[manifest.SEAL] == manifest.seal_of(card), "zoo.save(zoo.load(name)) writes a card's own digest"
        with np.load(zoo.WEIGHTS / f"{name}.npz", allow_pickle=False) as weights:
            assert all(array.dtype == np.float16 for array in weights.values())


@pytest.mark.parametrize("name", zoo.RECIPES)
def test_every_recipe_builds_the_networks_that_its_weights_are_of(name):
    model, card = zoo.load(name)
    assert card["name"] == name and model.steps_done == zoo.recipe(name).steps
    assert all(np.isfinite(weight).all() for network in model.shipped().values() for weight in network.get_weights())


BETAS = {"progan_people": (0.0, 0.99), "stylegan_people": (0.0, 0.99), "cyclegan_emoji": (0.5, 0.999)}


@pytest.mark.parametrize("name", zoo.RECIPES)
def test_other_settings_reach_the_system_as_well(name):
    """What a recipe says may be what its system does by default, and so would not be missed."""
    recipe = zoo.recipe(name)
    model = recipe.make(**recipe.settings, seed=recipe.seed, steps=recipe.steps)
    kept = [key for key in model.identity() if isinstance(recipe.settings.get(key), float)]
    other = {key: recipe.settings[key] / 2 for key in kept}
    changed = recipe.make(**recipe.settings | other, seed=recipe.seed + 1, steps=recipe.steps).identity()
    assert {key: changed[key] for key in kept} == other and changed["seed"] == recipe.seed + 1


@pytest.mark.parametrize("name", zoo.RECIPES)
def test_a_recipes_settings_reach_its_system(name):
    """Whatever the system keeps by the name of a setting; and its optimizers' rates, which may fall until the end."""
    recipe, model = zoo.recipe(name), zoo.load(name).model
    kept = model.identity() | {key: getattr(model, key, None) for key in ("latent_dim", "policy", "growth")}
    for key in kept.keys() & recipe.settings.keys():
        assert str(kept[key]) == str(recipe.settings[key]), key
    assert kept["seed"] == recipe.seed
    for player in model.players():
        config = model.optimizer_of(player).get_config()
        rate = config["learning_rate"]
        if isinstance(rate, dict):
            assert rate["config"]["decay_steps"] == recipe.steps
            rate = rate["config"]["initial_learning_rate"]
        wanted = recipe.settings.get("learning_rate", recipe.settings.get(f"{player[0]}_learning_rate"))
        assert rate == pytest.approx(wanted)
        betas = BETAS.get(name, (recipe.settings.get("beta_1", 0.9), 0.999))
        assert (config["beta_1"], config["beta_2"]) == betas


@pytest.mark.parametrize(("dataset", "at_least"), [("mnist", 0.992), ("fashion_mnist", 0.9)])
def test_a_judge_is_as_good_as_its_card_says(dataset, at_least):
    said, found = scores(f"{dataset}_classifier")
    assert said["test_accuracy"] >= at_least
    assert found["test_accuracy"] == pytest.approx(said["test_accuracy"], abs=5e-4)


@pytest.mark.slow
def test_the_shipped_gan_scores_what_its_card_says():
    said, found = scores("gan_mnist")
    assert found == pytest.approx(said, rel=0.03)


@pytest.mark.slow
def test_the_shipped_dcgan_is_as_good_as_its_card_says():
    """The card's distance is from 10,000 samples; fewer add a little to it, as they do to that of real digits."""
    (model, card), few = zoo.load("dcgan_mnist"), zoo.evaluator("mnist", 2000)
    floor = few.frechet_distance(sets.mnist().scaled("test")[:2000])
    said, found = card["scores"], few.score(model.sample)
    assert said["frechet_distance"] < found["frechet_distance"] < said["frechet_distance"] + 2 * floor
    assert found["inception_score"] == pytest.approx(said["inception_score"], rel=0.03)


@pytest.mark.slow
def test_the_shipped_conditional_gan_makes_what_is_asked_for():
    (model, card), few = zoo.load("cgan_mnist"), zoo.evaluator("mnist", 2000)
    labels = np.arange(4000) % 10
    found = class_consistency(few, model.sample(4000, seed=7, labels=labels), labels)
    assert found.mean() == pytest.approx(card["scores"]["consistency"], abs=0.01)
    assert found.min() == pytest.approx(card["scores"]["worst_consistency"], abs=0.025)  # 400 images per class


def test_real_clothes_score_far_better_than_noise():
    rows = zoo.evaluator("fashion_mnist", 2000).bounds(sets.fashion_mnist().scaled("test"))
    real, noise = rows.values()
    assert real["frechet_distance"] < noise["frechet_distance"] / 20
    assert real["coverage"] > 0.8 and noise["coverage"] < 0.05


@pytest.mark.slow
@pytest.mark.parametrize(("name", "side"), [("progan_people", 64), ("stylegan_people", 32)])
def test_the_shipped_people_are_as_good_as_their_card_says(name, side):
    model, card = zoo.load(name)
    pictures = model.sample(300, seed=1)
    assert pictures.shape == (300, side, side, 3) and np.abs(pictures).max() <= 1
    assert zoo.evaluator("emoji_people", size=side).kernel_distance(pictures) == pytest.approx(
        card["scores"]["kernel_distance"], abs=1
    )


def test_real_digits_score_far_better_than_noise():
    rows = zoo.evaluator("mnist", 2000).bounds(sets.mnist().scaled("test"))
    real, noise = rows.values()
    assert real["frechet_distance"] < noise["frechet_distance"] / 20
    assert real["inception_score"] > 9 and noise["inception_score"] < 2
    assert real["coverage"] > 0.8 and noise["coverage"] < 0.05


@pytest.mark.slow
def test_the_colour_judge_sees_damage():
    judge, people = zoo.evaluator("emoji_people"), sets.emoji_people()
    assert judge.samples == 928 and judge.neighbours_of == 160 and judge.real_features.shape == (928, 1280)
    rng = np.random.default_rng(0)
    some = people.scaled()[rng.permutation(928)[:200]]
    floor, hue = judge.kernel_distance(some), judge.kernel_distance(some[..., [1, 2, 0]])
    assert abs(floor) < 0.3 < 3 < hue

    def noisy(sigma):
        return np.clip(some + sigma * rng.standard_normal(some.shape), -1, 1).astype(np.float32)

    def blurred(sigma):
        return np.clip(gaussian_filter(some, (0, sigma, sigma, 0)), -1, 1)

    for damage, strengths in ((noisy, (0.05, 0.1, 0.4)), (blurred, (0.5, 1, 2))):
        distances = [floor, *(judge.kernel_distance(damage(strength)) for strength in strengths)]
        assert distances == sorted(distances) and distances[-1] > 5


@pytest.mark.slow
@pytest.mark.parametrize("size", [None, 32])
def test_people_never_seen_score_far_better_than_noise(size):
    people = sets.load("emoji_people", size)
    real, noise = zoo.evaluator("emoji_people", size=size).bounds(people.scaled("test")).values()
    assert 0 < real["kernel_distance"] < noise["kernel_distance"] / 5  # other people, the same style
    assert real["precision"] > 0.5 and noise["precision"] < 0.05


def short(monkeypatch, name, steps, jit_compile=False, **changed):
    recipe = zoo.RECIPES[name]
    settings = recipe.settings | {"jit_compile": jit_compile}
    monkeypatch.setitem(zoo.RECIPES, name, replace(recipe, steps=steps, settings=settings, **changed))


@pytest.mark.slow
def test_training_by_recipe_is_reproducible_and_round_trips(monkeypatch, tmp_path):
    short(monkeypatch, "gan_mnist", 20)
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


def test_a_loaded_system_counts_as_having_made_its_recipes_steps():
    for name in ("gan_mnist", "vae_mnist"):
        assert zoo.load(name).model.steps_done == zoo.recipe(name).steps


def test_weights_of_another_recipe_are_refused(monkeypatch):
    short(monkeypatch, "gan_mnist", 123, jit_compile=True)
    with pytest.raises(manifest.DataError, match=r"another recipe \(it differs in: steps\).*train gan_mnist"):
        zoo.load("gan_mnist")


def test_a_recipe_is_all_that_decides_the_weights(monkeypatch):
    """The game, its networks, its loss and XLA belong to it; the line that describes it does not."""
    recipe = zoo.RECIPES["gan_mnist"]
    monkeypatch.setitem(zoo.RECIPES, "gan_mnist", replace(recipe, what="described in other words"))
    zoo.load("gan_mnist")
    networks = (dcgan.build_generator, dcgan.build_discriminator)
    for name, value in (("game", SharedFakesGAN), ("networks", networks), ("loss", losses.LeastSquaresLoss()),
                        ("jit_compile", False), ("beta_1", 0.1)):  # fmt: skip
        monkeypatch.setitem(zoo.RECIPES, "gan_mnist", replace(recipe, settings=recipe.settings | {name: value}))
        with pytest.raises(manifest.DataError, match=rf"another recipe \(it differs in: {name}\)"):
            zoo.load("gan_mnist")


def test_data_and_maker_belong_to_a_recipe(monkeypatch):
    vae_recipe = zoo.RECIPES["vae_mnist"]
    monkeypatch.setitem(zoo.RECIPES, "vae_mnist", replace(vae_recipe, sources=zoo.RECIPES["gan_mnist"].sources))
    with pytest.raises(manifest.DataError, match=r"it differs in: sources"):
        zoo.load("vae_mnist")
    assert plain(partial(dcgan.build_generator, batch_norm=False)) == "dcgan.build_generator(batch_norm=False)"


def test_a_recipe_is_a_value_of_its_own():
    recipe = zoo.recipe("gan_mnist")
    assert recipe in {recipe} and recipe != replace(recipe)  # its settings cannot be compared in general
    with pytest.raises(FrozenInstanceError):
        recipe.steps = 5


def test_settings_can_be_read_like_attributes():
    assert zoo.recipe("gan_mnist").average == 0.999
    with pytest.raises(AttributeError, match=r"a recipe has no 'beta_2'; its settings are game, networks, loss"):
        _ = zoo.recipe("gan_mnist").beta_2


def test_a_stopped_recipe_goes_on(monkeypatch, tmp_path, interruptible, eagerly):
    class StopAt(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            signal.raise_signal(signal.SIGINT)

    short(monkeypatch, "gan_mnist", 6, every=2, batch_size=16, score=lambda model, data, evaluator: {})
    whole = zoo.train("gan_mnist")
    file = tmp_path / "run.npz"
    with pytest.raises(watchers.Stopped, match="stopped at step 2 of 6"):
        zoo.train("gan_mnist", [StopAt()], checkpoint=file)
    resumed = zoo.train("gan_mnist", checkpoint=file)
    assert equal(weights(whole.model.sampler), weights(resumed.model.sampler))
    assert len(resumed.model.curves["seconds"][0]) == 3  # those before the stop are counted


def test_a_run_apart_has_a_seed_and_threads_of_its_own(tmp_path, monkeypatch):
    asked = []

    def run(command, **how):
        """What the process would do, without its training."""
        asked.append(" ".join(command[1:]))
        if "--seed 6" in asked[-1]:
            return SimpleNamespace(returncode=1, stderr="a page\nof TensorFlow\nno memory left")
        shutil.copy(zoo.WEIGHTS / "gan_mnist.npz", tmp_path / "gan_mnist-5.npz")
        card = json.loads((zoo.WEIGHTS / "gan_mnist.json").read_text()) | {"seed": 5}
        (tmp_path / "gan_mnist-5.json").write_text(json.dumps(card | {manifest.SEAL: manifest.seal_of(card)}))
        return SimpleNamespace(returncode=0, stderr="")

    monkeypatch.setattr(zoo.subprocess, "run", run)
    for _ in range(2):  # the second time it is only loaded
        assert zoo.train_apart("gan_mnist", tmp_path, seed=5, threads=1).card["seed"] == 5
    (command,) = asked
    assert command.startswith("-m gan_helpers train gan_mnist --seed 5") and command.endswith("--threads 1")
    with pytest.raises(RuntimeError, match=r"training gan_mnist-6 failed(.|\n)*no memory left"):
        zoo.train_apart("gan_mnist", tmp_path, seed=6)


def test_the_evaluator_knows_its_pictures():
    with pytest.raises(ValueError, match=r"mnist looks at images of shape \(28, 28, 1\), got \(27, 27, 1\)"):
        zoo.evaluator("mnist", 2000).look_at(np.zeros((3, 27, 27, 1), np.float32))


def test_damaged_and_missing_weights_say_how_to_mend_them(tmp_path):
    for suffix in (".npz", ".json"):
        shutil.copy(zoo.WEIGHTS / f"gan_mnist{suffix}", tmp_path)
    file = tmp_path / "gan_mnist.npz"
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(manifest.DataError, match="is damaged.*Reinstall"):
        zoo.load("gan_mnist", tmp_path)
    with pytest.raises(manifest.DataError, match="mnist_classifier.json is missing"):
        zoo.load("mnist_classifier", tmp_path)
    with pytest.raises(KeyError, match="no recipe named 'biggan'; there are: mnist_classifier, gan_mnist"):
        zoo.load("biggan")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"sha256": ', "it is no JSON"),
        (b'{"what": "\xff"}', "it is no JSON"),
        (b"[1]", "it is no JSON object"),
        (b"null", "it is no JSON object"),
        (b'{"what": "a GAN"}', "it has no 'sha256', or one of a wrong type"),
        (b'{"sha256": 5}', "it has no 'sha256', or one of a wrong type"),
    ],
)
def test_a_damaged_card_says_how_to_mend_it(tmp_path, content, why):
    shutil.copy(zoo.WEIGHTS / "gan_mnist.npz", tmp_path)
    (tmp_path / "gan_mnist.json").write_bytes(content)
    with pytest.raises(manifest.DataError, match=rf"gan_mnist.json in .* is damaged: {why}.*Reinstall") as error:
        zoo.load("gan_mnist", tmp_path)
    assert "\n" not in str(error.value)


def test_a_card_whose_values_were_changed_is_noticed(tmp_path):
    card = json.loads((zoo.WEIGHTS / "gan_mnist.json").read_text())
    shutil.copy(zoo.WEIGHTS / "gan_mnist.npz", tmp_path)

    def load(**change):
        (tmp_path / "gan_mnist.json").write_text(json.dumps(card | change))
        return zoo.load("gan_mnist", tmp_path)

    better = card["scores"] | {"frechet_distance": 1.0}
    for change in ({"scores": better}, {"seconds": 1}, {"what": "a better GAN"}, {manifest.SEAL: None}):
        with pytest.raises(manifest.DataError, match=r"gan_mnist.json in .* a value was changed since it was written"):
            load(**change)
    del card[manifest.SEAL]  # as cards were written before they had one
    trained = load()
    zoo.save(trained, tmp_path)
    assert json.loads((tmp_path / "gan_mnist.json").read_text())[manifest.SEAL] == manifest.seal_of(trained.card)


def test_weights_of_other_networks_are_one_clear_error(tmp_path):
    card = json.loads((zoo.WEIGHTS / "gan_mnist.json").read_text())
    arrays = dict(np.load(zoo.WEIGHTS / "gan_mnist.npz"))
    name = next(iter(arrays))
    for wrong in ({key: arrays[key] for key in list(arrays)[1:]}, arrays | {name: np.zeros(3)}):
        np.savez(tmp_path / "gan_mnist.npz", **wrong)
        sha256 = hashlib.sha256((tmp_path / "gan_mnist.npz").read_bytes()).hexdigest()
        changed = card | {"sha256": sha256}
        (tmp_path / "gan_mnist.json").write_text(json.dumps(changed | {manifest.SEAL: manifest.seal_of(changed)}))
        with pytest.raises(manifest.DataError, match="gan_mnist.npz does not hold the weights of generator, discrim"):
            zoo.load("gan_mnist", tmp_path)


def test_a_card_that_cannot_be_written_leaves_the_old_pair(tmp_path):
    trained = zoo.load("gan_mnist")
    file = zoo.save(trained, tmp_path)
    before = file.read_bytes(), file.with_suffix(".json").read_bytes()
    for weight in trained.model.sampler.weights:
        weight.assign(weight + 1)
    with pytest.raises(TypeError, match="not JSON serializable"):
        zoo.save(zoo.Trained(trained.model, trained.card | {"made by": object()}), tmp_path)
    assert before == (file.read_bytes(), file.with_suffix(".json").read_bytes())


# --------------------------------------------------------------------------------------------- command line


def test_train_command_writes_weights_and_card(monkeypatch, tmp_path, capsys):
    short(monkeypatch, "mnist_classifier", 3)
    monkeypatch.chdir(tmp_path)
    assert __main__.main(["train", "mnist_classifier", "--seed", "4", "--folder", "runs"]) == 0
    card = json.loads(Path("runs/mnist_classifier-4.json").read_text())
    assert card["steps"] == 3 and card["seed"] == 4 and "test_accuracy" in capsys.readouterr().out
    assert len(list(Path("runs").iterdir())) == 2  # card and weights; its checkpoint is gone
    assert zoo.load("mnist_classifier", Path("runs"), seed=4).card.items() <= card.items()
    short(monkeypatch, "mnist_classifier", 4)
    with pytest.raises(manifest.DataError, match="train mnist_classifier --seed 4 --folder runs"):
        zoo.load("mnist_classifier", Path("runs"), seed=4)


def test_train_without_a_name_lists_the_systems(capsys):
    assert __main__.main(["train"]) == 0
    assert __main__.main(["train", "nonsense"]) == 2
    said = capsys.readouterr()
    assert said.out.count("vae_mnist") == 2 and "no system named 'nonsense'" in said.err


def test_a_games_rates_fall_to_zero_where_its_recipe_says_so():
    settings = zoo.RECIPES["gan_mnist"].settings
    for falling in (False, True):
        game = make_game(**settings, seed=0, steps=40, falling=falling)
        for optimizer, start in (
            (game.discriminator_optimizer, settings["d_learning_rate"]),
            (game.generator_optimizer, settings["g_learning_rate"]),
        ):
            optimizer.iterations.assign(20)
            assert float(optimizer.learning_rate) == pytest.approx(start / 2 if falling else start)
            optimizer.iterations.assign(40)
            assert float(optimizer.learning_rate) == pytest.approx(0 if falling else start)
