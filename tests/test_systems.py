"""What holds for every system: who moves, one seed one result, and that nothing is lost on the way."""

import inspect
import json
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
import systems
import tensorflow as tf

from conftest import equal, weights
from gan_helpers import losses
from gan_helpers.core import checkpoints, sampling
from gan_helpers.core.system import generate, on_the_sphere
from gan_helpers.models import augmented, classifier, dcgan, gan, learner, progan, sgan, toy, translators, vae, wgan
from gan_helpers.models.game import AdversarialGame, shares
from gan_helpers.scores import metrics

RNG = np.random.default_rng(0)
EVERY_SYSTEM = pytest.mark.parametrize("name", systems.SYSTEMS)


def everything(system):
    """All numbers that a step reads or writes."""
    return [variable.numpy().copy() for part in system.parts().values() for variable in part.variables]


def beginning(system):
    """As ``everything``, without state, some of which is only made when training starts."""
    parts = [*system.networks().values(), *(system.optimizer_of(player) for player in system.players())]
    return [variable.numpy().copy() for part in parts for variable in part.variables]


def learned(system):
    return [weight.numpy().copy() for player in system.players() for weight in system.weights_of(player)]


class BuiltOnDemand(dict):
    """Each system with its sources, built when a test first asks for it."""

    def __missing__(self, name):
        self[name] = systems.build(name)
        return self[name]


@pytest.fixture(scope="module")
def compiled():
    """Each system, compiled once for the whole module: ``restart`` makes it as new."""
    return BuiltOnDemand()


@EVERY_SYSTEM
def test_every_weight_belongs_to_one_player_and_moves(name, eagerly):
    system, sources = systems.build(name)
    owned = [id(weight) for player in system.players() for weight in system.weights_of(player)]
    assert len(owned) == len(set(owned))
    assert set(owned) == {id(w) for network in system.networks().values() for w in network.trainable_variables}
    before = learned(system)
    systems.train(system, sources, steps=4)
    still = [(a == b).all() for a, b in zip(before, learned(system), strict=True)]
    # where only differences of answers count, the last bias is in E a(fake) and in E a(real), and cancels
    assert sum(still) == (1 if name in ("wgan", "wgan-gp", "r3gan", "lone critic") else 0)


@EVERY_SYSTEM
def test_a_player_moves_only_its_own_weights(name, eagerly):
    """While one player's optimizer works and the others' do nothing, nobody else's weights move."""
    for mover in systems.build(name)[0].players():
        system, sources = systems.build(name)
        for player in system.players():
            if player != mover:
                system.optimizer_of(player).apply = lambda gradients, weights: None
        before = {player: weights_of(system, player) for player in system.players()}
        systems.train(system, sources, steps=2)
        for player, was in before.items():
            if player == mover:
                assert not equal(was, weights_of(system, player))
            elif name != "wgan":  # which clips: that is not its optimizer's doing
                assert equal(was, weights_of(system, player))


@EVERY_SYSTEM
def test_no_noise_is_drawn_twice(name, eagerly, monkeypatch):
    """Not by the two players of one step, and not at two steps; other random draws are new at every step."""
    draws = {"normal": [], "uniform": []}

    def spy(kind):
        draw = getattr(sampling, kind)

        def drawn(shape, seed, step, stream):
            numbers = draw(shape, seed, step, stream)
            draws[kind].append((stream, system.steps_done, numbers.numpy().tobytes()))
            return numbers

        return drawn

    system, sources = systems.build(name)
    for kind in draws:
        monkeypatch.setattr(sampling, kind, spy(kind))
    systems.train(system, sources, steps=3, every=1)
    normal = [numbers for _, _, numbers in draws["normal"]]
    assert len(normal) == len(set(normal))
    assert normal or not hasattr(system, "sample") or name == "advgan"  # which changes images, and needs no noise
    by_step = {(stream, step): numbers for stream, step, numbers in draws["uniform"]}
    for (stream, step), numbers in by_step.items():
        assert numbers != by_step.get((stream, step - 1))


@EVERY_SYSTEM
def test_training_that_goes_on_compiles_nothing_anew(name, eagerly, monkeypatch):
    system, sources = systems.build(name)
    systems.train(system, sources, steps=1, every=1)  # here, averages and pools are made
    monkeypatch.setattr(type(system), "_make_functions", lambda self: pytest.fail("compiled anew"))
    systems.train(system, sources, steps=2, every=1)


