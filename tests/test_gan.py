"""The game of chapter 3: who moves, where to, and that it can be repeated to the bit."""

import json
import os
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.integrate import trapezoid

from conftest import equal, weights
from gan_helpers import losses
from gan_helpers.core import checkpoints, watchers
from gan_helpers.core.system import latent_noise
from gan_helpers.data.files import write_atomically
from gan_helpers.models.dcgan import SharedFakesGAN
from gan_helpers.models.gan import GAN, build_discriminator, build_generator

ALL_LOSSES = [losses.MinimaxLoss(), losses.NonSaturatingLoss(), losses.LeastSquaresLoss(), losses.WassersteinLoss()]


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    return rng.uniform(-1, 1, (256, 28, 28, 1)).astype(np.float32)


def test_the_pair_has_the_chapters_shapes_and_sizes():
    generator, discriminator = build_generator(), build_discriminator()
    assert generator.count_params() == 100 * 128 + 128 + 128 * 784 + 784
    assert discriminator.count_params() == 784 * 128 + 128 + 128 + 1
    fakes = generator(latent_noise(5, 100))
    assert fakes.shape == (5, 28, 28, 1) and discriminator(fakes).shape == (5, 1)
    assert float(tf.reduce_max(tf.abs(fakes))) <= 1


# --------------------------------------------------------------------------------------- where theory says


def gaussian_toy(mean_fake):
    """Real data N(1, 1); a generator that shifts its noise; a logistic discriminator, which holds the optimum."""
    generator = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1)])
    generator.set_weights([np.array([[1.0]]), np.array([mean_fake])])
    discriminator = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    gan = GAN(generator, discriminator, losses.NonSaturatingLoss(), seed=0)
    gan.compile(keras.optimizers.Adam(0.02), keras.optimizers.Adam(0.02))
    real = np.random.default_rng(0).normal(1.0, 1.0, (400, 512, 1)).astype(np.float32)
    return gan, tf.constant(real)


def test_the_discriminator_learns_the_optimal_one():
    """D* = p/(p + q): for N(1, 1) against N(−1, 1) its logit is log p/q = 2x."""
    gan, real = gaussian_toy(mean_fake=-1.0)
    step = tf.function(lambda x, i: gan.discriminator_step(x, gan.fakes(x, i, "discriminator"), i))
    for i in range(400):
        report = step(real[i], tf.constant(i))
    (slope,), offset = gan.discriminator.get_weights()[0], gan.discriminator.get_weights()[1]
    assert slope[0] == pytest.approx(2.0, abs=0.25) and offset[0] == pytest.approx(0.0, abs=0.15)
    # J_D at the optimum is log 4 − 2 JSD(p ‖ q), integrated numerically
    x = np.linspace(-9, 9, 20_001)
    p, q = (np.exp(-((x - m) ** 2) / 2) / np.sqrt(2 * np.pi) for m in (1, -1))
    m = (p + q) / 2
    jsd = trapezoid(p * np.log(p / m) + q * np.log(q / m), x) / 2
    assert float(report["d_loss"]) == pytest.approx(np.log(4) - 2 * jsd, abs=0.12)


def test_equal_distributions_leave_the_discriminator_guessing():
    gan, real = gaussian_toy(mean_fake=1.0)
    step = tf.function(lambda x, i: gan.discriminator_step(x, gan.fakes(x, i, "discriminator"), i))
    reports = [float(step(real[i], tf.constant(i))["d_loss"]) for i in range(400)]
    assert np.mean(reports[-50:]) == pytest.approx(np.log(4), abs=0.02)


def test_the_game_brings_the_generator_to_the_data():
    """The players circle; what they circle around is the solution: fakes whose mean is the data's."""
    gan, real = gaussian_toy(mean_fake=-1.0)
    step = tf.function(lambda x, i: gan.update(i, x))
    means = []
    for i in range(1200):
        step(real[i % 400], tf.constant(i))
        means.append(gan.generator.get_weights()[1][0])
    assert np.mean(means[600:]) == pytest.approx(1.0, abs=0.15)


