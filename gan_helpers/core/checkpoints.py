"""Saving a training run so that it can go on after a kill, to the same bits; and refusing to go on with another one."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import keras
import numpy as np

from ..data.files import write_atomically
from . import checks, sampling
from .curves import Curves

CHECKPOINT_SECONDS = 30.0  # at least this long between two saves of a checkpoint


class CheckpointError(RuntimeError):
    """A checkpoint is damaged, or belongs to another run."""


class Checkpoint(keras.callbacks.Callback):
    """Save all that training needs to go on: every ``CHECKPOINT_SECONDS`` or so, and at the end.

    Args:
        path: the file. It is written under another name and then renamed: a crash leaves the old one whole.
        settings: what the run was called with; a resuming run must be called with the same.
    """

    def __init__(self, path: str | Path, settings: dict):
        super().__init__()
        self.path, self.settings = Path(path), settings
        self.saved_at = time.monotonic()

    def on_train_begin(self, logs=None):  # noqa: D102
        if not self.path.exists():  # what cannot be written shall be known before the training, not after it
            self.save()

    def on_epoch_end(self, epoch, logs=None):  # noqa: D102
        if time.monotonic() - self.saved_at >= CHECKPOINT_SECONDS:
            self.save()

    def on_train_end(self, logs=None):  # noqa: D102
        self.save()

    def save(self) -> None:
        """Write the checkpoint now."""
        arrays = {f"state/{name}": variable.numpy() for name, variable in training_state(self.model).items()}
        arrays |= {f"curves/{name}": points for name, points in self.model.curves.as_arrays().items()}
        about = {"step": self.model.steps_done, "run": run_identity(self.model, self.settings)}
        write_atomically(self.path, lambda file: np.savez(file, about=json.dumps(about), **arrays))
        self.saved_at = time.monotonic()


@contextlib.contextmanager
def only_trainer(path: str | Path | None) -> Iterator[None]:
    """A context in which no other training saves to ``path``, in this process or in another one; ``None`` for no file.

    While it lasts there is a file ``….lock`` beside the checkpoint. What counts is the operating system's lock on it,
    which ends with its process, however that ends: a file that is left over locks nothing. (Where the file system knows
    no locks, nothing is locked.)

    Raises:
        CheckpointError: another training is under way, or nothing can be written there.
    """
    if path is None:
        yield
        return
    lock = Path(f"{path}.lock")
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        file = lock.open("wb")
    except OSError as error:
        raise CheckpointError(f"{path} cannot be saved to: {error}. Choose another file.") from error
    with file:
        try:
            lock_file(file)
            if not os.path.samestat(os.fstat(file.fileno()), lock.stat()):
                raise BlockingIOError  # the training before has removed it in this moment, and a third made it anew
        except (BlockingIOError, FileNotFoundError):
            raise CheckpointError(
                f"{path} is in use: another training saves to it. Wait for its end, or choose another file."
            ) from None
        try:
            yield
        finally:
            with contextlib.suppress(OSError):  # Windows does not remove a file that is open
                lock.unlink()


def lock_file(file: BinaryIO) -> None:
    """Lock an open file until it is closed or its process ends; do nothing where the file system knows no locks.

    Raises:
        BlockingIOError: it is locked.
    """
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK):
            raise BlockingIOError(error.errno, "locked") from None


def resume(model, path: str | Path, settings: dict) -> None:
    """Bring ``model`` to the state saved in ``path``; do nothing if there is no such file.

    Args:
        model: compiled, and built as when the checkpoint was made.
        path: from :class:`Checkpoint`.
        settings: what training is called with now.

    Raises:
        CheckpointError: the file is damaged, or was made with other networks or settings.
    """
    path = Path(path)
    if not path.exists():
        return
    step, run, arrays = read(path)
    check_same_run(path, run, run_identity(model, settings))
    state = training_state(model)
    for name, variable in state.items():  # look at all of them before the first one is changed
        saved = arrays.get(f"state/{name}")
        if saved is None or saved.shape != tuple(variable.shape):
            raise damaged(path, f"{name} is missing or has another shape")
        if saved.dtype.kind not in "biufV" or (saved.dtype.kind == "f" and not np.isfinite(saved).all()):
            raise damaged(path, f"{name} holds what is no number")  # kind V: NumPy does not know bfloat16 by name
    curves = {n.removeprefix("curves/"): points for n, points in arrays.items() if n.startswith("curves/")}
    for name, points in curves.items():
        if points.dtype.kind != "f" or points.ndim != 2 or points.shape[1] != 2:
            raise damaged(path, f"the curve {name} is no list of pairs")
    for name, variable in state.items():
        variable.assign(arrays[f"state/{name}"])
    model.curves = Curves.from_arrays(curves)
    model.steps_done = step


def read(path: Path) -> tuple[int, dict, dict[str, np.ndarray]]:
    """What is in the file: the step, the run's identity, and all arrays.

    Raises:
        CheckpointError: it is no checkpoint, or a damaged one.
    """
    try:
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = dict(file)
            about = json.loads(str(arrays.pop("about")))
    except (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile, RecursionError) as error:
        raise CheckpointError(f"{path} cannot be read ({error}). Delete it to start anew.") from error
    if not isinstance(about, dict) or not isinstance(about.get("run"), dict):
        raise damaged(path, "it does not say of which run it is")
    if not checks.is_whole(about.get("step")) or about["step"] < 0:
        raise damaged(path, f"its step is {about.get('step')!r}")
    return about["step"], about["run"], arrays


def damaged(path: Path, why: str) -> CheckpointError:
    """The error that says what is wrong with a file, and what to do."""
    return CheckpointError(f"{path} is damaged: {why}. Delete it to start anew.")


def training_state(model) -> dict[str, keras.Variable]:
    """Every variable that a training step reads or writes, by a stable name."""
    return {f"{name}/{i:03d}": v for name, part in model.parts().items() for i, v in enumerate(part.variables)}


def run_identity(model, settings: dict) -> dict:
    """What two runs must have in common for one to continue the other: name → plain JSON value."""
    identity = model.identity() | settings
    for name, network in model.networks().items():
        identity |= {f"{name}'s {key}": value for key, value in architecture(network).items()}
    for player in model.players():
        optimizer = model.optimizer_of(player)
        config = optimizer.get_config() | {"name": type(optimizer).__name__}  # Keras numbers its default names
        identity |= {f"{player} optimizer's {key}": value for key, value in config.items()}
    shapes = {name: list(variable.shape) for name, variable in training_state(model).items()}
    return json.loads(json.dumps(identity | {"shapes": shapes}, default=str))


def architecture(network: keras.Model) -> dict[str, object]:
    """Every setting of every layer, its dtype included, by a name that does not depend on what Keras has numbered."""
    settings = {}
    for i, layer in enumerate(network.layers):
        own = f"layer {i} ({type(layer).__name__})"
        if isinstance(layer, keras.Model):
            settings |= {f"{own}, {key}": value for key, value in architecture(layer).items()}
        else:
            settings |= {f"{own}, {key}": value for key, value in without_names(layer.get_config()).items()}
    return settings


def without_names(config):
    """A layer's configuration without the names of layers, also of those within it; names of precisions stay."""
    if isinstance(config, dict):
        if str(config.get("class_name", "")).endswith("DTypePolicy"):
            return config
        return {key: without_names(value) for key, value in config.items() if key != "name"}
    if isinstance(config, list | tuple):
        return [without_names(value) for value in config]
    return config


def digest(sources) -> str:
    """A short digest of training data: runs on other data are other runs."""
    digest = hashlib.sha256()
    for source in sources:
        for array in sampling.arrays_of(source):
            array = np.ascontiguousarray(array)
            digest.update(f"{array.dtype}{array.shape}".encode())
            digest.update(array.data)
    return digest.hexdigest()[:16]


def check_same_run(path: Path, saved: dict, asked: dict) -> None:
    """Raise unless the two identities are equal, naming the first thing that differs."""
    for name in [*saved, *(asked.keys() - saved.keys())]:
        if saved.get(name) != asked.get(name):
            raise CheckpointError(
                f"{path} is from another run: its {name} is {saved.get(name)}, now it is {asked.get(name)}. "
                "Choose another file, delete this one, or go back to its settings."
            )