@EVERY_SYSTEM
def test_every_network_that_training_changes_is_kept(name, eagerly):
    """Players, averages and teachers: what a checkpoint leaves out, a run that goes on has lost."""
    system, sources = systems.build(name)
    systems.train(system, sources, steps=1, every=1)  # here, averages are made
    networks = {key: value for key, value in vars(system).items() if isinstance(value, keras.Model)}
    first = {key: weights(network) for key, network in networks.items()}
    systems.train(system, sources, steps=2, every=1)
    kept = {id(variable) for part in (system.networks() | system.state()).values() for variable in part.variables}
    changed = [key for key, network in networks.items() if not equal(first[key], weights(network))]
    assert changed and all(id(variable) in kept for key in changed for variable in networks[key].weights)


@EVERY_SYSTEM
def test_players_are_in_training_mode_while_they_train(name, eagerly, monkeypatch):
    """Dropout and batch normalisation depend on it. Only answers from which a network is to learn are given without."""
    system, sources = systems.build(name)
    modes = {}
    for network in (network for player in system.players().values() for network in player):

        def spy(*inputs, call=network.call, key=network, **how):
            modes.setdefault(id(key), set()).add(how.get("training"))
            return call(*inputs, **how)

        monkeypatch.setattr(network, "call", spy)
    systems.train(system, sources, steps=1, every=1)
    answers_too = {False} if name in ("sgan, pseudo-labels", "pseudo-labels", "robust") else set()
    mode = {None} if name == "lone critic" else {True}  # which has no layer that cares
    assert modes and all(found - answers_too == mode for found in modes.values())


@EVERY_SYSTEM
def test_the_discriminator_moves_first_and_as_often_as_it_is_due(name, eagerly):
    system, sources = systems.build(name)
    if not isinstance(system, AdversarialGame):
        return
    moved = []
    for player in system.players():
        apply = system.optimizer_of(player).apply
        system.optimizer_of(player).apply = lambda *how, who=player, apply=apply: (moved.append(who), apply(*how))
    systems.train(system, sources, steps=2, every=1)
    assert moved == (["discriminator"] * system.d_steps + ["generator"]) * 2


@pytest.mark.parametrize(("name", "real"), [
    ("gan", systems.POINTS),
    ("wgan-gp", systems.POINTS),
    ("sgan", ((systems.IMAGES, systems.LABELS), systems.IMAGES)),
])  # fmt: skip
def test_the_discriminators_loss_and_accuracies_know_real_from_fake(name, real, monkeypatch):
    """Here all fakes are alike, so all answers to them are."""
    system, _ = systems.build(name)
    told = []
    for kind in ("discriminator", "accuracies"):
        tell = getattr(system.adversarial_loss, kind)
        spy = lambda real, fake, tell=tell: (told.append((np.ptp(real), np.ptp(fake))), tell(real, fake))[1]  # noqa: E731
        monkeypatch.setattr(system.adversarial_loss, kind, spy)
    real = tf.nest.map_structure(tf.constant, real)
    fake = tf.zeros((40, *system.example_shape))
    system.discriminator_loss(real, fake, tf.constant(0))
    assert len(told) == 2
    for of_real, of_fake in told:
        assert of_real > 0.01 > 1e-6 > of_fake


@EVERY_SYSTEM
def test_every_setting_belongs_to_the_runs_identity(name):
    """Whatever number, text, loss or growth a system keeps as a setting: a run with another one is another run."""
    system, _ = systems.build(name)
    plain = (bool, int, float, str, tuple, losses.AdversarialLoss, progan.Growth)
    follow_from_networks = {"example_shape", "latent_dim", "batches_per_step", "classes"}
    kept = {key for key, value in vars(system).items() if isinstance(value, plain) and not key.startswith("_")}
    settings = kept - follow_from_networks - vars(keras.Model()).keys() - {"current_phase"}
    if isinstance(system, AdversarialGame):
        settings |= {"average"}  # which may be none
        assert settings >= {"adversarial_loss", "d_steps"}
    before = system.identity()
    for setting in settings:
        value = vars(system)[setting]
        vars(system)[setting] = "another"
        assert system.identity() != before, setting
        vars(system)[setting] = value
    assert system.identity() == before
    system.jit_compile = True
    assert system.identity() != before
    system.jit_compile = False
    system.seed.change(8)
    assert system.identity() != before


