import time

import keras
import numpy as np
import pytest

from gan_helpers import losses
from gan_helpers.core import watchers
from gan_helpers.core.curves import Curves, game_panels
from gan_helpers.core.system import latent_noise
from gan_helpers.models import vae
from gan_helpers.show import callbacks, plots

pytestmark = pytest.mark.usefixtures("eagerly")  # what is watched, not how it is computed
IMAGES = np.random.default_rng(0).uniform(-1, 1, (64, 28, 28, 1)).astype(np.float32)


class CountingJudge:
    """Stands in for an Evaluator: what matters here is when it is asked, and about how many images."""

    distance = "frechet_distance"

    def __init__(self):
        self.asked = []

    def frechet_distance(self, images):
        self.asked.append(len(images))
        return 100.0 / len(self.asked)


class ColourJudge(CountingJudge):
    distance = "kernel_distance"
    kernel_distance = CountingJudge.frechet_distance


def train(gan, watcher, steps=20, every=5):
    gan.train(IMAGES, steps=steps, every=every, batch_size=16, callbacks=[watcher])
    return gan


def test_quality_is_measured_on_time(make_gan):
    judge = CountingJudge()
    gan = train(make_gan(), callbacks.QualityTracker(judge, every=10, samples=32))
    assert judge.asked == [32, 32]
    steps, values = gan.curves["frechet_distance"]
    assert steps.tolist() == [10, 20] and values.tolist() == [100.0, 50.0]


def test_quality_every_less_than_an_interval_still_measures(make_gan):
    judge = CountingJudge()
    train(make_gan(), callbacks.QualityTracker(judge, every=7))
    assert len(judge.asked) == 2  # in the intervals that end at 10 and 15: 7 and 14 have passed


