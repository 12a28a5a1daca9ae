import io

import ipywidgets
import numpy as np
import pytest
import systems
from PIL import Image

from gan_helpers.models.gan import build_generator
from gan_helpers.show import plots, widgets


def test_the_plane_is_flat_and_its_directions_are_of_length_one():
    plane = widgets.latent_plane(20, 3, [0, 1, 0, 2], [0, 0, 1, 3])
    start, u, v = plane[0], plane[1] - plane[0], plane[2] - plane[0]
    assert np.isclose(np.linalg.norm(u), 1, atol=1e-5) and np.isclose(u @ v, 0, atol=1e-5)
    assert np.allclose(plane[3], start + 2 * u + 3 * v, atol=1e-5)


def test_sliders_redraw_the_digit(monkeypatch):
    sliders, pictures = {}, []
    monkeypatch.setattr(widgets, "display", pictures.append)

    def interact(function, **controls):
        sliders.update(controls)
        for a in (0.0, 5.0):
            function(seed=1, a=a, b=0.0)

    monkeypatch.setattr(ipywidgets, "interact", interact)
    widgets.latent_explorer(build_generator(8), reach=4)
    assert set(sliders) == {"seed", "a", "b"} and sliders["a"].max == 4
    pixels = [figure.axes[0].images[0].get_array() for figure in pictures]
    assert not np.array_equal(*pixels)


def test_the_static_twin_has_the_start_in_its_middle():
    generator = build_generator(8)
    figure = widgets.latent_map(generator, seed=2, side=3)
    picture = figure.axes[0].images[0].get_array()
    centre = plots.tile(generator(widgets.latent_plane(8, 2, 0, 0)).numpy(), 1)
    assert np.array_equal(picture[30:58, 30:58], centre)


# ------------------------------------------------------------------------------------------------- classes


def test_classes_and_what_lies_between_them(monkeypatch):
    game, _ = systems.build("cgan")
    pictures, controls = [], {}
    monkeypatch.setattr(widgets, "display", lambda figure: pictures.append(figure.axes[0].images[0].get_array()))

    def interact(show, **sliders):
        controls.update(sliders)
        for first, second, share in ((0, 2, 0.0), (2, 2, 0.3), (0, 2, 1.0), (0, 2, 0.5)):
            show(seed=1, first=first, second=second, share=share)

    monkeypatch.setattr(ipywidgets, "interact", interact)
    widgets.class_explorer(game, ("a", "b", "c"))
    zero, two, also_two, between = pictures
    assert np.array_equal(two, also_two) and not np.array_equal(zero, two) and not np.array_equal(between, two)
    assert set(controls) == {"seed", "first", "second", "share"} and len(controls["first"].options) == 3
    figure = widgets.class_map(game, ("a", "b", "c"), seeds=[5, 1])
    tiles = figure.axes[0].images[0].get_array()
    assert np.array_equal(tiles[:8, 10:], zero)  # class 0, and the second seed
    assert [text.get_text() for text in figure.axes[0].texts] == ["a", "b", "c"]


def test_rows_of_pictures_have_names_and_one_length():
    white, black = np.ones((2, 4, 4, 3), np.float32), -np.ones((2, 4, 4, 3), np.float32)
    axes = plots.picture_rows({"white": white, "black": black}).axes[0]
    tiles = axes.images[0].get_array()
    assert tiles[:4, :4].min() > 0.99 > 0.01 > tiles[-4:, :4].max()
    assert [text.get_text() for text in axes.texts] == ["white", "black"]
    with pytest.raises(ValueError, match="all rows must have equally many images, got 1, 2"):
        plots.picture_rows({"white": white, "black": black[:1]})


# ---------------------------------------------------------------------------------------------- directions

DIRECTIONS = {name: np.eye(8, dtype=np.float32)[i] for i, name in enumerate(("a hat", "a beard"))}


def test_every_direction_has_a_slider_that_walks_along_it(monkeypatch):
    sliders, points = {}, []
    monkeypatch.setattr(widgets, "display", lambda figure: None)
    monkeypatch.setattr(widgets, "generate", lambda generator, z: points.append(z[0]) or np.zeros((1, 8, 8, 1)))

    def interact(function, **controls):
        sliders.update(controls)
        function(seed=3, **{"a hat": 0.0, "a beard": 0.0})
        function(seed=3, **{"a hat": 2.0, "a beard": -1.0})

    monkeypatch.setattr(ipywidgets, "interact", interact)
    widgets.direction_explorer(build_generator(8), DIRECTIONS, reach=3)
    assert list(sliders) == ["seed", "a hat", "a beard"] and sliders["a beard"].min == -3
    np.testing.assert_allclose(points[1] - points[0], 2 * DIRECTIONS["a hat"] - DIRECTIONS["a beard"], atol=1e-6)


