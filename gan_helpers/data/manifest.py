"""What ships with the package: its list, and reading it only where every byte is the one that was shipped."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import numpy as np

ASSETS = Path(__file__).parents[1] / "assets"

REINSTALL = (
    "Reinstall the package (`pip install --force-reinstall --no-deps gan-helpers`), "
    "or, in a clone of the repository, restore the file with `git checkout -- gan_helpers/assets`."
)


class DataError(RuntimeError):
    """A shipped or downloaded file is missing, truncated or altered. The message says how to mend it."""


def manifest() -> dict[str, dict]:
    """What ships: name → title, source, licence, class_names, file, bytes, sha256."""
    return json.loads((ASSETS / "manifest.json").read_text(encoding="utf-8"))


def read_verified(path: Path, sha256: str) -> bytes:
    """Read ``path`` and return its bytes if their digest is ``sha256``.

    Raises:
        DataError: the file is missing, truncated or altered.
    """
    if not path.exists():
        raise DataError(f"{path.name} is missing from {path.parent}. {REINSTALL}")
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise DataError(
            f"{path.name} in {path.parent} is damaged: {len(content):,} bytes with SHA-256 {found[:12]}…, "
            f"expected {sha256[:12]}…. {REINSTALL}"
        )
    return content


def read_weights(card_path: Path) -> tuple[dict, bytes]:
    """A weights' card and the verified bytes of the weights beside it.

    Raises:
        DataError: either is missing, or the weights are not those of the card.
    """
    if not card_path.exists():
        raise DataError(f"{card_path.name} is missing from {card_path.parent}. {REINSTALL}")
    card = json.loads(card_path.read_text(encoding="utf-8"))
    return card, read_verified(card_path.with_suffix(".npz"), card["sha256"])


def arrays_of(name: str) -> np.lib.npyio.NpzFile:
    """The verified arrays of the data set called ``name``.

    Raises:
        DataError: the file is missing, truncated or altered.
    """
    entry = manifest()[name]
    content = read_verified(ASSETS / entry["file"], entry["sha256"])
    return np.load(io.BytesIO(content), allow_pickle=False)  # decodes the very bytes that were checked
