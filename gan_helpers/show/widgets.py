"""Explorers with sliders, each with a static twin that draws the same thing for readers of the saved page."""

from __future__ import annotations

import functools
import html
import warnings
from collections.abc import Callable, Mapping, Sequence
from string import ascii_uppercase

import ipywidgets
import keras
import numpy as np
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import softmax

from ..core.system import generate, latent_noise
from ..data.uploads import FORMATS, MOST_BYTES, read_picture
from . import plots
from .planes import draw_codes

WIDE = ipywidgets.Layout(width="36em")  # the default is too narrow to choose a value with the mouse


def slider(start: float, stop: float, step: float, value: float = 0.0, description: str = "") -> ipywidgets.FloatSlider:
    """A slider wide enough to use, from ``start`` to ``stop``.

    Args:
        start: its left end.
        stop: its right end.
        step: between two values.
        value: where it stands at first.
        description: a name before it; a keyword's name where it is given to ``interact``.
    """
    return ipywidgets.FloatSlider(value, min=start, max=stop, step=step, description=description, layout=WIDE)


def latent_plane(latent_dim: int, seed: int, a, b) -> np.ndarray:
    """Points z₀ + a·u + b·v of a plane through latent space.

    Args:
        latent_dim: numbers a latent vector.
        seed: chooses z₀ (a Gaussian sample) and u, v (orthogonal, of length 1).
        a: steps along u, any shape.
        b: steps along v, the same shape.

    Returns:
        float32, shape (number of steps, latent_dim).
    """
    start, *pair = latent_noise(3, latent_dim, seed)
    directions, _ = np.linalg.qr(np.stack(pair, axis=1))
    steps = np.stack([np.ravel(a), np.ravel(b)], axis=1)
    return (start + steps @ directions.T).astype(np.float32)


def latent_explorer(generator: keras.Model, reach: float = 6.0) -> None:
    """Sliders that walk over a plane of latent space; see :func:`latent_map` for its static twin.

    Args:
        generator: noise (n, latent_dim) → images in [−1, 1].
        reach: how far the sliders go. A Gaussian vector has a length of about √latent_dim; far outside, the
            generator was never trained.
    """

    def show(seed=0, a=0.0, b=0.0):
        point = latent_plane(generator.input_shape[-1], seed, a, b)
        display(plots.image_grid(generate(generator, point), columns=1, scale=2.2))

    seed = ipywidgets.IntSlider(min=0, max=99, description="start (seed)", layout=WIDE)
    a, b = (slider(-reach, reach, reach / 20, description=name) for name in "ab")
    ipywidgets.interact(show, seed=seed, a=a, b=b)


def latent_map(generator: keras.Model, seed: int = 0, reach: float = 6.0, side: int = 9) -> Figure:
    """The plane that :func:`latent_explorer` walks over, as a grid: a from left to right, b from top to bottom."""
    b, a = np.meshgrid(np.linspace(-reach, reach, side), np.linspace(-reach, reach, side), indexing="ij")
    images = generate(generator, latent_plane(generator.input_shape[-1], seed, a, b))
    return plots.image_grid(images, columns=side, title=f"→ a and ↓ b, from −{reach:g} to {reach:g}")


def moved(latent_dim: int, directions: Mapping[str, np.ndarray], seed: int, steps: Mapping[str, float]) -> np.ndarray:
    """A Gaussian latent vector, and from there so far along each direction.

    Args:
        latent_dim: numbers a latent vector.
        directions: name → float (latent_dim,), of length 1.
        seed: chooses where to start.
        steps: name → how far along it. Directions that are missing here are not walked.

    Returns:
        float32, shape (latent_dim,).
    """
    (start,) = latent_noise(1, latent_dim, seed)
    return (start + sum(step * directions[name] for name, step in steps.items())).astype(np.float32)


def direction_explorer(generator: keras.Model, directions: Mapping[str, np.ndarray], reach: float = 4.0) -> None:
    """One slider for each direction in latent space; see :func:`direction_map` for its static twin.

    Args:
        generator: noise (n, latent_dim) → images in [−1, 1].
        directions: name → float (latent_dim,), of length 1.
        reach: how far the sliders go, to either side.
    """

    def show(seed=0, **steps):
        point = moved(generator.input_shape[-1], directions, seed, steps)
        display(plots.image_grid(generate(generator, point[np.newaxis]), columns=1, scale=2.2))

    seed = ipywidgets.IntSlider(min=0, max=99, description="start (seed)", layout=WIDE)
    sliders = {name: slider(-reach, reach, reach / 20, description=name) for name in directions}
    ipywidgets.interact(show, seed=seed, **sliders)


