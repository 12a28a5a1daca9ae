import gzip
import hashlib
import json
import shutil

import numpy as np
import pytest

from gan_helpers.data import fashion, images, manifest, sets


def test_mnist_is_all_of_mnist(digits):
    assert digits.train_images.shape == (60_000, 28, 28, 1) and digits.test_images.shape == (10_000, 28, 28, 1)
    assert digits.train_images.dtype == np.uint8 and digits.train_labels.dtype == np.int64
    # published mean and standard deviation of the training pixels
    assert digits.train_images.mean() == pytest.approx(33.3184, abs=1e-3)
    assert (digits.train_images / 255).std() == pytest.approx(0.30811, abs=1e-4)
    assert np.bincount(digits.test_labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_fashion_excerpt_is_balanced_and_real():
    clothes = sets.fashion_mnist()
    assert np.bincount(clothes.train_labels).tolist() == [1000] * 10
    assert np.bincount(clothes.test_labels).tolist() == [200] * 10
    assert clothes.class_names[9] == "Ankle boot" and clothes.train_labels[0] == 9  # the first image of the full set
    assert len({image.tobytes() for image in clothes.train_images}) > 9_900  # pictures, not copies of one


@pytest.mark.parametrize("style", sets.EMOJI_STYLES)
def test_emoji_are_pictures_on_white(style):
    emoji = sets.emoji(style)
    assert emoji.name == f"emoji_{style}" and emoji is sets.load(f"emoji_{style}")
    assert emoji.train_images.shape == (1153, 64, 64, 3) and emoji.test_images.shape == (202, 64, 64, 3)
    assert emoji.train_images.dtype == np.uint8 and emoji.train_labels.dtype == np.int64
    assert emoji.class_names[0] == "Smileys & Emotion"
    assert np.bincount(emoji.train_labels).tolist() == [141, 280, 130, 112, 193, 74, 223]
    assert np.bincount(emoji.test_labels).tolist() == [25, 61, 26, 16, 25, 11, 38]
    images = np.concatenate([emoji.train_images, emoji.test_images])
    white_corner = (images[:, ::63, ::63] == 255).all(axis=-1)
    assert white_corner.mean() > (0.94 if style == "twemoji" else 0.999)  # a few of Twemoji fill their square
    assert (images.max(axis=-1) < 20).mean() < 0.01  # transparent is not black
    assert images.std(axis=(1, 2, 3)).min() > 2  # and none is blank


@pytest.mark.parametrize("style", sets.EMOJI_STYLES)
@pytest.mark.parametrize("size", [64, 32, 16])
def test_no_emoji_is_there_twice(style, size):
    emoji = sets.emoji(style, size)
    assert len({image.tobytes() for image in (*emoji.train_images, *emoji.test_images)}) == 1153 + 202


def test_emoji_are_aligned_across_styles():
    noto, twemoji, fluent = (sets.emoji(style, 16) for style in sets.EMOJI_STYLES)
    stored = [manifest.arrays_of(f"emoji_{style}") for style in sets.EMOJI_STYLES]
    for part in ("train", "test"):
        for key in (f"{part}_labels", f"{part}_names"):
            assert np.array_equal(stored[0][key], stored[1][key]) and np.array_equal(stored[0][key], stored[2][key])
        a, b, c = (each.scaled(part) for each in (noto, twemoji, fluent))
        for one, other in ((a, b), (b, c), (a, c)):  # the pictures too: a pair is closer than neighbours are
            paired = np.abs(one - other).mean()
            assert all(paired < 0.85 * np.abs(one - np.roll(other, shift, axis=0)).mean() for shift in (-1, 1))


def test_names_tell_what_an_emoji_shows():
    train, test = sets.emoji_names(), sets.emoji_names("test")
    assert len(train) == 1153 and len(test) == 202
    for style in sets.EMOJI_STYLES:
        emoji = sets.emoji(style)
        for pictures, place in (
            (emoji.test_images, test.index("blueberries")),
            (emoji.train_images, train.index("blue heart")),
        ):
            red, _, blue = pictures[place - 1 : place + 2].mean(axis=(1, 2)).T
            assert np.argmax(blue - red) == 1, style  # bluer than the one before and the one after
    with pytest.raises(ValueError, match="'train' or 'test', got 'all'"):
        sets.emoji_names("all")


def test_variants_of_an_emoji_are_on_one_side():
    train, test = set(sets.emoji_names()), set(sets.emoji_names("test"))
    assert not train & test
    for variants in (
        {"scientist", "man scientist", "woman scientist", "microscope"},
        {"pedestrian", "man walking", "woman walking"},
        {"judge", "man judge", "woman judge"},
        {"woman: red hair", "man: red hair", "man", "woman: bald"},
        {"person frowning", "man frowning", "woman pouting"},
        {"taxi", "oncoming taxi"},
        {"orange heart", "green heart", "two hearts", "heart on fire"},
        {"left-pointing magnifying glass", "right-pointing magnifying glass"},
        {name for name in train | test if name.startswith("clock face")},
        {name for name in train | test if "medal" in name},
    ):
        assert len(variants) > 1 and (variants <= train or variants <= test), variants


@pytest.mark.parametrize("styles, size, seed", [(("twemoji", "fluent"), 64, 0), (("noto", "twemoji"), 16, 3)])
def test_unpaired_emoji_have_no_pairs(styles, size, seed):
    """Every training emoji is in exactly one of the two sets, in that set's style."""
    halves = sets.unpaired_emoji(*styles, size, seed)[:2]
    framed = [sets.with_margin(sets.emoji(style), size) for style in styles]
    train = [[image.tobytes() for image in data.scaled()] for data in framed]
    found = [np.isin(all_of_style, [image.tobytes() for image in half]) for all_of_style, half in
             zip(train, halves, strict=True)]  # fmt: skip
    assert (found[0] ^ found[1]).all() and [len(half) for half in halves] == [of.sum() for of in found]
    assert abs(len(halves[0]) - len(halves[1])) < 60
    for half in halves:
        assert half.dtype == np.float32 and half.shape[1:] == (size, size, 3) and half.min() == -1 and half.max() == 1
    family = sets.families(sets.emoji_names())
    assert not set(family[found[0]]) & set(family[found[1]])
    labels = sets.emoji().train_labels  # faces, food and all other groups are in both halves
    assert min(np.bincount(labels[of], minlength=7).min() for of in found) >= 20


def test_held_out_emoji_are_pairs_of_one_size():
    """The flat style fills the whole square; beside the other it would be an eighth larger."""
    data = sets.unpaired_emoji()
    assert data.test_a.shape == data.test_b.shape == (202, 64, 64, 3)
    for of_kind in data:
        ink = (of_kind < 0.95).any(axis=-1)
        sides = np.maximum(ink.any(axis=1).sum(axis=1), ink.any(axis=2).sum(axis=1))
        assert 55 <= np.median(sides) <= 57
    assert np.array_equal(data.test_b, sets.emoji("fluent").scaled("test"))  # as it is shipped
    apart = np.abs(data.test_a - data.test_b).mean()
    assert apart < 0.8 * np.abs(data.test_a - np.roll(data.test_b, 1, axis=0)).mean()
    with pytest.raises(ValueError, match="size must be 64, 32 or 16, got 48"):
        sets.unpaired_emoji(size=48)


def test_unpaired_emoji_follow_their_seed():
    first, again, other = (sets.unpaired_emoji(size=16, seed=seed)[0] for seed in (0, 0, 1))
    assert np.array_equal(first, again) and not np.array_equal(first[:100], other[:100])
    with pytest.raises(ValueError, match="a and b must be two styles, got 'noto' twice"):
        sets.unpaired_emoji("noto", "noto")
    with pytest.raises(ValueError, match="style must be one of noto, twemoji, fluent, got 'apple'"):
        sets.unpaired_emoji("noto", "apple")


def test_families_follow_from_names():
    names = (
        "grinning face", "neutral face", "judge", "man judge", "woman judge", "runner", "man running", "pear",
        "red heart", "blue heart", "half moon symbol", "full moon with face", "bell", "bell with stroke", "person",
    )  # fmt: skip
    assert sets.families(names).tolist() == [0, 1, 2, 2, 2, 3, 3, 4, 5, 5, 6, 6, 7, 7, 8]
    train = sets.emoji_names()
    family = dict(zip(train, sets.families(train), strict=True))
    assert 700 < len(set(family.values())) < 900
    for variants in (
        {"scientist", "man scientist", "woman scientist"} & set(train),
        {"astronaut", "woman astronaut"},
        {"orange heart", "white heart", "broken heart"},
        {"woman: bald", "man: red hair"},
        {name for name in train if name.startswith("clock face")},
    ):
        assert len({family[name] for name in variants}) <= 1


@pytest.mark.parametrize("size", [32, 16])
def test_smaller_emoji_are_means_of_blocks(size):
    full, small = sets.emoji("fluent"), sets.emoji("fluent", size)
    assert small is sets.emoji("fluent", size=size) and small.image_shape == (size, size, 3)
    assert small.test_images.dtype == np.uint8 and np.array_equal(small.test_labels, full.test_labels)
    factor = 64 // size
    rows = slice(5 * factor, 6 * factor)
    for column in range(size):
        block = full.test_images[:, rows, column * factor : (column + 1) * factor].astype(float)
        assert np.abs(small.test_images[:, 5, column] - block.mean(axis=(1, 2))).max() <= 0.5
    with pytest.raises(ValueError, match="read-only"):
        small.test_images[0] = 0


def test_emoji_people_are_pictures_on_white():
    people = sets.emoji_people()
    assert people is sets.load("emoji_people") and people.class_names == ("smiley", "head", "bust")
    assert people.train_images.shape == (928, 64, 64, 3) and people.test_images.shape == (160, 64, 64, 3)
    assert people.train_images.dtype == np.uint8 and people.train_labels.dtype == np.int64
    assert np.bincount(people.train_labels).tolist() == [94, 192, 642]
    assert np.bincount(people.test_labels).tolist() == [10, 18, 132]
    images = np.concatenate([people.train_images, people.test_images])
    assert (images[:, 0, ::63] == 255).all(axis=-1).mean() > 0.999  # the lower corners are shoulders
    assert len({image.tobytes() for image in images}) == 1088
    small = sets.emoji_people(4)
    assert small.image_shape == (4, 4, 3) and np.array_equal(small.test_labels, people.test_labels)
    block = people.test_images[:, 16:32, 48:64].astype(float)
    assert np.abs(small.test_images[:, 1, 3] - block.mean(axis=(1, 2))).max() <= 0.5
    with pytest.raises(ValueError, match="size must be 64, 32, 16, 8 or 4, got 128"):
        sets.emoji_people(128)


def test_all_skin_tones_of_an_emoji_are_on_one_side():
    counts = {}
    for part in ("train", "test"):
        labels, tones = sets.emoji_people().labels(part), sets.emoji_people_attributes(part)["skin_tone"]
        for name, label, tone in zip(sets.emoji_people_names(part), labels, tones, strict=True):
            counts.setdefault(name, []).append((part, label, tone))
    assert len(counts) == 104 + 164
    for name, seen in counts.items():
        parts, labels, tones = zip(*seen, strict=True)
        assert len(set(parts)) == 1 and len(set(labels)) == 1, name
        assert tones == ((0,) if labels[0] == 0 else (0, 1, 2, 3, 4, 5)), name


def test_man_woman_and_person_of_an_emoji_are_on_one_side():
    train, test = set(sets.emoji_people_names()), set(sets.emoji_people_names("test"))
    assert not train & test
    subjects = [name.removeprefix("man ") for name in train | test if name.startswith("man ")]
    assert len(subjects) > 30 and "scientist" in subjects
    for subject in subjects:
        variants = {subject, f"man {subject}", f"woman {subject}", f"person {subject}"} & (train | test)
        assert variants <= train or variants <= test, variants


def test_attributes_tell_what_the_pictures_show():
    assert not any(emoji in sets.emoji_people_names() for emoji in ("skull", "breast-feeding", "fairy", "genie"))
    for part in ("train", "test"):
        people, attributes = sets.emoji_people(), sets.emoji_people_attributes(part)
        smiley, names = people.labels(part) == 0, np.array(sets.emoji_people_names(part))
        assert attributes["skin_tone"].dtype == np.int64 and max(attributes["skin_tone"]) < len(sets.SKIN_TONES)
        assert all(len(values) == len(names) for values in attributes.values())
        assert all(values.dtype == bool for name, values in attributes.items() if name != "skin_tone")
        assert not (attributes["man"] & attributes["woman"]).any()
        assert not (smiley & (attributes["man"] | attributes["woman"])).any()
        brightness = people.images(part)[~smiley].mean(axis=(1, 2, 3)).reshape(-1, 6)  # six pictures an emoji
        # light skin comes with black hair, medium-light skin with blond hair: in the whole picture either may be darker
        assert (np.diff(brightness[:, 2:]) < 0).all() and (brightness[:, 1] > brightness[:, 3]).all()
    names, attributes = np.array(sets.emoji_people_names()), sets.emoji_people_attributes()
    for name, expected in (
        ("woman: red hair", {"woman", "red_hair"}),
        ("father christmas", {"man", "white_hair", "beard", "hat"}),
        ("woman mage", {"woman", "hat"}),
        ("face with cowboy hat", {"hat"}),
        ("person in tuxedo", set()),
    ):
        place = np.flatnonzero(names == name)[0]
        assert {key for key, values in attributes.items() if values[place]} == expected
    with pytest.raises(ValueError, match="'train' or 'test', got 'all'"):
        sets.emoji_people_attributes("all")


def test_scaled_spans_the_range_of_tanh(digits):
    scaled = digits.scaled("test")
    assert scaled.dtype == np.float32 and scaled.min() == -1 and scaled.max() == 1
    assert np.array_equal(images.to_uint8(scaled), digits.test_images)


def test_only_floats_in_the_range_of_tanh_become_bytes():
    overshot_by_rounding = np.array([-1.0005, -1, 0, 1, 1.0005], np.float32)
    assert images.to_uint8(overshot_by_rounding).tolist() == [0, 0, 128, 255, 255]
    assert images.to_uint8(np.zeros((0, 2, 2, 1))).shape == (0, 2, 2, 1)
    for wrong in ([0.0, 255.0], [-1.5, 0.0], [np.nan, 0.0]):
        with pytest.raises(ValueError, match=r"images must lie in \[-1, 1\], got \["):
            images.to_uint8(np.array(wrong))
    for dtype in (np.uint8, np.int64, bool):
        with pytest.raises(ValueError, match=rf"images must be floats in \[-1, 1\], got {np.dtype(dtype)}"):
            images.to_uint8(np.zeros(3, dtype))


def test_block_mean_shrinks_bytes_only():
    pictures = np.array([[0, 2], [4, 5]], np.uint8).reshape(1, 2, 2, 1)
    assert images.block_mean(pictures, 2).tolist() == [[[[3]]]]
    for dtype in (np.float32, np.int64):  # 256 would wrap to 0, and −1 to 255
        with pytest.raises(TypeError, match=rf"images must be uint8 in 0..255, got {np.dtype(dtype)}"):
            images.block_mean(pictures.astype(dtype), 2)
    for factor in (3, 0, -2):
        with pytest.raises(ValueError, match=f"factor must divide height and width, 2 and 2; got {factor}"):
            images.block_mean(pictures, factor)


def test_shared_arrays_cannot_be_written(digits):
    with pytest.raises(ValueError, match="read-only"):
        digits.train_images[0] = 0


def test_helpful_errors(digits):
    with pytest.raises(ValueError, match="'train' or 'test', got 'validation'"):
        digits.images("validation")
    with pytest.raises(ValueError, match="no data set named 'cifar'; there are: mnist"):
        sets.load("cifar")
    with pytest.raises(ValueError, match="size must divide the side of emoji_people, 64; got 24"):
        sets.load("emoji_people", 24)
    with pytest.raises(ValueError, match="style must be one of noto, twemoji, fluent, got 'apple'"):
        sets.emoji("apple")
    with pytest.raises(ValueError, match="size must be 64, 32 or 16, got 28"):
        sets.emoji(size=28)
    with pytest.raises(TypeError, match="must be uint8"):
        images.to_unit_range(np.zeros((2, 2), np.float32))


@pytest.fixture
def assets(tmp_path, monkeypatch):
    """A copy of the manifest and of two data files, free to be damaged."""
    (tmp_path / "data").mkdir()
    shutil.copy(manifest.ASSETS / "manifest.json", tmp_path)
    for file in ("fashion_mnist.npz", "emoji_twemoji.npz"):
        shutil.copy(manifest.ASSETS / "data" / file, tmp_path / "data")
    monkeypatch.setattr(manifest, "ASSETS", tmp_path)
    for cached in (sets._shipped, sets._shrunk):
        cached.cache_clear()
    yield tmp_path
    for cached in (sets._shipped, sets._shrunk):
        cached.cache_clear()


def test_missing_truncated_and_altered_files_say_how_to_mend_them(assets):
    file = assets / "data/fashion_mnist.npz"
    content = file.read_bytes()
    for damage in (content[:-1000], content[:5000] + b"x" + content[5001:], b""):
        file.write_bytes(damage)
        with pytest.raises(manifest.DataError, match=r"fashion_mnist.npz .* is damaged.*Reinstall.*git checkout"):
            sets.fashion_mnist()
    file.unlink()
    with pytest.raises(manifest.DataError, match=r"is missing.*Reinstall"):
        sets.fashion_mnist()
    file.write_bytes(content)
    assert len(sets.fashion_mnist().train_images) == 10_000


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is no JSON"),
        (b'{"fashion_mnist": ', "it is no JSON"),
        (b'{"fashion_mnist": "\xff"}', "it is no JSON"),
        (b"[]", "it is no JSON object"),
        (b"null", "it is no JSON object"),
        (b"{}", "it lists nothing"),
        (b'{"fashion_mnist": null}', "its entry 'fashion_mnist' is no JSON object"),
        (b'{"fashion_mnist": {}}', "its entry 'fashion_mnist' has no 'title', or one of a wrong type"),
    ],
)
def test_a_damaged_manifest_says_how_to_mend_it(assets, content, why):
    (assets / "manifest.json").write_bytes(content)
    for load in (sets.fashion_mnist, sets.emoji_names, lambda: sets.load("mnist"), fashion.full_fashion_mnist):
        with pytest.raises(manifest.DataError, match=rf"manifest.json in .* is damaged: {why}.*Reinstall") as error:
            load()
        assert "\n" not in str(error.value)