@EVERY_SYSTEM
def test_the_average_follows_and_lags_behind(name, eagerly):
    system, sources = systems.build(name)
    if getattr(system, "average", None) is None or not hasattr(system, "averaged_generator"):
        return
    first = weights(system.generator)
    systems.train(system, sources, steps=3, every=1)
    averaged = weights(system.averaged_generator)
    assert not equal(averaged, weights(system.generator)) and not equal(averaged, first)


@pytest.mark.parametrize(
    ("name", "weight"), [("wgan-gp", "penalty"), ("progan", "penalty"), ("stylegan", "gamma"), ("r3gan", "gamma")]
)
def test_the_penalty_is_paid_and_not_reported_as_the_critics_loss(name, weight, eagerly):
    system, (data,) = systems.build(name)
    real = tf.constant(data[: systems.BATCH])
    if name == "progan":
        real = system.shrunk(real, 4)
    fake = system.fakes(real, tf.constant(0), "discriminator")
    found = []
    for value in (0.0, 100.0):
        setattr(system, weight, value)
        loss, report = system.discriminator_loss(real, fake, tf.constant(0))
        found.append((float(loss), float(report["d_loss"]), float(report["penalty"])))
    (free, d_loss, price), (paid, d_loss_then, price_then) = found
    assert d_loss == d_loss_then and price == price_then > 0
    assert paid - free == pytest.approx(100 * price / (2 if weight == "gamma" else 1), rel=1e-3)


@pytest.mark.parametrize(("name", "module"), [("wgan-gp", wgan), ("progan", progan)])
def test_every_example_is_mixed_by_a_weight_of_its_own(name, module, eagerly, monkeypatch):
    mixes, price = [], losses.gradient_penalty
    monkeypatch.setattr(module, "gradient_penalty", lambda *how: (mixes.append(how[-1].numpy()), price(*how))[1])
    system, sources = systems.build(name)
    systems.train(system, sources, steps=2, every=1)
    for mix in mixes:
        assert mix.shape == (systems.BATCH,) and len(set(mix)) == systems.BATCH and mix.min() >= 0 and mix.max() <= 1


@EVERY_SYSTEM
def test_a_step_is_finite_where_logits_are_huge(name, eagerly):
    """Of 10,000 or so, in either direction: everything that is reported and everything that is learned from it."""
    system, sources = systems.build(name)
    for name, network in system.networks().items():
        if name.startswith(("discriminator", "classifier", "decoder")):  # whose answers are logits
            kernel = [weight for weight in network.trainable_weights if weight.name == "kernel"][-1]
            kernel.assign(1e5 * kernel)
    for player in system.players():
        system.optimizer_of(player).learning_rate = 1e-20  # slopes this large would lead the second step anywhere
    systems.train(system, sources, steps=1, every=1)
    assert all(np.isfinite(system.curves[report][1]).all() for report in system.reports)
    assert all(np.isfinite(values).all() for values in learned(system))


def test_defaults_are_those_of_the_papers_and_chapters():
    def default(function, name):
        return inspect.signature(function).parameters[name].default

    assert default(wgan.WGAN, "n_critic") == default(wgan.WGANGP, "n_critic") == 5
    assert default(wgan.WGAN, "clip") == 0.01
    assert default(wgan.WGANGP, "penalty") == default(progan.ProGAN, "penalty") == 10
    assert default(progan.ProGAN, "drift") == 1e-3 and default(progan.ProgressiveDiscriminator, "grows") is True
    assert default(augmented.build_coded_generator, "depth") == default(augmented.build_code_encoder, "depth") == 3
    assert default(augmented.build_code_discriminator, "width") == default(toy.build_point_generator, "width") == 64
    assert default(gan.GAN, "d_steps") == 1 and default(gan.GAN, "average") is None
    assert default(losses.NonSaturatingLoss, "real_target") == default(losses.MinimaxLoss, "real_target") == 1
    assert default(metrics.inception_score, "splits") == 10 and default(metrics.precision_recall_coverage, "k") == 5
    assert default(gan.build_generator, "latent_dim") == default(dcgan.build_generator, "latent_dim") == 100
    builders = {
        gan.build_generator: 0.01,
        gan.build_discriminator: 0.01,
        dcgan.build_generator: 0.01,
        dcgan.build_discriminator: 0.01,
        toy.build_point_discriminator: 0.2,
        sgan.build_discriminator: 0.2,
    }
    for build, slope in builders.items():
        rectifiers = [layer for layer in build().layers if isinstance(layer, keras.layers.LeakyReLU)]
        assert {round(layer.negative_slope, 6) for layer in rectifiers} == {slope}, build
    for build, rates in {classifier.build_classifier: [0.3, 0.3], sgan.build_discriminator: [0.2]}.items():
        assert [layer.rate for layer in build().layers if isinstance(layer, keras.layers.Dropout)] == rates


