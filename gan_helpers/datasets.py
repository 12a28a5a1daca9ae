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
import gzip
import hashlib
import io
import json
import os
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

ASSETS = Path(__file__).parent / "assets"

REINSTALL = (
    "Reinstall the package (`pip install --force-reinstall --no-deps gan-helpers`), "
    "or, in a clone of the repository, restore the file with `git checkout -- gan_helpers/assets`."
)

FASHION_MNIST_SHA256 = {  # of the decompressed idx files
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}

EMOJI_STYLES = ("noto", "twemoji", "fluent")
EMOJI_SIZE = 64  # pixels a side, as shipped


class DataError(RuntimeError):
    """A shipped or downloaded file is missing, truncated or altered. The message says how to mend it."""


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
        return getattr(self, f"{_checked(part)}_{kind}")

    def __repr__(self) -> str:
        return (
            f"ImageDataset({self.name!r}: {len(self.train_images):,} train + {len(self.test_images):,} test images "
            f"of shape {self.image_shape},\n             {len(self.class_names)} classes; {self.licence})"
        )


def _checked(part: str) -> str:
    if part not in ("train", "test"):
        raise ValueError(f"part must be 'train' or 'test', got {part!r}")
    return part


def to_unit_range(images: np.ndarray) -> np.ndarray:
    """uint8 images in 0..255 → float32 in [−1, 1]."""
    if images.dtype != np.uint8:
        raise TypeError(f"images must be uint8 in 0..255, got {images.dtype}")
    return images.astype(np.float32) / np.float32(127.5) - np.float32(1)


def to_uint8(images: np.ndarray) -> np.ndarray:
    """float images in [−1, 1] → uint8 in 0..255, rounded and clipped."""
    return np.clip(np.rint((np.asarray(images) + 1) * 127.5), 0, 255).astype(np.uint8)


def block_mean(images: np.ndarray, factor: int) -> np.ndarray:
    """Shrink uint8 images (n, height, width, channels): each block of factor × factor pixels becomes its mean.

    Raises:
        ValueError: ``factor`` does not divide height and width.
    """
    n, height, width, channels = images.shape
    blocks = images.reshape(n, height // factor, factor, width // factor, factor, channels)
    return np.rint(blocks.mean(axis=(2, 4))).astype(np.uint8)


def check_images(images: np.ndarray) -> None:
    """Raise a clear error unless ``images`` are finite floats in [−1, 1] of shape (n, height, width, channels)."""
    shape, dtype = np.shape(images), getattr(images, "dtype", type(images).__name__)
    if len(shape) != 4:
        raise ValueError(f"images must have shape (n, height, width, channels), got {shape}")
    if "float" not in str(dtype):
        raise ValueError(f"images must be floats in [-1, 1], got {dtype}. Use dataset.scaled().")
    low, high = float(np.min(images)), float(np.max(images))
    if not (low >= -1.001 and high <= 1.001):  # also catches NaN
        raise ValueError(f"images must lie in [-1, 1], got [{low:.3g}, {high:.3g}]. Use dataset.scaled().")


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
    return _full_fashion_mnist() if full else _shipped("fashion_mnist")


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
    return tuple(_arrays("emoji_noto")[f"{_checked(part)}_names"].tolist())


def load(name: str) -> ImageDataset:
    """The shipped data set called ``name``.

    Raises:
        ValueError: there is none; the message lists those there are.
    """
    if name not in manifest():
        raise ValueError(f"no data set named {name!r}; there are: {', '.join(manifest())}")
    return _shipped(name)


def manifest() -> dict[str, dict]:
    """What ships: name → title, source, licence, class_names, file, bytes, sha256."""
    return json.loads((ASSETS / "manifest.json").read_text(encoding="utf-8"))


def read_verified(path: Path, sha256: str) -> bytes:
    """Read ``path`` and return its bytes if their digest is ``sha256``.

    Raises:
        DataError: the file is missing, truncated or altered.
    """
    if not path.exists():
        raise DataError(f"{path.name} is missing from {path.parent}. {REINSTALL}")
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise DataError(
            f"{path.name} in {path.parent} is damaged: {len(content):,} bytes with SHA-256 {found[:12]}…, "
            f"expected {sha256[:12]}…. {REINSTALL}"
        )
    return content


def read_weights(card_path: Path) -> tuple[dict, bytes]:
    """A weights' card and the verified bytes of the weights beside it.

    Raises:
        DataError: either is missing, or the weights are not those of the card.
    """
    if not card_path.exists():
        raise DataError(f"{card_path.name} is missing from {card_path.parent}. {REINSTALL}")
    card = json.loads(card_path.read_text(encoding="utf-8"))
    return card, read_verified(card_path.with_suffix(".npz"), card["sha256"])


@functools.lru_cache(maxsize=4)
def _shipped(name: str) -> ImageDataset:
    entry = manifest()[name]
    return _dataset(name, _arrays(name), entry["class_names"], entry["licence"], entry["source"])


def _arrays(name: str) -> np.lib.npyio.NpzFile:
    entry = manifest()[name]
    content = read_verified(ASSETS / entry["file"], entry["sha256"])
    return np.load(io.BytesIO(content), allow_pickle=False)  # decodes the very bytes that were checked


@functools.lru_cache(maxsize=4)
def _shrunk(name: str, factor: int) -> ImageDataset:
    full = _shipped(name)
    if factor == 1:
        return full
    small = {f"{part}_images": read_only(block_mean(full.images(part), factor)) for part in ("train", "test")}
    return replace(full, **small)


def _full_fashion_mnist() -> ImageDataset:
    entry = manifest()["fashion_mnist"]
    folder = _fashion_folder()
    raw = {}
    for name, sha256 in FASHION_MNIST_SHA256.items():
        path = folder / f"{name}.gz"
        try:
            content = gzip.decompress(path.read_bytes())
        except (EOFError, OSError, zlib.error):
            content = b""
        if hashlib.sha256(content).hexdigest() != sha256:
            raise DataError(f"{path} is damaged. Delete it and call again to fetch it anew.")
        raw[name] = read_idx(content)
    arrays = {
        "train_images": raw["train-images-idx3-ubyte"],
        "train_labels": raw["train-labels-idx1-ubyte"],
        "test_images": raw["t10k-images-idx3-ubyte"],
        "test_labels": raw["t10k-labels-idx1-ubyte"],
    }
    return _dataset("fashion_mnist_full", arrays, entry["class_names"], entry["licence"], str(folder))


def _fashion_folder() -> Path:
    """Where the four gzipped idx files lie; asks Keras to download them if they are nowhere yet."""
    keras_home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    cache = keras_home / "datasets" / "fashion-mnist"
    for folder in (Path("/usr/share/datasets/fashion-mnist"), cache):
        if all((folder / f"{name}.gz").exists() for name in FASHION_MNIST_SHA256):
            return folder
    from .config import quiet_tensorflow

    _, keras = quiet_tensorflow()
    try:
        keras.datasets.fashion_mnist.load_data()
    except Exception as error:
        raise DataError(
            "The full Fashion-MNIST is not on this machine and could not be downloaded "
            f"({error}). Use fashion_mnist() for the 12,000 images that ship with the course, or, on "
            "Debian and Ubuntu, run `sudo apt install dataset-fashion-mnist`."
        ) from None
    return cache


def _dataset(name, arrays, class_names, licence, source) -> ImageDataset:
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


def read_idx(content: bytes) -> np.ndarray:
    """Decode LeCun's idx format: magic (0, 0, 8 = uint8, rank), big-endian sizes, then the bytes."""
    rank = content[3]
    shape = np.frombuffer(content, ">i4", rank, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape)