def test_the_static_twin_of_the_directions_moves_one_slider_at_a_time():
    generator = build_generator(8)
    picture = widgets.direction_map(generator, DIRECTIONS, seeds=[5, 6], reach=2).axes[0].images[0].get_array()
    points = [widgets.moved(8, DIRECTIONS, 6, steps) for steps in ({}, {"a hat": 2}, {"a beard": 2})]
    assert np.array_equal(picture[30:], plots.tile(generator(np.stack(points)).numpy(), 3))


# ------------------------------------------------------------------------------------- a plane of codes

CODES, LABELS, NAMES = np.random.default_rng(0).normal(size=(40, 2)), np.arange(40) % 2, ("even", "odd")


def shades(codes):
    """A picture for each code, one shade of grey: the first coordinate, scaled."""
    return np.broadcast_to(np.tanh(codes[:, 0]).reshape(-1, 1, 1, 1), (len(codes), 4, 4, 1)).astype(np.float32)


def test_sliders_move_the_cross_and_change_the_picture(monkeypatch):
    sliders, pictures = {}, []
    monkeypatch.setattr(widgets, "display", pictures.append)

    def interact(function, **controls):
        sliders.update(controls)
        for z1 in (-1.0, 1.0):
            function(z1=z1, z2=0.5)

    monkeypatch.setattr(ipywidgets, "interact", interact)
    widgets.plane_explorer(shades, CODES, LABELS, NAMES, reach=2)
    assert set(sliders) == {"z1", "z2"} and sliders["z1"].max == 2 and sliders["z2"].min == -2
    crosses = [next(line for line in figure.axes[0].lines if line.get_marker() == "x") for figure in pictures]
    assert [cross.get_xydata()[0].tolist() for cross in crosses] == [[-1.0, 0.5], [1.0, 0.5]]
    left, right = (figure.axes[1].images[0].get_array() for figure in pictures)
    assert left.mean() < right.mean()


def test_the_plane_s_static_twin_shows_every_point():
    figure = widgets.plane_view(shades, CODES, LABELS, NAMES, [(0, 0), (1, 1), (-1, 0), (2, 2)])
    titles = [axes.get_title() for axes in figure.axes if axes.images]
    assert sorted(titles) == ["A: (0.0, 0.0)", "B: (1.0, 1.0)", "C: (-1.0, 0.0)", "D: (2.0, 2.0)"]


def test_more_points_than_letters_are_refused():
    with pytest.raises(ValueError, match="letters for 26 points, got 27"):
        widgets.plane_view(shades, CODES, LABELS, NAMES, np.zeros((27, 2)))


# ------------------------------------------------------------------------------------- there and back

KINDS = {"a": "flat", "b": "three-dimensional"}
SIDE = 8
PICTURES = {
    "a": np.linspace(-1, 0, 3 * SIDE * SIDE * 3, dtype=np.float32).reshape(3, SIDE, SIDE, 3),
    "b": np.linspace(0, 0.4, 2 * SIDE * SIDE * 3, dtype=np.float32).reshape(2, SIDE, SIDE, 3),
}


class Halver:
    """In the place of a game: to B it halves, to A it doubles and adds 0.1; so every way back is off by 0.1 or 0.05."""

    def translate(self, images, to):
        return np.clip(images / 2 if to == "b" else 2 * images + 0.1, -1, 1).astype(np.float32)


@pytest.fixture
def explored(seen):
    """The controls of the explorer of translations by name, and what it has shown: the tiles of each figure."""
    widgets.translation_explorer(Halver(), PICTURES, KINDS)
    return seen


@pytest.fixture
def seen(monkeypatch):
    """The controls, by name, of an explorer that is opened next, and what it shows: of each figure the tiles that
    are called "changed", or else the first."""
    found, tiles = {}, []

    def display(shown):
        if isinstance(shown, ipywidgets.HBox):
            found.update(upload=shown.children[0], message=shown.children[1])
        else:
            panels = [axes for axes in shown.axes if axes.get_title() == "changed"] or shown.axes
            tiles.append(panels[0].images[0].get_array())

    def interact(show, **controls):
        found.update(controls)
        for control in controls.values():
            control.observe(lambda _: show(**{name: c.value for name, c in controls.items()}), "value")
        show(**{name: c.value for name, c in controls.items()})

    monkeypatch.setattr(widgets, "display", display)
    monkeypatch.setattr(ipywidgets, "interact", interact)
    return found, tiles


def file_of(picture, file_format="PNG", **settings):
    file = io.BytesIO()
    picture.save(file, file_format, **settings)
    return file.getvalue()


