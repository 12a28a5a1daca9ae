"""Pictures as they are saved: few colours, and white that stays white; or all colours, where they are the subject."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image, ImageChops, ImageStat

from ..data.images import to_uint8, to_unit_range

NEARLY_WHITE = 247  # reducing colours turns white into this or more
MANY = 128  # colours, for photographs and the like
UNSEEN = 1.5  # levels of 255: a smaller error, root mean square, is not seen


def few_colours(picture: Image.Image, colours: int, method: Image.Quantize | None = None) -> Image.Image:
    """``picture`` with a palette of at most ``colours``, in which white stays white: the page's own background."""
    reduced = picture.quantize(colours, method, dither=Image.Dither.NONE)
    palette = np.array(reduced.getpalette(), np.uint8).reshape(-1, 3)
    palette[(palette >= NEARLY_WHITE).all(axis=1)] = 255
    reduced.putpalette(palette.tobytes())
    return reduced


def on_white(picture: Image.Image) -> Image.Image:
    """``picture`` in RGB; what is transparent in it is white."""
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture.convert("RGBA")).convert("RGB")


def with_all_colours(encoded: str) -> tuple[str, str]:
    """A base64-encoded PNG whose colours are its subject, and so stay: its MIME type, and its content in base64.

    It is packed as tightly as a PNG can be, or saved as a JPEG of high quality where that is smaller: as a rule, where
    there are soft shades, which no palette could keep.
    """
    picture, packed = on_white(Image.open(io.BytesIO(base64.b64decode(encoded)))), []
    for kind, how in {"png": {}, "jpeg": {"quality": 85, "subsampling": 0, "progressive": True}}.items():
        file = io.BytesIO()
        picture.save(file, kind, optimize=True, **how)
        packed.append((f"image/{kind}", base64.b64encode(file.getvalue()).decode()))
    return min(packed, key=lambda one: len(one[1]))


def lighter_png(encoded: str) -> str:
    """A base64-encoded PNG with as few colours as keep its error below :data:`UNSEEN`, if that makes it smaller.

    Pictures of too many colours for that get :data:`MANY`: then the error is a slight grain.

    Animated pictures, and those that have few colours already, stay as they are.
    """
    content = base64.b64decode(encoded)
    picture = Image.open(io.BytesIO(content))
    if getattr(picture, "is_animated", False) or picture.mode == "P":
        return encoded
    picture = on_white(picture)
    few = picture.getcolors(256) is not None  # then the first method loses nothing; else the second keeps hues apart
    method = Image.Quantize.MEDIANCUT if few else Image.Quantize.FASTOCTREE
    for colours in (32, 64, 128, 256) if few else (32, 64, MANY):
        reduced = few_colours(picture, colours, method)
        if max(ImageStat.Stat(ImageChops.difference(picture, reduced.convert("RGB"))).rms) <= UNSEEN:
            break
    buffer = io.BytesIO()
    reduced.save(buffer, "PNG", optimize=True)
    smaller = buffer.getvalue() if buffer.tell() < len(content) else content
    return base64.b64encode(smaller).decode()


def to_text(images: np.ndarray) -> str:
    """A row of images as text, for a record: base64 of a WebP picture, which is small and nearly exact.

    Args:
        images: float in [−1, 1], shape (n, height, width, 3).
    """
    row = Image.fromarray(np.concatenate(list(to_uint8(images)), axis=1))
    file = io.BytesIO()
    row.save(file, "WEBP", quality=85)
    return base64.b64encode(file.getvalue()).decode()


def from_text(text: str) -> np.ndarray:
    """The square images of :func:`to_text` again: float32 in [−1, 1], shape (n, side, side, 3)."""
    row = np.asarray(Image.open(io.BytesIO(base64.b64decode(text))).convert("RGB"))
    return to_unit_range(np.stack(np.split(row, row.shape[1] // row.shape[0], axis=1)))