def direction_map(
    generator: keras.Model, directions: Mapping[str, np.ndarray], seeds: Sequence[int], reach: float = 4.0
) -> Figure:
    """What one slider of :func:`direction_explorer` does, the others at 0: a row for each start.

    The first column shows the start itself, and each further one has the slider of its name at ``reach``.
    """
    latent_dim, settings = generator.input_shape[-1], [{}, *({name: reach} for name in directions)]
    points = [moved(latent_dim, directions, seed, steps) for seed in seeds for steps in settings]
    figure = Figure(figsize=(1.05 * len(settings), 1.05 * len(seeds) + 0.25))
    axes = figure.subplots()
    plots.show_tiles(axes, generate(generator, np.stack(points)), len(settings))
    apart = axes.get_xlim()[1] / len(settings)
    for i, name in enumerate(["start", *directions]):
        axes.text((i + 0.5) * apart, -4, name, ha="center")
    return figure


def class_explorer(game, class_names: Sequence[str]) -> None:
    """Sliders for noise and class of a conditional GAN; see :func:`class_map` for its static twin.

    Args:
        game: a :class:`~gan_helpers.models.cgan.ConditionalGAN`.
        class_names: what each label means.
    """

    def show(seed=0, first=0, second=0, share=0.0):
        noise = latent_noise(1, game.latent_dim, seed)
        ends = game.label_vectors([first, second])
        picture = game.pictures(noise, (1 - share) * ends[:1] + share * ends[1:])
        display(plots.image_grid(picture, columns=1, scale=2.2))

    seed = ipywidgets.IntSlider(min=0, max=99, description="noise (seed)", layout=WIDE)
    options = [(name, label) for label, name in enumerate(class_names)]
    first = ipywidgets.Dropdown(options=options, value=0, description="from")
    second = ipywidgets.Dropdown(options=options, value=1, description="to")
    share = slider(0, 1, 0.05, description="share")
    ipywidgets.interact(show, seed=seed, first=first, second=second, share=share)


def class_map(game, class_names: Sequence[str], seeds: Sequence[int], scale: float = 0.55) -> Figure:
    """Every class with the same noise vectors: a row for each class, a column for each seed."""
    noise = np.concatenate([latent_noise(1, game.latent_dim, seed) for seed in seeds])
    rows = {}
    for label, name in enumerate(class_names):
        rows[name] = game.pictures(noise, game.label_vectors(np.full(len(seeds), label)))
    return plots.picture_rows(rows, scale)


Decoder = Callable[[np.ndarray], np.ndarray]


