import gzip
import hashlib
import json
import shutil

import numpy as np
import pytest

from gan_helpers import datasets


def test_mnist_is_all_of_mnist(digits):
    assert digits.train_images.shape == (60_000, 28, 28, 1) and digits.test_images.shape == (10_000, 28, 28, 1)
    assert digits.train_images.dtype == np.uint8 and digits.train_labels.dtype == np.int64
    # published mean and standard deviation of the training pixels
    assert digits.train_images.mean() == pytest.approx(33.3184, abs=1e-3)
    assert (digits.train_images / 255).std() == pytest.approx(0.30811, abs=1e-4)
    assert np.bincount(digits.test_labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_fashion_excerpt_is_balanced_and_real():
    clothes = datasets.fashion_mnist()
    assert np.bincount(clothes.train_labels).tolist() == [1000] * 10
    assert np.bincount(clothes.test_labels).tolist() == [200] * 10
    assert clothes.class_names[9] == "Ankle boot" and clothes.train_labels[0] == 9  # the first image of the full set
    assert len({image.tobytes() for image in clothes.train_images}) > 9_900  # pictures, not copies of one


def test_scaled_spans_the_range_of_tanh(digits):
    scaled = digits.scaled("test")
    assert scaled.dtype == np.float32 and scaled.min() == -1 and scaled.max() == 1
    assert np.array_equal(datasets.to_uint8(scaled), digits.test_images)


def test_shared_arrays_cannot_be_written(digits):
    with pytest.raises(ValueError, match="read-only"):
        digits.train_images[0] = 0


def test_helpful_errors(digits):
    with pytest.raises(ValueError, match="'train' or 'test', got 'validation'"):
        digits.images("validation")
    with pytest.raises(ValueError, match="no data set named 'cifar'; there are: mnist"):
        datasets.load("cifar")
    with pytest.raises(TypeError, match="must be uint8"):
        datasets.to_unit_range(np.zeros((2, 2), np.float32))


@pytest.fixture
def assets(tmp_path, monkeypatch):
    """A copy of the manifest and of one data file, free to be damaged."""
    (tmp_path / "data").mkdir()
    shutil.copy(datasets.ASSETS / "manifest.json", tmp_path)
    shutil.copy(datasets.ASSETS / "data/fashion_mnist.npz", tmp_path / "data")
    monkeypatch.setattr(datasets, "ASSETS", tmp_path)
    datasets._shipped.cache_clear()
    yield tmp_path
    datasets._shipped.cache_clear()


def test_missing_truncated_and_altered_files_say_how_to_mend_them(assets):
    file = assets / "data/fashion_mnist.npz"
    content = file.read_bytes()
    for damage in (content[:-1000], content[:5000] + b"x" + content[5001:], b""):
        file.write_bytes(damage)
        with pytest.raises(datasets.DataError, match=r"fashion_mnist.npz .* is damaged.*Reinstall.*git checkout"):
            datasets.fashion_mnist()
    file.unlink()
    with pytest.raises(datasets.DataError, match=r"is missing.*Reinstall"):
        datasets.fashion_mnist()
    file.write_bytes(content)
    assert len(datasets.fashion_mnist().train_images) == 10_000


def test_manifest_describes_every_file_and_nothing_else():
    entries = datasets.manifest().values()
    assert {e["file"] for e in entries} == {f"data/{p.name}" for p in (datasets.ASSETS / "data").iterdir()}
    table = (datasets.ASSETS / "README.md").read_text(encoding="utf-8")
    for entry in entries:
        content = (datasets.ASSETS / entry["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"] and len(content) == entry["bytes"]
        assert entry["sha256"] in table and entry["licence"] in table and entry["source"] in table


def idx(array):
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes()
    return header + array.tobytes()


def test_full_fashion_mnist_is_read_and_checked(tmp_path, monkeypatch):
    arrays = {
        "train-images-idx3-ubyte": np.arange(3 * 28 * 28, dtype=np.uint8).reshape(3, 28, 28),
        "train-labels-idx1-ubyte": np.array([1, 2, 3], np.uint8),
        "t10k-images-idx3-ubyte": np.zeros((2, 28, 28), np.uint8),
        "t10k-labels-idx1-ubyte": np.array([4, 5], np.uint8),
    }
    for name, array in arrays.items():
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(idx(array)))
    monkeypatch.setattr(datasets, "_fashion_folder", lambda: tmp_path)
    with pytest.raises(datasets.DataError, match="is damaged. Delete it"):  # not the real digests
        datasets.fashion_mnist(full=True)
    digests = {name: hashlib.sha256(idx(array)).hexdigest() for name, array in arrays.items()}
    monkeypatch.setattr(datasets, "FASHION_MNIST_SHA256", digests)
    full = datasets.fashion_mnist(full=True)
    assert np.array_equal(full.train_images[..., 0], arrays["train-images-idx3-ubyte"])
    assert full.test_labels.tolist() == [4, 5]
    file = tmp_path / "t10k-images-idx3-ubyte.gz"
    file.write_bytes(file.read_bytes()[:20])
    with pytest.raises(datasets.DataError, match="is damaged. Delete it"):
        datasets.fashion_mnist(full=True)


def test_manifest_is_plain_json():
    assert set(json.loads((datasets.ASSETS / "manifest.json").read_text())) == {"mnist", "fashion_mnist"}
