"""Files that do not ship with the package: downloaded once, and used only if every byte is the expected one."""

from __future__ import annotations

import hashlib
import os
import shutil
import urllib.request
from http.client import HTTPException
from pathlib import Path

from tqdm import tqdm

from .files import written_whole
from .manifest import DataError

PATIENCE = 20  # seconds that a host may be silent; by default Python would wait for minutes


def downloads() -> Path:
    """The folder of downloaded data, which is Keras' own: ``datasets`` in ``$KERAS_HOME`` or ``~/.keras``."""
    return Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "datasets"


def verified_download(address: str, path: Path, sha256: str, instead: str = "") -> Path:
    """``path``, where the file with this digest is; it is downloaded if there is none yet.

    Args:
        address: where it comes from, HTTPS.
        path: where it is, or shall be.
        sha256: its digest.
        instead: a sentence on what a reader can do without it.

    Raises:
        DataError: it could not be downloaded, or another file is there. That one is removed.
    """
    if not path.exists():
        try:
            download(address, path)
        except (OSError, HTTPException) as error:
            raise DataError(
                f"{address} could not be downloaded to {path} ({error}). Hosts of old data sets are often down: try "
                f"again later. Or get {path.name} from someone who has it, and put it there by hand; its SHA-256 must "
                f"be {sha256}. {instead}".rstrip()
            ) from None
    with open(path, "rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        size = path.stat().st_size
        path.unlink()
        raise DataError(
            f"{path} was not the expected file, or not all of it, and has been removed: {size:,} bytes with SHA-256 "
            f"{found}, expected {sha256}. Call again to download it from {address}."
        )
    return path


def download(address: str, path: Path) -> None:
    """Write what is at ``address`` to ``path``, with a progress bar: all of it or nothing.

    Raises:
        OSError: the host does not answer or says no, the disk is full, or the folder cannot be written.
        HTTPException: the host breaks off.
    """
    with urllib.request.urlopen(address, timeout=PATIENCE) as answer, written_whole(path) as file:
        size = int(answer.headers.get("Content-Length", 0)) or None
        with tqdm.wrapattr(answer, "read", total=size, desc=path.name, leave=False) as reader:
            shutil.copyfileobj(reader, file)