def test_what_is_set_after_training_began_counts():
    """A compiled step does not see attributes: the next call of train compiles it anew."""
    game, sources = systems.build("gan")
    systems.train(game, sources, steps=2)
    first = weights(game.generator)
    game.average = 0.9
    systems.train(game, sources, steps=4)
    assert not equal(first, weights(game.averaged_generator)) and game.sampler is game.averaged_generator
    before = game._compiled_interval
    systems.train(game, sources, steps=6)
    assert game._compiled_interval is before  # nothing was set: nothing is compiled again
    with pytest.raises(ValueError, match="average must be a number from 0 to below 1, got 1.5"):
        game.average = 1.5
    game.d_steps = 2
    with pytest.raises(ValueError, match="d_steps must stay 1, got 2: build the game anew"):
        systems.train(game, sources, steps=8)
    critic, sources = systems.build("wgan")
    systems.train(critic, sources, steps=2)
    critic.clip = 0.5
    systems.train(critic, sources, steps=4)
    assert max(np.abs(weight).max() for weight in weights(critic.discriminator)) > 0.01


class Ears(keras.callbacks.Callback):
    """Writes down what it is told, and when."""

    def __init__(self):
        super().__init__()
        self.heard = []

    def on_train_begin(self, logs=None):
        self.heard.append(("train begins", self.params["epochs"], self.params["steps"]))

    def on_epoch_begin(self, epoch, logs=None):
        self.heard.append(("epoch begins", epoch))

    def on_train_batch_begin(self, batch, logs=None):
        self.heard.append(("batch begins", batch))

    def on_train_batch_end(self, batch, logs=None):
        self.heard.append(("batch ends", batch, set(logs)))

    def on_epoch_end(self, epoch, logs=None):
        self.heard.append(("epoch ends", epoch, set(logs)))


def test_callbacks_hear_of_each_interval_as_of_an_epoch(eagerly):
    game, sources = systems.build("gan")
    ears, reports = Ears(), set(game.reports)
    systems.train(game, sources, steps=6, every=3, callbacks=[ears])
    first, *rest = ears.heard
    assert first == ("train begins", 2, 3)
    assert rest == [
        heard
        for epoch in range(2)
        for heard in (
            ("epoch begins", epoch), ("batch begins", 0), ("batch ends", 2, reports), ("epoch ends", epoch, reports)
        )
    ]  # fmt: skip


TRAINED = {True}
ASKED = {False}  # for an answer, with nothing to learn from it
OTHERWISE = {  # system → network → how it is called while a step is made
    "lone critic": {"discriminator": {None}},  # which has neither dropout nor running means
    "sgan, pseudo-labels": {"discriminator": TRAINED | ASKED},
    "pseudo-labels": {"network": TRAINED | ASKED},
    "robust": {"network": TRAINED | ASKED},
    "mean teacher": {"teacher": ASKED},
    "advgan": {"classifier": ASKED},
}


def with_first_array(sources, change):
    """The sources, the first array of each of which is changed; one way for each source that has it."""
    for i, source in enumerate(sources):
        first, *rest = source if isinstance(source, tuple) else (source,)
        changed = (change(first), *rest) if rest else change(first)
        yield (*sources[:i], changed, *sources[i + 1 :])


@EVERY_SYSTEM
def test_all_data_of_every_source_are_looked_at(name):
    system, sources = systems.build(name)

    def not_a_number(examples):
        examples = examples.copy()
        examples[-1].flat[-1] = np.nan
        return examples

    for change in (not_a_number, lambda examples: examples[:, :-1], lambda examples: examples.astype(int)):
        for wrong in with_first_array(sources, change):
            with pytest.raises(ValueError, match="finite|must (lie|have shape|be floats|be ink|be multiples)"):
                systems.train(system, wrong, steps=2)
    assert system.steps_done == 0