def test_a_manifest_without_an_entry_or_without_its_digest_says_so(assets):
    file = assets / "manifest.json"
    entries = json.loads(file.read_text())
    del entries["mnist"]
    entries["fashion_mnist"]["sha256"] = None
    file.write_text(json.dumps(entries))
    with pytest.raises(manifest.DataError, match="'fashion_mnist' has no 'sha256', or one of a wrong type"):
        sets.fashion_mnist()
    entries["fashion_mnist"]["sha256"] = "0" * 64
    file.write_text(json.dumps(entries))
    with pytest.raises(manifest.DataError, match="manifest.json in .* is damaged: it has no entry 'mnist'"):
        sets.mnist()
    file.unlink()
    with pytest.raises(manifest.DataError, match="manifest.json is missing.*Reinstall"):
        sets.mnist()


def test_what_cannot_be_read_is_named(assets):
    for file in (assets / "data/fashion_mnist.npz", assets / "manifest.json"):
        file.unlink()
        file.mkdir()
        with pytest.raises(manifest.DataError, match=rf"{file.name} in .* cannot be read \(.*Reinstall"):
            sets.fashion_mnist()


def test_damaged_emoji_are_refused_at_every_size(assets):
    file = assets / "data/emoji_twemoji.npz"
    file.write_bytes(file.read_bytes()[:-1])
    for size in (64, 32):
        with pytest.raises(manifest.DataError, match=r"emoji_twemoji.npz .* is damaged.*Reinstall"):
            sets.emoji("twemoji", size)
    with pytest.raises(manifest.DataError, match=r"emoji_noto.npz is missing.*Reinstall"):
        sets.emoji_names()