def bring(found, content, name="mine.png", form=8):
    """Upload a file as the browser does it, in the form of ipywidgets 8 or 7."""
    if form == 8:
        value = ({"name": name, "type": "", "size": len(content), "content": memoryview(content)},)
    else:
        value = {name: {"metadata": {"name": name, "size": len(content)}, "content": content}}
    found["upload"].notify_change({"name": "value", "new": value, "old": (), "type": "change", "owner": None})


def test_a_picture_is_shown_there_and_back(explored, capsys):
    found, tiles = explored
    assert [label for label, _ in found["number"].options] == ["picture 1", "picture 2"]  # as many as both have
    assert "flat" in dict(found["kind"].options)
    game, image = Halver(), PICTURES["a"][:1]
    there = game.translate(image, "b")
    expected = plots.tile(np.concatenate([image, there, game.translate(there, "a")]), 3)
    assert np.array_equal(tiles[0], expected)
    found["kind"].value = "b"
    assert "Mean absolute error of the round trip: 2.5 %" in capsys.readouterr().out
    found["number"].value = 1
    assert np.array_equal(tiles[-1][:, :SIDE], plots.tile(PICTURES["b"][1:], 1))


@pytest.mark.parametrize("form", [7, 8])
def test_an_upload_is_shown_at_once_and_stays_to_choose_from(explored, form):
    found, tiles = explored
    bring(found, file_of(Image.new("RGB", (20, 20), (255, 0, 0))), "red.png", form)
    assert (tiles[-1][:, :SIDE] == [255, 0, 0]).all() and found["number"].options[0][0] == "red.png"
    assert found["message"].value == "red.png: is it flat or three-dimensional? Say so below. "
    before = tiles[-1]
    found["kind"].value = "b"
    assert np.array_equal(tiles[-1][:, :SIDE], before[:, :SIDE]) and not np.array_equal(tiles[-1], before)
    found["kind"].value = "a"
    bring(found, file_of(Image.new("RGB", (20, 20), (0, 0, 255))), "red.png", form)  # another of the same name
    assert (tiles[-1][:, :SIDE] == [0, 0, 255]).all()
    found["number"].value = found["number"].options[1][1]
    assert np.array_equal(tiles[-1], before)
    found["number"].value = 0
    assert np.array_equal(tiles[-1], tiles[0])


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"", "the file is empty"), (b"<b>no picture", "no picture that can be read"), (b"<svg></svg>", "an SVG file")],
)
@pytest.mark.parametrize("form", [7, 8])
def test_a_bad_upload_says_why_and_changes_nothing(explored, content, why, form):
    found, tiles = explored
    bring(found, file_of(Image.new("RGB", (20, 20), (255, 0, 0))), "red.png", form)
    shown, options = len(tiles), found["number"].options
    bring(found, content, "bad.png", form)
    assert found["message"].value.startswith("Not used: ") and why in found["message"].value
    assert len(tiles) == shown and found["number"].options == options and found["number"].value == options[0][1]


def test_messages_are_text_and_no_markup(explored):
    found, _ = explored
    bring(found, file_of(Image.new("RGB", (9, 9))), "<b>bold</b>.png")
    assert found["message"].value.startswith("&lt;b&gt;bold")


def test_the_reader_hears_that_an_animation_is_cut(explored):
    found, _ = explored
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
    bring(found, file_of(frames[0], "GIF", save_all=True, append_images=frames[1:]), "moving.gif")
    assert "Note: there are several pictures in this file (an animation?): the first is used." in found["message"].value


def test_nothing_happens_when_the_upload_is_emptied(explored):
    found, tiles = explored
    for nothing in ((), {}):
        found["upload"].notify_change({"name": "value", "new": nothing, "old": (), "type": "change", "owner": None})
    assert len(tiles) == 1


def test_the_map_shows_every_picture_with_its_error():
    figure = widgets.translation_map(Halver(), PICTURES, KINDS)
    left, right = figure.axes
    game, a = Halver(), PICTURES["a"]
    there = game.translate(a, "b")
    rows = np.stack([a, there, game.translate(there, "a")], axis=1).reshape(-1, SIDE, SIDE, 3)
    assert np.array_equal(left.images[0].get_array(), plots.tile(rows, 3))
    headings = ["flat", "→ three-dimensional", "and back"]
    assert [text.get_text() for text in left.texts] == [*headings, "5.0 %", "5.0 %", "5.0 %", "error"]
    texts = [text.get_text() for text in right.texts]
    assert texts == ["three-dimensional", "→ flat", "and back", "2.5 %", "2.5 %", "error"]


def test_a_real_game_is_drawn():
    game, _ = systems.build("cyclegan")
    errors = [text.get_text() for text in widgets.translation_map(game, PICTURES, KINDS).axes[0].texts[3:6]]
    assert all(0 < float(error.removesuffix(" %")) < 100 for error in errors)