def plane_view(
    decode: Decoder, codes: np.ndarray, labels: np.ndarray, class_names: Sequence[str], points: Sequence
) -> Figure:
    """A two-dimensional latent space with crosses on it, and beside it the picture at each cross.

    The static twin of :func:`plane_explorer`, which shows one cross at a time.

    Args:
        decode: codes (n, 2) → images in [−1, 1].
        codes: shape (n, 2), the dots.
        labels: ints, shape (n,), their classes.
        class_names: what each label means.
        points: where the crosses are, shape (k, 2), k ≤ 26. They are lettered where there are several.

    Raises:
        ValueError: there are more points than letters.
    """
    points = np.asarray(points, np.float32)
    if len(points) > len(ascii_uppercase):
        raise ValueError(f"there are letters for {len(ascii_uppercase)} points, got {len(points)}")
    columns = -(-len(points) // 3)
    figure = Figure(figsize=(5.8 + 1.35 * columns, 4.2) if len(points) > 1 else (8, 4.2))
    left, right = figure.subfigures(1, 2, width_ratios=(5.8, 1.35 * columns) if len(points) > 1 else (5, 3))
    axes = left.subplots()
    draw_codes(axes, codes, labels, class_names)
    axes.plot(*points.T, "x", color="black", markersize=11, markeredgewidth=2.5)
    panels = right.subplots(3 if len(points) > 1 else 1, columns, squeeze=False).T.ravel()
    for panel in panels:
        panel.set_axis_off()
    for letter, point, image, panel in zip(ascii_uppercase, points, decode(points), panels, strict=False):
        title = f"({point[0]:.1f}, {point[1]:.1f})"
        if len(points) > 1:
            title = f"{letter}: {title}"
            axes.annotate(letter, point, (7, 7), textcoords="offset points", fontweight="bold", fontsize=13)
        plots.show_tiles(panel, image[np.newaxis], 1)
        panel.set_title(title, fontsize=9)
    return figure


def plane_explorer(
    decode: Decoder, codes: np.ndarray, labels: np.ndarray, class_names: Sequence[str], reach: float = 3.0
) -> None:
    """Two sliders move a cross over a two-dimensional latent space; beside it, what the decoder makes of that point.

    Args:
        decode: codes (n, 2) → images in [−1, 1].
        codes: shape (n, 2): where the examples lie.
        labels: ints, shape (n,): their classes.
        class_names: what each label means.
        reach: how far the sliders go.
    """

    def show(z1=0.0, z2=0.0):
        display(plane_view(decode, codes, labels, class_names, [(z1, z2)]))

    z1, z2 = (slider(-reach, reach, reach / 30, description=name) for name in ("z1", "z2"))
    ipywidgets.interact(show, z1=z1, z2=z2)


# ------------------------------------------------------------------------------------ translations, there and back

OTHER = {"a": "b", "b": "a"}


def translation_explorer(game, pictures: Mapping[str, np.ndarray], names: Mapping[str, str]) -> None:
    """Choose a picture or upload one, and see its translation and its way back.

    The mean absolute error of the round trip is printed below. An upload that cannot be used changes nothing, and a
    sentence says why. See :func:`translation_map` for the static twin.

    Args:
        game: a :class:`~gan_helpers.models.cyclegan.CycleGAN`.
        pictures: ``"a"`` and ``"b"`` → images of that kind to choose from, float in [−1, 1], shape (n, side, side, 3).
            Uploads get the same side.
        names: ``"a"`` and ``"b"`` → what that kind is called.

    Raises:
        ValueError: ``pictures`` or ``names`` are not of two kinds, or there are no pictures of one.
    """
    check_kinds(pictures, names)
    shipped = min(len(pictures["a"]), len(pictures["b"]))
    uploads = []

    def show(kind, number):
        image = [*pictures[kind][:shipped], *uploads][number]
        figure = Figure(figsize=(6.6, 2.5))
        error = draw_round_trips(figure.subplots(), game, image[np.newaxis], kind, names)[0]
        display(figure)
        print(f"Mean absolute error of the round trip: {error:.1f} % of the range from black to white")

    kind = ipywidgets.Dropdown(options=[(names["a"], "a"), (names["b"], "b")], description="it is")
    number = ipywidgets.Dropdown(options=[(f"picture {i + 1}", i) for i in range(shipped)], description="show")
    question = f"is it {names['a']} or {names['b']}? Say so below."
    offer_upload(uploads, number, pictures["a"].shape[1], question)
    ipywidgets.interact(show, kind=kind, number=number)


def translation_map(game, pictures: Mapping[str, np.ndarray], names: Mapping[str, str]) -> Figure:
    """What :func:`translation_explorer` shows, for all its pictures: a row each, images of A left, images of B right.

    A row shows the picture, its translation and its way back, and then the mean absolute error of the round trip.
    """
    check_kinds(pictures, names)
    figure = Figure(figsize=(9.6, 1.2 * max(map(len, pictures.values())) + 0.3))
    for axes, kind in zip(figure.subplots(1, 2), ("a", "b"), strict=True):
        errors = draw_round_trips(axes, game, pictures[kind], kind, names)
        width, height = axes.get_xlim()[1], axes.get_ylim()[0]
        for i, error in enumerate(errors):
            axes.text(1.02 * width, (i + 0.5) * height / len(errors), f"{error:.1f} %", va="center", fontsize=9)
        axes.text(1.02 * width, -4, "error", fontsize=9)
        axes.set_anchor("N")
    return figure


def draw_round_trips(axes: Axes, game, images: np.ndarray, kind: str, names: Mapping[str, str]) -> np.ndarray:
    """Draw each image, its translation and its way back, in a row with headings.

    Args:
        axes: to draw into.
        game: a :class:`~gan_helpers.models.cyclegan.CycleGAN`.
        images: float in [−1, 1], shape (n, side, side, 3).
        kind: theirs, ``"a"`` or ``"b"``.
        names: ``"a"`` and ``"b"`` → what that kind is called.

    Returns:
        The mean absolute error of each round trip, in per cent of the range from black to white: float32, shape (n,).
    """
    there = game.translate(images, to=OTHER[kind])
    back = game.translate(there, to=kind)
    plots.show_tiles(axes, np.stack([images, there, back], axis=1).reshape(-1, *images.shape[1:]), columns=3)
    apart = axes.get_xlim()[1] / 3
    for i, heading in enumerate((names[kind], f"→ {names[OTHER[kind]]}", "and back")):
        axes.text((i + 0.5) * apart, -4, heading, ha="center", fontsize=9)
    return 50 * np.abs(back - images).mean(axis=(1, 2, 3))  # the range is 2 wide


def check_kinds(pictures: Mapping[str, np.ndarray], names: Mapping[str, str]) -> None:
    """Raise a clear error unless there are pictures of two kinds and names for both."""
    for argument, value in (("pictures", pictures), ("names", names)):
        if not isinstance(value, Mapping) or set(value) != {"a", "b"}:
            found = f"the keys {', '.join(map(repr, value))}" if isinstance(value, Mapping) else type(value).__name__
            raise ValueError(f"{argument} must be a dictionary with the keys 'a' and 'b', got {found}")
    if not len(pictures["a"]) or not len(pictures["b"]):
        raise ValueError("pictures must have at least one image of each kind, got none of one")


# --------------------------------------------------------------------------------------- pictures of the reader's own


def offer_upload(pictures: list[np.ndarray], choice: ipywidgets.Dropdown, side: int, remark: str) -> None:
    """A button for a picture of the reader's own, which is then chosen and stays to choose from.

    A file that cannot be used changes nothing, and a sentence beside the button says why.

    Args:
        pictures: what is uploaded is added to them, float32 in [−1, 1], shape (side, side, 3).
        choice: its values are the numbers 0, 1, 2 …; each upload gets the next one.
        side: pixels a side.
        remark: what to tell the reader about a picture that can be used.
    """

    def receive(change):
        try:
            for name, content in uploaded_files(change["new"]):
                picture, warned = read_with_remarks(content, side)
                pictures.append(picture)
                message.value = html.escape(f"{name}: {remark} {warned}")
                choice.options = [(name, len(choice.options)), *choice.options]  # and chooses the first of them
        except ValueError as error:
            message.value = html.escape(f"Not used: {error}.")

    upload = ipywidgets.FileUpload(accept=",".join(f"image/{name.lower()}" for name in FORMATS), multiple=False)
    message = ipywidgets.HTML(f"A picture of your own, at most {MOST_BYTES / 1e6:g} MB")
    upload.observe(receive, names="value")
    display(ipywidgets.HBox([upload, message]))


def uploaded_files(value) -> list[tuple[str, bytes]]:
    """Name and content of each file in the value of a ``FileUpload``, of ipywidgets 7 (as on Colab) or 8."""
    files = [{"name": name, **file} for name, file in value.items()] if isinstance(value, dict) else value
    return [(file["name"], bytes(file["content"])) for file in files]


def read_with_remarks(content: bytes, side: int) -> tuple[np.ndarray, str]:
    """As :func:`~gan_helpers.data.uploads.read_picture`, and what it warns of, as a sentence or an empty string."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        image = read_picture(content, side)
    return image, " ".join(f"Note: {warning.message}." for warning in caught)


# ------------------------------------------------------------------------------------------------- attacks

#: called with a model, images (n, height, width, channels) in [−1, 1], labels (n,) and ε; gives changed images
Attack = Callable[[keras.Model, np.ndarray, np.ndarray, float], np.ndarray]


def attack_view(
    model: keras.Model, image: np.ndarray, label: int, class_names: Sequence[str], attack: Attack, epsilon: float,
    top: int = 5,
) -> Figure:  # fmt: skip
    """An image before and after an attack, the change, and the classes that the model then finds likeliest.

    Args:
        model: images → logits (n, classes).
        image: float32 in [−1, 1], shape (height, width, channels).
        label: the class that the attack leads away from.
        class_names: what each logit stands for.
        attack: how it is changed.
        epsilon: by how much at most, on images in [−1, 1]. The change is drawn so strongly that ε is black or white;
            of colours, only green.
        top: so many classes are shown, each with its probability before (blue) and after (orange).
    """
    changed = attack(model, image[np.newaxis], np.array([label]), epsilon)
    before, after = softmax(generate(model, np.concatenate([image[np.newaxis], changed])), axis=1)
    figure = Figure(figsize=(8.4, 2.3))
    first, second, third, right = figure.subplots(1, 4, width_ratios=(1, 1, 1, 1.1))
    plots.show_tiles(first, image[np.newaxis], 1, "unchanged")
    plots.show_tiles(second, changed, 1, "changed")
    channel = image.shape[-1] // 2
    change = (changed - image)[..., channel : channel + 1] / (epsilon or 1)
    of = " of green" if image.shape[-1] == 3 else ""
    plots.show_tiles(third, np.clip(change, -1, 1), 1, f"change{of}, amplified")
    third.images[0].set_interpolation("nearest")  # else neighbours that change in opposite ways would look grey
    shown = np.argsort(-np.maximum(before, after))[:top]
    places = np.arange(len(shown))
    right.barh(places - 0.2, before[shown], 0.4, color=plots.REAL, label="before")
    right.barh(places + 0.2, after[shown], 0.4, color=plots.FAKE, label="after")
    right.set(yticks=places, yticklabels=[class_names[k] for k in shown], xlim=(0, 1), xlabel="probability")
    right.invert_yaxis()
    right.legend(loc="lower right")
    return figure


def epsilon_explorer(
    model: keras.Model, images: Mapping[str, np.ndarray], class_names: Sequence[str], attacks: Mapping[str, Attack],
    levels: Sequence[float],
) -> None:  # fmt: skip
    """A slider for ε, and a choice of image and attack; see :func:`epsilon_map` for its static twin.

    The attacks lead away from the class that the model finds likeliest for the unchanged image. If the images are in
    colour, the reader can upload another one; it gets their side.

    Args:
        model: images → logits (n, classes).
        images: name → float32 in [−1, 1], all of one shape: (side, side, channels).
        class_names: what each logit stands for.
        attacks: name → how images are changed.
        levels: the positions of the slider: ε in grey levels, of which there are 255 from black to white.
    """
    pictures = list(images.values())

    @functools.cache
    def named(image: int) -> int:
        """The likeliest class: found once for each picture, and not whenever a slider moves."""
        return int(generate(model, pictures[image][np.newaxis]).argmax())

    def show(image, attack, level):
        epsilon = 2 * level / 255
        display(attack_view(model, pictures[image], named(image), class_names, attacks[attack], epsilon))

    image = ipywidgets.Dropdown(options=[(name, i) for i, name in enumerate(images)], description="image")
    if pictures[0].shape[-1] == 3:
        offer_upload(pictures, image, pictures[0].shape[0], "attacked below, away from what the model takes it for.")
    attack = ipywidgets.Dropdown(options=list(attacks), description="attack")
    level = ipywidgets.SelectionSlider(options=list(levels), value=levels[-1], description="ε (levels)", layout=WIDE)
    ipywidgets.interact(show, image=image, attack=attack, level=level)


def epsilon_map(
    model: keras.Model, image: np.ndarray, class_names: Sequence[str], attacks: Mapping[str, Attack],
    levels: Sequence[float], scale: float = 1.75,
) -> Figure:  # fmt: skip
    """One image at several ε: a row for each attack, and above each image what the model takes it for.

    The arguments are those of :func:`epsilon_explorer`; the image is one of its images.
    """
    label = generate(model, image[np.newaxis]).argmax(axis=1)
    rows = {name: [attack(model, image[np.newaxis], label, 2 * e / 255) for e in levels] for name, attack in
            attacks.items()}  # fmt: skip
    figure = Figure(figsize=(scale * len(levels), (scale + 0.45) * len(rows)))
    panels = figure.subplots(len(rows), len(levels), squeeze=False)
    for axes, (name, changed) in zip(panels, rows.items(), strict=True):
        probabilities = softmax(generate(model, np.concatenate(changed)), axis=1)
        for panel, level, one, p in zip(axes, levels, changed, probabilities, strict=True):
            plots.show_tiles(panel, one, 1)
            panel.set_title(f"{name}, ε = {level:g}\n{class_names[p.argmax()]} {p.max():.0%}", fontsize=8)
    return figure