class Dawdle(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        time.sleep(0.2)


def test_the_judge_says_which_distance_is_followed_and_drawn(make_gan):
    gan = train(make_gan(), callbacks.QualityTracker(ColourJudge(), every=10, samples=50))
    assert "frechet_distance" not in gan.curves and gan.curves["kernel_distance"][0].tolist() == [10, 20]
    titles = [axes.get_title("left") or axes.get_title() for axes in plots.learning_curves(gan.curves, floor=0.1).axes]
    assert titles[-1] == "kernel distance, lower is better (dashed: real images)"


def test_stopwatch_times_training_and_not_what_others_do(make_gan):
    gan, watch = make_gan(), watchers.Stopwatch()
    gan.train(IMAGES, steps=5, every=5, batch_size=16)  # makes the graph
    started = time.perf_counter()
    gan.train(IMAGES, steps=20, every=5, batch_size=16, callbacks=[watch, Dawdle()])
    everything = time.perf_counter() - started
    assert 0 < watch.seconds < everything - 3 * 0.2
    steps, seconds = gan.curves["seconds"]
    assert steps.tolist() == [10, 15, 20] and seconds[-1] == watch.seconds and (np.diff(seconds) > 0).all()


def test_stopwatch_goes_on_where_it_was(make_gan):
    gan = make_gan()
    for steps in (10, 20):
        watch = watchers.Stopwatch()
        gan.train(IMAGES, steps=steps, every=5, batch_size=16, callbacks=[watch])
    seconds = gan.curves["seconds"][1]
    assert len(seconds) == 4 and (np.diff(seconds) > 0).all() and watch.seconds == seconds[-1]


@pytest.mark.parametrize("kind", ["game", "critic", "vae", "autoencoder"])
def test_the_dashboard_draws_what_the_model_has(kind, make_gan):
    networks = vae.build_gaussian_encoder(2), vae.build_bernoulli_decoder(2)
    if kind == "game":
        model, panels = make_gan(), 2  # losses and accuracies
    elif kind == "critic":
        model, panels = make_gan(loss=losses.WassersteinLoss()), 1
    elif kind == "vae":
        model, panels = vae.VAE(*networks), 1
        model.compile(keras.optimizers.Adam(1e-3))
    else:
        model, panels = vae.Autoencoder(vae.build_encoder(2), vae.build_decoder(2)), 1
        model.compile(keras.optimizers.Adam(1e-3))
    dashboard = callbacks.Dashboard(rows=2)
    images = np.sign(IMAGES) if kind == "vae" else IMAGES
    model.train(images, steps=4, every=2, batch_size=16, callbacks=[dashboard])
    assert len(dashboard.figure().axes) == panels + (kind != "autoencoder")  # and the samples


def test_quality_and_samples_of_a_vae_can_be_watched():
    model = vae.VAE(vae.build_gaussian_encoder(2), vae.build_bernoulli_decoder(2))
    model.compile(keras.optimizers.Adam(1e-3))
    grids, judge = callbacks.SampleGrids(steps=[0, 4], n=3), CountingJudge()
    watchers = [grids, callbacks.QualityTracker(judge, every=4, samples=7)]
    model.train(np.sign(IMAGES), steps=4, every=2, batch_size=16, callbacks=watchers)
    assert list(grids.snapshots) == [0, 4] and judge.asked == [7]


def test_sample_grids_follow_the_same_noise(make_gan):
    grids = callbacks.SampleGrids(steps=[0, 7, 20], n=3, seed=4)
    gan = train(make_gan(), grids)
    assert list(grids.snapshots) == [0, 10, 20]
    assert np.array_equal(grids.snapshots[20], gan.sample(3, seed=4))
    assert not np.array_equal(grids.snapshots[0], grids.snapshots[20])
    assert len(grids.figure().axes) == 3


def test_looking_does_not_change_training(make_gan):
    watched, alone = make_gan(), make_gan()
    watched.train(
        IMAGES, steps=20, every=5, batch_size=16, callbacks=[callbacks.SampleGrids([0, 10]), callbacks.Dashboard()]
    )
    alone.train(IMAGES, steps=20, every=5, batch_size=16)
    for a, b in zip(watched.generator.variables, alone.generator.variables, strict=True):
        assert np.array_equal(a, b)


def test_dashboard_updates_one_picture_in_a_notebook(make_gan, monkeypatch):
    pictures = []

    class Handle:
        def update(self, figure):
            pictures.append(figure)

    def display(figure, display_id):
        pictures.append(figure)
        return Handle()

    monkeypatch.setattr("IPython.display.display", display)
    train(make_gan(), callbacks.Dashboard(rows=2, seconds=0, floor=5.0))
    assert len(pictures) == 1 + 4 + 1  # at the start, after each interval, at the end
    assert "step 20 / 20" in pictures[-1].get_suptitle() and "took" in pictures[-1].get_suptitle()
    assert "step 5 / 20" in pictures[1].get_suptitle() and "left" in pictures[1].get_suptitle()


def test_dashboard_prints_outside_a_notebook(make_gan, capsys):
    train(make_gan(), callbacks.Dashboard(seconds=100))
    assert "step 20 / 20" in capsys.readouterr().out


def test_progress_bar_counts_steps(make_gan, capsys):
    train(make_gan(), callbacks.ProgressBar())
    assert "20/20" in capsys.readouterr().err


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0:00"), (59.6, "1:00"), (3599.7, "1:00:00"), (125, "2:05")])
def test_clock(seconds, text):
    assert callbacks.clock(seconds) == text


# ------------------------------------------------------------------------------------------ curves and plots


def test_curves_survive_saving():
    curves = Curves()
    curves.add(10, d_loss=1.5)
    curves.add(20, d_loss=1.25, quality=3)
    again = Curves.from_arrays(curves.as_arrays())
    assert again.names() == ["d_loss", "quality"] and again.last("d_loss") == 1.25
    assert again["d_loss"][0].tolist() == [10, 20] and len(again["unheard of"][0]) == 0
    with pytest.raises(KeyError, match="no curve named 'loss'; there are: d_loss, quality"):
        curves.last("loss")


def test_tile_puts_pictures_in_rows():
    images = np.stack([np.full((2, 3, 1), value) for value in (-1.0, 0.0, 1.0)])
    canvas = plots.tile(images, columns=2, gap=1)
    assert canvas.shape == (5, 7, 3)
    assert (canvas[:2, :3] == 0).all() and (canvas[:2, 4:] == 128).all() and (canvas[3:, :3] == 255).all()
    assert (canvas[2] == 255).all() and (canvas[3:, 4:] == 255).all()  # gap, and the empty place


def test_tile_clips_what_overshoots_and_refuses_other_scales():
    dark, light = np.zeros((1, 2, 2, 3), np.uint8), np.full((1, 2, 2, 3), 255, np.uint8)
    assert np.array_equal(plots.tile(light, 1), light[0])
    for value, expected in ((-2.7, dark), (1.6, light)):  # as generators without tanh make them
        assert np.array_equal(plots.tile(np.full((1, 2, 2, 1), value), 1), expected[0])
        assert plots.image_grid(np.full((1, 2, 2, 1), value), 1)
    for draw in (plots.tile, plots.image_grid):
        for value in (255.0, np.nan, np.inf):
            with pytest.raises(ValueError, match=r"images must lie in \[-1, 1\], got \["):
                draw(np.full((1, 2, 2, 1), value), 1)
        for dtype in (np.int64, bool):  # 0 to 255 would have been white, but for 0
            with pytest.raises(ValueError, match=rf"images must be floats in \[-1, 1\], got {np.dtype(dtype)}"):
                draw(light.astype(dtype), 1)
    for shape in ((2, 2, 3), (1, 2, 2, 4), (0, 2, 2, 1)):
        with pytest.raises(ValueError, match=r"\(n, height, width, 1 or 3\), n at least 1; got \("):
            plots.tile(np.zeros(shape), 1)


def test_curves_that_cannot_be_compared_are_refused():
    one, other = Curves(), Curves()
    for step in (1, 2):
        one.add(step, loss=1.0)
        other.add(2 * step, loss=1.0)
    with pytest.raises(ValueError, match="'mine' has no curve 'd_loss'; it has: loss"):
        plots.compare_curves({"mine": one}, "d_loss", "loss")
    with pytest.raises(ValueError, match="the seeds of 'mine' recorded 'loss' at different steps"):
        plots.compare_curves({"mine": [one, other]}, "loss", "loss")


def test_a_peak_does_not_flatten_the_losses():
    curves = Curves()
    for step, g_loss in enumerate((0.7, 50.0, 0.7)):
        curves.add(step, d_loss=1.4, g_loss=g_loss)
    figure = plots.learning_curves(curves, equilibrium=(1.4, 0.7))
    axes = figure.axes[0]
    heights = [axes.transAxes.inverted().transform(axes.transData.transform((0, level)))[1] for level in (0.7, 1.4)]
    assert heights[0] > 0.1 and heights[1] - heights[0] > 0.1  # shares of the axis; on a linear one 0.014
    assert min(axes.get_ylim()) == 0


def test_grids_stand_in_rows():
    figure = plots.compare_grids({name: IMAGES[:4] for name in "abc"}, columns=2, across=2)
    titles = [axes.get_title() for axes in figure.axes]
    tops = [axes.get_subplotspec().rowspan.start for axes in figure.axes]
    assert titles == ["a", "b", "c", ""] and tops == [0, 0, 1, 1]


def test_figures_are_drawn(make_gan, tmp_path):
    gan = make_gan()
    curves = gan.train(IMAGES, steps=20, every=5, batch_size=16)
    curves.add(20, frechet_distance=12.0)
    fakes = gan.generator(latent_noise(6, 8))
    figures = [
        plots.image_grid(fakes, columns=3, title="six"),
        plots.compare_grids({"real": IMAGES[:6], "fake": fakes}),
        plots.learning_curves(curves, equilibrium=gan.adversarial_loss.at_equilibrium, floor=3.0),
        plots.compare_curves({"one": curves, "two seeds": [curves, curves]}, "d_loss", "loss", log=True),
    ]
    for i, figure in enumerate(figures):
        figure.savefig(tmp_path / f"{i}.png")
        assert (tmp_path / f"{i}.png").stat().st_size > 2000


def test_a_cell_that_is_run_again_shows_what_there_is(make_gan):
    """Nothing is left to train, but its callbacks are new ones."""
    gan = train(make_gan(), callbacks.Dashboard(seconds=0))
    weights = [variable.numpy() for variable in gan.generator.variables]
    grids, dashboard, watch = callbacks.SampleGrids([0, 10, 20], n=3), callbacks.Dashboard(), watchers.Stopwatch()
    gan.train(IMAGES, steps=20, every=5, batch_size=16, callbacks=[watch, grids, dashboard])
    assert list(grids.snapshots) == [20] and watch.seconds == 0
    assert len(grids.figure().axes) == 1 and "step 20 / 20" in dashboard.figure().get_suptitle()
    for variable, before in zip(gan.generator.variables, weights, strict=True):
        np.testing.assert_array_equal(variable, before)


def test_what_is_drawn_of_a_game():
    """Dashed: where its curves would be if the discriminator could only guess."""
    losses_drawn, accuracy = game_panels(("d_loss", "g_loss", "real_accuracy", "fake_accuracy"), (1.4, 0.7))
    assert losses_drawn.guides == {"d_loss": 1.4, "g_loss": 0.7} and losses_drawn.linear_to == 2.8
    assert list(accuracy.curves) == ["real_accuracy", "fake_accuracy"] and accuracy.guides == {"guessing": 0.5}
    assert accuracy.limits[0] < 0 < 1 < accuracy.limits[1] < 1.1
    (critic,) = game_panels(("d_loss", "g_loss", "penalty"), None)
    assert critic.guides == {} and critic.linear_to is None
