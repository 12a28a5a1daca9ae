"""What watches every training run: the guard against NaN, the learning curves, the stop button; and a stopwatch."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Sequence

import keras
import numpy as np

from . import checks
from .checkpoints import Checkpoint


class NotANumberError(ArithmeticError):
    """A loss became NaN or infinite; the message says what usually causes it."""


class Stopped(KeyboardInterrupt):
    """Training was stopped by its reader; the message says where it stands and how it goes on."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: one line, instead of all the calls that were under way."""
        return [str(self)]


def checked_callbacks(callbacks) -> Sequence[keras.callbacks.Callback]:
    """The callbacks, if they are a list or tuple of such; else a ``ValueError``."""
    many = isinstance(callbacks, list | tuple)
    if not many or not all(isinstance(callback, keras.callbacks.Callback) for callback in callbacks):
        raise checks.refuse("callbacks", "a list of Keras callbacks", callbacks)
    return callbacks


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


class Looks(keras.callbacks.Callback):
    """Keep what ``look(model)`` returns before the first step and after every interval.

    Attributes:
        seen: what was kept.
    """

    def __init__(self, look: Callable[[keras.Model], object]):
        super().__init__()
        self.look, self.seen = look, []

    def on_train_begin(self, logs=None):  # noqa: D102
        self.seen.append(self.look(self.model))

    def on_epoch_end(self, epoch, logs=None):  # noqa: D102
        self.seen.append(self.look(self.model))


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


class Stopwatch(keras.callbacks.Callback):
    """Time training alone, without what other callbacks measure and draw, into ``model.curves["seconds"]``.

    Give it before the other callbacks. The first interval of a model includes the making of its graph: to leave that
    out, train for one interval before. A model that is trained further, or resumed from a checkpoint, keeps its
    seconds. They are for reading: what a run does must not depend on them.

    Attributes:
        seconds: how long the training has taken so far.
    """

    def on_train_begin(self, logs=None):  # noqa: D102
        self.seconds = self.model.curves.last("seconds") if "seconds" in self.model.curves else 0.0

    def on_epoch_begin(self, epoch, logs=None):  # noqa: D102
        self._started = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):  # noqa: D102
        self.seconds += time.perf_counter() - self._started
        self.model.curves.add(self.model.steps_done, seconds=self.seconds)
