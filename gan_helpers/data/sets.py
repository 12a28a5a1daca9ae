"""Real image data, shipped inside the package and checked every time it is opened.

>>> digits = mnist()
>>> digits.train_images.shape, digits.train_images.dtype
((60000, 28, 28, 1), dtype('uint8'))
>>> digits.scaled("train").min(), digits.scaled("train").max()
(-1.0, 1.0)

Sources, licences and digests: ``gan_helpers/assets/README.md``.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from PIL import Image

from . import manifest
from .fashion import full_fashion_mnist
from .images import ImageDataset, block_mean, check_whole, checked_part, dataset_of, read_only

EMOJI_STYLES = ("noto", "twemoji", "fluent")
EMOJI_SIZE = 64  # pixels a side, as shipped
MARGIN = 4  # of them white on each side, where styles are compared
GENDERED = {"man", "men", "woman", "women"}
VAGUE = {"face", "sign", "symbol", "with", "person", "people"}  # what says nothing about the family of an emoji
SKIN_TONES = ("yellow", "light", "medium-light", "medium", "medium-dark", "dark")


class Unpaired(NamedTuple):
    """Images of two kinds, A and B, to learn to translate between, and others to test the translation with.

    All are float32 in [−1, 1], shape (n, height, width, 3).

    Attributes:
        a: training images of A.
        b: training images of B. There may be more or fewer of them, and none belongs to any image of A.
        test_a: images of A to test with.
        test_b: images of B to test with; where a data set has pairs, image i belongs to image i of ``test_a``.
    """

    a: np.ndarray
    b: np.ndarray
    test_a: np.ndarray
    test_b: np.ndarray


def mnist() -> ImageDataset:
    """All 70,000 MNIST digits, 28 × 28 grey (LeCun, Bottou, Bengio & Haffner, 1998).

    Raises:
        DataError: the shipped file is missing or not the one that was shipped.
    """
    return _shipped("mnist")


def fashion_mnist(full: bool = False) -> ImageDataset:
    """Fashion-MNIST, 28 × 28 grey pictures of clothes (Xiao, Rasul & Vollgraf, 2017, arXiv:1708.07747).

    Args:
        full: ``False`` gives the balanced excerpt that ships with the course (10,000 + 2,000 images, works
            offline). ``True`` gives all 70,000: from Debian's package ``dataset-fashion-mnist`` if it is installed,
            else from Keras' cache, else by Keras' download.

    Raises:
        DataError: a file is missing, altered, or could not be downloaded.
    """
    return full_fashion_mnist() if full else _shipped("fashion_mnist")


def emoji(style: str = "noto", size: int = EMOJI_SIZE) -> ImageDataset:
    """Emoji in colour on white, drawn in one of three styles; the classes are Unicode's groups.

    Image i is the same emoji in every style, in both parts. Variants of an emoji (man and woman, one o'clock and
    two o'clock) are in the same part.

    Args:
        style: ``"noto"`` (shaded), ``"twemoji"`` (flat) or ``"fluent"`` (three-dimensional).
        size: 64, 32 or 16 pixels a side; the smaller ones are means over blocks of the 64.

    Raises:
        ValueError: there is no such style or size.
        DataError: the shipped file is missing or not the one that was shipped.
    """
    if style not in EMOJI_STYLES:
        raise ValueError(f"style must be one of {', '.join(EMOJI_STYLES)}, got {style!r}")
    if size not in (64, 32, 16):
        raise ValueError(f"size must be 64, 32 or 16, got {size!r}")
    return _shrunk(f"emoji_{style}", EMOJI_SIZE // size)


def emoji_names(part: str = "train") -> tuple[str, ...]:
    """What each emoji of ``part`` is called, in the order of the images: ``"grinning face"``, ...

    Raises:
        ValueError: ``part`` is neither ``"train"`` nor ``"test"``.
        DataError: the shipped file is missing or not the one that was shipped.
    """
    return tuple(manifest.arrays_of("emoji_noto")[f"{checked_part(part)}_names"].tolist())


def unpaired_emoji(a: str = "twemoji", b: str = "fluent", size: int = EMOJI_SIZE, seed: int = 0) -> Unpaired:
    """Emoji in two styles. For training, half of them are in style ``a`` and the other half in style ``b``.

    Variants of an emoji (man and woman, green and blue, one o'clock and two o'clock) are all in one half, as far as
    their names tell: see :func:`families`. The test emoji are in neither half. Of these, image i in one style and image
    i in the other are the pairs that a translation can be measured against.

    All emoji are as large here as fluent's, which leave a margin of 4 pixels: see :func:`with_margin`. If one style
    were larger than the other, then enlarging would be a part of the translation, and the greatest part.

    Args:
        a: one of ``EMOJI_STYLES``.
        b: another one.
        size: pixels a side; see :func:`emoji`.
        seed: chooses the halves.

    Raises:
        ValueError: there is no such style or size, or the two styles are one.
        DataError: a shipped file is missing or not the one that was shipped.
    """
    if a == b:
        raise ValueError(f"a and b must be two styles, got {a!r} twice")
    check_whole("seed", seed, 0)
    family = families(emoji_names())
    place = np.random.default_rng(seed).permutation(family[-1] + 1)[family]  # of its family in a random order
    in_a = place < np.median(place)
    of_a, of_b = (with_margin(emoji(style), size) for style in (a, b))
    return Unpaired(of_a.scaled()[in_a], of_b.scaled()[~in_a], of_a.scaled("test"), of_b.scaled("test"))


def with_margin(data: ImageDataset, size: int = EMOJI_SIZE) -> ImageDataset:
    """Emoji of 64 × 64 pixels with a white margin of 4 on each side, shrunk to 56 × 56 unless they have it already.

    Args:
        data: see :func:`emoji`.
        size: pixels a side afterwards; see :func:`emoji`.

    Raises:
        ValueError: there is no such size.
    """
    if size not in (64, 32, 16):
        raise ValueError(f"size must be 64, 32 or 16, got {size!r}")

    def framed(images: np.ndarray) -> np.ndarray:
        if data.name != "emoji_fluent":
            inner = (EMOJI_SIZE - 2 * MARGIN,) * 2
            images = np.stack([Image.fromarray(image).resize(inner, Image.Resampling.LANCZOS) for image in images])
            images = np.pad(images, [(0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)], constant_values=255)
        return read_only(block_mean(images, EMOJI_SIZE // size))

    return replace(data, train_images=framed(data.train_images), test_images=framed(data.test_images))


def families(names: Sequence[str]) -> np.ndarray:
    """A number for each emoji, the same for variants: int64, shape (n,), not falling.

    Variants follow each other. An emoji belongs to the family of the one before if the first or the last word of its
    name is the first or the last of the other's (words such as *face* aside), or if it is man or woman.

    Args:
        names: in Unicode's order; see :func:`emoji_names`.
    """
    words = [[word for word in re.findall("[a-z]+", name) if word not in VAGUE] for name in names]
    ends = [{*of_one[:1], *of_one[-1:]} for of_one in words]
    new = [not (before & own or own & GENDERED) for before, own in itertools.pairwise(ends)]
    return np.cumsum([0, *new])


def emoji_people(size: int = EMOJI_SIZE) -> ImageDataset:
    """Faces and people in colour on white, one a picture, in every skin tone: three-dimensional emoji.

    The classes are kinds of picture: a yellow ``smiley``, a ``head`` or a ``bust``, which is a person down to the
    chest. All skin tones of an emoji are in the same part, and so are man, woman and person (*scientist*, *man
    scientist*, *woman scientist*): a scientist in another skin tone would be no test. Two heads of one shape that
    differ in their hair may be in different parts. The parts are not those of :func:`emoji`.

    Args:
        size: 64, 32, 16, 8 or 4 pixels a side; the smaller ones are means over blocks of the 64.

    Raises:
        ValueError: there is no such size.
        DataError: the shipped file is missing or not the one that was shipped.
    """
    if size not in (64, 32, 16, 8, 4):
        raise ValueError(f"size must be 64, 32, 16, 8 or 4, got {size!r}")
    return _shrunk("emoji_people", EMOJI_SIZE // size)


def emoji_people_names(part: str = "train") -> tuple[str, ...]:
    """As :func:`emoji_names`, for :func:`emoji_people`; the skin tones of an emoji share its name."""
    return tuple(manifest.arrays_of("emoji_people")[f"{checked_part(part)}_names"].tolist())


def emoji_people_attributes(part: str = "train") -> dict[str, np.ndarray]:
    """What the pictures of :func:`emoji_people` show, in their order.

    They follow from the names and code points, not from the pixels. A hat may be a crown or a helmet, white hair may
    be grey, and a baby counts as bald. A person can be neither ``man`` nor ``woman``; a smiley is neither. Hair is red
    or blond where the name says so; other people's hair has a colour that goes with their skin tone.

    Returns:
        ``skin_tone``, int64, an index into ``SKIN_TONES`` (0, yellow, for smileys), and as bool ``man``, ``woman``,
        ``child``, ``red_hair``, ``blond_hair``, ``curly_hair``, ``white_hair``, ``bald``, ``beard``, ``hat``,
        ``glasses``, ``hands``; each of shape (n,).

    Raises:
        ValueError: ``part`` is neither ``"train"`` nor ``"test"``.
        DataError: the shipped file is missing or not the one that was shipped.
    """
    stored, prefix = manifest.arrays_of("emoji_people"), f"{checked_part(part)}_"
    names = [key.removeprefix(prefix) for key in stored if key.startswith(prefix)]
    attributes = {name: stored[prefix + name] for name in names if name not in ("images", "labels", "names")}
    return attributes | {"skin_tone": attributes["skin_tone"].astype(np.int64)}


def photographs() -> ImageDataset:
    """Five photographs in colour, 224 × 224, all in the part ``train``: to be looked at, and not to be learned from.

    Each is a class of its own. A class's name says what the photograph shows; it is none of ImageNet's names.

    Raises:
        DataError: the shipped file is missing or not the one that was shipped.
    """
    return _shipped("photographs")


def load(name: str, size: int | None = None) -> ImageDataset:
    """The shipped data set called ``name``.

    Args:
        name: of a set.
        size: pixels a side; the means of blocks, where that is less than what ships.

    Raises:
        ValueError: there is none, and the message lists those there are; or its side is no multiple of ``size``.
    """
    if name not in manifest.manifest():
        raise ValueError(f"no data set named {name!r}; there are: {', '.join(manifest.manifest())}")
    side = _shipped(name).image_shape[0]
    if size is not None and (not isinstance(size, int) or size < 1 or side % size):
        raise ValueError(f"size must divide the side of {name}, {side}; got {size!r}")
    return _shrunk(name, 1 if size is None else side // size)


@functools.lru_cache(maxsize=4)
def _shipped(name: str) -> ImageDataset:
    entry = manifest.entry_of(name)
    return dataset_of(name, manifest.arrays_of(name), entry["class_names"], entry["licence"], entry["source"])


@functools.lru_cache(maxsize=4)
def _shrunk(name: str, factor: int) -> ImageDataset:
    full = _shipped(name)
    if factor == 1:
        return full
    small = {f"{part}_images": read_only(block_mean(full.images(part), factor)) for part in ("train", "test")}
    return replace(full, **small)
