"""What every trained system of the course shares: one reproducible loop, its records and its checkpoints.

A system (see ``models/game.py``) says who learns, and what one step does; it says nothing about loops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import ClassVar

import keras
import numpy as np
import tensorflow as tf

from ..data.images import check_images
from . import checkpoints, checks, sampling, watchers
from .curves import Curves, Panel
from .sampling import Source
from .session import by_mode

#: attributes on which a compiled step does not depend
SET_BY_TRAINING = ("curves", "steps_done", "current_phase", "stop_training")


def check_average(system, value) -> None:
    """Raise unless it is no averaging, or a running average's memory."""
    if value is not None:
        checks.memory("average", value)


class System(keras.Model):
    """Networks that learn, and training as a pure function of (seed, step).

    A system declares three things:

    * :meth:`players`: who learns. Each player is one or more networks with one optimizer.
    * :meth:`state`: what else has variables that a step writes, such as a running average.
    * :meth:`identity`: the settings that make a run the run that it is.

    From them follows the rest: what is compiled, saved, restored, compared and begun anew. What a step does stands in
    :meth:`update`.

    Built and trained within the scope of a ``tf.distribute.MirroredStrategy``, a system trains on several devices; each
    gets its share of the batch and of the noise, so that together they do what one device does. (Except for batch
    normalisation, dropout and the clipping of gradients: these see one device's share.)

    Args:
        seed: chooses batches and noise (not the initial weights; those follow ``keras.utils.set_random_seed``).
        example_shape: the shape of one training example; ``None`` where a side may have any length.
    """

    #: what a step reports (a game's depends on its loss), averaged over each interval and kept in ``curves``
    reports: tuple[str, ...] = ("loss",)
    #: batches that one step consumes
    batches_per_step = 1
    #: how many sources ``train`` takes
    n_sources = 1
    #: settings that are checked whenever they are set: name → what is called with the system and the value
    checked_settings: ClassVar[dict[str, Callable]] = {"average": check_average}

    def __init__(self, seed: int, example_shape: tuple[int | None, ...]):
        super().__init__()
        self.seed = sampling.Seed(seed)
        self.example_shape = tuple(example_shape)
        self.curves = Curves()
        self._steps_done = keras.Variable(0, dtype="int64", trainable=False, name="steps_done")
        self.current_phase = None
        self.built = True

    # ----------------------------------------------------------------------------- what a system declares

    def players(self) -> dict[str, list[keras.Model]]:
        """Who learns: the networks of each player, all moved by that player's optimizer.

        In the order in which they were built; :meth:`restart` builds them anew in this order.
        """
        raise NotImplementedError

    def state(self) -> dict[str, object]:
        """What else holds ``variables`` that a step writes, by name.

        A system that has any extends :meth:`restart`, and says there how they begin.
        """
        return {}

    def identity(self) -> dict:
        """What two runs must have in common for one to continue the other, besides networks, optimizers and data."""
        return {"class": type(self).__name__, "seed": int(self.seed), "jit_compile": self.jit_compile}

    def update(self, step: tf.Tensor, *batches) -> dict[str, tf.Tensor]:
        """Make one training step; return what to report.

        Args:
            step: int64 scalar.
            batches: one of each source, a tensor, or a tuple of tensors that were drawn together.
        """
        raise NotImplementedError

    def follow(self, step: tf.Tensor) -> None:
        """Called after each :meth:`update`, for state that follows the weights."""

    def phase(self, step: int) -> int | str | None:
        """What a step's graph depends on, if it is not the same all along; a growing game gives its resolution.

        A step is compiled once for each phase. While it is, ``current_phase`` tells which one it is.

        Returns:
            An int, a string or nothing; no number of NumPy's, for which TensorFlow would compile nothing new.
        """
        return None

    def check_source(self, number: int, source: Source) -> None:
        """Raise a ``ValueError`` unless the source fits. The first array of each holds the examples."""
        check_examples(sampling.arrays_of(source)[0], self.example_shape)

    def before_training(self) -> None:
        """Called at the start of :meth:`train`, for what is only needed then."""

    # ------------------------------------------------------------------------------------- what is watched

    def preview(self, n: int, seed: int = 0) -> np.ndarray | None:
        """``n`` images in [−1, 1] that show how far it has come: its samples, if it makes any; else ``None``.

        Args:
            n: how many.
            seed: chooses them, the same whenever asked.
        """
        return self.sample(n, seed) if hasattr(self, "sample") else None

    def panels(self) -> list[Panel]:
        """Which of the curves are drawn together."""
        return [Panel("loss" if len(self.reports) == 1 else "losses", {name: name for name in self.reports})]

    # --------------------------------------------------------------------------------------- what follows

    @property
    def steps_done(self) -> int:
        """How many training steps the weights have made.

        A step counts itself, in the graph that moves the weights: the two agree however training ends.
        """
        return int(self._steps_done.numpy())

    @steps_done.setter
    def steps_done(self, steps: int) -> None:
        self._steps_done.assign(steps)

    def networks(self) -> dict[str, keras.Model]:
        """Every network that learns, by name."""
        return {
            player if len(networks) == 1 else f"{player} {i}": network
            for player, networks in self.players().items()
            for i, network in enumerate(networks)
        }

    def shipped(self) -> dict[str, keras.Model]:
        """The networks that are worth keeping after training, by name."""
        return self.networks()

    def weights_of(self, player: str) -> list[keras.Variable]:
        """The weights that ``player`` may change."""
        return [weight for network in self.players()[player] for weight in network.trainable_variables]

    def optimizer_of(self, player: str) -> keras.optimizers.Optimizer:
        """The optimizer of ``player``."""
        return getattr(self, f"{player}_optimizer")

    def parts(self) -> dict[str, object]:
        """Networks, state and optimizers by name: whatever holds variables that a step reads or writes."""
        optimizers = {f"{player}_optimizer": self.optimizer_of(player) for player in self.players()}
        return self.networks() | self.state() | optimizers

    def compile(self, optimizers: dict[str, keras.optimizers.Optimizer], jit_compile: bool = False) -> None:
        """Prepare for training; a subclass takes its optimizers by name.

        Args:
            optimizers: one for each player.
            jit_compile: use XLA. On a CPU it helps dense networks and hurts convolutional ones badly. (In smoke mode
                nothing is compiled: see ``gh.setup``.)

        Raises:
            ValueError: two players share an optimizer, or XLA is to compile for several devices.
        """
        if len(set(map(id, optimizers.values()))) < len(optimizers):
            raise ValueError("each player needs an optimizer of its own: Adam keeps averages for one set of weights")
        count = self.distribute_strategy.num_replicas_in_sync
        if jit_compile and count > 1:
            raise ValueError("XLA cannot compile a step that several devices share: leave jit_compile out")
        for player, optimizer in optimizers.items():
            optimizer.build(self.weights_of(player))
            if count > 1:  # Keras adds up the replicas' gradients; a loss is a mean over the whole batch
                optimizer.loss_scale_factor = float(count)
            setattr(self, f"{player}_optimizer", optimizer)
        self._first_configs = {player: optimizer.get_config() for player, optimizer in optimizers.items()}
        self.jit_compile = jit_compile
        self._make_functions()

    def __setattr__(self, name, value):
        """Keep an attribute, and remember that what was compiled before does not know it.

        A setting of ``checked_settings`` is checked first.
        """
        if name in self.checked_settings:
            self.checked_settings[name](self, value)
        if name == "seed" and not isinstance(value, sampling.Seed):
            value = sampling.Seed(value)
        super().__setattr__(name, value)
        if not name.startswith("_") and name not in SET_BY_TRAINING:
            super().__setattr__("_attributes_changed", True)

    def _make_functions(self) -> None:
        """What is compiled when it is first called."""
        self._compiled_indices = tf.function(self._indices, autograph=False)
        self._compiled_step = tf.function(self._step, autograph=False)
        self._compiled_interval = tf.function(self._interval, jit_compile=self.jit_compile)

    def train(
        self,
        *sources: Source,
        steps: int,
        batch_size: int | Sequence[int] | None = None,
        every: int = 100,
        callbacks: Iterable[keras.callbacks.Callback] = (),
        checkpoint: str | Path | None = None,
    ) -> Curves:
        """Train until step ``steps``.

        Called again with a larger number it goes on where it stopped; with a smaller one it makes no step. (Callbacks
        hear that training begins and ends even then, so that a cell that is run again shows what there is.)

        Args:
            sources: training data. Each source is an array of examples, float32, shape (n, *example_shape), or a tuple
                of arrays that are drawn together, such as (images, labels). Sources may differ in length; each has an
                order of its own. Images must lie in [−1, 1]. (Arrays are copied into TensorFlow's memory at each call;
                give tensors if you call this often.)
            steps: the step to stop at, a multiple of ``every``.
            batch_size: examples a batch, one number for all sources or one for each; a step may take several batches.
                By default 128, and in smoke mode, where nothing is learned, 16.
            every: the interval in steps. One call of the compiled graph makes them all; then the averages go into
                ``curves``, callbacks are called, and the stop button is heard.
            callbacks: Keras callbacks; an "epoch" is an interval. Those that ask for *the* optimizer do not work: each
                player has its own.
            checkpoint: a file to save to while training; where it already exists, training resumes from it and
                ends with the very bits an uninterrupted run would have.

        Returns:
            ``self.curves``.

        Raises:
            ValueError: a source does not fit, ``steps`` is no multiple of ``every``, or an argument makes no sense.
            NotANumberError: a loss is no longer a number.
            CheckpointError: the checkpoint belongs to another run, is damaged, cannot be written, or another training
                saves to it.
            Stopped: the stop button (or Ctrl+C) was pressed; weights, records and checkpoint are in order, and the
                same call goes on.
        """
        if batch_size is None:
            batch_size = by_mode(smoke=16, laptop=128, full=128)
        steps, every = checks.count("steps", steps, least=0), checks.count("every", every)
        sizes = self._checked_sizes(sources, batch_size)
        self.before_training()
        if self._attributes_changed:
            self._make_functions()
            self._attributes_changed = False
        settings = {"batch_size": batch_size}
        watching = [watchers.NaNGuard(), watchers.RecordCurves(), *watchers.checked_callbacks(callbacks)]
        with checkpoints.only_trainer(checks.file("checkpoint", checkpoint)):
            if checkpoint is not None:
                settings["data"] = checkpoints.digest(sources)
                checkpoints.resume(self, checkpoint, settings)
                watching.append(checkpoints.Checkpoint(checkpoint, settings))
            tensors = ()
            if self.steps_done < steps:
                every = min(every, steps)
                if steps % every or self.steps_done % every:
                    raise ValueError(
                        f"steps ({steps}, {self.steps_done} of them done) must be multiples of every ({every})"
                    )
                tensors = sampling.as_tensors(sources)
            self._run(tensors, sizes, steps, every, watching)
        return self.curves

    def _checked_sizes(self, sources, batch_size) -> tuple[int, ...]:
        """How many examples of each source a step takes; or a clear error."""
        name = type(self).__name__
        if not hasattr(self, "_compiled_interval"):
            raise ValueError(f"{name}.compile(…) comes before train(…): it takes the optimizers")
        if len(sources) != self.n_sources:
            raise ValueError(
                f"{name} takes {self.n_sources} source(s) of training data, got {len(sources)}. Arrays that belong "
                "together are one source: put them into a tuple."
            )
        for number, source in enumerate(sources):
            self.check_source(number, source)
        sizes = sampling.each(batch_size, len(sources))
        for size in sizes:
            checks.count("batch_size", size)
        devices = self.distribute_strategy.num_replicas_in_sync
        if any(size % devices for size in sizes):
            raise ValueError(f"batch_size must be a multiple of the number of devices ({devices}), got {batch_size}")
        sizes = tuple(size * self.batches_per_step for size in sizes)
        sampling.check_lengths(sources, sizes)
        return sizes

    def fit(self, *args, **kwargs):
        """Keras' own loop does not tell a step its number: train with :meth:`train`.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError("Keras' fit does not tell a step its number. Call train(data, steps=…) instead.")

    def _run(self, tensors, sizes, steps, every, callbacks) -> None:
        """The loop: an interval, then whoever watches, until step ``steps``."""
        with watchers.StopButton(self, steps, callbacks) as stop_button:
            watching = keras.callbacks.CallbackList(
                [*callbacks, stop_button], model=self, epochs=steps // every, steps=every, verbose=0
            )
            self.stop_training = False
            watching.on_train_begin()
            while self.steps_done < steps and not self.stop_training:
                first = self.steps_done
                watching.on_epoch_begin(first // every)
                watching.on_train_batch_begin(0)
                logs = {name: float(value) for name, value in self.interval(first, every, tensors, sizes).items()}
                watching.on_train_batch_end(every - 1, logs)
                watching.on_epoch_end(first // every, logs)
            watching.on_train_end()

    def interval(self, first: int, steps: int, tensors, sizes: tuple[int, ...]) -> dict[str, tf.Tensor]:
        """Make ``steps`` training steps, from step ``first`` on, in one call of a compiled graph.

        Args:
            first: the first step.
            steps: how many.
            tensors: the sources, from :func:`gan_helpers.sampling.as_tensors`.
            sizes: examples that one step takes from each source.

        Returns:
            The means of what the steps report.

        Raises:
            TypeError: a phase is neither an int nor a string.
            ValueError: another phase begins within the interval.
        """
        self.current_phase = self.phase(first)
        if not isinstance(self.current_phase, int | str | None):
            raise TypeError(f"a phase must be an int, a string or None, got {self.current_phase!r}")
        if any(self.phase(step) != self.current_phase for step in range(first, first + steps)):
            raise ValueError(
                f"a new phase begins between the steps {first} and {first + steps}: choose `every` so that an interval "
                "ends there"
            )
        numbers = tf.range(first, first + steps, dtype=tf.int64)
        indices = self._compiled_indices(numbers, tensors, sizes)
        return self._compiled_interval(numbers, indices, tensors, self.current_phase)

    def _indices(self, numbers, tensors, sizes):
        """Of each step's batches; apart from the rest, because XLA cannot shuffle."""
        kinds = tuple(tf.TensorSpec((size,), tf.int64) for size in sizes)
        return tf.map_fn(
            lambda step: sampling.indices_of(tensors, sizes, self.seed, step), numbers, fn_output_signature=kinds
        )

    def _interval(self, numbers, indices, tensors, phase):
        """The steps of these numbers, one after the other, in one graph."""
        totals = {name: tf.zeros(()) for name in self.reports}
        for i in tf.range(len(numbers)):
            report = self._compiled_step(numbers[i], [chosen[i] for chosen in indices], tensors, phase)
            totals = {name: total + report[name] for name, total in totals.items()}
        return {name: total / len(numbers) for name, total in totals.items()}

    def _step(self, step, indices, tensors, phase):
        """One step, on every replica there is."""
        strategy = self.distribute_strategy
        report = strategy.run(self._step_on_replica, (step, indices, tensors))
        if strategy.num_replicas_in_sync > 1:
            report = {name: strategy.reduce("MEAN", value, axis=None) for name, value in report.items()}
        return report

    def _step_on_replica(self, step, indices, tensors):
        report = self.update(step, *sampling.gather(tensors, indices, self.batches_per_step))
        sampling.assign(self._steps_done, step + 1)
        self.follow(step)
        return {name: tf.cast(report[name], tf.float32) for name in self.reports}

    def restart(self, seed: int) -> None:
        """Begin anew, with first weights, batches and noise of ``seed``, as if everything had been built again.

        For experiments over many seeds: nothing is compiled again (but on several devices, where it must be). Each
        network's layers get first weights in the order of ``network.layers``. In a stack of layers that is the order
        in which they were built; in a network that branches it need not be, and the first weights, which are as good,
        are then not those of a network that is built by hand with this seed.

        Args:
            seed: for the first weights (``keras.utils.set_random_seed``), and for batches and noise.
        """
        self.seed.change(seed)
        keras.utils.set_random_seed(seed)
        for network in self.networks().values():
            copy_variables(keras.models.clone_model(network), network)
        for player in self.players():
            optimizer = self.optimizer_of(player)
            fresh = type(optimizer).from_config(self._first_configs[player])
            fresh.build(self.weights_of(player))
            copy_variables(fresh, optimizer)
        self.curves, self.steps_done = Curves(), 0
        if self.distribute_strategy.num_replicas_in_sync > 1:
            self._make_functions()  # there, the seed is a constant of the graph


