"""Writing files so that nothing is ever half-written."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def written_whole(path: str | Path) -> Iterator[BinaryIO]:
    """A new binary file that takes the place of ``path`` when the block ends, unless it ends with an error.

    Of several that write to one path at a time, each has a temporary file of its own. The last to end wins; a reader
    sees the whole of what one of them wrote.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{secrets.token_hex(8)}.partial")
    try:
        with open(partial, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_atomically(path: str | Path, write: Callable[[BinaryIO], object]) -> None:
    """Call ``write(file)`` on a new file that then takes the place of ``path``: all or nothing.

    Raises:
        OSError: the disk is full or the folder cannot be written; ``path`` is as it was.
    """
    try:
        with written_whole(path) as file:
            write(file)
    except OSError as error:
        raise OSError(error.errno, f"could not write {path}: {error.strerror}; the old file is untouched") from error
