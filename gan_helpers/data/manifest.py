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


SEAL = "values_sha256"
ENTRY = {"title": str, "source": str, "licence": str, "class_names": list, "file": str, "bytes": int, "sha256": str}


class DataError(RuntimeError):
    """A shipped or downloaded file is missing, truncated or altered. The message says how to mend it."""


def manifest() -> dict[str, dict]:
    """What ships: name → title, source, licence, class_names, file, bytes, sha256.

    Raises:
        DataError: the list is missing or damaged.
    """
    path = ASSETS / "manifest.json"
    entries = read_json(path)
    if not entries:
        raise damaged(path, "it lists nothing")
    for name, entry in entries.items():
        check_keys(path, f"its entry {name!r}", entry, ENTRY)
    return entries


def entry_of(name: str) -> dict:
    """The entry of the data set called ``name``.

    Raises:
        DataError: the list is missing or damaged, or has no such entry.
    """
    entries = manifest()
    if name not in entries:
        raise damaged(ASSETS / "manifest.json", f"it has no entry {name!r}")
    return entries[name]


def damaged(path: Path, why: str) -> DataError:
    """The error that says what is wrong with a file, and how to mend it."""
    return DataError(f"{path.name} in {path.parent} is damaged: {why}. {REINSTALL}")


def read(path: Path) -> bytes:
    """What is in ``path``.

    Raises:
        DataError: there is no such file, or it cannot be read.
    """
    if not path.exists():
        raise DataError(f"{path.name} is missing from {path.parent}. {REINSTALL}")
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path.name} in {path.parent} cannot be read ({error.strerror}). {REINSTALL}") from None


def read_json(path: Path, **kinds: type) -> dict:
    """The JSON object in ``path``.

    Args:
        path: of the file.
        kinds: keys that it must have, and of which type their values are.

    Raises:
        DataError: it is missing, cannot be read, is no JSON object, or lacks a key.
    """
    try:
        content = json.loads(read(path).decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise damaged(path, f"it is no JSON ({error})") from None
    check_keys(path, "it", content, kinds)
    return content


def check_keys(path: Path, what: str, value: object, kinds: dict[str, type]) -> None:
    """Raise unless ``value``, read from ``path``, is a JSON object with these keys and types."""
    if not isinstance(value, dict):
        raise damaged(path, f"{what} is no JSON object")
    for key, kind in kinds.items():
        if not isinstance(value.get(key), kind):
            raise damaged(path, f"{what} has no {key!r}, or one of a wrong type")


def read_verified(path: Path, sha256: str) -> bytes:
    """Read ``path`` and return its bytes if their digest is ``sha256``.

    Raises:
        DataError: the file is missing, truncated or altered.
    """
    content = read(path)
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise damaged(path, f"{len(content):,} bytes with SHA-256 {found[:12]}…, expected {sha256[:12]}…")
    return content


def read_weights(card_path: Path) -> tuple[dict, bytes]:
    """A weights' card and the verified bytes of the weights beside it.

    A card that was written before cards had a digest of their own is taken as it is.

    Raises:
        DataError: either is missing or damaged, a value on the card was changed, or the weights are not those of the
            card.
    """
    card = read_json(card_path, sha256=str)
    if card.pop(SEAL, seal_of(card)) != seal_of(card):
        raise damaged(card_path, "a value was changed since it was written")
    return card, read_verified(card_path.with_suffix(".npz"), card["sha256"])


def seal_of(card: dict) -> str:
    """The digest of a card's own values, which stands on the card as :data:`SEAL`."""
    values = {key: value for key, value in card.items() if key != SEAL}
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def arrays_of(name: str) -> np.lib.npyio.NpzFile:
    """The verified arrays of the data set called ``name``.

    Raises:
        DataError: the file is missing, truncated or altered.
    """
    entry = entry_of(name)
    content = read_verified(ASSETS / entry["file"], entry["sha256"])
    return np.load(io.BytesIO(content), allow_pickle=False)  # decodes the very bytes that were checked
