"""Photographs of apples and of oranges, the classic data of CycleGAN. They do not ship: see :func:`apple_orange`."""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from .download import downloads, verified_download
from .files import written_whole
from .images import to_unit_range
from .manifest import DataError
from .sets import Unpaired

ADDRESS = "https://efrosgans.eecs.berkeley.edu/cyclegan/datasets/apple2orange.zip"
SHA256 = "845a191e9af8926408ea597001cd03a452e3300a1f44a79fe329b3d59f6e3eb8"
SIDE = 256  # pixels a side, as the photographs come
FOLDERS = {"a": "trainA", "b": "trainB", "test_a": "testA", "test_b": "testB"}


def apple_orange(side: int = 64) -> Unpaired:
    """Photographs of apples (A) and of oranges (B), from the paper on CycleGAN (Zhu et al., 2017, arXiv:1703.10593).

    The first call downloads ``apple2orange.zip`` (78.5 MB) from the host of the paper's authors into Keras' folder of
    data sets, ``~/.keras/datasets``. That host is often down. A copy that you have from elsewhere can be put there by
    hand: it is used if its SHA-256 is right. The images of each ``side`` are kept beside it, and the next call needs a
    second and no network.

    The photographs come from ImageNet, which grants no licence to pass them on. This is why they do not ship with the
    course. ImageNet's terms allow research and teaching that is not commercial.

    Args:
        side: pixels a side, a multiple of 16 up to 256. Of the training images, 256 take about 1.6 GB, 64 a sixteenth.

    Returns:
        Training images of apples and of oranges, and test images of both: float32 in [−1, 1].

    Raises:
        ValueError: ``side`` makes no sense.
        DataError: the archive could not be downloaded, or is not the expected one.
    """
    if not isinstance(side, (int, np.integer)) or side % 16 or not 16 <= side <= SIDE:
        raise ValueError(f"side must be a multiple of 16 from 16 to {SIDE}, got {side!r}")
    kept = downloads() / f"apple2orange_{side}.npz"
    arrays = read_kept(kept, side)
    if arrays is None:
        instead = "The course's unpaired_emoji() works without a network."
        arrays = read_archive(verified_download(ADDRESS, downloads() / "apple2orange.zip", SHA256, instead), side)
        with contextlib.suppress(OSError), written_whole(kept) as file:  # on a full disk the next call takes longer
            np.savez(file, **arrays, seal=seal_of(arrays, side))
    return Unpaired(**{part: to_unit_range(arrays.pop(part)) for part in FOLDERS})


def read_archive(path: Path, side: int) -> dict[str, np.ndarray]:
    """The images of each part, uint8 (n, side, side, 3); they are read one by one, nothing is unpacked to disk.

    Raises:
        DataError: the archive or a picture in it is damaged, or a part is missing.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return {part: read_folder(archive, folder, side) for part, folder in FOLDERS.items()}
    except zipfile.BadZipFile as error:
        raise unreadable(path, str(error)) from None


def read_folder(archive: zipfile.ZipFile, folder: str, side: int) -> np.ndarray:
    """The photographs in one folder, in the order of their names: uint8 (n, side, side, 3)."""
    name_of_one = re.compile(rf"apple2orange/{folder}/[^/]+\.jpg")
    names = sorted(filter(name_of_one.fullmatch, archive.namelist()))
    if not names:
        raise unreadable(archive.filename, f"there are no photographs in its folder apple2orange/{folder}")
    images = np.empty((len(names), side, side, 3), np.uint8)
    for image, name in zip(images, names, strict=True):
        image[:] = read_photograph(archive, name, side)
    return images


def read_photograph(archive: zipfile.ZipFile, name: str, side: int) -> np.ndarray:
    """One photograph of an archive, uint8 (side, side, 3)."""
    try:
        with Image.open(io.BytesIO(archive.read(name)), formats=["JPEG"]) as photograph:
            return np.asarray(photograph.convert("RGB").resize((side, side), Image.Resampling.BICUBIC))
    except Exception as error:  # whatever a decoder stumbles over
        raise unreadable(archive.filename, f"its {name} is no whole JPEG ({error})") from None


def unreadable(path: str | Path, why: str) -> DataError:
    """The error for an archive whose contents are not as expected."""
    return DataError(f"{path} is damaged: {why}. Delete it and call again to download it anew.")


def read_kept(path: Path, side: int) -> dict[str, np.ndarray] | None:
    """The arrays that an earlier call has kept; ``None`` where there are none, or they are not what was written."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {part: stored[part] for part in FOLDERS}
            return arrays if stored["seal"] == seal_of(arrays, side) else None
    except Exception:  # missing or damaged in whatever way: the archive has the photographs
        return None


def seal_of(arrays: dict[str, np.ndarray], side: int) -> str:
    """A digest of all pixels, of their side, and of the archive that they come from."""
    digest = hashlib.sha256(f"{SHA256} {side}".encode())
    for part in FOLDERS:
        digest.update(np.ascontiguousarray(arrays[part]))
    return digest.hexdigest()