@EVERY_SYSTEM
def test_networks_are_called_as_in_training_wherever_they_learn(name, eagerly, monkeypatch):
    """Batch normalisation and dropout do something else when a network is only asked.

    (StyleGAN's generator is called in its two parts.)
    """
    system, sources = systems.build(name)
    systems.train(system, sources, steps=1, every=1)
    found, call = {}, keras.layers.Layer.__call__

    def spy(self, *arguments, **named):
        found.setdefault(id(self), set()).add(named.get("training"))
        return call(self, *arguments, **named)

    monkeypatch.setattr(keras.layers.Layer, "__call__", spy)
    systems.train(system, sources, steps=2, every=1)
    networks = system.networks() | {key: it for key, it in vars(system).items() if isinstance(it, keras.Model)}
    other = OTHERWISE.get(name, {})
    for key, network in networks.items():
        if id(network) in found:
            assert found[id(network)] == other.get(key, other.get("network") or TRAINED), key
    assert name == "stylegan" or all(id(network) in found for network in system.networks().values())


def weights_of(system, player):
    return [weight.numpy().copy() for weight in system.weights_of(player)]


@EVERY_SYSTEM
def test_one_seed_one_result_and_a_restart_is_a_new_beginning(name, compiled):
    """A restarted system begins as one that was built anew with that seed, and is not compiled again."""
    system, sources = compiled[name]
    ends = {}
    for seed in (0, 1, 0):
        system.restart(seed)
        if name != "vae":  # Keras lists the layers of its encoder, which is no stack, in another order than ours
            assert equal(beginning(system), beginning(systems.build(name, seed)[0]))
        systems.train(system, sources, steps=2)
        if seed in ends:
            assert equal(ends[seed], everything(system))
        ends[seed] = everything(system)
    assert not equal(ends[0], ends[1])
    assert system._compiled_interval.experimental_get_tracing_count() == 1


def test_a_restarted_run_is_the_run_of_that_seed(compiled):
    system, sources = compiled["gan, averaged, two steps of D"]
    system.restart(7)
    systems.train(system, sources, steps=4)
    fresh, _ = systems.build("gan, averaged, two steps of D", seed=7)
    systems.train(fresh, sources, steps=4)
    assert equal(everything(system), everything(fresh))
    for report in fresh.reports:
        assert np.array_equal(fresh.curves[report], system.curves[report])


def test_xla_repeats_itself(compiled):
    """Its noise comes in another order, so it does not repeat what a run without it did."""
    system, sources = systems.build("gan, averaged, two steps of D")
    system.compile(systems.optimizer(), systems.optimizer(), jit_compile=True)
    ends = []
    for _ in range(2):
        system.restart(0)
        systems.train(system, sources, steps=4)
        ends.append(everything(system))
    assert equal(*ends) and system._compiled_interval.experimental_get_tracing_count() == 1
    plain, _ = compiled["gan, averaged, two steps of D"]
    plain.restart(0)
    systems.train(plain, sources, steps=4)
    assert not equal(ends[0], everything(plain))


@EVERY_SYSTEM
def test_folding_steps_into_one_call_changes_nothing(name, compiled):
    system, sources = compiled[name]
    system.restart(0)
    systems.train(system, sources, steps=4)
    folded, means = everything(system), system.curves
    system.restart(0)
    systems.train(system, sources, steps=4, every=1)
    assert equal(folded, everything(system))
    for report in system.reports:
        steps, values = system.curves[report]
        assert steps.tolist() == [1, 2, 3, 4]
        assert means[report][1] == pytest.approx(values.reshape(2, 2).mean(axis=1), rel=1e-5)  # not the last value


@pytest.mark.slow
def test_kill_9_and_resume_gives_the_same_bits(tmp_path, eagerly):
    """One process trains all systems in turn and is killed, wherever it may be: in a step, or writing a file."""
    process = subprocess.Popen([sys.executable, systems.__file__, tmp_path], stderr=subprocess.PIPE, text=True)
    while not all(systems.file_of(tmp_path, name).exists() for name in systems.SYSTEMS):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    process.kill()  # SIGKILL, or what Windows has in its place
    process.wait()
    for name in systems.SYSTEMS:
        file = systems.file_of(tmp_path, name)
        with np.load(file) as arrays:  # the file is whole, whenever the kill came
            end = json.loads(str(arrays["about"]))["step"] + 2
        (resumed, sources), (whole, _) = systems.build(name, seed=1), systems.build(name)
        resumed.seed.change(0)  # other first weights: everything must come from the file
        systems.train(resumed, sources, steps=end, every=1, checkpoint=file)
        systems.train(whole, sources, steps=end, every=1)
        assert equal(everything(resumed), everything(whole)), name
        for report in whole.reports:
            assert np.array_equal(whole.curves[report], resumed.curves[report])


