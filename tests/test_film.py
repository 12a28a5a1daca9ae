"""Animations: real frames, in order, readable by whatever reads PNGs."""

import io

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from gan_helpers.data import mixtures
from gan_helpers.show import film, planes, plots
from gan_helpers.show.diagrams import Diagram


def bar(height):
    figure = Figure(figsize=(2, 2))
    axes = figure.subplots()
    axes.bar([0], [height], color="black")
    axes.set(ylim=(0, 1))
    return figure


def frames_of(shown):
    picture = Image.open(io.BytesIO(shown.data))
    frames = []
    for i in range(picture.n_frames):
        picture.seek(i)
        frames.append((np.asarray(picture.convert("L")) < 100).mean())
    return frames


def test_an_animation_holds_the_frames_in_order_and_shows_the_last_to_plain_viewers():
    shown = film.animation([bar(height) for height in (0.1, 0.5, 0.9)], milliseconds=80)
    still, *ink = frames_of(shown)
    assert len(ink) == 3 and ink == sorted(ink) and ink[0] < ink[1] < ink[2]
    assert abs(still - ink[2]) < 0.01
    assert Image.open(io.BytesIO(shown.data)).info["loop"] == 0


def test_stills_show_the_first_frame_the_last_and_some_between():
    strip = film.stills([bar(height) for height in np.linspace(0.1, 0.9, 9)], count=3)
    ink = np.asarray(Image.open(io.BytesIO(strip.data)).convert("L")) < 100
    shares = [part.mean() for part in np.array_split(ink, 3, axis=1)]
    assert np.allclose(np.diff(shares), shares[1] - shares[0], rtol=0.05) and shares[2] > 3 * shares[0]
    assert strip.width <= film.PAGE
    film.stills([bar(0.5)])  # a film of one frame
    below = film.stills([bar(height) for height in (0.1, 0.9)], columns=1)
    upper, lower = np.array_split(np.asarray(Image.open(io.BytesIO(below.data)).convert("L")) < 100, 2)
    assert upper.mean() < lower.mean()


def test_frames_of_unequal_size_are_refused():
    with pytest.raises(ValueError, match=r"frames of one size, got the sizes \[\("):
        film.animation([bar(1), Figure(figsize=(3, 2))])
    with pytest.raises(ValueError, match=r"frames of one size, got the sizes \[\]"):
        film.animation([])


def test_a_film_has_a_frame_for_each_interval_and_ends_as_an_animation(make_gan, monkeypatch):
    updates = []

    class Handle:
        def update(self, shown):
            updates.append(shown)

    monkeypatch.setattr(film, "display", lambda picture, display_id: Handle())
    gan = make_gan()
    images = np.zeros((64, 28, 28, 1), np.float32)
    watcher = film.Film(lambda model: bar(model.steps_done / 40), every=10)
    gan.train(images, steps=40, batch_size=32, every=10, callbacks=[watcher])
    assert len(watcher.frames) == 5  # step 0 as well
    assert len(updates) == 5 and len(frames_of(updates[-1])) == 6
    still = Image.open(io.BytesIO(updates[0].data))
    assert np.array_equal(np.asarray(still), np.asarray(watcher.frames[1]))
    assert updates[0].width == still.width // film.SHARPNESS  # shown at half its pixels


def test_the_plane_shows_what_the_discriminator_answers():
    figure = Figure()
    axes = figure.subplots()
    ring = mixtures.gaussian_ring()
    planes.draw_plane_game(axes, ring.sample(50), np.zeros((50, 2)), lambda points: 9 * points[:, :1], reach=3)
    figure.canvas.draw()
    filled = axes.collections[0]
    values = filled.get_array()
    assert values.min() < 0.1 and values.max() > 0.9  # D is near 0 at the left and near 1 at the right
    colors = filled.cmap(np.array([0.02, 0.98]))
    assert colors[0, 0] > colors[0, 2] and colors[1, 2] > colors[1, 0]  # orange for fake, blue for real


def test_the_line_shows_data_fakes_and_answer():
    axes = Figure().subplots()
    two = mixtures.two_gaussians()
    planes.draw_line_game(axes, two, two.sample(500), lambda x: np.zeros((len(x), 1)))
    assert np.allclose(axes.lines[0].get_ydata(), 0.5)
    assert set(axes.get_legend_handles_labels()[1]) == {"data", "fakes", "D(x)"}


def test_arrows_of_a_diagram_end_at_its_boxes():
    diagram = Diagram(4, 2)
    left, right = diagram.box("left", 0.8, 1), diagram.box("right", 3, 1, colour=plots.FAKE)
    diagram.arrow(left, right, "gives")
    arrow = diagram.axes.patches[-1]
    drawn = arrow.get_path().vertices[:-1]  # the last one only closes the head
    assert drawn[:, 0].min() >= 1.5 and drawn[:, 0].max() <= 2.3  # from the left box's edge to the right one's
    assert {"left", "right", "gives"} <= {text.get_text() for text in diagram.axes.texts}