# --------------------------------------------------------------------------------------- repeatable training


def test_the_interval_may_change_on_the_way(make_gan, images):
    whole, parts = make_gan(), make_gan()
    whole.train(images, steps=30, every=10, batch_size=64)
    parts.train(images, steps=10, every=5, batch_size=64)
    curves = parts.train(images, steps=30, every=10, batch_size=64)
    assert equal(weights(whole.generator), weights(parts.generator))
    assert curves["d_loss"][0].tolist() == [5, 10, 20, 30]
    with pytest.raises(ValueError, match=r"steps \(60, 30 of them done\) must be multiples of every \(20\)"):
        parts.train(images, steps=60, every=20, batch_size=64)


def test_the_batch_size_may_change_on_the_way(make_gan, images, eagerly):
    gan = make_gan()
    for steps, batch_size in ((2, 8), (4, 16), (6, 4)):
        gan.train(images, steps=steps, batch_size=batch_size, every=2)
    assert gan.steps_done == 6
    curves = gan.train(images, steps=3, batch_size=4, every=2)  # it has gone further: nothing to do
    assert gan.steps_done == 6 and curves["d_loss"][0].tolist() == [2, 4, 6]


def test_samples_come_from_the_running_average(make_gan, images, eagerly):
    """It is the weighted mean of all trained weights: those of n steps ago count 0.9ⁿ, untrained ones nothing."""
    plain, averaged = make_gan(), make_gan()
    averaged.average = 0.9
    path = []
    for steps in (1, 2, 3):
        for gan in (plain, averaged):
            gan.train(images, steps=steps, every=1, batch_size=64)
        path.append(weights(plain.generator))
    assert equal(weights(plain.generator), weights(averaged.generator))  # the game itself is as without it
    assert averaged.sampler is averaged.averaged_generator and plain.sampler is plain.generator
    for *values, mean in zip(*path, weights(averaged.sampler), strict=True):
        expected = np.average(values, axis=0, weights=[0.81, 0.9, 1])
        np.testing.assert_allclose(mean, expected, rtol=1e-4, atol=1e-6)
    assert not np.array_equal(plain.sample(4), averaged.sample(4))


SCRIPT = """
import signal
import sys
from gan_helpers.core.session import quiet_tensorflow
_, keras = quiet_tensorflow()
import numpy as np
from gan_helpers import losses
from gan_helpers.core import checkpoints
from gan_helpers.models import toy
from gan_helpers.models.gan import GAN

def train(file, steps):
    points = np.random.default_rng(0).normal(size=(256, 2)).astype(np.float32)
    keras.utils.set_random_seed(0)
    gan = GAN(toy.build_point_generator(), toy.build_point_discriminator(), losses.NonSaturatingLoss(), average=0.99)
    gan.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3))
    gan.train(points, steps=steps, every=20, batch_size=16, checkpoint=file)

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever started this may have had it ignored
    checkpoints.CHECKPOINT_SECONDS = 0.0  # save after every interval
    train(sys.argv[1], steps=10**9)  # until it is stopped, on any machine
"""


