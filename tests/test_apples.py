"""Apples and oranges: a small archive in the place of the real one, and everything that can go wrong on its way."""

import hashlib
import io
import time
import urllib.error
import urllib.request
import zipfile

import numpy as np
import pytest
from PIL import Image

from gan_helpers.data import apples, download, fashion, files
from gan_helpers.data.manifest import DataError
from gan_helpers.data.sets import Unpaired

COLOURS = {"trainA": (200, 30, 30), "trainB": (240, 150, 20), "testA": (100, 200, 50), "testB": (250, 180, 60)}
COUNTS = {"trainA": 3, "trainB": 4, "testA": 2, "testB": 1}


def photograph(colour):
    file = io.BytesIO()
    Image.new("RGB", (256, 256), colour).save(file, "JPEG")
    return file.getvalue()


def archive_of(path, leave_out="", extra=None):
    """A small archive like the real one at ``path``; its digest is returned."""
    with zipfile.ZipFile(path, "w") as archive:
        for folder, colour in COLOURS.items():
            for i in range(COUNTS[folder] if folder != leave_out else 0):  # each a little brighter, in a mixed order
                number = COUNTS[folder] - 1 - i
                archive.writestr(
                    f"apple2orange/{folder}/n{number}.jpg", photograph(tuple(c + 2 * number for c in colour))
                )
        for name, content in (extra or {}).items():
            archive.writestr(name, content)
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder of downloads."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras" / "datasets"


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A function that puts a small archive on a host, which is a folder of this machine; see ``archive_of``."""

    def serve(**options):
        served = tmp_path / "served.zip"
        monkeypatch.setattr(apples, "SHA256", archive_of(served, **options))
        monkeypatch.setattr(apples, "ADDRESS", served.as_uri())
        return served

    return serve


@pytest.fixture
def no_network(monkeypatch):
    """A host that cannot be reached; the calls of it are counted."""
    calls = []

    def urlopen(address, timeout):
        calls.append(timeout)
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    return calls


def test_four_sets_of_photographs(folder, host):
    host()
    images = apples.apple_orange(side=32)
    assert isinstance(images, Unpaired) and images._fields == ("a", "b", "test_a", "test_b")
    for part, (name, colour) in zip(images, COLOURS.items(), strict=True):
        assert part.shape == (COUNTS[name], 32, 32, 3) and part.dtype == np.float32
        brighter = 2 * np.arange(COUNTS[name])[:, np.newaxis]  # in the order of their names
        expected = (np.array(colour) + brighter) / 127.5 - 1
        np.testing.assert_allclose(part, np.broadcast_to(expected[:, None, None], part.shape), atol=0.03)
    assert sorted(path.name for path in folder.iterdir()) == ["apple2orange.zip", "apple2orange_32.npz"]


def test_the_second_call_needs_neither_network_nor_archive(folder, host, no_network, monkeypatch):
    served = host()
    folder.mkdir(parents=True)
    (folder / "apple2orange.zip").write_bytes(served.read_bytes())  # placed by hand
    first = apples.apple_orange(16)
    (folder / "apple2orange.zip").unlink()
    again = apples.apple_orange(16)
    assert all(np.array_equal(x, y) for x, y in zip(first, again, strict=True)) and not no_network
    with pytest.raises(DataError, match="could not be downloaded"):
        apples.apple_orange(32)  # of another side nothing is kept


@pytest.mark.parametrize("damage", ["cut", "other pixels", "other side", "no array", "empty"])
def test_what_was_kept_is_checked_and_made_anew(folder, host, damage):
    host()
    right = apples.apple_orange(16)
    kept = folder / "apple2orange_16.npz"
    content = kept.read_bytes()
    if damage == "cut":
        kept.write_bytes(content[:-400])
    elif damage == "other pixels":
        with np.load(kept) as stored:
            np.savez(kept, **{**stored, "a": stored["a"] // 2})
    elif damage == "other side":
        apples.apple_orange(32)
        (folder / "apple2orange_32.npz").replace(kept)
    elif damage == "no array":
        np.savez(kept, a=np.zeros(3))
    else:
        kept.write_bytes(b"")
    for wrong in (True, False):
        assert (apples.read_kept(kept, 16) is None) == wrong
        assert all(np.array_equal(x, y) for x, y in zip(apples.apple_orange(16), right, strict=True))


def test_a_folder_that_cannot_be_written_costs_only_time(folder, host, monkeypatch):
    served = host()
    folder.mkdir(parents=True)
    (folder / "apple2orange.zip").write_bytes(served.read_bytes())

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.secrets, "token_hex", full)
    assert len(apples.apple_orange(16).a) == 3
    assert [path.name for path in folder.iterdir()] == ["apple2orange.zip"]


def test_without_a_network_the_message_says_what_to_do(folder, no_network):
    started = time.monotonic()
    with pytest.raises(DataError) as error:
        apples.apple_orange()
    assert time.monotonic() - started < 5 and no_network == [download.PATIENCE] and download.PATIENCE <= 30
    message = str(error.value)
    for part in (apples.ADDRESS, "Name or service not known", "often down", str(folder / "apple2orange.zip"), "by hand",
                 apples.SHA256, "unpaired_emoji()"):  # fmt: skip
        assert part in message
    assert "\n" not in message and not folder.exists()


def test_a_host_that_breaks_off_leaves_nothing_behind(folder, host, monkeypatch):
    host()

    def break_off(reader, file):
        file.write(reader.read(100))
        raise TimeoutError("timed out")

    monkeypatch.setattr(download.shutil, "copyfileobj", break_off)
    with pytest.raises(DataError, match=r"could not be downloaded to .* \(timed out\)"):
        apples.apple_orange()
    assert not list(folder.iterdir())


def test_an_interrupted_download_leaves_nothing_behind(folder, host, monkeypatch):
    host()

    def interrupt(reader, file):
        raise KeyboardInterrupt

    monkeypatch.setattr(download.shutil, "copyfileobj", interrupt)
    with pytest.raises(KeyboardInterrupt):
        apples.apple_orange()
    assert not list(folder.iterdir())


@pytest.mark.parametrize("by_hand", [True, False])
def test_another_file_is_refused_and_removed(folder, host, by_hand):
    served = host()
    other = served.read_bytes()[:-30]  # the end is missing
    if by_hand:
        folder.mkdir(parents=True)
        (folder / "apple2orange.zip").write_bytes(other)
    else:
        served.write_bytes(other)
    with pytest.raises(DataError, match="not the expected file, or not all of it, and has been removed.*Call again"):
        apples.apple_orange(16)
    assert not list(folder.iterdir())
    if by_hand:
        assert len(apples.apple_orange(16).b) == 4  # the next call downloads it


@pytest.mark.parametrize("missing", COLOURS)
def test_a_missing_folder_is_named(folder, host, missing):
    host(leave_out=missing, extra={f"apple2orange/{missing}/": b"", f"apple2orange/{missing}/notes.txt": b"none"})
    with pytest.raises(DataError, match=rf"is damaged: .* no photographs in its folder apple2orange/{missing}. Delete"):
        apples.apple_orange(16)


@pytest.mark.parametrize("content", [b"", b"no picture", photograph((9, 9, 9))[:300]], ids=["empty", "text", "cut"])
def test_a_broken_photograph_is_named(folder, host, content):
    host(extra={"apple2orange/testB/broken.jpg": content})
    with pytest.raises(DataError, match=r"is damaged: its apple2orange/testB/broken.jpg is no whole JPEG \(.*Delete"):
        apples.apple_orange(16)
    assert not (folder / "apple2orange_16.npz").exists()


def test_only_photographs_of_the_four_folders_are_read(folder, host):
    names = ("../trainA/n9.jpg", "/apple2orange/trainA/n9.jpg", "apple2orange/trainA/../../n9.jpg",
             "__MACOSX/apple2orange/trainA/n9.jpg", "apple2orange/trainC/n9.jpg", "apple2orange/n9.jpg")  # fmt: skip
    host(extra=dict.fromkeys(names, photograph((9, 9, 9))))
    assert [len(part) for part in apples.apple_orange(16)] == list(COUNTS.values())


def test_what_is_no_archive_is_refused(folder, host, monkeypatch):
    served = host()
    served.write_bytes(b"<html>moved</html>")
    monkeypatch.setattr(apples, "SHA256", hashlib.sha256(served.read_bytes()).hexdigest())
    with pytest.raises(DataError, match="apple2orange.zip is damaged: File is not a zip file. Delete it"):
        apples.apple_orange(16)


@pytest.mark.parametrize("side", [0, 8, 40, 272, 64.0, "64", -16])
def test_a_side_that_makes_no_sense_is_refused(folder, no_network, side):
    with pytest.raises(ValueError, match="side must be a multiple of 16 from 16 to 256, got"):
        apples.apple_orange(side)
    assert not no_network


def test_fashion_mnist_lies_in_the_same_folder(folder, monkeypatch):
    monkeypatch.setattr(fashion, "FASHION_MNIST_SHA256", {"train-images-idx3-ubyte": "", "no-such-file": ""})
    (folder / "fashion-mnist").mkdir(parents=True)
    for name in fashion.FASHION_MNIST_SHA256:
        (folder / "fashion-mnist" / f"{name}.gz").touch()
    assert fashion._fashion_folder() == folder / "fashion-mnist"


def test_the_real_address_and_digest():
    assert apples.ADDRESS.startswith("https://") and len(bytes.fromhex(apples.SHA256)) == 32