@EVERY_SYSTEM
def test_the_dashboards_needs_are_met(name, compiled):
    """What a system says of its curves names only what its steps report, and its preview is repeatable."""
    system, _ = compiled[name]
    drawn = [curve for panel in system.panels() for curve in panel.curves]
    assert set(drawn) <= set(system.reports) and len(drawn) == len(set(drawn))
    pictures = system.preview(3, seed=1)
    assert pictures is None or (len(pictures) == 3 and np.array_equal(pictures, system.preview(3, seed=1)))
    if pictures is not None:
        assert np.array_equal(system.preview(2), system.preview(2, seed=0))


# --------------------------------------------------------------------------------------- what makes a run


def refused(match, tmp_path, change, name="gan"):
    """A run that was begun with one system or source must not be continued with another."""
    system, sources = systems.build(name)
    file = tmp_path / "run.npz"
    systems.train(system, sources, steps=2, checkpoint=file)
    other, sources = change(*systems.build(name))
    with pytest.raises(checkpoints.CheckpointError, match=match):
        systems.train(other, sources, steps=4, checkpoint=file)


def test_other_data_are_another_run(tmp_path, eagerly):
    def change(system, sources):
        points = sources[0].copy()
        points[-1, -1] += 1e-3
        return system, (points,)

    refused("its data is .*, now it is", tmp_path, change)


def test_another_layer_setting_is_another_run(tmp_path, eagerly):
    """Same shapes, same class, same optimizers: only a slope differs."""

    def change(system, sources):
        system.discriminator.layers[1].negative_slope = 0.1
        return system, sources

    refused(r"its discriminator's layer 1 \(LeakyReLU\), negative_slope is 0.2.*, now it is 0.1", tmp_path, change)


def test_another_precision_is_another_run(tmp_path, eagerly):
    def change(_, sources):
        keras.config.set_dtype_policy("mixed_bfloat16")
        try:
            return systems.build("gan")[0], sources
        finally:
            keras.config.set_dtype_policy("float32")

    refused(r"its generator's layer 0 \(Dense\), dtype is .*float32.*, now it is .*mixed_bfloat16", tmp_path, change)


@pytest.mark.parametrize(
    "build",
    [
        dcgan.build_generator,
        dcgan.build_discriminator,
        translators.build_unet_generator,
        translators.build_resnet_generator,
        translators.build_patch_discriminator,
        augmented.build_coded_generator,
        augmented.build_code_encoder,
        augmented.build_code_discriminator,
    ],
)
def test_what_comes_out_has_full_precision(build):
    """Also where the layers compute in bfloat16: losses and pictures need it."""
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        network = build()
    finally:
        keras.config.set_dtype_policy("float32")
    precisions = [layer.compute_dtype for layer in network.layers if layer.weights]
    assert network.outputs[0].dtype == precisions[-1] == "float32" and precisions[0] == "bfloat16"
    if build is augmented.build_coded_generator:
        assert precisions[-2:] == ["float32"] * 2  # colours and mask


def test_the_names_that_keras_gives_do_not_matter():
    def build():
        narrow = keras.layers.SpectralNormalization(keras.layers.Dense(1))  # a layer within a layer
        game = gan.GAN(
            toy.build_point_generator(), keras.Sequential([keras.layers.Input((2,)), narrow]), systems.NON_SATURATING
        )
        game.compile(systems.optimizer(), systems.optimizer())
        return game

    a, b = build(), build()
    assert a.generator.layers[0].name != b.generator.layers[0].name
    assert checkpoints.run_identity(a, {}) == checkpoints.run_identity(b, {})


