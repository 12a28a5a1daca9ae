"""Pictures that readers bring: whatever the file, there is an image or a clear error."""

import io
import warnings

import numpy as np
import pytest
from PIL import Image

from gan_helpers.data import uploads
from gan_helpers.data.uploads import FORMATS, read_picture

NOISE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)


def encoded(picture, file_format="PNG", **settings):
    """The bytes of a file with this picture in it."""
    file = io.BytesIO()
    picture.save(file, file_format, **settings)
    return file.getvalue()


def painted(colour, size=(60, 60), mode="RGB"):
    return Image.new(mode, size, colour)


def left_red_right_blue():
    """60 pixels wide and 40 high."""
    picture = painted("blue", (60, 40))
    picture.paste("red", (0, 0, 30, 40))
    return picture


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("container", [bytes, bytearray, memoryview])
def test_every_format_gives_an_image(file_format, container):
    image = read_picture(container(encoded(painted((255, 0, 0)), file_format)), side=16)
    assert image.shape == (16, 16, 3) and image.dtype == np.float32 and np.abs(image).max() <= 1
    np.testing.assert_allclose(image, np.broadcast_to([1, -1, -1], image.shape), atol=0.02)


@pytest.mark.parametrize(
    ("mode", "file_format"),
    [("P", "PNG"), ("P", "GIF"), ("L", "PNG"), ("LA", "PNG"), ("RGBA", "WEBP"), ("RGBA", "PNG"), ("1", "PNG"),
     ("CMYK", "JPEG"), ("CMYK", "TIFF"), ("F", "TIFF"), ("YCbCr", "JPEG")],
)  # fmt: skip
def test_every_mode_keeps_its_colours(mode, file_format):
    picture = left_red_right_blue()
    if mode in ("L", "LA", "1", "F"):  # have no colours
        picture = painted("black", (60, 40))
        picture.paste("white", (0, 0, 30, 40))
    image = read_picture(encoded(picture.convert(mode), file_format), side=60)
    expected = np.asarray(picture, np.float32) / 127.5 - 1
    np.testing.assert_allclose(image[15:45, 5:25], expected[5:35, 5:25], atol=0.05)
    np.testing.assert_allclose(image[15:45, 35:55], expected[5:35, 35:55], atol=0.05)


def test_16_bits_are_scaled_not_clipped():
    grey = Image.fromarray(np.array([[0, 16_384], [32_768, 65_535]], np.uint16).repeat(20, 0).repeat(20, 1))
    assert grey.mode == "I;16"
    image = read_picture(encoded(grey), side=40)
    np.testing.assert_allclose(image[[10, 10, 30, 30], [10, 30, 10, 30], 0], [-1, -0.5, 0, 1], atol=0.02)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_becomes_white(mode):
    if mode == "P":
        content = encoded(painted(0, mode="P"), "GIF", transparency=0)
    else:
        content = encoded(painted((0, 0, 0, 0), mode="RGBA").convert(mode))
    assert (read_picture(content, side=8) == 1).all()


def test_half_transparent_black_is_grey():
    image = read_picture(encoded(painted((0, 0, 0, 128), mode="RGBA")), side=8)
    np.testing.assert_allclose(image, 0, atol=0.02)


@pytest.mark.parametrize("size", [(64, 32), (20, 10)])
def test_a_wide_picture_gets_white_above_and_below(size):
    image = read_picture(encoded(painted("black", size)), side=32)
    assert (image[8:24] == -1).all() and (image[:8] == 1).all() and (image[24:] == 1).all()


def test_a_high_picture_gets_white_on_both_sides():
    image = read_picture(encoded(painted("black", (10, 20))), side=32)
    assert (image[:, 8:24] == -1).all() and (image[:, :8] == 1).all() and (image[:, 24:] == 1).all()


@pytest.mark.parametrize("size", [(5000, 1), (1, 5000), (1, 1)])
def test_very_thin_pictures_do_not_vanish(size):
    assert (read_picture(encoded(painted("black", size)), side=16) < 0).sum() >= 16 * 3


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_photograph_is_turned_upright(file_format):
    """Orientation 6: the camera was held so that the left of the stored picture is the top."""
    notes = Image.Exif()
    notes[0x0112] = 6
    image = read_picture(encoded(left_red_right_blue(), file_format, exif=notes), side=60)
    np.testing.assert_allclose(image[10, 30], [1, -1, -1], atol=0.05)
    np.testing.assert_allclose(image[50, 30], [-1, -1, 1], atol=0.05)
    assert (image[30, 0] == 1).all()  # it is higher than wide now


