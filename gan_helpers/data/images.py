"""Sets of labelled images, and the two ways in which their values are written: uint8 and floats in [−1, 1]."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ImageDataset:
    """Labelled images in two parts, ``train`` and ``test``.

    Attributes:
        name: short name, such as ``"mnist"``.
        train_images: uint8, shape (n, height, width, channels), values 0 to 255.
        train_labels: int64, shape (n,), values 0 to ``len(class_names) - 1``.
        test_images: as ``train_images``; never shown to a model in training.
        test_labels: as ``train_labels``.
        class_names: what each label means.
        licence: the licence of the data, and whom to credit.
        source: where the files came from.
    """

    name: str
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    class_names: tuple[str, ...]
    licence: str
    source: str

    def images(self, part: str = "train") -> np.ndarray:
        """The uint8 images of ``part`` (``"train"`` or ``"test"``)."""
        return self._part("images", part)

    def labels(self, part: str = "train") -> np.ndarray:
        """The int64 labels of ``part`` (``"train"`` or ``"test"``)."""
        return self._part("labels", part)

    def scaled(self, part: str = "train") -> np.ndarray:
        """The images of ``part`` as float32 in [−1, 1], the range of a tanh generator: x / 127.5 − 1."""
        return to_unit_range(self.images(part))

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels)."""
        return self.train_images.shape[1:]

    def _part(self, kind: str, part: str) -> np.ndarray:
        return getattr(self, f"{checked_part(part)}_{kind}")

    def __repr__(self) -> str:
        return (
            f"ImageDataset({self.name!r}: {len(self.train_images):,} train + {len(self.test_images):,} test images "
            f"of shape {self.image_shape},\n             {len(self.class_names)} classes; {self.licence})"
        )


def checked_part(part: str) -> str:
    """``part``, if it is ``"train"`` or ``"test"``; else a ``ValueError``."""
    if part not in ("train", "test"):
        raise ValueError(f"part must be 'train' or 'test', got {part!r}")
    return part


def to_unit_range(images: np.ndarray) -> np.ndarray:
    """uint8 images in 0..255 → float32 in [−1, 1]."""
    if images.dtype != np.uint8:
        raise TypeError(f"images must be uint8 in 0..255, got {images.dtype}")
    scaled = images.astype(np.float32)
    scaled /= np.float32(127.5)  # in place: of a large set, three copies would take much memory
    scaled -= np.float32(1)
    return scaled


def to_uint8(images: np.ndarray) -> np.ndarray:
    """float images in [−1, 1] → uint8 in 0..255, rounded.

    Raises:
        ValueError: the images are no floats, or a value lies outside by more than rounding explains.
    """
    images = np.asarray(images)
    check_range(images)
    return np.clip(np.rint((images + 1) * 127.5), 0, 255).astype(np.uint8)


def check_whole(name: str, value, least: int) -> None:
    """Raise unless it is a whole number of at least ``least``; the rooms above have ``core/checks`` for that."""
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, got {value!r}")


def few_per_class(labels: np.ndarray, per_class: int, seed: int = 0, skip: int = 0) -> np.ndarray:
    """Which examples keep their labels if only a few do: ``per_class`` of each class, drawn at random.

    Args:
        labels: ints from 0 to the number of classes − 1, shape (n,).
        per_class: how many of each.
        seed: chooses the draw.
        skip: leave out so many of each class before. With 10 and then ``skip=10``, two sets of one seed share nothing.

    Returns:
        int64, shape (classes · per_class,), class after class: indices into ``labels``.

    Raises:
        ValueError: a class has fewer than ``skip + per_class`` examples, or an argument makes no sense.
    """
    labels = np.asarray(labels)
    if labels.dtype.kind not in "iu" or labels.ndim != 1 or not labels.size or labels.min() < 0:
        raise ValueError(f"labels must be ints of at least 0, shape (n,), got {labels.dtype} of shape {labels.shape}")
    for name, value, least in (("per_class", per_class, 1), ("skip", skip, 0), ("seed", seed, 0)):
        check_whole(name, value, least)
    counts = np.bincount(labels)
    if counts.min() < skip + per_class:
        raise ValueError(f"per_class + skip must be at most {counts.min()}, as many as each class has; "
                         f"got {per_class} + {skip}")  # fmt: skip
    order = np.random.default_rng(seed).permutation(len(labels))
    return np.concatenate([order[labels[order] == c][skip : skip + per_class] for c in range(len(counts))])


def block_mean(images: np.ndarray, factor: int) -> np.ndarray:
    """Shrink uint8 images (n, height, width, channels): each block of factor × factor pixels becomes its mean.

    Raises:
        TypeError: the images are not uint8.
        ValueError: ``factor`` does not divide height and width.
    """
    if images.dtype != np.uint8:
        raise TypeError(f"images must be uint8 in 0..255, got {images.dtype}")
    n, height, width, channels = images.shape
    if not isinstance(factor, (int, np.integer)) or factor < 1 or height % factor or width % factor:
        raise ValueError(f"factor must divide height and width, {height} and {width}; got {factor!r}")
    blocks = images.reshape(n, height // factor, factor, width // factor, factor, channels)
    return np.rint(blocks.mean(axis=(2, 4))).astype(np.uint8)


def check_images(images: np.ndarray) -> None:
    """Raise a clear error unless ``images`` are finite floats in [−1, 1] of shape (n, height, width, channels)."""
    shape = np.shape(images)
    if len(shape) != 4 or not shape[0]:
        raise ValueError(f"images must have shape (n, height, width, channels), n at least 1; got {shape}")
    check_range(images)


def check_range(images: np.ndarray, beyond: float = 0.001) -> None:
    """Raise a clear error unless ``images`` are floats in [−1, 1].

    Args:
        images: of any shape.
        beyond: how far outside a value may lie; by default as far as rounding can bring it.
    """
    dtype = getattr(images, "dtype", type(images).__name__)
    if "float" not in str(dtype):
        raise ValueError(f"images must be floats in [-1, 1], got {dtype}. Use dataset.scaled().")
    low, high = (float(np.min(images)), float(np.max(images))) if np.size(images) else (0.0, 0.0)
    if not (low >= -1 - beyond and high <= 1 + beyond):  # also catches NaN
        raise ValueError(f"images must lie in [-1, 1], got [{low:.3g}, {high:.3g}]. Use dataset.scaled().")


def dataset_of(name: str, arrays, class_names, licence: str, source: str) -> ImageDataset:
    """An :class:`ImageDataset` of arrays named ``train_images``, ``train_labels``, ``test_images``, ``test_labels``."""

    def images(part):
        array = arrays[f"{part}_images"]
        return read_only(array[..., np.newaxis] if array.ndim == 3 else array)

    def labels(part):
        return read_only(arrays[f"{part}_labels"].astype(np.int64))

    return ImageDataset(
        name=name,
        train_images=images("train"),
        train_labels=labels("train"),
        test_images=images("test"),
        test_labels=labels("test"),
        class_names=tuple(class_names),
        licence=licence,
        source=source,
    )


def read_only(array: np.ndarray) -> np.ndarray:
    """``array``, protected from writing: loaded sets are shared between all who ask for them."""
    array.setflags(write=False)
    return array