@pytest.mark.parametrize("draw", [widgets.translation_map, widgets.translation_explorer])
def test_what_is_not_of_two_kinds_is_refused(draw):
    with pytest.raises(ValueError, match="pictures must be a dictionary with the keys 'a' and 'b', got ndarray"):
        draw(Halver(), PICTURES["a"], KINDS)
    with pytest.raises(ValueError, match="names must be a dictionary with the keys 'a' and 'b', got the keys 'a', 'c'"):
        draw(Halver(), PICTURES, {"a": "flat", "c": "round"})
    with pytest.raises(ValueError, match="at least one image of each kind"):
        draw(Halver(), PICTURES | {"b": PICTURES["b"][:0]}, KINDS)


# ------------------------------------------------------------------------------------------------ attacks


def darkened(model, images, labels, epsilon):
    return np.clip(images - epsilon, -1, 1)


ATTACKS = {"darker": darkened, "nothing": lambda model, images, labels, epsilon: images}
PHOTOGRAPH = np.full((8, 8, 1), 0.2, np.float32)


def test_the_slider_changes_the_image_and_the_probabilities(monkeypatch):
    figures, controls = [], {}
    monkeypatch.setattr(widgets, "display", figures.append)

    def interact(show, **given):
        controls.update(given)
        for attack, level in (("darker", 0), ("darker", 51), ("nothing", 51)):
            show(image=0, attack=attack, level=level)

    monkeypatch.setattr(ipywidgets, "interact", interact)
    widgets.epsilon_explorer(systems.fixed_classifier(), {"grey": PHOTOGRAPH}, "abc", ATTACKS, (0, 51))
    assert set(controls) == {"image", "attack", "level"} and controls["level"].options == (0, 51)
    before = [figure.axes[0].images[0].get_array() for figure in figures]
    still, darker, unchanged = (figure.axes[1].images[0].get_array() for figure in figures)
    assert all(np.array_equal(still, one) for one in (*before, unchanged))
    assert (darker.astype(int) == still.astype(int) - 51).all()
    change = figures[1].axes[2].images[0].get_array()
    assert (change == 0).all()  # the whole of ε downwards is black
    widths = [[bar.get_width() for bar in figure.axes[3].patches] for figure in figures]
    assert widths[0][:3] == widths[0][3:] and widths[1][:3] != widths[1][3:]
    assert sum(widths[1][3:]) == pytest.approx(1)


@pytest.mark.parametrize("form", [7, 8])
def test_an_uploaded_photograph_is_attacked_away_from_its_own_class(seen, form):
    """The brightest colour is the class, and the attack swaps red and blue: it sees which class it leads away from."""
    found, tiles = seen
    labels = []

    def swapped(model, images, labels_of_images, epsilon):
        labels.append(int(labels_of_images[0]))
        return images[..., ::-1]

    def brightest(images, training):
        return images[:, 0, 0]

    green = np.broadcast_to(np.float32([-1, 1, -1]), (8, 8, 3))
    widgets.epsilon_explorer(brightest, {"green": green}, "rgb", {"swapped": swapped}, (0, 51))
    bring(found, file_of(Image.new("RGB", (20, 20), (255, 0, 0))), "red.png", form)
    assert found["image"].options == (("red.png", 1), ("green", 0)) and found["image"].value == 1
    assert found["message"].value.startswith("red.png: attacked below")
    assert labels == [1, 0] and (tiles[-1] == [0, 0, 255]).all() and tiles[-1].shape == (8, 8, 3)
    bring(found, b"<b>no picture", "bad.png", form)
    assert found["message"].value.startswith("Not used: ") and "no picture that can be read" in found["message"].value
    assert len(tiles) == 2 and found["image"].value == 1


def test_grey_images_come_without_a_button_for_uploads(seen):
    found, tiles = seen
    widgets.epsilon_explorer(systems.fixed_classifier(), {"grey": PHOTOGRAPH}, "abc", ATTACKS, (0, 51))
    assert "upload" not in found and len(tiles) == 1


def test_the_static_twin_of_the_epsilon_slider_has_a_row_for_each_attack():
    figure = widgets.epsilon_map(systems.fixed_classifier(), PHOTOGRAPH, "abc", ATTACKS, (0, 51, 102))
    pictures = [axes.images[0].get_array().astype(int) for axes in figure.axes]
    assert [int(picture[0, 0, 0] - pictures[0][0, 0, 0]) for picture in pictures] == [0, -51, -102, 0, 0, 0]
    assert figure.axes[1].get_title().startswith("darker, ε = 51")
    assert all(axes.get_title().split()[-2] in "abc" for axes in figure.axes)