@pytest.mark.parametrize("file_format", ["GIF", "PNG", "WEBP", "TIFF"])
def test_of_an_animation_the_first_picture_is_used_and_said_so(file_format):
    pictures = [painted(colour) for colour in ("red", "blue", "black")]
    content = encoded(pictures[0], file_format, save_all=True, append_images=pictures[1:])
    with pytest.warns(UserWarning, match="several pictures in this file .*the first is used"):
        image = read_picture(content, side=8)
    np.testing.assert_allclose(image, np.broadcast_to([1, -1, -1], image.shape), atol=0.02)


def test_a_single_picture_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_picture(encoded(painted("red"), "GIF"))


def test_a_large_photograph_is_read():
    image = read_picture(encoded(painted((200, 100, 50), (3000, 2000)), "JPEG"))
    np.testing.assert_allclose(image[32, 32], np.array([200, 100, 50]) / 127.5 - 1, atol=0.02)


# -------------------------------------------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "the file is empty: expected a picture"),
        (b"import numpy as np\n" * 50, "no picture that can be read: expected one of the formats PNG, JPEG, GIF"),
        (b"%PDF-1.7 " + bytes(500), "no picture that can be read"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no picture that can be read"),
        (bytes(range(256)) * 20, "no picture that can be read"),
        (b'<?xml version="1.0"?>\n<!-- x -->\n<SVG xmlns="http://www.w3.org/2000/svg"></SVG>', "SVG file.*as PNG"),
        (bytes(uploads.MOST_BYTES + 1), "the file has 10.00 MB, expected at most 10 MB. Save a smaller"),
    ],
    ids=["empty", "text", "PDF", "PostScript", "bytes", "SVG", "large"],
)
def test_what_is_no_picture_is_refused(content, why):
    with pytest.raises(ValueError, match=why) as error:
        read_picture(content)
    assert "\n" not in str(error.value) and error.value.__cause__ is None


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("file_format", FORMATS)
def test_a_file_that_ends_too_early_is_refused(file_format, share):
    content = encoded(Image.fromarray(NOISE), file_format)
    with pytest.raises(ValueError, match="damaged or incomplete: expected a whole .*Save it again"):
        read_picture(content[: int(share * len(content))])


@pytest.mark.parametrize("file_format", FORMATS)
def test_damage_gives_a_picture_or_a_clear_error_and_nothing_else(file_format):
    content, random = encoded(Image.fromarray(NOISE), file_format), np.random.default_rng(1)
    for trial in range(60):
        damaged = bytearray(content)
        for place in random.integers(300 if trial % 2 else len(content), size=5):
            damaged[place] = random.integers(256)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                assert read_picture(bytes(damaged), side=8).shape == (8, 8, 3)
            except ValueError as error:
                assert "expected" in str(error)


@pytest.mark.parametrize(
    ("size", "found"), [((10_000, 6_000), "10,000 × 6,000"), ((20_000, 20_000), "far too many")], ids=["large", "bomb"]
)
def test_a_small_file_with_too_many_pixels_is_refused_before_it_is_decoded(size, found, monkeypatch):
    content = encoded(painted(0, size, mode="1"))
    assert len(content) < 100_000
    monkeypatch.setattr(uploads, "decoded", lambda *_: pytest.fail("it was decoded"))
    with pytest.raises(ValueError, match=f"the picture has {found} pixels, expected at most 50,000,000"):
        read_picture(content)


def test_a_file_name_and_a_wrong_side_are_refused():
    with pytest.raises(TypeError, match=r"must be the bytes of a file, got str. Path\(name\).read_bytes\(\)"):
        read_picture("cat.png")
    for side in (0, -3, 2.5):
        with pytest.raises(ValueError, match="side must be a whole number of at least 1, got"):
            read_picture(encoded(painted("red")), side)