def copy_variables(source, target) -> None:
    """Give every variable of ``target`` the value that it has in ``source``, which is built alike."""
    for old, new in zip(target.variables, source.variables, strict=True):
        old.assign(new)


def check_examples(examples: np.ndarray, shape: tuple[int | None, ...], name: str = "training data") -> None:
    """Raise a clear error unless all ``examples`` are finite floats of shape (n, *shape), and images in [−1, 1]."""
    sides = np.shape(examples)[1:]
    if len(sides) != len(shape) or any(wanted not in (None, side) for wanted, side in zip(shape, sides, strict=True)):
        wanted = ", ".join("any" if side is None else str(side) for side in shape)
        raise ValueError(f"{name} must have shape (n, {wanted}), got {np.shape(examples)}")
    examples = np.asarray(examples)
    if len(shape) == 3:
        check_images(examples)
    elif examples.dtype.kind != "f" or not np.isfinite(examples).all():
        raise ValueError(f"{name} must be finite floats, got {examples.dtype} or values that are not numbers")


def latent_noise(n: int, latent_dim: int, seed: int = 0) -> np.ndarray:
    """``n`` Gaussian latent vectors, float32, shape (n, latent_dim).

    Raises:
        ValueError: an argument is no whole number, or too small.
    """
    n, seed = checks.count("n", n, least=0), checks.count("seed", seed, least=0)
    latent_dim = checks.count("latent_dim", latent_dim)
    return np.random.default_rng(seed).standard_normal((n, latent_dim), dtype=np.float32)


