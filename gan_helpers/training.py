"""What watches every training run: the learning curves, the checkpoint, the stop button, the guard against NaN."""

from __future__ import annotations

import contextlib
import hashlib
import json
import signal
import threading
import time
import zipfile
from pathlib import Path

import keras
import numpy as np

from . import sampling
from .curves import Curves
from .files import write_atomically

CHECKPOINT_SECONDS = 30.0  # at least this long between two saves of a checkpoint


class NotANumberError(ArithmeticError):
    """A loss became NaN or infinite; the message says what usually causes it."""


class CheckpointError(RuntimeError):
    """A checkpoint is damaged, or belongs to another run."""


class Stopped(KeyboardInterrupt):
    """Training was stopped by its reader; the message says where it stands and how it goes on."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: one line, instead of all the calls that were under way."""
        return [str(self)]


class NaNGuard(keras.callbacks.Callback):
    """Stop with an explanation as soon as a reported value is no longer finite."""

    def on_epoch_begin(self, epoch, logs=None):  # noqa: D102
        self.interval_began = self.model.steps_done

    def on_epoch_end(self, epoch, logs=None):  # noqa: D102
        for name, value in (logs or {}).items():
            if not np.isfinite(value):
                raise NotANumberError(
                    f"{name} became {float(value)} between steps {self.interval_began} and "
                    f"{self.model.steps_done}. Usual causes: a learning rate that is too high; images "
                    "outside [-1, 1]; log or square root of 0 in a loss (use losses on logits; add a small number "
                    "under the root of a gradient penalty). Checkpoints from before this point are intact."
                )


class RecordCurves(keras.callbacks.Callback):
    """After every interval: add its averages to ``model.curves``."""

    def on_epoch_end(self, epoch, logs=None):  # noqa: D102
        self.model.curves.add(self.model.steps_done, **{name: logs[name] for name in self.model.reports})


class StopButton(keras.callbacks.Callback):
    """Hear the stop button of a notebook, or Ctrl+C, between intervals; a context around the loop of training.

    Once: the interval that is under way is finished and recorded, and training ends with :class:`Stopped`. Twice:
    training ends as soon as TensorFlow returns; the interval under way is missing from the curves, and a checkpoint
    holds what was saved last. The weights agree with ``steps_done`` either way, because a compiled interval is never
    broken off. (In smoke mode nothing is compiled: there a second press can fall within a step.)

    Args:
        model: the system that is trained.
        steps: how far it was to be trained.
        watchers: what else watches; if a checkpoint does, it changes where training goes on.
    """

    def __init__(self, model, steps: int, watchers=()):
        super().__init__()
        self.set_model(model)
        self.steps = steps
        self.saves = any(isinstance(watcher, Checkpoint) for watcher in watchers)
        self.pressed = False

    def __enter__(self) -> StopButton:
        self.before = signal.getsignal(signal.SIGINT)
        in_main_thread = threading.current_thread() is threading.main_thread()  # nowhere else are signals heard
        self.listens = in_main_thread and self.before is signal.default_int_handler
        if self.listens:
            signal.signal(signal.SIGINT, self.press)
        return self

    def press(self, signum, frame) -> None:
        """Remember the first press; the second one breaks off."""
        if self.pressed:
            raise KeyboardInterrupt
        self.pressed = True
        with contextlib.suppress(RuntimeError):  # the press may come in the middle of another print
            print("stopping after this interval; press again to stop at once")

    def on_epoch_end(self, epoch, logs=None):  # noqa: D102
        if self.pressed:
            self.model.stop_training = True

    def __exit__(self, kind, error, traceback) -> None:
        if self.listens:
            signal.signal(signal.SIGINT, self.before)
        where = f"step {self.model.steps_done} of {self.steps}"
        goes_on = f"train(…, steps={self.steps}) goes on from there"
        if kind is KeyboardInterrupt:
            if self.saves:
                goes_on = f"with its checkpoint, train(…, steps={self.steps}) goes on from what was saved last"
            missing = "the last interval is missing from the curves"
            raise Stopped(f"stopped at once at {where}; {goes_on}; {missing}") from None
        if kind is None and self.pressed and self.model.steps_done < self.steps:
            raise Stopped(f"stopped at {where}; {goes_on}")


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
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
            about = json.loads(str(arrays.pop("about")))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"{path} cannot be read ({error}). Delete it to start anew.") from error
    check_same_run(path, about["run"], run_identity(model, settings))
    for name, variable in training_state(model).items():
        variable.assign(arrays[f"state/{name}"])
    curves = {n.removeprefix("curves/"): points for n, points in arrays.items() if n.startswith("curves/")}
    model.curves = Curves.from_arrays(curves)
    model.steps_done = about["step"]


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
