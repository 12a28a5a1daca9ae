"""The sliced Wasserstein distance of pictures, scale by scale (Karras et al., 2018, arXiv:1710.10196, section 5).

No feature network is asked. Small patches of both sets are compared, separately for every level of a Laplacian pyramid:
the coarse levels show whether shapes and colours are right, the finest one whether textures and edges are.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import correlate1d

from ..core import checks

COARSEST = 16  # pixels a side
BLUR = np.array([1, 4, 6, 4, 1], np.float32) / 16


def sliced_wasserstein(
    images_a: np.ndarray,
    images_b: np.ndarray,
    patches: int = 64,
    patch_side: int = 7,
    directions: int = 256,
    seed: int = 0,
) -> dict[int, float]:
    """How far the patches of two sets of pictures lie apart, at each scale.

    Args:
        images_a: float in [−1, 1], shape (n, side, side, channels); the side is 16 times a power of 2.
        images_b: as many, of the same shape.
        patches: drawn at random from each picture, at each scale.
        patch_side: pixels.
        directions: random lines onto which patches are projected; the result is the mean over them.
        seed: chooses patches and directions.

    Returns:
        Side of the level → distance, finest first. 0 if the patches are distributed alike; even two halves of one set
        do not reach 0, so compare with what they score. (The paper prints 1,000 times this.)

    Raises:
        ValueError: the shapes differ, the side is not 16 times a power of 2, a value is no finite float, or a number
            makes no sense.
    """
    images_a, images_b = np.asarray(images_a), np.asarray(images_b)
    if images_a.shape != images_b.shape or images_a.ndim != 4:
        raise ValueError(f"both sets must have one shape (n, side, side, channels), got {images_a.shape} and "
                         f"{images_b.shape}")  # fmt: skip
    if images_a.dtype.kind != "f" or images_b.dtype.kind != "f" or not len(images_a):
        kinds = f"{len(images_a)} of {images_a.dtype} and {images_b.dtype}"
        raise ValueError(f"images_a and images_b must be floats in [-1, 1], at least one image each, got {kinds}")
    checks.finite("images_a", images_a)
    checks.finite("images_b", images_b)
    checks.count("patches", patches)
    checks.count("directions", directions)
    if checks.count("patch_side", patch_side) > COARSEST:
        raise ValueError(f"patch_side must be at most {COARSEST}, the side of the coarsest pictures, got {patch_side}")
    rng = np.random.default_rng(checks.count("seed", seed, least=0))
    distances = {}
    pyramids = (laplacian_pyramid(images.astype(np.float32)) for images in (images_a, images_b))
    for level_a, level_b in zip(*pyramids, strict=True):
        cloud_a, cloud_b = (normalised_patches(level, patches, patch_side, rng) for level in (level_a, level_b))
        distances[level_a.shape[1]] = mean_distance_on_lines(cloud_a, cloud_b, directions, rng)
    return distances


def laplacian_pyramid(images: np.ndarray) -> list[np.ndarray]:
    """What each scale adds to the next coarser one, finest first; the last level is the coarse picture itself.

    Args:
        images: float, shape (n, side, side, channels).

    Raises:
        ValueError: the side is not 16 times a power of 2.
    """
    side = images.shape[1]
    doublings = side // COARSEST
    if images.shape[2] != side or side % COARSEST or doublings & (doublings - 1) or side < COARSEST:
        raise ValueError(f"the pictures must be square, with a side of 16, 32, 64 and so on, got {images.shape[1:3]}")
    levels = []
    while images.shape[1] > COARSEST:
        smaller = blur(images)[:, ::2, ::2]
        levels.append(images - enlarged(smaller))
        images = smaller
    return [*levels, images]


def blur(images: np.ndarray) -> np.ndarray:
    """A Gaussian blur over five pixels in each direction; the picture is mirrored at its borders."""
    return correlate1d(correlate1d(images, BLUR, axis=1, mode="mirror"), BLUR, axis=2, mode="mirror")


def enlarged(images: np.ndarray) -> np.ndarray:
    """Twice the side, smoothly: the pixels are set apart, and the gaps filled by the blur."""
    n, height, width, channels = images.shape
    apart = np.zeros((n, 2 * height, 2 * width, channels), images.dtype)
    apart[:, ::2, ::2] = 4 * images  # a quarter of the pixels carry what all of them will
    return blur(apart)


def normalised_patches(images: np.ndarray, patches: int, side: int, rng: np.random.Generator) -> np.ndarray:
    """Random patches, each channel with mean 0 and standard deviation 1 over all of them: (n · patches, numbers)."""
    n, height, width, _ = images.shape
    which = np.repeat(np.arange(n), patches)[:, np.newaxis, np.newaxis]
    top, left = (rng.integers(length - side + 1, size=(n * patches, 1, 1)) for length in (height, width))
    offsets = np.arange(side)
    cloud = images[which, top + offsets[:, np.newaxis], left + offsets]
    mean, deviation = cloud.mean(axis=(0, 1, 2)), cloud.std(axis=(0, 1, 2))
    return ((cloud - mean) / (deviation + 1e-8)).reshape(n * patches, -1)


def mean_distance_on_lines(a: np.ndarray, b: np.ndarray, directions: int, rng: np.random.Generator) -> float:
    """The Wasserstein distance of two equally large clouds, projected onto random lines; the mean over the lines.

    On a line the best transport takes the smallest to the smallest, and so on: it is enough to sort.
    """
    lines = rng.standard_normal((a.shape[1], directions)).astype(np.float32)
    lines /= np.linalg.norm(lines, axis=0)
    parts = np.array_split(lines, max(directions // 64, 1), axis=1)  # for the memory's sake
    return float(np.mean([np.abs(np.sort(a @ part, axis=0) - np.sort(b @ part, axis=0)).mean() for part in parts]))