def on_the_sphere(z0: np.ndarray, z1: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Points of the great circle from z0 to z1: spherical interpolation (Shoemake, 1985).

    Args:
        z0: shape (d,), not 0.
        z1: shape (d,), not 0, and not along the same line as ``z0``.
        t: from 0 to 1, shape (n, 1).

    Returns:
        Shape (n, d).

    Raises:
        ValueError: a vector is 0, or both lie along one line, and there is no great circle, or more than one.
    """
    if np.linalg.matrix_rank(checks.finite("z0 and z1", np.stack([z0, z1]))) < 2:
        raise ValueError("z0 and z1 must not be 0 and not lie along one line")
    omega = np.arccos(z0 @ z1 / (np.linalg.norm(z0) * np.linalg.norm(z1)))
    return (np.sin((1 - t) * omega) * z0 + np.sin(t * omega) * z1) / np.sin(omega)


def generate(generator: keras.Model, inputs: Source, batch_size: int = 500) -> np.ndarray:
    """Run ``generator`` in inference mode over all of its ``inputs``, in batches.

    Args:
        generator: a network, or what is called like one.
        inputs: an array such as noise; or a tuple of arrays that belong together, for a network with several inputs.
        batch_size: rows of them at a time.

    Raises:
        ValueError: ``batch_size`` is no whole number of at least 1, or there are no inputs.
    """
    checks.count("batch_size", batch_size)
    if not len(sampling.arrays_of(inputs)[0]):
        raise ValueError("inputs must have at least one row, got none")
    parts = []
    for i in range(0, len(sampling.arrays_of(inputs)[0]), batch_size):
        chosen = tf.nest.map_structure(lambda array, i=i: array[i : i + batch_size], inputs)
        parts.append(np.asarray(generator(chosen, training=False)))
    return np.concatenate(parts)