@pytest.fixture
def script(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    return tmp_path / "script.py"


def start_and_wait_for_a_checkpoint(script, file):
    process = subprocess.Popen([sys.executable, str(script), str(file)], stderr=subprocess.PIPE, text=True)
    while not file.exists():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    time.sleep(0.1)  # some intervals further, somewhere inside one
    return process


def step_of(file):
    with np.load(file) as arrays:
        return json.loads(str(arrays["about"]))["step"]


def arrays_of(file):
    with np.load(file) as arrays:
        return {name: value for name, value in arrays.items() if name != "about"}


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to another process")
def test_control_c_ends_a_run_in_order(tmp_path, script):
    file = tmp_path / "run.npz"
    process = start_and_wait_for_a_checkpoint(script, file)
    process.send_signal(signal.SIGINT)
    said = process.communicate()[1].splitlines()[-1]
    assert f"Stopped: stopped at step {step_of(file)} of {10**9}; train(…, steps={10**9}) goes on" in said
    counts = [int(v) for v in arrays_of(file).values() if v.dtype.kind == "i" and v.ndim == 0]
    assert counts == [step_of(file)] * 2  # both optimizers have made as many updates


class Press(keras.callbacks.Callback):
    """Presses the stop button, really: sends SIGINT to this process at the end of an interval's graph call."""

    def __init__(self, at, times=1):
        super().__init__()
        self.at, self.times = at, times

    def on_train_batch_end(self, batch, logs=None):
        if self.model.steps_done == self.at:
            for _ in range(self.times):
                signal.raise_signal(signal.SIGINT)


def test_who_presses_is_answered_at_once(make_gan, images, interruptible, eagerly, capsys):
    with pytest.raises(watchers.Stopped):
        make_gan().train(images, steps=4, every=2, batch_size=16, callbacks=[Press(at=2)])
    assert capsys.readouterr().out == "stopping after this interval; press again to stop at once\n"


@pytest.mark.parametrize("times", [1, 2])
def test_stopped_and_continued_is_as_never_stopped(make_gan, images, times, interruptible, eagerly):
    whole, stopped = make_gan(), make_gan()
    whole.average = stopped.average = 0.9
    whole.train(images, steps=6, every=2, batch_size=16)
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(watchers.Stopped, match="step 4 of 6; train.*steps=6.* goes on from there") as error:
        stopped.train(images, steps=6, every=2, batch_size=16, callbacks=[Press(at=4, times=times)])
    assert signal.getsignal(signal.SIGINT) is handler
    assert ("at once" in str(error.value)) == (times == 2) and len(error.value._render_traceback_()) == 1
    assert stopped.steps_done == int(stopped.generator_optimizer.iterations) == 4
    assert stopped.curves["d_loss"][0].tolist() == ([2, 4] if times == 1 else [2])
    curves = stopped.train(images, steps=6, every=2, batch_size=16)
    for network in ("generator", "discriminator", "averaged_generator"):
        assert equal(weights(getattr(whole, network)), weights(getattr(stopped, network)))
    assert curves["d_loss"][0].tolist()[-1] == 6


def test_stopped_at_once_goes_on_from_what_was_saved(make_gan, images, tmp_path, interruptible, eagerly):
    whole, stopped = make_gan(), make_gan()
    whole.train(images, steps=3, every=1, batch_size=16)
    how = {"steps": 3, "every": 1, "batch_size": 16, "checkpoint": tmp_path / "run.npz"}
    with pytest.raises(watchers.Stopped, match="at once at step 2 of 3; with its checkpoint, .* what was saved last"):
        stopped.train(images, callbacks=[Press(at=2, times=2)], **how)
    stopped.train(images, **how)
    assert equal(weights(whole.generator), weights(stopped.generator))


def test_a_press_in_the_last_interval_is_no_stop(make_gan, images, interruptible, eagerly):
    gan = make_gan()
    gan.train(images, steps=2, every=1, batch_size=16, callbacks=[Press(at=2)])
    assert gan.steps_done == 2


def test_the_step_count_survives_an_error_in_a_callback(make_gan, images, eagerly):
    class Broken(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise RuntimeError("a reader's own callback")

    whole, gan = make_gan(), make_gan()
    with pytest.raises(RuntimeError, match="own callback"):
        gan.train(images, steps=4, every=2, batch_size=16, callbacks=[Broken()])
    assert gan.steps_done == int(gan.generator_optimizer.iterations) == 2
    gan.train(images, steps=4, every=2, batch_size=16)
    whole.train(images, steps=4, every=2, batch_size=16)
    assert equal(weights(whole.generator), weights(gan.generator))


def test_a_resumed_run_must_fit_the_interval(make_gan, images, tmp_path, eagerly):
    """It did not look at the step of the checkpoint: 150 updates were called step 100."""
    file = tmp_path / "gan.npz"
    make_gan().train(images, steps=1, every=1, batch_size=16, checkpoint=file)
    with pytest.raises(ValueError, match=r"steps \(4, 1 of them done\) must be multiples of every \(2\)"):
        make_gan().train(images, steps=4, every=2, batch_size=16, checkpoint=file)
    resumed = make_gan()
    resumed.train(images, steps=4, every=1, batch_size=16, checkpoint=file)
    assert resumed.steps_done == int(resumed.generator_optimizer.iterations) == 4


def test_another_kind_of_game_does_not_take_up_a_checkpoint(make_gan, images, tmp_path, eagerly):
    file = tmp_path / "gan.npz"
    make_gan().train(images, steps=2, every=2, batch_size=16, checkpoint=file)
    other = SharedFakesGAN(build_generator(8), build_discriminator(), losses.NonSaturatingLoss())
    other.compile(keras.optimizers.Adam(1e-3, 0.5), keras.optimizers.Adam(1e-3, 0.5))
    with pytest.raises(checkpoints.CheckpointError, match="its class is GAN, now it is SharedFakesGAN"):
        other.train(images, steps=4, every=2, batch_size=16, checkpoint=file)


def test_tensors_are_as_good_as_arrays_for_a_checkpoint_too(make_gan, images, tmp_path, eagerly):
    of_array, of_tensor, file = make_gan(), make_gan(), tmp_path / "run.npz"
    of_array.train(images, steps=4, every=2, batch_size=16, checkpoint=file)
    of_tensor.train(tf.constant(images), steps=4, every=2, batch_size=16, checkpoint=tmp_path / "other.npz")
    assert equal(weights(of_array.generator), weights(of_tensor.generator))
    resumed = make_gan()
    resumed.train(tf.constant(images), steps=4, every=2, batch_size=16, checkpoint=file)  # the same data: taken up
    assert resumed.steps_done == 4 and equal(weights(resumed.generator), weights(of_array.generator))


def test_a_subclass_need_not_remember_the_average(images, eagerly):
    class OnlyG(GAN):
        def update(self, step, real):
            nothing = dict.fromkeys(("d_loss", "real_accuracy", "fake_accuracy"), tf.constant(0.0))
            return nothing | self.generator_step(real, step)

    gan = OnlyG(build_generator(8), build_discriminator(), losses.NonSaturatingLoss(), average=0.5)
    gan.compile(keras.optimizers.SGD(1.0), keras.optimizers.SGD(1.0))
    before = weights(gan.generator)
    gan.train(images, steps=1, every=1, batch_size=16)
    after = weights(gan.generator)
    assert not equal(before, after) and equal(after, weights(gan.averaged_generator))
    gan.train(images, steps=2, every=1, batch_size=16)
    for one, two, mean in zip(after, weights(gan.generator), weights(gan.averaged_generator), strict=True):
        np.testing.assert_allclose(mean, (one + 2 * two) / 3, atol=1e-6)


def test_accuracy_knows_each_losss_boundary():
    real, fake = tf.constant([[0.7], [0.3], [-1.0]]), tf.constant([[0.4], [0.6], [-2.0]])
    for loss, on_real, on_fake in ((losses.NonSaturatingLoss(), 2, 1), (losses.LeastSquaresLoss(), 1, 2)):
        accuracies = loss.accuracies(real, fake)
        assert float(accuracies["real_accuracy"]) == pytest.approx(on_real / 3)
        assert float(accuracies["fake_accuracy"]) == pytest.approx(on_fake / 3)
    assert losses.WassersteinLoss().accuracies(real, fake) == {}  # where a critic's zero lies is an accident


# ------------------------------------------------------------------------------------------- clear refusals


def test_wrong_input_is_refused_clearly(make_gan, images):
    gan = make_gan()
    with pytest.raises(ValueError, match=r"must lie in \[-1, 1\], got \[-255, 255\]"):
        gan.train(np.sign(images) * 255, steps=10)
    with pytest.raises(ValueError, match=r"must be floats .* got uint8"):
        gan.train(images.astype(np.uint8), steps=10)
    with pytest.raises(ValueError, match=r"must lie in \[-1, 1\], got \[nan, nan\]"):
        gan.train(images * np.nan, steps=10)
    with pytest.raises(ValueError, match=r"must have shape \(n, 28, 28, 1\), got \(256, 14, 28, 1\)"):
        gan.train(images[:, :14], steps=10)
    with pytest.raises(ValueError, match=r"shape \(n, 28, 28, 1\), got \(256, 28, 28\)"):
        gan.train(images[..., 0], steps=10)
    with pytest.raises(ValueError, match=r"steps \(25, 0 of them done\) must be multiples of every \(10\)"):
        gan.train(images, steps=25, every=10)
    with pytest.raises(ValueError, match=r"number of examples \(256\), got 512"):
        gan.train(images, steps=10, batch_size=512)
    shared = keras.optimizers.Adam()
    with pytest.raises(ValueError, match="optimizer of its own"):
        gan.compile(shared, shared)


def test_nan_stops_with_the_usual_causes_and_keeps_the_checkpoint(make_gan, images, tmp_path, eagerly):
    file = tmp_path / "gan.npz"
    gan = make_gan()
    gan.train(images, steps=2, every=2, batch_size=64, checkpoint=file)
    saved = file.read_bytes()
    kernel = gan.generator.layers[0].kernel
    kernel.assign(kernel * np.nan)

    def resume_nothing(*_):
        """Leave the poisoned weights in place."""

    original, checkpoints.resume = checkpoints.resume, resume_nothing
    try:
        with pytest.raises(watchers.NotANumberError, match=r"_loss became nan between steps .*learning rate"):
            gan.train(images, steps=4, every=2, batch_size=64, checkpoint=file)
    finally:
        checkpoints.resume = original
    assert file.read_bytes() == saved


def test_a_checkpoint_of_another_run_is_refused(make_gan, images, tmp_path, eagerly):
    file = tmp_path / "gan.npz"
    make_gan().train(images, steps=2, every=2, batch_size=64, checkpoint=file)
    with pytest.raises(checkpoints.CheckpointError, match="its batch_size is 64, now it is 32"):
        make_gan().train(images, steps=4, every=2, batch_size=32, checkpoint=file)
    with pytest.raises(checkpoints.CheckpointError, match="its generator optimizer's learning_rate is 0.00100"):
        make_gan(learning_rate=5e-4).train(images, steps=4, every=2, batch_size=64, checkpoint=file)
    with pytest.raises(checkpoints.CheckpointError, match="its seed is 0, now it is 3"):
        make_gan(seed=3).train(images, steps=4, every=2, batch_size=64, checkpoint=file)
    file.write_bytes(file.read_bytes()[:-500])
    with pytest.raises(checkpoints.CheckpointError, match=r"cannot be read .* Delete it to start anew"):
        make_gan().train(images, steps=4, every=2, batch_size=64, checkpoint=file)


@pytest.mark.parametrize("damage", ["missing", "of another shape"])
def test_a_checkpoint_that_lacks_something_leaves_the_model_as_it_was(damage, make_gan, images, tmp_path, eagerly):
    file = tmp_path / "gan.npz"
    make_gan().train(images, steps=2, every=2, batch_size=64, checkpoint=file)
    arrays = dict(np.load(file))
    last = max(name for name in arrays if name.startswith("state/"))
    if damage == "missing":
        del arrays[last]
    else:
        arrays[last] = np.zeros((3, 5))
    np.savez(file, **arrays)
    game = make_gan()
    before = [weight.numpy() for weight in game.generator.weights + game.discriminator.weights]
    with pytest.raises(checkpoints.CheckpointError, match=r"is damaged: .* is missing or has another shape"):
        game.train(images, steps=4, every=2, batch_size=64, checkpoint=file)
    after = [weight.numpy() for weight in game.generator.weights + game.discriminator.weights]
    assert all(map(np.array_equal, before, after)) and game.steps_done == 0


DAMAGED = {
    "about null": ({"about": "null"}, "it does not say of which run it is"),
    "no run": ({"about": '{"step": 2}'}, "it does not say of which run it is"),
    "no step": ({"about": '{"run": {}}'}, "its step is None"),
    "half a step": ({"about": '{"run": {}, "step": 2.5}'}, "its step is 2.5"),
    "a text": ({"state/generator/000": np.full((8, 128), "x")}, "generator/000 holds what is no number"),
    "not a number": ({"state/generator/000": np.full((8, 128), np.nan)}, "generator/000 holds what is no number"),
    "curve": ({"curves/d_loss": np.zeros(3)}, "the curve d_loss is no list of pairs"),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_checkpoint_is_one_clear_error_and_changes_nothing(damage, make_gan, images, tmp_path, eagerly):
    file, (change, said) = tmp_path / "gan.npz", DAMAGED[damage]
    make_gan().train(images, steps=2, every=2, batch_size=64, checkpoint=file)
    np.savez(file, **(dict(np.load(file)) | change))
    game = make_gan()
    before = weights(game.generator)
    with pytest.raises(checkpoints.CheckpointError, match=rf"gan.npz is damaged: {said}. Delete it to start anew"):
        game.train(images, steps=4, every=2, batch_size=64, checkpoint=file)
    assert equal(before, weights(game.generator)) and game.steps_done == 0


def test_a_second_training_on_one_checkpoint_is_refused(make_gan, images, tmp_path, eagerly):
    file = tmp_path / "gan.npz"

    class Second(keras.callbacks.Callback):
        """While one trains, another begins."""

        def on_epoch_end(self, epoch, logs=None):
            with pytest.raises(checkpoints.CheckpointError, match="gan.npz is in use: another training saves to it"):
                make_gan().train(images, steps=4, every=2, batch_size=16, checkpoint=file)

    make_gan().train(images, steps=2, every=2, batch_size=16, callbacks=[Second()], checkpoint=file)
    assert list(tmp_path.iterdir()) == [file]
    make_gan().train(images, steps=4, every=2, batch_size=16, checkpoint=file)


LOCKING = """
import sys, time
from gan_helpers.core import checkpoints
with checkpoints.only_trainer(sys.argv[1]):
    print("locked", flush=True)
    time.sleep(600)
"""


def test_a_lock_ends_with_its_process(tmp_path):
    """Of two processes the second is refused; after a SIGKILL of the first nothing is left that would refuse it."""
    file = tmp_path / "gan.npz"
    holder = subprocess.Popen([sys.executable, "-c", LOCKING, str(file)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "locked\n"
    with pytest.raises(checkpoints.CheckpointError, match="is in use"), checkpoints.only_trainer(file):
        pass
    holder.kill()
    holder.wait()
    with checkpoints.only_trainer(file):
        pass
    assert not list(tmp_path.iterdir())


class NoStep(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        pytest.fail("a step was made")


def test_what_cannot_be_saved_is_known_before_the_training(make_gan, images, tmp_path, monkeypatch):
    (tmp_path / "taken").write_text("a file, no folder")
    with pytest.raises(checkpoints.CheckpointError, match="gan.npz cannot be saved to: .*Choose another file"):
        make_gan().train(
            images, steps=2, batch_size=16, callbacks=[NoStep()], checkpoint=tmp_path / "taken" / "gan.npz"
        )

    def disk_full(*how, **arrays):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoints.np, "savez", disk_full)
    with pytest.raises(OSError, match=r"could not write .*gan.npz: No space left on device"):
        make_gan().train(images, steps=2, batch_size=16, callbacks=[NoStep()], checkpoint=tmp_path / "gan.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_a_failed_write_leaves_the_old_file(tmp_path):
    file = tmp_path / "weights.npz"
    file.write_bytes(b"old")

    def disk_full(handle):
        handle.write(b"half of the new")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match=r"could not write .*weights.npz: No space left.*old file is untouched"):
        write_atomically(file, disk_full)
    assert file.read_bytes() == b"old" and list(tmp_path.iterdir()) == [file]