def test_the_average_keeps_weights_and_no_seeds_of_dropout(eagerly):
    """The two integers that choose dropout's next mask have no mean."""
    generator = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dropout(0.5), keras.layers.Dense(2)])
    game = gan.GAN(generator, toy.build_point_discriminator(), systems.NON_SATURATING, average=0.5)
    game.compile(systems.optimizer(), systems.optimizer())
    systems.train(game, (systems.POINTS,), steps=2)
    averaged = game.averaged_generator
    assert len(averaged.variables) == len(averaged.weights) + 1
    (seeds,) = [variable for variable in averaged.variables if variable.dtype.startswith(("int", "uint"))]
    game.follow(tf.constant(2))
    assert seeds.numpy()[1] == 0  # the copy has made no mask
    assert not equal(weights(generator), weights(averaged))


# ------------------------------------------------------------------------------------------------- sources


class Pairs(learner.Learner):
    """Writes down which examples meet."""

    n_sources = 2

    def __init__(self, network):
        super().__init__(0, (1,))
        self.network, self.seen = network, []

    def networks(self):
        return {"network": self.network}

    def update(self, step, first, second):
        self.seen.append((first.numpy()[:, 0], second.numpy()[:, 0]))
        return {"loss": tf.reduce_sum(self.network(first))}


def pairs(lengths, steps, batch_size=10):
    model = Pairs(keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1)]))
    model.compile(systems.optimizer())
    domains = [np.arange(n, dtype=np.float32)[:, None] for n in lengths]
    model.train(*domains, steps=steps, every=1, batch_size=batch_size)
    return model.seen


def test_sources_have_orders_of_their_own(eagerly):
    """Two aligned sets, equally long, must not arrive as pairs: CycleGAN would secretly be supervised."""
    together = pairs((100, 100), steps=10)
    first, second = (np.concatenate(side) for side in zip(*together, strict=True))
    assert sorted(first) == sorted(second) == list(range(100))  # an epoch: each example once
    assert (first == second).mean() < 0.1


def test_sources_may_differ_in_length_and_batch_size(eagerly):
    seen = pairs((20, 100), steps=10, batch_size=(4, 10))
    first, second = (np.concatenate(side) for side in zip(*seen, strict=True))
    assert np.bincount(first.astype(int)).tolist() == [2] * 20 and sorted(second) == list(range(100))


def test_arrays_of_one_source_are_drawn_together():
    images = np.arange(30, dtype=np.float32)[:, None]
    for step, (image, label) in sampling.batches((images, 10 * images), batch_size=5, stop=6, seed=1):
        assert np.array_equal(label, 10 * image) and image.shape == (5, 1) and step < 6


def test_the_first_source_keeps_its_order_whatever_comes_with_it():
    data = np.arange(30)
    alone = [batch.numpy() for _, batch in sampling.batches(data, batch_size=5, stop=6, seed=1)]
    beside = [batch.numpy() for _, batch, _ in sampling.batches(data, data, batch_size=5, stop=6, seed=1)]
    assert np.array_equal(alone, beside)


def test_the_batch_size_nobody_chose_is_128_and_small_in_smoke_mode(eagerly, monkeypatch):
    game, sources = systems.build("gan")
    seen = []
    game.discriminator_step = lambda real, fake, step: (
        seen.append(len(real)) or dict.fromkeys(game.reports, tf.zeros(()))
    )
    game.train(*sources, steps=1)
    assert seen == [16]
    monkeypatch.setenv("GAN_MODE", "laptop")
    with pytest.raises(ValueError, match=r"from 1 to the number of examples \(40\), got 128"):
        game.train(*sources, steps=2)


def test_wrong_sources_are_refused(compiled):
    autoencoder, ((noisy, clean),) = compiled["autoencoder"]
    with pytest.raises(ValueError, match=r"Autoencoder takes 1 source.* got 2.*put them into a tuple"):
        autoencoder.train(noisy, clean, steps=1)
    with pytest.raises(ValueError, match=r"one source must have the same length, got lengths \[40, 39\]"):
        autoencoder.train((noisy, clean[:-1]), steps=1)
    with pytest.raises(ValueError, match=r"batch_size must be one number, or one for each of 1 source"):
        autoencoder.train(noisy, steps=1, batch_size=(4, 4))
    raw = vae.Autoencoder(vae.build_encoder(), vae.build_decoder())
    with pytest.raises(ValueError, match=r"Autoencoder.compile\(…\) comes before train"):
        raw.train(noisy, steps=1)
    with pytest.raises(NotImplementedError, match=r"Call train\(data, steps=…\) instead"):
        autoencoder.fit(noisy)
    judge, ((images, labels),) = compiled["classifier"]
    judge.restart(0)
    judge.train((images, labels.astype(np.uint8)), steps=1)  # as MNIST's files have them
    with pytest.raises(ValueError, match=r"labels must be ints from 0 to 2.* from 1 to 3"):
        judge.train((images, labels + 1), steps=1)
    with pytest.raises(ValueError, match=r"a pair, \(images, labels\)"):
        judge.train(images, steps=1)


