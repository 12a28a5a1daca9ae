"""What every trained system of the course shares: one reproducible loop, its records and its checkpoints.

A system (``vae.py``, ``game.py``) says what its parts are and what one step does; it says nothing about loops.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from .. import sampling, training
from ..curves import Curves
from ..datasets import check_images


class System(keras.Model):
    """Some networks, their optimizers, and training as a pure function of (seed, step).

    Subclasses implement :meth:`update` and :meth:`parts`, and list in ``reports`` what a step reports.

    Args:
        seed: chooses batches and noise (not the initial weights; those follow ``keras.utils.set_random_seed``).
        example_shape: the shape of one training example.
    """

    #: what a step reports (a game's depends on its loss), averaged over each interval and kept in ``curves``
    reports: tuple[str, ...] = ("loss",)
    #: batches that one step consumes
    batches_per_step = 1

    def __init__(self, seed: int, example_shape: tuple[int, ...]):
        super().__init__()
        self.seed = seed
        self.example_shape = tuple(example_shape)
        self.curves = Curves()
        self._steps_done = keras.Variable(0, dtype="int64", trainable=False, name="steps_done")
        self._batch_size = None  # of the graph that Keras has traced
        self._means = {}
        self.built = True

    def update(self, step: tf.Tensor, *batch: tf.Tensor) -> dict[str, tf.Tensor]:
        """Make one training step; return what to report."""
        raise NotImplementedError

    def parts(self) -> dict[str, keras.Model | keras.optimizers.Optimizer]:
        """Networks and optimizers by name: whatever holds variables that a step reads or writes."""
        raise NotImplementedError

    def identity(self) -> dict:
        """The settings that two runs must have in common for one to continue the other."""
        return {"class": type(self).__name__, "seed": self.seed, "jit_compile": self.jit_compile}

    def before_training(self) -> None:
        """Called at the start of :meth:`train`, for what is only needed then."""

    @property
    def steps_done(self) -> int:
        """How many training steps the weights have made.

        A step counts itself, in the graph that moves the weights: the two agree however training ends.
        """
        return int(self._steps_done.value)

    @steps_done.setter
    def steps_done(self, steps: int) -> None:
        self._steps_done.assign(steps)

    def compile(self, jit_compile: bool = False) -> None:
        """Prepare for training; a subclass takes its optimizers as well.

        Args:
            jit_compile: use XLA. (In smoke mode nothing is compiled: see ``gh.setup``.)
        """
        self._means = {name: keras.metrics.Mean(name) for name in self.reports}
        super().compile(jit_compile=jit_compile)

    def train_step(self, data: tuple[tf.Tensor, ...]) -> dict[str, tf.Tensor]:
        """Called by Keras for each batch; ``data`` is (step, one batch of each array)."""
        report = self.update(*data)
        self._steps_done.assign(data[0] + 1)
        for name, mean in self._means.items():
            mean.update_state(report[name])
        return {name: mean.result() for name, mean in self._means.items()}

    def train(
        self,
        examples: np.ndarray,
        *others: np.ndarray,
        steps: int,
        batch_size: int = 128,
        every: int = 100,
        callbacks: Iterable[keras.callbacks.Callback] = (),
        checkpoint: str | Path | None = None,
    ) -> Curves:
        """Train until step ``steps``.

        Called again with a larger number it goes on where it stopped; with a smaller one it does nothing.

        Args:
            examples: training data, float32, shape (n, *example_shape). Images must lie in [−1, 1].
            others: further arrays of length n that a step needs, such as targets.
            steps: the step to stop at, a multiple of ``every``.
            batch_size: examples a batch; a step may take several batches.
            every: the interval in steps. One call of the compiled graph makes them all (so more are faster); then
                the averages go into ``curves``, callbacks are called, and the stop button is heard.
            callbacks: Keras callbacks; an "epoch" is an interval.
            checkpoint: a file to save to while training; where it already exists, training resumes from it and
                ends with the very bits an uninterrupted run would have.

        Returns:
            ``self.curves``.

        Raises:
            ValueError: the examples do not fit, or ``steps`` is no multiple of ``every``.
            NotANumberError: a loss is no longer a number.
            CheckpointError: the checkpoint belongs to another run, or is damaged.
            Stopped: the stop button (or Ctrl+C) was pressed; weights, records and checkpoint are in order, and the
                same call goes on.
        """
        check_examples(examples, self.example_shape)
        self.before_training()
        settings = {"batch_size": batch_size}
        if checkpoint is not None:
            training.resume(self, checkpoint, settings)
        every = min(every, steps)
        if steps % every or self.steps_done % every:
            raise ValueError(f"steps ({steps}, {self.steps_done} of them done) must be multiples of every ({every})")
        if self.steps_per_execution != every or self._batch_size != batch_size:
            self._batch_size = batch_size
            self.steps_per_execution, self.train_function = every, None  # Keras traces its graph anew
        watchers = [training.NaNGuard(), training.RecordCurves(), *callbacks]
        if checkpoint is not None:
            watchers.append(training.Checkpoint(checkpoint, settings))
        if self.steps_done < steps:
            per_step = batch_size * self.batches_per_step
            data = sampling.batches(
                examples, *others, batch_size=per_step, start=self.steps_done, stop=steps, seed=self.seed
            )
            with training.StopButton(self, steps) as stop_button:
                self.fit(
                    data,
                    initial_epoch=self.steps_done // every,
                    epochs=steps // every,
                    steps_per_epoch=every,
                    shuffle=False,
                    verbose=0,
                    callbacks=[*watchers, stop_button],
                )
        return self.curves

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The running means that Keras resets at the start of every interval."""
        return list(self._means.values())


def check_examples(examples: np.ndarray, shape: tuple[int, ...]) -> None:
    """Raise a clear error unless ``examples`` are finite floats of shape (n, *shape), and images in [−1, 1].

    Looks at the first thousand, to cost nothing.
    """
    if np.shape(examples)[1:] != shape:
        wanted = ", ".join(map(str, shape))
        raise ValueError(f"training data must have shape (n, {wanted}), got {np.shape(examples)}")
    first = np.asarray(examples[:1000])
    if len(shape) == 3:
        check_images(first)
    elif first.dtype.kind != "f" or not np.isfinite(first).all():
        raise ValueError(f"training data must be finite floats, got {first.dtype} or values that are not numbers")
