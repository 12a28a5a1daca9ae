"""Pictures that readers bring themselves: any common file becomes a square image, or a sentence says why it cannot."""

from __future__ import annotations

import io
import warnings

import numpy as np
from PIL import Image, ImageOps

from .images import check_whole, to_unit_range

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")  # no others: Pillow would run other programs for some of them
MOST_BYTES = 10_000_000  # Jupyter closes the connection on larger messages
MOST_PIXELS = 50_000_000  # a small file can claim to be huge, and fill the memory when it is decoded


def read_picture(content: bytes, side: int = 64) -> np.ndarray:
    """The picture in a file, as a square image on white.

    A picture that is not square is not distorted: white is added on two sides. What is transparent becomes white. A
    photograph is turned upright where its camera noted how it was held. Grey, CMYK, 16-bit and palette pictures become
    ordinary colours.

    Args:
        content: what is in the file.
        side: pixels a side of the image.

    Returns:
        float32 in [−1, 1], shape (side, side, 3).

    Raises:
        TypeError: ``content`` is not bytes.
        ValueError: the file is empty, too large, damaged, or no picture of a known format; or ``side`` makes no sense.

    Warns:
        UserWarning: there are several pictures in the file, as in an animation. The first is used.
    """
    check_whole("side", side, 1)
    check_content(content)
    with warnings.catch_warnings(action="ignore"):  # Pillow's own, such as those about odd notes of a camera
        picture = opened(content)
        several = is_one_of_several(picture)
        pixels = decoded(picture, side)
    if several:
        warnings.warn("there are several pictures in this file (an animation?): the first is used", stacklevel=2)
    return to_unit_range(np.asarray(on_white_square(pixels, side)))


def check_content(content: bytes) -> None:
    """Raise a clear error for what is no picture at first sight."""
    if not isinstance(content, (bytes, bytearray, memoryview)):
        raise TypeError(
            f"content must be the bytes of a file, got {type(content).__name__}. Path(name).read_bytes() reads them"
        )
    size = len(content)
    if not size:
        raise ValueError("the file is empty: expected a picture. Choose another file")
    if size > MOST_BYTES:
        raise ValueError(
            f"the file has {size / 1e6:.2f} MB, expected at most {MOST_BYTES / 1e6:g} MB. Save a smaller picture first"
        )
    if b"<svg" in bytes(content[:2000]).lower():
        raise ValueError("this is an SVG file, a list of shapes and not of pixels. Export the picture as PNG first")


def opened(content: bytes) -> Image.Image:
    """The first picture in a file, of which only the header is read, no pixels.

    Raises:
        ValueError: it is in none of :data:`FORMATS`, its header is damaged, or it claims to have too many pixels.
    """
    try:
        picture = Image.open(io.BytesIO(content), formats=FORMATS)
    except Image.UnidentifiedImageError:
        raise ValueError(
            f"this is no picture that can be read: expected one of the formats {', '.join(FORMATS)}. Save the picture "
            "in one of them first"
        ) from None
    except Image.DecompressionBombError:
        raise too_many_pixels("far too many") from None
    except Exception as error:  # whatever a decoder stumbles over
        raise damaged("picture", error) from None
    if picture.width * picture.height > MOST_PIXELS:
        raise too_many_pixels(f"{picture.width:,} × {picture.height:,}")
    return picture


def decoded(picture: Image.Image, side: int) -> Image.Image:
    """The pixels of an opened picture, upright: RGBA with 8 bits a channel.

    Args:
        picture: see :func:`opened`.
        side: at least so many pixels a side are needed, where the picture has as many.

    Raises:
        ValueError: the file is damaged.
    """
    try:
        picture.draft(None, (4 * side, 4 * side))  # a large JPEG is decoded at a fraction of its size
        return to_rgba(ImageOps.exif_transpose(picture))
    except Exception as error:  # whatever a decoder stumbles over
        raise damaged(f"{picture.format} picture", error) from None


def is_one_of_several(picture: Image.Image) -> bool:
    """Whether the file goes on after an opened picture, as an animation does."""
    try:
        return getattr(picture, "is_animated", False)
    except Exception:  # damaged behind the first picture, which may be whole
        return True


def too_many_pixels(found: str) -> ValueError:
    """The error for a picture that would fill the memory; ``found`` says how large it is."""
    return ValueError(
        f"the picture has {found} pixels, expected at most {MOST_PIXELS:,} in all. Save the picture smaller first"
    )


def damaged(what: str, error: Exception) -> ValueError:
    """The error for a file that begins like a picture and cannot be decoded."""
    return ValueError(
        f"the file is damaged or incomplete: expected a whole {what}, but decoding fails ({error}). Save it again, or "
        "choose another file"
    )


def to_rgba(picture: Image.Image) -> Image.Image:
    """A picture of any mode, with what is transparent in it, as RGBA with 8 bits a channel."""
    if picture.mode[0] not in "IF":
        return picture.convert("RGBA")
    grey = np.asarray(picture, np.float32)  # has more than 8 bits, and Pillow would clip what does not fit into them
    white = 65_535 if picture.mode[0] == "I" else max(np.nanmax(grey), 1e-9)
    levels = np.nan_to_num(255 * grey / white).clip(0, 255)
    return Image.fromarray(np.rint(levels).astype(np.uint8)).convert("RGBA")


def on_white_square(picture: Image.Image, side: int) -> Image.Image:
    """An RGBA picture, shrunk or enlarged to fit a white square of ``side`` pixels: RGB, in its middle."""
    scale = side / max(picture.size)
    size = [max(1, round(scale * length)) for length in picture.size]
    fitting = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)  # the gap saves seconds on large ones
    square = Image.new("RGB", (side, side), "white")
    square.paste(fitting, ((side - fitting.width) // 2, (side - fitting.height) // 2), mask=fitting)
    return square