# -------------------------------------------------------------------------------------------------- phases


class Growing(gan.GAN):
    """From step 4 on its learning is another graph."""

    def phase(self, step):
        return "large" if step >= 4 else "small"

    def update(self, step, real):
        report = super().update(step, real)
        return report | {"d_loss": tf.constant(1.0 if self.current_phase == "small" else 2.0)}


def test_each_phase_is_compiled_once_and_an_interval_lies_within_one():
    game = Growing(toy.build_point_generator(), toy.build_point_discriminator(), systems.NON_SATURATING)
    game.compile(systems.optimizer(), systems.optimizer())
    curves = systems.train(game, (systems.POINTS,), steps=8)
    assert curves["d_loss"][1].tolist() == [1, 1, 2, 2]
    assert game._compiled_interval.experimental_get_tracing_count() == 2
    game.restart(0)
    with pytest.raises(ValueError, match="a new phase begins between the steps 3 and 6"):
        systems.train(game, (systems.POINTS,), steps=6, every=3)
    game.phase = lambda step: step // 2 % 2  # the first and the last step of an interval of six are alike
    with pytest.raises(ValueError, match="a new phase begins between the steps 0 and 6"):
        game.restart(0)
        systems.train(game, (systems.POINTS,), steps=6, every=6)
    game.phase = lambda step: np.searchsorted([4], step)  # TensorFlow would compile nothing new for it
    with pytest.raises(TypeError, match="a phase must be an int, a string or None, got np.int64"):
        systems.train(game, (systems.POINTS,), steps=6, every=1)


def test_tensors_that_belong_together_are_shared_out_together():
    a, b, c = tf.range(4), 10 * tf.range(4), 100 * tf.range(4)
    first, second = shares(((a, b), c), 2)
    assert [tensor.numpy().tolist() for tensor in (*first[0], first[1])] == [[0, 1], [0, 10], [0, 100]]
    assert second[0][1].numpy().tolist() == [20, 30]


# -------------------------------------------------------------------------------------------- latent space


def test_generating_takes_networks_of_one_input_and_of_several():
    noise, labels = np.arange(10.0)[:, np.newaxis], np.arange(10)
    whole = generate(lambda z, training: 2 * z, noise, batch_size=3)
    assert np.array_equal(whole, 2 * noise)
    pairs = generate(lambda pair, training: pair[0] + pair[1][:, np.newaxis], (noise, labels), batch_size=3)
    assert np.array_equal(pairs, 2 * noise)


def test_walking_on_the_sphere_keeps_length_and_speed():
    z0, z1 = RNG.normal(size=(2, 16))
    z1 *= np.linalg.norm(z0) / np.linalg.norm(z1)
    path = on_the_sphere(z0, z1, np.linspace(0, 1, 7)[:, np.newaxis])
    np.testing.assert_allclose(path[[0, -1]], [z0, z1], atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), np.linalg.norm(z0))
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    np.testing.assert_allclose(steps, steps[0])
    assert np.linalg.matrix_rank(np.stack([z0, z1, *path]), tol=1e-9) == 2  # in the plane of the two


@pytest.mark.parametrize(("seconds", "due"), [(0.0, [0, 2, 4, 4]), (1e9, [0, 4])])
def test_a_checkpoint_is_written_when_it_is_due(seconds, due, tmp_path, eagerly, monkeypatch):
    """Before the first step, after an interval if enough time has passed, and at the end."""
    written = []
    monkeypatch.setattr(checkpoints, "CHECKPOINT_SECONDS", seconds)
    monkeypatch.setattr(checkpoints.Checkpoint, "save", lambda self: written.append(self.model.steps_done))
    system, sources = systems.build("gan")
    systems.train(system, sources, steps=4, every=2, checkpoint=tmp_path / "gan")
    assert written == due


def test_the_shapes_of_all_that_is_saved_belong_to_the_run():
    system, _ = systems.build("gan")
    shapes = checkpoints.run_identity(system, {})["shapes"]
    assert shapes == {name: list(variable.shape) for name, variable in checkpoints.training_state(system).items()}