def test_manifest_describes_every_file_and_nothing_else():
    entries = manifest.manifest().values()
    assert {e["file"] for e in entries} == {f"data/{p.name}" for p in (manifest.ASSETS / "data").iterdir()}
    table = (manifest.ASSETS / "README.md").read_text(encoding="utf-8")
    for entry in entries:
        content = (manifest.ASSETS / entry["file"]).read_bytes()
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
    monkeypatch.setattr(fashion, "_fashion_folder", lambda: tmp_path)
    with pytest.raises(manifest.DataError, match="is damaged. Delete it"):  # not the real digests
        sets.fashion_mnist(full=True)
    digests = {name: hashlib.sha256(idx(array)).hexdigest() for name, array in arrays.items()}
    monkeypatch.setattr(fashion, "FASHION_MNIST_SHA256", digests)
    full = sets.fashion_mnist(full=True)
    assert np.array_equal(full.train_images[..., 0], arrays["train-images-idx3-ubyte"])
    assert full.test_labels.tolist() == [4, 5]
    file = tmp_path / "t10k-images-idx3-ubyte.gz"
    file.write_bytes(file.read_bytes()[:20])
    with pytest.raises(manifest.DataError, match="is damaged. Delete it"):
        sets.fashion_mnist(full=True)


def test_the_photographs_are_five_and_none_is_held_out():
    five = sets.photographs()
    assert five.train_images.shape == (5, 224, 224, 3) and five.test_images.shape == (0, 224, 224, 3)
    assert five.class_names == ("panda", "goldfish", "coffee", "man with camera", "dam")
    assert five.train_labels.tolist() == [0, 1, 2, 3, 4] and len(np.unique(five.train_images)) == 256
    assert all(licence in five.licence for licence in ("CC0", "CC BY 1.0", "Public domain"))


def test_manifest_is_plain_json():
    assert set(json.loads((manifest.ASSETS / "manifest.json").read_text())) == {
        "mnist", "fashion_mnist", "emoji_noto", "emoji_twemoji", "emoji_fluent", "emoji_people", "photographs",
    }  # fmt: skip


def test_few_per_class():
    labels = np.random.default_rng(3).integers(0, 4, 400)
    chosen = images.few_per_class(labels, 5, seed=1)
    assert np.array_equal(labels[chosen], np.repeat(np.arange(4), 5)) and len(set(chosen)) == 20
    assert np.array_equal(chosen, images.few_per_class(labels, 5, seed=1))
    assert not np.array_equal(chosen, images.few_per_class(labels, 5, seed=2))
    others = images.few_per_class(labels, 3, seed=1, skip=5)
    assert np.array_equal(labels[others], np.repeat(np.arange(4), 3)) and not set(chosen) & set(others)
    few = images.few_per_class(labels, 2, seed=1)
    assert set(few) <= set(chosen), "more labels are the same labels and others"
    with pytest.raises(ValueError, match="per_class \\+ skip must be at most .*; got 90 \\+ 40"):
        images.few_per_class(labels, 90, skip=40)
